use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Finding, Place, Rule, Severity, UNUSED, accepted, judge, lint};
use crate::{Client, Realm};

/// The shipped realm with one client changed.
fn with(client: Client, change: &Value) -> Vec<Finding> {
    let mut realm = Realm::shipped();
    crate::merge(realm.client_mut(client).unwrap(), change);
    fresh(realm.json())
}

/// The shipped realm with its own settings changed.
fn with_realm(change: &Value) -> Vec<Finding> {
    let mut json = Realm::shipped().json().clone();
    crate::merge(&mut json, change);
    fresh(&json)
}

/// What is found beyond the accepted weaknesses.
fn fresh(realm: &Value) -> Vec<Finding> {
    judge(realm, lint(realm), &accepted()).findings
}

fn ids(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.rule.id).collect()
}

#[test]
fn the_shipped_realm_has_its_accepted_weaknesses_and_no_other() {
    let realm = Realm::shipped();
    let judged = judge(realm.json(), lint(realm.json()), &accepted());
    assert_eq!(ids(&judged.findings), Vec::<&str>::new());
    assert_eq!(judged.accepted.len(), accepted().len());
    assert_eq!(ids(&judged.unused), Vec::<&str>::new());
}

#[test]
fn every_accepted_weakness_names_a_rule_and_says_why() {
    let known: BTreeSet<&str> = Rule::all().map(|rule| rule.id).collect();
    for entry in accepted() {
        assert!(known.contains(entry.rule.as_str()), "{}", entry.rule);
        assert!(entry.reason.ends_with('.') && entry.reason.len() > 40, "{}", entry.reason);
    }
}

#[test]
fn an_accepted_weakness_that_is_gone_is_a_finding() {
    let mut json = Realm::shipped().json().clone();
    json["passwordPolicy"] = json!("length(12)");
    let judged = judge(&json, lint(&json), &accepted());
    assert_eq!((ids(&judged.findings), ids(&judged.unused)), (Vec::new(), vec![UNUSED.id]));
    assert!(judged.unused[0].found.contains("realm-password-policy-missing"), "{}", judged.unused[0].found);
}

#[test]
fn a_strangers_realm_has_accepted_nothing() {
    let found = with_realm(&json!({ "realm": "theirs" }));
    assert!(ids(&found).contains(&"realm-password-policy-missing"));
    assert!(ids(&found).contains(&"realm-well-known-password"));
}

#[test]
fn every_rule_explains_itself_in_two_sentences_and_names_its_switch_and_source() {
    let mut seen = BTreeSet::new();
    for rule in Rule::all() {
        assert!(seen.insert(rule.id), "{} is there twice", rule.id);
        assert!(
            rule.id.starts_with("realm-")
                && rule.id.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c.is_ascii_digit())
        );
        let sentences = rule.explanation.matches(['.', '?']).count();
        assert!(rule.explanation.ends_with(['.', ')']) && sentences >= 2, "{}: {}", rule.id, rule.explanation);
        assert!(rule.fix.len() > 20 && !rule.path.is_empty() && !rule.source.is_empty(), "{}", rule.id);
    }
    assert!(seen.len() > 45, "{}", seen.len());
}

/// Each client rule that no fault plants: a change that trips it, and it alone.
#[test]
fn each_rule_about_a_client_finds_its_mistake_at_its_place() {
    let cases: &[(&str, Client, Value)] = &[
        ("realm-public-client-never-told", Client::External, json!({ "frontchannelLogout": false })),
        ("realm-backchannel-url-not-absolute", Client::Admin, attribute("backchannel.logout.url", "/logout")),
        (
            "realm-backchannel-url-not-absolute",
            Client::Admin,
            attribute("backchannel.logout.url", "http://localhost:3003/logout#x"),
        ),
        (
            "realm-backchannel-url-not-absolute",
            Client::Admin,
            attribute("backchannel.logout.url", "ftp://localhost/logout"),
        ),
        (
            "realm-frontchannel-url-elsewhere",
            Client::External,
            attribute("frontchannel.logout.url", "http://localhost:3009/logout"),
        ),
        ("realm-offline-by-default", Client::Internal, json!({ "defaultClientScopes": ["basic", "offline_access"] })),
        ("realm-redirect-uris-missing", Client::Internal, json!({ "redirectUris": [] })),
        ("realm-post-logout-uris-missing", Client::Internal, attribute("post.logout.redirect.uris", "-")),
        ("realm-web-origin-plus", Client::External, json!({ "webOrigins": ["+"] })),
        ("realm-pkce-not-s256", Client::External, attribute("pkce.code.challenge.method", "plain")),
        ("realm-service-account-on", Client::Internal, json!({ "serviceAccountsEnabled": true })),
        ("realm-public-client-with-server", Client::External, json!({ "secret": "a-long-random-enough-secret" })),
        ("realm-id-token-encrypted", Client::Internal, attribute("id.token.encrypted.response.alg", "RSA-OAEP")),
        ("realm-session-state-hidden", Client::External, attribute("exclude.session.state.from.auth.response", "true")),
        ("realm-no-refresh-tokens", Client::Internal, attribute("use.refresh.tokens", "false")),
        ("realm-signature-symmetric", Client::Admin, attribute("id.token.signed.response.alg", "none")),
        ("realm-client-session-outlives-sso", Client::Admin, attribute("client.session.max.lifespan", "90000")),
        ("realm-access-token-long", Client::Admin, attribute("access.token.lifespan", "1200")),
        ("realm-access-token-outlives-session", Client::Admin, attribute("access.token.lifespan", "3600")),
    ];
    for (rule, client, change) in cases {
        let found = with(*client, change);
        assert_eq!(ids(&found), [*rule], "{change}");
        let finding = found.iter().find(|finding| finding.rule.id == *rule).unwrap();
        assert_eq!(finding.place, Place::Client(client.id().to_owned()));
        let index = Client::ALL.iter().position(|known| known == client).unwrap();
        assert!(finding.pointer.starts_with(&format!("/clients/{index}/")), "{}", finding.pointer);
    }
}

#[test]
fn each_rule_about_the_realm_finds_its_mistake() {
    let cases: &[(&str, Value)] = &[
        ("realm-disabled", json!({ "enabled": false })),
        ("realm-brute-force-off", json!({ "bruteForceProtected": false })),
        ("realm-registration-open", json!({ "registrationAllowed": true })),
        ("realm-ssl-not-required", json!({ "sslRequired": "none" })),
        ("realm-ssl-not-required", json!({ "sslRequired": "NONE" })),
        ("realm-events-off", json!({ "eventsEnabled": false })),
        ("realm-event-types-without-logout", json!({ "enabledEventTypes": ["LOGIN", "LOGOUT"] })),
        ("realm-admin-events-off", json!({ "adminEventsEnabled": null })),
        (
            "realm-login-framable",
            json!({ "browserSecurityHeaders": { "contentSecurityPolicy": "frame-src 'self'; frame-ancestors *; object-src 'none'" } }),
        ),
        (
            "realm-csp-without-frames",
            json!({ "keycloakVersion": "23.0.7", "browserSecurityHeaders": { "contentSecurityPolicy": "default-src 'self'; frame-ancestors 'self'" } }),
        ),
        ("realm-not-before-set", json!({ "notBefore": 1_800_000_000 })),
        ("realm-remember-me-on", json!({ "rememberMe": true })),
        ("realm-sso-max-long", json!({ "ssoSessionMaxLifespan": 172_800 })),
        ("realm-client-session-outlives-sso", json!({ "clientSessionIdleTimeout": 3600 })),
        ("realm-access-token-long", json!({ "accessTokenLifespan": 1800 })),
        (
            "realm-broker-signature-off",
            json!({ "identityProviders": [{ "alias": "partner", "providerId": "oidc", "config": {} }] }),
        ),
    ];
    for (rule, change) in cases {
        assert_eq!(ids(&with_realm(change)), [*rule], "{change}");
    }
}

fn attribute(name: &str, value: &str) -> Value {
    json!({ "attributes": { name: value } })
}

#[test]
fn what_is_absent_counts_as_keycloak_takes_it() {
    let realm = json!({ "realm": "r", "clients": [{ "clientId": "app", "attributes": { "backchannel.logout.url": "https://app.example/bcl" } }] });
    let found = lint(&realm);
    let of = |rule: &str| found.iter().find(|finding| finding.rule.id == rule).map(|finding| finding.found.as_str());
    assert_eq!(of("realm-backchannel-session-required-off"), Some("absent, which means false"));
    assert_eq!(of("realm-full-scope"), Some("true"));
    assert_eq!(of("realm-frontchannel-switch-on"), None);
    assert_eq!(of("realm-disabled"), None);
}

#[test]
fn clients_that_nobody_signs_in_to_are_left_alone() {
    let realm = json!({ "realm": "r", "clients": [
        { "clientId": "account", "redirectUris": ["/*"] },
        { "clientId": "saml-app", "protocol": "saml", "redirectUris": ["*"] },
        { "clientId": "api", "bearerOnly": true },
        { "clientId": "batch", "standardFlowEnabled": false, "serviceAccountsEnabled": true },
    ] });
    assert!(lint(&realm).iter().all(|finding| finding.place == Place::Realm));
}

#[test]
fn shapes_that_no_realm_has_are_survived() {
    for odd in
        [json!(null), json!([]), json!("x"), json!({}), json!({ "clients": {} }), json!({ "clients": [1, null, {}] })]
    {
        lint(&odd);
    }
    let odd = json!({ "clients": [{ "attributes": [], "redirectUris": "x", "webOrigins": {}, "protocolMappers": 1, "secret": 5 }], "users": {}, "notBefore": -1 });
    assert!(!lint(&odd).is_empty());
}

#[test]
fn a_finding_never_quotes_a_secret() {
    let change = json!({ "secret": "hunter2" });
    let found = with(Client::Internal, &change);
    let text = serde_json::to_string(&lint(Realm::shipped().json())).unwrap() + &serde_json::to_string(&found).unwrap();
    for secret in ["hunter2", "internal-portal-lab-secret", crate::PASSWORD] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[test]
fn a_policy_of_ones_own_is_fine_where_keycloak_widens_it() {
    let policy = json!({ "keycloakVersion": "26.7.3", "browserSecurityHeaders": { "contentSecurityPolicy": "default-src 'self'; frame-ancestors 'self'" } });
    assert_eq!(ids(&with_realm(&policy)), Vec::<&str>::new());
}

#[test]
fn severities_are_ordered() {
    assert!(Severity::Notice < Severity::Warning && Severity::Warning < Severity::Error);
}
