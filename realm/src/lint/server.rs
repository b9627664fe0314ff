//! The realm's own doors: passwords, transport, events, headers, brokers.

use serde_json::Value;

use super::rule::{Found, Look, Place, Rule, Severity};
use super::view::RealmView;

/// Passwords that everybody tries first. The lab's own is one of them.
const WELL_KNOWN: [&str; 12] = [
    crate::PASSWORD,
    "password",
    "123456",
    "12345678",
    "123456789",
    "admin",
    "changeme",
    "secret",
    "test",
    "qwerty",
    "letmein",
    "welcome",
];

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "realm-disabled",
        severity: Severity::Error,
        explanation: "Nobody can sign in to any application of this realm. Refreshes fail as well, so applications that look will sign everybody out.",
        fix: "Realm settings, the switch at the top: \"Enabled\" on",
        path: "enabled",
        source: "Keycloak server administration guide, realms",
        look: Look::Realm(disabled),
    },
    Rule {
        id: "realm-well-known-password",
        severity: Severity::Warning,
        explanation: "The user's password stands in a file, and it is one of those that are tried first. Whoever can reach the sign-in page can be this user.",
        fix: "Users, the user, Credentials: set another password, and leave passwords out of realm files",
        path: "users/*/credentials",
        source: "NIST SP 800-63B, password verifiers",
        look: Look::Realm(passwords),
    },
    Rule {
        id: "realm-password-policy-missing",
        severity: Severity::Warning,
        explanation: "Users may choose any password, a single letter included. Single sign-on makes that one letter the key to every application.",
        fix: "Authentication, Policies, Password policy: add at least a minimum length and \"Not username\"",
        path: "passwordPolicy",
        source: "NIST SP 800-63B, password verifiers",
        look: Look::Realm(policy),
    },
    Rule {
        id: "realm-brute-force-off",
        severity: Severity::Warning,
        explanation: "Passwords can be tried without end. Single sign-on makes one lucky guess enough for every application.",
        fix: "Realm settings, Security defenses, Brute force detection: choose a mode",
        path: "bruteForceProtected",
        source: "OWASP ASVS 5.0, 6.3.1",
        look: Look::Realm(brute_force),
    },
    Rule {
        id: "realm-registration-open",
        severity: Severity::Warning,
        explanation: "Everybody who reaches the sign-in page can make an account. Applications that let every signed-in user in let everybody in.",
        fix: "Realm settings, Login: switch \"User registration\" off",
        path: "registrationAllowed",
        source: "Keycloak server administration guide, user registration",
        look: Look::Realm(registration),
    },
    Rule {
        id: "realm-ssl-not-required",
        severity: Severity::Warning,
        explanation: "Keycloak takes passwords over plain http from everywhere. `external` allows http on private addresses only, which is enough for a computer of one's own.",
        fix: "Realm settings, General: set \"Require SSL\" to external requests",
        path: "sslRequired",
        source: "RFC 9700, 2.6; OpenID Connect Core 1.0, 16.17",
        look: Look::Realm(ssl_none),
    },
    Rule {
        id: "realm-ssl-required-over-http",
        severity: Severity::Error,
        explanation: "Keycloak demands https for every request, and the applications are registered with http addresses. Where Keycloak is reached by http, sign-in ends at the page \"HTTPS required\".",
        fix: "Realm settings, General: set \"Require SSL\" to external requests, or give everything https addresses",
        path: "sslRequired",
        source: "keycloak#42284",
        look: Look::Realm(ssl_all),
    },
    Rule {
        id: "realm-events-off",
        severity: Severity::Warning,
        explanation: "Keycloak keeps no record of sign-ins and sign-outs. After an incident nobody can say who was signed in, or who was signed out by what.",
        fix: "Realm settings, Events, User events settings: switch \"Save events\" on",
        path: "eventsEnabled",
        source: "OWASP ASVS 5.0, 16.3.1",
        look: Look::Realm(events),
    },
    Rule {
        id: "realm-event-types-without-logout",
        severity: Severity::Warning,
        explanation: "Events are saved, but not those of a sign-out. The record shows people coming and never leaving.",
        fix: "Realm settings, Events, User events settings: add LOGOUT and LOGOUT_ERROR to the saved types",
        path: "enabledEventTypes",
        source: "OWASP ASVS 5.0, 16.3.1",
        look: Look::Realm(event_types),
    },
    Rule {
        id: "realm-admin-events-off",
        severity: Severity::Warning,
        explanation: "Keycloak keeps no record of what administrators change. A logout that stopped working cannot be traced to the switch that somebody flipped.",
        fix: "Realm settings, Events, Admin events settings: switch \"Save events\" on",
        path: "adminEventsEnabled",
        source: "OWASP ASVS 5.0, 16.3.3",
        look: Look::Realm(admin_events),
    },
    Rule {
        id: "realm-csp-without-frames",
        severity: Severity::Notice,
        explanation: "Keycloak's logout page loads the applications' front-channel pages in frames, and a policy of one's own may forbid them. Keycloak 24 and newer add the applications to `frame-src` of any policy; older ones do it only where the policy was never changed, and front-channel logout reaches nobody.",
        fix: "Realm settings, Security defenses, Headers: before Keycloak 24, name the applications after frame-src in \"Content-Security-Policy\"",
        path: "browserSecurityHeaders/contentSecurityPolicy",
        source: "keycloak#24568; Front-Channel Logout 1.0, 4.1",
        look: Look::Realm(csp_frames),
    },
    Rule {
        id: "realm-login-framable",
        severity: Severity::Error,
        explanation: "Every site may show Keycloak's sign-in page inside its own. People type their password into a page that a stranger has dressed up.",
        fix: "Realm settings, Security defenses, Headers: set frame-ancestors 'self' in \"Content-Security-Policy\"",
        path: "browserSecurityHeaders/contentSecurityPolicy",
        source: "RFC 9700, 4.16",
        look: Look::Realm(framable),
    },
    Rule {
        id: "realm-not-before-set",
        severity: Severity::Notice,
        explanation: "Tokens from before this moment are refused at Keycloak, and nobody is told. Applications that check tokens by signature alone go on accepting them.",
        fix: "Sessions, Action, Revocation: clear it when it has done its work",
        path: "notBefore",
        source: "RFC 7662, 2.2; keycloak#27342",
        look: Look::Realm(not_before),
    },
    Rule {
        id: "realm-broker-signature-off",
        severity: Severity::Error,
        explanation: "Keycloak believes tokens of this identity provider without checking who signed them, logout tokens with `alg: none` included. Anybody can sign brokered users out, or in.",
        fix: "Identity providers, the provider, Settings: switch \"Validate Signatures\" on",
        path: "identityProviders/*/config/validateSignature",
        source: "CVE-2026-18569 (keycloak#51381); Back-Channel Logout 1.0, 2.6",
        look: Look::Realm(broker),
    },
];

fn disabled(realm: RealmView<'_>) -> Vec<Found> {
    if realm.flag("enabled", true) { Vec::new() } else { realm.found("enabled", "false") }
}

fn passwords(realm: RealmView<'_>) -> Vec<Found> {
    let users = realm.json["users"].as_array().into_iter().flatten().enumerate();
    let weak = |credential: &Value| {
        credential["type"] == "password"
            && credential["value"].as_str().is_some_and(|value| WELL_KNOWN.contains(&value.to_lowercase().as_str()))
    };
    users
        .filter_map(|(index, user)| {
            let credential = user["credentials"].as_array()?.iter().position(weak)?;
            Some(Found {
                place: Place::User(user["username"].as_str().unwrap_or("without a name").to_owned()),
                pointer: format!("/users/{index}/credentials/{credential}"),
                said: "a password that everybody tries".to_owned(),
            })
        })
        .collect()
}

fn policy(realm: RealmView<'_>) -> Vec<Found> {
    match realm.json["passwordPolicy"].as_str().filter(|policy| !policy.trim().is_empty()) {
        Some(_) => Vec::new(),
        None => realm.found("passwordPolicy", "absent"),
    }
}

fn brute_force(realm: RealmView<'_>) -> Vec<Found> {
    off(realm, "bruteForceProtected")
}

fn events(realm: RealmView<'_>) -> Vec<Found> {
    off(realm, "eventsEnabled")
}

fn admin_events(realm: RealmView<'_>) -> Vec<Found> {
    off(realm, "adminEventsEnabled")
}

fn off(realm: RealmView<'_>, member: &str) -> Vec<Found> {
    if realm.flag(member, false) { Vec::new() } else { realm.found(member, "off") }
}

fn registration(realm: RealmView<'_>) -> Vec<Found> {
    if realm.flag("registrationAllowed", false) { realm.found("registrationAllowed", "true") } else { Vec::new() }
}

fn ssl_required(realm: RealmView<'_>) -> &str {
    realm.json["sslRequired"].as_str().unwrap_or("external")
}

fn ssl_none(realm: RealmView<'_>) -> Vec<Found> {
    if ssl_required(realm).eq_ignore_ascii_case("none") { realm.found("sslRequired", "none") } else { Vec::new() }
}

fn ssl_all(realm: RealmView<'_>) -> Vec<Found> {
    let plain = realm.clients().any(|client| client.redirect_urls().iter().any(|url| url.scheme() == "http"));
    if plain && ssl_required(realm).eq_ignore_ascii_case("all") {
        return realm.found("sslRequired", "all, and applications have http addresses");
    }
    Vec::new()
}

fn event_types(realm: RealmView<'_>) -> Vec<Found> {
    // An empty list means Keycloak's default types, and LOGOUT is one of them.
    let types = realm.json["enabledEventTypes"].as_array().map_or(&[][..], Vec::as_slice);
    let missing = ["LOGOUT", "LOGOUT_ERROR"].into_iter().find(|wanted| !types.iter().any(|kind| kind == wanted));
    match missing {
        Some(missing) if realm.flag("eventsEnabled", false) && !types.is_empty() => {
            realm.found("enabledEventTypes", format!("{missing} is not among them"))
        }
        _ => Vec::new(),
    }
}

fn policy_directive<'a>(realm: RealmView<'a>, name: &str) -> Option<&'a str> {
    let policy = realm.json["browserSecurityHeaders"]["contentSecurityPolicy"].as_str()?;
    policy.split(';').map(str::trim).find_map(|directive| directive.strip_prefix(name)).map(str::trim)
}

fn csp_frames(realm: RealmView<'_>) -> Vec<Found> {
    /// The first version that adds to a policy that was changed.
    const WIDENS: u32 = 24;
    let Some(policy) = realm.json["browserSecurityHeaders"]["contentSecurityPolicy"].as_str() else {
        return Vec::new();
    };
    // An export says which version made it; a file written by hand does not.
    let version = realm.json["keycloakVersion"].as_str().and_then(|version| version.split('.').next()?.parse().ok());
    let told_by_frame = realm.clients().any(super::view::ClientView::is_frontchannel);
    let changed = policy_directive(realm, "frame-src") != Some("'self'")
        || policy.split(';').filter(|directive| !directive.trim().is_empty()).count() != 3;
    if told_by_frame && changed && version.is_none_or(|version: u32| version < WIDENS) {
        return realm.found("browserSecurityHeaders/contentSecurityPolicy", policy);
    }
    Vec::new()
}

fn framable(realm: RealmView<'_>) -> Vec<Found> {
    let headers = &realm.json["browserSecurityHeaders"];
    let Some(policy) = headers["contentSecurityPolicy"].as_str() else { return Vec::new() };
    let open = match policy_directive(realm, "frame-ancestors") {
        Some(ancestors) => ancestors.split_whitespace().any(|source| matches!(source, "*" | "http:" | "https:")),
        None => headers["xFrameOptions"].as_str().is_none_or(|value| value.trim().is_empty()),
    };
    if open { realm.found("browserSecurityHeaders/contentSecurityPolicy", policy) } else { Vec::new() }
}

fn not_before(realm: RealmView<'_>) -> Vec<Found> {
    match realm.json["notBefore"].as_u64() {
        None | Some(0) => Vec::new(),
        Some(moment) => realm.found("notBefore", moment.to_string()),
    }
}

fn broker(realm: RealmView<'_>) -> Vec<Found> {
    let providers = realm.json["identityProviders"].as_array().into_iter().flatten().enumerate();
    providers
        .filter(|(_, provider)| matches!(provider["providerId"].as_str(), Some("oidc" | "keycloak-oidc")))
        .filter(|(_, provider)| provider["config"]["validateSignature"] != "true")
        .map(|(index, provider)| Found {
            place: Place::Provider(provider["alias"].as_str().unwrap_or("without alias").to_owned()),
            pointer: format!("/identityProviders/{index}/config/validateSignature"),
            said: "off".to_owned(),
        })
        .collect()
}
