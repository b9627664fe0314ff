//! Refreshing: an active person stays signed in, an idle or refused session ends, and an outage decides nothing at once.

use std::collections::HashMap;

use jiff::SignedDuration;
use portals::{Kind, Portal};
use serde_json::json;
use url::Url;

use crate::live::{open_line, rest, serve};
use crate::provider::{Fault, Provider};
use crate::signed_in;
use crate::visitor::Visitor;

/// Just before the end of the access token, which lives for five minutes.
const NEARLY_OVER: i64 = 280;

/// The page of a portal that a person asks for.
fn page(kind: Kind) -> &'static str {
    if kind == Kind::Admin { "/admin/dashboard" } else { "/" }
}

/// Moves both clocks on: time passes for everybody.
fn pass(provider: &Provider, portal: &Portal, seconds: i64) {
    portal.clock().advance(SignedDuration::from_secs(seconds));
    provider.advance(seconds);
}

fn count(portal: &Portal, step: &str) -> usize {
    portal.journal().entries().iter().filter(|entry| entry.step.word() == step).count()
}

#[tokio::test]
async fn who_is_active_stays_signed_in_beyond_the_first_refresh_token() {
    for kind in [Kind::Internal, Kind::Admin] {
        let (provider, portal, mut visitor) = signed_in(kind, "john").await;
        visitor.get(page(kind)).await;
        assert_eq!(provider.asked("refresh"), 0, "not before it is time");
        for refreshes in 1..=8 {
            pass(&provider, &portal, NEARLY_OVER);
            assert_eq!(visitor.get(page(kind)).await.status, 200);
            assert_eq!(provider.asked("refresh"), refreshes, "each with the newest refresh token");
        }
        assert_eq!(visitor.who().await.as_deref(), Some("john"), "37 minutes: longer than one refresh token");
        pass(&provider, &portal, 1800);
        assert_eq!(visitor.who().await, None, "half an hour without anything is too long");
    }
}

#[tokio::test]
async fn an_action_is_activity_too() {
    let (provider, portal, mut visitor) = signed_in(Kind::Admin, "mary").await;
    pass(&provider, &portal, NEARLY_OVER);
    assert_eq!(visitor.post("/admin/items/leave-1/approve", "").await.status, 303);
    assert_eq!(provider.asked("refresh"), 1);
}

#[tokio::test]
async fn what_scripts_and_probes_ask_prolongs_nothing() {
    for (kind, paths) in [
        (Kind::Internal, ["/api/me", "/info", "/health", "/signed-out"]),
        (Kind::Admin, ["/admin/session", "/info", "/health", "/admin/login"]),
    ] {
        let (provider, portal, mut visitor) = signed_in(kind, "john").await;
        pass(&provider, &portal, NEARLY_OVER);
        for path in paths {
            visitor.get(path).await;
        }
        assert_eq!(provider.asked("refresh"), 0, "{kind}");
    }
    let (provider, portal, visitor) = signed_in(Kind::Internal, "john").await;
    pass(&provider, &portal, NEARLY_OVER);
    let served = serve(&portal).await;
    open_line(&served, &visitor).await;
    assert_eq!(provider.asked("refresh"), 0, "an open line is no activity");
}

#[tokio::test]
async fn many_requests_at_once_refresh_once() {
    let (provider, portal, visitor) = signed_in(Kind::Internal, "john").await;
    pass(&provider, &portal, NEARLY_OVER);
    let held = provider.hold_tokens().await;
    let mut first = visitor.clone();
    let first = tokio::spawn(async move { first.get("/").await.status });
    provider.token_request_waits().await;
    for _ in 0..5 {
        assert_eq!({ visitor.clone() }.get("/").await.status, 200, "nobody waits for it");
    }
    drop(held);
    assert_eq!(first.await.unwrap(), 200);
    assert_eq!(provider.asked("refresh"), 1);
    assert_eq!(count(&portal, "session-refreshed"), 1);
}

#[tokio::test]
async fn a_provider_that_refuses_ends_the_session_and_the_open_page_hears_why() {
    let (provider, portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    let served = serve(&portal).await;
    let line = open_line(&served, &visitor).await;
    provider.end_sessions();
    pass(&provider, &portal, NEARLY_OVER);
    assert_eq!(visitor.get("/").await.status, 200, "the page itself is for everybody");
    assert!(rest(line).await.contains("\"reason\":\"refresh-refused\""));
    assert_eq!(visitor.who().await, None);
    assert_eq!(count(&portal, "refresh-refused"), 1);

    let (provider, portal, mut visitor) = signed_in(Kind::Admin, "john").await;
    provider.end_sessions();
    pass(&provider, &portal, NEARLY_OVER);
    let answer = visitor.get("/admin/dashboard").await;
    assert_eq!((answer.status, answer.location()), (303, "/admin/login?why=refresh-refused"));
    let login = visitor.get("/admin/login?why=refresh-refused").await;
    assert!(login.body.contains("The sign-in service has ended your session."), "{}", login.body);
}

#[tokio::test]
async fn an_outage_ends_nothing_for_a_while_and_something_later() {
    for fault in [Fault::RefreshUnavailable, Fault::WrongSecret] {
        let (provider, portal, mut visitor) = signed_in(Kind::Admin, "john").await;
        provider.fault(Some(fault));
        pass(&provider, &portal, NEARLY_OVER);
        for _ in 0..3 {
            assert_eq!(visitor.get("/admin/dashboard").await.status, 200, "{fault:?}");
        }
        assert_eq!(provider.asked("refresh"), 1, "not again at once: every page would be slow");
        pass(&provider, &portal, 599);
        assert_eq!(visitor.get("/admin/dashboard").await.status, 200, "{fault:?}");
        assert_eq!(provider.asked("refresh"), 2);
        pass(&provider, &portal, 31);
        let answer = visitor.get("/admin/dashboard").await;
        assert_eq!((answer.status, answer.location()), (303, "/admin/login?why=unconfirmed"), "{fault:?}");
        assert_eq!(visitor.who().await, None);
    }
}

#[tokio::test]
async fn after_an_outage_everything_goes_on() {
    let (provider, portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    provider.fault(Some(Fault::RefreshUnavailable));
    pass(&provider, &portal, NEARLY_OVER);
    visitor.get("/").await;
    provider.fault(None);
    pass(&provider, &portal, 40);
    visitor.get("/").await;
    assert_eq!((count(&portal, "refresh-failed"), count(&portal, "session-refreshed")), (1, 1));
    pass(&provider, &portal, 1600);
    assert_eq!(visitor.who().await.as_deref(), Some("john"), "for the life of the new refresh token");
}

#[tokio::test]
async fn an_answer_that_proves_nothing_changes_nothing() {
    let (provider, portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    provider.fault(Some(Fault::RefreshUnpublishedKey));
    pass(&provider, &portal, NEARLY_OVER);
    visitor.get("/").await;
    assert_eq!(visitor.who().await.as_deref(), Some("john"));
    assert_eq!((provider.asked("refresh"), count(&portal, "refresh-failed")), (1, 1));
    pass(&provider, &portal, 1800 - NEARLY_OVER);
    assert_eq!(visitor.who().await, None, "nor does it prolong anything");
}

#[tokio::test]
async fn an_answer_about_somebody_else_ends_the_session() {
    for fault in [Fault::RefreshOtherUser, Fault::RefreshOtherSession] {
        let (provider, portal, mut visitor) = signed_in(Kind::Internal, "john").await;
        provider.fault(Some(fault));
        pass(&provider, &portal, NEARLY_OVER);
        visitor.get("/").await;
        assert_eq!(visitor.who().await, None, "{fault:?}");
        assert_eq!(count(&portal, "refresh-refused"), 1);
    }
}

#[tokio::test]
async fn a_logout_during_a_refresh_wins() {
    let (provider, portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    pass(&provider, &portal, NEARLY_OVER);
    let held = provider.hold_tokens().await;
    let mut active = visitor.clone();
    let active = tokio::spawn(async move { active.get("/").await.status });
    provider.token_request_waits().await;
    let token = provider.logout_token("internal-client", |claims| {
        claims["sid"] = json!("sid-1");
        claims["exp"] = json!(crate::now() + NEARLY_OVER + 120);
        claims["iat"] = json!(crate::now() + NEARLY_OVER);
    });
    assert_eq!(Visitor::of(&portal).post("/logout", &format!("logout_token={token}")).await.status, 200);
    drop(held);
    assert_eq!(active.await.unwrap(), 200);
    assert_eq!(provider.asked("refresh"), 1, "the provider did answer");
    assert_eq!(visitor.who().await, None);
}

#[tokio::test]
async fn a_visitor_who_leaves_during_a_refresh_stays_signed_in() {
    let (provider, portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    pass(&provider, &portal, NEARLY_OVER);
    let held = provider.hold_tokens().await;
    let mut leaving = visitor.clone();
    let leaving = tokio::spawn(async move { leaving.get("/").await.status });
    provider.token_request_waits().await;
    let mut steps = portal.journal().subscribe();
    leaving.abort();
    assert!(leaving.await.unwrap_err().is_cancelled());
    drop(held);
    while steps.recv().await.unwrap().step.word() != "session-refreshed" {}
    // The old refresh token is used up. Only the new one, which nobody waited for, can do this.
    for _ in 0..2 {
        pass(&provider, &portal, NEARLY_OVER);
        visitor.get("/").await;
    }
    assert_eq!(visitor.who().await.as_deref(), Some("john"));
    assert_eq!(count(&portal, "refresh-refused"), 0);
}

#[tokio::test]
async fn the_hint_at_sign_out_is_the_newest_id_token_there_is() {
    for (fault, newer) in [(None, true), (Some(Fault::RefreshNoIdToken), false)] {
        let (provider, portal, mut visitor) = signed_in(Kind::Internal, "john").await;
        let shown = visitor.get("/api/me").await.json()["id_token"]["claims"].clone();
        provider.fault(fault);
        pass(&provider, &portal, NEARLY_OVER);
        visitor.get("/").await;
        assert_eq!(count(&portal, "session-refreshed"), 1);
        let refreshed = visitor.get("/api/me").await.json()["id_token"]["claims"].clone();
        assert_eq!(shown != refreshed, newer);
        let answer = visitor.post("/signout", "").await;
        let url = Url::parse(answer.location()).unwrap();
        let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(query["id_token_hint"].split('.').count(), 3);
    }
}
