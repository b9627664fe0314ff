//! One test for each refusal of a claim: the good token plus one change.

use super::*;
use crate::logout_token::{LOGOUT_EVENT, MAX_AGE, Shortened};

#[test]
fn another_issuer() {
    for iss in [format!("{ISSUER}/"), ISSUER.to_uppercase(), ISSUER.replace("http:", "https:"), ISSUER[1..].to_owned()]
    {
        let result = with_claims(|claims| claims["iss"] = json!(iss));
        let expected = Refusal::WrongIssuer { expected: ISSUER.into(), found: Shortened::text(&iss) };
        assert_eq!(refused(result, "BCL-2.6", 4), expected);
    }
}

#[test]
fn another_audience() {
    for aud in [json!("external-portal"), json!([]), json!("*"), json!("admin-dash"), json!(["a", "b"])] {
        let result = with_claims(|claims| claims["aud"] = aud.clone());
        let expected = Refusal::WrongAudience { expected: AUDIENCE.into(), found: Shortened::of(&aud) };
        assert_eq!(refused(result, "BCL-2.6", 4), expected);
    }
}

#[test]
fn several_audiences_and_made_for_another_one() {
    for azp in [json!("other"), json!(null), json!([AUDIENCE])] {
        let result = with_claims(|claims| (claims["aud"], claims["azp"]) = (json!([AUDIENCE, "other"]), azp.clone()));
        let expected = Refusal::WrongParty { expected: AUDIENCE.into(), found: Shortened::of(&azp) };
        assert_eq!(refused(result, "Core-3.1.3.7", 4), expected);
    }
}

#[test]
fn a_token_that_is_too_old_although_its_time_is_not_over() {
    let oldest = NOW - MAX_AGE.as_secs() - 29;
    assert!(with_claims(|claims| claims["iat"] = json!(oldest)).is_ok());
    for iat in [oldest - 1, NOW - 86_400, 0] {
        let result = with_claims(|claims| claims["iat"] = json!(iat));
        assert!(matches!(refused(result, "Core-3.1.3.7", 4), Refusal::TooOld { .. }));
    }
}

#[test]
fn a_token_whose_time_is_over() {
    let result = with_claims(|claims| claims["exp"] = json!(NOW - 30));
    assert!(matches!(refused(result, "BCL-2.6", 4), Refusal::Expired { .. }));
    let result = with_claims(|claims| claims["exp"] = json!(-5));
    assert!(matches!(refused(result, "BCL-2.6", 4), Refusal::Expired { .. }));
}

#[test]
fn a_token_from_the_future() {
    let result = with_claims(|claims| claims["iat"] = json!(NOW + 31));
    assert!(matches!(refused(result, "BCL-2.6", 4), Refusal::IssuedInTheFuture { .. }));
}

#[test]
fn a_token_that_is_not_valid_yet() {
    let result = with_claims(|claims| claims["nbf"] = json!(NOW + 31));
    assert!(matches!(refused(result, "RFC7519-4.1.5", 4), Refusal::NotYetValid { .. }));
}

#[test]
fn a_required_claim_that_is_missing() {
    for (claim, step) in [("iss", 4), ("aud", 4), ("iat", 4), ("exp", 4), ("jti", 8), ("events", 6)] {
        let result = with_claims(|claims| remove(claims, claim));
        assert_eq!(refused(result, "BCL-2.4", step), Refusal::ClaimMissing { claim });
    }
}

#[test]
fn a_claim_of_another_form() {
    let cases = [
        ("iss", json!(1), 4),
        ("iss", json!([ISSUER]), 4),
        ("aud", json!(null), 4),
        ("aud", json!([AUDIENCE, 1]), 4),
        ("exp", json!("never"), 4),
        ("exp", json!(1e300), 4),
        ("exp", json!(i64::MAX), 4),
        ("iat", json!("now"), 4),
        ("nbf", json!(null), 4),
        ("sub", json!(""), 5),
        ("sub", json!(null), 5),
        ("sid", json!(["sid-1"]), 5),
        ("sid", json!(null), 5),
        ("jti", json!(""), 8),
        ("jti", json!(5), 8),
        ("events", json!([]), 6),
        ("events", json!("logout"), 6),
        ("events", json!(null), 6),
    ];
    for (claim, value, step) in cases {
        let result = with_claims(|claims| claims[claim] = value);
        let refusal = refused(result, "BCL-2.4", step);
        assert!(
            matches!(refusal, Refusal::ClaimMalformed { claim: found, .. } if found == claim),
            "{claim}: {refusal}"
        );
    }
}

#[test]
fn a_name_that_is_too_long() {
    for (name, step) in [("sub", 5), ("sid", 5), ("jti", 8)] {
        let refusal = refused(with_claims(|claims| claims[name] = json!("n".repeat(256))), "RFC8725-3.10", step);
        assert_eq!(refusal, Refusal::NameTooLong { name, found: 256 });
    }
}

#[test]
fn nobody_named() {
    let result = with_claims(|claims| {
        remove(claims, "sub");
        remove(claims, "sid");
    });
    assert_eq!(refused(result, "BCL-2.6", 5), Refusal::NobodyNamed);
}

#[test]
fn another_event() {
    let event = LOGOUT_EVENT;
    for name in [event.replace("http:", "https:"), format!("{event}/"), event.to_uppercase(), "x".to_owned()] {
        let result = with_claims(|claims| claims["events"] = json!({ name: {} }));
        assert_eq!(refused(result, "BCL-2.6", 6), Refusal::NoLogoutEvent);
    }
}

#[test]
fn an_event_that_is_no_object() {
    for value in [json!(true), json!("x"), json!([]), json!(null)] {
        let result = with_claims(|claims| claims["events"][LOGOUT_EVENT] = value.clone());
        assert_eq!(refused(result, "BCL-2.6", 6), Refusal::EventNotAnObject { found: Shortened::of(&value) });
    }
}

#[test]
fn a_nonce_even_an_empty_one() {
    for nonce in [json!("n"), json!(""), json!(null)] {
        let result = with_claims(|claims| claims["nonce"] = nonce);
        assert_eq!(refused(result, "BCL-2.6", 7), Refusal::HasNonce);
    }
}
