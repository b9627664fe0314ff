//! The logout token: a signed message from the provider, "this session is over".
//!
//! It arrives by a POST without any cookie. Its signature is the only thing that makes it more than a stranger's
//! wish, so [`verify`] checks that before it reads a single claim, and its result is a proof:
//! a [`VerifiedLogoutToken`] cannot be made in any other way.

use jiff::Timestamp;
use openidconnect::core::CoreJsonWebKeySet;
use serde_json::{Map, Value};

use crate::jws::UnverifiedJws;

mod claims;
mod expectations;
mod header;
mod refusal;
mod rule;
mod shortened;
mod signature;
#[cfg(test)]
pub(crate) mod tests;

pub use expectations::{Expectations, LEEWAY, LONGEST_NAME, LONGEST_TOKEN, MAX_AGE, SHORT_LIFE, TypePolicy};
pub use refusal::Refusal;
pub use rule::Rule;
pub use shortened::Shortened;

/// The provider's public keys, as its `jwks_uri` serves them.
pub type KeySet = CoreJsonWebKeySet;

/// The member of `events` that makes a token a logout token.
pub const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A logout token that has passed every check. Private fields and no other constructor: who holds one may end
/// the session it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedLogoutToken {
    iss: String,
    sub: Option<String>,
    sid: Option<String>,
    jti: String,
    issued_at: Timestamp,
    expires_at: Timestamp,
}

/// Whose sessions a logout token ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// Exactly the session with this `sid`, whatever `sub` says.
    Session {
        /// The provider's session id.
        sid: &'a str,
    },
    /// Every session of this user.
    AllOf {
        /// The user at this provider.
        sub: &'a str,
    },
}

/// Verifies a logout token by Back-Channel Logout 1.0, section 2.6. The steps of that section are:
///
/// 1. Decrypt it. *Refused instead:* this portal registered no encryption key, so nobody may encrypt to it.
/// 2. Check the signature with the provider's keys.
/// 3. Check the algorithm. We choose the algorithm, never the token; `none` is never one.
/// 4. Check `iss`, `aud`, `iat`, `exp` as for an ID token.
/// 5. There is a `sub`, a `sid`, or both.
/// 6. `events` has the logout member, and its value is a JSON object.
/// 7. There is no `nonce`: that would be an ID token.
/// 8. `jti` was not seen before. *Not here:* needs a memory, see [`crate::SeenTokens`].
/// 9. to 11. (optional) the issuer, user and session are known here. *Not here:* needs the sessions, see
///    [`crate::matches`]. A token about an unknown session is answered like any other (it may have ended already).
///
/// # Errors
/// A [`Refusal`], one variant for each thing that can be wrong. [`Refusal::UnknownKey`] is special: the provider
/// may have a new key, so the caller may fetch the keys again, once, and try again.
pub fn verify(
    unverified: &str,
    expect: &Expectations,
    keys: &KeySet,
    now: Timestamp,
) -> Result<VerifiedLogoutToken, Refusal> {
    // 1. to 3. From here on the provider speaks, not a stranger.
    let claims = authentic_claims(unverified, expect, keys)?;

    // 4. From our provider, for us, and current.
    let iss = claims::issuer(&claims, &expect.issuer)?;
    claims::audience(&claims, &expect.client_id)?;
    let (issued_at, expires_at) = claims::lifetime(&claims, expect, now)?;

    // 5. About somebody.
    let sub = claims::optional_name(&claims, "sub")?;
    let sid = claims::optional_name(&claims, "sid")?;
    if sub.is_none() && sid.is_none() {
        return Err(Refusal::NobodyNamed);
    }

    // 6. and 7. A logout token, not another kind of token with the same signature.
    claims::logout_event(&claims)?;
    if claims.contains_key("nonce") {
        return Err(Refusal::HasNonce);
    }

    let jti = claims::optional_name(&claims, "jti")?.ok_or(Refusal::ClaimMissing { claim: "jti" })?;
    Ok(VerifiedLogoutToken { iss, sub, sid, jti, issued_at, expires_at })
}

/// Steps 1 to 3: the claims, once it is certain who wrote them.
fn authentic_claims(unverified: &str, expect: &Expectations, keys: &KeySet) -> Result<Map<String, Value>, Refusal> {
    if unverified.len() > LONGEST_TOKEN {
        return Err(Refusal::TokenTooLong);
    }

    // 1. Five parts would be an encrypted token.
    let jws = UnverifiedJws::parse(unverified)?;
    header::refuse_unusual(&jws.header, expect.types)?;

    // 3. before 2: without an algorithm there is no signature to check.
    let algorithm = header::allowed_algorithm(&jws.header, &expect.algorithms)?;

    // 2. The signature, with a key that we know and the token at most names.
    signature::check(jws.signed, &jws.signature, header::kid(&jws.header)?, &algorithm, keys)?;
    jws.claims()
}

impl VerifiedLogoutToken {
    /// Whose sessions end. `sid` wins: a user who signs out on the phone stays signed in at the desk.
    ///
    /// Trap: ending everything of `sub` although `sid` is given signs people out on their other devices.
    pub fn subject(&self) -> Subject<'_> {
        match (&self.sid, &self.sub) {
            (Some(sid), _) => Subject::Session { sid },
            (None, Some(sub)) => Subject::AllOf { sub },
            (None, None) => unreachable!("verify refuses a token that names nobody"),
        }
    }

    /// The provider.
    pub fn iss(&self) -> &str {
        &self.iss
    }

    /// The user at the provider, if named.
    pub fn sub(&self) -> Option<&str> {
        self.sub.as_deref()
    }

    /// The provider's session, if named.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// The token's own id.
    pub fn jti(&self) -> &str {
        &self.jti
    }

    /// When the provider made it, by the provider's clock.
    pub fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// Until when [`verify`] accepts it (plus [`LEEWAY`]): its `exp`, or earlier if it becomes too old before that.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}
