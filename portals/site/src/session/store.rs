//! [`Memory`] as a store for `tower-sessions`, and the place where ended sessions are announced.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use portal_protocol::VerifiedLogoutToken;
use tokio::sync::broadcast;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

use super::Ending;
use super::memory::{EndedFirst, Memory};
use crate::clock::Clock;

#[cfg(test)]
mod tests;

/// The message by which [`super::open`] knows that a session's end came first: `tower-sessions` passes on text only.
pub(super) const ENDED_FIRST: &str = "this session has ended already";

/// How many endings a listener may be behind before it has to look by itself.
const BACKLOG: usize = 1_024;

/// A session that ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    /// Which.
    pub(crate) id: Id,
    /// Why.
    pub(crate) ending: Ending,
}

/// The sessions of one portal. Copies share them.
#[derive(Debug, Clone)]
pub(crate) struct MemoryStore {
    memory: Arc<Mutex<Memory>>,
    ended: broadcast::Sender<Ended>,
    clock: Clock,
}

impl MemoryStore {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { memory: Arc::default(), ended: broadcast::Sender::new(BACKLOG), clock }
    }

    /// Ends one session. `false` when there was none.
    pub(crate) fn end(&self, id: Id, ending: Ending) -> bool {
        let was_there = self.memory().end(id, ending, self.clock.now());
        if was_there {
            self.announce([id], ending);
        }
        was_there
    }

    /// Ends what a verified logout token names. Returns how many sessions that were; none is fine.
    pub(crate) fn end_named(&self, token: &VerifiedLogoutToken) -> usize {
        let ids = self.memory().end_named(token, self.clock.now());
        self.announce(ids.iter().copied(), Ending::BackChannel);
        ids.len()
    }

    /// The sessions with this `sid`, or without one those of this user. For the naive twins, which end more or less than
    /// a verified token names.
    pub(crate) fn of(&self, iss: &str, sid: Option<&str>, sub: Option<&str>) -> Vec<Id> {
        self.memory().of(iss, sid, sub)
    }

    /// Every session in which somebody is signed in.
    pub(crate) fn all(&self) -> Vec<Id> {
        self.memory().all()
    }

    /// Ends every session whose time is over.
    pub(crate) fn end_expired(&self) {
        let ids = self.memory().end_expired(self.clock.now());
        self.announce(ids, Ending::Expired);
    }

    /// Ends all sessions and forgets what ended before.
    pub(crate) fn clear(&self) {
        let ids = self.memory().clear();
        self.announce(ids, Ending::Replaced);
    }

    /// Every session that ends from now on.
    pub(crate) fn endings(&self) -> broadcast::Receiver<Ended> {
        self.ended.subscribe()
    }

    /// Whether this session is there.
    pub(crate) fn is_alive(&self, id: Id) -> bool {
        self.memory().load(id, self.clock.now()).is_some()
    }

    /// Why a session ended, if that was not long ago.
    pub(crate) fn last_words(&self, id: Id) -> Option<Ending> {
        self.end_expired();
        self.memory().last_words(id)
    }

    /// How many sessions have somebody signed in, and how many people that are.
    pub(crate) fn signed_in(&self) -> (usize, usize) {
        self.memory().signed_in(self.clock.now())
    }

    fn announce(&self, ids: impl IntoIterator<Item = Id>, ending: Ending) {
        for id in ids {
            // Nobody listening is fine.
            let _ = self.ended.send(Ended { id, ending });
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // The rules do not panic half-way; and a portal that answers nobody any more would be the worse failure.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SessionStore for MemoryStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        // New sessions pay for the tidying; nothing has to run in the background.
        self.end_expired();
        self.memory().create(record, self.clock.now()).map_err(|EndedFirst| Error::Backend(ENDED_FIRST.to_owned()))
    }

    /// Saves a record that is still there. For one that was deleted meanwhile this does nothing and is no error: the
    /// request was legal when it began, its answer may go out, and the next request finds no session.
    async fn save(&self, record: &Record) -> Result<()> {
        self.memory().save(record, self.clock.now());
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        Ok(self.memory().load(*id, self.clock.now()).cloned())
    }

    /// Deletes a record whose id was exchanged for another. Sessions that end for a reason go through
    /// [`MemoryStore::end`].
    async fn delete(&self, id: &Id) -> Result<()> {
        self.end(*id, Ending::Replaced);
        Ok(())
    }
}
