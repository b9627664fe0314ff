//! Signing out: here first, then at the provider.

use std::collections::HashMap;

use axum::body::Body;
use axum::http::Method;
use jiff::SignedDuration;
use portals::Kind;
use url::Url;

use crate::signed_in;

#[tokio::test]
async fn a_sign_out_ends_the_own_session_and_goes_to_the_provider_with_all_it_needs() {
    let (provider, _portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    let old = visitor.clone();
    let answer = visitor.post("/signout", "").await;
    assert_eq!(answer.status, 303);
    let url = Url::parse(answer.location()).unwrap();
    assert!(url.as_str().starts_with(&format!("{}/logout?", provider.issuer())), "{url}");
    let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(query["client_id"], "internal-client");
    assert_eq!(query["post_logout_redirect_uri"], "http://localhost:3001/signed-out");
    assert_eq!(query["id_token_hint"].split('.').count(), 3);
    assert_eq!({ old }.who().await, None, "the old cookie is dead before the provider knows");

    let state = &query["state"];
    let back = visitor.get(&format!("/signed-out?state={state}")).await;
    assert_eq!((back.status, back.location()), (303, "/?signed-out=1"));
    let again = visitor.get(&format!("/signed-out?state={state}")).await;
    assert_eq!(again.location(), "/?signed-out=foreign", "once");
}

#[tokio::test]
async fn a_return_that_this_browser_did_not_begin_changes_nothing() {
    let (_provider, _portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    for path in ["/signed-out", "/signed-out?state=invented", "/signed-out?state=a&state=a"] {
        assert_eq!(visitor.get(path).await.location(), "/?signed-out=foreign");
    }
    assert_eq!(visitor.who().await.as_deref(), Some("john"));
}

#[tokio::test]
async fn the_admin_dashboard_says_whether_the_return_was_its_own() {
    let (_provider, _portal, mut visitor) = signed_in(Kind::Admin, "john").await;
    let ask = visitor.get("/admin/logout").await;
    assert_eq!(ask.status, 200);
    assert!(ask.body.contains("signs you out of all systems"), "{}", ask.body);
    assert_eq!(visitor.who().await.as_deref(), Some("john"), "asking signs nobody out");

    let answer = visitor.post("/admin/logout", "").await;
    let url = Url::parse(answer.location()).unwrap();
    let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let foreign = visitor.stranger().get(&format!("/admin/signed-out?state={state}")).await;
    assert!(foreign.body.contains("did not belong to a sign-out of this browser"), "{}", foreign.body);
    let own = visitor.get(&format!("/admin/signed-out?state={state}")).await;
    assert!(!own.body.contains("did not belong"), "{}", own.body);
    assert_eq!(visitor.who().await, None);
}

#[tokio::test]
async fn a_sign_out_without_a_provider_still_ends_the_session_here() {
    for (kind, path) in [(Kind::Internal, "/signout"), (Kind::Admin, "/admin/logout")] {
        let (provider, _portal, mut visitor) = signed_in(kind, "john").await;
        let old = visitor.clone();
        provider.go_down().await;
        let answer = visitor.post(path, "").await;
        assert_eq!(answer.status, 502);
        assert!(answer.body.contains("You are signed out here only"), "{}", answer.body);
        assert!(visitor.cookies.is_empty(), "{:?}", visitor.cookies);
        assert_eq!(visitor.who().await, None);
        assert_eq!({ old }.who().await, None);
    }
}

#[tokio::test]
async fn signing_out_when_nobody_is_signed_in_leads_back_to_the_portal() {
    let (_provider, _portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    let answer = visitor.stranger().post("/signout", "").await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
    let state = state_of(visitor.post("/signout", "").await.location());
    visitor.get(&format!("/signed-out?state={state}")).await;
    assert_eq!(visitor.post("/signout", "").await.location(), "/", "twice is as good as once");
}

#[tokio::test]
async fn another_site_cannot_sign_anybody_out() {
    let (_provider, _portal, mut visitor) = signed_in(Kind::Admin, "john").await;
    for headers in [
        [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        [("sec-fetch-site", "same-site"), ("origin", "http://localhost:3001")],
        [("x-nothing", ""), ("origin", "null")],
    ] {
        let answer = visitor.send(Method::POST, "/admin/logout", &headers, Body::empty()).await;
        assert_eq!(answer.status, 403, "{headers:?}");
        assert!(answer.body.contains("This request came from another site"), "{}", answer.body);
    }
    assert_eq!(visitor.who().await.as_deref(), Some("john"));
    let own = [("sec-fetch-site", "same-origin"), ("origin", "http://localhost:3003")];
    assert_eq!(visitor.send(Method::POST, "/admin/logout", &own, Body::empty()).await.status, 303);
    assert_eq!(visitor.who().await, None);
}

#[tokio::test]
async fn a_sign_in_after_a_sign_out_works_at_once() {
    let (provider, _portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    visitor.post("/signout", "").await;
    provider.expect("john", "sid-2");
    assert_eq!(visitor.sign_in().await.status, 303);
    assert_eq!(visitor.who().await.as_deref(), Some("john"));
}

#[tokio::test]
async fn whoever_has_been_at_the_provider_has_no_second_click_left() {
    for (kind, path) in [(Kind::Internal, "/signout"), (Kind::Admin, "/admin/logout")] {
        let (_provider, _portal, mut visitor) = signed_in(kind, "john").await;
        let mut old = visitor.clone();
        let state = state_of(visitor.post(path, "").await.location());
        visitor.get(&format!("{}?state={state}", kind.signed_out_path())).await;
        for browser in [&mut visitor, &mut old] {
            assert!(!browser.post(path, "").await.location().contains("id_token_hint="), "{kind}");
        }
    }
}

/// Seen with a real browser on a busy computer.
#[tokio::test]
async fn a_second_click_with_the_cookie_of_the_first_answer_still_goes_to_the_provider() {
    for (kind, path) in [(Kind::Internal, "/signout"), (Kind::Admin, "/admin/logout")] {
        let (_provider, _portal, mut visitor) = signed_in(kind, "john").await;
        visitor.post(path, "").await;
        let mut stranger = visitor.stranger();
        assert!(!stranger.post(path, "").await.location().contains("id_token_hint="), "{kind}: nobody else");
        // Somebody else who has begun something has a name, too.
        stranger.get(if kind == Kind::Admin { "/admin/auth" } else { "/login" }).await;
        assert!(
            !stranger.post(path, "").await.location().contains("id_token_hint="),
            "{kind}: with a name of their own"
        );
        let again = visitor.post(path, "").await;
        assert!(again.location().contains("id_token_hint="), "{kind}: {}", again.location());
        assert!(!visitor.post(path, "").await.location().contains("id_token_hint="), "{kind}: once");
    }
}

fn state_of(address: &str) -> String {
    let address = Url::parse(address).unwrap();
    address.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned()
}

#[tokio::test]
async fn a_double_click_is_one_sign_out_with_its_hint_and_nobody_elses() {
    for (kind, path) in [(Kind::Internal, "/signout"), (Kind::Admin, "/admin/logout")] {
        let (_provider, portal, mut visitor) = signed_in(kind, "john").await;
        // The browser drops the answer to the first click, cookies included.
        let mut first = visitor.clone();
        assert_eq!(first.post(path, "").await.status, 303);
        let mut late = visitor.clone();
        let again = visitor.post(path, "").await;
        assert!(again.location().contains("id_token_hint="), "{kind}: {}", again.location());
        let state = state_of(again.location());
        let back = visitor.get(&format!("{}?state={state}", kind.signed_out_path())).await;
        assert!(!format!("{} {:?}", back.body, back.headers).contains("foreign"), "{kind}: the return is its own");
        assert!(!late.post(path, "").await.location().contains("id_token_hint="), "{kind}: once");

        // Later it is no double click any more: an old cookie gets nothing.
        let (_provider, portal_2, mut visitor) = signed_in(kind, "john").await;
        visitor.clone().post(path, "").await;
        portal_2.clock().advance(SignedDuration::from_secs(11));
        assert!(!visitor.post(path, "").await.location().contains("id_token_hint="), "{kind}: in time");
        drop(portal);
    }
}
