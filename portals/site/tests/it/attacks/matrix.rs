//! The grid of forgeries over HTTP (goal R2): a sample in every run, each of them with `SSO_LAB_FULL=1`.

use portal_protocol::forge::matrix::{Forgery, forgeries};
use portals::{Kind, StoreAt};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

use super::scene::{Scene, post};
use super::{full, wire};

/// How many are tried at each portal in a bounded run.
const SAMPLE: usize = 250;
/// The same sample in every run of a portal: a failure can be seen again.
const SEED: u64 = 2_600;

#[tokio::test]
async fn no_forgery_of_the_grid_is_accepted_by_the_internal_portal() {
    no_forgery_is_accepted(Kind::Internal, SEED).await;
}

#[tokio::test]
async fn no_forgery_of_the_grid_is_accepted_by_the_admin_dashboard() {
    no_forgery_is_accepted(Kind::Admin, SEED + 1).await;
}

async fn no_forgery_is_accepted(kind: Kind, seed: u64) {
    let mut all: Vec<Forgery> = forgeries().collect();
    assert!(all.len() >= 2_000, "only {} forgeries", all.len());
    all.shuffle(&mut StdRng::seed_from_u64(seed));
    if !full() {
        all.truncate(SAMPLE);
    }
    let mut scene = Scene::open(kind, StoreAt::Memory).await;
    for (number, forgery) in all.iter().enumerate() {
        scene.forge.now = scene.portal.clock().now();
        let token = scene.forge.token(&scene.lure(&forgery.mutations));
        let reply = wire::send(scene.served.address, &post(&token), wire::Framing::Length).await;
        assert_eq!(reply.status, Some(400), "{}: {}", forgery.name, reply.body);
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{}", forgery.name);
        // Who was signed out by which of them: a look now and then tells it well enough.
        if number % 25 == 0 {
            assert_eq!(scene.living().await, [true; 3], "after {}", forgery.name);
        }
    }
    assert_eq!(scene.living().await, [true; 3]);
    let journal = scene.portal.journal().entries();
    assert!(journal.iter().all(|entry| entry.step.word() != "logout-token-accepted"), "one was accepted");
    // What they were forged from is still good: nothing was refused for another reason than its fault.
    scene.forge.now = scene.portal.clock().now();
    assert_eq!(scene.deliver(&scene.forge.token(&[])).await.status, Some(200));
    assert_eq!(scene.living().await, [false, true, true]);
    scene.check_aftermath().await;
}
