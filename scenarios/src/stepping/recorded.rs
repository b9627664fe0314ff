//! Lessons of a recording: walked through on the console as if they were played, with no lab behind it.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use lab::console::lessons::{Card, Lessons, Scene, Word};
use lab::console::replay::Stage;
use lab::control::client::LabClient;
use lab::control::messages::Topology;
use lab::{Kind, Trouble};
use tokio::sync::watch;

use super::card;
use super::screen::Screen;
use super::table::Table;
use crate::lesson::{Lesson, Part, Step};
use crate::recording::walk;
use crate::report::Finished;
use crate::run::{Run, StepRun};
use crate::runner::Pace;

/// The runs of a recording that have a text.
pub struct Recorded {
    runs: Vec<(Arc<Lesson>, Arc<Run>)>,
    stage: Stage,
    state: PathBuf,
    table: Table,
}

impl Recorded {
    /// Shows what it walks through on `stage`; predictions are remembered in `folder`.
    ///
    /// # Errors
    /// Content: no run of the recording has a text.
    pub fn new(finished: &[Finished], stage: Stage, folder: PathBuf) -> Result<Self, Trouble> {
        let mut runs: Vec<(Arc<Lesson>, Arc<Run>)> = Vec::new();
        for one in finished {
            // A lesson that was played several times has one card: its first run.
            let known = runs.iter().any(|(lesson, _)| lesson.id() == one.id);
            if let (Some(lesson), Some(run), false) = (&one.lesson, &one.run, known) {
                runs.push((lesson.clone(), Arc::new(run.clone())));
            }
        }
        if runs.is_empty() {
            return Err(Trouble::new(
                Kind::Content,
                "the recording has no run with its text",
                "there is nothing to walk through",
                "record some lessons: `cargo xtask scenario record ID --out FILE`",
            ));
        }
        Ok(Self { runs, stage, state: folder, table: Table::new() })
    }

    /// Where everybody was in the first run: the names of the console's lanes.
    pub fn topology(&self) -> &Topology {
        &self.runs[0].1.topology
    }
}

#[async_trait]
impl Lessons for Recorded {
    fn list(&self) -> Result<Vec<Card>, Trouble> {
        Ok(self.runs.iter().map(|(lesson, _)| card(lesson)).collect())
    }

    async fn begin(&self, _: Option<LabClient>, id: &str) -> Result<(), Trouble> {
        let Some((lesson, run)) = self.runs.iter().find(|(lesson, _)| lesson.id() == id).cloned() else {
            let known: Vec<&str> = self.runs.iter().map(|(lesson, _)| lesson.id()).collect();
            return Err(Trouble::new(
                Kind::Usage,
                format!("\"{id}\" is not in the recording"),
                format!("it has {}", known.join(", ")),
                "open one of these",
            ));
        };
        let stage = self.stage.clone();
        self.table.open(&lesson.clone(), &self.state, |screen| show(lesson, run, stage, screen))
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

async fn show(lesson: Arc<Lesson>, run: Arc<Run>, stage: Stage, screen: Screen) {
    stage.note(&format!("{} begins, as it was recorded with Keycloak {}", lesson.id(), run.topology.version));
    let mut shown = OnStage { screen, stage };
    let walked = walk(&lesson, &run, &mut shown).await;
    let mut screen = shown.screen;
    match walked {
        Err(trouble) if trouble.kind == Kind::Interrupted => {}
        Err(trouble) => screen.trouble(&trouble),
        Ok(()) => screen.end(),
    }
    screen.left().await;
    screen.close();
}

/// A screen whose steps are seen in the timeline, too.
struct OnStage {
    screen: Screen,
    stage: Stage,
}

#[async_trait]
impl Pace for OnStage {
    async fn begin(&mut self, topology: &Arc<Topology>) -> Result<(), Trouble> {
        self.screen.begin(topology).await
    }

    async fn part(&mut self, part: &Part) -> Result<(), Trouble> {
        self.screen.part(part).await
    }

    async fn before(&mut self, step: &Step) -> Result<(), Trouble> {
        self.screen.before(step).await
    }

    async fn after(&mut self, step: &Step, done: &StepRun) -> Result<(), Trouble> {
        for numbered in &done.exchanges {
            self.stage.exchange(&numbered.exchange);
        }
        self.stage.matrix(&done.matrix);
        self.screen.after(step, done).await
    }

    fn is_watched(&self) -> bool {
        self.screen.is_watched()
    }
}
