//! The store of a portal's sessions: what every kind of it can do ([`Store`]), and how the portal uses it
//! ([`Sessions`]).
//!
//! Whatever must be decided together is one call, and one call is atomic: in memory under one lock, in Redis in one
//! script. "Look, then act" in two calls is how a logout slips through.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use portal_protocol::{Refusal, VerifiedLogoutToken};
use serde_json::Value;
use tokio::sync::broadcast;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store;

use super::begun::Purpose;
use super::memory_store::MemoryStore;
use super::redis::RedisStore;
use super::rules::EndedFirst;
use super::{Ending, SignedIn};
use crate::clock::Clock;
use crate::settings::{Settings, StoreAt};

/// The message by which [`super::open`] knows that a session's end came first: `tower-sessions` passes on text only.
pub(crate) const ENDED_FIRST: &str = "this session has ended already";

/// How many endings a listener may be behind before it has to look by itself.
pub(super) const BACKLOG: usize = 1_024;

/// A session that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended {
    /// Which.
    pub(crate) id: Id,
    /// Why.
    pub(crate) ending: Ending,
}

/// What a listener hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    /// A session ended, at this replica of the portal or at another.
    Ended(Ended),
    /// Endings may have been missed: look whether your session is still there.
    LookYourself,
}

/// The store cannot be asked right now. Nobody is signed in or out by that: the answer is "I do not know".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub(crate) struct Away {
    /// What happened, without anything secret.
    pub(crate) why: String,
}

/// What a store can do. The rules are those of [`super::memory`]; the same table of tests holds for every store.
///
/// The time is the portal's, which a lesson can move; only leases run by the machine's clock, because they are about
/// how long a process works.
#[async_trait]
pub(super) trait Store: fmt::Debug + Send + Sync {
    /// Adds a session, under a new id if its own is taken.
    async fn create(&self, record: &mut Record, now: Timestamp) -> Result<Result<(), EndedFirst>, Away>;
    /// Saves a copy to a session that is there; for one that is not it does nothing.
    async fn save(&self, record: &Record, now: Timestamp) -> Result<Result<(), EndedFirst>, Away>;
    /// A copy of a session that is there and whose time is not over.
    async fn load(&self, id: Id, now: Timestamp) -> Result<Option<Record>, Away>;
    /// Who is signed in, and the session's generation; `None` also when nobody is.
    async fn who(&self, id: Id, now: Timestamp) -> Result<Option<(Arc<SignedIn>, u64)>, Away>;
    /// Takes the id from a session; a new id may continue it.
    async fn part(&self, id: Id, now: Timestamp) -> Result<(), Away>;
    /// Replaces what the provider said about the person, if the session is still in this generation.
    async fn renew(&self, id: Id, generation: u64, who: Value, now: Timestamp) -> Result<bool, Away>;
    /// Ends one session. `false` when there was none.
    async fn end(&self, id: Id, ending: Ending, now: Timestamp) -> Result<bool, Away>;
    /// Ends what a token names, unless it was used before or contradicts itself. One decision: replay, tombstone, ends.
    async fn log_out(&self, token: &VerifiedLogoutToken, now: Timestamp) -> Result<Result<usize, Refusal>, Away>;
    /// The sessions with this `sid`, or without one those of this user.
    async fn named(&self, iss: &str, sid: Option<&str>, sub: Option<&str>) -> Result<Vec<Id>, Away>;
    /// Every session in which somebody is signed in.
    async fn all(&self) -> Result<Vec<Id>, Away>;
    /// Ends sessions whose time is over.
    async fn end_expired(&self, now: Timestamp) -> Result<(), Away>;
    /// Ends everything and forgets everything.
    async fn clear(&self) -> Result<(), Away>;
    /// Why a session ended, if that was not long ago.
    async fn last_words(&self, id: Id, now: Timestamp) -> Result<Option<Ending>, Away>;
    /// How many sessions have somebody signed in, and how many people that are; after [`Store::end_expired`].
    async fn signed_in(&self) -> Result<(usize, usize), Away>;
    /// Remembers that `browser` began something under `state`.
    async fn begin(&self, p: Purpose, state: &str, browser: &str, what: String, now: Timestamp) -> Result<(), Away>;
    /// What `browser` began under `state`. Works once.
    async fn finish(&self, p: Purpose, state: &str, browser: &str, now: Timestamp) -> Result<Option<String>, Away>;
    /// Takes the right to refresh a session, for `life`. `false` while somebody else has it.
    async fn lease(&self, id: Id, holder: u64, life: Duration) -> Result<bool, Away>;
    /// Gives that right back, if `holder` still has it.
    async fn release(&self, id: Id, holder: u64) -> Result<(), Away>;
    /// Every ending from now on.
    async fn listen(&self) -> Result<broadcast::Receiver<News>, Away>;
    /// Whether it answers.
    async fn ping(&self) -> Result<(), Away>;
}

/// The sessions of one portal. Copies share them.
#[derive(Debug, Clone)]
pub(crate) struct Sessions {
    store: Arc<dyn Store>,
    clock: Clock,
}

impl Sessions {
    /// The store that the settings ask for. Nothing is connected yet: a portal may start before its store.
    ///
    /// # Errors
    /// When the store's address cannot be used.
    pub(crate) fn of(settings: &Settings, clock: Clock) -> Result<Self, Away> {
        let store: Arc<dyn Store> = match &settings.store {
            StoreAt::Memory => Arc::new(MemoryStore::new()),
            StoreAt::Redis(url) => Arc::new(RedisStore::new(url, &settings.client_id, settings.issuer_text())?),
        };
        Ok(Self { store, clock })
    }

    #[cfg(test)]
    pub(super) fn over(store: Arc<dyn Store>, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// Ends one session. `false` when there was none.
    pub(crate) async fn end(&self, id: Id, ending: Ending) -> Result<bool, Away> {
        self.store.end(id, ending, self.clock.now()).await
    }

    /// Ends what a verified logout token names. Returns how many sessions that were; none is fine.
    ///
    /// # Errors
    /// [`Away`]: nobody knows whether anything ended. Inside: [`Refusal::Replayed`] and [`Refusal::OtherUser`]; nothing
    /// has changed then.
    pub(crate) async fn log_out(&self, token: &VerifiedLogoutToken) -> Result<Result<usize, Refusal>, Away> {
        self.store.log_out(token, self.clock.now()).await
    }

    /// The sessions with this `sid`, or without one those of this user. For the naive twins, which end more or less than
    /// a verified token names.
    pub(crate) async fn named(&self, iss: &str, sid: Option<&str>, sub: Option<&str>) -> Result<Vec<Id>, Away> {
        self.store.named(iss, sid, sub).await
    }

    /// Every session in which somebody is signed in. For the naive twins too.
    pub(crate) async fn all(&self) -> Result<Vec<Id>, Away> {
        self.store.all().await
    }

    /// Ends every session whose time is over.
    pub(crate) async fn end_expired(&self) -> Result<(), Away> {
        self.store.end_expired(self.clock.now()).await
    }

    /// Ends all sessions and forgets what ended before, what was begun, and which tokens were used.
    pub(crate) async fn clear(&self) -> Result<(), Away> {
        self.store.clear().await
    }

    /// Every session that ends from now on, also at other replicas.
    pub(crate) async fn listen(&self) -> Result<broadcast::Receiver<News>, Away> {
        self.store.listen().await
    }

    /// Who is signed in with this id, and which generation of the session says so.
    pub(crate) async fn who(&self, id: Id) -> Result<Option<(SignedIn, u64)>, Away> {
        let found = self.store.who(id, self.clock.now()).await?;
        Ok(found.map(|(who, generation)| (Arc::unwrap_or_clone(who), generation)))
    }

    /// Replaces what the provider said about the person. `false`: the session ended or changed meanwhile, and stays so.
    pub(crate) async fn renew(&self, id: Id, generation: u64, who: &SignedIn) -> Result<bool, Away> {
        let who = serde_json::to_value(who).map_err(|error| Away { why: error.to_string() })?;
        self.store.renew(id, generation, who, self.clock.now()).await
    }

    /// Why a session ended, if that was not long ago.
    pub(crate) async fn last_words(&self, id: Id) -> Result<Option<Ending>, Away> {
        self.end_expired().await?;
        self.store.last_words(id, self.clock.now()).await
    }

    /// How many sessions have somebody signed in, and how many people that are.
    pub(crate) async fn signed_in(&self) -> Result<(usize, usize), Away> {
        self.end_expired().await?;
        self.store.signed_in().await
    }

    /// Takes the right to refresh a session; `None` while somebody else has it.
    pub(crate) async fn lease(&self, id: Id, life: Duration) -> Result<Option<u64>, Away> {
        let holder = rand::random();
        Ok(self.store.lease(id, holder, life).await?.then_some(holder))
    }

    /// Gives the right to refresh back.
    pub(crate) async fn release(&self, id: Id, holder: u64) -> Result<(), Away> {
        self.store.release(id, holder).await
    }

    /// Remembers what a browser began; see [`super::Begun`].
    pub(super) async fn begin(&self, p: Purpose, state: &str, browser: &str, what: String) -> Result<(), Away> {
        self.store.begin(p, state, browser, what, self.clock.now()).await
    }

    /// What a browser began; see [`super::Begun`].
    pub(super) async fn finish(&self, p: Purpose, state: &str, browser: &str) -> Result<Option<String>, Away> {
        self.store.finish(p, state, browser, self.clock.now()).await
    }

    /// Whether the store answers.
    pub(crate) async fn ping(&self) -> Result<(), Away> {
        self.store.ping().await
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        // New sessions pay for the tidying; nothing has to run in the background.
        self.end_expired().await?;
        self.store.create(record, self.clock.now()).await?.map_err(EndedFirst::into)
    }

    /// Saves a record that is still there. For one that was deleted meanwhile this does nothing and is no error: the
    /// request was legal when it began, its answer may go out, and the next request finds no session.
    async fn save(&self, record: &Record) -> session_store::Result<()> {
        self.store.save(record, self.clock.now()).await?.map_err(EndedFirst::into)
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        Ok(self.store.load(*id, self.clock.now()).await?)
    }

    /// Takes a record's id away, because it is exchanged for another. Sessions that end for a reason go through
    /// [`Sessions::end`].
    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        Ok(self.store.part(*id, self.clock.now()).await?)
    }
}

impl From<Away> for session_store::Error {
    fn from(away: Away) -> Self {
        Self::Backend(away.why)
    }
}

impl From<EndedFirst> for session_store::Error {
    fn from(EndedFirst: EndedFirst) -> Self {
        Self::Backend(ENDED_FIRST.to_owned())
    }
}
