//! What a browser began at this portal and has not finished: sign-ins and sign-outs, found by their `state`.
//!
//! They are not kept in the session's record, because two tabs write that record at the same time and the last one
//! would win. They are bound to the browser instead, so that several tabs work and nobody else's browser can finish.
//!
//! [`Begun`] is how the portal uses it; [`Unfinished`] has the rules, for the store in memory.

use std::collections::HashMap;
use std::marker::PhantomData;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::store::{Away, Sessions};

/// How long somebody may take to type a password.
pub(crate) const LIFE: SignedDuration = SignedDuration::from_mins(10);
/// How many one browser may have begun; the oldest goes. A tab that is left open must not block the ninth try.
pub(super) const PER_BROWSER: usize = 8;
/// How many there may be in all: nobody can fill the memory by starting sign-ins.
pub(super) const IN_ALL: usize = 10_000;

/// What it is that was begun: the answer to one is no answer to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    /// Signing in.
    SignIn,
    /// Signing out.
    SignOut,
    /// A sign-out whose answer may not have arrived, under the id of the session that it ended.
    Left,
}

/// Things begun for one purpose, each with what is needed to finish it. They lie in the session store, so a sign-in that
/// began at one replica of a portal can be finished at another.
#[derive(Debug, Clone)]
pub(crate) struct Begun<T> {
    sessions: Sessions,
    purpose: Purpose,
    what: PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned> Begun<T> {
    pub(crate) fn new(sessions: Sessions, purpose: Purpose) -> Self {
        Self { sessions, purpose, what: PhantomData }
    }

    /// Remembers that `browser` began `what` under `state`.
    pub(crate) async fn begin(&self, state: &str, browser: &str, what: &T) -> Result<(), Away> {
        let what = serde_json::to_string(what).map_err(unreadable)?;
        self.sessions.begin(self.purpose, state, browser, what).await
    }

    /// What `browser` began under `state`. Works once. Another browser gets nothing and spoils nothing.
    pub(crate) async fn finish(&self, state: &str, browser: &str) -> Result<Option<T>, Away> {
        let what = self.sessions.finish(self.purpose, state, browser).await?;
        what.map(|what| serde_json::from_str(&what)).transpose().map_err(unreadable)
    }
}

/// Trap: serde's own message would quote what it could not read.
fn unreadable(error: serde_json::Error) -> Away {
    Away { why: format!("what a browser began cannot be read (column {})", error.column()) }
}

/// Things begun, with the rules: bound to the browser, once, in time, bounded in number.
#[derive(Debug, Default)]
pub(super) struct Unfinished {
    by_state: HashMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    browser: String,
    at: Timestamp,
    what: String,
}

impl Unfinished {
    pub(super) fn begin(&mut self, state: String, browser: String, what: String, now: Timestamp) {
        let entries = &mut self.by_state;
        entries.retain(|_, entry| !is_over(entry.at, now));
        make_room(entries, PER_BROWSER, |entry| entry.browser == browser);
        make_room(entries, IN_ALL, |_| true);
        entries.insert(state, Entry { browser, at: now, what });
    }

    pub(super) fn finish(&mut self, state: &str, browser: &str, now: Timestamp) -> Option<String> {
        let own = self.by_state.get(state).is_some_and(|entry| entry.browser == browser && !is_over(entry.at, now));
        if own { self.by_state.remove(state).map(|entry| entry.what) } else { None }
    }
}

fn is_over(began: Timestamp, now: Timestamp) -> bool {
    now.duration_since(began) >= LIFE
}

/// Removes the oldest of those that `count` until one more fits.
fn make_room(entries: &mut HashMap<String, Entry>, most: usize, count: impl Fn(&Entry) -> bool) {
    // The total is cheap to see; only then, or for one browser, is it worth counting.
    while entries.len() >= most && entries.values().filter(|entry| count(entry)).count() >= most {
        let oldest = entries.iter().filter(|(_, entry)| count(entry)).min_by_key(|(_, entry)| entry.at);
        let Some(state) = oldest.map(|(state, _)| state.clone()) else { return };
        entries.remove(&state);
    }
}

impl Purpose {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::SignOut => "sign-out",
            Self::Left => "left",
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{IN_ALL, Unfinished};

    #[test]
    fn the_total_is_bounded() {
        let at = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        let mut begun = Unfinished::default();
        for number in 0..=IN_ALL {
            begun.begin(format!("s{number}"), format!("b{number}"), String::new(), at(i64::from(number > 0)));
        }
        assert_eq!(begun.by_state.len(), IN_ALL);
        assert_eq!(begun.finish("s0", "b0", at(2)), None, "the oldest went");
    }
}
