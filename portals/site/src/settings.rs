//! What a portal must be told before it starts.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

mod store_at;

use crate::faults::Faults;
pub use store_at::{RedisUrl, StoreAt, UnknownStore};

/// Which of the three portals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Employee services: a single-page app with its own back end.
    Internal,
    /// Partner services: a pure single-page app.
    External,
    /// Management and approvals: server-rendered.
    Admin,
}

/// Everything that differs between two starts of a portal.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which portal.
    pub kind: Kind,
    /// The OpenID provider, exactly as it calls itself: no slash more or less.
    pub issuer: Url,
    /// The client's name at the provider.
    pub client_id: String,
    /// Its secret; `None` for a public client.
    pub client_secret: Option<Secret>,
    /// The origin under which browsers and the provider reach this portal.
    pub public_url: Url,
    /// The other portals, for links.
    pub siblings: Vec<Sibling>,
    /// Where it keeps its sessions.
    pub store: StoreAt,
    /// Faults that are on from the start.
    pub faults: Faults,
}

/// Another portal that pages link to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sibling {
    /// Which portal.
    pub kind: Kind,
    /// Its origin.
    pub url: Url,
}

/// A word that is not one of the three portals.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{found}\" is not a portal; the portals are internal, external and admin")]
pub struct UnknownKind {
    found: String,
}

/// Settings that no portal can run with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A URL that nothing can be reached under.
    #[error("the {what} {url} cannot be used: it must start with http:// or https:// and name a host")]
    NotHttp {
        /// Which setting.
        what: &'static str,
        /// Its value.
        url: Url,
    },
    /// A public URL that is more than an origin.
    #[error("the public URL {url} must be an origin such as http://localhost:3001: no path, query or fragment")]
    NotAnOrigin {
        /// Its value.
        url: Url,
    },
    /// A confidential client without a secret.
    #[error(
        "the {kind} portal is a confidential client and needs a client secret; the provider shows it with the client"
    )]
    NoSecret {
        /// Which portal.
        kind: Kind,
    },
    /// No client id.
    #[error("the client id is empty; the provider knows the portal by it")]
    NoClientId,
}

/// Text that does not print: a client secret, a token.
///
/// It can be serialised, because a session store must keep tokens; nothing that is shown is serialised from it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Kind {
    /// All portals, in the lab's order.
    pub const ALL: [Self; 3] = [Self::Internal, Self::External, Self::Admin];

    /// The word for it in commands and URLs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::External => "external",
            Self::Admin => "admin",
        }
    }

    /// Title on its pages.
    pub fn title(self) -> &'static str {
        match self {
            Self::Internal => "Internal portal",
            Self::External => "External portal",
            Self::Admin => "Admin dashboard",
        }
    }

    /// What it is for, in one line.
    pub fn tagline(self) -> &'static str {
        match self {
            Self::Internal => "Employee systems and employee services",
            Self::External => "Partner organizations and bank interface",
            Self::Admin => "Management and approval workflows",
        }
    }

    /// How it hears of a logout, in words for its pages.
    pub fn channel(self) -> &'static str {
        match self {
            Self::Internal | Self::Admin => "back channel",
            Self::External => "front channel",
        }
    }

    /// Path to which the provider sends the browser back after a sign-in.
    pub fn callback_path(self) -> &'static str {
        match self {
            Self::Internal | Self::External => "/callback",
            Self::Admin => "/admin/callback",
        }
    }

    /// Path to which the provider sends the browser back after a sign-out.
    pub fn signed_out_path(self) -> &'static str {
        match self {
            Self::Internal | Self::External => "/signed-out",
            Self::Admin => "/admin/signed-out",
        }
    }

    /// Whether its client has a secret, that is, whether a server of its own talks to the provider.
    pub fn is_confidential(self) -> bool {
        match self {
            Self::Internal | Self::Admin => true,
            Self::External => false,
        }
    }
}

impl Settings {
    /// Refuses settings that could only fail later.
    ///
    /// # Errors
    /// [`SettingsError`], one variant for each rule.
    pub fn check(&self) -> Result<(), SettingsError> {
        let urls = [("issuer", &self.issuer), ("public URL", &self.public_url)];
        let siblings = self.siblings.iter().map(|sibling| ("sibling's URL", &sibling.url));
        for (what, url) in urls.into_iter().chain(siblings) {
            if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
                return Err(SettingsError::NotHttp { what, url: url.clone() });
            }
        }
        let origin_only = self.public_url.path() == "/"
            && self.public_url.query().is_none()
            && self.public_url.fragment().is_none()
            && self.public_url.username().is_empty();
        if !origin_only {
            return Err(SettingsError::NotAnOrigin { url: self.public_url.clone() });
        }
        if self.client_id.is_empty() {
            return Err(SettingsError::NoClientId);
        }
        if self.kind.is_confidential() && self.client_secret.is_none() {
            return Err(SettingsError::NoSecret { kind: self.kind });
        }
        Ok(())
    }

    /// The issuer as the provider writes it. `Url` adds a slash to a bare origin, which no provider does.
    pub fn issuer_text(&self) -> &str {
        let text = self.issuer.as_str();
        if self.issuer.path() == "/" && self.issuer.query().is_none() { text.trim_end_matches('/') } else { text }
    }

    /// Scheme, host and port of the issuer, as a content security policy names it.
    pub fn issuer_origin(&self) -> String {
        self.issuer.origin().ascii_serialization()
    }

    /// The absolute URL of one of this portal's paths.
    pub fn own_url(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.origin().ascii_serialization())
    }

    /// Whether cookies can carry `Secure`. On plain http some browsers would drop such a cookie.
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(word: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.word() == word).ok_or_else(|| UnknownKind { found: word.to_owned() })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Secret {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that must send it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(masked)")
    }
}

#[cfg(test)]
mod tests;
