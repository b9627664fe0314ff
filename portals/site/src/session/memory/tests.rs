use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use portal_protocol::VerifiedLogoutToken;
use serde_json::json;
use tower_sessions::session::{Id, Record};

use super::{ANONYMOUS_LIFE, EndedFirst, Ending, MOST_RECORDS, Memory, SIGNED_IN, TOMBSTONE_LIFE};
use crate::testing::{self, ISSUER, NOW};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOW + seconds).unwrap()
}

/// A record of `sub`, whose ID token was issued at `issued` and whose session ends after an hour.
fn record(sub: &str, sid: &str, issued: i64) -> Record {
    let who = json!({"iss": ISSUER, "sub": sub, "sid": sid, "issued_at": at(issued), "expires_at": at(3600)});
    let data = HashMap::from([(SIGNED_IN.to_owned(), who), ("other".to_owned(), json!(1))]);
    Record { id: Id::default(), data, expiry_date: time::OffsetDateTime::UNIX_EPOCH }
}

fn anonymous() -> Record {
    Record { id: Id::default(), data: HashMap::new(), expiry_date: time::OffsetDateTime::UNIX_EPOCH }
}

fn created(memory: &mut Memory, mut record: Record) -> Id {
    memory.create(&mut record, at(0)).expect("no tombstone");
    record.id
}

/// A logout token issued at `issued`.
fn token(sub: Option<&str>, sid: Option<&str>, issued: i64) -> VerifiedLogoutToken {
    testing::verified(testing::logout_claims(sub, sid, NOW + issued), at(issued))
}

#[test]
fn a_deleted_record_never_comes_back_by_a_save() {
    let mut memory = Memory::default();
    let id = created(&mut memory, record("john", "s1", 0));
    let in_flight = memory.load(id, at(1)).unwrap().clone();
    assert!(memory.end(id, Ending::SignOut, at(1)));
    memory.save(&in_flight, at(2));
    assert!(memory.load(id, at(2)).is_none());
    assert!(memory.end_named(&token(None, Some("s1"), 2), at(2)).is_empty(), "nor in the index");
}

#[test]
fn an_expired_record_never_comes_back_by_a_save() {
    let mut memory = Memory::default();
    let id = created(&mut memory, record("john", "s1", 0));
    let in_flight = memory.load(id, at(3599)).unwrap().clone();
    memory.save(&in_flight, at(3600));
    assert!(memory.load(id, at(3600)).is_none());
}

#[test]
fn a_save_does_not_prolong_a_session_in_which_somebody_is_signed_in() {
    let mut memory = Memory::default();
    let id = created(&mut memory, record("john", "s1", 0));
    let changed = memory.load(id, at(3000)).unwrap().clone();
    memory.save(&changed, at(3000));
    assert!(memory.load(id, at(3599)).is_some());
    assert!(memory.load(id, at(3600)).is_none());
}

#[test]
fn a_token_with_a_sid_ends_exactly_that_session() {
    let mut memory = Memory::default();
    let phone = created(&mut memory, record("john", "phone", 0));
    let desk = created(&mut memory, record("john", "desk", 0));
    assert_eq!(memory.end_named(&token(Some("john"), Some("phone"), 5), at(5)), [phone]);
    assert!(memory.load(phone, at(5)).is_none());
    assert!(memory.load(desk, at(5)).is_some());
}

#[test]
fn an_unknown_sid_does_not_fall_back_to_the_user() {
    let mut memory = Memory::default();
    let id = created(&mut memory, record("john", "s1", 0));
    assert!(memory.end_named(&token(Some("john"), Some("elsewhere"), 5), at(5)).is_empty());
    assert!(memory.load(id, at(5)).is_some());
}

#[test]
fn a_token_without_sid_ends_what_the_user_had_when_it_was_issued() {
    let mut memory = Memory::default();
    let first = created(&mut memory, record("john", "s1", 0));
    let second = created(&mut memory, record("john", "s2", 5));
    let later = created(&mut memory, record("john", "s3", 6));
    let mary = created(&mut memory, record("mary", "s4", 0));
    let mut ended = memory.end_named(&token(Some("john"), None, 5), at(7));
    ended.sort_by_key(|id| id.0);
    let mut expected = vec![first, second];
    expected.sort_by_key(|id| id.0);
    assert_eq!(ended, expected);
    assert!(memory.load(later, at(7)).is_some() && memory.load(mary, at(7)).is_some());
}

#[test]
fn the_issuer_is_part_of_every_name() {
    let mut memory = Memory::default();
    let mut other = record("john", "s1", 0);
    other.data.get_mut(SIGNED_IN).unwrap()["iss"] = json!("https://another.example");
    let other = created(&mut memory, other);
    assert!(memory.end_named(&token(Some("john"), Some("s1"), 5), at(5)).is_empty());
    assert!(memory.load(other, at(5)).is_some());
}

#[test]
fn a_session_that_arrives_after_its_logout_is_refused() {
    let mut memory = Memory::default();
    memory.end_named(&token(Some("john"), Some("s1"), 5), at(5));
    assert_eq!(memory.create(&mut record("john", "s1", 5), at(6)), Err(EndedFirst));
    assert_eq!(memory.create(&mut record("john", "s2", 5), at(6)), Ok(()), "another session of the same user");
    assert_eq!(memory.create(&mut record("john", "s1", 6), at(7)), Ok(()), "a sid used again after a new sign-in");
}

#[test]
fn after_a_logout_of_the_whole_user_only_earlier_sessions_are_refused() {
    let mut memory = Memory::default();
    memory.end_named(&token(Some("john"), None, 5), at(5));
    assert_eq!(memory.create(&mut record("john", "s1", 4), at(6)), Err(EndedFirst));
    assert_eq!(memory.create(&mut record("john", "s2", 5), at(6)), Ok(()), "signing in again at once works");
}

#[test]
fn a_tombstone_does_not_last_for_ever() {
    let mut memory = Memory::default();
    memory.end_named(&token(None, Some("s1"), 5), at(5));
    let over = at(5 + TOMBSTONE_LIFE.as_secs());
    assert_eq!(memory.create(&mut record("john", "s1", 5), over), Ok(()));
}

#[test]
fn expired_sessions_go_and_only_those_of_people_are_named() {
    let mut memory = Memory::default();
    let person = created(&mut memory, record("john", "s1", 0));
    let visitor = created(&mut memory, anonymous());
    let soon = at(0) + ANONYMOUS_LIFE;
    assert!(memory.end_expired(soon - SignedDuration::from_secs(1)).is_empty());
    assert!(memory.end_expired(soon).is_empty());
    assert!(memory.load(visitor, at(0)).is_none(), "it is gone, not only hidden");
    assert_eq!(memory.end_expired(at(3600)), [person]);
    assert_eq!(memory.last_words(person), Some(Ending::Expired));
    assert!(memory.records.is_empty() && memory.by_sid.is_empty() && memory.by_sub.is_empty(), "{memory:?}");
}

#[test]
fn sessions_and_people_are_counted() {
    let mut memory = Memory::default();
    created(&mut memory, record("john", "s1", 0));
    created(&mut memory, record("john", "s2", 0));
    created(&mut memory, record("mary", "s3", 0));
    created(&mut memory, anonymous());
    assert_eq!(memory.signed_in(at(1)), (3, 2));
    assert_eq!(memory.signed_in(at(3600)), (0, 0));
}

#[test]
fn a_full_store_gives_up_a_visitor_before_a_person() {
    let mut memory = Memory::default();
    let person = created(&mut memory, record("john", "s1", 0));
    for _ in 1..=MOST_RECORDS {
        created(&mut memory, anonymous());
    }
    assert_eq!(memory.records.len(), MOST_RECORDS);
    assert!(memory.load(person, at(1)).is_some());
}

#[test]
fn a_taken_id_is_never_overwritten() {
    let mut memory = Memory::default();
    let id = created(&mut memory, record("john", "s1", 0));
    let mut same = anonymous();
    same.id = id;
    memory.create(&mut same, at(0)).unwrap();
    assert_ne!(same.id, id);
}
