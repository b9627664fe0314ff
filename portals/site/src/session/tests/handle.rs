//! The store as the portal uses it: through `tower-sessions`, with a clock that moves.

use std::sync::Arc;

use jiff::SignedDuration;
use tower_sessions::{Session, SessionStore as _};

use super::super::store::{Ended, News, Sessions};
use super::super::{Ending, close, in_copy, open};
use super::Subject;
use crate::clock::Clock;
use crate::testing;

fn sessions() -> (Sessions, Clock) {
    let clock = Clock::system();
    (Sessions::over(Subject::memory().store, clock.clone()), clock)
}

fn session(sessions: &Sessions) -> Session {
    Session::new(None, Arc::new(sessions.clone()), None)
}

/// The same session as another request sees it.
fn again(sessions: &Sessions, session: &Session) -> Session {
    Session::new(session.id(), Arc::new(sessions.clone()), None)
}

#[tokio::test]
async fn signing_in_changes_the_id_and_keeps_what_the_browser_began() {
    let (sessions, clock) = sessions();
    let visitor = session(&sessions);
    visitor.insert("browser", "b1").await.unwrap();
    visitor.save().await.unwrap();
    let before = visitor.id().unwrap();

    open(&visitor, &testing::john(clock.now())).await.unwrap();

    let after = visitor.id().unwrap();
    assert_ne!(before, after);
    assert!(sessions.load(&before).await.unwrap().is_none(), "the old id leads nowhere");
    let next = again(&sessions, &visitor);
    assert_eq!(next.get::<String>("browser").await.unwrap().as_deref(), Some("b1"));
    assert_eq!(in_copy(&next).await.unwrap().unwrap().username, "john.employee");
}

#[tokio::test]
async fn signing_in_again_leaves_one_session() {
    let (sessions, clock) = sessions();
    let visitor = session(&sessions);
    open(&visitor, &testing::john(clock.now())).await.unwrap();
    let next = again(&sessions, &visitor);
    open(&next, &testing::john(clock.now())).await.unwrap();
    assert_eq!(sessions.signed_in().await.unwrap(), (1, 1));
}

#[tokio::test]
async fn a_request_in_flight_does_not_bring_a_session_back_when_it_ends() {
    let (sessions, clock) = sessions();
    let first = session(&sessions);
    open(&first, &testing::john(clock.now())).await.unwrap();
    let (in_flight, cycling) = (again(&sessions, &first), again(&sessions, &first));
    assert!(in_copy(&in_flight).await.unwrap().is_some(), "loaded before the logout");
    assert!(in_copy(&cycling).await.unwrap().is_some());

    assert!(sessions.end(first.id().unwrap(), Ending::BackChannel).await.unwrap());
    in_flight.insert("note", "written after the logout").await.unwrap();
    in_flight.save().await.unwrap();
    cycling.cycle_id().await.unwrap();
    assert!(cycling.save().await.is_err(), "nor under a new id");

    assert!(in_copy(&again(&sessions, &first)).await.unwrap().is_none());
    assert_eq!(sessions.signed_in().await.unwrap(), (0, 0));
}

#[tokio::test]
async fn signing_out_ends_the_session_and_keeps_the_browser() {
    let (sessions, clock) = sessions();
    let first = session(&sessions);
    first.insert("browser", "b1").await.unwrap();
    open(&first, &testing::john(clock.now())).await.unwrap();
    let (old, next) = (first.id().unwrap(), again(&sessions, &first));
    let who = close(&next, &sessions).await.unwrap().unwrap();
    next.save().await.unwrap();
    assert_eq!(who.username, "john.employee");
    assert_eq!(sessions.last_words(old).await.unwrap(), Some(Ending::SignOut));
    assert_eq!(again(&sessions, &next).get::<String>("browser").await.unwrap().as_deref(), Some("b1"));
    assert_eq!(sessions.signed_in().await.unwrap(), (0, 0));
}

#[tokio::test]
async fn the_end_of_a_session_is_announced_with_its_reason() {
    let (sessions, clock) = sessions();
    let mut endings = sessions.listen().await.unwrap();
    let first = session(&sessions);
    open(&first, &testing::john(clock.now())).await.unwrap();
    let id = first.id().unwrap();
    clock.advance(SignedDuration::from_hours(2));
    assert_eq!(sessions.last_words(id).await.unwrap(), Some(Ending::Expired));
    assert_eq!(endings.recv().await.unwrap(), News::Ended(Ended { id, ending: Ending::Expired }));
}
