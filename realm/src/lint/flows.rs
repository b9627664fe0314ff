//! Which ways to a token are open, and who may take them.

use super::rule::{Found, Look, Rule, Severity};
use super::view::ClientView;
use crate::Secrets;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "realm-pkce-not-s256",
        severity: Severity::Error,
        explanation: "Keycloak then accepts a sign-in without a PKCE challenge, or with a plain one. A stolen code is as good for the thief as for the application.",
        fix: "Clients, the client, Advanced: set \"Proof Key for Code Exchange Code Challenge Method\" to S256",
        path: "attributes/pkce.code.challenge.method",
        source: "RFC 9700, 2.1.1; RFC 7636, 4.2",
        look: Look::Client(pkce),
    },
    Rule {
        id: "realm-implicit-flow-on",
        severity: Severity::Error,
        explanation: "Tokens come back in the address of a page, where history, scripts and logs see them. Nothing binds them to the browser that asked.",
        fix: "Clients, the client, Settings, Capability config: switch \"Implicit flow\" off",
        path: "implicitFlowEnabled",
        source: "RFC 9700, 2.1.2",
        look: Look::Client(implicit),
    },
    Rule {
        id: "realm-direct-grant-on",
        severity: Severity::Warning,
        explanation: "The application may take the user's password itself and exchange it for tokens. That passes by the single sign-on, its second factors and its sign-out: no browser ever holds a session.",
        fix: "Clients, the client, Settings, Capability config: switch \"Direct access grants\" off",
        path: "directAccessGrantsEnabled",
        source: "RFC 9700, 2.4",
        look: Look::Client(direct_grant),
    },
    Rule {
        id: "realm-service-account-on",
        severity: Severity::Warning,
        explanation: "A client that signs people in can also get tokens for itself, with its secret alone and without a session that a logout could end. Give machines a client of their own.",
        fix: "Clients, the client, Settings, Capability config: switch \"Service accounts roles\" off",
        path: "serviceAccountsEnabled",
        source: "RFC 9700, 2.3; RFC 6749, 4.4",
        look: Look::Client(service_account),
    },
    Rule {
        id: "realm-public-client-with-server",
        severity: Severity::Error,
        explanation: "The application has a server, which could keep a secret, and Keycloak does not ask for one. Anybody who gets a code or a refresh token can use it in the application's name.",
        fix: "Clients, the client, Settings, Capability config: switch \"Client authentication\" on and give the secret to the server",
        path: "publicClient",
        source: "RFC 9700, 2.5; RFC 6749, 2.1; Back-Channel Logout 1.0, 2.2",
        look: Look::Client(public_with_server),
    },
    Rule {
        id: "realm-client-secret-known",
        severity: Severity::Warning,
        explanation: "The client's secret stands in a file that others have, or is one that can be guessed. Whoever knows it can redeem codes and end sessions in the application's name.",
        fix: "Clients, the client, Credentials: regenerate \"Client secret\"; in files write a placeholder such as ${PORTAL_SECRET}",
        path: "secret",
        source: "RFC 6819, 5.1.4",
        look: Look::Client(known_secret),
    },
    Rule {
        id: "realm-full-scope",
        severity: Severity::Notice,
        explanation: "Every role of the user goes into this client's tokens, also roles that belong to other applications. A token that is stolen here opens doors elsewhere.",
        fix: "Clients, the client, Client scopes, the dedicated scope, Scope: switch \"Full scope allowed\" off and assign the roles that the application reads",
        path: "fullScopeAllowed",
        source: "RFC 9700, 2.3",
        look: Look::Client(full_scope),
    },
    Rule {
        id: "realm-client-disabled",
        severity: Severity::Error,
        explanation: "Nobody can sign in to this application, and Keycloak posts no logout token to it either. Who was signed in when it was disabled stays in until the application itself looks.",
        fix: "Clients, the client: switch \"Enabled\" on, or delete the client",
        path: "enabled",
        source: "OpenID Connect Core 1.0, 3.1.2.6",
        look: Look::Client(disabled),
    },
    Rule {
        id: "realm-consent-required",
        severity: Severity::Notice,
        explanation: "The first sign-in shows a question that people may answer with no; the application gets `access_denied` and must not try again in a loop. Right for strangers' applications, a surprise for one's own.",
        fix: "Clients, the client, Settings, Login settings: switch \"Consent required\" off for your own applications",
        path: "consentRequired",
        source: "RFC 6749, 4.1.2.1",
        look: Look::Client(consent),
    },
];

fn pkce(client: ClientView<'_>) -> Vec<Found> {
    match client.attribute("pkce.code.challenge.method") {
        Some("S256") => Vec::new(),
        other => client.found_attribute("pkce.code.challenge.method", other.unwrap_or("absent")),
    }
}

fn implicit(client: ClientView<'_>) -> Vec<Found> {
    on(client, "implicitFlowEnabled")
}

fn direct_grant(client: ClientView<'_>) -> Vec<Found> {
    on(client, "directAccessGrantsEnabled")
}

fn service_account(client: ClientView<'_>) -> Vec<Found> {
    on(client, "serviceAccountsEnabled")
}

fn consent(client: ClientView<'_>) -> Vec<Found> {
    on(client, "consentRequired")
}

fn on(client: ClientView<'_>, member: &str) -> Vec<Found> {
    if client.flag(member, false) { client.found(member, "true") } else { Vec::new() }
}

fn public_with_server(client: ClientView<'_>) -> Vec<Found> {
    if !client.is_public() {
        return Vec::new();
    }
    let in_browser = client.strings("webOrigins").next().is_some();
    let why = if client.json["secret"].is_string() {
        "true, and the client has a secret"
    } else if client.flag("serviceAccountsEnabled", false) {
        "true, and the client has a service account"
    } else if client.backchannel_url().is_some() && !in_browser {
        "true, and the client has a server that hears of logouts"
    } else {
        return Vec::new();
    };
    client.found("publicClient", why)
}

fn known_secret(client: ClientView<'_>) -> Vec<Found> {
    /// Shorter ones can be tried out.
    const LONG_ENOUGH: usize = 16;
    let Some(secret) = client.json["secret"].as_str().filter(|_| !client.is_public()) else { return Vec::new() };
    let placeholder = secret.starts_with("${") || !secret.is_empty() && secret.chars().all(|letter| letter == '*');
    let lab = Secrets::defaults();
    let known = [lab.internal.as_str(), lab.admin.as_str()].contains(&secret) || secret.contains(client.id());
    // The finding never quotes the secret: findings are printed and kept.
    match () {
        () if placeholder => Vec::new(),
        () if known => client.found("secret", "one that is written in a public file, or made from the client's name"),
        () if secret.len() < LONG_ENOUGH => client.found("secret", format!("only {} characters long", secret.len())),
        () => Vec::new(),
    }
}

fn full_scope(client: ClientView<'_>) -> Vec<Found> {
    if client.flag("fullScopeAllowed", true) { client.found("fullScopeAllowed", "true") } else { Vec::new() }
}

fn disabled(client: ClientView<'_>) -> Vec<Found> {
    if client.flag("enabled", true) { Vec::new() } else { client.found("enabled", "false") }
}
