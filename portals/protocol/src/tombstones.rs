//! The memory for logouts that overtake their session.
//!
//! A provider may announce a logout while the sign-in it ends still waits for the token endpoint: the token then finds
//! no session, and a moment later a session appears that nobody will ever end. A tombstone makes that session stillborn.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::logout_token::{Subject, VerifiedLogoutToken};
use crate::matching::KnownSession;

#[cfg(test)]
mod tests;

/// How long a logout is remembered for sessions on their way.
///
/// Longer than the last step of a sign-in can take (seconds, and every part of it has a deadline), and longer than a
/// logout token lives: afterwards an ID token that old is no answer to a sign-in that is still open.
pub const TOMBSTONE_LIFE: SignedDuration = SignedDuration::from_mins(5);

/// One announced logout: sessions that it names and that arrive later are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// Whose sessions.
    pub key: TombstoneKey,
    /// `iat` of the logout token. What began at the provider after that is not meant.
    pub issued_at: Timestamp,
}

/// What a tombstone lies on. `sid` and `sub` are unique per issuer only, so the issuer is part of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TombstoneKey {
    /// One session of the provider.
    Session {
        /// The provider.
        iss: String,
        /// Its session.
        sid: String,
    },
    /// Everything of one user.
    User {
        /// The provider.
        iss: String,
        /// Its user.
        sub: String,
    },
}

/// The logouts of the last [`TOMBSTONE_LIFE`].
///
/// Bounded in number too: when it is full, the entry that ends first goes. Only the provider can fill it, because a
/// tombstone is made of a token that was verified.
#[derive(Debug, Clone)]
pub struct Tombstones {
    by_key: HashMap<TombstoneKey, Kept>,
    by_end: BTreeSet<(Timestamp, TombstoneKey)>,
    capacity: usize,
}

#[derive(Debug, Clone, Copy)]
struct Kept {
    issued_at: Timestamp,
    until: Timestamp,
}

impl Tombstone {
    /// What `token` leaves behind: like the logout itself, on its `sid` if it has one, otherwise on its `sub`.
    pub fn of(token: &VerifiedLogoutToken) -> Self {
        let iss = token.iss().to_owned();
        let key = match token.subject() {
            Subject::Session { sid } => TombstoneKey::Session { iss, sid: sid.to_owned() },
            Subject::AllOf { sub } => TombstoneKey::User { iss, sub: sub.to_owned() },
        };
        Self { key, issued_at: token.issued_at() }
    }

    /// Whether `session`, which arrives now, ended before it began.
    pub fn covers(&self, session: KnownSession<'_>) -> bool {
        match &self.key {
            // `sid` is unique, so in doubt the session is the one that ended. But some releases of Keycloak have used a
            // `sid` again after the next sign-in: the person proved who they are later than the token was made.
            //
            // Trap: `iat` does not tell these two apart. While a provider still notifies the other applications, it may
            // redeem a code of the session that it is ending, with an ID token younger than the logout token.
            TombstoneKey::Session { iss, sid } => {
                session.iss == iss && session.sid == Some(sid.as_str()) && session.began() <= self.issued_at
            }
            // A user is not unique in that way. Times are whole seconds, and signing in again within the same second
            // must work: who signs out may always sign in.
            TombstoneKey::User { iss, sub } => {
                session.iss == iss && session.sub == sub && session.issued_at < self.issued_at
            }
        }
    }
}

impl TombstoneKey {
    /// The keys that a tombstone for `session` can have: where to look, in any store.
    pub fn of_session(session: KnownSession<'_>) -> Vec<Self> {
        let user = Self::User { iss: session.iss.to_owned(), sub: session.sub.to_owned() };
        let sid = session.sid.map(|sid| Self::Session { iss: session.iss.to_owned(), sid: sid.to_owned() });
        sid.into_iter().chain([user]).collect()
    }
}

impl Tombstones {
    /// A memory of at most `capacity` logouts (at least one).
    pub fn new(capacity: usize) -> Self {
        Self { by_key: HashMap::new(), by_end: BTreeSet::new(), capacity: capacity.max(1) }
    }

    /// Remembers the logout for sessions that arrive later. Of two about the same, the later one counts.
    pub fn remember(&mut self, token: &VerifiedLogoutToken, now: Timestamp) {
        self.forget_ended(now);
        let Tombstone { key, mut issued_at } = Tombstone::of(token);
        let mut until = now.saturating_add(TOMBSTONE_LIFE).unwrap_or(Timestamp::MAX);
        if let Some(earlier) = self.by_key.remove(&key) {
            self.by_end.remove(&(earlier.until, key.clone()));
            issued_at = issued_at.max(earlier.issued_at);
            until = until.max(earlier.until);
        }
        if self.by_key.len() >= self.capacity
            && let Some((_, first)) = self.by_end.pop_first()
        {
            self.by_key.remove(&first);
        }
        self.by_end.insert((until, key.clone()));
        self.by_key.insert(key, Kept { issued_at, until });
    }

    /// Whether `session`, which is about to be stored, has ended already.
    ///
    /// Ask under the same lock that stores it, otherwise the token can slip in between.
    pub fn has_ended(&self, session: KnownSession<'_>, now: Timestamp) -> bool {
        TombstoneKey::of_session(session).into_iter().any(|key| {
            let kept = self.by_key.get(&key).filter(|kept| kept.until > now).copied();
            kept.is_some_and(|Kept { issued_at, .. }| Tombstone { key, issued_at }.covers(session))
        })
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.by_key.clear();
        self.by_end.clear();
    }

    /// How many logouts are remembered.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether none is remembered.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    fn forget_ended(&mut self, now: Timestamp) {
        while self.by_end.first().is_some_and(|(until, _)| *until <= now) {
            if let Some((_, key)) = self.by_end.pop_first() {
                self.by_key.remove(&key);
            }
        }
    }
}
