//! What stands in tokens and callbacks, and how it is signed.

use serde_json::Value;

use super::rule::{Found, Look, Rule, Severity};
use super::view::{ClientView, RealmView};
use crate::{Client, REALM};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "realm-roles-not-in-id-token",
        severity: Severity::Error,
        explanation: "Roles stand only in the access token, which is not for the application to read, and not in userinfo. The application sees a user without any role: everybody is refused, or, worse, everybody is let in.",
        fix: "Clients, the client, Client scopes, the dedicated scope, Mappers: add a \"User Realm Role\" mapper with \"Add to ID token\" on",
        path: "protocolMappers",
        source: "OpenID Connect Core 1.0, 2 and 5.1",
        look: Look::Client(roles),
    },
    Rule {
        id: "realm-signature-symmetric",
        severity: Severity::Error,
        explanation: "ID tokens and logout tokens are then signed with the client's secret, or not at all. A relying party that checks signatures with Keycloak's published keys refuses the sign-in and every logout.",
        fix: "Clients, the client, Advanced, Fine grain OpenID Connect configuration: set \"ID token signature algorithm\" to RS256, or clear it",
        path: "attributes/id.token.signed.response.alg",
        source: "OpenID Connect Core 1.0, 3.1.3.7; Back-Channel Logout 1.0, 2.6",
        look: Look::Client(symmetric),
    },
    Rule {
        id: "realm-signature-algorithms-mixed",
        severity: Severity::Warning,
        explanation: "This client's tokens are signed with another algorithm than the realm's default. Keycloak 26.1 signed all logout tokens with the algorithm of the client that asked last, and a relying party that expects another one refuses them.",
        fix: "Clients, the client, Advanced, Fine grain OpenID Connect configuration: clear \"ID token signature algorithm\", or set the same one for all clients",
        path: "attributes/id.token.signed.response.alg",
        source: "keycloak#40984; Back-Channel Logout 1.0, 2.6 step 3",
        look: Look::Client(mixed),
    },
    Rule {
        id: "realm-id-token-encrypted",
        severity: Severity::Warning,
        explanation: "Keycloak encrypts this client's ID tokens, but never its logout tokens. A relying party that follows the specification to the letter refuses a logout token that is not encrypted.",
        fix: "Clients, the client, Advanced, Fine grain OpenID Connect configuration: clear both \"ID token encryption\" fields",
        path: "attributes/id.token.encrypted.response.alg",
        source: "Back-Channel Logout 1.0, 2.6 step 1",
        look: Look::Client(encrypted),
    },
    Rule {
        id: "realm-issuer-hidden",
        severity: Severity::Error,
        explanation: "The callback lacks `iss`, although Keycloak's own description promises it. A relying party that guards itself against mixed-up providers refuses the sign-in; one that does not is open to them.",
        fix: "Clients, the client, Advanced, OpenID Connect compatibility modes: switch \"Exclude Issuer From Authentication Response\" off",
        path: "attributes/exclude.issuer.from.auth.response",
        source: "RFC 9207, 2.4; RFC 9700, 4.4",
        look: Look::Client(issuer_hidden),
    },
    Rule {
        id: "realm-session-state-hidden",
        severity: Severity::Notice,
        explanation: "The callback lacks `session_state`. A page that watches Keycloak's session iframe cannot tell any more whether the single sign-on has ended.",
        fix: "Clients, the client, Advanced, OpenID Connect compatibility modes: switch \"Exclude Session State From Authentication Response\" off",
        path: "attributes/exclude.session.state.from.auth.response",
        source: "OpenID Connect Session Management 1.0, 2",
        look: Look::Client(session_state_hidden),
    },
    Rule {
        id: "realm-no-refresh-tokens",
        severity: Severity::Warning,
        explanation: "The application gets no refresh token and so no cheap way to ask whether the session still lives. A session that runs out at Keycloak tells nobody, and this application would not notice.",
        fix: "Clients, the client, Advanced, OpenID Connect compatibility modes: switch \"Use refresh tokens\" on",
        path: "attributes/use.refresh.tokens",
        source: "keycloak#25171; RFC 6749, 1.5",
        look: Look::Client(no_refresh),
    },
    Rule {
        id: "realm-pairwise-subject",
        severity: Severity::Notice,
        explanation: "Each client sees another `sub` for the same user, and Keycloak before 26.2 wrote the real one into logout tokens. An application that looks sessions up by `sub` then finds none.",
        fix: "Clients, the client, Client scopes, the dedicated scope, Mappers: remove the pairwise mapper, or run 26.2 or newer",
        path: "protocolMappers",
        source: "keycloak#37839; OpenID Connect Core 1.0, 8.1",
        look: Look::Client(pairwise),
    },
    Rule {
        id: "realm-refresh-rotation-off",
        severity: Severity::Warning,
        explanation: "A refresh token that is stolen from a browser works beside the real one until the session ends, and nobody notices. With rotation the second use of a token shows the theft.",
        fix: "Realm settings, Tokens: switch \"Revoke Refresh Token\" on",
        path: "revokeRefreshToken",
        source: "RFC 9700, 2.2.2 and 4.14.2",
        look: Look::Realm(rotation),
    },
];

fn roles(client: ClientView<'_>) -> Vec<Found> {
    let mappers = client.json["protocolMappers"].as_array().map_or(&[][..], Vec::as_slice);
    let is_role_mapper = |mapper: &&Value| {
        mapper["protocolMapper"].as_str().is_some_and(|kind| kind.contains("usermodel") && kind.contains("role-mapper"))
    };
    let mut role_mappers = mappers.iter().filter(is_role_mapper).peekable();
    if role_mappers.peek().is_none() {
        // A stranger's application may read its roles elsewhere; the lab's portals read them in the ID token.
        let ours = client.realm.json["realm"] == REALM && Client::ALL.iter().any(|known| known.id() == client.id());
        return if ours { client.found("protocolMappers", "no mapper for roles") } else { Vec::new() };
    }
    if role_mappers.any(|mapper| mapper["config"]["id.token.claim"] == "true") {
        return Vec::new();
    }
    client.found("protocolMappers", "a mapper for roles that does not fill the ID token")
}

fn algorithm(client: ClientView<'_>) -> Option<&str> {
    client.attribute("id.token.signed.response.alg")
}

fn is_symmetric(algorithm: &str) -> bool {
    algorithm.starts_with("HS") || algorithm == "none"
}

fn symmetric(client: ClientView<'_>) -> Vec<Found> {
    match algorithm(client) {
        Some(algorithm) if is_symmetric(algorithm) => client.found_attribute("id.token.signed.response.alg", algorithm),
        _ => Vec::new(),
    }
}

fn mixed(client: ClientView<'_>) -> Vec<Found> {
    let default = client.realm.json["defaultSignatureAlgorithm"].as_str().unwrap_or("RS256");
    match algorithm(client) {
        Some(algorithm) if !is_symmetric(algorithm) && algorithm != default => {
            client.found_attribute("id.token.signed.response.alg", format!("{algorithm}, and the realm's is {default}"))
        }
        _ => Vec::new(),
    }
}

fn encrypted(client: ClientView<'_>) -> Vec<Found> {
    match client.attribute("id.token.encrypted.response.alg") {
        Some(algorithm) => client.found_attribute("id.token.encrypted.response.alg", algorithm),
        None => Vec::new(),
    }
}

fn issuer_hidden(client: ClientView<'_>) -> Vec<Found> {
    is(client, "exclude.issuer.from.auth.response", "true")
}

fn session_state_hidden(client: ClientView<'_>) -> Vec<Found> {
    is(client, "exclude.session.state.from.auth.response", "true")
}

fn no_refresh(client: ClientView<'_>) -> Vec<Found> {
    is(client, "use.refresh.tokens", "false")
}

fn is(client: ClientView<'_>, attribute: &str, value: &str) -> Vec<Found> {
    if client.attribute(attribute) == Some(value) { client.found_attribute(attribute, value) } else { Vec::new() }
}

fn pairwise(client: ClientView<'_>) -> Vec<Found> {
    let mut mappers = client.json["protocolMappers"].as_array().into_iter().flatten();
    if mappers.any(|mapper| mapper["protocolMapper"].as_str().is_some_and(|kind| kind.contains("pairwise"))) {
        return client.found("protocolMappers", "a pairwise subject mapper");
    }
    Vec::new()
}

fn rotation(realm: RealmView<'_>) -> Vec<Found> {
    if !realm.flag("revokeRefreshToken", false) && realm.clients().any(ClientView::is_public) {
        return realm.found("revokeRefreshToken", "false, and a public client gets refresh tokens");
    }
    Vec::new()
}
