use std::sync::Arc;

use jiff::SignedDuration;
use tower_sessions::{Session, SessionStore};

use super::super::{SIGNED_IN, open, signed_in};
use super::{Ending, MemoryStore};
use crate::clock::Clock;
use crate::testing;

fn store() -> (MemoryStore, Clock) {
    let clock = Clock::system();
    (MemoryStore::new(clock.clone()), clock)
}

fn session(store: &MemoryStore) -> Session {
    Session::new(None, Arc::new(store.clone()), None)
}

/// The same session as another request sees it.
fn again(store: &MemoryStore, session: &Session) -> Session {
    Session::new(session.id(), Arc::new(store.clone()), None)
}

#[tokio::test]
async fn signing_in_changes_the_id_and_keeps_what_the_browser_began() {
    let (store, clock) = store();
    let visitor = session(&store);
    visitor.insert("browser", "b1").await.unwrap();
    visitor.save().await.unwrap();
    let before = visitor.id().unwrap();

    open(&visitor, &testing::john(clock.now())).await.unwrap();

    let after = visitor.id().unwrap();
    assert_ne!(before, after);
    assert!(store.load(&before).await.unwrap().is_none(), "the old id leads nowhere");
    let next = again(&store, &visitor);
    assert_eq!(next.get::<String>("browser").await.unwrap().as_deref(), Some("b1"));
    assert_eq!(signed_in(&next).await.unwrap().unwrap().username, "john.employee");
}

#[tokio::test]
async fn a_request_in_flight_does_not_bring_a_session_back_when_it_ends() {
    let (store, clock) = store();
    let first = session(&store);
    open(&first, &testing::john(clock.now())).await.unwrap();
    let in_flight = again(&store, &first);
    assert!(signed_in(&in_flight).await.unwrap().is_some(), "loaded before the logout");

    assert!(store.end(first.id().unwrap(), Ending::BackChannel));
    in_flight.insert("note", "written after the logout").await.unwrap();
    in_flight.save().await.unwrap();

    assert!(signed_in(&again(&store, &first)).await.unwrap().is_none());
    assert_eq!(store.signed_in(), (0, 0));
}

#[tokio::test]
async fn the_end_of_a_session_is_announced_with_its_reason() {
    let (store, clock) = store();
    let mut endings = store.endings();
    let first = session(&store);
    open(&first, &testing::john(clock.now())).await.unwrap();
    let id = first.id().unwrap();
    clock.advance(SignedDuration::from_hours(2));
    assert_eq!(store.last_words(id), Some(Ending::Expired));
    let ended = endings.recv().await.unwrap();
    assert_eq!((ended.id, ended.ending), (id, Ending::Expired));
}

#[tokio::test]
async fn clearing_ends_every_session() {
    let (store, clock) = store();
    let first = session(&store);
    open(&first, &testing::john(clock.now())).await.unwrap();
    store.clear();
    assert!(!store.is_alive(first.id().unwrap()));
    let late = again(&store, &first);
    assert!(late.get_value(SIGNED_IN).await.unwrap().is_none());
}
