//! Two runs of a lesson side by side: with and without a fault, on two versions of Keycloak, today and yesterday.
//!
//! First what differs in the lab's own words (who was told, who is signed in where, which check fails), then the two
//! transcripts, folded where they agree.

mod show;

use std::collections::BTreeMap;

use lab_trace::arrow::lane;
use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use crate::run::{Run, StepRun};
use crate::transcript::{Teller, Telling};

pub use show::{human, plain};

/// What is different between two runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The lesson.
    pub id: String,
    /// Under which conditions each was played.
    pub conditions: [String; 2],
    /// What differs, in words, in the order of the steps.
    pub facts: Vec<Fact>,
    /// The transcripts, line by line.
    pub rows: Vec<Row>,
}

/// Something that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// The step, from 1; `None` where it is about the runs as a whole.
    pub step: Option<usize>,
    /// What it is about (`told`, `john at admin`).
    pub about: String,
    /// How it was in each run.
    pub was: [String; 2],
}

/// A line of both transcripts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "row", rename_all = "kebab-case")]
pub enum Row {
    /// The same in both.
    Same {
        /// The line.
        text: String,
    },
    /// Different, or there in one of them only.
    Different {
        /// In the first run.
        left: Option<String>,
        /// In the second.
        right: Option<String>,
    },
}

impl Comparison {
    /// Compares two runs of one lesson.
    pub fn of(left: &Run, right: &Run) -> Self {
        let mut facts = Vec::new();
        let mut differ = |step, about: &str, was: [String; 2]| {
            if was[0] != was[1] {
                facts.push(Fact { step, about: about.to_owned(), was });
            }
        };
        differ(None, "steps", [left.steps.len().to_string(), right.steps.len().to_string()]);
        for (index, (one, other)) in left.steps.iter().zip(&right.steps).enumerate() {
            let step = Some(index + 1);
            differ(step, "the step", [one.sentence.clone(), other.sentence.clone()]);
            let sees = |step: &StepRun| {
                step.sight.as_ref().map_or_else(|| "nothing".to_owned(), |sight| sight.place.to_string())
            };
            differ(step, "sees", [sees(one), sees(other)]);
            differ(step, "told", [told(one), told(other)]);
            differ(step, "not told", [not_told(one), not_told(other)]);
            let (mut cells, others) = (cells(one), cells(other));
            for (cell, state) in &others {
                let was = cells.remove(cell).unwrap_or_else(|| "not asked".to_owned());
                differ(step, cell, [was, state.clone()]);
            }
            for (cell, state) in cells {
                differ(step, &cell, [state, "not asked".to_owned()]);
            }
            differ(step, "failed checks", [failed(one), failed(other)]);
        }
        let broken = |run: &Run| listed(run.broken().map(|judged| judged.invariant.id().to_owned()), "none");
        differ(None, "broken rules", [broken(left), broken(right)]);
        Self { id: left.id.clone(), conditions: [conditions(left), conditions(right)], facts, rows: rows(left, right) }
    }

    /// Whether nothing differs.
    pub fn is_same(&self) -> bool {
        self.facts.is_empty() && self.rows.iter().all(|row| matches!(row, Row::Same { .. }))
    }
}

fn conditions(run: &Run) -> String {
    let faults =
        if run.faults.is_empty() { "no faults".to_owned() } else { format!("faults: {}", run.faults.join(", ")) };
    format!("Keycloak {}, {}, {faults}", run.topology.version, run.driver)
}

fn told(step: &StepRun) -> String {
    listed(
        step.exchanges.iter().filter_map(|numbered| {
            let telling = Telling::of(&numbered.exchange)?;
            let status = numbered.exchange.status().map_or_else(|| "no answer".to_owned(), |status| status.to_string());
            Some(format!("{} by {} ({status})", lane(&numbered.exchange.callee), telling.by))
        }),
        "nobody",
    )
}

fn not_told(step: &StepRun) -> String {
    listed(step.not_told.iter().map(|one| format!("{}: {}", one.portal, one.why)), "nobody")
}

fn failed(step: &StepRun) -> String {
    listed(step.checks.iter().filter(|check| !check.passed()).map(|check| check.name.clone()), "none")
}

fn cells(step: &StepRun) -> BTreeMap<String, String> {
    let rows = step.matrix.rows.iter();
    rows.flat_map(|row| {
        row.cells.iter().map(|cell| (format!("{} at {}", row.browser, cell.of), cell.state.to_string()))
    })
    .collect()
}

fn listed(items: impl Iterator<Item = String>, none: &str) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() { none.to_owned() } else { items.join("; ") }
}

/// Both transcripts, each with its own aliases, step by step.
fn rows(left: &Run, right: &Run) -> Vec<Row> {
    let (left, right) = (told_line_by_line(left), told_line_by_line(right));
    let diff = TextDiff::from_lines(&left, &right);
    let mut rows: Vec<Row> = Vec::new();
    // A line that was replaced stands beside the one that it was replaced by.
    let mut open = 0;
    for change in diff.iter_all_changes() {
        let text = change.value().trim_end_matches('\n').to_owned();
        match change.tag() {
            ChangeTag::Equal => {
                open = 0;
                rows.push(Row::Same { text });
            }
            ChangeTag::Delete => {
                open += 1;
                rows.push(Row::Different { left: Some(text), right: None });
            }
            ChangeTag::Insert => {
                let at = rows.len() - open;
                match rows.get_mut(at) {
                    Some(Row::Different { right, .. }) if open > 0 => {
                        *right = Some(text);
                        open -= 1;
                    }
                    _ => rows.push(Row::Different { left: None, right: Some(text) }),
                }
            }
        }
    }
    rows
}

fn told_line_by_line(run: &Run) -> String {
    let mut teller = Teller::new(&run.topology, run.steps.len());
    let steps = run.steps.iter().map(|step| format!("{}{}", teller.title(&step.sentence), teller.step(step)));
    steps.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
