use jiff::{SignedDuration, Timestamp};

use super::{KnownSession, Match, matches};
use crate::logout_token::{Refusal, VerifiedLogoutToken};
use crate::testing::{self, ISSUER, verified_token};

/// A token about `sub` and `sid`, made one second ago.
fn token(sub: Option<&str>, sid: Option<&str>) -> VerifiedLogoutToken {
    verified_token(sub, sid, 0)
}

/// John's session on one of his devices, an hour old.
fn session(sid: &str) -> KnownSession<'_> {
    KnownSession { iss: ISSUER, sub: "john", sid: Some(sid), issued_at: hours(-1), auth_time: None }
}

fn hours(hours: i64) -> Timestamp {
    testing::now() + SignedDuration::from_hours(hours)
}

#[test]
fn a_sid_ends_that_session_with_or_without_its_user() {
    for sub in [None, Some("john")] {
        let token = token(sub, Some("phone"));
        assert_eq!(matches(&token, session("phone")), Match::Ends);
        assert_eq!(matches(&token, session("desk")), Match::Other, "no fall-back to the user");
        assert_eq!(matches(&token, KnownSession { sid: None, ..session("phone") }), Match::Other);
    }
}

#[test]
fn a_sid_ends_its_session_also_when_the_id_token_was_renewed_since() {
    let renewed = KnownSession { issued_at: hours(1), ..session("phone") };
    assert_eq!(matches(&token(None, Some("phone")), renewed), Match::Ends);
}

#[test]
fn a_sub_ends_what_the_user_had_when_the_token_was_made() {
    let token = token(Some("john"), None);
    for sid in [Some("phone"), Some("desk"), None] {
        assert_eq!(matches(&token, KnownSession { sid, ..session("phone") }), Match::Ends);
    }
    let at = |issued_at| matches(&token, KnownSession { issued_at, ..session("phone") });
    assert_eq!(at(token.issued_at()), Match::Ends, "in doubt it is over");
    assert_eq!(at(token.issued_at() + SignedDuration::from_secs(1)), Match::Other, "a sign-in after that");
    assert_eq!(matches(&token, KnownSession { sub: "mary", ..session("phone") }), Match::Other);
}

#[test]
fn the_same_names_at_another_provider_are_somebody_else() {
    let elsewhere = KnownSession { iss: "https://other.example", ..session("phone") };
    for token in [token(Some("john"), Some("phone")), token(Some("mary"), Some("phone")), token(Some("john"), None)] {
        assert_eq!(matches(&token, elsewhere), Match::Other);
    }
}

#[test]
fn our_session_with_somebody_elses_name_is_refused_and_ends_nothing() {
    let found = matches(&token(Some("mary"), Some("phone")), session("phone"));
    assert_eq!(found, Match::Mismatch);
    assert_eq!(found.ends(), Err(Refusal::OtherUser));
    assert_eq!((Match::Ends.ends(), Match::Other.ends()), (Ok(true), Ok(false)));
}
