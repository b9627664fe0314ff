//! The portal's own log of protocol steps, for people who want to see what it did and why.
//!
//! It keeps the last entries, hands each new one to whoever listens, and writes it as a `tracing` event. What goes
//! in must be fit for showing: identifiers, names and reasons, never a token, a code, a cookie or a secret.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::broadcast;

use crate::audit::Line;
use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::settings::Kind;

/// How many entries are kept; older ones go.
const KEPT: usize = 500;

/// A step of a protocol that a portal took or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// A browser was sent to the provider to sign in.
    SignInStarted,
    /// A callback, or what followed it, was refused.
    SignInRefused,
    /// A session began.
    SessionOpened,
    /// A session did not begin, because its end was announced first.
    SessionRefused,
    /// A browser was sent to the provider to sign out; the own session had ended before.
    SignOutStarted,
    /// A session ended here, but the provider could not be asked to end its own.
    SignOutLocalOnly,
    /// A browser came back from a sign-out.
    SignOutReturned,
    /// Something was posted to the back channel, and nobody has looked at it yet. Only a portal with a fault writes this.
    LogoutTokenArrived,
    /// A logout token was accepted.
    LogoutTokenAccepted,
    /// A logout token, or the request that brought it, was refused.
    LogoutTokenRefused,
    /// A front-channel request ended the session that it named.
    FrontChannelLogout,
    /// A front-channel request was not about the session of the browser that sent it.
    FrontChannelIgnored,
    /// A front-channel request had no legal form.
    FrontChannelRefused,
    /// The provider's keys were fetched again, because a token named an unknown one.
    KeysFetchedAgain,
    /// The provider could not be reached, or answered nonsense.
    ProviderTrouble,
    /// The provider confirmed a session: new tokens.
    SessionRefreshed,
    /// The provider refused to go on with a session, or answered about another one.
    RefreshRefused,
    /// The provider could not be asked to go on with a session.
    RefreshFailed,
    /// Somebody who is signed in lacks a role.
    RoleMissing,
    /// An item was decided.
    ItemDecided,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When, by the portal's clock.
    pub at: Timestamp,
    /// What.
    pub step: Step,
    /// One sentence for people.
    pub text: String,
    /// Names and values that belong to it; nothing secret.
    pub detail: Vec<(String, String)>,
}

/// The log. Copies share their entries.
#[derive(Debug, Clone)]
pub struct Journal {
    portal: Kind,
    clock: Clock,
    kept: Arc<Mutex<VecDeque<Entry>>>,
    live: broadcast::Sender<Entry>,
    ear: Arc<OnceLock<Ear>>,
    metrics: Metrics,
}

/// Somebody who hears each entry.
struct Ear(Box<dyn Fn(&Entry) + Send + Sync>);

impl fmt::Debug for Ear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ear")
    }
}

impl Journal {
    pub(crate) fn new(portal: Kind, clock: Clock) -> Self {
        Self {
            portal,
            clock,
            kept: Arc::default(),
            live: broadcast::Sender::new(KEPT),
            ear: Arc::default(),
            metrics: Metrics::new(),
        }
    }

    /// Writes an entry.
    pub(crate) fn record(&self, step: Step, text: impl Into<String>, detail: &[(&str, &str)]) {
        let detail = detail.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let entry = Entry { at: self.clock.now(), step, text: text.into(), detail };
        tracing::info!(target: "portal::journal", portal = self.portal.word(), step = step.word(), "{}", entry.text);
        if let Some(line) = Line::of(self.portal, &entry) {
            line.write();
            self.metrics.count(&line);
        }
        if let Some(Ear(hear)) = self.ear.get() {
            hear(&entry);
        }
        let mut kept = self.kept();
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(entry.clone());
        // Nobody listening is fine: the entry is kept.
        let _ = self.live.send(entry);
    }

    /// This portal's numbers.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Lets `hear` see each entry while it is written: whoever asked the portal for something finds it heard when the answer
    /// comes. It must be quick and must not wait. The first one stays.
    pub fn on_entry(&self, hear: impl Fn(&Entry) + Send + Sync + 'static) {
        // A second one would be a fault in the program, and hears nothing.
        let _ = self.ear.set(Ear(Box::new(hear)));
    }

    /// Every new entry from now on. A listener that falls too far behind is told so by the channel.
    pub fn subscribe(&self) -> broadcast::Receiver<Entry> {
        self.live.subscribe()
    }

    /// The kept entries, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.kept().iter().cloned().collect()
    }

    /// What this portal heard about logouts, newest first, at most 20.
    pub fn heard(&self) -> Vec<Entry> {
        self.kept().iter().rev().filter(|entry| entry.step.is_heard()).take(20).cloned().collect()
    }

    /// Forgets what was kept.
    pub(crate) fn clear(&self) {
        self.kept().clear();
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        // A panic while the lock was held leaves a complete queue: entries are built before.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Step {
    /// The step as a kebab-case word.
    pub fn word(self) -> &'static str {
        match self {
            Self::SignInStarted => "sign-in-started",
            Self::SignInRefused => "sign-in-refused",
            Self::SessionOpened => "session-opened",
            Self::SessionRefused => "session-refused",
            Self::SignOutStarted => "sign-out-started",
            Self::SignOutLocalOnly => "sign-out-local-only",
            Self::SignOutReturned => "sign-out-returned",
            Self::LogoutTokenArrived => "logout-token-arrived",
            Self::LogoutTokenAccepted => "logout-token-accepted",
            Self::LogoutTokenRefused => "logout-token-refused",
            Self::FrontChannelLogout => "front-channel-logout",
            Self::FrontChannelIgnored => "front-channel-ignored",
            Self::FrontChannelRefused => "front-channel-refused",
            Self::KeysFetchedAgain => "keys-fetched-again",
            Self::ProviderTrouble => "provider-trouble",
            Self::SessionRefreshed => "session-refreshed",
            Self::RefreshRefused => "refresh-refused",
            Self::RefreshFailed => "refresh-failed",
            Self::RoleMissing => "role-missing",
            Self::ItemDecided => "item-decided",
        }
    }

    /// Whether it is about a logout that somebody told this portal of.
    fn is_heard(self) -> bool {
        match self {
            Self::SessionRefused
            | Self::SignOutStarted
            | Self::SignOutLocalOnly
            | Self::SignOutReturned
            | Self::LogoutTokenAccepted
            | Self::LogoutTokenRefused
            | Self::FrontChannelLogout
            | Self::FrontChannelIgnored
            | Self::FrontChannelRefused
            | Self::RefreshRefused => true,
            Self::SignInStarted
            | Self::SignInRefused
            | Self::SessionOpened
            | Self::LogoutTokenArrived
            | Self::KeysFetchedAgain
            | Self::ProviderTrouble
            | Self::SessionRefreshed
            | Self::RefreshFailed
            | Self::RoleMissing
            | Self::ItemDecided => false,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::{Journal, KEPT, Step};
    use crate::clock::Clock;
    use crate::settings::Kind;

    #[test]
    fn who_hears_each_entry_has_heard_it_when_it_is_written_and_the_first_one_stays() {
        let journal = Journal::new(Kind::Admin, Clock::system());
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let (first, second) = (heard.clone(), heard.clone());
        journal.on_entry(move |entry| first.lock().unwrap().push(entry.text.clone()));
        journal.on_entry(move |_| second.lock().unwrap().push("the second".to_owned()));
        journal.record(Step::SessionOpened, "somebody came", &[]);
        assert_eq!(*heard.lock().unwrap(), ["somebody came"]);
    }

    #[tokio::test]
    async fn a_listener_gets_new_entries_and_late_comers_get_the_kept_ones() {
        let journal = Journal::new(Kind::Admin, Clock::system());
        let mut live = journal.subscribe();
        journal.record(Step::SessionOpened, "somebody came", &[("sid", "s1")]);
        let entry = live.recv().await.unwrap();
        assert_eq!(entry.detail, [("sid".to_owned(), "s1".to_owned())]);
        assert_eq!(journal.entries(), [entry]);
    }

    #[test]
    fn the_oldest_entry_goes_when_the_journal_is_full() {
        let journal = Journal::new(Kind::Admin, Clock::system());
        for number in 0..=KEPT {
            journal.record(Step::ItemDecided, number.to_string(), &[]);
        }
        let entries = journal.entries();
        assert_eq!((entries.len(), entries[0].text.as_str()), (KEPT, "1"));
    }

    #[test]
    fn what_was_heard_about_logouts_comes_newest_first() {
        let journal = Journal::new(Kind::Admin, Clock::system());
        journal.record(Step::LogoutTokenRefused, "first", &[]);
        journal.record(Step::SessionOpened, "not about a logout", &[]);
        journal.record(Step::LogoutTokenAccepted, "second", &[]);
        let heard: Vec<String> = journal.heard().into_iter().map(|entry| entry.text).collect();
        assert_eq!(heard, ["second", "first"]);
    }

    #[test]
    fn a_step_is_the_same_word_in_json() {
        for step in [Step::SignInStarted, Step::FrontChannelIgnored, Step::KeysFetchedAgain] {
            assert_eq!(serde_json::to_value(step).unwrap(), step.word());
        }
    }
}
