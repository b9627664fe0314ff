//! Reading a recording back. It may come from anybody, so every line is looked at before it is believed, and nothing in it can
//! move a terminal's cursor.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lab::{Kind, Trouble};
use serde_json::Value;

use super::{FILE, LessonLine, Line, Result as Recorded, SCHEMA};
use crate::diagram::is_turning;
use crate::parse::parse;
use crate::report::{Finished, Outcome};
use crate::run::{Numbered, Run};

/// Reads a recording, or the one in a report's folder: what was played, in its order.
///
/// # Errors
/// Usage, when there is no such file or it is not readable; content, when it is no recording, one of another schema, or damaged,
/// with the line.
pub fn read(path: &Path) -> Result<Vec<Finished>, Trouble> {
    let file = if path.is_dir() { path.join(FILE) } else { path.to_owned() };
    let text = std::fs::read_to_string(&file).map_err(|error| {
        Trouble::new(
            Kind::Usage,
            format!("the recording {} cannot be read: {error}", file.display()),
            "nothing can be shown",
            "name a file that `cargo xtask scenario record` has written, or a folder of `scenario run --report`",
        )
        .caused_by(error)
    })?;
    read_text(&text)
}

/// The same from a text.
///
/// # Errors
/// As [`read`], without those of files.
pub fn read_text(text: &str) -> Result<Vec<Finished>, Trouble> {
    let mut lines = text.lines().zip(1..);
    let Some((first, _)) = lines.next() else { return Err(damaged(1, "the file is empty")) };
    match line(first, 1)? {
        Line::Run { schema: SCHEMA, .. } => {}
        Line::Run { schema, lab } => {
            return Err(Trouble::new(
                Kind::Content,
                format!("the recording has schema {schema}, written by version {lab} of the lab"),
                format!("this version reads schema {SCHEMA} only, and would misunderstand it"),
                "record it again: `cargo xtask scenario record ID --out FILE`",
            ));
        }
        Line::Lesson(_) | Line::Step { .. } | Line::Exchange { .. } => {
            return Err(damaged(1, "it does not begin with a line of kind `run`"));
        }
    }
    let (mut finished, mut wanted, mut last) = (Vec::new(), None, 1);
    for (text, number) in lines.filter(|(text, _)| !text.trim().is_empty()) {
        let line = line(text, number)?;
        if let Line::Lesson(lesson) = &line {
            complete(finished.last(), wanted, last)?;
            wanted = lesson.played.as_ref().map(|played| (played.steps, played.exchanges));
        }
        add(&mut finished, line, number)?;
        last = number;
    }
    complete(finished.last(), wanted, last)?;
    if finished.is_empty() {
        return Err(damaged(1, "no lesson stands in it"));
    }
    Ok(finished)
}

fn add(finished: &mut Vec<Finished>, line: Line, at: usize) -> Result<(), Trouble> {
    match line {
        Line::Run { .. } => Err(damaged(at, "a second recording begins here")),
        Line::Lesson(lesson) => {
            finished.push(of_lesson(*lesson, at)?);
            Ok(())
        }
        Line::Step { lesson, number, step } => {
            let run = played(finished, &lesson, at)?;
            if number != run.steps.len() + 1 {
                return Err(damaged(at, &format!("step {number} stands where {} should", run.steps.len() + 1)));
            }
            run.steps.push(*step);
            Ok(())
        }
        Line::Exchange { lesson, step, number, at_us, meanwhile, exchange } => {
            let run = played(finished, &lesson, at)?;
            if step != run.steps.len() || step == 0 {
                return Err(damaged(at, &format!("an exchange of step {step} stands after step {}", run.steps.len())));
            }
            let numbered = Numbered { number, at_us, exchange: *exchange, meanwhile };
            run.steps[step - 1].exchanges.push(numbered);
            Ok(())
        }
    }
}

/// Whether everything is there that the line of the lesson has promised, and says what that line says.
fn complete(last: Option<&Finished>, wanted: Option<(usize, usize)>, at: usize) -> Result<(), Trouble> {
    let Some((one, run)) = last.and_then(|one| Some((one, one.run.as_ref()?))) else { return Ok(()) };
    let has = (run.steps.len(), run.steps.iter().map(|step| step.exchanges.len()).sum());
    if wanted != Some(has) {
        return Err(damaged(at, &format!("it ends before {} does", one.id)));
    }
    let failures = match &one.outcome {
        Outcome::Passed | Outcome::Blessed(_) | Outcome::SnapshotDiffers(_) => 0,
        Outcome::LessonFailed(failures) => *failures,
        Outcome::Skipped(_) | Outcome::Trouble(_) => return Ok(()),
    };
    let found = run.failures().count();
    if failures == found {
        return Ok(());
    }
    Err(damaged(at, &format!("{} failed checks stand in {}, and {failures} by its result", found, one.id)))
}

/// The run that a line belongs to: that of the lesson above it.
fn played<'a>(finished: &'a mut [Finished], lesson: &str, at: usize) -> Result<&'a mut Run, Trouble> {
    let last = finished.last_mut().filter(|one| one.id == lesson);
    last.and_then(|one| one.run.as_mut())
        .ok_or_else(|| damaged(at, &format!("it belongs to {lesson}, and no run of it is above")))
}

fn of_lesson(line: LessonLine, at: usize) -> Result<Finished, Trouble> {
    // It becomes the name of a file.
    if line.id.is_empty()
        || !line.id.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
    {
        return Err(damaged(at, "its id is no lesson's id"));
    }
    let outcome = match line.result {
        Recorded::Passed => Outcome::Passed,
        Recorded::Blessed { snapshot } => Outcome::Blessed(snapshot),
        Recorded::Skipped { reason } => Outcome::Skipped(reason),
        Recorded::LessonFailed { failures } => Outcome::LessonFailed(failures),
        Recorded::SnapshotDiffers { diff } => Outcome::SnapshotDiffers(diff),
        Recorded::Trouble { family, what, means, action } => {
            Outcome::Trouble(Trouble::new(family, what, means, action))
        }
    };
    let lesson = line.source.map(|source| parse(&source.path, &source.markdown).map(Arc::new)).transpose()?;
    let run = line.played.map(|played| Run {
        id: line.id.clone(),
        title: line.title.clone(),
        topology: played.topology,
        driver: played.driver,
        faults: played.faults,
        steps: Vec::new(),
        invariants: played.rules,
    });
    Ok(Finished { id: line.id, title: line.title, took: Duration::from_millis(line.took_ms), outcome, run, lesson })
}

fn line(text: &str, number: usize) -> Result<Line, Trouble> {
    let mut value: Value = serde_json::from_str(text).map_err(|error| damaged(number, &error.to_string()))?;
    harmless(&mut value, false);
    serde_json::from_value(value).map_err(|error| damaged(number, &error.to_string()))
}

/// Members that have several lines.
const LINES: &[&str] = &["markdown", "diff"];

/// Takes what moves cursors, colours terminals or turns the direction of reading out of every text and name. What
/// is shown in one line has to be one.
fn harmless(value: &mut Value, lines: bool) {
    let is_harmful = |letter| is_harmful(letter) && !(lines && letter == '\n');
    match value {
        Value::String(text) => {
            if text.contains(is_harmful) {
                *text = text.replace(is_harmful, "\u{fffd}");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| harmless(item, false)),
        Value::Object(members) => {
            for (name, mut value) in std::mem::take(members) {
                harmless(&mut value, LINES.contains(&name.as_str()));
                members.insert(name.replace(self::is_harmful, "\u{fffd}"), value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn is_harmful(letter: char) -> bool {
    (letter.is_control() && letter != '\t') || is_turning(letter)
}

fn damaged(line: usize, why: &str) -> Trouble {
    Trouble::new(
        Kind::Content,
        format!("line {line} of the recording: {why}"),
        "the file is no recording of the lab, was cut off, or somebody has changed it",
        "record it again: `cargo xtask scenario record ID --out FILE`",
    )
}
