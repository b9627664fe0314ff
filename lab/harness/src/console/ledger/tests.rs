use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use url::Url;

use super::{Callback, Ledger, MOST};

fn token(claims: &serde_json::Value) -> String {
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.x", part(&json!({"alg": "RS256"})), part(claims))
}

fn answer(sid: &str, user: &str, access_token: &str) -> Vec<u8> {
    let id_token = token(&json!({"sid": sid, "preferred_username": user, "aud": "admin-dashboard"}));
    json!({"access_token": access_token, "id_token": id_token}).to_string().into_bytes()
}

fn callback(portal: &str, cookie: Option<&str>) -> Callback {
    Callback {
        portal: portal.to_owned(),
        browser: None,
        url: Some(Url::parse("http://localhost:3003/admin/callback").unwrap()),
        cookies: cookie.map(|cookie| format!("{cookie}; HttpOnly; SameSite=Lax; Path=/")).into_iter().collect(),
        prints: vec![format!("print of {portal}")],
    }
}

fn cookies(ledger: &Ledger, index: usize) -> Option<String> {
    ledger.wanted()[index].loot.cookies(&Url::parse("http://localhost:3003/admin/session").unwrap())
}

#[test]
fn a_code_joins_the_browsers_cookie_with_the_session_whichever_comes_first() {
    let ledger = Ledger::default();
    // A portal with a server: its tokens are there before its answer.
    ledger.tokens("admin", Some("code-1"), &answer("s1", "john", "a"));
    ledger.callback("code-1", callback("admin", Some("admin=one")));
    // A portal without: the page comes first, its script fetches the tokens.
    ledger.callback("code-2", callback("external", None));
    ledger.tokens("external", Some("code-2"), &answer("s1", "john", "tab"));
    let wanted = ledger.wanted();
    assert_eq!(wanted.len(), 1, "one session at Keycloak is one row");
    assert_eq!((wanted[0].sid.as_str(), wanted[0].user.as_str()), ("s1", "john"));
    assert_eq!(wanted[0].portals, ["admin", "external"]);
    assert_eq!(cookies(&ledger, 0).as_deref(), Some("admin=one"));
}

#[test]
fn sessions_of_two_codes_stay_two() {
    let ledger = Ledger::default();
    ledger.callback("code-1", callback("admin", Some("admin=one")));
    ledger.callback("code-2", callback("admin", Some("admin=two")));
    ledger.tokens("admin", Some("code-2"), &answer("s2", "mary", "a"));
    ledger.tokens("admin", Some("code-1"), &answer("s1", "john", "a"));
    assert_eq!(cookies(&ledger, 0).as_deref(), Some("admin=two"));
    assert_eq!(cookies(&ledger, 1).as_deref(), Some("admin=one"));
}

#[test]
fn a_callback_that_is_loaded_again_and_an_answer_without_a_session_change_nothing() {
    let ledger = Ledger::default();
    ledger.callback("code-1", callback("admin", Some("admin=one")));
    ledger.callback("code-1", callback("admin", Some("admin=other")));
    ledger.tokens("admin", Some("code-1"), &answer("s1", "john", "a"));
    ledger.tokens("admin", None, b"not json");
    ledger.tokens("admin", None, br#"{"access_token":"opaque"}"#);
    assert_eq!(ledger.wanted().len(), 1);
    assert_eq!(cookies(&ledger, 0).as_deref(), Some("admin=one"));
}

#[test]
fn the_front_channel_and_who_asked_are_noted_for_sessions_that_are_known() {
    let ledger = Ledger::default();
    ledger.tokens("external", None, &answer("s1", "john", "tab"));
    let before = ledger.wanted()[0].version;
    ledger.front_channel("external", "s1", 200);
    ledger.front_channel("external", "somebody-elses", 200);
    ledger.logout_asked(&token(&json!({"sid": "s1", "aud": "external-portal"})));
    ledger.logout_asked("no token");
    let wanted = ledger.wanted();
    assert_eq!(wanted.len(), 1);
    assert_eq!(wanted[0].told.front_channel, [("external".to_owned(), 200)]);
    assert_eq!(wanted[0].told.asked_by.as_deref(), Some("external-portal"));
    assert!(wanted[0].version > before, "what is learnt has to be looked at");
}

#[test]
fn it_is_bounded_prints_nothing_and_forgets() {
    let ledger = Ledger::default();
    for number in 0..=MOST {
        ledger.tokens("admin", Some(&format!("code-{number}")), &answer(&format!("s{number}"), "john", "secret-token"));
    }
    assert_eq!(ledger.wanted().len(), MOST);
    assert_eq!(ledger.wanted()[0].sid, "s1", "the oldest went first");
    let printed = format!("{ledger:?}");
    assert_eq!(printed, "Ledger { sessions: 200, .. }");
    ledger.forget();
    assert!(ledger.wanted().is_empty());
    assert_eq!(ledger.resets(), 1);
    // What began before the reset finds no partner.
    ledger.callback("code-3", callback("admin", Some("admin=one")));
    assert!(ledger.wanted().is_empty());
}
