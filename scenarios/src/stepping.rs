//! Lessons on the console's page: one at a time, at the pace of those who watch. The same pieces in the same order as in the
//! terminal's step mode.

mod screen;

use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use lab::chromium::Programs;
use lab::console::lessons::{Card, Lessons, Scene, WaitsFor, Word};
use lab::control::client::LabClient;
use lab::state::{self, Folders};
use lab::{Kind, Trouble};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::lesson::Lesson;
use crate::library::Library;
use crate::runner::{self, Cast, ChromiumCast, ScriptedCast};
use crate::vocabulary::Driver;

use screen::Screen;

/// Plays the lessons of a library for the console of a lab.
pub struct Stepper {
    library: Library,
    folders: Folders,
    main_seat: bool,
    scene: watch::Sender<Option<Arc<Scene>>>,
    open: Mutex<Option<Open>>,
}

/// The lesson that is open.
struct Open {
    words: mpsc::Sender<Word>,
    work: JoinHandle<()>,
}

impl Stepper {
    /// No lesson is open. `folders` are those of the lab. Where the lab has the main seat, other commands may play on it, too, but
    /// not while a lesson is open.
    pub fn new(library: Library, folders: Folders, main_seat: bool) -> Self {
        Self { library, folders, main_seat, scene: watch::Sender::new(None), open: Mutex::default() }
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Lessons for Stepper {
    fn list(&self) -> Result<Vec<Card>, Trouble> {
        let (lessons, _) = self.library.lessons()?;
        let card = |lesson: &Lesson| Card {
            id: lesson.id().to_owned(),
            title: lesson.front.title.clone(),
            topic: lesson.front.topic.to_string(),
            minutes: u64::from(lesson.front.minutes.value),
            level: u64::from(lesson.front.level.value),
        };
        Ok(lessons.iter().map(card).collect())
    }

    async fn begin(&self, lab: LabClient, id: &str) -> Result<(), Trouble> {
        let lesson = self.library.lesson(id)?;
        let driver = lesson.front.drivers.first().copied().unwrap_or(Driver::Http);
        if driver == Driver::Chromium {
            Programs::find()?;
        }
        let mut open = self.open();
        if open.as_ref().is_some_and(|open| !open.work.is_finished()) {
            return Err(Trouble::new(
                Kind::State,
                "a lesson is open already",
                "two lessons at once would end each other's sessions",
                "close it first",
            ));
        }
        let lock = self.main_seat.then(|| state::claim_play(&self.folders));
        if let Some(None) = lock {
            return Err(Trouble::new(
                Kind::State,
                "somebody else plays lessons on this lab",
                "two at once would end each other's sessions",
                "wait until they are through, or stop `cargo xtask scenario run`",
            ));
        }
        let (words, heard) = mpsc::channel(1);
        let screen = Screen::new(&lesson, self.scene.clone(), heard);
        let folders = self.folders.clone();
        let work = tokio::spawn(play(lesson, lab, folders, driver, screen, lock.flatten()));
        *open = Some(Open { words, work });
        Ok(())
    }

    async fn hear(&self, word: Word) -> Result<(), Trouble> {
        let words = self.open().as_ref().map(|open| open.words.clone());
        let waits_for = self.scene.borrow().as_ref().map(|scene| scene.waits_for);
        let fits = matches!(
            (&word, waits_for),
            (Word::GoOn, Some(WaitsFor::GoOn)) | (Word::Answer { .. }, Some(WaitsFor::Answer)) | (Word::Leave, Some(_))
        );
        // Two people may press at the same moment; the second one's word is for a piece that is over.
        if !fits || words.is_none_or(|words| words.try_send(word).is_err()) {
            return Err(Trouble::new(
                Kind::State,
                "the lesson does not wait for that",
                "it is busy with a step, over, or somebody else has answered already",
                "look at the page: it shows what it waits for",
            ));
        }
        Ok(())
    }

    fn scene(&self) -> watch::Receiver<Option<Arc<Scene>>> {
        self.scene.subscribe()
    }
}

/// Plays to the end, or until somebody leaves, and closes the lesson then.
async fn play(
    lesson: Lesson,
    lab: LabClient,
    folders: Folders,
    driver: Driver,
    mut screen: Screen,
    lock: Option<File>,
) {
    let browsers = ChromiumCast::new(folders);
    let cast: &dyn Cast = match driver {
        Driver::Http => &ScriptedCast,
        Driver::Chromium => &browsers,
    };
    let played = runner::run_paced(&lesson, &lab, &[], cast, &mut screen).await;
    let stopped = browsers.stop().await;
    match played {
        Err(trouble) if trouble.kind == Kind::Interrupted => {}
        Err(trouble) => screen.trouble(&trouble),
        Ok(_) => screen.end(),
    }
    if let Err(trouble) = stopped {
        tracing::warn!(%trouble, "after a lesson");
    }
    // What was played stays to be looked at, in the lab and on the page, until somebody closes the lesson.
    screen.left().await;
    if let Err(trouble) = lab.reset().await {
        tracing::warn!(%trouble, "after a lesson");
    }
    screen.close();
    drop(lock);
}
