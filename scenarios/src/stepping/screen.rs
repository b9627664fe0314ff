//! What the page shows of an open lesson, and what it waits for.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use lab::console::lessons::{Checked, Done, Piece, Scene, WaitsFor, Word};
use lab::control::messages::Topology;
use lab::{Kind, Trouble};
use lab_trace::Arrow;
use tokio::sync::{mpsc, watch};

use crate::lesson::{Lesson, Part, Step};
use crate::predict::{Answered, Waiting, remember};
use crate::report::markdown;
use crate::run::StepRun;
use crate::runner::Pace;
use crate::transcript::told;

pub(super) struct Screen {
    page: watch::Sender<Option<Arc<Scene>>>,
    words: mpsc::Receiver<Word>,
    /// The folder that remembers predictions.
    state: PathBuf,
    scene: Scene,
    waiting: Waiting,
    topology: Option<Arc<Topology>>,
    done: usize,
    checks: (usize, usize),
    left: bool,
}

impl Screen {
    pub(super) fn new(
        lesson: &Lesson,
        page: watch::Sender<Option<Arc<Scene>>>,
        words: mpsc::Receiver<Word>,
        state: PathBuf,
    ) -> Self {
        let front = &lesson.front;
        let scene = Scene {
            id: lesson.id().to_owned(),
            title: front.title.clone(),
            minutes: u64::from(front.minutes.value),
            clauses: front.spec.iter().map(|clause| clause.value.clone()).collect(),
            objectives: front.objectives.clone(),
            faults: front.faults.iter().map(|fault| fault.value.clone()).collect(),
            plan: lesson.steps().map(ToString::to_string).collect(),
            notes: notes(lesson),
            pieces: Vec::new(),
            waits_for: WaitsFor::Step,
            turn: 0,
        };
        let screen = Self {
            page,
            words,
            state,
            scene,
            waiting: Waiting::default(),
            topology: None,
            done: 0,
            checks: (0, 0),
            left: false,
        };
        screen.show();
        screen
    }

    /// Everything was played.
    pub(super) fn end(&mut self) {
        if let Some(answered) = self.waiting.due(None) {
            self.reveal(&answered);
        }
        let (passed, all) = self.checks;
        let good = passed == all;
        let verdict = if good { "Everything was as the lesson says" } else { "Something was not as the lesson says" };
        self.scene.pieces.push(Piece::End { says: vec![format!("{verdict}: {passed} of {all} checks passed.")], good });
        self.scene.waits_for = WaitsFor::Nothing;
        self.show();
    }

    /// The lab, or the lesson's file, could not go on.
    pub(super) fn trouble(&mut self, trouble: &Trouble) {
        let says = vec![trouble.what.clone(), trouble.means.clone(), trouble.action.clone()];
        self.scene.pieces.push(Piece::End { says, good: false });
        self.scene.waits_for = WaitsFor::Nothing;
        self.show();
    }

    /// Waits until somebody closes the lesson. `false` when there is nobody any more who could.
    pub(super) async fn left(&mut self) -> bool {
        while !std::mem::take(&mut self.left) {
            match self.words.recv().await {
                Some(Word::Leave) => self.left = true,
                Some(Word::GoOn { .. } | Word::Answer { .. }) => {}
                None => return false,
            }
        }
        true
    }

    /// Takes the lesson off the page.
    pub(super) fn close(&self) {
        self.page.send_replace(None);
    }

    fn show(&self) {
        self.page.send_replace(Some(Arc::new(self.scene.clone())));
    }

    fn push(&mut self, piece: Piece) {
        self.scene.pieces.push(piece);
        self.show();
    }

    /// Waits for a word of the one kind; the others are not for now.
    async fn wait(&mut self, waits_for: WaitsFor) -> Result<Option<usize>, Trouble> {
        self.scene.waits_for = waits_for;
        self.scene.turn += 1;
        self.show();
        let heard = loop {
            // A second press for the piece before is for nothing that is here.
            let word = self.words.recv().await;
            let word = if word.as_ref().is_some_and(|word| !word.is_for(self.scene.turn)) { continue } else { word };
            match (word, waits_for) {
                (Some(Word::Leave) | None, _) => {
                    self.left = true;
                    return Err(Trouble::new(
                        Kind::Interrupted,
                        "the lesson was left",
                        "what it did to the lab is taken back",
                        "begin again when you like",
                    ));
                }
                (Some(Word::GoOn { .. }), WaitsFor::GoOn) => break None,
                (Some(Word::Answer { choice, .. }), WaitsFor::Answer) => break choice,
                (Some(Word::GoOn { .. } | Word::Answer { .. }), _) => {}
            }
        };
        self.scene.waits_for = WaitsFor::Step;
        self.show();
        Ok(heard)
    }

    fn reveal(&mut self, answered: &Answered) {
        let open = self.scene.pieces.iter_mut().rev().find_map(|piece| match piece {
            Piece::Question { reveal, .. } => Some(reveal),
            Piece::Prose { .. } | Piece::Step { .. } | Piece::Explanation { .. } | Piece::End { .. } => None,
        });
        if let Some(reveal) = open {
            *reveal = answered.reveal();
        }
    }
}

#[async_trait]
impl Pace for Screen {
    async fn begin(&mut self, topology: &Arc<Topology>) -> Result<(), Trouble> {
        self.topology = Some(topology.clone());
        Ok(())
    }

    async fn part(&mut self, part: &Part) -> Result<(), Trouble> {
        if let Some(answered) = self.waiting.due(Some(part)) {
            self.reveal(&answered);
            self.wait(WaitsFor::GoOn).await?;
        }
        match part {
            Part::Prose(text) => {
                self.push(Piece::Prose { html: markdown(text, &self.scene.title) });
                self.wait(WaitsFor::GoOn).await?;
            }
            Part::Predict(prediction) => {
                self.push(Piece::Question {
                    asks: prediction.question.trim().to_owned(),
                    choices: prediction.choices.iter().map(|choice| choice.says.trim().to_owned()).collect(),
                    right: prediction.choices.iter().position(|choice| choice.correct),
                    misconceptions: prediction
                        .choices
                        .iter()
                        .map(|choice| choice.misconception.clone().unwrap_or_default())
                        .collect(),
                    chose: None,
                    reveal: Vec::new(),
                });
                let chose = self.wait(WaitsFor::Answer).await?.filter(|index| *index < prediction.choices.len());
                if let Some(Piece::Question { chose: shown, .. }) = self.scene.pieces.last_mut() {
                    *shown = chose;
                }
                if let Err(error) = remember(&self.state, &self.scene.id, prediction, chose) {
                    tracing::warn!(%error, "a prediction cannot be kept");
                }
                self.waiting.asked(prediction, chose);
            }
            Part::Explain(text) => {
                self.push(Piece::Explanation { html: markdown(text, &self.scene.title) });
                self.wait(WaitsFor::GoOn).await?;
            }
            Part::Steps(_) | Part::Trainer(_) => {}
        }
        Ok(())
    }

    async fn before(&mut self, step: &Step) -> Result<(), Trouble> {
        self.done += 1;
        self.push(Piece::Step { number: self.done, sentence: step.to_string(), done: None });
        self.wait(WaitsFor::GoOn).await.map(|_| ())
    }

    async fn after(&mut self, _: &Step, seen: &StepRun) -> Result<(), Trouble> {
        self.checks.0 += seen.checks.iter().filter(|check| check.passed()).count();
        self.checks.1 += seen.checks.len();
        let result = Box::new(result(seen, self.topology.as_deref()));
        if let Some(Piece::Step { done, .. }) = self.scene.pieces.last_mut() {
            *done = Some(result);
        }
        self.show();
        Ok(())
    }

    fn is_watched(&self) -> bool {
        true
    }
}

/// What the lesson says to trainers.
fn notes(lesson: &Lesson) -> Vec<String> {
    let parts = lesson.parts.iter().filter_map(|part| match part {
        Part::Trainer(text) => Some(markdown(text, "")),
        Part::Prose(_) | Part::Predict(_) | Part::Steps(_) | Part::Explain(_) => None,
    });
    parts.collect()
}

fn result(step: &StepRun, topology: Option<&Topology>) -> Done {
    let checked = |check: &crate::checks::Check| Checked {
        name: check.name.clone(),
        failure: check.failure.as_ref().map_or_else(Vec::new, |failure| {
            vec![
                format!("expected: {}", failure.expected),
                format!("seen: {}", failure.seen),
                format!("likely: {}", failure.likely),
            ]
        }),
    };
    let sentence = |exchange| {
        let place = |location: &lab_trace::Location| {
            topology.map_or_else(|| location.path.clone(), |topology| topology.location(location))
        };
        Arrow::of(exchange, &place).sentence
    };
    let mut told = told(step);
    if told.is_empty() && step.sign_out {
        told.push("nobody".to_owned());
    }
    Done {
        sees: step.sight.as_ref().map(|sight| sight.place.to_string()),
        told,
        not_told: step.not_told.iter().map(|one| format!("{}: {}", one.portal, one.why)).collect(),
        matrix: step.matrix.clone(),
        checks: step.checks.iter().map(checked).collect(),
        exchanges: step.exchanges.iter().map(|one| (one.number, sentence(&one.exchange))).collect(),
    }
}
