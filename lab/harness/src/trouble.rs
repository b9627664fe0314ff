//! Errors that people can act on: what happened, what it means, what to do.

use std::error::Error;
use std::fmt;

/// An expected error of the lab. Displayed as one line; [`Trouble::means`] and [`Trouble::action`] carry the
/// rest, and [`Kind::exit_code`] the process's answer.
#[derive(Debug)]
pub struct Trouble {
    /// Which family, and with it the exit code.
    pub kind: Kind,
    /// What happened: a lower-case fragment, a fact.
    pub what: String,
    /// What it means for the person: one sentence.
    pub means: String,
    /// What to do: one sentence or command.
    pub action: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// Families of trouble, one exit code each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A check of a lesson failed; the lab itself is healthy.
    Lesson,
    /// Wrong usage.
    Usage,
    /// The lab is not in the needed state.
    State,
    /// This computer lacks something.
    Environment,
    /// A part of the lab failed.
    Part,
    /// A transcript differs from its snapshot.
    Snapshot,
    /// A lesson's file is invalid.
    Content,
    /// Refused for safety.
    Safety,
    /// Interrupted by the person.
    Interrupted,
}

impl Kind {
    /// The exit code of the process.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Lesson => 1,
            Self::Usage => 2,
            Self::State => 3,
            Self::Environment => 4,
            Self::Part => 5,
            Self::Snapshot => 6,
            Self::Content => 7,
            Self::Safety => 8,
            Self::Interrupted => 130,
        }
    }
}

impl Trouble {
    /// New trouble of a family; say at once what it means and what to do.
    pub fn new(kind: Kind, what: impl Into<String>, means: impl Into<String>, action: impl Into<String>) -> Self {
        Self { kind, what: what.into(), means: means.into(), action: action.into(), source: None }
    }

    /// Adds the error underneath; it is quoted once, never reworded.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for Trouble {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
