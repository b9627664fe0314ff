//! What goes over the control interface. All JSON.

use lab_trace::Location;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::keycloak::RuntimeKind;
use crate::sites::Sites;
use crate::trouble::{Kind, Trouble};

/// State of the lab as `lab status --format json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Whether it can be used.
    pub state: State,
    /// How Keycloak runs; absent when down.
    pub runtime: Option<RuntimeKind>,
    /// Keycloak; absent when down.
    pub keycloak: Option<KeycloakStatus>,
    /// The portals; empty when down.
    pub portals: Vec<PortalStatus>,
    /// Names of the faults that are on.
    pub faults: Vec<String>,
}

/// Whether the lab can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// All parts answer.
    Up,
    /// Nothing runs.
    Down,
    /// Something runs or was left behind, and not all parts answer.
    Broken,
}

/// Keycloak's part of [`Status`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeycloakStatus {
    /// Public address (the tap's).
    pub url: Url,
    /// Version.
    pub version: String,
    /// Whether discovery answers.
    pub healthy: bool,
}

/// One portal's part of [`Status`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortalStatus {
    /// Name (`internal`).
    pub name: String,
    /// Public address (the tap's).
    pub url: Url,
    /// Whether `/health` answers 200.
    pub healthy: bool,
}

/// Who is where in this lab: what a scenario needs to know before it starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topology {
    /// Public address of Keycloak (the tap's), for example `http://localhost:8080/`.
    pub keycloak: Url,
    /// `iss` of the realm.
    pub issuer: Url,
    /// Keycloak's version.
    pub version: String,
    /// How Keycloak runs.
    pub runtime: RuntimeKind,
    /// How many sites these addresses are to a browser.
    #[serde(default)]
    pub sites: Sites,
    /// The portals in the lab's order.
    pub portals: Vec<PortalPlace>,
}

/// One portal of [`Topology`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortalPlace {
    /// Name (`internal`).
    pub name: String,
    /// Public address (the tap's), with a trailing slash.
    pub url: Url,
    /// `client_id`.
    pub client_id: String,
}

impl Topology {
    /// A portal by name.
    pub fn portal(&self, name: &str) -> Option<&PortalPlace> {
        self.portals.iter().find(|portal| portal.name == name)
    }

    /// The text with the lab's own origins replaced by names, which is what people think in.
    pub fn named(&self, text: &str) -> String {
        let origins = std::iter::once((&self.keycloak, "keycloak"))
            .chain(self.portals.iter().map(|portal| (&portal.url, portal.name.as_str())));
        origins.fold(text.to_owned(), |text, (url, name)| text.replace(url.as_str().trim_end_matches('/'), name))
    }

    /// Where a redirect leads to, in the same words.
    pub fn location(&self, location: &Location) -> String {
        self.named(&format!("{}{}", location.origin, location.path))
    }

    /// The same where it is needed.
    ///
    /// # Errors
    /// State: there is none; with the names of those that there are.
    pub fn place(&self, name: &str) -> Result<&PortalPlace, Trouble> {
        self.portal(name).ok_or_else(|| {
            let known: Vec<&str> = self.portals.iter().map(|portal| portal.name.as_str()).collect();
            Trouble::new(
                Kind::State,
                format!("the lab has no portal \"{name}\""),
                format!("it has {}", known.join(", ")),
                "start a lab with all portals: `cargo xtask lab up`",
            )
        })
    }
}

/// A session at Keycloak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SsoSession {
    /// Its id.
    pub sid: String,
    /// `client_id` of everybody who got a login out of it.
    pub clients: Vec<String>,
}

/// What decides whether and how Keycloak tells a client of a logout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSettings {
    /// `client_id`.
    pub client_id: String,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Whether its front-channel switch is on.
    pub front_channel: bool,
    /// Whether a page for the front channel is registered.
    pub front_channel_url: bool,
    /// Whether an address for the back channel is registered.
    pub back_channel_url: bool,
}

/// Whether Keycloak's own POST arrived at one portal: the answer to the question that the back channel hangs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Name of the portal.
    pub portal: String,
    /// The address that Keycloak was told to post to.
    pub url: Url,
    /// Whether the portal's tap saw the POST.
    pub arrived: bool,
}

/// Trouble on its way to whoever asked: with its family, so that a lesson's red stays a lesson's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Refused {
    pub(super) kind: Kind,
    pub(super) what: String,
    pub(super) means: String,
    pub(super) action: String,
}
