//! Does a logout token mean this session? Steps 9 to 11 of Back-Channel Logout 1.0, section 2.6, and section 2.7.
//!
//! The token brings no cookie, so (`iss`, `sid`) or (`iss`, `sub`) is all that ties it to a session.

use jiff::Timestamp;

use crate::logout_token::{Refusal, Subject, VerifiedLogoutToken};

#[cfg(test)]
mod tests;

/// What a portal kept of the ID token that opened a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownSession<'a> {
    /// The provider.
    pub iss: &'a str,
    /// The user at the provider.
    pub sub: &'a str,
    /// The provider's session, if the ID token named one.
    pub sid: Option<&'a str>,
    /// `iat` of the ID token: when the provider vouched for this session, by the provider's clock.
    pub issued_at: Timestamp,
    /// `auth_time` of the ID token, if it says it: when the person signed in at the provider.
    pub auth_time: Option<Timestamp>,
}

impl KnownSession<'_> {
    /// The earliest moment that the ID token shows the provider's session to have existed: `auth_time`, else `iat`.
    pub fn began(&self) -> Timestamp {
        self.auth_time.unwrap_or(self.issued_at)
    }
}

/// What a logout token means for one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// It ends this session.
    Ends,
    /// It is about another session.
    Other,
    /// It names this session, and somebody else as its user. One of the two is wrong, so nothing may end: refuse the
    /// whole token with [`Refusal::OtherUser`].
    Mismatch,
}

/// Whether `token` ends `session`.
///
/// A `sid` decides alone, at any time: the provider's session is over, however often its ID token was renewed.
/// Without a `sid` it ends what the user had when the token was made; a sign-in after that is a new decision.
///
/// Trap: when the `sid` is unknown, going on to `sub` signs the person out on every other device.
pub fn matches(token: &VerifiedLogoutToken, session: KnownSession<'_>) -> Match {
    // 9. `sid` and `sub` are unique per issuer only.
    if token.iss() != session.iss {
        return Match::Other;
    }
    match token.subject() {
        // 11. and 10.: the session is ours; is its user the one that the token names?
        Subject::Session { sid } if session.sid == Some(sid) => match token.sub() {
            Some(sub) if sub != session.sub => Match::Mismatch,
            Some(_) | None => Match::Ends,
        },
        Subject::AllOf { sub } if session.sub == sub && session.issued_at <= token.issued_at() => Match::Ends,
        Subject::Session { .. } | Subject::AllOf { .. } => Match::Other,
    }
}

impl Match {
    /// Whether the session ends.
    ///
    /// # Errors
    /// [`Refusal::OtherUser`] for a mismatch (BCL 2.6, step 10).
    pub fn ends(self) -> Result<bool, Refusal> {
        match self {
            Self::Ends => Ok(true),
            Self::Other => Ok(false),
            Self::Mismatch => Err(Refusal::OtherUser),
        }
    }
}
