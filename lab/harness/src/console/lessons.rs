//! Lessons on the console's page. The lab knows no lessons: whoever starts it may bring somebody who does, and the page shows
//! what that one says and passes on what is pressed.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lab_trace::Matrix;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::Console;
use crate::control::client::LabClient;
use crate::trouble::{Kind, Trouble};

/// Somebody who can play lessons, one at a time, at the pace of those who watch.
#[async_trait]
pub trait Lessons: Send + Sync {
    /// All lessons in teaching order.
    ///
    /// # Errors
    /// Content, when they cannot be read.
    fn list(&self) -> Result<Vec<Card>, Trouble>;

    /// Opens a lesson in this lab; a recorded one needs none. Nothing is played before somebody says [`Word::GoOn`].
    ///
    /// # Errors
    /// Usage for an unknown id; state, while another one is open or somebody else plays on this lab.
    async fn begin(&self, lab: Option<LabClient>, id: &str) -> Result<(), Trouble>;

    /// What somebody said to the open lesson.
    ///
    /// # Errors
    /// State, when it does not wait for that.
    async fn hear(&self, word: Word) -> Result<(), Trouble>;

    /// Ends the open lesson, because the lab stops; bounded in time.
    async fn stop(&self);

    /// The open lesson as it stands; `None` while there is none.
    fn scene(&self) -> watch::Receiver<Option<Arc<Scene>>>;
}

/// A lesson in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Card {
    /// `id`.
    pub id: String,
    /// Title.
    pub title: String,
    /// Folder of the library.
    pub topic: String,
    /// How long it takes.
    pub minutes: u64,
    /// From 1 (easy) to 3.
    pub level: u64,
}

/// What is asked of the lab's lessons. Goes over the control interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Ask {
    /// Open this one.
    Begin {
        /// Its id.
        id: String,
    },
    /// Something said to the open one.
    #[serde(untagged)]
    Word(Word),
}

/// What can be said to an open lesson.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Word {
    /// Go on with the next piece.
    GoOn {
        /// The [`Scene::turn`] that is meant; none for whatever waits now.
        #[serde(default)]
        turn: Option<u64>,
    },
    /// The answer to the question.
    Answer {
        /// Which choice, from 0; none to skip it.
        choice: Option<usize>,
        /// The [`Scene::turn`] that is meant; none for whatever waits now.
        #[serde(default)]
        turn: Option<u64>,
    },
    /// Close it; what it did to the lab is taken back.
    Leave,
}

/// An open lesson.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scene {
    /// `id`.
    pub id: String,
    /// Title.
    pub title: String,
    /// How long it takes.
    pub minutes: u64,
    /// Clauses of specifications that it is about.
    pub clauses: Vec<String>,
    /// What one can do afterwards.
    pub objectives: Vec<String>,
    /// Faults that it plants.
    pub faults: Vec<String>,
    /// All its steps as sentences.
    pub plan: Vec<String>,
    /// For the trainer, as HTML without scripts.
    pub notes: Vec<String>,
    /// Everything that was shown so far, in its order.
    pub pieces: Vec<Piece>,
    /// What it waits for.
    pub waits_for: WaitsFor,
    /// Rises with everything that it waits for: who presses twice means the same piece twice.
    pub turn: u64,
}

impl Word {
    /// Whether it may be meant for this turn.
    pub fn is_for(&self, now: u64) -> bool {
        match self {
            Self::GoOn { turn } | Self::Answer { turn, .. } => turn.is_none_or(|turn| turn == now),
            Self::Leave => true,
        }
    }
}

/// What an open lesson waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitsFor {
    /// [`Word::GoOn`].
    GoOn,
    /// [`Word::Answer`].
    Answer,
    /// A step is being done.
    Step,
    /// Nothing: it is over.
    Nothing,
}

/// A piece of an open lesson.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "piece", rename_all = "kebab-case")]
pub enum Piece {
    /// Text for everybody, as HTML without scripts.
    Prose {
        /// The HTML.
        html: String,
    },
    /// A question before the run.
    Question {
        /// As it is asked.
        asks: String,
        /// The answers to choose from.
        choices: Vec<String>,
        /// Which one is right, from 0.
        right: Option<usize>,
        /// What somebody believes who chooses it, for each of them; empty for the right one.
        misconceptions: Vec<String>,
        /// What was chosen, from 0.
        chose: Option<usize>,
        /// What is said when the curtain opens; empty before.
        reveal: Vec<String>,
    },
    /// A step: announced, and then what came of it.
    Step {
        /// From 1.
        number: usize,
        /// What is done.
        sentence: String,
        /// What came of it; `None` before it is done.
        done: Option<Box<Done>>,
    },
    /// What happened and why, as HTML without scripts.
    Explanation {
        /// The HTML.
        html: String,
    },
    /// How it ended: checks that passed and all of them, or the lab's trouble.
    End {
        /// Sentences.
        says: Vec<String>,
        /// Whether everything was as the lesson says.
        good: bool,
    },
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Done {
    /// What the person sees.
    pub sees: Option<String>,
    /// Who was told, over which channel, with which answer.
    pub told: Vec<String>,
    /// Who was not told, and why.
    pub not_told: Vec<String>,
    /// Who is signed in where.
    pub matrix: Matrix,
    /// What was expected, and whether it is so.
    pub checks: Vec<Checked>,
    /// One sentence an exchange, numbered as in the transcript.
    pub exchanges: Vec<(usize, String)>,
}

/// An expectation and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// As a sentence.
    pub name: String,
    /// Why it failed, in sentences; empty when it passed.
    pub failure: Vec<String>,
}

/// The list for the page.
pub(super) async fn list(State(console): State<Console>) -> Response {
    match console.shown.lessons.as_ref().map(|lessons| lessons.list()) {
        Some(Ok(cards)) => Json(cards).into_response(),
        Some(Err(trouble)) => {
            tracing::error!(%trouble, "the lessons cannot be listed");
            (StatusCode::INTERNAL_SERVER_ERROR, format!("{trouble}\n")).into_response()
        }
        None => Json(Vec::<Card>::new()).into_response(),
    }
}

/// Does what was asked of these lessons, in this lab where there is one.
pub(crate) async fn ask(lessons: Option<&Arc<dyn Lessons>>, lab: Option<LabClient>, ask: Ask) -> Result<(), Trouble> {
    let lessons = lessons.ok_or_else(none)?;
    match ask {
        Ask::Begin { id } => lessons.begin(lab, &id).await,
        Ask::Word(word) => lessons.hear(word).await,
    }
}

/// Whoever started this lab brought no lessons.
fn none() -> Trouble {
    Trouble::new(
        Kind::State,
        "this lab was started without lessons",
        "a lab of a test or of a run plays only what it was started for",
        "start one with `cargo xtask lab up`",
    )
}
