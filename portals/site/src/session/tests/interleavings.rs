//! No order of steps brings a dead session back.
//!
//! Several actors work on one session at once: requests that save, that change its id, that refresh; logouts by token and
//! by sign-out; a late sign-in into the same session of the provider. Each of them takes a few steps, and a step is one
//! call of the store: between two calls, and nowhere else, somebody else can come. So a *schedule*, the order in which
//! the actors take their steps, is all there is to chance, and here every schedule is played, or a seeded choice of them.
//!
//! After each schedule: what was acknowledged dead is dead.

use std::sync::OnceLock;

use portal_protocol::VerifiedLogoutToken;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;
use tower_sessions::session::{Id, Record};

use super::super::Ending;
use super::super::rules::{EndedFirst, SIGNED_IN};
use super::super::store::Store;
use super::{Subject, at, created, full, record, redeemed, token, who};

/// Who takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Actor {
    /// A request: load, then save something.
    Save,
    /// A request that changes the session's id: load, delete, create.
    Cycle,
    /// A request that refreshes: load, then renew.
    Refresh,
    /// The provider's logout token.
    Token,
    /// A sign-out by the cookie's id.
    SignOut,
    /// Another sign-in into the same session of the provider: its code is redeemed late, so that its ID token is younger
    /// than the logout token.
    Callback,
    /// The clock: whoever tidies up.
    Tidy,
}

impl Actor {
    fn steps(self) -> usize {
        match self {
            Self::Save | Self::Refresh => 2,
            Self::Cycle => 3,
            Self::Token | Self::SignOut | Self::Callback | Self::Tidy => 1,
        }
    }
}

/// The world of one schedule.
struct World<'s> {
    store: &'s dyn Store,
    /// The id of the session at the start.
    id: Id,
    /// Every id under which it may live.
    ids: Vec<Id>,
    copies: Vec<Option<Record>>,
    logged_out: bool,
    signed_out: bool,
}

impl World<'_> {
    async fn step(&mut self, index: usize, actor: Actor, step: usize) {
        let (store, id, now) = (self.store, self.id, at(10));
        match (actor, step) {
            (Actor::Save | Actor::Cycle | Actor::Refresh, 0) => {
                self.copies[index] = store.load(id, now).await.unwrap();
            }
            (Actor::Save, _) => {
                if let Some(copy) = &mut self.copies[index] {
                    copy.data.insert("note".to_owned(), json!("in flight"));
                    store.save(copy, now).await.unwrap().unwrap();
                }
            }
            (Actor::Cycle, 1) => {
                if self.copies[index].is_some() {
                    store.part(id, now).await.unwrap();
                }
            }
            (Actor::Cycle, _) => {
                if let Some(copy) = &mut self.copies[index] {
                    copy.id = Id::default();
                    if store.create(copy, now).await.unwrap() == Ok(()) {
                        self.ids.push(copy.id);
                    }
                }
            }
            (Actor::Refresh, _) => {
                if let Some(copy) = &self.copies[index] {
                    let generation = copy.data["held"]["generation"].as_u64().unwrap();
                    store.renew(id, generation, who("john", Some("s1"), 0), now).await.unwrap();
                }
            }
            (Actor::Token, _) => {
                self.logged_out = store.log_out(&the_token(), now).await.unwrap().is_ok();
            }
            (Actor::SignOut, _) => self.signed_out |= store.end(id, Ending::SignOut, now).await.unwrap(),
            (Actor::Callback, _) => {
                let mut late = redeemed("john", "s1", 0, 8);
                match store.create(&mut late, now).await.unwrap() {
                    Ok(()) => self.ids.push(late.id),
                    Err(EndedFirst) => assert!(self.logged_out, "nothing else refuses a sign-in"),
                }
            }
            (Actor::Tidy, _) => store.end_expired(now).await.unwrap(),
        }
    }
}

/// One token for all schedules: signing it takes longer than everything else here.
fn the_token() -> VerifiedLogoutToken {
    static TOKEN: OnceLock<VerifiedLogoutToken> = OnceLock::new();
    TOKEN.get_or_init(|| token(Some("john"), Some("s1"), 5)).clone()
}

/// Plays one schedule and looks what is left.
async fn play(store: &dyn Store, actors: &[Actor], schedule: &[usize]) {
    store.clear().await.unwrap();
    let id = created(store, record("john", "s1", 0)).await;
    let other = created(store, record("john", "s2", 0)).await;
    let copies = actors.iter().map(|_| None).collect();
    let mut world = World { store, id, ids: vec![id], copies, logged_out: false, signed_out: false };
    let mut taken = vec![0; actors.len()];
    for &index in schedule {
        world.step(index, actors[index], taken[index]).await;
        taken[index] += 1;
    }
    let told = || {
        let order: Vec<String> = schedule.iter().map(|index| format!("{:?}{index}", actors[*index])).collect();
        order.join(", ")
    };
    let callback = actors.contains(&Actor::Callback);
    let mut alive = Vec::new();
    for id in &world.ids {
        alive.push(store.load(*id, at(11)).await.unwrap().is_some_and(|copy| copy.data.contains_key(SIGNED_IN)));
    }
    if world.logged_out {
        assert!(!alive.contains(&true), "alive after its logout: {}", told());
        assert_eq!(store.signed_in().await.unwrap(), (1, 1), "{}", told());
    }
    if world.signed_out && !callback {
        assert!(!alive.contains(&true), "alive after its sign-out: {}", told());
    }
    if !world.logged_out && !world.signed_out && !callback {
        // The other half: nothing was lost, and there is one session, not two. Two that change the id at once may both lose.
        let cycles = actors.iter().filter(|actor| **actor == Actor::Cycle).count();
        let count = alive.iter().filter(|alive| **alive).count();
        assert!(count == 1 || (cycles > 1 && count == 0), "{count} alive: {}", told());
    }
    assert!(store.load(other, at(11)).await.unwrap().is_some(), "another device was signed out: {}", told());
}

/// Every order of the actors' steps.
fn all_schedules(actors: &[Actor]) -> Vec<Vec<usize>> {
    fn go(left: &mut [usize], so_far: &mut Vec<usize>, found: &mut Vec<Vec<usize>>) {
        if left.iter().all(|count| *count == 0) {
            found.push(so_far.clone());
            return;
        }
        for index in 0..left.len() {
            if left[index] > 0 {
                left[index] -= 1;
                so_far.push(index);
                go(left, so_far, found);
                so_far.pop();
                left[index] += 1;
            }
        }
    }
    let mut left: Vec<usize> = actors.iter().map(|actor| actor.steps()).collect();
    let mut found = Vec::new();
    go(&mut left, &mut Vec::new(), &mut found);
    found
}

use Actor::{Callback, Cycle, Refresh, Save, SignOut, Tidy, Token};

/// Who meets whom. All orders of the first lines are some thousands; of the last, some hundred thousand.
const CASTS: [&[Actor]; 9] = [
    &[Save, Token],
    &[Save, Cycle, SignOut],
    &[Cycle, Token, SignOut],
    &[Refresh, Token, Callback],
    &[Save, Cycle, Refresh, Token],
    &[Cycle, Cycle, Token, Tidy],
    &[Save, Refresh, Token, SignOut, Callback],
    &[Save, Cycle, Refresh, Token, Callback],
    &[Save, Cycle, Cycle, Refresh, Token, SignOut],
];

/// Plays all schedules of each cast, or `most` of them by a seed that is printed when it fails.
async fn play_all(store: &dyn Store, most: usize) {
    let seed = if full() { rand::rng().random() } else { 4 };
    let mut random = StdRng::seed_from_u64(seed);
    println!("seed {seed}");
    for actors in CASTS {
        let mut schedules = all_schedules(actors);
        schedules.shuffle(&mut random);
        for schedule in schedules.iter().take(most) {
            play(store, actors, schedule).await;
        }
    }
}

#[tokio::test]
async fn in_memory_no_order_brings_a_session_back() {
    play_all(&*Subject::memory().store, if full() { usize::MAX } else { 5_000 }).await;
}

#[cfg(feature = "lane-redis")]
#[tokio::test]
async fn in_redis_no_order_brings_a_session_back() {
    let subject = Subject::redis();
    play_all(&*subject.store, if full() { 20_000 } else { 200 }).await;
}

/// Real threads instead of steps: everybody starts at one barrier.
async fn at_once(store: std::sync::Arc<dyn Store>, rounds: usize) {
    for _ in 0..rounds {
        store.clear().await.unwrap();
        let id = created(&*store, record("john", "s1", 0)).await;
        let actors = [Save, Save, Cycle, Refresh, Callback, Token];
        let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(actors.len()));
        let tasks = actors.map(|actor| {
            let (store, barrier) = (std::sync::Arc::clone(&store), std::sync::Arc::clone(&barrier));
            tokio::spawn(async move {
                let copies = vec![None];
                let mut world =
                    World { store: &*store, id, ids: Vec::new(), copies, logged_out: true, signed_out: false };
                barrier.wait().await;
                for step in 0..actor.steps() {
                    world.step(0, actor, step).await;
                }
                world.ids
            })
        });
        let mut ids = vec![id];
        for task in tasks {
            ids.extend(task.await.unwrap());
        }
        for id in ids {
            assert!(store.load(id, at(11)).await.unwrap().is_none());
        }
        assert_eq!(store.signed_in().await.unwrap(), (0, 0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_memory_nobody_comes_back_when_all_start_at_once() {
    at_once(Subject::memory().store, if full() { 5_000 } else { 300 }).await;
}

#[cfg(feature = "lane-redis")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_redis_nobody_comes_back_when_all_start_at_once() {
    let subject = Subject::redis();
    at_once(subject.store.clone(), if full() { 2_000 } else { 60 }).await;
}
