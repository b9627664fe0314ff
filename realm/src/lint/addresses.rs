//! Where Keycloak sends browsers, and whose scripts may call it.

use url::Url;

use super::rule::{Found, Look, Rule, Severity};
use super::view::{ClientView, is_loopback};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "realm-redirect-wildcard",
        severity: Severity::Error,
        explanation: "Keycloak sends the code to any address that begins the same way. One page there that passes its address on, or one that a stranger may write, is enough to take over a sign-in.",
        fix: "Clients, the client, Settings, Access settings: write every one of the \"Valid redirect URIs\" out, without `*`",
        path: "redirectUris",
        source: "RFC 9700, 2.1 and 4.1",
        look: Look::Client(redirect_wildcard),
    },
    Rule {
        id: "realm-redirect-uris-missing",
        severity: Severity::Error,
        explanation: "The client signs people in and may send them nowhere afterwards. Every sign-in ends at Keycloak's page \"Invalid parameter: redirect_uri\".",
        fix: "Clients, the client, Settings, Access settings: add the application's callback to \"Valid redirect URIs\"",
        path: "redirectUris",
        source: "OpenID Connect Core 1.0, 3.1.2.1",
        look: Look::Client(redirect_missing),
    },
    Rule {
        id: "realm-post-logout-uris-missing",
        severity: Severity::Error,
        explanation: "Keycloak refuses to come back to an address that is not registered: an error page instead of a sign-out, and the session lives on. (Left out entirely, the redirect URIs count, which are callbacks and no place to land after a sign-out.)",
        fix: "Clients, the client, Settings, Access settings: add the page after sign-out to \"Valid post logout redirect URIs\"",
        path: "attributes/post.logout.redirect.uris",
        source: "RP-Initiated Logout 1.0, 2 and 3",
        look: Look::Client(post_logout_missing),
    },
    Rule {
        id: "realm-post-logout-wildcard",
        severity: Severity::Error,
        explanation: "The specification demands an exact match, and Keycloak takes a trailing `*` for \"anything below\". A link that signs people out can then leave them at any page of that host, an open redirector included.",
        fix: "Clients, the client, Settings, Access settings: write every one of the \"Valid post logout redirect URIs\" out, without `*`",
        path: "attributes/post.logout.redirect.uris",
        source: "RP-Initiated Logout 1.0, 3; RFC 9700, 4.11",
        look: Look::Client(post_logout_wildcard),
    },
    Rule {
        id: "realm-post-logout-plus",
        severity: Severity::Warning,
        explanation: "`+` means \"all redirect URIs as well\", so a sign-out may end at the sign-in callback, without a code, which is an error page. It also passes on every wildcard of the redirect URIs.",
        fix: "Clients, the client, Settings, Access settings: replace `+` in \"Valid post logout redirect URIs\" by the page after sign-out",
        path: "attributes/post.logout.redirect.uris",
        source: "RP-Initiated Logout 1.0, 3",
        look: Look::Client(post_logout_plus),
    },
    Rule {
        id: "realm-web-origin-wildcard",
        severity: Severity::Error,
        explanation: "Scripts of every site on the web may call Keycloak's token endpoint as this client and read the answer. Whoever gets hold of a code or a refresh token can use it from any page.",
        fix: "Clients, the client, Settings, Access settings: list the application's own origin in \"Web origins\"",
        path: "webOrigins",
        source: "RFC 10017, 6.3; Fetch Standard, CORS protocol",
        look: Look::Client(web_origin_wildcard),
    },
    Rule {
        id: "realm-web-origin-plus",
        severity: Severity::Notice,
        explanation: "`+` gives the origin of every redirect URI to scripts. A redirect URI that is added later opens a door that nobody thought of.",
        fix: "Clients, the client, Settings, Access settings: name the origins in \"Web origins\"",
        path: "webOrigins",
        source: "Fetch Standard, CORS protocol",
        look: Look::Client(web_origin_plus),
    },
    Rule {
        id: "realm-address-not-https",
        severity: Severity::Warning,
        explanation: "Codes, logout tokens and session ids cross the network in the clear. Cookies that are `Secure` are not sent there, so sign-in may not even work.",
        fix: "Clients, the client, Settings: use https in every address that is not on loopback",
        path: "redirectUris",
        source: "RFC 9700, 2.6; Back-Channel Logout 1.0, 2.2",
        look: Look::Client(not_https),
    },
];

fn redirect_wildcard(client: ClientView<'_>) -> Vec<Found> {
    match client.strings("redirectUris").find(|uri| uri.contains('*')) {
        Some(uri) => client.found("redirectUris", uri),
        None => Vec::new(),
    }
}

fn redirect_missing(client: ClientView<'_>) -> Vec<Found> {
    if client.strings("redirectUris").next().is_none() {
        return client.found("redirectUris", "empty");
    }
    Vec::new()
}

fn post_logout_missing(client: ClientView<'_>) -> Vec<Found> {
    let mut uris = client.post_logout_uris().peekable();
    match uris.peek() {
        None => client.found_attribute("post.logout.redirect.uris", "absent"),
        Some(&"-") => client.found_attribute("post.logout.redirect.uris", "`-`, which means none"),
        Some(_) => Vec::new(),
    }
}

fn post_logout_wildcard(client: ClientView<'_>) -> Vec<Found> {
    match client.post_logout_uris().find(|uri| uri.contains('*')) {
        Some(uri) => client.found_attribute("post.logout.redirect.uris", uri),
        None => Vec::new(),
    }
}

fn post_logout_plus(client: ClientView<'_>) -> Vec<Found> {
    if client.post_logout_uris().any(|uri| uri == "+") {
        return client.found_attribute("post.logout.redirect.uris", "`+`");
    }
    Vec::new()
}

fn web_origin_wildcard(client: ClientView<'_>) -> Vec<Found> {
    if client.strings("webOrigins").any(|origin| origin == "*") {
        return client.found("webOrigins", "`*`");
    }
    Vec::new()
}

fn web_origin_plus(client: ClientView<'_>) -> Vec<Found> {
    if client.strings("webOrigins").any(|origin| origin == "+") {
        return client.found("webOrigins", "`+`");
    }
    Vec::new()
}

fn not_https(client: ClientView<'_>) -> Vec<Found> {
    let open = |text: &&str| Url::parse(text).is_ok_and(|url| url.scheme() == "http" && !is_loopback(&url));
    if let Some(uri) = client.strings("redirectUris").find(open) {
        return client.found("redirectUris", uri);
    }
    let logout = ["backchannel.logout.url", "frontchannel.logout.url"];
    let at = logout.into_iter().find_map(|name| client.attribute(name).filter(|url| open(url)).map(|url| (name, url)));
    at.map_or_else(Vec::new, |(name, url)| client.found_attribute(name, url))
}
