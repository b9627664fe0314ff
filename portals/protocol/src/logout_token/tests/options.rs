//! Where a portal may be stricter or more patient than the specification.

use jiff::SignedDuration;

use super::*;
use crate::logout_token::{SHORT_LIFE, TypePolicy};

fn expect() -> Expectations {
    Expectations::new(ISSUER, AUDIENCE)
}

fn with(expect: &Expectations, change: impl FnOnce(&mut Value, &mut Value)) -> Result<VerifiedLogoutToken, Refusal> {
    let (mut header, mut claims) = (good_header(), good_claims());
    change(&mut header, &mut claims);
    verify(&signed(&header, &claims), expect, &testing::keys(), now())
}

#[test]
fn only_the_type_of_logout_tokens_where_that_is_asked_for() {
    let strict = expect().with_types(TypePolicy::OnlyLogout);
    for typ in ["logout+jwt", "application/logout+jwt", "LOGOUT+JWT"] {
        assert!(with(&strict, |header, _| header["typ"] = json!(typ)).is_ok(), "{typ}");
    }
    let refusal = refused(with(&strict, |header, _| remove(header, "typ")), "BCL-2.4", 2);
    assert!(refusal.to_string().ends_with("expected typ \"logout+jwt\", found \"(none)\""), "{refusal}");
    refused(with(&strict, |header, _| header["typ"] = json!("JWT")), "BCL-2.4", 2);
}

#[test]
fn a_short_life_where_that_is_asked_for() {
    let strict = expect().living_at_most(SHORT_LIFE);
    assert!(with(&strict, |_, _| {}).is_ok(), "Keycloak's two minutes");
    let refusal = refused(with(&strict, |_, claims| claims["exp"] = json!(NOW + 120)), "BCL-4", 4);
    assert_eq!(refusal, Refusal::LivesTooLong { most: 120, found: 121 });
}

#[test]
fn another_age_where_that_is_asked_for() {
    let impatient = expect().aged_at_most(SignedDuration::from_secs(10));
    assert!(with(&impatient, |_, claims| claims["iat"] = json!(NOW - 39)).is_ok(), "leeway");
    let refusal = refused(with(&impatient, |_, claims| claims["iat"] = json!(NOW - 40)), "Core-3.1.3.7", 4);
    assert!(matches!(refusal, Refusal::TooOld { .. }));
}

#[test]
fn no_exp_where_an_old_provider_sends_none_but_never_without_an_end() {
    let patient = expect().with_exp_optional();
    let token = with(&patient, |_, claims| remove(claims, "exp")).unwrap();
    assert_eq!(token.expires_at().as_second(), NOW - 1 + 300);
    let old = with(&patient, |_, claims| {
        remove(claims, "exp");
        claims["iat"] = json!(NOW - 330);
    });
    assert!(matches!(refused(old, "Core-3.1.3.7", 4), Refusal::TooOld { .. }));
    let over = with(&patient, |_, claims| claims["exp"] = json!(NOW - 30));
    assert!(matches!(refused(over, "BCL-2.6", 4), Refusal::Expired { .. }), "an exp that is there counts");
    let broken = with(&patient, |_, claims| claims["exp"] = json!(null));
    assert_eq!(refused(broken, "BCL-2.4", 4).tag(), "bcl-claim-form");
}

#[test]
fn a_generous_exp_does_not_prolong_how_long_a_token_is_accepted() {
    let token = with_claims(|claims| claims["exp"] = json!(NOW + 31_536_000)).unwrap();
    assert_eq!(token.expires_at().as_second(), NOW - 1 + 300);
}
