//! The rules of the session store, without a lock, a clock or a framework around them.
//!
//! Three rules carry every logout:
//!
//! 1. A deleted record never comes back. A request that was under way when the logout arrived may still hold a copy of
//!    the record and save it at its end; a store that accepts that brings the dead session back (a zombie).
//! 2. A session can be found by (`iss`, `sid`) and by (`iss`, `sub`), since a logout token brings no cookie.
//! 3. A logout may arrive *before* the session it names, while the sign-in still waits for the provider's answer. Then
//!    a tombstone remembers it, and the late session is refused.
//!
//! Left out: other processes. This store is one process's memory, so sessions end with it, and two replicas of a portal
//! would each know only their own.

use std::collections::{HashMap, HashSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use portal_protocol::{Subject, VerifiedLogoutToken};
use serde::Deserialize;
use tower_sessions::session::{Id, Record};

use super::{Ending, SIGNED_IN};

#[cfg(test)]
mod tests;

/// How long a session lasts in which nobody signed in: a little longer than a sign-in may take.
const ANONYMOUS_LIFE: SignedDuration = SignedDuration::from_mins(15);
/// How long a logout is remembered for sessions that are still on their way. A sign-in's last step takes seconds.
const TOMBSTONE_LIFE: SignedDuration = SignedDuration::from_mins(5);
/// How long the store can say why a session ended.
const LAST_WORDS_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// Bounds of the memory. At the first one a visitor who is not signed in has to go.
const MOST_RECORDS: usize = 20_000;
const MOST_TOMBSTONES: usize = 10_000;
const MOST_LAST_WORDS: usize = 1_000;

/// The part of a signed-in record that the rules look at.
#[derive(Debug, Clone, Deserialize)]
struct Owner {
    iss: String,
    sub: String,
    sid: Option<String>,
    issued_at: Timestamp,
    expires_at: Timestamp,
}

#[derive(Debug)]
struct Kept {
    record: Record,
    owner: Option<Owner>,
    expires_at: Timestamp,
}

/// A logout that was announced: sessions of this kind which arrive later are refused.
#[derive(Debug)]
struct Tombstone {
    iss: String,
    of: Named,
    issued_at: Timestamp,
    until: Timestamp,
}

#[derive(Debug, PartialEq, Eq)]
enum Named {
    Sid(String),
    Sub(String),
}

/// A session whose end was announced before it began.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EndedFirst;

type Key = (String, String);

/// All sessions of a portal.
#[derive(Debug, Default)]
pub(super) struct Memory {
    records: HashMap<Id, Kept>,
    by_sid: HashMap<Key, HashSet<Id>>,
    by_sub: HashMap<Key, HashSet<Id>>,
    tombstones: VecDeque<Tombstone>,
    last_words: VecDeque<(Id, Ending, Timestamp)>,
}

impl Memory {
    /// Adds a record, under a new id if its own is taken.
    ///
    /// # Errors
    /// [`EndedFirst`] when somebody is signed in with it and a tombstone says that this session has ended.
    pub(super) fn create(&mut self, record: &mut Record, now: Timestamp) -> Result<(), EndedFirst> {
        let owner = owner_of(record);
        if owner.as_ref().is_some_and(|owner| self.has_ended(owner, now)) {
            return Err(EndedFirst);
        }
        self.make_room();
        while self.records.contains_key(&record.id) {
            record.id = Id::default();
        }
        self.keep(record.clone(), owner, now);
        Ok(())
    }

    /// Replaces a record that is there. A record that is not there stays away: that is rule 1.
    pub(super) fn save(&mut self, record: &Record, now: Timestamp) {
        if self.load(record.id, now).is_some() {
            self.take(record.id);
            self.keep(record.clone(), owner_of(record), now);
        }
    }

    /// A record that is there and whose time is not over.
    pub(super) fn load(&self, id: Id, now: Timestamp) -> Option<&Record> {
        self.records.get(&id).filter(|kept| kept.expires_at > now).map(|kept| &kept.record)
    }

    /// Ends one session. `false` when there was none.
    pub(super) fn end(&mut self, id: Id, ending: Ending, now: Timestamp) -> bool {
        let Some(kept) = self.take(id) else { return false };
        if kept.owner.is_some() {
            if self.last_words.len() == MOST_LAST_WORDS {
                self.last_words.pop_front();
            }
            self.last_words.push_back((id, ending, after(now, LAST_WORDS_LIFE)));
        }
        true
    }

    /// Ends what a logout token names and remembers it for sessions on their way. Returns the ended sessions.
    pub(super) fn end_named(&mut self, token: &VerifiedLogoutToken, now: Timestamp) -> Vec<Id> {
        let (named, ids) = match token.subject() {
            // Exactly this session. Trap: going on to `sub` when this `sid` is unknown would sign the person out on
            // every other device.
            Subject::Session { sid } => (Named::Sid(sid.to_owned()), ids(&self.by_sid, token.iss(), sid)),
            // All sessions that existed when the token was made. A sign-in after that is a new decision.
            Subject::AllOf { sub } => {
                let mut ids = ids(&self.by_sub, token.iss(), sub);
                ids.retain(|id| self.issued_at(*id).is_some_and(|issued_at| issued_at <= token.issued_at()));
                (Named::Sub(sub.to_owned()), ids)
            }
        };
        self.tombstones.retain(|tombstone| tombstone.until > now);
        if self.tombstones.len() == MOST_TOMBSTONES {
            self.tombstones.pop_front();
        }
        self.tombstones.push_back(Tombstone {
            iss: token.iss().to_owned(),
            of: named,
            issued_at: token.issued_at(),
            until: after(now, TOMBSTONE_LIFE),
        });
        ids.into_iter().filter(|id| self.end(*id, Ending::BackChannel, now)).collect()
    }

    /// Ends every session whose time is over. Returns those in which somebody was signed in.
    pub(super) fn end_expired(&mut self, now: Timestamp) -> Vec<Id> {
        self.last_words.retain(|(_, _, until)| *until > now);
        let over: Vec<Id> = self.records.iter().filter(|(_, kept)| kept.expires_at <= now).map(|(id, _)| *id).collect();
        let (signed_in, anonymous): (Vec<Id>, Vec<Id>) =
            over.into_iter().partition(|id| self.records.get(id).is_some_and(|kept| kept.owner.is_some()));
        for id in anonymous {
            self.take(id);
        }
        signed_in.into_iter().filter(|id| self.end(*id, Ending::Expired, now)).collect()
    }

    /// The sessions with this `sid`, or without one those of this user.
    pub(super) fn of(&self, iss: &str, sid: Option<&str>, sub: Option<&str>) -> Vec<Id> {
        match (sid, sub) {
            (Some(sid), _) => ids(&self.by_sid, iss, sid),
            (None, Some(sub)) => ids(&self.by_sub, iss, sub),
            (None, None) => Vec::new(),
        }
    }

    /// Every session in which somebody is signed in.
    pub(super) fn all(&self) -> Vec<Id> {
        self.records.iter().filter(|(_, kept)| kept.owner.is_some()).map(|(id, _)| *id).collect()
    }

    /// Forgets everything: sessions, tombstones, last words. Returns the sessions that were there.
    pub(super) fn clear(&mut self) -> Vec<Id> {
        std::mem::take(self).records.into_keys().collect()
    }

    /// Why a session ended, if that was not long ago.
    pub(super) fn last_words(&self, id: Id) -> Option<Ending> {
        self.last_words.iter().rev().find(|(ended, _, _)| *ended == id).map(|(_, ending, _)| *ending)
    }

    /// How many sessions have somebody signed in, and how many people that are.
    pub(super) fn signed_in(&self, now: Timestamp) -> (usize, usize) {
        let owners =
            || self.records.values().filter(|kept| kept.expires_at > now).filter_map(|kept| kept.owner.as_ref());
        (owners().count(), owners().map(|owner| (&owner.iss, &owner.sub)).collect::<HashSet<_>>().len())
    }

    fn has_ended(&self, owner: &Owner, now: Timestamp) -> bool {
        self.tombstones.iter().filter(|tombstone| tombstone.until > now && tombstone.iss == owner.iss).any(
            |tombstone| {
                match &tombstone.of {
                    // `sid` is unique, so in doubt the session is the one that ended. But some releases of Keycloak have used
                    // a `sid` again after the next sign-in: that one is later than the token.
                    Named::Sid(sid) => owner.sid.as_ref() == Some(sid) && owner.issued_at <= tombstone.issued_at,
                    // A user is not unique in that way. Times are whole seconds, and signing in again within the same second
                    // must work: who signs out may always sign in.
                    Named::Sub(sub) => owner.sub == *sub && owner.issued_at < tombstone.issued_at,
                }
            },
        )
    }

    fn keep(&mut self, record: Record, owner: Option<Owner>, now: Timestamp) {
        let id = record.id;
        if let Some(owner) = &owner {
            self.by_sub.entry((owner.iss.clone(), owner.sub.clone())).or_default().insert(id);
            if let Some(sid) = &owner.sid {
                self.by_sid.entry((owner.iss.clone(), sid.clone())).or_default().insert(id);
            }
        }
        let expires_at = owner.as_ref().map_or_else(|| after(now, ANONYMOUS_LIFE), |owner| owner.expires_at);
        self.records.insert(id, Kept { record, owner, expires_at });
    }

    fn take(&mut self, id: Id) -> Option<Kept> {
        let kept = self.records.remove(&id)?;
        if let Some(owner) = &kept.owner {
            remove(&mut self.by_sub, (owner.iss.clone(), owner.sub.clone()), id);
            if let Some(sid) = &owner.sid {
                remove(&mut self.by_sid, (owner.iss.clone(), sid.clone()), id);
            }
        }
        Some(kept)
    }

    fn issued_at(&self, id: Id) -> Option<Timestamp> {
        self.records.get(&id)?.owner.as_ref().map(|owner| owner.issued_at)
    }

    fn make_room(&mut self) {
        while self.records.len() >= MOST_RECORDS {
            let first = self.records.iter().min_by_key(|(_, kept)| (kept.owner.is_some(), kept.expires_at));
            let Some(id) = first.map(|(id, _)| *id) else { return };
            self.take(id);
        }
    }
}

fn ids(index: &HashMap<Key, HashSet<Id>>, iss: &str, name: &str) -> Vec<Id> {
    index.get(&(iss.to_owned(), name.to_owned())).into_iter().flatten().copied().collect()
}

fn owner_of(record: &Record) -> Option<Owner> {
    record.data.get(SIGNED_IN).and_then(|who| Owner::deserialize(who).ok())
}

/// Removes an id from an index, and the entry with it when it was the last: an index that only grows is a leak.
fn remove(index: &mut HashMap<Key, HashSet<Id>>, key: Key, id: Id) {
    if let Some(ids) = index.get_mut(&key) {
        ids.remove(&id);
        if ids.is_empty() {
            index.remove(&key);
        }
    }
}

fn after(now: Timestamp, life: SignedDuration) -> Timestamp {
    now.saturating_add(life).unwrap_or(Timestamp::MAX)
}
