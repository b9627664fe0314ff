//! A lesson: one Markdown file that is handout, test and trainer's sheet at once.

use std::collections::BTreeSet;
use std::fmt;

use crate::vocabulary::{Control, Expect, FrontMatter, How, Person, Portal, Prediction};

/// A lesson as it was read.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// Path below the library's folder, with `/` (`login/sso-first-login.md`).
    pub path: String,
    /// The whole text.
    pub source: String,
    /// What stands at its head.
    pub front: FrontMatter,
    /// The rest in order.
    pub parts: Vec<Part>,
}

/// A piece of a lesson.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Markdown for everybody.
    Prose(String),
    /// A question before the run.
    Predict(Prediction),
    /// What is done and expected.
    Steps(Vec<Step>),
    /// What happened and why, shown after the run.
    Explain(String),
    /// For the trainer only.
    Trainer(String),
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Line in the file.
    pub line: usize,
    /// Who acts.
    pub who: Person,
    /// What they do.
    pub action: Action,
    /// What should come of it.
    pub expect: Expect,
}

/// What a person can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Opens a portal by its address.
    Open(Portal),
    /// Opens it unless its sign-in card is in front of them, presses "sign in", types the password where asked.
    SignIn(Portal),
    /// Signs out; by the portal's own button unless `how` says otherwise.
    SignOut(Portal, Option<How>),
    /// Presses a button of the admin dashboard.
    Press(Control),
    /// Sends what the button would send, with or without a button.
    Force(Control),
}

impl Lesson {
    /// `id` of the front matter.
    pub fn id(&self) -> &str {
        &self.front.id.value
    }

    /// All steps, numbered from 1 by their position.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.parts.iter().flat_map(|part| match part {
            Part::Steps(steps) => steps.as_slice(),
            Part::Prose(_) | Part::Predict(_) | Part::Explain(_) | Part::Trainer(_) => &[],
        })
    }

    /// Everybody who acts or stands in a matrix: each gets a fresh browser.
    pub fn people(&self) -> BTreeSet<Person> {
        self.steps().flat_map(|step| step.expect.matrix.keys().copied().chain([step.who])).collect()
    }
}

impl Step {
    /// The portal that the step is about.
    pub fn portal(&self) -> Portal {
        match self.action {
            Action::Open(portal) | Action::SignIn(portal) | Action::SignOut(portal, _) => portal,
            Action::Press(_) | Action::Force(_) => Portal::Admin,
        }
    }
}

impl fmt::Display for Step {
    /// The step as a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.who.name();
        match self.action {
            Action::Open(portal) => write!(f, "{name} opens the {}.", portal.title()),
            Action::SignIn(portal) => write!(f, "{name} signs in at the {}.", portal.title()),
            Action::SignOut(portal, None) => write!(f, "{name} signs out at the {}.", portal.title()),
            Action::SignOut(portal, Some(How::WithoutHint)) => write!(
                f,
                "{name} leaves the {} as the demo did: its cookies are dropped, Keycloak gets a way back and no hint.",
                portal.title()
            ),
            Action::Press(control) => write!(f, "{name} presses \"{control}\" on the admin dashboard."),
            Action::Force(control) => {
                write!(f, "{name} sends the request of the button \"{control}\" to the admin dashboard by hand.")
            }
        }
    }
}
