//! Clocks that contradict each other. Absent ones have Keycloak's defaults.

use super::rule::{Found, Look, Rule, Severity};
use super::view::{ClientView, RealmView};

/// Keycloak's defaults in seconds.
const ACCESS_TOKEN: u64 = 300;
const SSO_IDLE: u64 = 1_800;
const SSO_MAX: u64 = 36_000;

/// From here on an access token is long: it works that long after a logout that nobody heard of.
const LONG_ACCESS_TOKEN: u64 = 900;
/// Below this an idle limit ends sessions while people read.
const SHORT_IDLE: u64 = 120;
/// From here on a single sign-on outlives the working day and the night.
const LONG_MAX: u64 = 86_400;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "realm-access-token-outlives-session",
        severity: Severity::Error,
        explanation: "An access token lives longer than an idle session, so it still opens doors when the session behind it is over. An application that only checks signature and expiry keeps a signed-out user in.",
        fix: "Realm settings, Tokens: make \"Access Token Lifespan\" shorter than \"SSO Session Idle\" (Sessions); for one client under Advanced",
        path: "accessTokenLifespan",
        source: "RFC 9700, 2.2.1; RFC 6819, 5.1.5.3",
        look: Look::Realm(access_outlives),
    },
    Rule {
        id: "realm-access-token-long",
        severity: Severity::Warning,
        explanation: "When a logout reaches nobody, the access token's lifetime is how long the damage lasts. A quarter of an hour and less is usual; refreshing costs one request.",
        fix: "Realm settings, Tokens: set \"Access Token Lifespan\" to five minutes; for one client under Advanced",
        path: "accessTokenLifespan",
        source: "RFC 6819, 5.1.5.3",
        look: Look::Realm(access_long),
    },
    Rule {
        id: "realm-sso-idle-above-max",
        severity: Severity::Error,
        explanation: "The session ends at its maximum long before it could ever be idle. People are signed out in the middle of their work, no application is told, and their own sessions go on.",
        fix: "Realm settings, Sessions: make \"SSO Session Idle\" shorter than \"SSO Session Max\"",
        path: "ssoSessionIdleTimeout",
        source: "keycloak#25171; OpenID Connect Core 1.0, 3.1.2.1",
        look: Look::Realm(idle_above_max),
    },
    Rule {
        id: "realm-sso-idle-short",
        severity: Severity::Warning,
        explanation: "The session ends while people read a page. Nobody is told of it: an expiry sends no logout token, so applications show a signed-in page until their next refresh fails.",
        fix: "Realm settings, Sessions: give \"SSO Session Idle\" at least a few minutes",
        path: "ssoSessionIdleTimeout",
        source: "keycloak#25171",
        look: Look::Realm(idle_short),
    },
    Rule {
        id: "realm-sso-max-long",
        severity: Severity::Warning,
        explanation: "One sign-in lasts longer than a day and a night. A browser that is left open somewhere is a way in until then.",
        fix: "Realm settings, Sessions: set \"SSO Session Max\" to a working day",
        path: "ssoSessionMaxLifespan",
        source: "NIST SP 800-63B, reauthentication",
        look: Look::Realm(max_long),
    },
    Rule {
        id: "realm-client-session-outlives-sso",
        severity: Severity::Warning,
        explanation: "A client's session is set to last longer than the single sign-on that it hangs on. Keycloak cuts it short, so the number is a promise that nobody keeps.",
        fix: "Realm settings, Sessions: make \"Client Session Idle\" and \"Client Session Max\" at most the SSO values; for one client under Advanced",
        path: "clientSessionMaxLifespan",
        source: "Keycloak server administration guide, session and token timeouts",
        look: Look::Realm(client_outlives),
    },
    Rule {
        id: "realm-remember-me-on",
        severity: Severity::Notice,
        explanation: "People may tick a box that makes their session outlive the browser. Closing the window is then no sign-out, and on a shared computer the next one is signed in as the last.",
        fix: "Realm settings, Login: switch \"Remember me\" off, or set its own shorter limits under Sessions",
        path: "rememberMe",
        source: "Keycloak server administration guide, remember me",
        look: Look::Realm(remember_me),
    },
];

/// The realm's access-token lifetime and those of clients that have their own: value, and where it stands.
fn access_tokens(realm: RealmView<'_>) -> Vec<(u64, Option<ClientView<'_>>)> {
    let own = realm.clients().filter_map(|client| Some((client.seconds("access.token.lifespan")?, Some(client))));
    std::iter::once((realm.seconds("accessTokenLifespan", ACCESS_TOKEN), None)).chain(own).collect()
}

fn at(realm: RealmView<'_>, client: Option<ClientView<'_>>, found: String) -> Vec<Found> {
    match client {
        Some(client) => client.found_attribute("access.token.lifespan", found),
        None => realm.found("accessTokenLifespan", found),
    }
}

fn access_outlives(realm: RealmView<'_>) -> Vec<Found> {
    let idle = realm.seconds("ssoSessionIdleTimeout", SSO_IDLE);
    let longer = access_tokens(realm).into_iter().filter(|(seconds, _)| *seconds > idle);
    longer
        .flat_map(|(seconds, client)| at(realm, client, format!("{seconds} s, and idle sessions end after {idle} s")))
        .collect()
}

fn access_long(realm: RealmView<'_>) -> Vec<Found> {
    // Longer than the session is the worse finding, and one is enough.
    let idle = realm.seconds("ssoSessionIdleTimeout", SSO_IDLE);
    let long = access_tokens(realm).into_iter().filter(|(seconds, _)| *seconds > LONG_ACCESS_TOKEN && *seconds <= idle);
    long.flat_map(|(seconds, client)| at(realm, client, format!("{seconds} s"))).collect()
}

fn idle_above_max(realm: RealmView<'_>) -> Vec<Found> {
    let (idle, max) = sso(realm);
    if idle > max {
        return realm.found("ssoSessionIdleTimeout", format!("{idle} s, and every session ends after {max} s"));
    }
    Vec::new()
}

fn idle_short(realm: RealmView<'_>) -> Vec<Found> {
    let (idle, _) = sso(realm);
    if idle < SHORT_IDLE { realm.found("ssoSessionIdleTimeout", format!("{idle} s")) } else { Vec::new() }
}

fn max_long(realm: RealmView<'_>) -> Vec<Found> {
    let (_, max) = sso(realm);
    if max > LONG_MAX { realm.found("ssoSessionMaxLifespan", format!("{max} s")) } else { Vec::new() }
}

fn sso(realm: RealmView<'_>) -> (u64, u64) {
    (realm.seconds("ssoSessionIdleTimeout", SSO_IDLE), realm.seconds("ssoSessionMaxLifespan", SSO_MAX))
}

fn client_outlives(realm: RealmView<'_>) -> Vec<Found> {
    let (idle, max) = sso(realm);
    let mut found = Vec::new();
    for (member, limit) in [("clientSessionIdleTimeout", idle), ("clientSessionMaxLifespan", max)] {
        let seconds = realm.seconds(member, 0);
        if seconds > limit {
            found.extend(realm.found(member, format!("{seconds} s, and the single sign-on ends after {limit} s")));
        }
    }
    for client in realm.clients() {
        for (name, limit) in [("client.session.idle.timeout", idle), ("client.session.max.lifespan", max)] {
            if let Some(seconds) = client.seconds(name).filter(|seconds| *seconds > limit) {
                let said = format!("{seconds} s, and the single sign-on ends after {limit} s");
                found.extend(client.found_attribute(name, said));
            }
        }
    }
    found
}

fn remember_me(realm: RealmView<'_>) -> Vec<Found> {
    if realm.flag("rememberMe", false) { realm.found("rememberMe", "true") } else { Vec::new() }
}
