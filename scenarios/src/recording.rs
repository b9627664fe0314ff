//! A run as a file: `run.ndjson`. Whoever has it sees the run again without Keycloak, Java or a container engine: in the
//! terminal, as a report, step by step, or compared with another one.
//!
//! One JSON object a line. The first says the schema; then, for each lesson, one of kind `lesson` with its text and its result,
//! and after it one of kind `step` for each step, each followed by its exchanges of kind `exchange`. Values are masked as in
//! the lab: identifiers stand there, secrets only as fingerprints.

mod read;
mod walk;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use lab::control::messages::Topology;
use lab::{Kind, Trouble};
use lab_trace::Exchange;
use serde::{Deserialize, Serialize};

use crate::invariants::Judged;
use crate::report::Finished;
use crate::run::{Run, StepRun};
use crate::vocabulary::Driver;

pub use read::{read, read_text};
pub use walk::walk;

/// Changes when a line changes its meaning.
pub const SCHEMA: u32 = 2;
/// The file's name in a report's folder.
pub const FILE: &str = "run.ndjson";

/// One line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Line {
    Run {
        schema: u32,
        /// Version of the lab that wrote it.
        lab: String,
    },
    Lesson(Box<LessonLine>),
    Step {
        lesson: String,
        number: usize,
        #[serde(flatten)]
        step: Box<StepRun>,
    },
    Exchange {
        lesson: String,
        step: usize,
        number: usize,
        at_us: u64,
        meanwhile: Vec<usize>,
        exchange: Box<Exchange>,
    },
}

/// A lesson and what came of it, without its steps.
#[derive(Debug, Serialize, Deserialize)]
struct LessonLine {
    id: String,
    title: String,
    took_ms: u64,
    #[serde(flatten)]
    result: Result,
    /// The lesson's file as it was played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<Source>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    played: Option<Played>,
}

/// The result, as [`crate::report::Outcome`] has it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
enum Result {
    Passed,
    Blessed { snapshot: String },
    Skipped { reason: String },
    LessonFailed { failures: usize },
    SnapshotDiffers { diff: String },
    Trouble { family: Kind, what: String, means: String, action: String },
}

#[derive(Debug, Serialize, Deserialize)]
struct Source {
    path: String,
    markdown: String,
}

/// What a run is besides its steps.
#[derive(Debug, Serialize, Deserialize)]
struct Played {
    topology: Topology,
    driver: Driver,
    faults: Vec<String>,
    rules: Vec<Judged>,
    /// How many steps and exchanges follow: a file that was cut off is known by that.
    steps: usize,
    exchanges: usize,
}

/// Makes the file, before anything is played: a wrong name should not cost a run.
///
/// # Errors
/// Usage, when it cannot be written.
pub fn begin(file: &Path) -> std::result::Result<(), Trouble> {
    if file.is_dir() {
        return Err(unwritable(file, std::io::ErrorKind::IsADirectory.into()));
    }
    std::fs::write(part(file), "").map_err(|error| unwritable(file, error))
}

/// Takes away what [`begin`] has made, because there will be no recording. What stood there before stays.
pub fn give_up(file: &Path) {
    // An empty file that cannot be removed harms nobody.
    let _ = std::fs::remove_file(part(file));
}

/// Writes the recording of these results.
///
/// # Errors
/// As [`begin`].
pub fn write(file: &Path, finished: &[Finished]) -> std::result::Result<(), Trouble> {
    let part = part(file);
    let written = std::fs::write(&part, text(finished)).and_then(|()| std::fs::rename(&part, file));
    written.map_err(|error| unwritable(file, error))
}

/// Beside the file, and in its place only when it is whole: whoever kills this half-way still has the old one.
fn part(file: &Path) -> PathBuf {
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    part.into()
}

fn unwritable(file: &Path, error: std::io::Error) -> Trouble {
    Trouble::new(
        Kind::Usage,
        format!("the recording cannot be written to {}: {error}", file.display()),
        "the folder is not there, not writable for you, or the disk is full",
        "name another file with `--out FILE`",
    )
    .caused_by(error)
}

/// The file's text for these results.
pub fn text(finished: &[Finished]) -> String {
    let mut text = String::new();
    push(&mut text, &Line::Run { schema: SCHEMA, lab: env!("CARGO_PKG_VERSION").to_owned() });
    for one in finished {
        push(&mut text, &Line::Lesson(Box::new(lesson_line(one))));
        for (step, number) in one.run.iter().flat_map(|run| &run.steps).zip(1..) {
            push(&mut text, &Line::Step { lesson: one.id.clone(), number, step: Box::new(step.clone()) });
            for numbered in &step.exchanges {
                let exchange = Line::Exchange {
                    lesson: one.id.clone(),
                    step: number,
                    number: numbered.number,
                    at_us: numbered.at_us,
                    meanwhile: numbered.meanwhile.clone(),
                    exchange: Box::new(numbered.exchange.clone()),
                };
                push(&mut text, &exchange);
            }
        }
    }
    text
}

fn push(text: &mut String, line: &Line) {
    // Strings, numbers and lists of them: there is nothing in a line that JSON could not say.
    let line = serde_json::to_string(line).unwrap_or_else(|_| unreachable!("a line of a recording is JSON"));
    let _ = writeln!(text, "{line}");
}

fn lesson_line(one: &Finished) -> LessonLine {
    use crate::report::Outcome;
    let result = match &one.outcome {
        Outcome::Passed => Result::Passed,
        Outcome::Blessed(snapshot) => Result::Blessed { snapshot: snapshot.clone() },
        Outcome::Skipped(reason) => Result::Skipped { reason: reason.clone() },
        Outcome::LessonFailed(failures) => Result::LessonFailed { failures: *failures },
        Outcome::SnapshotDiffers(diff) => Result::SnapshotDiffers { diff: diff.clone() },
        Outcome::Trouble(trouble) => Result::Trouble {
            family: trouble.kind,
            what: trouble.what.clone(),
            means: trouble.means.clone(),
            action: trouble.action.clone(),
        },
    };
    let played = |run: &Run| Played {
        topology: run.topology.clone(),
        driver: run.driver,
        faults: run.faults.clone(),
        rules: run.invariants.clone(),
        steps: run.steps.len(),
        exchanges: run.steps.iter().map(|step| step.exchanges.len()).sum(),
    };
    LessonLine {
        id: one.id.clone(),
        title: one.title.clone(),
        took_ms: u64::try_from(one.took.as_millis()).unwrap_or(u64::MAX),
        result,
        source: one.lesson.as_ref().map(|lesson| Source { path: lesson.path.clone(), markdown: lesson.source.clone() }),
        played: one.run.as_ref().map(played),
    }
}

#[cfg(test)]
mod tests;
