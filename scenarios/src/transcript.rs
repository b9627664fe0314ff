//! The text of a run: what a trainer reads aloud and what the snapshot keeps. It is the same, byte for byte, in every
//! run, with every runtime and on every port.

mod alias;
mod exchange;
mod tell;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use lab::control::messages::Topology;
use lab_trace::matrix::SSO;
use lab_trace::{Location, Matrix, Party};

use crate::checks::Check;
use crate::run::{Run, StepRun};
use crate::why::NotTold;

pub(crate) use tell::Telling;

use alias::Aliases;

/// The whole transcript.
pub fn render(run: &Run) -> String {
    let mut teller = Teller::new(&run.topology, run.steps.len());
    let mut text = format!("{}: {}\n", run.id, run.title);
    for name in &run.faults {
        let _ = writeln!(text, "FAULT {name}");
    }
    for step in &run.steps {
        let _ = write!(text, "\n{}{}", teller.title(&step.sentence), teller.step(step));
    }
    for judged in run.broken() {
        let when = judged.when(run.steps.len());
        let _ = write!(text, "\nBROKEN  {when}: a rule that holds in every lesson\n{}", check_lines(&judged.check));
    }
    text
}

/// Tells a run step by step, as the transcript has it.
pub struct Teller {
    aliases: Aliases,
    told: usize,
    steps: usize,
}

impl Teller {
    /// Nothing is told yet of the so many steps of a run in this lab.
    pub fn new(topology: &Topology, steps: usize) -> Self {
        Self { aliases: Aliases::new(topology), told: 0, steps }
    }

    /// The line that the next step begins with.
    pub fn title(&self, sentence: &str) -> String {
        format!("STEP {} of {}  {sentence}\n", self.told + 1, self.steps)
    }

    /// What came of the next step: exchanges, who was told, who is signed in where, checks.
    pub fn step(&mut self, step: &StepRun) -> String {
        self.told += 1;
        render_step(step, &mut self.aliases)
    }
}

/// What each exchange of a run carried and what came back, by its number: the lines below the arrow, with the transcript's
/// aliases. Also of those that the transcript only counts.
pub(crate) fn carried(run: &Run) -> BTreeMap<usize, Vec<String>> {
    let mut aliases = Aliases::new(&run.topology);
    let (mut told, mut counted) = (BTreeMap::new(), Vec::new());
    for step in &run.steps {
        for (numbered, more) in step.exchanges.iter().zip(only_counted(step)) {
            if more {
                counted.push(numbered);
            } else {
                told.insert(numbered.number, exchange::lines(numbered, &mut aliases));
            }
        }
    }
    // After all others, so that theirs are the transcript's numbers.
    for numbered in counted {
        told.insert(numbered.number, exchange::lines(numbered, &mut aliases));
    }
    for lines in told.values_mut() {
        lines.remove(0);
    }
    told
}

/// Words for where a redirect leads: the lab's addresses by their names.
pub(crate) fn places(topology: &Topology) -> impl Fn(&Location) -> String {
    let aliases = Aliases::new(topology);
    move |location| aliases.plain(&format!("{}{}", location.origin, location.path))
}

/// Which exchanges of a step are only counted. A flood is one exchange and a number: what differs between its drops is chance.
fn only_counted(step: &StepRun) -> impl Iterator<Item = bool> {
    let mut before = None;
    step.exchanges.iter().map(move |numbered| {
        let drop = (numbered.exchange.caller == Party::Stranger).then(|| numbered.exchange.status());
        let more = drop.is_some() && drop == before;
        before = drop;
        more
    })
}

fn render_step(step: &StepRun, aliases: &mut Aliases) -> String {
    let mut text = String::new();
    let mut more = 0;
    for (numbered, counted) in step.exchanges.iter().zip(only_counted(step)) {
        if counted {
            more += 1;
            continue;
        }
        text.push_str(&more_like_it(std::mem::take(&mut more)));
        text.push('\n');
        for line in exchange::lines(numbered, aliases) {
            let _ = writeln!(text, "{line}");
        }
    }
    text.push_str(&more_like_it(more));
    if let Some(sight) = &step.sight {
        let _ = write!(text, "\n  sees  {}\n", sight.place);
    }
    for (person, portal, word) in &step.screens {
        let _ = writeln!(text, "  tab   {}: {portal} shows {word}", person.word());
    }
    let told = told(step);
    if step.sign_out || !told.is_empty() {
        let told = if told.is_empty() { "nobody".to_owned() } else { told.join(", ") };
        let _ = writeln!(text, "  told  {told}");
    }
    for NotTold { portal, why } in &step.not_told {
        let _ = writeln!(text, "  not   {portal}: {why}");
    }
    text.push('\n');
    text.push_str(&table(&step.matrix));
    if !step.checks.is_empty() {
        text.push('\n');
    }
    for check in &step.checks {
        text.push_str(&check_lines(check));
    }
    text
}

fn more_like_it(count: usize) -> String {
    if count == 0 { String::new() } else { format!("\n        and {count} more like it\n") }
}

/// Who was told in a step, over which channel and with which answer.
pub(crate) fn told(step: &StepRun) -> Vec<String> {
    let name = |party: &Party| match party {
        Party::App(name) => name.clone(),
        other => other.to_string(),
    };
    step.exchanges
        .iter()
        .filter_map(|numbered| Telling::of(&numbered.exchange).map(|telling| (numbered, telling)))
        .map(|(numbered, telling)| {
            let answer = numbered.exchange.status().map_or_else(|| "no answer".to_owned(), |status| status.to_string());
            format!("{} by {} ({}: {answer})", name(&numbered.exchange.callee), telling.by, numbered.number)
        })
        .collect()
}

/// The session matrix as a table.
pub fn table(matrix: &Matrix) -> String {
    let width = matrix.rows.iter().map(|row| row.browser.len()).max().unwrap_or(0).clamp("browser".len(), 64);
    let columns: Vec<&str> =
        matrix.rows.first().map_or_else(|| vec![SSO], |row| row.cells.iter().map(|cell| cell.of.as_str()).collect());
    let mut text = line("browser", width, columns.iter().map(|column| (*column).to_owned()));
    for row in &matrix.rows {
        text.push_str(&line(&row.browser, width, row.cells.iter().map(|cell| cell.state.to_string())));
    }
    text
}

fn line(first: &str, width: usize, cells: impl Iterator<Item = String>) -> String {
    let mut text = format!("  {first:width$}");
    for cell in cells {
        let _ = write!(text, "  {cell:8}");
    }
    format!("{}\n", text.trim_end())
}

fn check_lines(check: &Check) -> String {
    let Some(failure) = &check.failure else { return format!("  PASS  {}\n", check.name) };
    let mut text =
        format!("  FAIL  {}\n        expected  {}\n        seen      {}\n", check.name, failure.expected, failure.seen);
    if let Some(number) = failure.proof {
        let _ = writeln!(text, "        proof     exchange {number}");
    }
    let _ = writeln!(text, "        likely    {}", failure.likely);
    text
}

#[cfg(test)]
mod tests;
