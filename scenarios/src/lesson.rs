//! A lesson: one Markdown file that is handout, test and trainer's sheet at once.

use std::collections::BTreeSet;

use crate::vocabulary::{
    Administrator, Altered, BrowserDeed, Control, Expect, FrontMatter, How, Lab, Link, LinkKind, Person, Portal,
    Prediction, Script, Stranger, TabWord,
};

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
    /// What is done.
    pub action: Action,
    /// What should come of it.
    pub expect: Expect,
}

/// What can be done, and who does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A person does something with a portal.
    Person {
        /// Who.
        who: Person,
        /// What.
        does: Deed,
    },
    /// An administrator of the realm acts.
    Administrator(Administrator),
    /// The network, time or a portal's fate.
    Lab(Lab),
    /// A stranger tries something.
    Stranger(Stranger),
    /// A program outside of the browser asks Keycloak for something.
    Script(Script),
}

/// What a person can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Opens a portal by its address.
    Open(Portal),
    /// Opens it unless its sign-in card is in front of them, presses "sign in", types the password where asked; what is
    /// altered on the way there and back.
    SignIn(Portal, Option<Altered>),
    /// Signs out; by the portal's own button unless `how` says otherwise; what is altered on the way to Keycloak.
    SignOut(Portal, Option<How>, Option<Altered>),
    /// Answers Keycloak's question whether to log out with yes.
    AnswerLogoutQuestion(Portal),
    /// Loads the portal's last callback once more.
    RepeatCallback(Portal),
    /// Follows a link on a page elsewhere on the web.
    FollowLink(Link),
    /// Signs in at so many of the registered listeners; the exchanges of these sign-ins are left out of the transcript.
    OpenListeners(u32),
    /// Does something with a portal's tab; only a real browser has any.
    Tab(TabWord, Portal),
    /// The whole browser is closed and started again.
    Browser(BrowserDeed),
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

    /// Whether something else than people's sessions may be different after it.
    pub fn changes_the_world(&self) -> bool {
        self.steps().any(|step| !matches!(step.action, Action::Person { .. }))
    }

    /// Whether a step of it needs a browser that nobody else uses.
    pub fn needs_own_browser(&self) -> bool {
        self.steps().any(|step| matches!(step.action, Action::Person { does: Deed::Browser(_), .. }))
    }

    /// How long its steps let time pass, in seconds.
    pub fn seconds_waited(&self) -> u64 {
        self.steps().map(|step| if let Action::Lab(Lab::Waits(seconds)) = &step.action { *seconds } else { 0 }).sum()
    }

    /// Everybody who acts, is acted on or stands in a matrix: each gets a fresh browser.
    pub fn people(&self) -> BTreeSet<Person> {
        self.steps().flat_map(|step| step.expect.matrix.keys().copied().chain(step.action.people())).collect()
    }
}

impl Step {
    /// The person who acts, and the portal that it is about.
    pub fn seat(&self) -> Option<(Person, Portal)> {
        let Action::Person { who, does } = &self.action else { return None };
        Some((*who, does.portal()))
    }

    /// Whether somebody signs out in this step.
    pub fn is_sign_out(&self) -> bool {
        let Action::Person { does, .. } = &self.action else { return false };
        matches!(does, Deed::SignOut(..) | Deed::AnswerLogoutQuestion(_) | Deed::Tab(TabWord::SignsOutAndCloses, _))
    }

    /// Why only a real browser can play it; `None` where any can.
    pub fn needs_a_browser(&self) -> Option<&'static str> {
        let expect = &self.expect;
        match &self.action {
            Action::Person { does: Deed::Tab(..) | Deed::Browser(_), .. } => {
                Some("it is about tabs, history or the browser itself")
            }
            Action::Person { does: Deed::FollowLink(link), .. } if link.by != LinkKind::Link => {
                Some("a page elsewhere makes the browser ask by itself")
            }
            _ if !expect.screens.is_empty() => Some("it looks at what a tab shows by itself"),
            _ if expect.silent_question.is_some() => Some("it looks into a frame that a page's script loads"),
            _ if expect.console_says.is_some() => Some("it reads the browser's console"),
            _ => None,
        }
    }

    /// Why no real browser can play it; `None` where it can.
    pub fn needs_a_script(&self) -> Option<&'static str> {
        let Action::Person { does, .. } = &self.action else { return None };
        match does {
            Deed::SignIn(_, Some(altered)) | Deed::SignOut(_, _, Some(altered)) if altered.on_the_way() => {
                Some("it changes or holds messages that the browser carries")
            }
            Deed::SignOut(_, Some(How::WithoutHint), _) => Some("it plays the original demo's sign-out"),
            Deed::OpenListeners(_) => Some("listeners have no pages"),
            _ => None,
        }
    }
}

impl Deed {
    /// The portal that it is about.
    pub fn portal(&self) -> Portal {
        match self {
            Self::Open(portal)
            | Self::SignIn(portal, _)
            | Self::SignOut(portal, ..)
            | Self::AnswerLogoutQuestion(portal)
            | Self::RepeatCallback(portal)
            | Self::Tab(_, portal) => *portal,
            Self::FollowLink(link) => link.portal,
            // The browser is about no portal; the first one stands for it.
            Self::Browser(_) | Self::OpenListeners(_) => Portal::Internal,
            Self::Press(_) | Self::Force(_) => Portal::Admin,
        }
    }
}

impl Action {
    fn people(&self) -> Vec<Person> {
        match self {
            Self::Person { who, does: Deed::SignOut(_, _, Some(altered)) } => {
                altered.hint.and_then(crate::vocabulary::Hint::owner).into_iter().chain([*who]).collect()
            }
            Self::Person { who, .. }
            | Self::Administrator(Administrator::EndsSessionOf(who) | Administrator::LogsOut(who)) => vec![*who],
            Self::Stranger(Stranger { about, .. }) => about.iter().copied().collect(),
            Self::Script(Script { whose, .. }) | Self::Lab(Lab::LogoutOvertakesFormOf(whose)) => vec![*whose],
            Self::Administrator(_) | Self::Lab(_) => Vec::new(),
        }
    }
}

mod sentence;
