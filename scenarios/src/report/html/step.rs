//! One step of the report.

use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use lab::browser::Shot;
use lab_trace::{Arrow, CellState, Matrix, Party, Stroke};
use serde::Serialize;

use super::results;
use crate::checks::Check;
use crate::diagram::{self, Picture};
use crate::run::{Numbered, Run, StepRun};
use crate::transcript::{Telling, places};
use crate::vocabulary::Person;

/// Everything that the template says of a step.
#[derive(Serialize)]
pub(super) struct Step {
    anchor: String,
    number: usize,
    of: usize,
    sentence: String,
    picture: String,
    exchanges: Vec<Said>,
    sees: String,
    screens: Vec<String>,
    shots: Vec<Shown>,
    told: Vec<Receipt>,
    /// Whether the step could have told somebody, so that nobody is worth saying.
    asked: bool,
    not_told: Vec<(String, String)>,
    before: Option<Table>,
    after: Table,
    /// How each state that needs a reason was found.
    evidence: Vec<String>,
    checks: Vec<Checked>,
}

/// A tab as it looked after the step.
#[derive(Serialize)]
struct Shown {
    tab: String,
    /// What it shows, in words.
    words: String,
    /// The picture as an address; empty where the browser could not draw it.
    source: String,
}

/// An exchange: a sentence, and what it carried.
#[derive(Serialize)]
struct Said {
    anchor: String,
    number: usize,
    sentence: String,
    word: &'static str,
    kind: String,
    ms: String,
    carried: String,
}

/// A portal that was told.
#[derive(Serialize)]
struct Receipt {
    portal: String,
    by: String,
    number: usize,
    anchor: String,
    status: String,
    ms: String,
}

/// Who is signed in where.
#[derive(Serialize)]
struct Table {
    columns: Vec<String>,
    rows: Vec<(String, Vec<Cell>)>,
}

#[derive(Serialize)]
struct Cell {
    state: String,
    kind: &'static str,
    changed: bool,
}

/// A check and what came of it.
#[derive(Serialize)]
pub(super) struct Checked {
    name: String,
    passed: bool,
    expected: String,
    seen: String,
    likely: String,
    proof: Option<(usize, String)>,
}

/// All steps of a run.
pub(super) fn steps(run: &Run, carried: &BTreeMap<usize, Vec<String>>, anchor: &str) -> Vec<Step> {
    let before = std::iter::once(None).chain(run.steps.iter().map(|step| Some(&step.matrix)));
    run.steps
        .iter()
        .zip(before)
        .zip(1..)
        .map(|((step, before), number)| Step {
            anchor: format!("{anchor}-s{number}"),
            number,
            of: run.steps.len(),
            sentence: step.sentence.clone(),
            picture: picture(run, step, number, anchor),
            exchanges: step.exchanges.iter().map(|one| said(run, one, carried, anchor)).collect(),
            sees: step.sight.as_ref().map(|sight| sight.place.to_string()).unwrap_or_default(),
            screens: step
                .screens
                .iter()
                .map(|(person, portal, word)| format!("{}: {portal} shows {word}", person.name()))
                .collect(),
            shots: step.shots.iter().map(|(person, shot)| shown(step, *person, shot)).collect(),
            told: step.exchanges.iter().filter_map(|one| receipt(one, anchor)).collect(),
            asked: step.sign_out,
            not_told: step.not_told.iter().map(|one| (one.portal.clone(), one.why.to_string())).collect(),
            before: before.map(|matrix| table(matrix, None)),
            after: table(&step.matrix, before),
            evidence: evidence(&step.matrix),
            checks: step.checks.iter().map(|check| checked(check, anchor)).collect(),
        })
        .collect()
}

/// A check, with a link to the exchange that proves it.
pub(super) fn checked(check: &Check, anchor: &str) -> Checked {
    let failure = check.failure.as_ref();
    Checked {
        name: check.name.clone(),
        passed: check.passed(),
        expected: failure.map(|failure| failure.expected.clone()).unwrap_or_default(),
        seen: failure.map(|failure| failure.seen.clone()).unwrap_or_default(),
        likely: failure.map_or_else(String::new, |failure| failure.likely.to_string()),
        proof: failure.and_then(|failure| failure.proof).map(|number| (number, place(anchor, number))),
    }
}

fn place(anchor: &str, number: usize) -> String {
    format!("{anchor}-x{number}")
}

fn picture(run: &Run, step: &StepRun, number: usize, anchor: &str) -> String {
    if step.exchanges.is_empty() {
        return String::new();
    }
    let picture = Picture::of_step(&run.topology, &[], step, number, run.steps.len());
    diagram::svg(&picture, &format!("{anchor}-p{number}"))
}

fn shown(step: &StepRun, person: Person, shot: &Shot) -> Shown {
    let portal = shot.portal.as_deref();
    let watched = step.screens.iter().find(|(who, of, _)| *who == person && Some(of.as_str()) == portal);
    let words = match (watched, &step.sight) {
        (Some((_, _, word)), _) => word.to_string(),
        // The tab that was used comes first, and what it shows is what the person sees.
        (None, Some(sight)) => sight.place.to_string(),
        (None, None) => String::new(),
    };
    let tab = match portal {
        Some(portal) => format!("{}'s tab of the {portal} portal", person.name()),
        None => format!("Another tab of {}'s", person.name()),
    };
    let source = shot.image.as_ref().map(|image| format!("data:image/webp;base64,{}", BASE64_STANDARD.encode(image)));
    Shown { tab, words, source: source.unwrap_or_default() }
}

fn said(run: &Run, one: &Numbered, carried: &BTreeMap<usize, Vec<String>>, anchor: &str) -> Said {
    let arrow = Arrow::of(&one.exchange, &places(&run.topology));
    let lines = carried.get(&one.number).map(Vec::as_slice).unwrap_or_default();
    // The transcript indents what stands below an arrow.
    let lines: Vec<&str> = lines.iter().map(|line| line.strip_prefix("        ").unwrap_or(line)).collect();
    Said {
        anchor: place(anchor, one.number),
        number: one.number,
        word: word(arrow.stroke),
        kind: results::word(&arrow.stroke),
        sentence: arrow.sentence,
        ms: ms(one),
        carried: lines.join("\n"),
    }
}

fn word(stroke: Stroke) -> &'static str {
    match stroke {
        Stroke::Browser => "browser",
        Stroke::FrontChannel => "front channel",
        Stroke::BackChannel => "back channel",
        Stroke::Server => "server",
        Stroke::Other => "other",
    }
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of an exchange, not of a century")]
fn ms(one: &Numbered) -> String {
    format!("{:.1} ms", one.exchange.took_us as f64 / 1000.0)
}

fn receipt(one: &Numbered, anchor: &str) -> Option<Receipt> {
    let telling = Telling::of(&one.exchange)?;
    let portal = match &one.exchange.callee {
        Party::App(name) => name.clone(),
        other @ (Party::Browser(_) | Party::Keycloak | Party::Lab | Party::Stranger) => other.to_string(),
    };
    Some(Receipt {
        portal,
        by: telling.by.to_string(),
        number: one.number,
        anchor: place(anchor, one.number),
        status: one.exchange.status().map_or_else(|| "no answer".to_owned(), |status| status.to_string()),
        ms: ms(one),
    })
}

fn table(matrix: &Matrix, before: Option<&Matrix>) -> Table {
    let columns = matrix.rows.first().map(|row| row.cells.iter().map(|cell| cell.of.clone()).collect());
    let was = |browser: &str, of: &str| {
        let row = before.and_then(|matrix| matrix.rows.iter().find(|row| row.browser == browser));
        row.and_then(|row| row.cells.iter().find(|cell| cell.of == of)).map(|cell| cell.state)
    };
    let rows = matrix.rows.iter().map(|row| {
        let cells = row.cells.iter().map(|cell| Cell {
            state: cell.state.to_string(),
            kind: kind(cell.state),
            changed: was(&row.browser, &cell.of).is_some_and(|state| state != cell.state),
        });
        (row.browser.clone(), cells.collect())
    });
    Table { columns: columns.unwrap_or_default(), rows: rows.collect() }
}

fn kind(state: CellState) -> &'static str {
    match state {
        CellState::In => "in",
        CellState::Out => "out",
        CellState::Zombie => "zombie",
        CellState::Unknown => "unknown",
    }
}

fn evidence(matrix: &Matrix) -> Vec<String> {
    let cells = matrix.rows.iter().flat_map(|row| row.cells.iter().map(move |cell| (row, cell)));
    cells
        .filter(|(_, cell)| matches!(cell.state, CellState::Zombie | CellState::Unknown))
        .map(|(row, cell)| format!("{} at {}: {}; {}", row.browser, cell.of, cell.state, cell.evidence))
        .collect()
}
