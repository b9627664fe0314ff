//! The admin dashboard: who may look, who may decide, and what it says.

use jiff::SignedDuration;
use portals::Kind;
use serde_json::json;

use crate::signed_in;
use crate::visitor::Visitor;

/// The state of an item as the dashboard shows it.
async fn state(visitor: &mut Visitor, item: &str) -> String {
    let page = visitor.get("/admin/dashboard").await.body;
    let row = page.split(&format!("id=\"item-{item}\"")).nth(1).unwrap_or_else(|| panic!("no {item}: {page}"));
    let cell = row.split("<span class=\"state").nth(1).unwrap();
    cell.split('>').nth(1).unwrap().split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_dashboard_shows_the_person_the_session_and_no_token() {
    let (_provider, _portal, mut visitor) = signed_in(Kind::Admin, "alex").await;
    let page = visitor.get("/admin/dashboard").await;
    assert_eq!(page.status, 200);
    for text in ["alex@example.com", "Administrator", "sid-1", "Server-side session", "Purchase order", "sub-of-alex"] {
        assert!(page.body.contains(text), "{text} in {}", page.body);
    }
    assert!(!page.body.contains("an opaque refresh token"), "{}", page.body);
    let longest = page.body.split(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c)).map(str::len).max();
    assert!(longest < Some(100), "nothing on the page is as long as a token: {longest:?}");
}

#[tokio::test]
async fn an_approver_decides_and_everybody_sees_it() {
    let (provider, _portal, mut mary) = signed_in(Kind::Admin, "mary").await;
    let answer = mary.post("/admin/items/leave-1/approve", "").await;
    assert_eq!((answer.status, answer.location()), (303, "/admin/dashboard#item-leave-1"));
    let mut john = mary.stranger();
    provider.expect("john", "sid-2");
    john.sign_in().await;
    assert_eq!(state(&mut john, "leave-1").await, "approved");
    assert!(john.get("/admin/dashboard").await.body.contains("<dt>Pending approvals</dt><dd>3</dd>"));

    assert_eq!(mary.post("/admin/items/review-all", "").await.status, 303);
    assert_eq!(state(&mut john, "budget-1").await, "in review");
    assert_eq!(state(&mut john, "leave-1").await, "approved", "what is decided stays");
    assert_eq!(mary.post("/admin/items/budget-1/reject", "").await.status, 303);
    assert_eq!(state(&mut john, "budget-1").await, "rejected");
}

#[tokio::test]
async fn who_lacks_the_role_is_refused_and_nothing_changes() {
    let (_provider, _portal, mut john) = signed_in(Kind::Admin, "john").await;
    for path in
        ["/admin/items/leave-1/approve", "/admin/items/leave-1/reject", "/admin/items/review-all", "/admin/items/x/y"]
    {
        let answer = john.post(path, "").await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.body.contains("approver"), "{}", answer.body);
    }
    assert_eq!(state(&mut john, "leave-1").await, "pending");
    assert!(!john.get("/admin/dashboard").await.body.contains("/admin/items/"), "no button that would be refused");
}

#[tokio::test]
async fn a_stranger_decides_nothing_and_is_sent_to_the_sign_in() {
    let (_provider, _portal, mut mary) = signed_in(Kind::Admin, "mary").await;
    let answer = mary.stranger().post("/admin/items/leave-1/approve", "").await;
    assert_eq!((answer.status, answer.location()), (303, "/admin/login"));
    assert_eq!(state(&mut mary, "leave-1").await, "pending");
}

#[tokio::test]
async fn somebody_without_the_employee_role_sees_which_role_is_missing() {
    let (_provider, _portal, mut pat) = signed_in(Kind::Admin, "pat").await;
    let answer = pat.get("/admin/dashboard").await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("needs the role <strong>employee</strong>"), "{}", answer.body);
    assert_eq!(pat.who().await.as_deref(), Some("pat"), "signed in all the same");
}

#[tokio::test]
async fn unknown_items_unknown_verbs_and_second_thoughts_are_pages() {
    let (_provider, _portal, mut mary) = signed_in(Kind::Admin, "mary").await;
    assert_eq!(mary.post("/admin/items/nothing/approve", "").await.status, 404);
    assert_eq!(mary.post("/admin/items/leave-1/burn", "").await.status, 404);
    mary.post("/admin/items/leave-1/approve", "").await;
    let answer = mary.post("/admin/items/leave-1/reject", "").await;
    assert_eq!(answer.status, 409);
    assert!(answer.body.contains("approved already"), "{}", answer.body);
    assert_eq!(state(&mut mary, "leave-1").await, "approved");
}

#[tokio::test]
async fn after_a_logout_elsewhere_the_next_click_says_why() {
    let (provider, portal, mut visitor) = signed_in(Kind::Admin, "john").await;
    let old = visitor.clone();
    let token = provider.logout_token("admin-client", |claims| claims["sid"] = json!("sid-1"));
    Visitor::of(&portal).post("/logout", &format!("logout_token={token}")).await;
    let answer = visitor.get("/admin/dashboard").await;
    assert_eq!((answer.status, answer.location()), (303, "/admin/login?why=back-channel"));
    assert!(visitor.cookies.is_empty(), "the dead cookie is taken away");
    let card = visitor.get("/admin/login?why=back-channel").await;
    assert!(card.body.contains("You were signed out at another portal"), "{}", card.body);
    assert_eq!({ old }.post("/admin/items/leave-1/approve", "").await.status, 303);

    let invented = visitor.get("/admin/login?why=%3Cb%3Epay+here").await;
    assert!(!invented.body.contains("pay here"), "{}", invented.body);
}

#[tokio::test]
async fn an_expired_session_says_so() {
    let (_provider, portal, mut visitor) = signed_in(Kind::Admin, "john").await;
    portal.clock().advance(SignedDuration::from_mins(31));
    assert_eq!(visitor.get("/admin/dashboard").await.location(), "/admin/login?why=expired");
}

#[tokio::test]
async fn a_reset_takes_decisions_back() {
    let (provider, portal, mut mary) = signed_in(Kind::Admin, "mary").await;
    mary.post("/admin/items/leave-1/approve", "").await;
    portal.reset().await.unwrap();
    provider.expect("mary", "sid-2");
    mary.sign_in().await;
    assert_eq!(state(&mut mary, "leave-1").await, "pending");
}

#[tokio::test]
async fn a_decision_whose_body_comes_after_the_logout_is_not_taken() {
    let (_provider, portal, mut visitor) = signed_in(Kind::Admin, "mary").await;
    let mut device = visitor.clone();
    let body = axum::body::Body::from_stream(futures_util::stream::once(async move {
        device.post("/admin/logout", "").await;
        Ok::<_, std::convert::Infallible>("verb=approve")
    }));
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    let answer = visitor.send(axum::http::Method::POST, "/admin/items/leave-1/approve", &kind, body).await;
    assert!(!answer.headers["location"].to_str().unwrap().contains("item-leave-1"), "{answer:?}");
    let decided = portal.journal().entries().iter().any(|entry| entry.step.word() == "item-decided");
    assert!(!decided, "the session had ended when the request was whole");
}
