//! Signing in: the way there and back, and everything that must not work.

use axum::http::header::SET_COOKIE;
use jiff::SignedDuration;
use portals::{Clock, Kind, Portal, Settings};

use crate::provider::{Fault, Provider};
use crate::visitor::Visitor;
use crate::{lonely, portal_for, settings, signed_in};

#[tokio::test]
async fn a_sign_in_opens_a_session_and_tells_the_page_who_it_is() {
    let (_provider, _portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    let me = visitor.get("/api/me").await;
    let json = me.json();
    assert_eq!((me.status, json["username"].as_str(), json["sid"].as_str()), (200, Some("john"), Some("sid-1")));
    assert_eq!(json["roles"], serde_json::json!(["employee"]));
    let claims = json["id_token"]["claims"].to_string();
    assert!(claims.contains("sub-of-john"), "{claims}");
    assert!(!me.body.contains("an opaque refresh token"), "{}", me.body);
    let masked = json["id_token"]["masked"].as_str().unwrap();
    assert!(masked.starts_with("eyJhbGci…") && masked.len() < 80, "{masked}");
}

#[tokio::test]
async fn the_cookie_is_the_portals_own_and_no_script_reads_it() {
    let provider = Provider::start().await;
    for (kind, name, path) in
        [(Kind::Internal, "internal_session", "/login"), (Kind::Admin, "admin_session", "/admin/auth")]
    {
        let answer = Visitor::of(&portal_for(kind, provider.issuer())).get(path).await;
        let cookie = answer.headers[SET_COOKIE].to_str().unwrap();
        assert!(cookie.starts_with(&format!("{name}=")), "{cookie}");
        for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Secure") && !cookie.contains("Max-Age"), "{cookie}");
    }
}

#[tokio::test]
async fn behind_https_the_cookie_is_secure() {
    let provider = Provider::start().await;
    let public_url = "https://internal.example".parse().unwrap();
    let settings = Settings { public_url, ..settings(Kind::Internal, provider.issuer()) };
    let answer = Visitor::of(&Portal::new(settings, Clock::system()).unwrap()).get("/login").await;
    let cookie = answer.headers[SET_COOKIE].to_str().unwrap();
    assert!(cookie.contains("Secure"), "{cookie}");
    assert!(
        answer.location().contains("redirect_uri=https%3A%2F%2Finternal.example%2Fcallback"),
        "{}",
        answer.location()
    );
}

#[tokio::test]
async fn the_sessions_id_changes_at_sign_in() {
    let provider = Provider::start().await;
    let mut visitor = Visitor::of(&portal_for(Kind::Internal, provider.issuer()));
    provider.expect("john", "sid-1");
    let callback = visitor.begin_sign_in().await;
    let planted = visitor.clone();
    visitor.get(&callback).await;
    assert_eq!(visitor.who().await.as_deref(), Some("john"));
    assert_ne!(planted.cookies, visitor.cookies);
    assert_eq!({ planted }.who().await, None, "who knew the old id is not signed in");
}

#[tokio::test]
async fn two_tabs_can_sign_in_at_once() {
    let provider = Provider::start().await;
    let mut visitor = Visitor::of(&portal_for(Kind::Internal, provider.issuer()));
    provider.expect("john", "sid-1");
    let first = visitor.begin_sign_in().await;
    let second = visitor.begin_sign_in().await;
    assert_eq!(visitor.get(&second).await.status, 303);
    assert_eq!(visitor.get(&first).await.status, 303, "also after the session's id has changed");
    assert_eq!(visitor.who().await.as_deref(), Some("john"));
}

#[tokio::test]
async fn a_callback_that_this_browser_did_not_begin_is_refused() {
    let provider = Provider::start().await;
    let portal = portal_for(Kind::Internal, provider.issuer());
    let mut victim = Visitor::of(&portal);
    provider.expect("mary", "sid-of-mary");
    let callback = victim.stranger().begin_sign_in().await;
    for path in [
        callback.as_str(),
        "/callback?code=c&state=invented",
        "/callback?code=c",
        "/callback",
        "/callback?state=a&state=a&code=c",
    ] {
        let answer = victim.get(path).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.body.contains("does not belong to a sign-in of this browser"), "{}", answer.body);
        assert_eq!(victim.who().await, None);
    }
    // The same with a browser that began a sign-in of its own.
    victim.begin_sign_in().await;
    assert_eq!(victim.get(&callback).await.status, 400);
    assert_eq!(victim.who().await, None);
    assert_eq!(provider.asked("token"), 0, "no code of a stranger was sent on");
}

#[tokio::test]
async fn a_callback_works_once() {
    let provider = Provider::start().await;
    let mut visitor = Visitor::of(&portal_for(Kind::Internal, provider.issuer()));
    provider.expect("john", "sid-1");
    let callback = visitor.begin_sign_in().await;
    assert_eq!(visitor.get(&callback).await.status, 303);
    assert_eq!(visitor.get(&callback).await.status, 400);
    assert_eq!(visitor.who().await.as_deref(), Some("john"), "the session of the first time lives");
    assert_eq!(provider.asked("token"), 1);
}

#[tokio::test]
async fn a_code_that_was_used_elsewhere_opens_no_session() {
    let provider = Provider::start().await;
    let mut visitor = Visitor::of(&portal_for(Kind::Internal, provider.issuer()));
    let own = visitor.begin_sign_in().await;
    let spoiled = own.replace("code=code-", "code=used-");
    let answer = visitor.get(&spoiled).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("used already, or too late"), "{}", answer.body);
    assert_eq!(visitor.who().await, None);
}

#[tokio::test]
async fn somebody_elses_code_does_not_fit_this_sign_in() {
    let provider = Provider::start().await;
    let portal = portal_for(Kind::Internal, provider.issuer());
    let mut visitor = Visitor::of(&portal);
    provider.expect("eve", "sid-of-eve");
    let of_eve = visitor.stranger().begin_sign_in().await;
    let code = of_eve.split("code=").nth(1).unwrap().to_owned();
    let own = visitor.begin_sign_in().await;
    let mixed = format!("{}code={code}", own.split("code=").next().unwrap());
    assert_eq!(visitor.get(&mixed).await.status, 400, "PKCE: the verifier does not belong to this code");
    assert_eq!(visitor.who().await, None);
}

#[tokio::test]
async fn an_answer_that_proves_nothing_opens_no_session() {
    for (fault, status, text) in [
        (Fault::WrongNonce, 400, "belongs to another sign-in"),
        (Fault::WrongParty, 502, "expected azp"),
        (Fault::WrongAudience, 502, "unusable answer"),
        (Fault::UnpublishedKey, 502, "unusable answer"),
        (Fault::NoIss, 400, "promises it"),
        (Fault::OtherIss, 400, "RFC9207-2.4"),
        (Fault::Denied, 400, "access_denied"),
        (Fault::WrongSecret, 502, "does not accept this portal"),
    ] {
        let provider = Provider::start().await;
        let mut visitor = Visitor::of(&portal_for(Kind::Admin, provider.issuer()));
        provider.fault(Some(fault));
        let answer = visitor.sign_in().await;
        assert_eq!(answer.status, status, "{fault:?}: {}", answer.body);
        assert!(answer.body.contains(text) && answer.body.contains("href=\"/\""), "{fault:?}: {}", answer.body);
        assert_eq!(visitor.who().await, None, "{fault:?}");
        provider.fault(None);
        assert_eq!(visitor.sign_in().await.status, 303, "the next try works");
    }
}

#[tokio::test]
async fn a_sign_in_that_took_too_long_is_refused() {
    let provider = Provider::start().await;
    let portal = portal_for(Kind::Internal, provider.issuer());
    let mut visitor = Visitor::of(&portal);
    let callback = visitor.begin_sign_in().await;
    portal.clock().advance(SignedDuration::from_mins(10));
    assert_eq!(visitor.get(&callback).await.status, 400);
}

#[tokio::test]
async fn a_provider_that_is_down_is_a_page_with_a_way_back() {
    for (kind, path) in [(Kind::Internal, "/login"), (Kind::Admin, "/admin/auth")] {
        let answer = Visitor::of(&lonely(kind)).get(path).await;
        assert_eq!(answer.status, 502);
        assert!(answer.body.contains("The sign-in service cannot be reached"), "{}", answer.body);
        assert!(answer.body.contains("href=\"/\""), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_provider_that_went_down_after_a_sign_in_is_noticed_too() {
    let (provider, _portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    let callback = visitor.begin_sign_in().await;
    provider.go_down().await;
    assert_eq!(visitor.get("/login").await.status, 502);
    assert_eq!(visitor.get(&callback).await.status, 502);
    assert_eq!(visitor.who().await.as_deref(), Some("john"), "who is signed in stays so");
}

#[tokio::test]
async fn a_session_lasts_no_longer_than_the_refresh_token() {
    for (told, minutes) in [(Some(600), 10), (None, 30), (Some(0), 30)] {
        let provider = Provider::start().await;
        provider.refresh_expires_in(told);
        provider.expect("john", "sid-1");
        let portal = portal_for(Kind::Internal, provider.issuer());
        let mut visitor = Visitor::of(&portal);
        visitor.sign_in().await;
        portal.clock().advance(SignedDuration::from_mins(minutes) - SignedDuration::from_secs(20));
        assert_eq!(visitor.who().await.as_deref(), Some("john"), "asking does not prolong: {told:?}");
        portal.clock().advance(SignedDuration::from_secs(20));
        assert_eq!(visitor.who().await, None, "{told:?}");
    }
}

#[tokio::test]
async fn new_keys_are_fetched_once_when_an_id_token_names_one() {
    let (provider, _portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    assert_eq!(provider.asked("keys"), 1);
    provider.rotate_keys();
    assert_eq!(visitor.sign_in().await.status, 303);
    assert_eq!(provider.asked("keys"), 2);
}

#[tokio::test]
async fn another_person_in_the_same_browser_replaces_the_session() {
    let (provider, _portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    let before = visitor.clone();
    provider.expect("mary", "sid-2");
    visitor.sign_in().await;
    assert_eq!(visitor.who().await.as_deref(), Some("mary"));
    assert_eq!({ before }.who().await, None);
}

#[tokio::test]
async fn a_reset_puts_everybody_out_and_forgets_what_was_begun() {
    let (provider, portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    let callback = visitor.begin_sign_in().await;
    portal.reset().await.unwrap();
    assert_eq!(visitor.who().await, None);
    assert_eq!(visitor.get(&callback).await.status, 400);
    assert!(portal.journal().entries().iter().all(|entry| entry.step.word() == "sign-in-refused"), "only that is left");
    assert_eq!(visitor.sign_in().await.status, 303);
    assert_eq!(provider.asked("keys"), 2, "the provider's keys are fetched anew");
}
