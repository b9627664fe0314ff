//! What a rule is, and what it finds.

use std::fmt;

use serde::Serialize;

use super::view::{ClientView, RealmView};

/// One thing that can be wrong with a realm.
#[derive(Debug, Serialize)]
pub struct Rule {
    /// Its name, such as `realm-frontchannel-switch-on`.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it does to sign-ins or sign-outs.
    pub explanation: &'static str,
    /// What to do in the administration console.
    pub fix: &'static str,
    /// The member of the realm's JSON, below the client where it belongs to one.
    pub path: &'static str,
    /// The clause of the specification, or the issue of Keycloak, that says so.
    pub source: &'static str,
    #[serde(skip)]
    pub(super) look: Look,
}

/// How bad a finding is. Ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; right in many realms.
    Notice,
    /// Weak, or a surprise waiting to happen.
    Warning,
    /// Sign-in or sign-out does not do what it should, or a stranger gets in.
    Error,
}

/// A rule's finding at one place.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// Which rule.
    #[serde(flatten)]
    pub rule: &'static Rule,
    /// Whose setting it is.
    pub place: Place,
    /// JSON pointer into the realm's file.
    pub pointer: String,
    /// What stands there, in words.
    pub found: String,
}

/// Whose setting a finding is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The realm's own.
    Realm,
    /// A client's, by its `clientId`.
    Client(String),
    /// A user's, by name.
    User(String),
    /// An identity provider's, by its alias.
    Provider(String),
}

/// How a rule looks at a realm.
#[derive(Debug, Clone, Copy)]
pub(super) enum Look {
    /// Once.
    Realm(fn(RealmView<'_>) -> Vec<Found>),
    /// At each client that people sign in to.
    Client(fn(ClientView<'_>) -> Vec<Found>),
}

/// What a look brings back.
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) pointer: String,
    pub(super) said: String,
}

impl Found {
    pub(super) fn by(self, rule: &'static Rule) -> Finding {
        Finding { rule, place: self.place, pointer: self.pointer, found: self.said }
    }
}

impl Finding {
    /// Sort key: the realm first, then in the order of the file.
    pub(super) fn position(&self) -> (usize, u64, &'static str) {
        let list = match self.place {
            Place::Realm => 0,
            Place::Client(_) => 1,
            Place::User(_) => 2,
            Place::Provider(_) => 3,
        };
        let index = self.pointer.split('/').nth(2).and_then(|index| index.parse().ok()).unwrap_or(0);
        (list, index, self.rule.id)
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Realm => f.write_str("realm"),
            Self::Client(id) => write!(f, "client {id}"),
            Self::User(name) => write!(f, "user {name}"),
            Self::Provider(alias) => write!(f, "identity provider {alias}"),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}
