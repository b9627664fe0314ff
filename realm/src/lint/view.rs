//! How rules look at a realm: with the values that Keycloak gives to members that a file leaves out.

use serde_json::Value;
use url::{Host, Url};

use super::rule::{Found, Place};

/// Clients that Keycloak itself makes in every realm. Their settings are its own business.
const BUILT_IN: [&str; 6] =
    ["account", "account-console", "admin-cli", "broker", "realm-management", "security-admin-console"];

/// A realm.
#[derive(Debug, Clone, Copy)]
pub(super) struct RealmView<'a> {
    pub(super) json: &'a Value,
}

/// A client that people sign in to.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClientView<'a> {
    pub(super) realm: RealmView<'a>,
    pub(super) json: &'a Value,
    index: usize,
}

impl<'a> RealmView<'a> {
    pub(super) fn new(json: &'a Value) -> Self {
        Self { json }
    }

    /// OpenID Connect clients of people's applications: neither Keycloak's own nor those that only check tokens or
    /// only act for themselves.
    pub(super) fn clients(self) -> impl Iterator<Item = ClientView<'a>> {
        let entries = self.json["clients"].as_array().map_or(&[][..], Vec::as_slice);
        let views = entries.iter().enumerate().map(move |(index, json)| ClientView { realm: self, json, index });
        views.filter(|client| {
            let id = client.id();
            let own = BUILT_IN.contains(&id) || id.ends_with("-realm") && client.json["bearerOnly"] == true;
            let openid = client.json["protocol"].as_str().is_none_or(|protocol| protocol == "openid-connect");
            !own && openid
                && client.json["bearerOnly"] != true
                && (client.signs_in() || client.flag("implicitFlowEnabled", false))
        })
    }

    pub(super) fn flag(self, member: &str, absent: bool) -> bool {
        self.json[member].as_bool().unwrap_or(absent)
    }

    pub(super) fn seconds(self, member: &str, absent: u64) -> u64 {
        self.json[member].as_u64().unwrap_or(absent)
    }

    /// A finding at one of the realm's own members.
    #[expect(clippy::unused_self, reason = "rules say it of a realm as they say it of a client")]
    pub(super) fn found(self, member: &str, found: impl Into<String>) -> Vec<Found> {
        vec![Found { place: Place::Realm, pointer: format!("/{member}"), said: found.into() }]
    }
}

impl<'a> ClientView<'a> {
    pub(super) fn id(self) -> &'a str {
        self.json["clientId"].as_str().unwrap_or("without clientId")
    }

    pub(super) fn flag(self, member: &str, absent: bool) -> bool {
        self.json[member].as_bool().unwrap_or(absent)
    }

    /// An attribute that says something; Keycloak takes a blank one for none.
    pub(super) fn attribute(self, name: &str) -> Option<&'a str> {
        self.json["attributes"][name].as_str().map(str::trim).filter(|value| !value.is_empty())
    }

    /// An attribute that holds seconds; 0 and less mean "as the realm".
    pub(super) fn seconds(self, name: &str) -> Option<u64> {
        self.attribute(name)?.parse().ok().filter(|seconds| *seconds > 0)
    }

    pub(super) fn is_public(self) -> bool {
        self.flag("publicClient", false)
    }

    pub(super) fn signs_in(self) -> bool {
        self.flag("standardFlowEnabled", true)
    }

    pub(super) fn is_frontchannel(self) -> bool {
        self.flag("frontchannelLogout", false)
    }

    pub(super) fn backchannel_url(self) -> Option<&'a str> {
        self.attribute("backchannel.logout.url")
    }

    /// The back-channel URL, where the switch lets Keycloak use it.
    pub(super) fn used_backchannel_url(self) -> Option<&'a str> {
        self.backchannel_url().filter(|_| !self.is_frontchannel())
    }

    pub(super) fn strings(self, member: &str) -> impl Iterator<Item = &'a str> {
        self.json[member].as_array().into_iter().flatten().filter_map(Value::as_str)
    }

    /// Entries of `post.logout.redirect.uris`.
    pub(super) fn post_logout_uris(self) -> impl Iterator<Item = &'a str> {
        self.attribute("post.logout.redirect.uris").into_iter().flat_map(|list| list.split("##")).map(str::trim)
    }

    /// Redirect URIs as URLs; relative ones count from `rootUrl`.
    pub(super) fn redirect_urls(self) -> Vec<Url> {
        let root = self.json["rootUrl"].as_str().and_then(|root| Url::parse(root).ok());
        let absolute = |text: &str| match &root {
            Some(root) if text.starts_with('/') => root.join(text).ok(),
            _ => Url::parse(text).ok(),
        };
        self.strings("redirectUris").filter_map(absolute).collect()
    }

    /// A finding at a member of the client.
    pub(super) fn found(self, member: &str, found: impl Into<String>) -> Vec<Found> {
        let pointer = format!("/clients/{}/{member}", self.index);
        vec![Found { place: Place::Client(self.id().to_owned()), pointer, said: found.into() }]
    }

    /// A finding at an attribute of the client.
    pub(super) fn found_attribute(self, name: &str, found: impl Into<String>) -> Vec<Found> {
        self.found(&format!("attributes/{name}"), found)
    }
}

/// Whether a URL names the very computer that uses it.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
