use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::SeenTokens;
use crate::logout_token::{Expectations, LEEWAY, Refusal, VerifiedLogoutToken, verify};
use crate::testing;

/// A token that ends `seconds` from now.
fn token(jti: &str, seconds: i64) -> VerifiedLogoutToken {
    let mut claims = testing::good_claims();
    claims["jti"] = json!(jti);
    claims["exp"] = json!(testing::NOW + seconds);
    let text = testing::signed(&testing::good_header(), &claims);
    verify(&text, &Expectations::new(testing::ISSUER, testing::AUDIENCE), &testing::keys(), testing::now()).unwrap()
}

fn later(seconds: i64) -> Timestamp {
    testing::now() + SignedDuration::from_secs(seconds)
}

#[test]
fn a_token_is_accepted_once() {
    let mut seen = SeenTokens::new(10);
    let first = token("a", 120);
    assert_eq!(seen.remember(&first, testing::now()), Ok(()));
    let refusal = seen.remember(&first, later(10)).unwrap_err();
    assert_eq!((refusal.clause(), refusal.step(), refusal), ("BCL-2.6", 8, Refusal::Replayed));
    assert_eq!(seen.remember(&token("b", 120), later(10)), Ok(()));
}

#[test]
fn a_token_is_remembered_as_long_as_it_could_be_accepted_and_no_longer() {
    let mut seen = SeenTokens::new(10);
    let first = token("a", 120);
    seen.remember(&first, testing::now()).unwrap();
    let last_moment = later(120 + LEEWAY.as_secs() - 1);
    assert_eq!(seen.remember(&first, last_moment), Err(Refusal::Replayed));
    seen.remember(&token("b", 400), later(120 + LEEWAY.as_secs())).unwrap();
    assert_eq!(seen.len(), 1, "the first one is forgotten");
}

#[test]
fn the_memory_is_bounded_and_gives_up_what_ends_first() {
    let mut seen = SeenTokens::new(2);
    for (jti, seconds) in [("late", 300), ("soon", 60), ("middle", 120)] {
        seen.remember(&token(jti, seconds), testing::now()).unwrap();
    }
    assert_eq!(seen.len(), 2);
    assert_eq!(seen.remember(&token("late", 300), testing::now()), Err(Refusal::Replayed));
    assert_eq!(seen.remember(&token("middle", 120), testing::now()), Err(Refusal::Replayed));
    assert_eq!(seen.remember(&token("soon", 60), testing::now()), Ok(()), "given up");
}

#[test]
fn clearing_forgets_everything() {
    let mut seen = SeenTokens::new(2);
    seen.remember(&token("a", 60), testing::now()).unwrap();
    seen.clear();
    assert!(seen.is_empty());
    assert_eq!(seen.remember(&token("a", 60), testing::now()), Ok(()));
}
