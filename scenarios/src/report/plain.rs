//! Results for logs and screen readers: the words of [`super::human`] without a table, an indent or a colour. Each line is one
//! fact and says what it is about, so that it can be read alone, searched and read aloud.

use std::fmt::Write as _;

use lab::Kind;
use lab_trace::{Exchange, Party};

use super::{Finished, Outcome};
use crate::checks::Check;
use crate::run::{Run, StepRun};
use crate::transcript::Telling;

/// One lesson: what happened in it where something is to be looked at or `verbose` asks for it, then the verdict.
pub fn plain(finished: &Finished, verbose: bool) -> String {
    let mut lines = Vec::new();
    let failed = matches!(finished.outcome, Outcome::LessonFailed(_));
    if let (Some(run), true) = (&finished.run, verbose || failed) {
        of_run(run, &mut lines);
    }
    let id = &finished.id;
    if let Outcome::SnapshotDiffers(diff) = &finished.outcome {
        lines.extend(diff.lines().map(|line| format!("{id} difference: {line}")));
    }
    match &finished.outcome {
        Outcome::Trouble(trouble) if trouble.kind != Kind::Lesson => {
            lines.push(format!("ERROR {id}: {trouble}"));
            lines.push(format!("{id} means: {}", trouble.means));
            lines.push(format!("{id} do: {}", trouble.action));
        }
        Outcome::Passed
        | Outcome::Blessed(_)
        | Outcome::Skipped(_)
        | Outcome::LessonFailed(_)
        | Outcome::SnapshotDiffers(_)
        | Outcome::Trouble(_) => {
            // The verdict is one line already; above it stands what was told here otherwise.
            let verdict = super::human(finished, false);
            lines.extend(verdict.lines().last().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
    }
    lines.iter().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{}", harmless(line));
        text
    })
}

fn of_run(run: &Run, lines: &mut Vec<String>) {
    let id = &run.id;
    lines.push(format!("{id} title: {}", run.title));
    lines.extend(run.faults.iter().map(|fault| format!("{id} fault: {fault}")));
    for (index, step) in run.steps.iter().enumerate() {
        let about = format!("{id} step {}", index + 1);
        lines.push(format!("{about} of {}: {}", run.steps.len(), step.sentence));
        of_step(step, &about, lines);
    }
    for judged in run.broken() {
        lines.push(format!("{id} broken {}: {}", judged.when(run.steps.len()), checked(&judged.check)));
    }
}

fn of_step(step: &StepRun, about: &str, lines: &mut Vec<String>) {
    for numbered in &step.exchanges {
        let exchange = &numbered.exchange;
        let (from, to) = (name(&exchange.caller), name(&exchange.callee));
        lines.push(format!(
            "{about} exchange {}: {from} to {to}, {} {}, {}",
            numbered.number,
            exchange.method,
            exchange.path,
            answer(exchange)
        ));
    }
    lines.extend(step.sight.as_ref().map(|sight| format!("{about} sees: {}", sight.place)));
    let told = step.exchanges.iter().filter_map(|one| Telling::of(&one.exchange).map(|telling| (one, telling)));
    let mut nobody = true;
    for (numbered, telling) in told {
        nobody = false;
        let portal = name(&numbered.exchange.callee);
        lines.push(format!(
            "{about} told: {portal} by {}, exchange {}, {}",
            telling.by,
            numbered.number,
            answer(&numbered.exchange)
        ));
    }
    if nobody && step.sign_out {
        lines.push(format!("{about} told: nobody"));
    }
    lines.extend(step.not_told.iter().map(|one| format!("{about} not told: {}, {}", one.portal, one.why)));
    for row in &step.matrix.rows {
        let cells: Vec<String> = row.cells.iter().map(|cell| format!("{} {}", cell.of, cell.state)).collect();
        lines.push(format!("{about} signed in: {}: {}", row.browser, cells.join(", ")));
    }
    lines.extend(step.checks.iter().map(|check| format!("{about} {}", checked(check))));
}

fn checked(check: &Check) -> String {
    let Some(failure) = &check.failure else { return format!("check passed: {}", check.name) };
    let proof = failure.proof.map(|number| format!("; proof: exchange {number}")).unwrap_or_default();
    format!(
        "check FAILED: {}; expected: {}; seen: {}{proof}; likely: {}",
        check.name, failure.expected, failure.seen, failure.likely
    )
}

fn answer(exchange: &Exchange) -> String {
    exchange.status().map_or_else(|| "no answer".to_owned(), |status| format!("answered {status}"))
}

fn name(party: &Party) -> String {
    match party {
        Party::App(name) | Party::Browser(Some(name)) => name.clone(),
        Party::Browser(None) | Party::Keycloak | Party::Lab | Party::Stranger => party.to_string(),
    }
}

/// Nothing that moves a cursor, and one line for one fact.
fn harmless(line: &str) -> String {
    line.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect::<String>().trim_end().to_owned()
}
