//! What a session knows about the person who signed in.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::settings::Secret;

/// A person who signed in, as the ID token told, and the tokens that came with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
    /// When it ends at the latest.
    pub(crate) expires_at: Timestamp,
    /// Kept for one purpose: the hint at sign-out. Without it the provider asks "do you want to log out?".
    pub(crate) id_token: Secret,
    /// Shown masked. These portals call no API with it.
    pub(crate) access_token: Secret,
    /// Shown masked. These portals do not refresh: a session ends when the refresh token would.
    pub(crate) refresh_token: Option<Secret>,
}

impl SignedIn {
    /// Whether the person has this role.
    pub(crate) fn has(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }
}
