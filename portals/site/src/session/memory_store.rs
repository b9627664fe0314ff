//! [`Memory`] behind a lock, as a [`Store`]: every call is one decision.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use portal_protocol::{Refusal, VerifiedLogoutToken};
use serde_json::Value;
use tokio::sync::broadcast;
use tokio::time::Instant;
use tower_sessions::session::{Id, Record};

use super::begun::{Purpose, Unfinished};
use super::memory::Memory;
use super::rules::EndedFirst;
use super::store::{Away, BACKLOG, Ended, News, Store};
use super::{Ending, SignedIn};

/// One process's sessions.
#[derive(Debug)]
pub(super) struct MemoryStore {
    memory: Mutex<Memory>,
    begun: Mutex<HashMap<Purpose, Unfinished>>,
    /// Who refreshes which session, and until when that is believed.
    leases: Mutex<HashMap<Id, (u64, Instant)>>,
    news: broadcast::Sender<News>,
}

impl MemoryStore {
    pub(super) fn new() -> Self {
        Self {
            memory: Mutex::new(Memory::new()),
            begun: Mutex::default(),
            leases: Mutex::default(),
            news: broadcast::Sender::new(BACKLOG),
        }
    }

    fn announce(&self, ids: impl IntoIterator<Item = Id>, ending: Ending) {
        for id in ids {
            // Nobody listening is fine.
            let _ = self.news.send(News::Ended(Ended { id, ending }));
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        locked(&self.memory)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn create(&self, record: &mut Record, now: Timestamp) -> Result<Result<(), EndedFirst>, Away> {
        Ok(self.memory().create(record, now))
    }

    async fn save(&self, record: &Record, now: Timestamp) -> Result<Result<(), EndedFirst>, Away> {
        Ok(self.memory().save(record, now))
    }

    async fn load(&self, id: Id, now: Timestamp) -> Result<Option<Record>, Away> {
        Ok(self.memory().load(id, now))
    }

    async fn who(&self, id: Id, now: Timestamp) -> Result<Option<(Arc<SignedIn>, u64)>, Away> {
        Ok(self.memory().who(id, now))
    }

    async fn part(&self, id: Id, now: Timestamp) -> Result<(), Away> {
        if self.memory().part(id, now) {
            self.announce([id], Ending::Replaced);
        }
        Ok(())
    }

    async fn renew(&self, id: Id, generation: u64, who: Value, now: Timestamp) -> Result<bool, Away> {
        Ok(self.memory().renew(id, generation, who, now))
    }

    async fn end(&self, id: Id, ending: Ending, now: Timestamp) -> Result<bool, Away> {
        let was_there = self.memory().end(id, ending, now);
        if was_there {
            self.announce([id], ending);
        }
        Ok(was_there)
    }

    async fn log_out(&self, token: &VerifiedLogoutToken, now: Timestamp) -> Result<Result<usize, Refusal>, Away> {
        let ended = self.memory().log_out(token, now);
        Ok(ended.map(|ids| {
            self.announce(ids.iter().copied(), Ending::BackChannel);
            ids.len()
        }))
    }

    async fn named(&self, iss: &str, sid: Option<&str>, sub: Option<&str>) -> Result<Vec<Id>, Away> {
        Ok(self.memory().of(iss, sid, sub))
    }

    async fn all(&self) -> Result<Vec<Id>, Away> {
        Ok(self.memory().all())
    }

    async fn end_expired(&self, now: Timestamp) -> Result<(), Away> {
        let ids = self.memory().end_expired(now);
        self.announce(ids, Ending::Expired);
        Ok(())
    }

    async fn clear(&self) -> Result<(), Away> {
        let ids = self.memory().clear();
        self.announce(ids, Ending::Replaced);
        locked(&self.begun).clear();
        locked(&self.leases).clear();
        Ok(())
    }

    async fn last_words(&self, id: Id, _now: Timestamp) -> Result<Option<Ending>, Away> {
        Ok(self.memory().last_words(id))
    }

    async fn signed_in(&self) -> Result<(usize, usize), Away> {
        Ok(self.memory().signed_in())
    }

    async fn begin(
        &self,
        purpose: Purpose,
        state: &str,
        browser: &str,
        what: String,
        now: Timestamp,
    ) -> Result<(), Away> {
        locked(&self.begun).entry(purpose).or_default().begin(state.to_owned(), browser.to_owned(), what, now);
        Ok(())
    }

    async fn finish(
        &self,
        purpose: Purpose,
        state: &str,
        browser: &str,
        now: Timestamp,
    ) -> Result<Option<String>, Away> {
        Ok(locked(&self.begun).entry(purpose).or_default().finish(state, browser, now))
    }

    async fn lease(&self, id: Id, holder: u64, life: Duration) -> Result<bool, Away> {
        let (now, mut leases) = (Instant::now(), locked(&self.leases));
        leases.retain(|_, (_, until)| *until > now);
        let free = !leases.contains_key(&id);
        if free {
            leases.insert(id, (holder, now + life));
        }
        Ok(free)
    }

    async fn release(&self, id: Id, holder: u64) -> Result<(), Away> {
        let mut leases = locked(&self.leases);
        if leases.get(&id).is_some_and(|(own, _)| *own == holder) {
            leases.remove(&id);
        }
        Ok(())
    }

    async fn listen(&self) -> Result<broadcast::Receiver<News>, Away> {
        Ok(self.news.subscribe())
    }

    async fn ping(&self) -> Result<(), Away> {
        Ok(())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The rules do not panic half-way; and a portal that answers nobody any more would be the worse failure.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
