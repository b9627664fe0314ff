//! Results as text for people at a terminal: the transcript as the snapshot has it, with its tables, and verdicts that begin with
//! a word. Colour may be added where they are printed, and never means anything by itself. [`super::plain`] says the same one
//! fact a line.

use std::fmt::Write as _;

use lab::Kind;

use super::{Finished, Outcome};
use crate::transcript::render;
use crate::vocabulary::Driver;

/// One lesson: its transcript where something is to be looked at or `verbose` asks for it, then the verdict.
pub fn human(finished: &Finished, verbose: bool) -> String {
    let mut text = String::new();
    let failed = matches!(finished.outcome, Outcome::LessonFailed(_));
    if let (Some(run), true) = (&finished.run, verbose || failed) {
        let _ = writeln!(text, "{}", render(run));
    }
    let id = &finished.id;
    let _ = match &finished.outcome {
        Outcome::Passed => writeln!(text, "PASS  {id}: {}{}", finished.title, counted(finished)),
        Outcome::Blessed(file) => writeln!(text, "PASS  {id}: {}; snapshot written: {file}", finished.title),
        Outcome::Skipped(reason) => writeln!(text, "SKIP  {id}: {reason}"),
        Outcome::LessonFailed(failures) => {
            let checks = finished.run.as_ref().map_or(*failures, crate::run::Run::checks);
            writeln!(
                text,
                "FAIL  {id}: {failures} of {checks} checks failed. This is a lesson result, the lab itself is healthy."
            )
        }
        Outcome::SnapshotDiffers(diff) => {
            let chromium = finished.run.as_ref().is_some_and(|run| run.driver == Driver::Chromium);
            let driver = if chromium { " --driver chromium" } else { "" };
            writeln!(
                text,
                "{diff}\nDIFF  {id}: the transcript differs from its snapshot. If the new one is right: cargo xtask scenario run {id} --bless{driver}"
            )
        }
        Outcome::Trouble(trouble) if trouble.kind == Kind::Lesson => writeln!(
            text,
            "FAIL  {id}: {trouble}; {}. This is a lesson result, the lab itself is healthy.",
            trouble.means
        ),
        Outcome::Trouble(trouble) => {
            writeln!(text, "ERROR {id}: {trouble}\n      means: {}\n      do:    {}", trouble.means, trouble.action)
        }
    };
    text
}

/// The last line of several lessons: how many of what.
pub fn summary(finished: &[Finished]) -> String {
    let count = |wanted: fn(&Outcome) -> bool| finished.iter().filter(|one| wanted(&one.outcome)).count();
    let counts = [
        (count(|outcome| matches!(outcome, Outcome::Passed | Outcome::Blessed(_))), "passed"),
        (count(lesson_failed), "failed"),
        (count(|outcome| matches!(outcome, Outcome::SnapshotDiffers(_))), "differ from their snapshot"),
        (count(|outcome| matches!(outcome, Outcome::Trouble(_)) && !lesson_failed(outcome)), "could not be run"),
        (count(|outcome| matches!(outcome, Outcome::Skipped(_))), "skipped"),
    ];
    let told: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    let told = if told.is_empty() { "nothing was run".to_owned() } else { told.join(", ") };
    format!("{} {}: {told}\n", finished.len(), if finished.len() == 1 { "lesson" } else { "lessons" })
}

fn lesson_failed(outcome: &Outcome) -> bool {
    outcome.exit_code() == Kind::Lesson.exit_code()
}

fn counted(finished: &Finished) -> String {
    finished
        .run
        .as_ref()
        .map(|run| format!(" ({} steps, {} checks)", run.steps.len(), run.checks()))
        .unwrap_or_default()
}
