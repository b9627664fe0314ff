//! The memory that makes a logout token work only once.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use crate::logout_token::{LEEWAY, Refusal, VerifiedLogoutToken};

#[cfg(test)]
mod tests;

/// The ids (`jti`) of tokens that were accepted and could be accepted again.
///
/// A token is remembered until its `exp` plus [`LEEWAY`]: not shorter, since until then it would pass every other
/// check; not longer, since afterwards it is refused as expired anyway. So the memory empties itself. The number
/// of entries is bounded too; only the provider can fill it, because a token is remembered *after* it was verified.
///
/// Left out: sharing it. Two replicas of a portal would each accept the token once, which ends the same sessions.
#[derive(Debug, Clone)]
pub struct SeenTokens {
    by_id: HashMap<TokenId, Timestamp>,
    by_end: BTreeSet<(Timestamp, TokenId)>,
    capacity: usize,
}

/// `jti` is unique per issuer only.
type TokenId = (String, String);

impl SeenTokens {
    /// A memory of at most `capacity` tokens (at least one). When it is full, the entry that ends first goes.
    pub fn new(capacity: usize) -> Self {
        Self { by_id: HashMap::new(), by_end: BTreeSet::new(), capacity: capacity.max(1) }
    }

    /// Remembers `token`.
    ///
    /// # Errors
    /// [`Refusal::Replayed`] when it is remembered already (BCL 2.6, step 8).
    pub fn remember(&mut self, token: &VerifiedLogoutToken, now: Timestamp) -> Result<(), Refusal> {
        self.forget_ended(now);
        let id = (token.iss().to_owned(), token.jti().to_owned());
        if self.by_id.contains_key(&id) {
            return Err(Refusal::Replayed);
        }
        if self.by_id.len() >= self.capacity
            && let Some((_, oldest)) = self.by_end.pop_first()
        {
            self.by_id.remove(&oldest);
        }
        let end = token.expires_at().checked_add(LEEWAY).unwrap_or(Timestamp::MAX);
        self.by_id.insert(id.clone(), end);
        self.by_end.insert((end, id));
        Ok(())
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.by_id.clear();
        self.by_end.clear();
    }

    /// How many tokens are remembered.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether none is remembered.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    fn forget_ended(&mut self, now: Timestamp) {
        while self.by_end.first().is_some_and(|(end, _)| *end <= now) {
            if let Some((_, id)) = self.by_end.pop_first() {
                self.by_id.remove(&id);
            }
        }
    }
}
