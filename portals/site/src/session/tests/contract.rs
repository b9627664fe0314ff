//! What every store does, as one table. Redis has it twice: alone, and as a cluster, which refuses a script that touches
//! two slots.

use std::time::Duration;

use jiff::SignedDuration;
use portal_protocol::logout_token::LEEWAY;
use portal_protocol::{Refusal, TOMBSTONE_LIFE};
use serde_json::json;

use super::super::Ending;
use super::super::begun::{self, Purpose};
use super::super::rules::{ANONYMOUS_LIFE, EndedFirst, LAST_WORDS_LIFE, MOVE_LIFE, SIGNED_IN};
use super::super::store::{Ended, News, Store};
use super::{anonymous, at, created, record, redeemed, signed_in, token, who};
use crate::testing::{self, ISSUER, NOW};

/// Each rule as a test over each store.
macro_rules! for_every_store {
    ($($rule:ident)*) => {
        mod memory {
            use super::super::Subject;
            $(#[tokio::test]
            async fn $rule() {
                super::$rule(&*Subject::memory().store).await;
            })*
        }
        #[cfg(feature = "lane-redis")]
        mod redis {
            use super::super::Subject;
            $(#[tokio::test]
            async fn $rule() {
                let subject = Subject::redis();
                super::$rule(&*subject.store).await;
            })*
        }
        #[cfg(feature = "lane-redis")]
        mod cluster {
            use super::super::Subject;
            use crate::session::store::Store as _;

            /// One start for all: a cluster takes its time.
            #[tokio::test]
            async fn every_rule_holds_within_one_slot() {
                let cluster = Subject::cluster();
                // A replica of its own for each rule: what `clear` announced after the rule before is still on its way to
                // a replica that listened then, and cannot reach one that listens from now on.
                $(let store = cluster.another_replica();
                super::$rule(&store).await;
                store.clear().await.unwrap();)*
            }
        }
    };
}

for_every_store! {
    a_deleted_session_never_comes_back_by_a_save
    an_expired_session_never_comes_back_by_a_save
    a_deleted_session_never_comes_back_under_a_new_id
    a_session_that_ends_while_it_changes_its_id_stays_ended
    a_session_that_changes_its_id_goes_on
    a_copy_of_a_session_cannot_be_created_twice
    a_stale_copy_does_not_undo_a_refresh
    a_refresh_of_a_session_that_ended_or_changed_does_nothing
    a_sign_in_that_keeps_the_id_counts_as_one
    removing_the_person_leaves_a_visitor
    a_save_does_not_prolong_a_session_in_which_somebody_is_signed_in
    a_token_with_a_sid_ends_exactly_that_session
    an_unknown_sid_does_not_fall_back_to_the_user
    a_token_without_sid_ends_what_the_user_had_when_it_was_issued
    the_issuer_is_part_of_every_name
    a_token_that_contradicts_itself_changes_nothing
    a_token_works_once
    a_session_that_arrives_after_its_logout_is_refused
    a_code_redeemed_while_its_session_is_being_ended_opens_nothing
    after_a_logout_of_the_whole_user_only_earlier_sessions_are_refused
    a_tombstone_does_not_last_for_ever
    expired_sessions_go_and_only_those_of_people_are_named
    why_a_session_ended_is_known_for_a_while
    sessions_and_people_are_counted
    a_taken_id_is_never_overwritten
    endings_are_announced
    clearing_ends_and_forgets_everything
    what_a_browser_began_it_can_finish_once
    another_browser_gets_nothing_and_spoils_nothing
    what_was_begun_must_be_finished_in_time
    the_ninth_of_one_browser_replaces_its_oldest_and_nobody_elses
    one_at_a_time_may_refresh
}

async fn a_deleted_session_never_comes_back_by_a_save(store: &dyn Store) {
    let id = created(store, record("john", "s1", 0)).await;
    let in_flight = store.load(id, at(1)).await.unwrap().unwrap();
    assert!(store.end(id, Ending::SignOut, at(1)).await.unwrap());
    store.save(&in_flight, at(2)).await.unwrap().unwrap();
    assert!(store.load(id, at(2)).await.unwrap().is_none());
    let named = store.log_out(&token(None, Some("s1"), 2), at(2)).await.unwrap();
    assert_eq!(named, Ok(0), "nor in the index");
}

async fn an_expired_session_never_comes_back_by_a_save(store: &dyn Store) {
    let id = created(store, record("john", "s1", 0)).await;
    let in_flight = store.load(id, at(3599)).await.unwrap().unwrap();
    store.save(&in_flight, at(3600)).await.unwrap().unwrap();
    assert!(store.load(id, at(3600)).await.unwrap().is_none());
}

async fn a_deleted_session_never_comes_back_under_a_new_id(store: &dyn Store) {
    let id = created(store, record("john", "s1", 0)).await;
    let mut in_flight = store.load(id, at(1)).await.unwrap().unwrap();
    store.end(id, Ending::SignOut, at(1)).await.unwrap();
    // What `cycle_id` does: the old id goes, and the copy is created under a new one.
    store.part(id, at(1)).await.unwrap();
    in_flight.id = super::Id::default();
    assert_eq!(store.create(&mut in_flight, at(1)).await.unwrap(), Err(EndedFirst));
    assert_eq!(store.signed_in().await.unwrap(), (0, 0));
}

async fn a_session_that_ends_while_it_changes_its_id_stays_ended(store: &dyn Store) {
    for by_token in [true, false] {
        let id = created(store, record("john", "s1", 0)).await;
        let mut in_flight = store.load(id, at(1)).await.unwrap().unwrap();
        store.part(id, at(1)).await.unwrap();
        assert!(store.load(id, at(1)).await.unwrap().is_none(), "the old id leads nowhere");
        if by_token {
            // Issued before the session's ID token, so the tombstone alone would not do it.
            let named = store.log_out(&token(None, Some("s1"), -5), at(1)).await.unwrap();
            assert_eq!(named, Ok(1), "a logout finds it in between");
        } else {
            assert!(store.end(id, Ending::SignOut, at(1)).await.unwrap());
        }
        in_flight.id = super::Id::default();
        assert_eq!(store.create(&mut in_flight, at(1)).await.unwrap(), Err(EndedFirst), "{by_token}");
    }
}

async fn a_session_that_changes_its_id_goes_on(store: &dyn Store) {
    let id = created(store, record("john", "s1", 0)).await;
    let mut moving = store.load(id, at(1)).await.unwrap().unwrap();
    store.part(id, at(1)).await.unwrap();
    moving.id = super::Id::default();
    let mut late = moving.clone();
    store.create(&mut moving, at(1)).await.unwrap().unwrap();
    let found = store.load(moving.id, at(3599)).await.unwrap().expect("for as long as before");
    assert_eq!(found.data[SIGNED_IN], who("john", Some("s1"), 0));
    assert_eq!(store.signed_in().await.unwrap(), (1, 1));
    late.id = super::Id::default();
    assert_eq!(store.create(&mut late, at(1)).await.unwrap(), Err(EndedFirst), "once");

    store.part(moving.id, at(2)).await.unwrap();
    let over = at(2) + MOVE_LIFE;
    moving.id = super::Id::default();
    assert_eq!(store.create(&mut moving, over).await.unwrap(), Err(EndedFirst), "not for ever");
}

async fn a_copy_of_a_session_cannot_be_created_twice(store: &dyn Store) {
    let id = created(store, record("john", "s1", 0)).await;
    let mut copy = store.load(id, at(1)).await.unwrap().unwrap();
    copy.id = super::Id::default();
    assert_eq!(store.create(&mut copy, at(1)).await.unwrap(), Err(EndedFirst));
    assert!(store.load(id, at(1)).await.unwrap().is_some(), "and the session stays");
}

async fn a_stale_copy_does_not_undo_a_refresh(store: &dyn Store) {
    let id = created(store, record("john", "s1", 0)).await;
    let mut stale = store.load(id, at(1)).await.unwrap().unwrap();
    let mut renewed = who("john", Some("s1"), 0);
    (renewed["access_token"], renewed["expires_at"]) = (json!("new"), json!(at(7200)));
    assert!(store.renew(id, 1, renewed.clone(), at(1)).await.unwrap());
    stale.data.insert("note".to_owned(), json!("written by a request in flight"));
    store.save(&stale, at(2)).await.unwrap().unwrap();
    let found = store.load(id, at(7199)).await.unwrap().expect("it lasts longer now");
    assert_eq!(found.data[SIGNED_IN], renewed);
    assert_eq!(found.data["note"], "written by a request in flight", "which may write its own");
    stale.data.remove(SIGNED_IN);
    store.save(&stale, at(3)).await.unwrap().unwrap();
    assert!(store.load(id, at(3)).await.unwrap().unwrap().data.contains_key(SIGNED_IN));
}

async fn a_refresh_of_a_session_that_ended_or_changed_does_nothing(store: &dyn Store) {
    let id = created(store, record("john", "s1", 0)).await;
    let next = || who("john", Some("s1"), 0);
    assert!(!store.renew(id, 2, next(), at(1)).await.unwrap(), "another generation");
    assert!(store.renew(id, 1, next(), at(1)).await.unwrap());
    assert!(!store.renew(id, 1, next(), at(1)).await.unwrap(), "once");
    store.part(id, at(1)).await.unwrap();
    assert!(!store.renew(id, 2, next(), at(1)).await.unwrap(), "while its id changes");
    store.end(id, Ending::BackChannel, at(1)).await.unwrap();
    assert!(!store.renew(id, 2, next(), at(1)).await.unwrap());
    assert!(store.load(id, at(1)).await.unwrap().is_none());
    let visitor = created(store, anonymous()).await;
    assert!(!store.renew(visitor, 1, next(), at(1)).await.unwrap(), "nobody is signed in there");
}

async fn a_sign_in_that_keeps_the_id_counts_as_one(store: &dyn Store) {
    // Our portals never do this. One that does must not lose its logouts as well.
    let id = created(store, anonymous()).await;
    let mut visitor = store.load(id, at(1)).await.unwrap().unwrap();
    visitor.data.extend(record("john", "s1", 0).data);
    store.save(&visitor, at(1)).await.unwrap().unwrap();
    store.save(&visitor, at(1)).await.unwrap().unwrap();
    assert_eq!(store.signed_in().await.unwrap(), (1, 1));
    assert_eq!(store.log_out(&token(None, Some("s1"), 2), at(2)).await.unwrap(), Ok(1));
    store.save(&visitor, at(3)).await.unwrap().unwrap();
    assert!(store.load(id, at(3)).await.unwrap().is_none());

    let id = created(store, anonymous()).await;
    let mut late = store.load(id, at(3)).await.unwrap().unwrap();
    late.data.extend(record("john", "s1", 0).data);
    assert_eq!(store.save(&late, at(3)).await.unwrap(), Err(EndedFirst), "the logout came first");
}

async fn removing_the_person_leaves_a_visitor(store: &dyn Store) {
    let id = created(store, record("john", "s1", 0)).await;
    let mut copy = store.load(id, at(1)).await.unwrap().unwrap();
    copy.data.remove(SIGNED_IN);
    store.save(&copy, at(1)).await.unwrap().unwrap();
    assert!(!store.load(id, at(2)).await.unwrap().unwrap().data.contains_key(SIGNED_IN));
    assert_eq!(store.signed_in().await.unwrap(), (0, 0));
    assert_eq!(store.log_out(&token(None, Some("s1"), 2), at(2)).await.unwrap(), Ok(0));
    assert!(store.load(id, at(1) + ANONYMOUS_LIFE).await.unwrap().is_none(), "for as long as visitors are kept");
}

async fn a_save_does_not_prolong_a_session_in_which_somebody_is_signed_in(store: &dyn Store) {
    let id = created(store, record("john", "s1", 0)).await;
    let changed = store.load(id, at(3000)).await.unwrap().unwrap();
    store.save(&changed, at(3000)).await.unwrap().unwrap();
    assert!(store.load(id, at(3599)).await.unwrap().is_some());
    assert!(store.load(id, at(3600)).await.unwrap().is_none());
}

async fn a_token_with_a_sid_ends_exactly_that_session(store: &dyn Store) {
    let phone = created(store, record("john", "phone", 0)).await;
    let desk = created(store, record("john", "desk", 0)).await;
    assert_eq!(store.log_out(&token(Some("john"), Some("phone"), 5), at(5)).await.unwrap(), Ok(1));
    assert!(store.load(phone, at(5)).await.unwrap().is_none());
    assert!(store.load(desk, at(5)).await.unwrap().is_some());
}

async fn an_unknown_sid_does_not_fall_back_to_the_user(store: &dyn Store) {
    let id = created(store, record("john", "s1", 0)).await;
    assert_eq!(store.log_out(&token(Some("john"), Some("elsewhere"), 5), at(5)).await.unwrap(), Ok(0));
    assert!(store.load(id, at(5)).await.unwrap().is_some());
}

async fn a_token_without_sid_ends_what_the_user_had_when_it_was_issued(store: &dyn Store) {
    let mut ids = Vec::new();
    for (sub, sid, issued) in [("john", "s1", 0), ("john", "s2", 5), ("john", "s3", 6), ("mary", "s4", 0)] {
        ids.push(created(store, record(sub, sid, issued)).await);
    }
    ids.push(created(store, signed_in(who("john", None, 0))).await);
    assert_eq!(store.log_out(&token(Some("john"), None, 5), at(7)).await.unwrap(), Ok(3));
    let mut left = Vec::new();
    for id in ids {
        left.push(store.load(id, at(7)).await.unwrap().is_some());
    }
    assert_eq!(left, [false, false, true, true, false]);
}

async fn the_issuer_is_part_of_every_name(store: &dyn Store) {
    let mut elsewhere = who("john", Some("s1"), 0);
    elsewhere["iss"] = json!("https://another.example");
    let other = created(store, signed_in(elsewhere)).await;
    // Nor does a name help that looks like the two together.
    let odd = created(store, record("https://another.example\",\"john", "s\",\"1", 0)).await;
    assert_eq!(store.log_out(&token(Some("john"), Some("s1"), 5), at(5)).await.unwrap(), Ok(0));
    assert_eq!(store.log_out(&token(Some("john"), None, 5), at(5)).await.unwrap(), Ok(0));
    assert!(store.load(other, at(5)).await.unwrap().is_some() && store.load(odd, at(5)).await.unwrap().is_some());
}

async fn a_token_that_contradicts_itself_changes_nothing(store: &dyn Store) {
    let id = created(store, record("john", "s1", 0)).await;
    let token = token(Some("mary"), Some("s1"), 5);
    for _ in 0..2 {
        assert_eq!(store.log_out(&token, at(5)).await.unwrap(), Err(Refusal::OtherUser), "not: replayed");
    }
    assert!(store.load(id, at(5)).await.unwrap().is_some());
    let again = store.create(&mut record("john", "s1", 0), at(6)).await.unwrap();
    assert_eq!(again, Ok(()), "no tombstone either");
}

async fn a_token_works_once(store: &dyn Store) {
    let first = token(Some("john"), None, 5);
    assert_eq!(store.log_out(&first, at(5)).await.unwrap(), Ok(0));
    let id = created(store, record("john", "s1", 5)).await;
    assert_eq!(store.log_out(&first, at(6)).await.unwrap(), Err(Refusal::Replayed));
    let mut other = testing::logout_claims(None, Some("s1"), NOW + 6);
    other["jti"] = json!(first.jti());
    let other = testing::verified(other, at(6));
    assert_eq!(store.log_out(&other, at(6)).await.unwrap(), Err(Refusal::Replayed), "another token of that id");
    assert!(store.load(id, at(6)).await.unwrap().is_some());
    let end = first.expires_at() + LEEWAY;
    let before = end - SignedDuration::from_secs(1);
    assert_eq!(store.log_out(&first, before).await.unwrap(), Err(Refusal::Replayed), "while it could be accepted");
}

async fn a_session_that_arrives_after_its_logout_is_refused(store: &dyn Store) {
    store.log_out(&token(Some("john"), Some("s1"), 5), at(5)).await.unwrap().unwrap();
    let arrives = async |sid, issued, now| store.create(&mut record("john", sid, issued), at(now)).await.unwrap();
    assert_eq!(arrives("s1", 5, 6).await, Err(EndedFirst));
    assert_eq!(arrives("s2", 5, 6).await, Ok(()), "another session of the same user");
    assert_eq!(arrives("s1", 6, 7).await, Ok(()), "a sid used again after a new sign-in");
    // Of two logouts about the same, the later one counts in either order.
    store.log_out(&token(None, Some("s9"), 20), at(20)).await.unwrap().unwrap();
    store.log_out(&token(None, Some("s9"), 10), at(21)).await.unwrap().unwrap();
    assert_eq!(arrives("s9", 15, 22).await, Err(EndedFirst));
}

async fn a_code_redeemed_while_its_session_is_being_ended_opens_nothing(store: &dyn Store) {
    store.log_out(&token(Some("john"), Some("s1"), 5), at(5)).await.unwrap().unwrap();
    assert_eq!(store.create(&mut redeemed("john", "s1", 0, 8), at(8)).await.unwrap(), Err(EndedFirst));
    assert_eq!(store.create(&mut redeemed("john", "s1", 6, 8), at(8)).await.unwrap(), Ok(()), "signed in again");
    let visitor = created(store, anonymous()).await;
    let mut same_id = store.load(visitor, at(8)).await.unwrap().unwrap();
    same_id.data.extend(redeemed("john", "s1", 0, 8).data);
    assert_eq!(store.save(&same_id, at(8)).await.unwrap(), Err(EndedFirst), "under the id that it has, too");
}

async fn after_a_logout_of_the_whole_user_only_earlier_sessions_are_refused(store: &dyn Store) {
    store.log_out(&token(Some("john"), None, 5), at(5)).await.unwrap().unwrap();
    let arrives = async |sid, issued| store.create(&mut record("john", sid, issued), at(6)).await.unwrap();
    assert_eq!(arrives("s1", 4).await, Err(EndedFirst));
    assert_eq!(arrives("s2", 5).await, Ok(()), "signing in again at once works");
}

async fn a_tombstone_does_not_last_for_ever(store: &dyn Store) {
    store.log_out(&token(None, Some("s1"), 5), at(5)).await.unwrap().unwrap();
    let over = at(5) + TOMBSTONE_LIFE;
    assert_eq!(store.create(&mut record("john", "s1", 5), over).await.unwrap(), Ok(()));
}

async fn expired_sessions_go_and_only_those_of_people_are_named(store: &dyn Store) {
    let mut news = store.listen().await.unwrap();
    let person = created(store, record("john", "s1", 0)).await;
    let visitor = created(store, anonymous()).await;
    let soon = at(0) + ANONYMOUS_LIFE;
    assert!(store.load(visitor, soon - SignedDuration::from_secs(1)).await.unwrap().is_some());
    assert!(store.load(visitor, soon).await.unwrap().is_none());
    store.end_expired(soon).await.unwrap();
    assert!(store.load(person, soon).await.unwrap().is_some());
    store.end_expired(at(3600)).await.unwrap();
    assert_eq!(store.last_words(person, at(3601)).await.unwrap(), Some(Ending::Expired));
    assert_eq!(store.signed_in().await.unwrap(), (0, 0));
    let ended = Ended { id: person, ending: Ending::Expired };
    assert_eq!(news.recv().await.unwrap(), News::Ended(ended), "the first and only news");
}

async fn why_a_session_ended_is_known_for_a_while(store: &dyn Store) {
    let id = created(store, record("john", "s1", 0)).await;
    assert_eq!(store.last_words(id, at(1)).await.unwrap(), None);
    store.end(id, Ending::FrontChannel, at(1)).await.unwrap();
    store.end(id, Ending::SignOut, at(1)).await.unwrap();
    assert_eq!(store.last_words(id, at(2)).await.unwrap(), Some(Ending::FrontChannel), "the first one counts");
    let over = at(1) + LAST_WORDS_LIFE;
    store.end_expired(over).await.unwrap();
    assert_eq!(store.last_words(id, over).await.unwrap(), None);
}

async fn sessions_and_people_are_counted(store: &dyn Store) {
    let first = created(store, record("john", "s1", 0)).await;
    created(store, record("john", "s2", 0)).await;
    created(store, record("mary", "s3", 0)).await;
    created(store, anonymous()).await;
    assert_eq!(store.signed_in().await.unwrap(), (3, 2));
    store.end(first, Ending::SignOut, at(1)).await.unwrap();
    assert_eq!(store.signed_in().await.unwrap(), (2, 2));
    store.log_out(&token(Some("john"), None, 1), at(1)).await.unwrap().unwrap();
    assert_eq!(store.signed_in().await.unwrap(), (1, 1));
}

async fn a_taken_id_is_never_overwritten(store: &dyn Store) {
    let id = created(store, record("john", "s1", 0)).await;
    let mut same = anonymous();
    same.id = id;
    store.create(&mut same, at(0)).await.unwrap().unwrap();
    assert_ne!(same.id, id);
    assert!(store.load(same.id, at(1)).await.unwrap().is_some());
    assert!(store.load(id, at(1)).await.unwrap().unwrap().data.contains_key(SIGNED_IN));
}

async fn endings_are_announced(store: &dyn Store) {
    let mut news = store.listen().await.unwrap();
    let mut expected = Vec::new();
    for ending in [Ending::SignOut, Ending::FrontChannel, Ending::RefreshRefused, Ending::Unconfirmed] {
        let id = created(store, record("john", "s1", 9)).await;
        store.end(id, ending, at(1)).await.unwrap();
        expected.push(Ended { id, ending });
    }
    let id = created(store, record("john", "s1", 9)).await;
    store.log_out(&token(None, Some("s1"), 1), at(1)).await.unwrap().unwrap();
    expected.push(Ended { id, ending: Ending::BackChannel });
    let id = created(store, record("john", "s1", 9)).await;
    store.part(id, at(1)).await.unwrap();
    expected.push(Ended { id, ending: Ending::Replaced });
    // In which order news of several sessions arrives is promised by no store.
    while !expected.is_empty() {
        let heard = tokio::time::timeout(Duration::from_secs(10), news.recv()).await.expect("news").unwrap();
        let known = expected.iter().position(|ended| heard == News::Ended(*ended));
        expected.swap_remove(known.unwrap_or_else(|| panic!("{heard:?} was not expected, or came twice")));
    }
}

async fn clearing_ends_and_forgets_everything(store: &dyn Store) {
    let id = created(store, record("john", "s1", 0)).await;
    let used = token(None, Some("s2"), 1);
    store.log_out(&used, at(1)).await.unwrap().unwrap();
    store.begin(Purpose::SignIn, "state", "anna", "x".into(), at(1)).await.unwrap();
    store.clear().await.unwrap();
    assert!(store.load(id, at(1)).await.unwrap().is_none());
    assert_eq!(store.signed_in().await.unwrap(), (0, 0));
    assert_eq!(store.finish(Purpose::SignIn, "state", "anna", at(1)).await.unwrap(), None);
    assert_eq!(store.create(&mut record("john", "s2", 0), at(1)).await.unwrap(), Ok(()), "no tombstone");
    assert_eq!(store.log_out(&used, at(2)).await.unwrap(), Ok(1), "no replay: lessons are played again");
    assert_eq!(ISSUER, used.iss());
}

async fn what_a_browser_began_it_can_finish_once(store: &dyn Store) {
    for (state, what) in [("s1", "one"), ("s2", "two")] {
        store.begin(Purpose::SignIn, state, "anna", what.into(), at(0)).await.unwrap();
    }
    let finish = async |purpose, state| store.finish(purpose, state, "anna", at(1)).await.unwrap();
    assert_eq!(finish(Purpose::SignOut, "s2").await, None, "it was begun for something else");
    assert_eq!(finish(Purpose::SignIn, "s2").await.as_deref(), Some("two"), "several tabs at once");
    assert_eq!(finish(Purpose::SignIn, "s1").await.as_deref(), Some("one"));
    assert_eq!(finish(Purpose::SignIn, "s1").await, None, "once");
}

async fn another_browser_gets_nothing_and_spoils_nothing(store: &dyn Store) {
    store.begin(Purpose::SignIn, "s1", "anna", "1".into(), at(0)).await.unwrap();
    assert_eq!(store.finish(Purpose::SignIn, "s1", "eve", at(1)).await.unwrap(), None);
    assert_eq!(store.finish(Purpose::SignIn, "s1", "anna", at(1)).await.unwrap().as_deref(), Some("1"));
}

async fn what_was_begun_must_be_finished_in_time(store: &dyn Store) {
    store.begin(Purpose::SignOut, "s1", "anna", "1".into(), at(0)).await.unwrap();
    assert_eq!(store.finish(Purpose::SignOut, "s1", "anna", at(begun::LIFE.as_secs())).await.unwrap(), None);
}

async fn the_ninth_of_one_browser_replaces_its_oldest_and_nobody_elses(store: &dyn Store) {
    let begin = async |state: &str, browser, at| {
        store.begin(Purpose::SignIn, state, browser, state.to_owned(), at).await.unwrap();
    };
    begin("other", "ben", at(0)).await;
    for number in 0..9 {
        begin(&format!("s{number}"), "anna", at(1 + number)).await;
    }
    let finish = async |state, browser| store.finish(Purpose::SignIn, state, browser, at(20)).await.unwrap();
    assert_eq!(finish("s0", "anna").await, None);
    assert_eq!(finish("s1", "anna").await.as_deref(), Some("s1"));
    assert_eq!(finish("other", "ben").await.as_deref(), Some("other"));
}

async fn one_at_a_time_may_refresh(store: &dyn Store) {
    let (one, other) = (super::Id::default(), super::Id::default());
    let long = Duration::from_mins(1);
    assert!(store.lease(one, 1, long).await.unwrap());
    assert!(!store.lease(one, 2, long).await.unwrap());
    assert!(store.lease(other, 2, long).await.unwrap());
    store.release(one, 2).await.unwrap();
    assert!(!store.lease(one, 2, long).await.unwrap(), "only its holder gives it back");
    store.release(one, 1).await.unwrap();
    assert!(store.lease(one, 2, Duration::from_millis(1)).await.unwrap());
    // It ends by itself: whoever had it may have crashed.
    let free = async { while !store.lease(one, 3, long).await.unwrap() {} };
    tokio::time::timeout(Duration::from_secs(10), free).await.expect("it ended");
}
