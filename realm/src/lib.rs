//! The realm `enterprise-sso`: the JSON that Keycloak imports, and the names in it as types.
//!
//! `enterprise-sso.json` is the truth and can be imported by hand in the admin console: its host names and
//! secrets are the lab's defaults. [`Realm::filled`] replaces exactly those, so that a lab on other ports or
//! with random secrets uses the same file.

use std::fmt;

use serde_json::Value;
use url::Url;

mod faults;
pub mod lint;
mod names;

pub use faults::{Fault, Target, UnknownFault, merge};
pub use lint::lint;
pub use names::{Client, PASSWORD, REALM, Role, User};

/// The client attribute whose address only Keycloak itself uses.
const BACK_CHANNEL: &str = "backchannel.logout.url";

/// The realm file as shipped.
pub const SHIPPED: &str = include_str!("../enterprise-sso.json");

/// A realm representation in Keycloak's export format.
#[derive(Debug, Clone, PartialEq)]
pub struct Realm {
    json: Value,
}

/// Public origins of the three portals, without a trailing slash (`http://localhost:3001`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts {
    /// Origin of the internal portal.
    pub internal: String,
    /// Origin of the external portal.
    pub external: String,
    /// Origin of the admin dashboard.
    pub admin: String,
}

/// Secrets of the two confidential clients. Does not print them.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets {
    /// Of `internal-portal`.
    pub internal: String,
    /// Of `admin-dashboard`.
    pub admin: String,
}

/// Why a text is not a usable realm.
#[derive(Debug, thiserror::Error)]
pub enum RealmError {
    /// Not JSON.
    #[error("the realm file is not JSON, line {line} column {column}: {message}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// JSON, but something that the lab needs is not there.
    #[error("the realm file lacks {0}")]
    Lacks(String),
}

impl Realm {
    /// The realm as shipped.
    ///
    /// # Panics
    /// Never: a test parses the shipped file.
    pub fn shipped() -> Self {
        Self::parse(SHIPPED).unwrap_or_else(|error| unreachable!("the shipped realm: {error}"))
    }

    /// Reads a realm and checks that it has the name and the clients that the lab's portals use.
    pub fn parse(text: &str) -> Result<Self, RealmError> {
        let json: Value = serde_json::from_str(text).map_err(|error| RealmError::Syntax {
            line: error.line(),
            column: error.column(),
            message: error.to_string(),
        })?;
        let realm = Self { json };
        if realm.json["realm"] != REALM {
            return Err(RealmError::Lacks(format!("\"realm\": \"{REALM}\", the name that the portals sign in to")));
        }
        for client in Client::ALL {
            if realm.client(client).is_none() {
                return Err(RealmError::Lacks(format!("the client \"{}\" in \"clients\"", client.id())));
            }
        }
        Ok(realm)
    }

    /// The whole representation.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// The representation of one client.
    pub fn client(&self, client: Client) -> Option<&Value> {
        self.json["clients"].as_array()?.iter().find(|entry| entry["clientId"] == client.id())
    }

    fn client_mut(&mut self, client: Client) -> Option<&mut Value> {
        self.json["clients"].as_array_mut()?.iter_mut().find(|entry| entry["clientId"] == client.id())
    }

    /// The same realm with the portals' default origins replaced by `hosts` and the lab's default secrets by
    /// `secrets`. Nothing else changes, so a realm with a planted fault keeps its fault.
    #[must_use]
    pub fn filled(&self, hosts: &Hosts, secrets: &Secrets) -> Self {
        let mut filled = self.clone();
        if let Some(clients) = filled.json["clients"].as_array_mut() {
            for entry in clients {
                let Some(client) = Client::ALL.into_iter().find(|client| entry["clientId"] == client.id()) else {
                    continue;
                };
                replace_origin(entry, client.default_origin(), hosts.of(client));
                if let (Some(secret), Some(slot)) = (secrets.of(client), entry.get_mut("secret")) {
                    *slot = Value::from(secret);
                }
            }
        }
        filled
    }
}

impl Hosts {
    /// The origins that the realm file is written for.
    pub fn defaults() -> Self {
        Self {
            internal: Client::Internal.default_origin().to_owned(),
            external: Client::External.default_origin().to_owned(),
            admin: Client::Admin.default_origin().to_owned(),
        }
    }

    /// The origin of one client.
    pub fn of(&self, client: Client) -> &str {
        match client {
            Client::Internal => &self.internal,
            Client::External => &self.external,
            Client::Admin => &self.admin,
        }
    }

    /// The origin of one client as a URL.
    ///
    /// # Errors
    /// When the origin is no URL.
    pub fn url(&self, client: Client) -> Result<Url, url::ParseError> {
        Url::parse(self.of(client))
    }
}

impl Secrets {
    /// The secrets that stand in the realm file: known to everybody, good for a realm imported by hand.
    pub fn defaults() -> Self {
        Self { internal: "internal-portal-lab-secret".to_owned(), admin: "admin-dashboard-lab-secret".to_owned() }
    }

    /// The secret of one client; `None` for the public one.
    pub fn of(&self, client: Client) -> Option<&str> {
        match client {
            Client::Internal => Some(&self.internal),
            Client::Admin => Some(&self.admin),
            Client::External => None,
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(masked)")
    }
}

/// `url` as a server on this computer can be told it. A name below `localhost` is this computer's by definition (RFC 6761,
/// 6.3), and browsers know that, but Java asks the system's resolver, and on a plain Debian that knows `localhost` alone.
#[must_use]
pub fn for_servers(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let host = rest.split([':', '/']).next().unwrap_or_default();
    if host.ends_with(".localhost") { format!("{scheme}://localhost{}", &rest[host.len()..]) } else { url.to_owned() }
}

/// Replaces `from` at the start of every string below `value`, where it is the whole origin. The address of the back
/// channel is for Keycloak's server, all others are for browsers.
fn replace_origin(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::String(text) => {
            if let Some(rest) = text.strip_prefix(from)
                && (rest.is_empty() || rest.starts_with('/'))
            {
                *text = format!("{to}{rest}");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace_origin(item, from, to)),
        Value::Object(members) => {
            for (name, member) in members {
                let to = if name == BACK_CHANNEL { &for_servers(to) } else { to };
                replace_origin(member, from, to);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests;
