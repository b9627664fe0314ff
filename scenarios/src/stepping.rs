//! Lessons on the console's page: one at a time, at the pace of those who watch. The same pieces in the same order as in the
//! terminal's step mode.

mod recorded;
mod screen;
mod table;

use std::fs::File;
use std::sync::Arc;

use async_trait::async_trait;
use lab::chromium;
use lab::console::lessons::{Card, Lessons, Scene, Word};
use lab::control::client::LabClient;
use lab::state::{self, Folders};
use lab::{Kind, Trouble};
use tokio::sync::watch;

use crate::lesson::Lesson;
use crate::library::Library;
use crate::runner::{self, Cast, ChromiumCast, ScriptedCast};
use crate::vocabulary::Driver;

pub use recorded::Recorded;
use screen::Screen;
use table::Table;

/// Plays the lessons of a library for the console of a lab.
pub struct Stepper {
    library: Library,
    folders: Folders,
    main_seat: bool,
    table: Table,
}

impl Stepper {
    /// No lesson is open. `folders` are those of the lab. Where the lab has the main seat, other commands may play on it, too, but
    /// not while a lesson is open.
    pub fn new(library: Library, folders: Folders, main_seat: bool) -> Self {
        Self { library, folders, main_seat, table: Table::new() }
    }
}

#[async_trait]
impl Lessons for Stepper {
    fn list(&self) -> Result<Vec<Card>, Trouble> {
        let (lessons, _) = self.library.lessons()?;
        Ok(lessons.iter().map(card).collect())
    }

    async fn begin(&self, lab: Option<LabClient>, id: &str) -> Result<(), Trouble> {
        let lab = lab.ok_or_else(no_lab)?;
        self.table.is_free()?;
        let lesson = Arc::new(self.library.lesson(id)?);
        let driver = lesson.front.drivers.first().copied().unwrap_or(Driver::Http);
        if driver == Driver::Chromium {
            chromium::find().await?;
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
        let folders = self.folders.clone();
        self.table.open(&lesson.clone(), &self.folders.state, |screen| {
            play(lesson, lab, folders, driver, screen, lock.flatten())
        })
    }

    async fn hear(&self, word: Word) -> Result<(), Trouble> {
        self.table.hear(word)
    }

    async fn stop(&self) {
        self.table.stop().await;
    }

    fn scene(&self) -> watch::Receiver<Option<Arc<Scene>>> {
        self.table.scene.subscribe()
    }
}

fn card(lesson: &Lesson) -> Card {
    Card {
        id: lesson.id().to_owned(),
        title: lesson.front.title.clone(),
        topic: lesson.front.topic.to_string(),
        minutes: u64::from(lesson.front.minutes.value),
        level: u64::from(lesson.front.level.value),
    }
}

fn no_lab() -> Trouble {
    Trouble::new(
        Kind::State,
        "there is no lab to play on",
        "a lesson is played on a running lab",
        "start one with `cargo xtask lab up`",
    )
}

/// Plays to the end, or until somebody leaves, and closes the lesson then.
async fn play(
    lesson: Arc<Lesson>,
    lab: LabClient,
    folders: Folders,
    driver: Driver,
    mut screen: Screen,
    lock: Option<File>,
) {
    let browsers = ChromiumCast::new(folders, false);
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
    let mut somebody = screen.left().await;
    // A fault of the lesson may still be on: whoever closes it has to know, and may try again.
    while let Err(trouble) = lab.reset().await {
        tracing::warn!(%trouble, "after a lesson");
        if !somebody {
            break;
        }
        screen.trouble(&trouble);
        somebody = screen.left().await;
    }
    screen.close();
    drop(lock);
}
