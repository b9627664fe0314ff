//! What has to hold in every lesson, whatever it is about: nine rules, checked after each of them.
//!
//! A lesson says what it expects of its own steps. These rules say what no step may ever do, so they also catch what no author
//! thought of. They are shown only when one is broken, and a broken one fails the run like any other check.
//!
//! Read in this order: this file (the rules), [`book`] (what a run collects), [`world`] (what trouble a lesson makes on
//! purpose), [`sessions`] and [`messages`] (the rules about each step), [`closing`] (those about the end), [`secrets`] (what
//! must not be written down), [`breaks`] (planted faults that break a rule because that is what they are for).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::checks::{Check, Failure};

mod book;
mod breaks;
pub mod closing;
mod messages;
pub mod secrets;
mod sessions;
mod world;

#[cfg(test)]
mod tests;

pub use book::{Book, Seen};
pub use breaks::{BREAKS, broken_by};
pub(crate) use world::World;

/// A rule that holds in every lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Invariant {
    /// I1: sessions at portals end.
    SessionsEnd,
    /// I2: nobody else's session ends.
    OnlyTheNamed,
    /// I3: what is no logout token does nothing.
    BadTokens,
    /// I4: what is one, ends sessions.
    GoodTokens,
    /// I5: nobody stores the answers.
    NoStore,
    /// I6: secrets stay secret.
    NoLeak,
    /// I7: twice is once.
    TwiceIsOnce,
    /// I8: the door opens again.
    NewLogin,
    /// I9: nobody else is asked.
    NobodyElse,
}

/// What came of a rule in one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The rule.
    pub invariant: Invariant,
    /// The step in which it was broken first; one more than there are steps for what was tried after the last.
    pub step: usize,
    /// The rule as a check.
    pub check: Check,
    /// Why it does not count that it was broken, or could not be looked at.
    pub excused: Option<String>,
}

impl Judged {
    /// When that was, in a run with so many steps.
    pub fn when(&self, steps: usize) -> String {
        if self.step > steps { "after the last step".to_owned() } else { format!("in step {}", self.step) }
    }

    /// Whether it fails the run.
    pub fn fails(&self) -> bool {
        self.excused.is_none() && !self.check.passed()
    }
}

impl Invariant {
    /// All of them, in their order.
    pub const ALL: [Self; 9] = [
        Self::SessionsEnd,
        Self::OnlyTheNamed,
        Self::BadTokens,
        Self::GoodTokens,
        Self::NoStore,
        Self::NoLeak,
        Self::TwiceIsOnce,
        Self::NewLogin,
        Self::NobodyElse,
    ];

    /// Its number, as reports and people name it.
    pub fn id(self) -> &'static str {
        match self {
            Self::SessionsEnd => "I1",
            Self::OnlyTheNamed => "I2",
            Self::BadTokens => "I3",
            Self::GoodTokens => "I4",
            Self::NoStore => "I5",
            Self::NoLeak => "I6",
            Self::TwiceIsOnce => "I7",
            Self::NewLogin => "I8",
            Self::NobodyElse => "I9",
        }
    }

    /// The rule as a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::SessionsEnd => "no session at a portal outlives the time for which the provider confirmed it",
            Self::OnlyTheNamed => "a logout never ends a session that it does not name",
            Self::BadTokens => "what is no valid logout token is answered 400 and changes nothing",
            Self::GoodTokens => "a valid logout token is answered 200 or 204, and the cookies that it names are dead",
            Self::NoStore => "the answers of both logout endpoints say no-store",
            Self::NoLeak => "no token and no cookie stands in a transcript, a report or a portal's log",
            Self::TwiceIsOnce => "signing out twice is signing out once",
            Self::NewLogin => "after everything a new sign-in works",
            Self::NobodyElse => "nobody outside the lab is asked for anything",
        }
    }

    /// The clause that it rests on.
    pub fn clause(self) -> &'static str {
        match self {
            Self::SessionsEnd => "Core-12.2",
            Self::OnlyTheNamed => "BCL-2.7",
            Self::BadTokens => "BCL-2.6",
            Self::GoodTokens | Self::NoStore => "BCL-2.8",
            Self::NoLeak => "RFC6749-10.3",
            Self::TwiceIsOnce => "RPIL-2",
            Self::NewLogin => "Core-3.1.2",
            Self::NobodyElse => "RFC9700-4.11",
        }
    }

    /// What probably broke it.
    fn likely(self) -> &'static str {
        match self {
            Self::SessionsEnd => "the portal's session has a clock of its own, or lives in the cookie",
            Self::OnlyTheNamed => "the portal ends more than `sid` names, or two applications share a cookie name",
            Self::BadTokens => "the portal believes claims before it has verified the token",
            Self::GoodTokens => {
                "the portal answers before it acts, refuses too much, or looks the session up by a cookie"
            }
            Self::NoStore => {
                "the answer comes from somebody else than the endpoint, or lacks `Cache-Control: no-store`"
            }
            Self::NoLeak => "a value is written without having gone through the tap's mask",
            Self::TwiceIsOnce => "the sign-out needs a session that is there",
            Self::NewLogin => {
                "a logout is remembered for a person and not for a session, or the provider no longer lets in"
            }
            Self::NobodyElse => "an address of somebody else stands in a redirect, a page or a setting",
        }
    }

    /// The name of its check.
    pub fn name(self) -> String {
        format!("{self} ({})", self.clause())
    }

    fn failure(self, seen: impl Into<String>, proof: Option<usize>) -> Failure {
        Failure { expected: self.sentence().to_owned(), seen: seen.into(), proof, likely: self.likely().into() }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id(), self.sentence())
    }
}
