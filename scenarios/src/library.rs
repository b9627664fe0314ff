//! All lessons: a folder, one sub-folder a topic.

use std::path::{Path, PathBuf};

use lab::{Kind, Trouble};

use crate::content_error::{ContentError, instead};
use crate::lesson::Lesson;
use crate::lint::{at, lint};
use crate::parse::parse;

/// A folder of lessons.
#[derive(Debug, Clone)]
pub struct Library {
    folder: PathBuf,
}

impl Library {
    /// The lessons of this workspace: where they stood when the program was built.
    pub fn shipped() -> Result<Self, Trouble> {
        Self::open(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/lessons")))
    }

    /// Another folder.
    ///
    /// # Errors
    /// Usage, when it is no folder.
    pub fn open(folder: &Path) -> Result<Self, Trouble> {
        if folder.is_dir() {
            return Ok(Self { folder: folder.to_owned() });
        }
        Err(Trouble::new(
            Kind::Usage,
            format!("there is no folder of lessons at {}", folder.display()),
            "lessons are files, and none can be found",
            "run from the workspace that the program was built in, or name the folder",
        ))
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Paths of all lessons, by topic and name.
    fn paths(&self) -> Result<Vec<PathBuf>, Trouble> {
        let mut found = Vec::new();
        for topic in listed(&self.folder)?.into_iter().filter(|path| path.is_dir()) {
            found.extend(listed(&topic)?.into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "md")));
        }
        found.sort();
        Ok(found)
    }

    /// Reads all lessons: those that can be read, and what is wrong with the others.
    ///
    /// # Errors
    /// When the folder itself cannot be read.
    pub fn lessons(&self) -> Result<(Vec<Lesson>, Vec<ContentError>), Trouble> {
        let (mut lessons, mut errors) = (Vec::new(), Vec::new());
        for path in self.paths()? {
            match self.read(&path)? {
                Ok(lesson) => match lessons.iter().find(|known: &&Lesson| known.id() == lesson.id()) {
                    Some(known) => errors.push(twice(&lesson, &known.path)),
                    None => lessons.push(lesson),
                },
                Err(error) => errors.push(error),
            }
        }
        Ok((in_teaching_order(lessons), errors))
    }

    /// One lesson.
    ///
    /// # Errors
    /// Usage for an unknown id, with the nearest ones; content when its file cannot be read as a lesson, or two files
    /// are called so.
    pub fn lesson(&self, id: &str) -> Result<Lesson, Trouble> {
        let paths = self.paths()?;
        let stem = |path: &PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut called = paths.iter().filter(|path| stem(path) == id);
        if let Some(path) = called.next() {
            let lesson = self.read(path)?;
            return match (lesson, called.next()) {
                (Ok(lesson), Some(other)) => Err(twice(&lesson, &self.below(other)).into()),
                (lesson, _) => lesson.map_err(Trouble::from),
            };
        }
        let ids: Vec<String> = paths.iter().map(stem).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        Err(Trouble::new(
            Kind::Usage,
            format!("no lesson is called \"{id}\""),
            instead(id, &ids),
            "`cargo xtask scenario list` shows all of them with their titles",
        ))
    }

    /// Everything that is wrong with any lesson.
    ///
    /// # Errors
    /// When the folder itself cannot be read.
    pub fn lint(&self) -> Result<Vec<ContentError>, Trouble> {
        let (lessons, mut errors) = self.lessons()?;
        let ids: Vec<&str> = lessons.iter().map(Lesson::id).collect();
        for lesson in &lessons {
            errors.extend(lint(lesson, &ids));
        }
        Ok(errors)
    }

    /// The file of a lesson, for its neighbours.
    pub fn file(&self, lesson: &Lesson) -> PathBuf {
        self.folder.join(&lesson.path)
    }

    fn read(&self, path: &Path) -> Result<Result<Lesson, ContentError>, Trouble> {
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, error))?;
        Ok(parse(&self.below(path), &text).and_then(named_like_its_file))
    }

    /// Path below the folder, with slashes on every system.
    fn below(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.folder).unwrap_or(path);
        let below: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        below.join("/")
    }
}

/// An id is what people type and what reports and snapshots carry. Trap: it comes from inside the file, so it may be
/// another lesson's or no name at all (`../../x`); the file's own name cannot.
fn named_like_its_file(lesson: Lesson) -> Result<Lesson, ContentError> {
    let stem = Path::new(&lesson.path).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if stem == lesson.id() {
        return Ok(lesson);
    }
    let what = format!("the id is `{}`, and the file is called {stem}.md", lesson.id());
    Err(at(&lesson, lesson.front.id.referenced, lesson.id(), what)
        .help(format!("write `id: {stem}`, or rename the file")))
}

fn twice(lesson: &Lesson, other: &str) -> ContentError {
    let what = format!("the id `{}` is given twice: {other} has it, too", lesson.id());
    at(lesson, lesson.front.id.referenced, lesson.id(), what).help("give one of them another id and file name")
}

/// What a lesson needs comes before it; otherwise by topic, level and name.
fn in_teaching_order(mut rest: Vec<Lesson>) -> Vec<Lesson> {
    rest.sort_by(|one, other| {
        let key = |lesson: &Lesson| (lesson.front.topic, lesson.front.level.value, lesson.id().to_owned());
        key(one).cmp(&key(other))
    });
    let mut ordered: Vec<Lesson> = Vec::new();
    while !rest.is_empty() {
        let ready = rest.iter().position(|lesson| {
            // A need that is no lesson, or a circle, is the linter's business; it must not lose a lesson here.
            lesson.front.needs.iter().all(|need| !rest.iter().any(|other| other.id() == need.value))
        });
        ordered.push(rest.remove(ready.unwrap_or(0)));
    }
    ordered
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(|error| unreadable(folder, error))).collect()
}

fn unreadable(path: &Path, error: std::io::Error) -> Trouble {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Trouble::new(
        Kind::Content,
        format!("{name} cannot be read: {error}"),
        "a file or folder of the lessons is damaged or not readable for you",
        "check its permissions and that it is UTF-8 text",
    )
    .caused_by(error)
}

#[cfg(test)]
mod tests;
