//! One lesson of the report: what it teaches, what was played, what came of it.

use std::error::Error as _;

use lab::Kind;
use lab_trace::spec;
use serde::Serialize;

use super::step::{Step, checked};
use super::{Row, markdown, step};
use crate::lesson::{Lesson, Part};
use crate::report::{Finished, Outcome};
use crate::run::Run;
use crate::transcript::carried;

/// Everything that the template says of a lesson.
#[derive(Serialize)]
pub(super) struct View {
    anchor: String,
    id: String,
    title: String,
    word: &'static str,
    verdict: String,
    seconds: String,
    checks: String,
    /// Where it was played before, and its text stands.
    before: Option<String>,
    /// Whether it went as before, exchange for exchange.
    same: bool,
    head: Option<Head>,
    faults: Vec<String>,
    parts: Vec<Piece>,
    broken: Vec<Broken>,
    difference: Vec<Changed>,
    trouble: Option<Told>,
    /// What is to be said in the summary where it is not simply green.
    #[serde(skip)]
    note: String,
    /// Where the first check failed, and which.
    #[serde(skip)]
    first: Option<(String, String)>,
}

#[derive(Serialize)]
struct Head {
    minutes: u32,
    level: u32,
    objectives: Vec<String>,
    clauses: Vec<Clause>,
}

#[derive(Serialize)]
struct Clause {
    name: String,
    title: String,
    url: String,
}

/// A piece of the lesson, in its order.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Piece {
    Prose { html: String },
    Predict { question: String, choices: Vec<Choice> },
    Steps { steps: Vec<Step> },
    Planned { steps: Vec<(usize, String)> },
    Explain { html: String },
}

#[derive(Serialize)]
struct Choice {
    letter: char,
    says: String,
    correct: bool,
    misconception: String,
}

#[derive(Serialize)]
struct Broken {
    id: &'static str,
    rule: &'static str,
    when: String,
    check: step::Checked,
}

#[derive(Serialize)]
struct Changed {
    kind: &'static str,
    line: String,
}

#[derive(Serialize)]
struct Told {
    what: String,
    means: String,
    action: String,
    cause: String,
}

impl View {
    pub(super) fn of(finished: &Finished, anchor: &str, before: Option<&str>, same: bool) -> Self {
        let lesson = finished.lesson.as_deref().filter(|_| before.is_none());
        let run = finished.run.as_ref();
        let mut view = Self {
            anchor: anchor.to_owned(),
            id: finished.id.clone(),
            title: finished.title.clone(),
            word: word(&finished.outcome),
            verdict: verdict(finished),
            seconds: format!("{:.1} s", finished.took.as_secs_f64()),
            checks: run.map(checks).unwrap_or_default(),
            before: before.map(str::to_owned),
            same,
            head: lesson.map(head),
            faults: run.map(|run| run.faults.clone()).unwrap_or_default(),
            parts: Vec::new(),
            broken: Vec::new(),
            difference: difference(&finished.outcome),
            trouble: trouble(&finished.outcome),
            note: String::new(),
            first: run.and_then(|run| first_failure(run, anchor)),
        };
        view.note = if view.word == "PASS" { String::new() } else { view.verdict.clone() };
        if same {
            return view;
        }
        let steps = run.map(|run| step::steps(run, &carried(run), anchor)).unwrap_or_default();
        view.parts = parts(lesson, steps, run.is_some());
        view.broken = run.map(|run| broken(run, anchor)).unwrap_or_default();
        view
    }

    pub(super) fn into_row(self) -> Row {
        let Self { anchor, id, title, word, checks, seconds, note, first, .. } = self;
        Row { anchor, id, title, word, checks, seconds, note, first }
    }
}

/// The outcome in one word; style may be added to it and never means anything alone.
pub(super) fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed | Outcome::Blessed(_) => "PASS",
        Outcome::Skipped(_) => "SKIP",
        Outcome::LessonFailed(_) => "FAIL",
        Outcome::SnapshotDiffers(_) => "DIFF",
        Outcome::Trouble(trouble) if trouble.kind == Kind::Lesson => "FAIL",
        Outcome::Trouble(_) => "ERROR",
    }
}

fn verdict(finished: &Finished) -> String {
    match &finished.outcome {
        Outcome::Passed => "All checks are as expected.".to_owned(),
        Outcome::Blessed(file) => format!("All checks are as expected; snapshot written: {file}."),
        Outcome::Skipped(reason) => format!("Not played: {reason}."),
        Outcome::LessonFailed(failures) => {
            let checks = finished.run.as_ref().map_or(*failures, Run::checks);
            format!("{failures} of {checks} checks failed. This is a lesson result, the lab itself is healthy.")
        }
        Outcome::SnapshotDiffers(_) => "The transcript differs from its snapshot.".to_owned(),
        Outcome::Trouble(trouble) if trouble.kind == Kind::Lesson => {
            format!("{trouble}. This is a lesson result, the lab itself is healthy.")
        }
        Outcome::Trouble(trouble) => format!("{trouble}."),
    }
}

fn checks(run: &Run) -> String {
    format!("{} of {}", run.checks() - run.failures().count(), run.checks())
}

/// The step, and what was expected of it; what comes after the last step has the lesson's own place.
fn first_failure(run: &Run, anchor: &str) -> Option<(String, String)> {
    let (step, check) = run.failures().next()?;
    let place = if step > run.steps.len() { anchor.to_owned() } else { format!("{anchor}-s{step}") };
    Some((place, check.name.clone()))
}

fn head(lesson: &Lesson) -> Head {
    let front = &lesson.front;
    let clause = |reference: &str| match spec::parse(reference) {
        Some((spec, section)) => Clause {
            name: format!("{} {section}", spec.short),
            title: format!("{}, section {section}", spec.title),
            url: spec.url.to_owned(),
        },
        None => Clause { name: reference.to_owned(), title: String::new(), url: String::new() },
    };
    Head {
        minutes: front.minutes.value,
        level: front.level.value,
        objectives: front.objectives.iter().map(|one| one.trim_end_matches('.').to_owned()).collect(),
        clauses: front.spec.iter().map(|one| clause(&one.value)).collect(),
    }
}

/// The lesson's pieces, each block of steps with what came of it. What is for trainers stays with them.
fn parts(lesson: Option<&Lesson>, steps: Vec<Step>, played: bool) -> Vec<Piece> {
    let mut steps = steps.into_iter();
    let mut number = 0;
    let mut pieces = Vec::new();
    for part in lesson.iter().flat_map(|lesson| &lesson.parts) {
        let title = lesson.map_or("", |lesson| lesson.front.title.as_str());
        pieces.push(match part {
            Part::Prose(text) => Piece::Prose { html: markdown::html(text, title) },
            Part::Predict(prediction) => Piece::Predict {
                question: prediction.question.trim().to_owned(),
                choices: prediction
                    .choices
                    .iter()
                    .zip('a'..)
                    .map(|(choice, letter)| Choice {
                        letter,
                        says: choice.says.trim().to_owned(),
                        correct: choice.correct,
                        misconception: choice.misconception.as_deref().unwrap_or_default().trim().to_owned(),
                    })
                    .collect(),
            },
            Part::Steps(planned) if played => Piece::Steps { steps: steps.by_ref().take(planned.len()).collect() },
            Part::Steps(planned) => Piece::Planned {
                steps: planned
                    .iter()
                    .map(|step| {
                        number += 1;
                        (number, step.to_string())
                    })
                    .collect(),
            },
            Part::Explain(text) => Piece::Explain { html: markdown::html(text, "") },
            Part::Trainer(_) => continue,
        });
    }
    // A run of a lesson that is not at hand, or has changed since.
    let left: Vec<Step> = steps.collect();
    if !left.is_empty() {
        pieces.push(Piece::Steps { steps: left });
    }
    pieces
}

fn broken(run: &Run, anchor: &str) -> Vec<Broken> {
    run.broken()
        .map(|judged| Broken {
            id: judged.invariant.id(),
            rule: judged.invariant.sentence(),
            when: judged.when(run.steps.len()),
            check: checked(&judged.check, anchor),
        })
        .collect()
}

fn difference(outcome: &Outcome) -> Vec<Changed> {
    let Outcome::SnapshotDiffers(diff) = outcome else { return Vec::new() };
    let kind = |line: &str| match line.as_bytes().first() {
        Some(b'+') => "added",
        Some(b'-') => "gone",
        Some(b'@') => "place",
        _ => "same",
    };
    diff.lines().map(|line| Changed { kind: kind(line), line: line.to_owned() }).collect()
}

fn trouble(outcome: &Outcome) -> Option<Told> {
    let Outcome::Trouble(trouble) = outcome else { return None };
    let causes = std::iter::successors(trouble.source(), |error| (*error).source());
    Some(Told {
        what: trouble.what.clone(),
        means: trouble.means.clone(),
        action: trouble.action.clone(),
        cause: causes.map(ToString::to_string).collect::<Vec<_>>().join(": "),
    })
}
