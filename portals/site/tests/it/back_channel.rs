//! The back channel: good tokens end exactly what they name, everything else changes nothing.

use axum::body::Body;
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use portals::{Kind, Portal};
use serde_json::json;

use crate::provider::Provider;
use crate::visitor::{Answer, Visitor};
use crate::{lonely, portal_for, signed_in};

const CLIENT: &str = "internal-client";

/// Sends a token as the provider's server does: no cookie, no browser headers.
async fn deliver(portal: &Portal, token: &str) -> Answer {
    let answer = Visitor::of(portal).post("/logout", &format!("logout_token={token}")).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    answer
}

#[tokio::test]
async fn a_good_token_ends_the_session_that_it_names_and_no_other() {
    for kind in [Kind::Internal, Kind::Admin] {
        let (provider, portal, mut desk) = signed_in(kind, "john").await;
        let mut phone = desk.stranger();
        provider.expect("john", "sid-2");
        phone.sign_in().await;
        let token = provider.logout_token(&format!("{kind}-client"), |claims| {
            claims["sub"] = json!("sub-of-john");
            claims["sid"] = json!("sid-1");
        });
        let answer = deliver(&portal, &token).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
        assert_eq!(desk.who().await, None);
        assert_eq!(phone.who().await.as_deref(), Some("john"));
    }
}

#[tokio::test]
async fn a_token_without_sid_ends_every_session_of_its_user() {
    let (provider, portal, mut desk) = signed_in(Kind::Internal, "john").await;
    let (mut phone, mut mary) = (desk.stranger(), desk.stranger());
    provider.expect("john", "sid-2");
    phone.sign_in().await;
    provider.expect("mary", "sid-3");
    mary.sign_in().await;
    let token = provider.logout_token(CLIENT, |claims| claims["sub"] = json!("sub-of-john"));
    assert_eq!(deliver(&portal, &token).await.status, 200);
    assert_eq!((desk.who().await, phone.who().await), (None, None));
    assert_eq!(mary.who().await.as_deref(), Some("mary"));
}

#[tokio::test]
async fn an_unknown_session_is_answered_like_a_known_one() {
    let (provider, portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    let token = provider.logout_token(CLIENT, |claims| {
        claims["sub"] = json!("sub-of-john");
        claims["sid"] = json!("of nobody here");
    });
    let answer = deliver(&portal, &token).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert_eq!(visitor.who().await.as_deref(), Some("john"));
}

#[tokio::test]
async fn the_same_token_works_once() {
    let (provider, portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    let token = provider.logout_token(CLIENT, |claims| claims["sub"] = json!("sub-of-john"));
    assert_eq!(deliver(&portal, &token).await.status, 200);
    provider.expect("john", "sid-2");
    visitor.sign_in().await;
    let again = deliver(&portal, &token).await;
    assert_eq!(again.status, 400);
    assert_eq!(again.json()["error_description"], "the token must not have been used before");
    assert_eq!(visitor.who().await.as_deref(), Some("john"));
}

#[tokio::test]
async fn a_bad_body_is_refused_and_changes_nothing() {
    let (provider, portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    let good = provider.logout_token(CLIENT, |claims| claims["sid"] = json!("sid-1"));
    let mut sender = Visitor::of(&portal);
    let bodies = [
        (String::new(), 400),
        ("logout_token=".to_owned(), 400),
        ("logout_token=test_token".to_owned(), 400),
        (format!("logout_token={good}&logout_token={good}"), 400),
        (format!("logout_token=x&logout_token={good}"), 400),
        (format!("LOGOUT_TOKEN={good}"), 400),
        (format!("logout_token={good}&padding={}", "x".repeat(1024 * 1024)), 413),
    ];
    for (body, status) in bodies {
        let answer = sender.post("/logout", &body).await;
        let beginning: String = body.chars().take(60).collect();
        assert_eq!((answer.status, answer.header("cache-control")), (status, "no-store"), "{beginning}");
        assert_eq!(answer.json()["error"], "invalid_request");
        assert!(!answer.body.contains("test_token"), "{}", answer.body);
    }
    let json = [("content-type", "application/json")];
    let body = Body::from(json!({ "logout_token": good }).to_string());
    assert_eq!(sender.send(Method::POST, "/logout", &json, body).await.status, 400);
    let query = format!("/logout?logout_token={good}");
    assert_eq!(sender.post(&query, "").await.status, 400, "a token in the address does not count");
    assert_eq!(visitor.who().await.as_deref(), Some("john"));
    assert_eq!(deliver(&portal, &good).await.status, 200, "and the token has not been used up");
}

#[tokio::test]
async fn a_forged_or_foreign_token_is_refused_and_changes_nothing() {
    let (provider, portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    let now = crate::now();
    let claims = json!({
        "iss": provider.issuer(), "aud": CLIENT, "iat": now, "exp": now + 120, "jti": "j", "sub": "sub-of-john",
        "sid": "sid-1", "events": {"http://schemas.openid.net/event/backchannel-logout": {}}
    });
    let with = |name: &str, value: serde_json::Value| {
        let mut changed = claims.clone();
        changed[name] = value;
        provider.sign("logout+jwt", &changed)
    };
    let tokens = [
        ("signed with another key", provider.forge("logout+jwt", &claims)),
        ("for another client", with("aud", json!("admin-client"))),
        ("of another issuer", with("iss", json!("https://another.example"))),
        ("with a nonce", with("nonce", json!("n"))),
        ("without the event", with("events", json!({}))),
        ("expired", with("exp", json!(now - 60))),
        ("an access token by its type", provider.sign("at+jwt", &claims)),
    ];
    for (what, token) in tokens {
        let answer = deliver(&portal, &token).await;
        assert_eq!(answer.status, 400, "{what}");
        assert!(!answer.body.contains("john") && !answer.body.contains("sid-1"), "{what}: {}", answer.body);
        assert_eq!(visitor.who().await.as_deref(), Some("john"), "{what}");
    }
    let journal = portal.journal().entries();
    let refused: Vec<_> = journal.iter().filter(|entry| entry.step.word() == "logout-token-refused").collect();
    assert_eq!(refused.len(), 7);
    assert!(refused.iter().all(|entry| entry.detail[0].0 == "clause"), "{refused:?}");
}

#[tokio::test]
async fn a_cookie_beside_the_token_does_not_count() {
    let (provider, _portal, mut john) = signed_in(Kind::Internal, "john").await;
    let mut mary = john.stranger();
    provider.expect("mary", "sid-2");
    mary.sign_in().await;
    let token = provider.logout_token(CLIENT, |claims| claims["sid"] = json!("sid-1"));
    let cross_site = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
    let body = Body::from(format!("logout_token={token}&other=1"));
    assert_eq!(mary.send(Method::POST, "/logout", &cross_site, body).await.status, 200);
    assert_eq!(mary.who().await.as_deref(), Some("mary"));
    assert_eq!(john.who().await, None);
}

#[tokio::test]
async fn a_second_session_of_the_same_user_survives_the_logout_of_the_first() {
    let (provider, portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    let first = visitor.clone();
    provider.expect("john", "sid-2");
    visitor.sign_in().await;
    let token = provider.logout_token(CLIENT, |claims| {
        claims["sid"] = json!("sid-1");
        claims["sub"] = json!("sub-of-john");
    });
    assert_eq!(deliver(&portal, &token).await.status, 200);
    assert_eq!(visitor.who().await.as_deref(), Some("john"));
    assert_eq!({ first }.who().await, None);
}

#[tokio::test]
async fn a_logout_that_overtakes_its_sign_in_wins() {
    let provider = Provider::start().await;
    let portal = portal_for(Kind::Internal, provider.issuer());
    let mut visitor = Visitor::of(&portal);
    provider.expect("john", "sid-1");
    let callback = visitor.begin_sign_in().await;

    // The callback waits for its tokens; meanwhile the provider ends the session.
    let held = provider.hold_tokens().await;
    let mut tab = visitor.clone();
    let waiting = tokio::spawn(async move { (tab.get(&callback).await, tab) });
    provider.token_request_waits().await;
    let token = provider.logout_token(CLIENT, |claims| {
        claims["sid"] = json!("sid-1");
        // The ID token is issued after the wait; a real provider would end the session in the same moment.
        claims["iat"] = json!(crate::now() + 20);
    });
    assert_eq!(deliver(&portal, &token).await.status, 200);
    drop(held);

    let (answer, mut tab) = waiting.await.unwrap();
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert!(answer.body.contains("You were signed out while you signed in"), "{}", answer.body);
    assert_eq!(tab.who().await, None);
    provider.expect("john", "sid-2");
    assert_eq!(tab.sign_in().await.status, 303, "the next sign-in works");
}

#[tokio::test]
async fn a_sign_in_under_way_does_not_revive_the_old_session_nor_suffer_from_its_logout() {
    let (provider, portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    let old = visitor.clone();
    provider.expect("john", "sid-2");
    let callback = visitor.begin_sign_in().await;

    // This request has loaded the old session and waits for the provider while the logout arrives.
    let held = provider.hold_tokens().await;
    let mut tab = visitor.clone();
    let waiting = tokio::spawn(async move { (tab.get(&callback).await.status, tab) });
    provider.token_request_waits().await;
    let token = provider.logout_token(CLIENT, |claims| claims["sid"] = json!("sid-1"));
    assert_eq!(deliver(&portal, &token).await.status, 200);
    drop(held);

    let (status, mut tab) = waiting.await.unwrap();
    assert_eq!(status, 303);
    assert_eq!(tab.get("/api/me").await.json()["sid"], "sid-2");
    assert_eq!({ old }.who().await, None);
}

#[tokio::test]
async fn a_new_key_is_fetched_once_and_unknown_ones_cause_no_flood() {
    let (provider, portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    assert_eq!(provider.asked("keys"), 1);
    provider.rotate_keys();
    let token = provider.logout_token(CLIENT, |claims| claims["sid"] = json!("sid-1"));
    assert_eq!(deliver(&portal, &token).await.status, 200);
    assert_eq!((visitor.who().await, provider.asked("keys")), (None, 2));

    let good = provider.logout_token(CLIENT, |claims| claims["sid"] = json!("sid-9"));
    let (_, rest) = good.split_once('.').unwrap();
    let header = |number: usize| {
        let header = json!({"alg": "RS256", "kid": format!("invented-{number}")}).to_string();
        URL_SAFE_NO_PAD.encode(header)
    };
    for number in 0..20 {
        assert_eq!(deliver(&portal, &format!("{}.{rest}", header(number))).await.status, 400);
    }
    assert_eq!(provider.asked("keys"), 2, "none within the cool-down");
    portal.clock().advance(SignedDuration::from_secs(5));
    assert_eq!(deliver(&portal, &format!("{}.{rest}", header(20))).await.status, 400);
    assert_eq!(provider.asked("keys"), 3);
    assert_eq!(deliver(&portal, &good).await.status, 200, "good tokens are served all the while");
}

#[tokio::test]
async fn many_deliveries_of_one_token_at_once_have_one_effect() {
    let (provider, portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    let token = provider.logout_token(CLIENT, |claims| claims["sid"] = json!("sid-1"));
    let mut deliveries = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (portal, token) = (portal.clone(), token.clone());
        deliveries.spawn(async move { deliver(&portal, &token).await.status });
    }
    let mut answers = deliveries.join_all().await;
    answers.sort_unstable();
    assert_eq!(answers[..2], [200, 400]);
    assert_eq!(visitor.who().await, None);
}

#[tokio::test]
async fn a_token_that_cannot_be_checked_is_never_accepted() {
    let provider = Provider::start().await;
    let token = provider.logout_token(CLIENT, |claims| claims["sid"] = json!("sid-1"));
    let answer = deliver(&lonely(Kind::Internal), &token).await;
    assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some("server_error")));
}
