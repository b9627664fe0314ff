//! What only the store in memory has: bounds. Its rules are tested with those of the other store.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::json;
use tower_sessions::session::{Id, Record};

use super::super::rules::{FRESH, SIGNED_IN};
use super::{Ending, MOST_LAST_WORDS, MOST_VISITORS, Memory};
use crate::session::SignedIn;
use crate::testing::{self, NOW};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOW + seconds).unwrap()
}

fn created(memory: &mut Memory, who: Option<&str>) -> Id {
    let mut data = HashMap::new();
    if let Some(sub) = who {
        let who = SignedIn { sub: sub.to_owned(), sid: Some(sub.to_owned()), ..testing::john(at(0)) };
        data.extend([(SIGNED_IN.to_owned(), json!(who)), (FRESH.to_owned(), json!(true))]);
    }
    let mut record = Record { id: Id::default(), data, expiry_date: time::OffsetDateTime::UNIX_EPOCH };
    memory.create(&mut record, at(0)).unwrap();
    record.id
}

#[test]
fn visitors_are_bounded_and_push_no_person_out() {
    let mut memory = Memory::new();
    let person = created(&mut memory, Some("john"));
    for _ in 0..=MOST_VISITORS {
        created(&mut memory, None);
    }
    assert_eq!(memory.records.len(), MOST_VISITORS + 1);
    assert!(memory.load(person, at(1)).is_some());
}

#[test]
fn reasons_are_bounded() {
    let mut memory = Memory::new();
    for number in 0..=MOST_LAST_WORDS {
        let id = created(&mut memory, Some(&number.to_string()));
        memory.end(id, Ending::SignOut, at(1));
    }
    assert_eq!(memory.last_words.len(), MOST_LAST_WORDS);
}

#[test]
fn nothing_is_left_of_sessions_that_ended() {
    let mut memory = Memory::new();
    let ended = created(&mut memory, Some("john"));
    let parted = created(&mut memory, Some("mary"));
    created(&mut memory, Some("pat"));
    created(&mut memory, None);
    memory.end(ended, Ending::SignOut, at(1));
    memory.part(parted, at(1));
    assert_eq!(memory.end_expired(at(3600)).len(), 1, "the one that was parted with was announced then");
    assert!(memory.records.is_empty() && memory.by_sid.is_empty() && memory.by_sub.is_empty(), "{memory:?}");
    assert!(memory.visitors.is_empty() && memory.people.is_empty(), "{memory:?}");
}
