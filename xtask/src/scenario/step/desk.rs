//! Where a lesson is walked through: prints its pieces and waits for the person between them.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use lab::Trouble;
use lab::control::messages::Topology;
use lab_trace::Matrix;
use scenarios::diagram::{self, Picture};
use scenarios::lesson::{Lesson, Part, Step};
use scenarios::predict::{Answered, Waiting, choice, remember};
use scenarios::run::StepRun;
use scenarios::runner::Pace;
use scenarios::transcript::{Teller, table};
use scenarios::vocabulary::Prediction;

use super::keys::{Keys, left};
use crate::out::{self, print, say};
use crate::settings::Global;

/// A person's desk.
pub(in crate::scenario) struct Desk {
    keys: Keys,
    trainer: bool,
    state: PathBuf,
    waiting: Waiting,
    lesson: String,
    notes: Vec<String>,
    teller: Option<Teller>,
    lab: Option<(Topology, Vec<String>)>,
    picture: Option<Picture>,
    played: (usize, usize),
    matrix: Option<Matrix>,
    last: String,
    checks: (usize, usize),
    right: (usize, usize),
}

impl Desk {
    /// An empty desk. Predictions are remembered in the state folder.
    pub(in crate::scenario) fn open(trainer: bool, no_input: bool, global: &Global) -> Result<Self, Trouble> {
        Ok(Self {
            keys: Keys::open(no_input),
            trainer,
            state: global.folders()?.state,
            waiting: Waiting::default(),
            lesson: String::new(),
            notes: Vec::new(),
            teller: None,
            lab: None,
            picture: None,
            played: (0, 0),
            matrix: None,
            last: String::new(),
            checks: (0, 0),
            right: (0, 0),
        })
    }

    /// Lays out a lesson.
    pub(in crate::scenario) fn lay_out(&mut self, lesson: &Lesson, topology: &Topology, faults: &[String]) {
        let front = &lesson.front;
        let notes = lesson.parts.iter().filter_map(|part| match part {
            Part::Trainer(text) => Some(text.trim().to_owned()),
            Part::Prose(_) | Part::Predict(_) | Part::Steps(_) | Part::Explain(_) => None,
        });
        self.notes = notes.collect();
        lesson.id().clone_into(&mut self.lesson);
        self.teller = Some(Teller::new(topology, lesson.steps().count()));
        self.lab = Some((topology.clone(), faults.to_vec()));
        (self.picture, self.played) = (None, (0, lesson.steps().count()));
        (self.waiting, self.matrix, self.last) = (Waiting::default(), None, String::new());
        (self.checks, self.right) = ((0, 0), (0, 0));
        let clauses: Vec<&str> = front.spec.iter().map(|clause| clause.value.as_str()).collect();
        say(&format!(
            "{}\n{}: {}, {} minutes, level {}, {}",
            front.title,
            lesson.id(),
            front.topic,
            front.minutes.value,
            front.level.value,
            clauses.join(", ")
        ));
        say(&format!("Keycloak {}, {} steps", topology.version, lesson.steps().count()));
        for fault in faults {
            say(&format!("FAULT {fault}"));
        }
        for objective in &front.objectives {
            say(&format!("- Afterwards you can {}.", objective.trim_end_matches('.')));
        }
        if self.keys.prompts {
            say("\nEnter goes on; ? and Enter shows what else can be typed.");
        }
    }

    /// The end: resolves what is open, and says how it went.
    pub(in crate::scenario) fn end(&mut self) {
        if let Some(answered) = self.waiting.due(None) {
            self.reveal(&answered);
        }
        let (passed, all) = self.checks;
        let word = if passed == all { "PASS" } else { "FAIL" };
        print(&out::coloured(&format!("\n{word}  {}: {passed} of {all} checks passed\n", self.lesson)));
        let (right, asked) = self.right;
        if asked > 0 {
            say(&format!("Predictions: {right} of {asked} right."));
        }
    }

    /// Waits until the person goes on. Other keys show something and wait again.
    async fn wait(&mut self, what: &str) -> Result<(), Trouble> {
        loop {
            if self.keys.prompts {
                print(&format!("\n[Enter] {what}  [?] keys > "));
                let _ = std::io::stdout().flush();
            }
            let Some(line) = self.keys.next().await else { return Ok(()) };
            match line.trim().to_ascii_lowercase().as_str() {
                "" | "next" => return Ok(()),
                "q" | "quit" => return Err(left()),
                "m" | "matrix" => match &self.matrix {
                    Some(matrix) => print(&table(matrix)),
                    None => say("Nothing was played yet, so nobody was looked at."),
                },
                "d" | "diagram" => match &self.picture {
                    Some(picture) => print(&diagram::text(picture)),
                    None => say("Nothing was played yet, so there is nothing to draw."),
                },
                "b" | "back" if self.last.is_empty() => say("Nothing was played yet."),
                "b" | "back" => print(&out::coloured(&self.last)),
                "n" | "notes" if self.notes.is_empty() => say("This lesson has no notes for trainers."),
                "n" | "notes" => say(&self.notes.join("\n\n")),
                "?" | "h" | "help" => say(KEYS),
                other => say(&format!("\"{other}\" is no key.\n{KEYS}")),
            }
        }
    }

    async fn ask(&mut self, prediction: &Prediction) -> Result<Option<usize>, Trouble> {
        let last = prediction.choices.iter().zip('a'..).map(|(_, letter)| letter).last().unwrap_or('a');
        loop {
            if self.keys.prompts {
                print(&format!("Your answer [a-{last}; Enter = skip, q = leave] > "));
                let _ = std::io::stdout().flush();
            }
            let Some(line) = self.keys.next().await else { return Ok(None) };
            match line.trim() {
                "" | "s" | "skip" => return Ok(None),
                "q" | "quit" => return Err(left()),
                other => match choice(other, prediction) {
                    Some(index) => return Ok(Some(index)),
                    None => say(&format!("\"{other}\" is none of the answers a to {last}.")),
                },
            }
        }
    }

    fn reveal(&mut self, answered: &Answered) {
        say(&format!("\nReveal: {}", answered.prediction.question.trim()));
        answered.reveal().iter().for_each(|line| say(&format!("  {line}")));
        if answered.chose.is_some() {
            self.right.1 += 1;
            self.right.0 += usize::from(answered.is_right());
        }
    }

    /// Adds the answer to the person's own record. That it cannot be kept is said, and stops nobody.
    fn remember(&self, prediction: &Prediction, chose: Option<usize>) {
        if let Err(error) = remember(&self.state, &self.lesson, prediction, chose) {
            out::tell(&format!("note: your prediction cannot be kept in the state folder: {error}"));
        }
    }
}

#[async_trait]
impl Pace for Desk {
    async fn begin(&mut self, _: &Arc<Topology>) -> Result<(), Trouble> {
        Ok(())
    }

    async fn part(&mut self, part: &Part) -> Result<(), Trouble> {
        if let Some(answered) = self.waiting.due(Some(part)) {
            self.reveal(&answered);
            self.wait("go on").await?;
        }
        match part {
            Part::Prose(text) => {
                say(&format!("\n{}", text.trim()));
                self.wait("go on").await?;
            }
            Part::Predict(prediction) => {
                say(&format!("\nWhat do you think? {}", prediction.question.trim()));
                for (choice, letter) in prediction.choices.iter().zip('a'..) {
                    say(&format!("  {letter}) {}", choice.says.trim()));
                }
                let chose = self.ask(prediction).await?;
                // Where nobody was asked, nothing was predicted.
                if chose.is_some() || self.keys.prompts {
                    self.remember(prediction, chose);
                }
                self.waiting.asked(prediction, chose);
            }
            Part::Explain(text) => {
                say(&format!("\nWhat happened, and why\n\n{}", text.trim()));
                self.wait("go on").await?;
            }
            Part::Trainer(text) if self.trainer => say(&format!("\nFor trainers\n\n{}", text.trim())),
            Part::Steps(_) | Part::Trainer(_) => {}
        }
        Ok(())
    }

    async fn before(&mut self, step: &Step) -> Result<(), Trouble> {
        if let Some(teller) = &self.teller {
            print(&format!("\n{}", teller.title(&step.to_string())));
        }
        self.wait("do it").await
    }

    async fn after(&mut self, _: &Step, done: &StepRun) -> Result<(), Trouble> {
        if let Some(teller) = &mut self.teller {
            self.last = teller.step(done);
            print(&out::coloured(&self.last));
        }
        self.checks.0 += done.checks.iter().filter(|check| check.passed()).count();
        self.checks.1 += done.checks.len();
        self.matrix = Some(done.matrix.clone());
        self.played.0 += 1;
        if let Some((topology, faults)) = &self.lab {
            self.picture = Some(Picture::of_step(topology, faults, done, self.played.0, self.played.1));
        }
        Ok(())
    }

    fn is_watched(&self) -> bool {
        true
    }
}

const KEYS: &str = "  Enter  go on\n  m      who is signed in where\n  d      the last step as a diagram\n  b      the last step once more\n  n      notes for trainers\n  q      leave the lesson; what it did to the lab is taken back\n  ?      these keys";
