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
//! would each know only their own. [`super::redis`] has the same rules for several.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use portal_protocol::{Refusal, SeenTokens, Subject, Tombstones, VerifiedLogoutToken, matches};
use serde::Deserialize as _;
use serde_json::Value;
use tower_sessions::session::{Id, Record};

use super::rules::{ANONYMOUS_LIFE, Data, EndedFirst, LAST_WORDS_LIFE, MOVE_LIFE, Parts, after, copy, mark};
use super::{Ending, SignedIn};

#[cfg(test)]
mod tests;

/// Bounds of the memory. Anybody can be a visitor, so those are few; people come from the provider.
const MOST_VISITORS: usize = 20_000;
const MOST_PEOPLE: usize = 2_000_000;
const MOST_TOMBSTONES: usize = 10_000;
const MOST_SEEN_TOKENS: usize = 10_000;
const MOST_LAST_WORDS: usize = 1_000;

#[derive(Debug)]
struct Kept {
    data: Data,
    /// As the type that the portal works with: a session is read far more often than written.
    who: Option<Arc<SignedIn>>,
    generation: u64,
    expires_at: Timestamp,
    /// Its old id is deleted, its new one not created yet.
    moving: bool,
}

type Key = (String, String);

/// All sessions of a portal.
#[derive(Debug)]
pub(super) struct Memory {
    records: HashMap<Id, Kept>,
    by_sid: HashMap<Key, HashSet<Id>>,
    by_sub: HashMap<Key, HashSet<Id>>,
    /// In the order in which they expire, so that tidying looks at nothing else.
    visitors: BTreeSet<(Timestamp, i128)>,
    people: BTreeSet<(Timestamp, i128)>,
    tombstones: Tombstones,
    seen: SeenTokens,
    last_words: VecDeque<(Id, Ending, Timestamp)>,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self {
            records: HashMap::new(),
            by_sid: HashMap::new(),
            by_sub: HashMap::new(),
            visitors: BTreeSet::new(),
            people: BTreeSet::new(),
            tombstones: Tombstones::new(MOST_TOMBSTONES),
            seen: SeenTokens::new(MOST_SEEN_TOKENS),
            last_words: VecDeque::new(),
        }
    }

    /// Adds a session, under a new id if its own is taken.
    ///
    /// # Errors
    /// [`EndedFirst`] when a tombstone says that it has ended, or when it should continue one that ended meanwhile.
    pub(super) fn create(&mut self, record: &mut Record, now: Timestamp) -> Result<(), EndedFirst> {
        let parts = Parts::of(record);
        let old = parts.moved_from().filter(|id| self.records.get(id).is_some_and(|kept| kept.moving));
        let Parts { data, who, fresh, .. } = parts;
        let mut who = who.and_then(|(who, _)| typed(&who));
        let old = old.and_then(|id| self.take(id)).filter(|kept| kept.expires_at > now);
        let mut generation = 1;
        if let Some(person) = &who {
            if fresh {
                if self.tombstones.has_ended(person.known(), now) {
                    return Err(EndedFirst);
                }
            } else {
                // Not a new sign-in: the same one under a new id. That is only so while the old one has not ended.
                let old = old.ok_or(EndedFirst)?;
                (who, generation) = (old.who, old.generation + 1);
            }
        }
        self.make_room();
        while self.records.contains_key(&record.id) {
            record.id = Id::default();
        }
        self.keep(record.id, Kept { data, who, generation, expires_at: now, moving: false }, now);
        mark(&mut record.data, record.id, generation);
        Ok(())
    }

    /// Saves a copy to a session that is there. One that is not there stays away: that is rule 1.
    ///
    /// # Errors
    /// [`EndedFirst`] when the copy brings a new sign-in, and a tombstone says that it has ended.
    pub(super) fn save(&mut self, record: &Record, now: Timestamp) -> Result<(), EndedFirst> {
        let Some(kept) = self.live(record.id, now) else { return Ok(()) };
        let copy = Parts::of(record);
        let current = copy.generation(record.id) == Some(kept.generation);
        let (before, generation) = (kept.who.clone(), kept.generation);
        let (who, generation) = match copy.who.and_then(|(who, _)| typed(&who)) {
            None if current && before.is_some() => (None, generation + 1),
            // Trap: a sign-in that keeps the id of the visitor is what session fixation needs. Our portals do not.
            Some(new) if copy.fresh && current && before.as_ref() != Some(&new) => {
                if self.tombstones.has_ended(new.known(), now) {
                    return Err(EndedFirst);
                }
                (Some(new), generation + 1)
            }
            _ => (before, generation),
        };
        self.take(record.id);
        self.keep(record.id, Kept { data: copy.data, who, generation, expires_at: now, moving: false }, now);
        Ok(())
    }

    /// A copy of a session that is there and whose time is not over.
    pub(super) fn load(&self, id: Id, now: Timestamp) -> Option<Record> {
        let kept = self.live(id, now)?;
        let who = kept.who.as_ref().and_then(|who| serde_json::to_value(who.as_ref()).ok());
        Some(copy(id, kept.data.clone(), who, kept.generation))
    }

    /// Who is signed in, and the session's generation: all that most requests want to know.
    pub(super) fn who(&self, id: Id, now: Timestamp) -> Option<(Arc<SignedIn>, u64)> {
        let kept = self.live(id, now)?;
        Some((Arc::clone(kept.who.as_ref()?), kept.generation))
    }

    /// Takes the id from a session. Nobody can use it any more; a new id may continue it for [`MOVE_LIFE`], unless it
    /// ends before. `true` when somebody was signed in.
    pub(super) fn part(&mut self, id: Id, now: Timestamp) -> bool {
        let Some(mut kept) = self.take(id) else { return false };
        if kept.who.is_none() {
            return false;
        }
        if !kept.moving {
            (kept.moving, kept.expires_at) = (true, kept.expires_at.min(after(now, MOVE_LIFE)));
            self.say(id, Ending::Replaced, now);
        }
        self.index(id, kept);
        true
    }

    /// Replaces what the provider said about the person of a session: compare and set on the generation.
    pub(super) fn renew(&mut self, id: Id, generation: u64, who: Value, now: Timestamp) -> bool {
        let of_this = |kept: &&Kept| kept.generation == generation && kept.who.is_some();
        let (Some(_), Some(who)) = (self.live(id, now).filter(of_this), typed(&who)) else { return false };
        let Some(kept) = self.take(id) else { return false };
        self.keep(id, Kept { who: Some(who), generation: generation + 1, ..kept }, now);
        true
    }

    /// Ends one session. `false` when there was none.
    pub(super) fn end(&mut self, id: Id, ending: Ending, now: Timestamp) -> bool {
        let Some(kept) = self.take(id) else { return false };
        if kept.who.is_some() {
            self.say(id, ending, now);
        }
        true
    }

    /// Ends what a logout token names and remembers it for sessions on their way. Returns the ended sessions.
    ///
    /// # Errors
    /// [`Refusal::Replayed`] and [`Refusal::OtherUser`]; nothing has changed then.
    pub(super) fn log_out(&mut self, token: &VerifiedLogoutToken, now: Timestamp) -> Result<Vec<Id>, Refusal> {
        let candidates = match token.subject() {
            Subject::Session { sid } => ids(&self.by_sid, token.iss(), sid),
            Subject::AllOf { sub } => ids(&self.by_sub, token.iss(), sub),
        };
        let mut named = Vec::new();
        for id in candidates {
            let Some(kept) = self.records.get(&id).filter(|kept| kept.expires_at > now) else { continue };
            let Some(who) = &kept.who else { continue };
            if matches(token, who.known()).ends()? {
                named.push(id);
            }
        }
        // The token's id is remembered only now: whoever could fill this memory with garbage could push real ids out.
        self.seen.remember(token, now)?;
        self.tombstones.remember(token, now);
        for id in &named {
            self.end(*id, Ending::BackChannel, now);
        }
        Ok(named)
    }

    /// Ends every session whose time is over. Returns those in which somebody was signed in.
    pub(super) fn end_expired(&mut self, now: Timestamp) -> Vec<Id> {
        self.last_words.retain(|(_, _, until)| *until > now);
        while let Some(id) = first_until(&self.visitors, now) {
            self.take(id);
        }
        let mut people = Vec::new();
        while let Some(id) = first_until(&self.people, now) {
            // A session that never got its new id was announced when it lost the old one.
            let moving = self.records.get(&id).is_some_and(|kept| kept.moving);
            if moving {
                self.take(id);
            } else {
                self.end(id, Ending::Expired, now);
                people.push(id);
            }
        }
        people
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
        self.records.iter().filter(|(_, kept)| kept.who.is_some()).map(|(id, _)| *id).collect()
    }

    /// Forgets everything: sessions, tombstones, seen tokens, last words. Returns the sessions that were there.
    pub(super) fn clear(&mut self) -> Vec<Id> {
        std::mem::replace(self, Self::new()).records.into_keys().collect()
    }

    /// Why a session ended, if that was not long ago.
    pub(super) fn last_words(&self, id: Id) -> Option<Ending> {
        self.last_words.iter().rev().find(|(ended, _, _)| *ended == id).map(|(_, ending, _)| *ending)
    }

    /// How many sessions have somebody signed in, and how many people that are; after [`Self::end_expired`].
    pub(super) fn signed_in(&self) -> (usize, usize) {
        (self.people.len(), self.by_sub.len())
    }

    fn live(&self, id: Id, now: Timestamp) -> Option<&Kept> {
        self.records.get(&id).filter(|kept| kept.expires_at > now && !kept.moving)
    }

    /// Keeps a session until the time that follows from who is signed in.
    fn keep(&mut self, id: Id, mut kept: Kept, now: Timestamp) {
        let who = kept.who.as_ref();
        kept.expires_at = who.map_or_else(|| after(now, ANONYMOUS_LIFE), |who| who.expires_at);
        self.index(id, kept);
    }

    fn index(&mut self, id: Id, kept: Kept) {
        if let Some(owner) = &kept.who {
            self.by_sub.entry((owner.iss.clone(), owner.sub.clone())).or_default().insert(id);
            if let Some(sid) = &owner.sid {
                self.by_sid.entry((owner.iss.clone(), sid.clone())).or_default().insert(id);
            }
            self.people.insert((kept.expires_at, id.0));
        } else {
            self.visitors.insert((kept.expires_at, id.0));
        }
        self.records.insert(id, kept);
    }

    fn take(&mut self, id: Id) -> Option<Kept> {
        let kept = self.records.remove(&id)?;
        if let Some(owner) = &kept.who {
            remove(&mut self.by_sub, (owner.iss.clone(), owner.sub.clone()), id);
            if let Some(sid) = &owner.sid {
                remove(&mut self.by_sid, (owner.iss.clone(), sid.clone()), id);
            }
            self.people.remove(&(kept.expires_at, id.0));
        } else {
            self.visitors.remove(&(kept.expires_at, id.0));
        }
        Some(kept)
    }

    fn say(&mut self, id: Id, ending: Ending, now: Timestamp) {
        if self.last_words.len() == MOST_LAST_WORDS {
            self.last_words.pop_front();
        }
        self.last_words.push_back((id, ending, after(now, LAST_WORDS_LIFE)));
    }

    fn make_room(&mut self) {
        for (most, people) in [(MOST_VISITORS, false), (MOST_PEOPLE, true)] {
            let set = if people { &self.people } else { &self.visitors };
            if set.len() >= most
                && let Some((_, id)) = set.first().copied()
            {
                self.take(Id(id));
            }
        }
    }
}

/// The person that a copy names. [`Parts`] has seen already that it names one.
fn typed(who: &Value) -> Option<Arc<SignedIn>> {
    SignedIn::deserialize(who).ok().map(Arc::new)
}

fn ids(index: &HashMap<Key, HashSet<Id>>, iss: &str, name: &str) -> Vec<Id> {
    index.get(&(iss.to_owned(), name.to_owned())).into_iter().flatten().copied().collect()
}

fn first_until(set: &BTreeSet<(Timestamp, i128)>, now: Timestamp) -> Option<Id> {
    set.first().filter(|(end, _)| *end <= now).map(|(_, id)| Id(*id))
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
