use axum::http::{HeaderMap, HeaderValue, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lab_trace::{Body, Param, Shown};
use serde_json::json;

use crate::tap::capture::{self, CAPTURE_LIMIT, Passing};
use crate::tap::mask::{Masker, decode_jwt};

fn jwt() -> String {
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2lnbmF0dXJl", part(json!({"alg": "RS256"})), part(json!({"sid": "s-1", "iss": "http://x"})))
}

#[test]
fn secrets_of_the_protocols_leave_only_a_fingerprint() {
    let masker = Masker::new();
    let names = [
        "code",
        "state",
        "nonce",
        "password",
        "client_secret",
        "code_verifier",
        "session_code",
        "refresh_token",
        "authorization",
    ];
    for name in names {
        let kept = format!("{:?}", masker.param(name, "hunter2-hunter2"));
        assert!(!kept.contains("hunter2"), "{name}: {kept}");
    }
}

#[test]
fn names_of_foreign_applications_that_sound_like_secrets_are_masked_too() {
    let masker = Masker::new();
    for name in ["app_session", "X-Api-Key", "userPassword", "SAMLAssertion"] {
        assert!(matches!(masker.value(name, "v"), Shown::Secret { .. }), "{name}");
    }
    for name in ["grant_type", "code_challenge_method", "expires_in", "iss", "client_id"] {
        assert_eq!(masker.value(name, "v"), Shown::plain("v"), "{name}");
    }
}

#[test]
fn equal_secrets_have_equal_prints_within_a_run_and_different_ones_between_runs() {
    let (one, other) = (Masker::new(), Masker::new());
    assert_eq!(one.value("code", "abc"), one.value("code", "abc"));
    assert_ne!(one.value("code", "abc"), one.value("code", "abd"));
    assert_ne!(one.value("code", "abc"), other.value("code", "abc"));
}

#[test]
fn sid_and_session_state_share_one_family() {
    let masker = Masker::new();
    assert_eq!(masker.value("sid", "x"), masker.value("session_state", "x"));
}

#[test]
fn a_token_keeps_its_claims_and_loses_its_signature() {
    let token = jwt();
    let shown = Masker::new().value("id_token_hint", &token);
    assert_eq!(shown.claim("sid"), Some(&json!("s-1")));
    let kept = serde_json::to_string(&shown).unwrap();
    assert!(!kept.contains("c2lnbmF0dXJl") && !kept.contains(&token), "{kept}");
    assert!(matches!(shown, Shown::Token { kind, .. } if kind == "id_token"));
}

#[test]
fn what_is_no_token_is_not_taken_for_one() {
    for text in ["a.b.c", "", "..", "e30.e30", "e30.e30.x.y", "W10.W10.x"] {
        assert!(decode_jwt(text).is_none(), "{text}");
    }
}

#[test]
fn json_members_are_masked_at_every_depth() {
    let value = json!({"access_token": jwt(), "expires_in": 300, "inner": {"list": [{"client_secret": "hunter2"}]}});
    let members = Masker::new().members(value.as_object().unwrap());
    let kept = serde_json::to_string(&members).unwrap();
    assert!(!kept.contains("hunter2") && !kept.contains(&jwt()), "{kept}");
    assert_eq!(members[1], Param::plain("expires_in", "300"));
}

#[test]
fn a_view_of_a_token_is_masked_as_a_whole() {
    let value = json!({"id_token": {"masked": "eyJ…", "claims": [["nonce", "hunter2"]]}, "username": "john"});
    let members = Masker::new().members(value.as_object().unwrap());
    assert!(!serde_json::to_string(&members).unwrap().contains("hunter2"), "{members:?}");
    assert_eq!(members[1], Param::plain("username", "john"));
}

#[test]
fn cookies_keep_their_names_and_a_deleted_one_is_visible() {
    let mut headers = HeaderMap::new();
    headers.append("cookie", HeaderValue::from_static("KEYCLOAK_IDENTITY=hunter2; internal_session=hunter3"));
    headers.append("set-cookie", HeaderValue::from_static("internal_session=; Max-Age=0; Path=/"));
    let masker = Masker::new();
    let sent = capture::cookies(&headers, &masker);
    assert_eq!(
        sent.iter().map(|cookie| cookie.name.as_str()).collect::<Vec<_>>(),
        ["KEYCLOAK_IDENTITY", "internal_session"]
    );
    assert!(!serde_json::to_string(&sent).unwrap().contains("hunter"));
    assert_eq!(capture::set_cookies(&headers, &masker), [Param::plain("internal_session", "")]);
}

#[test]
fn a_location_is_taken_apart_and_masked() {
    let mut headers = HeaderMap::new();
    headers.insert(
        "location",
        HeaderValue::from_static("http://localhost:3001/callback?state=hunter2&code=hunter3&iss=http%3A%2F%2Fkc"),
    );
    let location = capture::location(&headers, &Masker::new()).unwrap();
    assert_eq!((location.origin.as_str(), location.path.as_str()), ("http://localhost:3001", "/callback"));
    assert_eq!(location.query[2], Param::plain("iss", "http://kc"));
    assert!(!serde_json::to_string(&location).unwrap().contains("hunter"));
    headers.insert("location", HeaderValue::from_static("/login?x=1"));
    assert_eq!(capture::location(&headers, &Masker::new()).unwrap().origin, "");
}

#[test]
fn a_page_is_kept_as_its_title_and_its_frames() {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("text/html;charset=utf-8"));
    let mut passing = Passing::default();
    passing.push(b"<title> Logging\n out </title><iframe src='http://localhost:3002/logout?sid=abc&iss=x'></iframe>");
    let Body::Html { title, frames } = passing.body(&headers, &Masker::new()) else { panic!("a page") };
    assert_eq!((title.as_str(), frames), ("Logging out", vec!["http://localhost:3002/logout".to_owned()]));
}

#[test]
fn a_body_over_the_limit_is_counted_and_not_kept() {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
    let mut passing = Passing::default();
    passing.push(&vec![b'a'; CAPTURE_LIMIT]);
    passing.push(b"more");
    assert_eq!(passing.head.len(), CAPTURE_LIMIT);
    let body = passing.body(&headers, &Masker::new());
    assert!(matches!(body, Body::Other { bytes, .. } if bytes == CAPTURE_LIMIT as u64 + 4));
}

#[test]
fn a_query_keeps_order_and_repeats() {
    let uri: Uri = "http://x/logout?sid=a&iss=b&sid=c".parse().unwrap();
    let names: Vec<String> = capture::query(&uri, &Masker::new()).into_iter().map(|param| param.name).collect();
    assert_eq!(names, ["sid", "iss", "sid"]);
}

#[test]
fn a_token_is_called_what_it_says_it_is_wherever_it_stands() {
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let token = |typ: &str| format!("{}.{}.c2ln", part(json!({"alg": "RS256"})), part(json!({"typ": typ})));
    let masker = Masker::new();
    for (typ, wanted) in
        [("Bearer", "access_token"), ("ID", "id_token"), ("Refresh", "refresh_token"), ("Other", "id_token")]
    {
        let shown = masker.value("id_token_hint", &token(typ));
        assert!(matches!(&shown, Shown::Token { kind, .. } if kind == wanted), "{typ}: {shown:?}");
    }
}
