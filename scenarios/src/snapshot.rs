//! The snapshot beside a lesson: its transcript, in insta's file format, so that `cargo insta` can review what
//! `scenario run --bless` has written and the other way round.
//!
//! `<id>.snap` is the rule. Where a line of Keycloak behaves differently, `<id>@26.2.snap` stands beside it and is used
//! for that line only.

use std::path::{Path, PathBuf};

use lab::{Kind, Trouble};
use similar::TextDiff;

use crate::run::Run;
use crate::transcript::render;
use crate::version::Line;
use crate::vocabulary::Driver;

/// The test that insta names in a snapshot's head; the same for all.
pub const SOURCE: &str = "scenarios/tests/lessons/main.rs";

/// A transcript with its head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Title of the lesson.
    pub description: String,
    /// Under which conditions it was recorded.
    pub info: Info,
    /// The transcript.
    pub text: String,
}

/// Conditions of a recording; whatever else differs must not show.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Info {
    /// Minor line of Keycloak.
    pub keycloak: String,
    /// Driver.
    pub driver: String,
    /// Planted faults.
    pub faults: Vec<String>,
}

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    /// Nothing differs.
    Same,
    /// There is no snapshot yet.
    Missing,
    /// Something differs: a unified diff from the snapshot to this run.
    Different(String),
}

impl Snapshot {
    /// The snapshot that a run would leave.
    ///
    /// # Errors
    /// When Keycloak's version cannot be read.
    pub fn of(run: &Run) -> Result<Self, Trouble> {
        Ok(Self {
            description: run.title.clone(),
            info: Info {
                keycloak: line(run)?.to_string(),
                driver: run.driver.word().to_owned(),
                faults: run.faults.clone(),
            },
            text: render(run).trim_end().to_owned(),
        })
    }

    /// The file's content.
    pub fn file(&self) -> String {
        let faults = if self.info.faults.is_empty() {
            " []".to_owned()
        } else {
            self.info.faults.iter().fold(String::new(), |lines, fault| format!("{lines}\n    - {}", quoted(fault)))
        };
        format!(
            "---\nsource: {SOURCE}\ndescription: {}\ninfo:\n  keycloak: {}\n  driver: {}\n  faults:{faults}\n---\n{}\n",
            quoted(&self.description),
            quoted(&self.info.keycloak),
            quoted(&self.info.driver),
            self.text
        )
    }

    /// What differs in `self`, this run, from the text of a snapshot's file. Every line counts, those of the head, too.
    /// A snapshot without a line of its own for this Keycloak serves all lines, so only then that word may differ.
    fn against(&self, kept: &str, own_line: bool) -> Compared {
        if self.is_a_browser_beside(kept) {
            return self.matrices_against(kept);
        }
        let mut fresh = self.clone();
        if let (false, Some(line)) = (own_line, recorded_for(kept)) {
            fresh.info.keycloak = line;
        }
        let fresh = fresh.file();
        if fresh == kept {
            return Compared::Same;
        }
        let diff = TextDiff::from_lines(kept, &fresh);
        Compared::Different(diff.unified_diff().context_radius(3).header("snapshot", "this run").to_string())
    }
}

impl Snapshot {
    /// Whether a real browser has played what was recorded with scripted ones.
    fn is_a_browser_beside(&self, kept: &str) -> bool {
        self.info.driver == Driver::Chromium.word() && driver_of(kept) == Some(Driver::Http.word())
    }

    /// What differs from the recording with scripted browsers: a real browser asks more and in another order, but in every step the
    /// same people have to be signed in at the same places.
    fn matrices_against(&self, kept: &str) -> Compared {
        let (kept, fresh) = (matrices(kept), matrices(&self.text));
        if kept == fresh {
            return Compared::Same;
        }
        let diff = TextDiff::from_lines(&kept, &fresh);
        let headers =
            diff.unified_diff().context_radius(3).header("matrix of the snapshot", "matrix of this run").to_string();
        Compared::Different(headers)
    }
}

/// The steps of a transcript with their matrices alone.
fn matrices(text: &str) -> String {
    let mut found = String::new();
    let mut inside = false;
    for line in text.lines() {
        inside = line.starts_with("  browser ") || (inside && !line.is_empty());
        if inside || line.starts_with("STEP ") {
            found.push_str(line);
            found.push('\n');
        }
    }
    found
}

/// The driver that stands in the head of a snapshot.
fn driver_of(kept: &str) -> Option<&str> {
    let mut head = kept.lines().skip(1).take_while(|line| *line != "---");
    head.find_map(|line| line.strip_prefix("  driver: "))
}

/// The text of a snapshot's file; `None` when there is none.
fn read(path: &Path) -> Result<Option<String>, Trouble> {
    match std::fs::read_to_string(path) {
        // A checkout may have turned line ends into CRLF.
        Ok(text) => Ok(Some(text.replace("\r\n", "\n"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(broken(path, error)),
    }
}

/// The line of Keycloak that stands in the head of a snapshot.
fn recorded_for(kept: &str) -> Option<String> {
    let mut head = kept.lines().skip(1).take_while(|line| *line != "---");
    let word = head.find_map(|line| line.strip_prefix("  keycloak: "))?;
    let line: Line = word.trim_matches('"').parse().ok()?;
    (word == quoted(&line.to_string())).then(|| line.to_string())
}

/// Where the snapshot of a run is kept: the file of its Keycloak line where there is one, else the common one.
/// The second value says which of the two it is.
///
/// # Errors
/// When Keycloak's version cannot be read.
pub fn place(lesson_file: &Path, run: &Run) -> Result<(PathBuf, bool), Trouble> {
    let id = lesson_file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let own = lesson_file.with_file_name(format!("{id}@{}.snap", line(run)?));
    if own.is_file() { Ok((own, true)) } else { Ok((lesson_file.with_file_name(format!("{id}.snap")), false)) }
}

/// Compares a run with the snapshot beside its lesson.
///
/// # Errors
/// When the snapshot is there and cannot be read.
pub fn check(lesson_file: &Path, run: &Run) -> Result<Compared, Trouble> {
    let (path, own_line) = place(lesson_file, run)?;
    Ok(match read(&path)? {
        None => Compared::Missing,
        Some(kept) => Snapshot::of(run)?.against(&kept, own_line),
    })
}

/// Writes the snapshot of a run. With a common snapshot of another line that says something else, a file for this line
/// is written beside it, so that blessing one version never spoils another. Returns the file, or `None` when nothing
/// had to change.
///
/// # Errors
/// When the file cannot be written.
pub fn bless(lesson_file: &Path, run: &Run) -> Result<Option<PathBuf>, Trouble> {
    let (mut path, own_line) = place(lesson_file, run)?;
    let fresh = Snapshot::of(run)?;
    if let Some(kept) = read(&path)? {
        if fresh.against(&kept, own_line) == Compared::Same {
            return Ok(None);
        }
        if fresh.is_a_browser_beside(&kept) {
            return Err(other_driver(&path));
        }
        let other_line = recorded_for(&kept).is_some_and(|line| line != fresh.info.keycloak);
        if !own_line && other_line {
            let id = lesson_file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            path = lesson_file.with_file_name(format!("{id}@{}.snap", fresh.info.keycloak));
        }
    }
    // Written beside and renamed: an interrupted run leaves the old snapshot whole.
    let beside = path.with_extension("snap.tmp");
    std::fs::write(&beside, fresh.file())
        .and_then(|()| std::fs::rename(&beside, &path))
        .map_err(|error| broken(&path, error))?;
    Ok(Some(path))
}

fn other_driver(path: &Path) -> Trouble {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Trouble::new(
        Kind::Content,
        format!("{name} was recorded with another driver, and this run ends with another matrix"),
        "one of the two browsers does not do what the other does, or the lesson depends on which it is",
        "run it with `--check` to see where they differ; a lesson that only one driver can play names only that one",
    )
}

fn line(run: &Run) -> Result<Line, Trouble> {
    run.topology.version.parse().map_err(|message: String| {
        Trouble::new(
            Kind::Part,
            format!("Keycloak's version is not understood: {message}"),
            "a snapshot says for which line it was recorded",
            "name the version with `cargo xtask lab up --keycloak V`",
        )
    })
}

/// A text as insta writes it: quoted where YAML could take it for something else, so that a snapshot saved by either
/// side is the same file. Single-line titles are all that is ever written here.
fn quoted(text: &str) -> String {
    const SPECIAL: &[char] = &[':', '{', '}', '[', ']', ',', '#', '`', '"', '\'', '\\', '\t', '\n', '\r'];
    const WORDS: &[&str] = &["yes", "no", "true", "false", "on", "off", "null", "~"];
    let quotes = text.is_empty()
        || text.starts_with(['&', '*', '?', '|', '-', '<', '>', '=', '!', '%', '@', '.', ' '])
        || text.ends_with(' ')
        || text.contains(SPECIAL)
        || text.starts_with("0x")
        || WORDS.contains(&text.to_ascii_lowercase().as_str())
        || text.parse::<f64>().is_ok();
    if quotes { format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")) } else { text.to_owned() }
}

fn broken(path: &Path, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Trouble {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Trouble::new(
        Kind::Content,
        format!("the snapshot {name} cannot be used"),
        "nothing can be compared with it",
        format!("look at it; to write it anew delete it and run with `--bless`: {name}"),
    )
    .caused_by(error)
}

#[cfg(test)]
mod tests;
