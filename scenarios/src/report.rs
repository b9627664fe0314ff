//! Results for people, for programs and for CI.

pub mod folder;
mod html;
mod junit;
mod pictures;
mod plain;
mod text;

use std::sync::Arc;
use std::time::Duration;

use lab::{Kind, Trouble};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::lesson::Lesson;
use crate::run::Run;
use crate::transcript::render;

pub use html::html;
pub(crate) use html::markdown::html as markdown;
pub use junit::junit;
pub use plain::plain;
pub use text::{human, summary};

/// What came of one lesson.
pub struct Finished {
    /// `id`.
    pub id: String,
    /// Title, or the id where the file could not be read.
    pub title: String,
    /// How long it took. Not part of any transcript.
    pub took: Duration,
    /// The result.
    pub outcome: Outcome,
    /// The run, where there was one.
    pub run: Option<Run>,
    /// The lesson itself, where it is at hand: a report for people says what the run was about. Shared, because a lesson may be
    /// played many times.
    pub lesson: Option<Arc<Lesson>>,
}

/// Results, told apart: a lesson's red never looks like the lab's red.
#[derive(Debug)]
pub enum Outcome {
    /// All checks as expected, and the snapshot, where it was asked for, is the same.
    Passed,
    /// All checks as expected; the snapshot was written to this file.
    Blessed(String),
    /// Not run, and why; not a failure.
    Skipped(String),
    /// So many checks of the lesson failed.
    LessonFailed(usize),
    /// The transcript differs from its snapshot: a unified diff, or that there is none yet.
    SnapshotDiffers(String),
    /// The lab, the file or the request was at fault.
    Trouble(Trouble),
}

/// The outcome's name in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Word {
    Passed,
    Blessed,
    Skipped,
    LessonFailed,
    SnapshotDiffers,
    ContentInvalid,
    LabTrouble,
}

impl Outcome {
    /// The exit code of a process that ran only this lesson.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Passed | Self::Blessed(_) | Self::Skipped(_) => 0,
            Self::LessonFailed(_) => Kind::Lesson.exit_code(),
            Self::SnapshotDiffers(_) => Kind::Snapshot.exit_code(),
            Self::Trouble(trouble) => trouble.kind.exit_code(),
        }
    }

    pub(crate) fn word(&self) -> Word {
        match self {
            Self::Passed => Word::Passed,
            Self::Blessed(_) => Word::Blessed,
            Self::Skipped(_) => Word::Skipped,
            Self::LessonFailed(_) => Word::LessonFailed,
            Self::SnapshotDiffers(_) => Word::SnapshotDiffers,
            Self::Trouble(trouble) if trouble.kind == Kind::Lesson => Word::LessonFailed,
            Self::Trouble(trouble) if trouble.kind == Kind::Content => Word::ContentInvalid,
            Self::Trouble(_) => Word::LabTrouble,
        }
    }

    /// How bad it is compared with others: trouble of the lab hides what lessons say, so it comes first.
    fn weight(&self) -> u8 {
        match self {
            Self::Passed | Self::Blessed(_) | Self::Skipped(_) => 0,
            Self::SnapshotDiffers(_) => 1,
            Self::LessonFailed(_) => 2,
            // A step that could not be done because the page was another one: the lesson's red, not the lab's.
            Self::Trouble(trouble) if trouble.kind == Kind::Lesson => 2,
            // A broken file is the author's, and says nothing about the lab.
            Self::Trouble(trouble) if trouble.kind == Kind::Content => 3,
            Self::Trouble(_) => 4,
        }
    }
}

/// The exit code for several lessons: that of the worst.
pub fn exit_code(finished: &[Finished]) -> u8 {
    finished.iter().max_by_key(|one| one.outcome.weight()).map_or(0, |worst| worst.outcome.exit_code())
}

/// One object for all results; `schema` changes when a member changes its meaning. `exit_code`: that of the process, which may
/// know more than the results do ([`exit_code`]): that it was interrupted, that the lab could not be left.
pub fn json(finished: &[Finished], exit_code: u8) -> Value {
    json!({
        "schema": 1,
        "exit_code": exit_code,
        "lessons": finished.iter().map(one).collect::<Vec<_>>(),
    })
}

pub(crate) fn one(finished: &Finished) -> Value {
    let mut object = json!({
        "id": finished.id,
        "title": finished.title,
        "outcome": finished.outcome.word(),
        "took_ms": u64::try_from(finished.took.as_millis()).unwrap_or(u64::MAX),
    });
    match &finished.outcome {
        Outcome::Passed | Outcome::LessonFailed(_) => {}
        Outcome::Blessed(file) => object["snapshot"] = json!(file),
        Outcome::Skipped(reason) => object["reason"] = json!(reason),
        Outcome::SnapshotDiffers(diff) => object["diff"] = json!(diff),
        Outcome::Trouble(trouble) => {
            object["trouble"] = json!({ "what": trouble.what, "means": trouble.means, "do": trouble.action });
        }
    }
    if let Some(run) = &finished.run {
        object["keycloak"] = json!(run.topology.version);
        object["runtime"] = json!(run.topology.runtime);
        object["driver"] = json!(run.driver);
        object["steps"] = run.steps.iter().map(step).collect();
        let broken: Vec<Value> = run.broken().map(broken).collect();
        if !broken.is_empty() {
            object["broken"] = json!(broken);
        }
        object["transcript"] = json!(render(run));
    }
    object
}

/// An invariant that was broken.
fn broken(judged: &crate::invariants::Judged) -> Value {
    json!({
        "id": judged.invariant.id(),
        "clause": judged.invariant.clause(),
        "step": judged.step,
        "check": check(&judged.check),
    })
}

fn check(check: &crate::checks::Check) -> Value {
    match &check.failure {
        None => json!({ "name": check.name, "passed": true }),
        Some(failure) => json!({
            "name": check.name,
            "passed": false,
            "expected": failure.expected,
            "seen": failure.seen,
            "exchange": failure.proof,
            "likely": failure.likely,
        }),
    }
}

fn step(step: &crate::run::StepRun) -> Value {
    let checks: Vec<Value> = step.checks.iter().map(check).collect();
    json!({
        "step": step.sentence,
        "line": step.line,
        "sees": step.sight.as_ref().map(|sight| sight.place.to_string()),
        "exchanges": step.exchanges.len(),
        "not_told": step.not_told.iter().map(|one| json!({ "portal": one.portal, "why": one.why })).collect::<Vec<_>>(),
        "matrix": step.matrix,
        "checks": checks,
    })
}

#[cfg(test)]
mod tests;
