//! What a browser began at this portal and has not finished: sign-ins and sign-outs, found by their `state`.
//!
//! They are not kept in the session's record, because two tabs write that record at the same time and the last one
//! would win. They are bound to the browser instead, so that several tabs work and nobody else's browser can finish.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// How long somebody may take to type a password.
pub(crate) const LIFE: SignedDuration = SignedDuration::from_mins(10);
/// How many one browser may have begun; the oldest goes. A tab that is left open must not block the ninth try.
const PER_BROWSER: usize = 8;
/// How many there may be in all: nobody can fill the memory by starting sign-ins.
const IN_ALL: usize = 10_000;

/// Things begun, each with what is needed to finish it.
#[derive(Debug)]
pub(crate) struct Begun<T> {
    by_state: Mutex<HashMap<String, Entry<T>>>,
}

#[derive(Debug)]
struct Entry<T> {
    browser: String,
    at: Timestamp,
    what: T,
}

impl<T> Begun<T> {
    pub(crate) fn new() -> Self {
        Self { by_state: Mutex::default() }
    }

    /// Remembers that `browser` began `what` under `state`.
    pub(crate) fn begin(&self, state: String, browser: String, what: T, now: Timestamp) {
        let mut entries = self.entries();
        entries.retain(|_, entry| !is_over(entry.at, now));
        make_room(&mut entries, PER_BROWSER, |entry| entry.browser == browser);
        make_room(&mut entries, IN_ALL, |_| true);
        entries.insert(state, Entry { browser, at: now, what });
    }

    /// What `browser` began under `state`. Works once. Another browser gets nothing and spoils nothing.
    pub(crate) fn finish(&self, state: &str, browser: &str, now: Timestamp) -> Option<T> {
        let mut entries = self.entries();
        let own = entries.get(state).is_some_and(|entry| entry.browser == browser && !is_over(entry.at, now));
        if own { entries.remove(state).map(|entry| entry.what) } else { None }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.entries().clear();
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry<T>>> {
        self.by_state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_over(began: Timestamp, now: Timestamp) -> bool {
    now.duration_since(began) >= LIFE
}

/// Removes the oldest of those that `count` until one more fits.
fn make_room<T>(entries: &mut HashMap<String, Entry<T>>, most: usize, count: impl Fn(&Entry<T>) -> bool) {
    // The total is cheap to see; only then, or for one browser, is it worth counting.
    while entries.len() >= most && entries.values().filter(|entry| count(entry)).count() >= most {
        let oldest = entries.iter().filter(|(_, entry)| count(entry)).min_by_key(|(_, entry)| entry.at);
        let Some(state) = oldest.map(|(state, _)| state.clone()) else { return };
        entries.remove(&state);
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{Begun, IN_ALL, LIFE};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn what_a_browser_began_it_can_finish_once() {
        let begun = Begun::new();
        begun.begin("s1".into(), "anna".into(), 1, at(0));
        begun.begin("s2".into(), "anna".into(), 2, at(0));
        assert_eq!(begun.finish("s2", "anna", at(1)), Some(2), "several tabs at once");
        assert_eq!(begun.finish("s1", "anna", at(1)), Some(1));
        assert_eq!(begun.finish("s1", "anna", at(1)), None, "once");
    }

    #[test]
    fn another_browser_gets_nothing_and_spoils_nothing() {
        let begun = Begun::new();
        begun.begin("s1".into(), "anna".into(), 1, at(0));
        assert_eq!(begun.finish("s1", "eve", at(1)), None);
        assert_eq!(begun.finish("s1", "anna", at(1)), Some(1));
    }

    #[test]
    fn it_must_be_finished_in_time() {
        let begun = Begun::new();
        begun.begin("s1".into(), "anna".into(), 1, at(0));
        assert_eq!(begun.finish("s1", "anna", at(LIFE.as_secs())), None);
    }

    #[test]
    fn the_ninth_of_one_browser_replaces_its_oldest_and_nobody_elses() {
        let begun = Begun::new();
        begun.begin("other".into(), "ben".into(), 99, at(0));
        for number in 0..9 {
            begun.begin(format!("s{number}"), "anna".into(), number, at(1 + i64::from(number)));
        }
        assert_eq!(begun.finish("s0", "anna", at(20)), None);
        assert_eq!(begun.finish("s1", "anna", at(20)), Some(1));
        assert_eq!(begun.finish("other", "ben", at(20)), Some(99));
    }

    #[test]
    fn the_total_is_bounded() {
        let begun = Begun::new();
        for number in 0..=IN_ALL {
            begun.begin(format!("s{number}"), format!("b{number}"), (), at(i64::from(number > 0)));
        }
        assert_eq!(begun.entries().len(), IN_ALL);
        assert_eq!(begun.finish("s0", "b0", at(2)), None, "the oldest went");
    }
}
