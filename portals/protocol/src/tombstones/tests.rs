use jiff::{SignedDuration, Timestamp};

use super::{TOMBSTONE_LIFE, Tombstone, TombstoneKey, Tombstones};
use crate::matching::KnownSession;
use crate::testing::{self, ISSUER, verified_token};

fn at(seconds: i64) -> Timestamp {
    testing::now() + SignedDuration::from_secs(seconds)
}

/// A session whose ID token was issued at `seconds`.
fn session<'a>(sub: &'a str, sid: &'a str, seconds: i64) -> KnownSession<'a> {
    KnownSession { iss: ISSUER, sub, sid: Some(sid), issued_at: at(seconds), auth_time: None }
}

/// A memory with one logout, issued now.
fn after(sub: Option<&str>, sid: Option<&str>) -> Tombstones {
    let mut tombstones = Tombstones::new(10);
    tombstones.remember(&verified_token(sub, sid, 0), at(0));
    tombstones
}

#[test]
fn a_session_that_arrives_after_its_logout_has_ended() {
    let tombstones = after(Some("john"), Some("phone"));
    assert!(tombstones.has_ended(session("john", "phone", -5), at(1)));
    assert!(!tombstones.has_ended(session("john", "desk", -5), at(1)), "another session of the same user");
    let elsewhere = KnownSession { iss: "https://other.example", ..session("john", "phone", -5) };
    assert!(!tombstones.has_ended(elsewhere, at(1)));
}

#[test]
fn a_sid_that_is_used_again_after_the_logout_is_another_session() {
    let tombstones = after(None, Some("phone"));
    assert!(tombstones.has_ended(session("john", "phone", 0), at(1)), "in the same second it is in doubt the old one");
    assert!(!tombstones.has_ended(session("john", "phone", 1), at(1)));
}

#[test]
fn a_code_redeemed_after_its_session_ended_opens_nothing() {
    let tombstones = after(Some("john"), Some("phone"));
    let younger = KnownSession { auth_time: Some(at(-50)), ..session("john", "phone", 3) };
    assert!(tombstones.has_ended(younger, at(4)), "the person signed in before the logout, whatever `iat` says");
    let anew = KnownSession { auth_time: Some(at(2)), ..younger };
    assert!(!tombstones.has_ended(anew, at(4)), "the person signed in again");
}

#[test]
fn who_was_signed_out_everywhere_may_sign_in_again_at_once() {
    let tombstones = after(Some("john"), None);
    assert!(tombstones.has_ended(session("john", "any", -1), at(1)));
    assert!(tombstones.has_ended(KnownSession { sid: None, ..session("john", "any", -1) }, at(1)));
    assert!(!tombstones.has_ended(session("john", "any", 0), at(1)), "the same second");
    assert!(!tombstones.has_ended(session("mary", "any", -1), at(1)));
}

#[test]
fn a_logout_is_remembered_for_its_time_and_no_longer() {
    let mut tombstones = after(Some("john"), Some("phone"));
    let life = TOMBSTONE_LIFE.as_secs();
    assert!(tombstones.has_ended(session("john", "phone", -5), at(life - 1)));
    assert!(!tombstones.has_ended(session("john", "phone", -5), at(life)));
    tombstones.remember(&verified_token(None, Some("other"), 0), at(life));
    assert_eq!(tombstones.len(), 1, "the first one is forgotten");
}

#[test]
fn of_two_logouts_about_the_same_the_later_one_counts_in_either_order() {
    for order in [[0, 60], [60, 0]] {
        let mut tombstones = Tombstones::new(10);
        for issued in order {
            tombstones.remember(&verified_token(Some("john"), None, issued), at(issued));
        }
        assert_eq!(tombstones.len(), 1);
        assert!(tombstones.has_ended(session("john", "any", 59), at(61)));
        let end = 60 + TOMBSTONE_LIFE.as_secs();
        assert!(tombstones.has_ended(session("john", "any", 59), at(end - 1)));
        assert!(!tombstones.has_ended(session("john", "any", 59), at(end)));
    }
}

#[test]
fn the_memory_is_bounded_and_gives_up_what_ends_first() {
    let mut tombstones = Tombstones::new(2);
    for (second, sid) in [(0, "first"), (1, "second"), (2, "third"), (3, "second")] {
        tombstones.remember(&verified_token(None, Some(sid), 0), at(second));
    }
    assert_eq!(tombstones.len(), 2);
    let ended = |sid| tombstones.has_ended(session("john", sid, -5), at(4));
    assert_eq!(["first", "second", "third"].map(ended), [false, true, true]);
}

#[test]
fn clearing_forgets_everything() {
    let mut tombstones = after(Some("john"), Some("phone"));
    tombstones.clear();
    assert!(tombstones.is_empty());
    assert!(!tombstones.has_ended(session("john", "phone", -5), at(1)));
}

#[test]
fn a_store_of_another_kind_finds_a_tombstone_by_the_keys_of_the_session() {
    let session = session("john", "phone", -5);
    for (sub, sid, covers) in
        [(Some("john"), Some("phone"), true), (Some("john"), None, true), (None, Some("desk"), false)]
    {
        let tombstone = Tombstone::of(&verified_token(sub, sid, 0));
        assert_eq!(TombstoneKey::of_session(session).contains(&tombstone.key), covers);
        assert_eq!(tombstone.covers(session), covers);
    }
}
