//! Exactly the right sessions end: random people, devices, portals and tokens, against a model that anybody can check by
//! reading it.

use jiff::SignedDuration;
use portal_protocol::Refusal;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use tower_sessions::session::Id;

use super::super::Ending;
use super::super::store::Store;
use super::{Subject, at, full, signed_in, who};
use crate::testing::{self, ISSUER, NOW};

const PEOPLE: [&str; 3] = ["john", "mary", "*"];
const SIDS: [&str; 5] = ["s1", "s2", "s3", "sess:*", "s\u{0}1"];

/// What happens, at the second that is its place in the list.
#[derive(Debug, Clone)]
enum Act {
    /// Somebody signs in; the ID token is `old` seconds old.
    SignIn { sub: usize, sid: Option<usize>, elsewhere: bool, old: i64 },
    /// A logout token arrives, `old` seconds after it was made.
    Token { sub: Option<usize>, sid: Option<usize>, jti: u8, old: i64 },
    /// One of the sessions signs out by itself.
    SignOut(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let (sub, sid) = (0..PEOPLE.len(), 0..SIDS.len());
    prop_oneof![
        4 => (sub.clone(), prop::option::weighted(0.8, sid.clone()), prop::bool::weighted(0.2), 0..4_i64)
            .prop_map(|(sub, sid, elsewhere, old)| Act::SignIn { sub, sid, elsewhere, old }),
        4 => (prop::option::of(sub), prop::option::of(sid), 0..40_u8, 0..4_i64)
            .prop_filter("it must name somebody", |(sub, sid, _, _)| sub.is_some() || sid.is_some())
            .prop_map(|(sub, sid, jti, old)| Act::Token { sub, sid, jti, old }),
        1 => (0..20_usize).prop_map(Act::SignOut),
    ]
}

/// The model: lists, and rules as sentences.
#[derive(Debug, Default)]
struct Model {
    sessions: Vec<Known>,
    tokens: Vec<(Option<&'static str>, Option<&'static str>, i64)>,
    seen: Vec<u8>,
}

#[derive(Debug)]
struct Known {
    iss: &'static str,
    sub: &'static str,
    sid: Option<&'static str>,
    issued: i64,
    alive: bool,
}

impl Model {
    fn arrives(&mut self, iss: &'static str, sub: &'static str, sid: Option<&'static str>, issued: i64) -> bool {
        let ended_first = iss == ISSUER
            && self.tokens.iter().any(|token| match *token {
                (_, Some(named), made) => sid == Some(named) && issued <= made,
                (named, None, made) => named == Some(sub) && issued < made,
            });
        self.sessions.push(Known { iss, sub, sid, issued, alive: !ended_first });
        !ended_first
    }

    fn hears(
        &mut self,
        sub: Option<&'static str>,
        sid: Option<&'static str>,
        jti: u8,
        made: i64,
    ) -> Result<usize, Refusal> {
        let ours = self.sessions.iter_mut().filter(|session| session.alive && session.iss == ISSUER);
        let named: Vec<&mut Known> = ours
            .filter(|session| match sid {
                Some(sid) => session.sid == Some(sid),
                None => sub == Some(session.sub) && session.issued <= made,
            })
            .collect();
        if sid.is_some() && sub.is_some_and(|sub| named.iter().any(|session| session.sub != sub)) {
            return Err(Refusal::OtherUser);
        }
        if self.seen.contains(&jti) {
            return Err(Refusal::Replayed);
        }
        self.seen.push(jti);
        self.tokens.push((sub, sid, made));
        Ok(named.into_iter().map(|session| session.alive = false).count())
    }
}

async fn same_as_the_model(store: &dyn Store, acts: &[Act]) {
    store.clear().await.unwrap();
    let (mut model, mut ids) = (Model::default(), Vec::<Id>::new());
    for (second, act) in acts.iter().enumerate() {
        let second = i64::try_from(second).unwrap();
        match act {
            Act::SignIn { sub, sid, elsewhere, old } => {
                let (sub, sid, issued) = (PEOPLE[*sub], sid.map(|sid| SIDS[sid]), second - old);
                let iss = if *elsewhere { "https://another.example" } else { ISSUER };
                let mut who = who(sub, sid, issued);
                who["iss"] = json!(iss);
                let mut record = signed_in(who);
                let opened = store.create(&mut record, at(second)).await.unwrap().is_ok();
                assert_eq!(opened, model.arrives(iss, sub, sid, issued), "{second}: {act:?}");
                ids.push(record.id);
            }
            Act::Token { sub, sid, jti, old } => {
                let (sub, sid, made) = (sub.map(|sub| PEOPLE[sub]), sid.map(|sid| SIDS[sid]), second - old);
                let mut claims = testing::logout_claims(sub, sid, NOW + made);
                claims["jti"] = json!(jti.to_string());
                let token = testing::verified(claims, at(second));
                let ended = store.log_out(&token, at(second)).await.unwrap();
                assert_eq!(ended, model.hears(sub, sid, *jti, made), "{second}: {act:?}");
            }
            Act::SignOut(which) => {
                let Some(index) = which.checked_rem(ids.len()) else { continue };
                let known = &mut model.sessions[index];
                let ended = store.end(ids[index], Ending::SignOut, at(second)).await.unwrap();
                assert_eq!(ended, std::mem::take(&mut known.alive), "{second}: {act:?}");
            }
        }
        let now = at(second) + SignedDuration::from_millis(1);
        for (id, known) in ids.iter().zip(&model.sessions) {
            let alive = store.load(*id, now).await.unwrap().is_some();
            assert_eq!(alive, known.alive, "{second}: {act:?}: {known:?}");
        }
    }
}

fn compare(subject: &Subject, cases: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cases = if full() { cases * 20 } else { cases };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let tried = TestRunner::new(config).run(&prop::collection::vec(act(), 1..25), |acts| {
        runtime.block_on(same_as_the_model(&*subject.store, &acts));
        Ok(())
    });
    if let Err(failed) = tried {
        panic!("{failed}");
    }
}

#[test]
fn in_memory_exactly_the_named_sessions_end() {
    compare(&Subject::memory(), 150);
}

#[cfg(feature = "lane-redis")]
#[test]
fn in_redis_exactly_the_named_sessions_end() {
    compare(&Subject::redis(), 40);
}
