use jiff::{SignedDuration, Timestamp};

use super::{Asked, IdTokenExtras, IdTokenRefusal, check};
use crate::logout_token::Shortened;
use crate::testing::now;

const NOTHING: Asked<'_> = Asked { client_id: "portal", max_age: None, acr_values: &[] };

fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

/// An answer by somebody who signed in at the provider `seconds` ago, to the wish for at most a minute.
fn within_a_minute(seconds: i64) -> Result<(), IdTokenRefusal> {
    let asked = Asked { max_age: Some(SignedDuration::from_mins(1)), ..NOTHING };
    check(IdTokenExtras { auth_time: Some(ago(seconds)), ..IdTokenExtras::default() }, asked, now())
}

#[test]
fn who_asked_for_nothing_gets_by_with_anything_that_names_no_other_party() {
    assert_eq!(check(IdTokenExtras::default(), NOTHING, now()), Ok(()));
    let all = IdTokenExtras { azp: Some("portal"), auth_time: Some(ago(1_000_000)), acr: Some("0") };
    assert_eq!(check(all, NOTHING, now()), Ok(()));
}

#[test]
fn a_token_for_another_party() {
    for azp in ["other", "", "Portal", "portal "] {
        let refusal = check(IdTokenExtras { azp: Some(azp), ..Default::default() }, NOTHING, now()).unwrap_err();
        assert_eq!(refusal, IdTokenRefusal::OtherParty { expected: "portal".into(), found: Shortened::text(azp) });
        assert_eq!((refusal.tag(), refusal.clause()), ("idt-azp", "Core-3.1.3.7"));
    }
}

#[test]
fn no_time_of_the_sign_in_although_it_was_asked_for() {
    let asked = Asked { max_age: Some(SignedDuration::ZERO), ..NOTHING };
    let refusal = check(IdTokenExtras::default(), asked, now()).unwrap_err();
    assert_eq!((refusal.clause(), refusal), ("Core-2", IdTokenRefusal::NoAuthTime));
}

#[test]
fn a_sign_in_that_is_too_old() {
    assert_eq!(within_a_minute(90), Ok(()), "leeway");
    assert_eq!(within_a_minute(91), Err(IdTokenRefusal::SignedInTooLongAgo { max_age: 60, age: 91 }));
    let asked = Asked { max_age: Some(SignedDuration::ZERO), ..NOTHING };
    let an_hour_ago = IdTokenExtras { auth_time: Some(ago(3600)), ..Default::default() };
    let refusal = check(an_hour_ago, asked, now()).unwrap_err();
    assert_eq!(refusal, IdTokenRefusal::SignedInTooLongAgo { max_age: 0, age: 3600 });
}

#[test]
fn a_sign_in_in_the_future() {
    assert_eq!(within_a_minute(-30), Ok(()), "leeway");
    let refusal = within_a_minute(-31).unwrap_err();
    assert_eq!(refusal, IdTokenRefusal::SignedInInTheFuture { at: ago(-31), now: now() });
}

#[test]
fn another_level_than_those_that_are_enough() {
    let asked = Asked { acr_values: &["2", "3"], ..NOTHING };
    let answer = |acr| check(IdTokenExtras { acr, ..Default::default() }, asked, now());
    assert_eq!((answer(Some("2")), answer(Some("3"))), (Ok(()), Ok(())));
    for (acr, found) in [(Some("1"), "1"), (Some("4"), "4"), (Some(""), ""), (None, "(none)")] {
        let refusal = IdTokenRefusal::OtherAcr { expected: "2, 3".into(), found: Shortened::text(found) };
        assert_eq!(answer(acr), Err(refusal));
    }
}
