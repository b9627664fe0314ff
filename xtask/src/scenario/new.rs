//! `cargo xtask scenario new`

use std::io::Write as _;
use std::path::PathBuf;

use lab::{Kind, Trouble};
use scenarios::library::Library;

use crate::out::{self, say};

/// What a new lesson begins with: complete, so that it can be run before a word is changed.
const TEMPLATE: &str = include_str!("new.md");

#[derive(clap::Args)]
pub(crate) struct NewArgs {
    /// Its id, in small letters with hyphens
    #[arg(value_parser = id)]
    id: String,
    /// Which folder it belongs to
    #[arg(long, default_value = "logout")]
    topic: String,
    /// In another folder of lessons
    #[arg(long, value_name = "DIR")]
    lessons: Option<PathBuf>,
}

pub(super) fn run(args: &NewArgs) -> Result<(), Trouble> {
    if let Some(folder) = &args.lessons {
        // Whoever begins a library of their own has named its folder and need not have made it.
        std::fs::create_dir_all(folder).map_err(|error| {
            Trouble::new(
                Kind::Environment,
                format!("the folder {} cannot be made: {error}", folder.display()),
                "the new lesson has no place to lie in",
                "check the name and the permissions",
            )
            .caused_by(error)
        })?;
    }
    let library = args.lessons.as_deref().map_or_else(Library::shipped, Library::open)?;
    let text = TEMPLATE.replace("NEW-ID", &args.id).replace("NEW-TOPIC", &args.topic);
    // An unknown topic is found here, with the nearest word, and not by the first run. The folder is the topic that was
    // understood, not the text that was given.
    let lesson = scenarios::parse::parse(&format!("new/{}.md", args.id), &text).map_err(Trouble::from)?;
    let relative = format!("{}/{}.md", lesson.front.topic, args.id);
    let (known, _) = library.lessons()?;
    let path = library.folder().join(&relative);
    if path.exists() || known.iter().any(|lesson| lesson.id() == args.id) {
        return Err(Trouble::new(
            Kind::Usage,
            format!("there is a lesson {} already", args.id),
            "an id names one lesson, in all folders",
            "choose another id",
        ));
    }
    let written = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| {
        // Not over somebody else's file, also if it came this very moment.
        std::fs::File::create_new(&path)?.write_all(text.as_bytes())
    });
    written.map_err(|error| {
        Trouble::new(
            Kind::Environment,
            format!("{relative} cannot be written: {error}"),
            "the folder of the lessons is not writable for you, or the disk is full",
            "check its permissions and the space that is left",
        )
        .caused_by(error)
    })?;
    say(&format!("{}", path.display()));
    let elsewhere = args.lessons.as_ref().map(|folder| format!(" --lessons {}", folder.display())).unwrap_or_default();
    out::tell(&format!(
        "next: edit it, then `cargo xtask scenario run {}{elsewhere}` and `cargo xtask scenario lint{elsewhere}`",
        args.id
    ));
    Ok(())
}

fn id(text: &str) -> Result<String, String> {
    let fine = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if text.is_empty() || !text.chars().all(fine) || text.starts_with('-') || text.ends_with('-') {
        return Err("an id has small letters, digits and hyphens between them, for example portal-cut-off".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{TEMPLATE, id};

    #[test]
    fn a_new_lesson_can_be_run_and_taught_as_it_is() {
        let text = TEMPLATE.replace("NEW-ID", "my-lesson").replace("NEW-TOPIC", "logout");
        let lesson = scenarios::parse::parse("logout/my-lesson.md", &text).unwrap();
        let found = scenarios::lint::lint(&lesson, &["my-lesson"]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn an_id_is_a_name_and_no_path() {
        assert!(id("portal-cut-off").is_ok());
        for wrong in ["", "../x", "Portal", "a b", "-a", "a-", "a/b"] {
            assert!(id(wrong).is_err(), "{wrong}");
        }
    }
}
