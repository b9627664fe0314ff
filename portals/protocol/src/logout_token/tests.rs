use jiff::Timestamp;
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm as Alg};
use openidconnect::{JsonWebKey, PrivateSigningKey};
use serde_json::{Value, json};

use super::{Expectations, KeySet, Refusal, Subject, VerifiedLogoutToken};
use crate::logout_token::verify;
use crate::testing::{self, AUDIENCE, ISSUER, NOW, good_claims, good_header, signed};

mod options;
mod properties;
mod refused_claims;
mod refused_form;

fn now() -> Timestamp {
    testing::now()
}

fn check(token: &str) -> Result<VerifiedLogoutToken, Refusal> {
    verify(token, &Expectations::new(ISSUER, AUDIENCE), &testing::keys(), now())
}

/// Verifies a good token after `change` has been made to its claims.
fn with_claims(change: impl FnOnce(&mut Value)) -> Result<VerifiedLogoutToken, Refusal> {
    let mut claims = good_claims();
    change(&mut claims);
    check(&signed(&good_header(), &claims))
}

/// Verifies a good token after `change` has been made to its header.
fn with_header(change: impl FnOnce(&mut Value)) -> Result<VerifiedLogoutToken, Refusal> {
    let mut header = good_header();
    change(&mut header);
    check(&signed(&header, &good_claims()))
}

/// Checks that it is refused at this step by this clause, and that the text names nobody.
fn refused(result: Result<VerifiedLogoutToken, Refusal>, clause: &str, step: u8) -> Refusal {
    let refusal = result.expect_err("refused");
    assert_eq!((refusal.clause(), refusal.step()), (clause, step), "{refusal}");
    for secret in ["user-1", "sid-1", "jti-1"] {
        assert!(!refusal.to_string().contains(secret), "{refusal}");
    }
    refusal
}

fn remove(claims: &mut Value, name: &str) {
    claims.as_object_mut().unwrap().shift_remove(name).expect("the good token has it");
}

#[test]
fn a_good_token_says_whose_session_ends() {
    let token = with_claims(|_| {}).unwrap();
    assert_eq!((token.iss(), token.sub(), token.sid()), (ISSUER, Some("user-1"), Some("sid-1")));
    assert_eq!((token.jti(), token.issued_at().as_second()), ("jti-1", NOW - 1));
    assert_eq!(token.expires_at().as_second(), NOW + 119);
    assert_eq!(token.subject(), Subject::Session { sid: "sid-1" });
}

#[test]
fn with_a_sid_alone_it_ends_that_session() {
    let token = with_claims(|claims| remove(claims, "sub")).unwrap();
    assert_eq!(token.subject(), Subject::Session { sid: "sid-1" });
}

#[test]
fn with_a_sub_alone_it_ends_all_sessions_of_that_user() {
    let token = with_claims(|claims| remove(claims, "sid")).unwrap();
    assert_eq!(token.subject(), Subject::AllOf { sub: "user-1" });
}

#[test]
fn what_the_specification_allows_is_accepted() {
    type Change = fn(&mut Value);
    let allowed: [(&str, Change); 12] = [
        ("aud is an array", |claims| claims["aud"] = json!(["other", AUDIENCE])),
        ("unknown claims", |claims| claims["ignored_claim"] = json!({"__proto__": [1, 2]})),
        ("another member of events", |claims| claims["events"]["revoke_offline_access"] = json!(true)),
        ("a second event", |claims| claims["events"]["https://schemas.openid.net/secevent/x"] = json!("?")),
        ("members in the event", |claims| claims["events"][super::LOGOUT_EVENT] = json!({"foo": 1})),
        ("several audiences and our azp", |claims| {
            (claims["aud"], claims["azp"]) = (json!([AUDIENCE, "other"]), json!(AUDIENCE));
        }),
        ("another azp beside a single audience", |claims| claims["azp"] = json!("other")),
        ("exp in a year", |claims| claims["exp"] = json!(NOW + 31_536_000)),
        ("names of 255 bytes", |claims| {
            (claims["jti"], claims["sid"]) = (json!("j".repeat(255)), json!("s".repeat(255)));
        }),
        ("times with a fraction", |claims| claims["iat"] = json!(1_799_999_999.25)),
        ("exp just over, within the leeway", |claims| claims["exp"] = json!(NOW - 29)),
        ("iat just ahead, within the leeway", |claims| claims["iat"] = json!(NOW + 30)),
    ];
    for (what, change) in allowed {
        assert!(with_claims(change).is_ok(), "{what}");
    }
}

#[test]
fn the_type_may_be_absent_plain_or_explicit() {
    assert!(with_header(|header| remove(header, "typ")).is_ok());
    for typ in ["JWT", "jwt", "logout+jwt", "application/logout+jwt", "Application/Logout+JWT"] {
        assert!(with_header(|header| header["typ"] = json!(typ)).is_ok(), "{typ}");
    }
}

#[test]
fn without_kid_the_only_key_is_used() {
    assert!(with_header(|header| remove(header, "kid")).is_ok());
}

#[test]
fn another_algorithm_counts_only_when_it_is_allowed() {
    let mut header = good_header();
    header["alg"] = json!("PS256");
    let token = testing::signed_with(&testing::signing_key(), &Alg::RsaSsaPssSha256, &header, &good_claims());
    assert!(matches!(check(&token), Err(Refusal::WrongAlgorithm { .. })));
    let expect = Expectations::new(ISSUER, AUDIENCE).also_allowing([Alg::RsaSsaPssSha256]);
    assert!(verify(&token, &expect, &testing::keys(), now()).is_ok());
}

#[test]
fn a_shared_secret_or_none_is_never_allowed_even_when_listed() {
    let expect = Expectations::new(ISSUER, AUDIENCE).also_allowing([Alg::HmacSha256, Alg::None, Alg::EdDsa]);
    assert_eq!(expect.algorithms(), [Alg::RsaSsaPkcs1V15Sha256, Alg::EdDsa]);
}

#[test]
fn among_several_keys_the_named_one_is_used() {
    let second =
        CoreJsonWebKey::new_rsa(vec![3; 256], vec![1, 0, 1], Some(openidconnect::JsonWebKeyId::new("k2".into())));
    let keys = KeySet::new(vec![second, testing::signing_key().as_verification_key()]);
    let token = signed(&good_header(), &good_claims());
    assert!(verify(&token, &Expectations::new(ISSUER, AUDIENCE), &keys, now()).is_ok());
}
