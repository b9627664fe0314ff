//! What an ID token must say beyond the checks that `openidconnect` makes (OpenID Connect Core 1.0, section 3.1.3.7).
//!
//! That library verifies signature, `iss`, `aud`, `exp`, `iat` and `nonce`. It leaves to the client what depends on what
//! the client asked for: `azp` (steps 4 and 5), `acr` (step 12) and `auth_time` (step 13).
//!
//! Trap: asking for `max_age` or `acr_values` is a wish in an address that the user's browser can change. Only the
//! answer, in the signed ID token, counts.

use jiff::{SignedDuration, Timestamp};

use crate::logout_token::{LEEWAY, Shortened};

#[cfg(test)]
mod tests;

/// The claims, out of an ID token that has been verified.
#[derive(Debug, Clone, Copy, Default)]
pub struct IdTokenExtras<'a> {
    /// For which client it was made.
    pub azp: Option<&'a str>,
    /// When the user last proved who they are.
    pub auth_time: Option<Timestamp>,
    /// How well they proved it.
    pub acr: Option<&'a str>,
}

/// What the client asked for when it sent the browser to the provider.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Ours.
    pub client_id: &'a str,
    /// How long ago the user may have signed in at the provider; zero asks for signing in now, as `prompt=login` does.
    pub max_age: Option<SignedDuration>,
    /// The levels of authentication that are enough; empty when it does not matter.
    pub acr_values: &'a [&'a str],
}

/// Why an ID token is not the answer to what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, strum::EnumDiscriminants)]
#[strum_discriminants(name(IdTokenRule), vis(pub(crate)), derive(strum::EnumIter))]
pub enum IdTokenRefusal {
    /// Made for another client.
    #[error("expected azp \"{expected}\", found {found}")]
    OtherParty {
        /// Ours.
        expected: String,
        /// The token's.
        found: Shortened,
    },
    /// No `auth_time` although `max_age` was asked for, which makes it required (Core, 2).
    #[error("expected auth_time, because max_age was asked for, found none")]
    NoAuthTime,
    /// The user signed in at the provider too long ago.
    #[error("expected a sign-in at most {max_age} seconds old, found one {age} seconds old")]
    SignedInTooLongAgo {
        /// What was asked for, in seconds.
        max_age: i64,
        /// How long ago it was, in seconds.
        age: i64,
    },
    /// The user will have signed in later than now.
    #[error("expected a sign-in in the past, found auth_time {at}; it is {now}")]
    SignedInInTheFuture {
        /// `auth_time`.
        at: Timestamp,
        /// The portal's time.
        now: Timestamp,
    },
    /// Another level of authentication than one that is enough, or none.
    #[error("expected acr to be one of {expected}, found {found}")]
    OtherAcr {
        /// What was asked for.
        expected: String,
        /// The token's.
        found: Shortened,
    },
}

/// Compares what was `found` in a verified ID token with what was `asked` for.
///
/// # Errors
/// [`IdTokenRefusal`]: first the party, then the time, then the level.
pub fn check(found: IdTokenExtras<'_>, asked: Asked<'_>, now: Timestamp) -> Result<(), IdTokenRefusal> {
    // 4. and 5. A token that names a party names us. (Without `azp` the audience has said it all.)
    if let Some(azp) = found.azp.filter(|azp| *azp != asked.client_id) {
        let expected = asked.client_id.to_owned();
        return Err(IdTokenRefusal::OtherParty { expected, found: Shortened::text(azp) });
    }
    // 13. Whoever asks for a fresh sign-in must look whether it was one.
    if let Some(max_age) = asked.max_age {
        fresh(found.auth_time.ok_or(IdTokenRefusal::NoAuthTime)?, max_age, now)?;
    }
    // 12. The levels have no order that a client could know: only those that it named are enough.
    let enough = asked.acr_values.is_empty() || found.acr.is_some_and(|acr| asked.acr_values.contains(&acr));
    if !enough {
        let found = found.acr.map_or_else(|| Shortened::text("(none)"), Shortened::text);
        return Err(IdTokenRefusal::OtherAcr { expected: asked.acr_values.join(", "), found });
    }
    Ok(())
}

fn fresh(auth_time: Timestamp, max_age: SignedDuration, now: Timestamp) -> Result<(), IdTokenRefusal> {
    let age = now.duration_since(auth_time);
    if age < -LEEWAY {
        return Err(IdTokenRefusal::SignedInInTheFuture { at: auth_time, now });
    }
    if age > max_age.saturating_add(LEEWAY) {
        return Err(IdTokenRefusal::SignedInTooLongAgo { max_age: max_age.as_secs(), age: age.as_secs() });
    }
    Ok(())
}

impl IdTokenRefusal {
    /// The rule's short name.
    pub fn tag(&self) -> &'static str {
        IdTokenRule::from(self).entry().0
    }

    /// The clause that asks for it.
    pub fn clause(&self) -> &'static str {
        IdTokenRule::from(self).entry().1
    }
}

impl IdTokenRule {
    pub(crate) fn entry(self) -> (&'static str, &'static str) {
        match self {
            Self::OtherParty => ("idt-azp", "Core-3.1.3.7"),
            Self::NoAuthTime => ("idt-auth-time-missing", "Core-2"),
            Self::SignedInTooLongAgo => ("idt-auth-time-old", "Core-3.1.3.7"),
            Self::SignedInInTheFuture => ("idt-auth-time-future", "Core-3.1.3.7"),
            Self::OtherAcr => ("idt-acr", "Core-3.1.3.7"),
        }
    }
}
