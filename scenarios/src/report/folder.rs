//! A run as files, for archives and for CI servers that collect artefacts.
//!
//! * `run.ndjson`: the [`recording`](crate::recording);
//! * `junit.xml`;
//! * `transcripts/<id>.txt`, and `<id>.2.txt` where a lesson was played again;
//! * `diagrams/<id>.mmd` and `.svg`, the same as pictures;
//! * `report.html`, all of it for people.

use std::collections::BTreeMap;
use std::path::Path;

use lab::{Kind, Trouble};

use super::{Finished, html, junit, pictures};
use crate::recording;
use crate::transcript::render;

/// Makes the folder, before anything is played: a wrong name should not cost a run.
///
/// # Errors
/// Usage, when it cannot be made or written to.
pub fn prepare(folder: &Path) -> Result<(), Trouble> {
    let transcripts = folder.join("transcripts");
    std::fs::create_dir_all(&transcripts).map_err(|error| unwritable(folder, error))?;
    // Whoever archives the folder must not get the transcripts of another run.
    for entry in std::fs::read_dir(&transcripts).map_err(|error| unwritable(folder, error))?.flatten() {
        if entry.path().extension().is_some_and(|kind| kind == "txt") {
            std::fs::remove_file(entry.path()).map_err(|error| unwritable(folder, error))?;
        }
    }
    pictures::prepare(folder).map_err(|error| unwritable(folder, error))?;
    save(folder, "report.html", "")?;
    save(folder, "junit.xml", "")?;
    save(folder, recording::FILE, "")
}

/// Writes everything. `exit_code`: that of the process, as far as it is known.
///
/// # Errors
/// Usage, when the folder cannot be written to.
pub fn write(folder: &Path, finished: &[Finished], exit_code: u8) -> Result<(), Trouble> {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for lesson in finished {
        let Some(run) = &lesson.run else { continue };
        let time = times.entry(&lesson.id).or_default();
        *time += 1;
        let again = if *time == 1 { String::new() } else { format!(".{time}") };
        save(folder, &format!("transcripts/{}{again}.txt", lesson.id), &render(run))?;
        pictures::write(folder, &format!("{}{again}", lesson.id), run).map_err(|error| unwritable(folder, error))?;
    }
    save(folder, recording::FILE, &recording::text(finished))?;
    save(folder, "report.html", &html(finished, exit_code, jiff::Timestamp::now()))?;
    save(folder, "junit.xml", &junit(finished))
}

fn save(folder: &Path, name: &str, text: &str) -> Result<(), Trouble> {
    std::fs::write(folder.join(name), text).map_err(|error| unwritable(folder, error))
}

fn unwritable(folder: &Path, error: std::io::Error) -> Trouble {
    Trouble::new(
        Kind::Usage,
        format!("the report cannot be written to {}: {error}", folder.display()),
        "the folder cannot be made, is not writable for you, or the disk is full",
        "name another folder with `--report DIR`",
    )
    .caused_by(error)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{prepare, write};
    use crate::fixture::{self, Chance};
    use crate::recording;
    use crate::report::{Finished, Outcome};

    #[test]
    fn a_run_becomes_lines_that_can_be_read_back_and_nothing_of_another_run_stays() {
        let folder = tempfile::tempdir().unwrap();
        let chance = Chance { port: 18_000, salt: "salt", admin_first: false };
        let transcripts = folder.path().join("transcripts");
        std::fs::create_dir(&transcripts).unwrap();
        std::fs::write(transcripts.join("of-yesterday.txt"), "old").unwrap();
        std::fs::create_dir(folder.path().join("diagrams")).unwrap();
        std::fs::write(folder.path().join("diagrams/of-yesterday.svg"), "old").unwrap();
        let finished = |_| Finished {
            id: "fixture".to_owned(),
            title: "A fixture".to_owned(),
            took: Duration::from_secs(1),
            outcome: Outcome::Passed,
            run: Some(fixture::run(&chance, "- { who: john, signs-out-at: internal, expect: { status: 200 } }")),
            lesson: None,
        };
        let twice: Vec<Finished> = (0..2).map(finished).collect();
        prepare(folder.path()).unwrap();
        write(folder.path(), &twice, 0).unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        let lines: Vec<serde_json::Value> =
            read("run.ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((&lines[0]["kind"], &lines[0]["schema"]), (&"run".into(), &recording::SCHEMA.into()));
        let count = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).count();
        assert_eq!(count("lesson"), 2);
        assert_eq!(count("exchange"), 2 * twice[0].run.as_ref().unwrap().steps[0].exchanges.len());
        assert!(!transcripts.join("of-yesterday.txt").exists());
        assert!(!folder.path().join("diagrams/of-yesterday.svg").exists());
        assert_eq!(read("diagrams/fixture.svg"), read("diagrams/fixture.2.svg"));
        assert!(read("diagrams/fixture.mmd").starts_with("sequenceDiagram\n"));
        assert!(read("report.html").starts_with("<!DOCTYPE html>"));
        assert!(read("junit.xml").contains("<testsuite"));
        assert_eq!(read("transcripts/fixture.txt"), read("transcripts/fixture.2.txt"));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_said_before_anything_is_played() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(prepare(&file.join("below")).unwrap_err().what.contains("cannot be written"));
    }
}
