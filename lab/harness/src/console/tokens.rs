//! The tokens of an exchange, claim by claim, beside what the specification asks of each.

use lab_trace::{Answer, Body, Exchange, Param, Shown};
use serde::Serialize;
use serde_json::Value;

use super::detail::Clause;
use crate::control::messages::Topology;

/// The member of `events` by which a logout token is known (BCL 2.4).
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A token as the inspector shows it. The lab has not verified it: it shows what was sent.
#[derive(Debug, Serialize)]
pub(super) struct Token {
    /// Where it stood: `form logout_token`.
    place: String,
    kind: String,
    header: String,
    claims: Vec<Claim>,
}

/// One claim.
#[derive(Debug, Serialize)]
pub(super) struct Claim {
    name: String,
    /// As JSON; absent where the token has no such claim.
    value: Option<String>,
    verdict: Verdict,
    /// What there is to say about it.
    note: String,
    clause: Option<Clause>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    /// As the specification asks for.
    Right,
    /// Against the specification.
    Wrong,
    /// The specification leaves it open, or does not speak of it.
    Open,
}

/// What a specification says about the presence of a claim.
enum Rule {
    Required,
    Optional,
    Forbidden,
}

use Rule::{Forbidden, Optional, Required};

const LOGOUT: &[(&str, Rule, &str, &str)] = &[
    ("iss", Required, "who says so", "BCL-2.4"),
    ("aud", Required, "whom it is for", "BCL-2.4"),
    ("iat", Required, "when it was made", "BCL-2.4"),
    ("exp", Required, "until when it counts", "BCL-2.4"),
    ("jti", Required, "a token that comes a second time is known by it", "BCL-2.4"),
    ("events", Required, "says that this is a logout", "BCL-2.4"),
    ("sid", Optional, "which session; without it, all sessions of sub", "BCL-2.4"),
    ("sub", Optional, "whose session; sid or sub has to be there", "BCL-2.4"),
    (
        "nonce",
        Forbidden,
        "so that nobody can pass off an ID token as a logout token, or the other way round",
        "BCL-2.4",
    ),
];

const ID: &[(&str, Rule, &str, &str)] = &[
    ("iss", Required, "who says so", "Core-2"),
    ("sub", Required, "who signed in", "Core-2"),
    ("aud", Required, "whom it is for", "Core-2"),
    ("iat", Required, "when it was made", "Core-2"),
    ("exp", Required, "until when it counts", "Core-2"),
    ("nonce", Optional, "has to be the one of the request, where the request had one", "Core-3.1.3.7"),
    ("auth_time", Optional, "when the password was typed", "Core-2"),
    ("azp", Optional, "who asked for it", "Core-2"),
    ("sid", Optional, "the session: a logout names it later", "BCL-2.1"),
    ("events", Forbidden, "an ID token is no logout token", "BCL-2.4"),
];

/// Every token of an exchange.
pub(super) fn of(exchange: &Exchange, topology: &Topology) -> Vec<Token> {
    let (location, answer) = match &exchange.answer {
        Answer::Response { location, body, .. } => {
            (location.as_ref().map(|location| location.query.as_slice()).unwrap_or_default(), body)
        }
        Answer::Aborted | Answer::NoAnswer { .. } => (&[][..], &Body::Empty),
    };
    let places = [
        ("query", exchange.query.as_slice()),
        ("header", exchange.headers.as_slice()),
        body(&exchange.body),
        ("redirect", location),
        ("answer", body(answer).1),
    ];
    let found = places.into_iter().flat_map(|(place, params)| params.iter().map(move |param| (place, param)));
    found.filter_map(|(place, param)| token(place, param, topology)).collect()
}

fn body(body: &Body) -> (&'static str, &[Param]) {
    match body {
        Body::Form { fields } => ("form", fields),
        Body::Json { members } => ("JSON", members),
        Body::Empty | Body::Html { .. } | Body::Other { .. } => ("body", &[]),
    }
}

fn token(place: &str, param: &Param, topology: &Topology) -> Option<Token> {
    let Shown::Token { kind, header, claims, .. } = &param.value else { return None };
    let rules = match kind.as_str() {
        "logout_token" => LOGOUT,
        "id_token" => ID,
        _ => &[],
    };
    let mut listed: Vec<Claim> = rules.iter().map(|rule| claim(rule, claims, topology)).collect();
    for (name, value) in claims.as_object().into_iter().flatten() {
        if !rules.iter().any(|(known, ..)| known == name) {
            let note = if rules.is_empty() {
                String::new()
            } else {
                "not asked for; whoever does not know it ignores it".to_owned()
            };
            listed.push(Claim {
                name: name.clone(),
                value: Some(value.to_string()),
                verdict: Verdict::Open,
                note,
                clause: None,
            });
        }
    }
    Some(Token {
        place: format!("{place} {}", param.name),
        kind: kind.clone(),
        header: header.to_string(),
        claims: listed,
    })
}

fn claim(
    (name, rule, about, reference): &(&str, Rule, &'static str, &'static str),
    claims: &Value,
    topology: &Topology,
) -> Claim {
    let value = claims.get(name);
    let (verdict, presence) = match (rule, value) {
        (Required, Some(_)) => (Verdict::Right, "present, as it must be"),
        (Required, None) => (Verdict::Wrong, "MISSING: it must be there"),
        (Forbidden, None) => (Verdict::Right, "absent, as it must be"),
        (Forbidden, Some(_)) => (Verdict::Wrong, "PRESENT: it must not be there"),
        (Optional, Some(_)) => (Verdict::Open, "present; it may be"),
        (Optional, None) => (Verdict::Open, "absent; it may be"),
    };
    let (verdict, found) = match value.and_then(|value| judged(name, value, topology)) {
        Some((true, words)) => (verdict, format!("{presence}; {words}")),
        Some((false, words)) => (Verdict::Wrong, format!("{presence}; {words}")),
        None => (verdict, presence.to_owned()),
    };
    let note = format!("{found} ({about})");
    let value = value.map(Value::to_string);
    Claim { name: (*name).to_owned(), value, verdict, note, clause: Clause::of(reference) }
}

/// What the value says, where that can be seen from here.
fn judged(name: &str, value: &Value, topology: &Topology) -> Option<(bool, String)> {
    match name {
        "iss" => {
            let this = value.as_str() == Some(topology.issuer.as_str());
            Some((this, if this { "it is this realm" } else { "it is NOT this realm" }.to_owned()))
        }
        "events" => {
            let logout = value.get(LOGOUT_EVENT).is_some_and(Value::is_object);
            Some((
                logout,
                if logout { "it names the logout event" } else { "it does NOT name the logout event" }.to_owned(),
            ))
        }
        "aud" => {
            let names: Vec<&str> = match value {
                Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
                other => other.as_str().into_iter().collect(),
            };
            let portal = topology.portals.iter().find(|portal| names.contains(&portal.client_id.as_str()))?;
            Some((true, format!("it is the {} portal", portal.name)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use lab_trace::{Param, Shown};
    use serde_json::{Value, json};
    use url::Url;

    use super::{LOGOUT_EVENT, Verdict, token};
    use crate::control::messages::Topology;
    use crate::keycloak::RuntimeKind;
    use crate::sites::Sites;

    fn verdict(claims: &Value, name: &str) -> Verdict {
        let issuer: Url = "http://localhost:8080/realms/enterprise-sso".parse().unwrap();
        let topology = Topology {
            keycloak: issuer.clone(),
            issuer,
            version: String::new(),
            runtime: RuntimeKind::Dist,
            sites: Sites::Same,
            portals: Vec::new(),
        };
        let value = Shown::Token {
            kind: "logout_token".to_owned(),
            print: String::new(),
            header: json!({"alg": "RS256"}),
            claims: claims.clone(),
        };
        let shown = token("form", &Param { name: "logout_token".to_owned(), value }, &topology).unwrap();
        shown.claims.iter().find(|claim| claim.name == name).unwrap().verdict
    }

    #[test]
    fn what_has_to_be_in_a_logout_token_and_what_must_not_be_is_seen() {
        let good = json!({
            "iss": "http://localhost:8080/realms/enterprise-sso", "aud": "admin-dashboard", "iat": 1, "exp": 2, "jti": "j",
            "events": {LOGOUT_EVENT: {}}, "sid": "s", "extra": true,
        });
        for name in ["iss", "aud", "events", "nonce"] {
            assert_eq!(verdict(&good, name), Verdict::Right, "{name}");
        }
        assert_eq!(verdict(&good, "extra"), Verdict::Open);
        assert_eq!(verdict(&good, "sub"), Verdict::Open);
        let bad = json!({"iss": "https://elsewhere.example", "events": {"another": {}}, "nonce": "n"});
        for name in ["iss", "aud", "events", "nonce", "jti"] {
            assert_eq!(verdict(&bad, name), Verdict::Wrong, "{name}");
        }
    }
}
