//! The front channel: believed only about the session of the browser that asks.

use portals::Kind;
use url::form_urlencoded::byte_serialize;

use crate::visitor::Visitor;
use crate::{lonely, signed_in};

fn query(iss: &str, sid: &str) -> String {
    format!("/logout?sid={sid}&iss={}", byte_serialize(iss.as_bytes()).collect::<String>())
}

#[tokio::test]
async fn the_named_session_ends_in_the_browser_that_has_it() {
    for kind in [Kind::Internal, Kind::Admin] {
        let (provider, _portal, mut visitor) = signed_in(kind, "john").await;
        let answer = visitor.get(&query(provider.issuer(), "sid-1")).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
        let origin = provider.issuer().trim_end_matches("/realms/test");
        let policy = answer.header("content-security-policy");
        assert!(policy.ends_with(&format!("frame-ancestors {origin}")), "{policy}");
        assert!(!answer.headers.contains_key("x-frame-options"));
        assert_eq!(visitor.who().await, None);
    }
}

#[tokio::test]
async fn a_request_about_anything_else_is_ignored() {
    let (provider, _portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    let slash = format!("{}/", provider.issuer());
    for path in
        [query(provider.issuer(), "sid-2"), query(&slash, "sid-1"), "/logout".to_owned(), "/logout?x=1".to_owned()]
    {
        assert_eq!(visitor.get(&path).await.status, 200, "{path}");
        assert_eq!(visitor.who().await.as_deref(), Some("john"), "{path}");
    }
    // The right words from a browser that has no such session end nothing either.
    visitor.stranger().get(&query(provider.issuer(), "sid-1")).await;
    assert_eq!(visitor.who().await.as_deref(), Some("john"));
}

#[tokio::test]
async fn a_request_of_no_legal_form_is_refused() {
    for kind in Kind::ALL {
        let mut visitor = Visitor::of(&lonely(kind));
        for path in ["/logout?iss=a", "/logout?sid=a", "/logout?iss=a&sid=b&sid=b", "/logout?iss=a&iss=a&sid=b"] {
            let answer = visitor.get(path).await;
            assert_eq!(answer.status, 400, "{kind} {path}");
            assert!(answer.body.contains("FCL-2"), "{}", answer.body);
        }
    }
}

#[tokio::test]
async fn the_page_of_the_external_portal_may_be_framed_by_the_provider_only() {
    for path in ["/logout", "/logout.html", "/logout?iss=i&sid=s"] {
        let answer = Visitor::of(&lonely(Kind::External)).get(path).await;
        assert_eq!(answer.status, 200);
        let policy = answer.header("content-security-policy");
        assert!(policy.ends_with("frame-ancestors http://127.0.0.1:9"), "{policy}");
        assert!(!answer.headers.contains_key("x-frame-options"));
        assert!(answer.body.contains("/static/frontchannel-logout.js"), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_portal_that_ends_by_sid_needs_no_cookie_and_still_ends_the_named_session_only() {
    for kind in [Kind::Internal, Kind::Admin] {
        let (provider, portal, mut visitor) = signed_in(kind, "john").await;
        portal.end_by_sid(true);
        let slash = format!("{}/", provider.issuer());
        for path in [query(provider.issuer(), "sid-2"), query(&slash, "sid-1"), "/logout".to_owned()] {
            assert_eq!(visitor.stranger().get(&path).await.status, 200, "{path}");
            assert_eq!(visitor.who().await.as_deref(), Some("john"), "{kind} {path}");
        }
        assert_eq!(visitor.stranger().get(&query(provider.issuer(), "sid-1")).await.status, 200);
        assert_eq!(visitor.who().await, None, "{kind}");
        portal.reset().await.unwrap();
        provider.expect("john", "sid-3");
        visitor.sign_in().await;
        visitor.stranger().get(&query(provider.issuer(), "sid-3")).await;
        assert_eq!(visitor.who().await.as_deref(), Some("john"), "a reset switches it off");
    }
}
