//! The one lesson that is open, and the way to speak to it.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lab::console::lessons::{Scene, WaitsFor, Word};
use lab::{Kind, Trouble};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::screen::Screen;
use crate::lesson::Lesson;

/// How long a step that is being done may take when the lab stops.
const LATEST: Duration = Duration::from_secs(5);

pub(super) struct Table {
    pub(super) scene: watch::Sender<Option<Arc<Scene>>>,
    open: Mutex<Option<Open>>,
}

struct Open {
    words: mpsc::Sender<Word>,
    work: JoinHandle<()>,
}

impl Table {
    /// No lesson is open.
    pub(super) fn new() -> Self {
        Self { scene: watch::Sender::new(None), open: Mutex::default() }
    }

    /// # Errors
    /// State: a lesson is open.
    pub(super) fn is_free(&self) -> Result<(), Trouble> {
        free(self.opened().as_ref())
    }

    /// Opens a lesson and lets `work` play it on its screen.
    ///
    /// # Errors
    /// State: another one is open.
    pub(super) fn open<W>(&self, lesson: &Lesson, state: &Path, work: impl FnOnce(Screen) -> W) -> Result<(), Trouble>
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let mut open = self.opened();
        free(open.as_ref())?;
        let (words, heard) = mpsc::channel(1);
        let screen = Screen::new(lesson, self.scene.clone(), heard, state.to_owned());
        *open = Some(Open { words, work: tokio::spawn(work(screen)) });
        Ok(())
    }

    /// Passes a word on, where the lesson waits for it.
    pub(super) fn hear(&self, word: Word) -> Result<(), Trouble> {
        let words = self.opened().as_ref().map(|open| open.words.clone());
        let (waits_for, turn) = self.scene.borrow().as_ref().map(|scene| (scene.waits_for, scene.turn)).unzip();
        let fits = matches!(
            (&word, waits_for),
            (Word::GoOn { .. }, Some(WaitsFor::GoOn))
                | (Word::Answer { .. }, Some(WaitsFor::Answer))
                | (Word::Leave, Some(_))
        );
        let fits = fits && turn.is_some_and(|turn| word.is_for(turn));
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

    /// Ends the open lesson, and waits until it has taken back what it did and its browsers are gone.
    pub(super) async fn stop(&self) {
        let Some(Open { words, mut work }) = self.opened().take() else { return };
        // Nobody can go on with it any more: it is left wherever it waits.
        drop(words);
        if tokio::time::timeout(LATEST, &mut work).await.is_err() {
            work.abort();
            // Aborted or done: what it held is dropped by then.
            let _ = work.await;
        }
    }

    fn opened(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn free(open: Option<&Open>) -> Result<(), Trouble> {
    if open.is_none_or(|open| open.work.is_finished()) {
        return Ok(());
    }
    Err(Trouble::new(
        Kind::State,
        "a lesson is open already",
        "two lessons at once would end each other's sessions",
        "close it first",
    ))
}
