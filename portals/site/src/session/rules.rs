//! What both stores agree on: how long things last, and what a copy of a session says.
//!
//! A request works on a *copy* of a session. While it does, the session may end, be renewed or change its id. So every
//! copy carries where it comes from ([`Held`]), and a store takes from a copy only what a copy may decide:
//!
//! * Who is signed in changes in three ways only: a sign-in ([`FRESH`]), a refresh ([`super::store::Store::renew`]), a
//!   sign-out. An ordinary save carries the old answer along, and that answer does not count.
//! * A copy whose generation is not the store's is stale: the store's answer stays.
//! * A copy of a session that is gone writes nothing.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower_sessions::session::{Id, Record};

/// Key of the signed-in person in a session's data.
pub(crate) const SIGNED_IN: &str = "signed_in";
/// Key by which a new sign-in is told from a copy of an old one. It never reaches a store's record.
pub(super) const FRESH: &str = "fresh_sign_in";
/// Key of [`Held`] in a copy. It never reaches a store's record either.
pub(super) const HELD: &str = "held";

/// How long a session lasts in which nobody signed in: a little longer than a sign-in may take.
pub(super) const ANONYMOUS_LIFE: SignedDuration = SignedDuration::from_mins(15);
/// How long a session may take to change its id. `tower-sessions` deletes the old id and creates the new one in two
/// calls of one request; in between, a logout must still find the session.
pub(super) const MOVE_LIFE: SignedDuration = SignedDuration::from_mins(1);
/// How long the store can say why a session ended.
pub(super) const LAST_WORDS_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// Values of a session by their names.
pub(super) type Data = HashMap<String, Value>;

/// Which state of which session a copy was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Held {
    /// The session's id, as text: JSON has no numbers of this size.
    pub(crate) id: String,
    /// Counts the changes of who is signed in.
    pub(crate) generation: u64,
}

/// The part of a signed-in session that the rules look at.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Owner {
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) sid: Option<String>,
    pub(super) issued_at: Timestamp,
    pub(super) auth_time: Option<Timestamp>,
    pub(super) expires_at: Timestamp,
}

/// A copy, taken apart.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) data: Data,
    /// Who the copy says is signed in.
    pub(super) who: Option<(Value, Owner)>,
    pub(super) held: Option<Held>,
    pub(super) fresh: bool,
}

/// A session's end was announced before it began, or while a copy of it was under way.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EndedFirst;

impl Owner {
    pub(super) fn of(who: &Value) -> Option<Self> {
        Self::deserialize(who).ok()
    }
}

impl Parts {
    pub(super) fn of(record: &Record) -> Self {
        let mut data = record.data.clone();
        let held = data.remove(HELD).and_then(|held| Held::deserialize(held).ok());
        let fresh = data.remove(FRESH).is_some();
        let owner = data.get(SIGNED_IN).and_then(Owner::of);
        let who = owner.and_then(|owner| data.remove(SIGNED_IN).map(|who| (who, owner)));
        Self { data, who, held, fresh }
    }

    /// The session whose id was exchanged for that of this copy.
    pub(super) fn moved_from(&self) -> Option<Id> {
        self.held.as_ref().and_then(|held| held.id.parse().ok())
    }

    /// The generation that the copy knows of the session `id`; `None` is never the store's.
    pub(super) fn generation(&self, id: Id) -> Option<u64> {
        self.held.as_ref().filter(|held| held.id == id.to_string()).map(|held| held.generation)
    }
}

/// Puts a copy together.
pub(super) fn copy(id: Id, mut data: Data, who: Option<Value>, generation: u64) -> Record {
    if let Some(who) = who {
        data.insert(SIGNED_IN.to_owned(), who);
    }
    mark(&mut data, id, generation);
    // When it really expires is the rules' business and depends on the portal's clock.
    Record { id, data, expiry_date: time::OffsetDateTime::UNIX_EPOCH }
}

/// Says in a copy which state of which session it is.
pub(super) fn mark(data: &mut Data, id: Id, generation: u64) {
    data.remove(FRESH);
    data.insert(HELD.to_owned(), serde_json::json!({"id": id.to_string(), "generation": generation}));
}

pub(super) fn after(now: Timestamp, life: SignedDuration) -> Timestamp {
    now.saturating_add(life).unwrap_or(Timestamp::MAX)
}
