//! What a session knows about the person who signed in.

use jiff::Timestamp;
use portal_protocol::KnownSession;
use serde::{Deserialize, Serialize};

use crate::settings::Secret;

/// A person who signed in, as the ID token told, and the tokens that came with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignedIn {
    /// The provider.
    pub(crate) iss: String,
    /// The person at the provider. Only `iss` and `sub` together name somebody; an email address may change hands.
    pub(crate) sub: String,
    /// The provider's session, if it names it: what a logout token will name.
    pub(crate) sid: Option<String>,
    /// When the ID token was issued, by the provider's clock.
    pub(crate) issued_at: Timestamp,
    /// When the person proved who they are; long before, if another portal asked for it.
    pub(crate) auth_time: Option<Timestamp>,
    /// `preferred_username`, or `sub` where there is none.
    pub(crate) username: String,
    /// Full name.
    pub(crate) name: String,
    /// Email address.
    pub(crate) email: String,
    /// Roles.
    pub(crate) roles: Vec<String>,
    /// When the session began here, by the portal's clock.
    pub(crate) since: Timestamp,
    /// When it ends unless it is refreshed before: with the refresh token.
    pub(crate) expires_at: Timestamp,
    /// When it ends however often it is refreshed.
    pub(crate) ends_at: Timestamp,
    /// When the access token ends, if the provider said so: then it is time to refresh.
    pub(crate) access_expires_at: Option<Timestamp>,
    /// That the provider could not be asked to confirm the session, if it could not.
    pub(crate) unconfirmed: Option<Unconfirmed>,
    /// Kept for one purpose: the hint at sign-out. Without it the provider asks "do you want to log out?".
    pub(crate) id_token: Secret,
    /// Shown masked. These portals call no API with it.
    pub(crate) access_token: Secret,
    /// Shown masked. By it the provider confirms, while the person is active, that the session goes on.
    pub(crate) refresh_token: Option<Secret>,
}

/// A session that should have been confirmed and could not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unconfirmed {
    /// Since when.
    pub(crate) since: Timestamp,
    /// When to try again.
    pub(crate) retry_at: Timestamp,
}

impl SignedIn {
    /// What a logout token is compared with.
    pub(crate) fn known(&self) -> KnownSession<'_> {
        KnownSession {
            iss: &self.iss,
            sub: &self.sub,
            sid: self.sid.as_deref(),
            issued_at: self.issued_at,
            auth_time: self.auth_time,
        }
    }

    /// Whether the person has this role.
    pub(crate) fn has(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }
}
