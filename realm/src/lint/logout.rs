//! Who is told of a logout, over which channel, with what.

use url::Url;

use super::rule::{Found, Look, Rule, Severity};
use super::view::{ClientView, is_loopback};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "realm-frontchannel-switch-on",
        severity: Severity::Error,
        explanation: "Keycloak tells a client over one channel only, and this switch takes the back-channel URL out of use without a word. Nobody posts a logout token to this application: its session outlives the sign-out.",
        fix: "Clients, the client, Settings, Logout settings: switch \"Front channel logout\" off (the form that creates clients sets it to on)",
        path: "frontchannelLogout",
        source: "keycloak#15058; Back-Channel Logout 1.0, 2.2",
        look: Look::Client(switch_on),
    },
    Rule {
        id: "realm-frontchannel-url-missing",
        severity: Severity::Error,
        explanation: "The client asks to be told through an iframe and names no page for it, so Keycloak's logout page has no frame to load. The application never hears of a logout.",
        fix: "Clients, the client, Settings, Logout settings: fill in \"Front-channel logout URL\"",
        path: "attributes/frontchannel.logout.url",
        source: "Front-Channel Logout 1.0, 2",
        look: Look::Client(frontchannel_url_missing),
    },
    Rule {
        id: "realm-frontchannel-session-required-off",
        severity: Severity::Warning,
        explanation: "The iframe's address then carries neither `iss` nor `sid`. The application cannot tell Keycloak's frame from one on a stranger's page, so it can only obey everybody or nobody.",
        fix: "Clients, the client, Settings, Logout settings: switch \"Front-channel logout session required\" on",
        path: "attributes/frontchannel.logout.session.required",
        source: "Front-Channel Logout 1.0, 2 and 5",
        look: Look::Client(frontchannel_session_off),
    },
    Rule {
        id: "realm-frontchannel-url-elsewhere",
        severity: Severity::Warning,
        explanation: "The front-channel page stands on another origin than the pages that people come back to after sign-in. It cannot reach the application's cookies or storage, so the frame is loaded and ends nothing.",
        fix: "Clients, the client, Settings, Logout settings: give \"Front-channel logout URL\" the origin of one of the valid redirect URIs",
        path: "attributes/frontchannel.logout.url",
        source: "Front-Channel Logout 1.0, 2",
        look: Look::Client(frontchannel_elsewhere),
    },
    Rule {
        id: "realm-backchannel-url-missing",
        severity: Severity::Error,
        explanation: "The application has a server that could be told, and Keycloak does not know where. Who signs out elsewhere stays signed in here until the session runs out by itself.",
        fix: "Clients, the client, Settings, Logout settings: fill in \"Backchannel logout URL\"",
        path: "attributes/backchannel.logout.url",
        source: "Back-Channel Logout 1.0, 2.2",
        look: Look::Client(backchannel_url_missing),
    },
    Rule {
        id: "realm-public-client-never-told",
        severity: Severity::Warning,
        explanation: "This browser application is told of a logout over no channel. It notices only when a refresh fails, which takes up to the lifetime of its access token.",
        fix: "Clients, the client, Settings, Logout settings: switch \"Front channel logout\" on and fill in its URL, or keep access tokens short and say so",
        path: "frontchannelLogout",
        source: "Front-Channel Logout 1.0, 2",
        look: Look::Client(never_told),
    },
    Rule {
        id: "realm-backchannel-url-not-absolute",
        severity: Severity::Error,
        explanation: "A back-channel URL has scheme and host and no fragment; with anything else Keycloak's server posts nowhere, or where another setting happens to point. The failure is a line in its log, and the user sees a normal sign-out.",
        fix: "Clients, the client, Settings, Logout settings: write \"Backchannel logout URL\" out, with http or https, host and path",
        path: "attributes/backchannel.logout.url",
        source: "Back-Channel Logout 1.0, 2.2",
        look: Look::Client(not_absolute),
    },
    Rule {
        id: "realm-backchannel-url-on-localhost",
        severity: Severity::Notice,
        explanation: "`localhost` is the computer that Keycloak's own process runs on; in a container it is the container, and the POST is refused there. It is right where Keycloak and the application share one network, and a silent failure everywhere else.",
        fix: "Clients, the client, Settings, Logout settings: in \"Backchannel logout URL\" use the name under which Keycloak's computer reaches the application (`host.docker.internal`, a service name)",
        path: "attributes/backchannel.logout.url",
        source: "Back-Channel Logout 1.0, 1; keycloak-protocol-cas#58",
        look: Look::Client(on_localhost),
    },
    Rule {
        id: "realm-backchannel-url-on-other-port",
        severity: Severity::Error,
        explanation: "The back-channel URL names the application's host with another port than its redirect URIs, which is what a copied or forgotten setting looks like. If nothing listens there, the POST is refused and the sign-out still looks perfect.",
        fix: "Clients, the client, Settings, Logout settings: let \"Backchannel logout URL\" name the port where the application listens",
        path: "attributes/backchannel.logout.url",
        source: "Back-Channel Logout 1.0, 2.2 and 2.8",
        look: Look::Client(on_other_port),
    },
    Rule {
        id: "realm-backchannel-at-spa",
        severity: Severity::Error,
        explanation: "A single-page app keeps its tokens in the browser, and Keycloak's POST arrives at the server of its files. Whatever that answers, even 200, the tokens stay in the tab.",
        fix: "Clients, the client, Settings, Logout settings: clear \"Backchannel logout URL\" and use the front channel, or give the app a back end of its own",
        path: "attributes/backchannel.logout.url",
        source: "Back-Channel Logout 1.0, 2.7; RFC 10017, 6.1",
        look: Look::Client(at_spa),
    },
    Rule {
        id: "realm-backchannel-session-required-off",
        severity: Severity::Warning,
        explanation: "Logout tokens then name the user and no session (`sid`), and a relying party has to end all sessions of that user. Signing out on the phone signs out the desk as well.",
        fix: "Clients, the client, Settings, Logout settings: switch \"Backchannel logout session required\" on; in a file write \"true\", because absent means off",
        path: "attributes/backchannel.logout.session.required",
        source: "Back-Channel Logout 1.0, 2.2 and 2.4; keycloak#22914",
        look: Look::Client(backchannel_session_off),
    },
    Rule {
        id: "realm-revoke-offline-tokens",
        severity: Severity::Warning,
        explanation: "Keycloak only adds a member `revoke_offline_access` to the token's `events` and revokes nothing itself. Offline sessions live on unless the application acts, and a relying party that takes `events` too literally refuses the whole logout.",
        fix: "Clients, the client, Settings, Logout settings: switch \"Backchannel logout revoke offline sessions\" off, unless the application's code acts on it",
        path: "attributes/backchannel.logout.revoke.offline.tokens",
        source: "Back-Channel Logout 1.0, 2.4 and 2.7",
        look: Look::Client(revoke_offline),
    },
    Rule {
        id: "realm-offline-by-default",
        severity: Severity::Warning,
        explanation: "Every sign-in of this client opens an offline session, which no sign-out ends. The refresh token in the application keeps working for weeks after the user has left.",
        fix: "Clients, the client, Client scopes: make `offline_access` optional",
        path: "defaultClientScopes",
        source: "OpenID Connect Core 1.0, 11; Back-Channel Logout 1.0, 2.7",
        look: Look::Client(offline_by_default),
    },
    Rule {
        id: "realm-admin-url-instead-of-backchannel",
        severity: Severity::Warning,
        explanation: "With an admin URL and no back-channel URL Keycloak posts a message in its own old format, which is no logout token. A relying party that follows the specification answers 400 and ends nothing.",
        fix: "Clients, the client, Settings, Access settings: clear \"Admin URL\"; then fill in \"Backchannel logout URL\"",
        path: "adminUrl",
        source: "Back-Channel Logout 1.0, 2.5",
        look: Look::Client(admin_url),
    },
];

fn switch_on(client: ClientView<'_>) -> Vec<Found> {
    match client.backchannel_url() {
        Some(url) if client.is_frontchannel() => {
            client.found("frontchannelLogout", format!("true, which takes the back-channel URL {url} out of use"))
        }
        _ => Vec::new(),
    }
}

fn frontchannel_url_missing(client: ClientView<'_>) -> Vec<Found> {
    // With a back-channel URL beside it the switch is what is wrong, and `switch_on` says it.
    if client.is_frontchannel()
        && client.attribute("frontchannel.logout.url").is_none()
        && client.backchannel_url().is_none()
    {
        return client.found_attribute("frontchannel.logout.url", "front-channel logout is on, and there is no URL");
    }
    Vec::new()
}

fn frontchannel_session_off(client: ClientView<'_>) -> Vec<Found> {
    // Trap: absent means true here, and false at its back-channel twin.
    if client.is_frontchannel() && client.attribute("frontchannel.logout.session.required") == Some("false") {
        return client.found_attribute("frontchannel.logout.session.required", "false");
    }
    Vec::new()
}

fn frontchannel_elsewhere(client: ClientView<'_>) -> Vec<Found> {
    let Some(url) = client.attribute("frontchannel.logout.url").filter(|_| client.is_frontchannel()) else {
        return Vec::new();
    };
    let redirects = client.redirect_urls();
    match Url::parse(url) {
        Ok(parsed) if redirects.is_empty() || redirects.iter().any(|known| known.origin() == parsed.origin()) => {
            Vec::new()
        }
        _ => client.found_attribute("frontchannel.logout.url", format!("{url} has the origin of no redirect URI")),
    }
}

fn backchannel_url_missing(client: ClientView<'_>) -> Vec<Found> {
    if !client.is_public() && !client.is_frontchannel() && client.backchannel_url().is_none() {
        return client.found_attribute("backchannel.logout.url", "neither channel is set up");
    }
    Vec::new()
}

fn never_told(client: ClientView<'_>) -> Vec<Found> {
    if client.is_public() && !client.is_frontchannel() && client.backchannel_url().is_none() {
        return client.found("frontchannelLogout", "neither channel is set up");
    }
    Vec::new()
}

fn not_absolute(client: ClientView<'_>) -> Vec<Found> {
    let Some(url) = client.backchannel_url() else { return Vec::new() };
    let sound = Url::parse(&url.replace("${application.session.host}", "node")).is_ok_and(|parsed| {
        matches!(parsed.scheme(), "http" | "https") && parsed.has_host() && parsed.fragment().is_none()
    });
    if sound { Vec::new() } else { client.found_attribute("backchannel.logout.url", url) }
}

fn on_localhost(client: ClientView<'_>) -> Vec<Found> {
    match client.used_backchannel_url() {
        // An app in the browser should not have this URL at all, and another rule says so.
        Some(url) if !is_in_browser(client) && Url::parse(url).is_ok_and(|parsed| is_loopback(&parsed)) => {
            client.found_attribute("backchannel.logout.url", url)
        }
        _ => Vec::new(),
    }
}

fn on_other_port(client: ClientView<'_>) -> Vec<Found> {
    let Some(Ok(url)) = client.backchannel_url().map(Url::parse) else { return Vec::new() };
    if !matches!(url.scheme(), "http" | "https") {
        return Vec::new();
    }
    let redirects = client.redirect_urls();
    let same_host = redirects.iter().any(|known| known.host_str() == url.host_str());
    let same_port = redirects.iter().any(|known| {
        known.host_str() == url.host_str() && known.port_or_known_default() == url.port_or_known_default()
    });
    if same_host && !same_port {
        return client.found_attribute("backchannel.logout.url", format!("{url} has the port of no redirect URI"));
    }
    Vec::new()
}

fn at_spa(client: ClientView<'_>) -> Vec<Found> {
    match client.used_backchannel_url() {
        Some(url) if is_in_browser(client) => client.found_attribute("backchannel.logout.url", url),
        _ => Vec::new(),
    }
}

/// A public client whose scripts may call Keycloak is an app in the browser; without web origins it is a server that
/// keeps no secret, which is another rule's business.
fn is_in_browser(client: ClientView<'_>) -> bool {
    client.is_public() && client.strings("webOrigins").next().is_some()
}

fn backchannel_session_off(client: ClientView<'_>) -> Vec<Found> {
    let required = client.attribute("backchannel.logout.session.required");
    if client.used_backchannel_url().is_some() && required != Some("true") {
        let found = if required.is_some() { "false" } else { "absent, which means false" };
        return client.found_attribute("backchannel.logout.session.required", found);
    }
    Vec::new()
}

fn revoke_offline(client: ClientView<'_>) -> Vec<Found> {
    if client.attribute("backchannel.logout.revoke.offline.tokens") == Some("true") {
        return client.found_attribute("backchannel.logout.revoke.offline.tokens", "true");
    }
    Vec::new()
}

fn offline_by_default(client: ClientView<'_>) -> Vec<Found> {
    if client.strings("defaultClientScopes").any(|scope| scope == "offline_access") {
        return client.found("defaultClientScopes", "`offline_access` is a default scope");
    }
    Vec::new()
}

fn admin_url(client: ClientView<'_>) -> Vec<Found> {
    match client.json["adminUrl"].as_str().filter(|url| !url.is_empty()) {
        Some(url) if client.backchannel_url().is_none() && !client.is_frontchannel() => client.found("adminUrl", url),
        _ => Vec::new(),
    }
}
