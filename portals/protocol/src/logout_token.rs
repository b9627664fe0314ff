//! The logout token: a signed message from the provider, "this session is over".
//!
//! It arrives by a POST without any cookie. Its signature is the only thing that makes it more than a stranger's
//! wish, so [`verify`] checks that before it reads a single claim, and its result is a proof:
//! a [`VerifiedLogoutToken`] cannot be made in any other way.

use jiff::Timestamp;
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet, CoreJsonWebKeyType, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey, JsonWebKeyUse, JwsSigningAlgorithm};
use serde_json::{Map, Value};

use crate::jws::UnverifiedJws;

mod claims;
mod refusal;
#[cfg(test)]
mod tests;

pub use refusal::{Refusal, Shortened};

/// The provider's public keys, as its `jwks_uri` serves them.
pub type KeySet = CoreJsonWebKeySet;

/// How far the provider's clock and ours may be apart.
///
/// One constant for every time in the token, and for how long [`crate::SeenTokens`] must remember a token:
/// a token that could still be accepted must still be remembered.
pub const LEEWAY: jiff::SignedDuration = jiff::SignedDuration::from_secs(30);

/// The member of `events` that makes a token a logout token.
pub const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What a portal expects of every logout token.
#[derive(Debug, Clone)]
pub struct Expectations {
    issuer: String,
    client_id: String,
    algorithms: Vec<CoreJwsSigningAlgorithm>,
}

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
/// 9. to 11. (optional) the issuer, user and session are known here. *Skipped:* a token about an unknown session
///    is answered like any other (it may have ended already), and where `sid` is given it alone decides.
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
    // 1. Five parts would be an encrypted token.
    let jws = UnverifiedJws::parse(unverified)?;
    refuse_unusual_header(&jws.header)?;

    // 3. before 2: without an algorithm there is no signature to check.
    let algorithm = allowed_algorithm(&jws.header, &expect.algorithms)?;

    // 2. The signature, with a key that we know and the token at most names.
    check_signature(&jws, &algorithm, keys)?;

    // From here on the provider speaks, not a stranger.
    let claims = jws.claims()?;

    // 4. From our provider, for us, and current.
    let iss = claims::issuer(&claims, &expect.issuer)?;
    claims::audience(&claims, &expect.client_id)?;
    let issued_at = claims::issued_at(&claims, now)?;
    let expires_at = claims::expires_at(&claims, now)?;

    // 5. About somebody.
    let sub = claims::optional_text(&claims, "sub")?;
    let sid = claims::optional_text(&claims, "sid")?;
    if sub.is_none() && sid.is_none() {
        return Err(Refusal::NobodyNamed);
    }

    // 6. and 7. A logout token, not another kind of token with the same signature.
    claims::logout_event(&claims)?;
    if claims.contains_key("nonce") {
        return Err(Refusal::HasNonce);
    }

    let jti = claims::required_text(&claims, "jti")?;
    Ok(VerifiedLogoutToken { iss, sub, sid, jti, issued_at, expires_at })
}

/// Refuses header members that would let the token choose how it is checked.
fn refuse_unusual_header(header: &Map<String, Value>) -> Result<(), Refusal> {
    // "Critical" means: refuse, if you do not understand these. We understand none.
    if header.contains_key("crit") {
        return Err(Refusal::CriticalHeader);
    }
    if header.contains_key("b64") {
        return Err(Refusal::UnencodedPayload);
    }
    // Trap: a token that brings its own key is always signed correctly.
    if let Some(member) = ["jwk", "jku", "x5u", "x5c"].into_iter().find(|member| header.contains_key(*member)) {
        return Err(Refusal::BringsItsOwnKey { member });
    }
    // An explicit type is recommended, not required; but another explicit type is another kind of token.
    match header.get("typ") {
        None => Ok(()),
        Some(Value::String(typ)) if is_type(typ, "JWT") || is_type(typ, "logout+jwt") => Ok(()),
        Some(other) => Err(Refusal::WrongType { found: Shortened::of(other) }),
    }
}

/// Media types compare without regard to case, and `application/` may be left out (RFC 7515, 4.1.9).
fn is_type(found: &str, expected: &str) -> bool {
    let bare = match found.split_once('/') {
        Some((tree, bare)) if tree.eq_ignore_ascii_case("application") => bare,
        _ => found,
    };
    bare.eq_ignore_ascii_case(expected)
}

fn allowed_algorithm(
    header: &Map<String, Value>,
    allowed: &[CoreJwsSigningAlgorithm],
) -> Result<CoreJwsSigningAlgorithm, Refusal> {
    let found = header.get("alg").ok_or(Refusal::Unsigned)?;
    if found.as_str().is_some_and(|name| name.eq_ignore_ascii_case("none")) {
        return Err(Refusal::Unsigned);
    }
    serde_json::from_value(found.clone())
        .ok()
        .filter(|algorithm| allowed.contains(algorithm))
        .ok_or_else(|| Refusal::WrongAlgorithm { allowed: names(allowed), found: Shortened::of(found) })
}

fn check_signature(jws: &UnverifiedJws<'_>, algorithm: &CoreJwsSigningAlgorithm, keys: &KeySet) -> Result<(), Refusal> {
    let candidates = match jws.header.get("kid") {
        Some(Value::String(kid)) => {
            let named: Vec<_> =
                keys.keys().iter().filter(|key| key.key_id().is_some_and(|id| id.as_str() == kid)).collect();
            if named.is_empty() {
                return Err(Refusal::UnknownKey { kid: Shortened::text(kid) });
            }
            named
        }
        Some(other) => return Err(Refusal::UnknownKey { kid: Shortened::of(other) }),
        // Without `kid` the set must leave no choice (Core, 10.1).
        None => {
            let usable: Vec<_> = keys.keys().iter().filter(|key| may_sign(key, algorithm)).collect();
            match usable.len() {
                0 => return Err(Refusal::UnknownKey { kid: Shortened::text("(none named)") }),
                1 => usable,
                choices => return Err(Refusal::KeyNotNamed { choices }),
            }
        }
    };
    // `verify_signature` also refuses a key that is meant for something else than this algorithm.
    let good = candidates.iter().any(|key| key.verify_signature(algorithm, jws.signed, &jws.signature).is_ok());
    if good { Ok(()) } else { Err(Refusal::BadSignature) }
}

fn may_sign(key: &CoreJsonWebKey, algorithm: &CoreJwsSigningAlgorithm) -> bool {
    let kind: Option<CoreJsonWebKeyType> = algorithm.key_type();
    key.key_use().is_none_or(JsonWebKeyUse::allows_signature) && kind.as_ref() == Some(key.key_type())
}

fn names(algorithms: &[CoreJwsSigningAlgorithm]) -> String {
    let names: Vec<String> = algorithms
        .iter()
        .filter_map(|algorithm| serde_json::to_value(algorithm).ok())
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    names.join(", ")
}

impl Expectations {
    /// Tokens of `issuer` (compared byte for byte) for `client_id`, signed with RS256: what OpenID Connect
    /// promises without any agreement.
    pub fn new(issuer: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            client_id: client_id.into(),
            algorithms: vec![CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256],
        }
    }

    /// Allows `algorithms` as well, typically those that discovery lists.
    ///
    /// `none` and the shared-secret family (HS256 …) are left out even when they are listed: a public key is
    /// public, and a verifier that accepts it as an HMAC secret accepts anybody's token.
    #[must_use]
    pub fn also_allowing(mut self, algorithms: impl IntoIterator<Item = CoreJwsSigningAlgorithm>) -> Self {
        for algorithm in algorithms {
            let asymmetric = algorithm.key_type().is_some() && !algorithm.uses_shared_secret();
            if asymmetric && !self.algorithms.contains(&algorithm) {
                self.algorithms.push(algorithm);
            }
        }
        self
    }

    /// The algorithms that are accepted.
    pub fn algorithms(&self) -> &[CoreJwsSigningAlgorithm] {
        &self.algorithms
    }
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

    /// Until when it is valid.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}
