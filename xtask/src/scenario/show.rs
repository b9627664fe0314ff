//! Lessons to be read.

use std::path::Path;

use lab::{Kind, Trouble};
use scenarios::lesson::Part;
use scenarios::library::Library;
use serde_json::json;

use crate::out::{print, say};
use crate::settings::Format;

pub(super) fn list(format: Format) -> Result<(), Trouble> {
    let (lessons, errors) = Library::shipped()?.lessons()?;
    match format {
        Format::Json => {
            let list: Vec<_> = lessons
                .iter()
                .map(|lesson| json!({ "id": lesson.id(), "title": lesson.front.title, "minutes": lesson.front.minutes.value, "level": lesson.front.level.value }))
                .collect();
            say(&serde_json::to_string_pretty(&list).unwrap_or_default());
        }
        Format::Human => {
            let width = lessons.iter().map(|lesson| lesson.id().len()).max().unwrap_or(0);
            for lesson in &lessons {
                say(&format!("{:<width$}  {:>2} min  {}", lesson.id(), lesson.front.minutes.value, lesson.front.title));
            }
        }
    }
    errors.into_iter().next().map_or(Ok(()), |error| Err(error.into()))
}

pub(super) fn handout(id: &str, trainer: bool) -> Result<(), Trouble> {
    let lesson = Library::shipped()?.lesson(id)?;
    let front = &lesson.front;
    let clauses: Vec<&str> = front.spec.iter().map(|clause| clause.value.as_str()).collect();
    say(&format!(
        "# {}\n\n{} minutes, level {}, {}",
        front.title,
        front.minutes.value,
        front.level.value,
        clauses.join(", ")
    ));
    for objective in &front.objectives {
        say(&format!("- Afterwards you can {}.", objective.trim_end_matches('.')));
    }
    let mut number = 0;
    for part in &lesson.parts {
        match part {
            Part::Prose(text) => say(&format!("\n{}", text.trim())),
            Part::Predict(prediction) => {
                say(&format!("\n## What do you think?\n\n{}", prediction.question.trim()));
                for (choice, letter) in prediction.choices.iter().zip('a'..) {
                    say(&format!("  {letter}) {}", choice.says.trim()));
                }
            }
            Part::Steps(steps) => {
                say("\n## Steps\n");
                for step in steps {
                    number += 1;
                    say(&format!("{number}. {step}"));
                }
            }
            Part::Explain(text) => say(&format!("\n## What happened, and why\n\n{}", text.trim())),
            Part::Trainer(text) if trainer => say(&format!("\n## For trainers\n\n{}", text.trim())),
            Part::Trainer(_) => {}
        }
    }
    say(&format!("\nPlay it: `cargo xtask scenario run {id}`"));
    Ok(())
}

pub(super) fn lint(folder: Option<&Path>) -> Result<(), Trouble> {
    let errors = folder.map_or_else(Library::shipped, Library::open)?.lint()?;
    for error in &errors {
        print(&format!("{:?}\n", miette::Report::new(error.clone())));
    }
    if errors.is_empty() {
        say("All lessons are as they should be.");
        return Ok(());
    }
    Err(Trouble::new(
        Kind::Content,
        match errors.len() {
            1 => "one thing is wrong with the lessons".to_owned(),
            count => format!("{count} things are wrong with the lessons"),
        },
        "a lesson with them would mislead, or could not run",
        "mend each place shown above",
    ))
}
