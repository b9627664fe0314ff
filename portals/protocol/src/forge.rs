//! An attacker's workshop for tests: any logout token, made from a good one by named mutations.
//!
//! A provider cannot be made to forge, and a test that waits for a real attacker waits too long. So a [`Forge`] plays the
//! provider with keys that exist for tests only, and everybody who would like to be it. Only with the feature `forge`.
//!
//! 1. [`Forge`]: who is attacked, about whom, when; [`Forge::token`] makes a token, [`Forge::keys`] the published keys.
//! 2. [`Mutation`]: one change to a good token, as it stands in the corpus.
//! 3. [`corpus`]: the attacks as data, with what must come of each.
//! 4. [`matrix`]: thousands of tokens with one thing wrong, and one more.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::logout_token::LOGOUT_EVENT;

pub mod corpus;
mod draft;
pub mod matrix;
mod mutation;
mod pens;
mod placeholders;
#[cfg(test)]
mod tests;

use draft::Draft;
pub use mutation::Mutation;
pub use pens::{KID, PRIVATE_KEY, Pen, published_keys, published_keys_with_a_choice};

/// Makes logout tokens for one client, about one session.
#[derive(Debug)]
pub struct Forge {
    /// The provider that it plays.
    pub issuer: String,
    /// The client that is attacked.
    pub client_id: String,
    /// The user of the session.
    pub sub: String,
    /// The session.
    pub sid: String,
    /// Another user, who has another session here.
    pub other_sub: String,
    /// When tokens are made. They live for two minutes, as Keycloak's do.
    pub now: Timestamp,
    made: AtomicU64,
}

impl Forge {
    /// A forge that plays `issuer` against `client_id`; `sub` and `sid` are those of the session that attacks aim at.
    pub fn new(issuer: &str, client_id: &str, sub: &str, sid: &str, now: Timestamp) -> Self {
        Self {
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            sub: sub.to_owned(),
            sid: sid.to_owned(),
            other_sub: "somebody-else".to_owned(),
            now,
            made: AtomicU64::new(0),
        }
    }

    /// A token without any fault, or with those that `mutations` make, in their order. Each has a `jti` of its own.
    ///
    /// # Panics
    /// When a mutation names what is not there, or a placeholder that does not exist: a corpus with such a mutation tests
    /// something else than it says.
    pub fn token(&self, mutations: &[Mutation]) -> String {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        self.token_with_jti(&format!("forged-{}-{number}", self.now.as_second()), mutations)
    }

    /// The same with this `jti`, to try replays.
    ///
    /// # Panics
    /// As [`Forge::token`].
    pub fn token_with_jti(&self, jti: &str, mutations: &[Mutation]) -> String {
        let mut draft = Draft::new(good_header(), self.good_claims(jti));
        for mutation in mutations {
            mutation.apply(&mut draft, self);
        }
        draft.write(self)
    }

    fn good_claims(&self, jti: &str) -> Map<String, Value> {
        let at = self.now.as_second();
        let claims = json!({
            "iat": at, "exp": at + 120, "jti": jti, "iss": self.issuer, "aud": self.client_id, "sub": self.sub,
            "typ": "Logout", "sid": self.sid, "events": {LOGOUT_EVENT: {}}
        });
        members(claims)
    }
}

fn good_header() -> Map<String, Value> {
    members(json!({"alg": "RS256", "typ": "logout+jwt", "kid": KID}))
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => unreachable!("{other} is written as an object above"),
    }
}
