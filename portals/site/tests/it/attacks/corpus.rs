//! The attack corpus, played against running portals: 0 accepted, 0 sessions lost.

use std::net::SocketAddr;

use portal_protocol::forge::corpus::{Case, Circumstance, Delivery, Effect, HttpRequest, cases};
use portal_protocol::forge::published_keys_with_a_choice;
use portals::{Kind, StoreAt};
use tokio::task::JoinSet;

use super::scene::{Scene, cookie};
use super::wire::{Framing, Reply, send};
use crate::provider::Provider;
use crate::visitor::Visitor;
use crate::{live, lonely};

/// The portals with a server have no switches for these: they take what the specification allows. The rules behind the
/// switches are attacked in `portal-protocol`.
fn is_for_other_settings(case: &Case) -> bool {
    use Circumstance::{ExpOptional, OnlyLogoutType, ShortLife};
    matches!(case.circumstance, OnlyLogoutType | ShortLife | ExpOptional)
}

/// These need a portal of their own.
fn needs_its_own_scene(case: &Case) -> bool {
    use Circumstance::{ChoiceOfKeys, Es256Allowed, KeysUnreachable, StoreDown};
    // `slow` plays the one that takes its time.
    matches!(case.circumstance, ChoiceOfKeys | Es256Allowed | KeysUnreachable | StoreDown)
        || case.delivery == Delivery::Slowly
}

#[tokio::test]
async fn no_attack_of_the_corpus_succeeds_at_the_internal_portal() {
    whole_corpus(Kind::Internal, &StoreAt::Memory).await;
}

#[tokio::test]
async fn no_attack_of_the_corpus_succeeds_at_the_admin_dashboard() {
    whole_corpus(Kind::Admin, &StoreAt::Memory).await;
}

#[cfg(feature = "lane-redis")]
// Two threads: Redis has two seconds for an answer, and hundreds of attackers on one thread would not let it be read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_attack_of_the_corpus_succeeds_over_redis() {
    let redis = crate::redis_server::RedisServer::start();
    for kind in [Kind::Internal, Kind::Admin] {
        whole_corpus(kind, &redis.url().parse().unwrap()).await;
    }
}

#[cfg(feature = "lane-redis")]
#[tokio::test]
async fn a_good_token_while_the_store_is_down_is_never_answered_with_success() {
    let down: Vec<_> = cases().into_iter().filter(|case| case.circumstance == Circumstance::StoreDown).collect();
    assert!(!down.is_empty());
    for case in down {
        let mut redis = crate::redis_server::RedisServer::durable();
        let mut scene = Scene::open(Kind::Admin, redis.url().parse().unwrap()).await;
        let request = case.request(&scene.forge);
        redis.kill();
        let reply = scene.send(&request).await;
        judge(&case, &reply, &scene);
        redis.start_again();
        assert_eq!(scene.living().await, [true; 3], "{} {}", case.id, case.title);
        scene.check_aftermath().await;
    }
}

#[tokio::test]
async fn the_external_portal_has_no_back_channel() {
    let served = live::serve(&lonely(Kind::External)).await;
    let forge = portal_protocol::forge::Forge::new("http://op.example", "external-portal", "john", "phone", now());
    let mut tried = 0;
    for case in cases() {
        let request = case.request(&forge);
        if request.method != "POST" {
            continue;
        }
        tried += 1;
        let reply = send(served.address, &request, Framing::Length).await;
        assert_eq!(reply.status, Some(405), "{} {}", case.id, case.title);
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{} {}", case.id, case.title);
    }
    assert!(tried > 250, "only {tried}");
}

fn now() -> jiff::Timestamp {
    jiff::Timestamp::from_second(crate::now()).unwrap()
}

async fn whole_corpus(kind: Kind, store: &StoreAt) {
    let (all, mut scene) = (cases(), Scene::open(kind, store.clone()).await);
    let mut left_out = 0;
    for case in &all {
        if is_for_other_settings(case) {
            left_out += 1;
        } else if !needs_its_own_scene(case) {
            play(case, &mut scene).await;
        }
    }
    assert_eq!(left_out, 4, "a new case for a setting that no portal has");
    scene.check_aftermath().await;
    for case in all.iter().filter(|case| needs_its_own_scene(case)) {
        let arranged = match case.circumstance {
            Circumstance::ChoiceOfKeys => {
                Scene::open_with(kind, store.clone(), |op| op.publish(published_keys_with_a_choice())).await
            }
            Circumstance::Es256Allowed => Scene::open_with(kind, store.clone(), Provider::list_es256).await,
            Circumstance::KeysUnreachable => {
                keys_unreachable(case, Scene::open(kind, store.clone()).await).await;
                continue;
            }
            _ => continue,
        };
        let mut scene = arranged;
        play(case, &mut scene).await;
        scene.check_aftermath().await;
    }
}

/// Plays one attack and compares who is signed in before and after.
async fn play(case: &Case, scene: &mut Scene) {
    let name = format!("{} {} at the {} portal", case.id, case.title, scene.portal.kind());
    scene.mend().await;
    match case.circumstance {
        Circumstance::SessionIsNewer => {
            scene.provider.advance(60);
            scene.another_john().await;
            scene.provider.advance(-60);
            // The token was made before that.
            scene.forge.now = scene.portal.clock().now();
        }
        Circumstance::SessionIsLate => scene.forge.sid = format!("late-{:032x}", rand::random::<u128>()),
        _ => {}
    }
    assert_eq!(scene.living().await, [true; 3], "{name}");
    let case = &Case { mutations: scene.lure(&case.mutations), ..case.clone() };
    let mut requests = case.requests(&scene.forge);
    if case.circumstance == Circumstance::CookieOfAnotherUser {
        for request in &mut requests {
            request.headers.push(cookie(&scene.people[2]));
        }
    }
    let request = requests.pop().unwrap();
    for before in requests {
        assert_eq!(scene.send(&before).await.status, Some(200), "{name}: what prepares it");
    }
    let before = scene.living().await;

    match case.delivery {
        Delivery::Parallel => {
            let (accepted, replies) = at_once(scene.served.address, &request, 50).await;
            assert_eq!(accepted, 1, "{name}: the effect happens once");
            for reply in &replies {
                judge(case, reply, scene);
            }
        }
        Delivery::Flood => {
            let flood = tokio::spawn({
                let (address, request) = (scene.served.address, request.clone());
                async move { at_once(address, &request, 300).await }
            });
            // Within the deadline of `send`, although everything else is garbage.
            let good = scene.deliver(&scene.forge.token(&[])).await;
            assert_eq!(good.status, Some(200), "{name}: a good token among the garbage");
            for reply in &flood.await.unwrap().1 {
                judge(case, reply, scene);
            }
            assert_eq!(scene.living().await, [false, true, true], "{name}: what the good token names, and no more");
            return;
        }
        Delivery::Chunked | Delivery::DeclaredLonger | Delivery::Once | Delivery::Twice | Delivery::AfterItsTwin => {
            let framing = match case.delivery {
                Delivery::Chunked => Framing::Chunked,
                Delivery::DeclaredLonger => Framing::Longer,
                _ => Framing::Length,
            };
            judge(case, &send(scene.served.address, &request, framing).await, scene);
        }
        Delivery::Slowly => unreachable!("it has a test of its own"),
    }

    let after = scene.living().await;
    match case.expect.effect {
        Effect::None => assert_eq!(after, before, "{name}: somebody was signed out"),
        Effect::NamedSession => assert_eq!(after, [false, true, true], "{name}"),
        Effect::AllOfSub => assert_eq!(after, [false, false, true], "{name}"),
        Effect::LateSessionRefused => {
            assert_eq!(after, before, "{name}: the token is about a session that is not there yet");
            let mut late = Visitor::of(&scene.portal);
            scene.provider.expect("john-1", &scene.forge.sid);
            assert_eq!(late.sign_in().await.status, 400, "{name}");
            assert_eq!(late.who().await, None, "{name}");
        }
    }
    if case.circumstance == Circumstance::SessionIsNewer {
        scene.leave_alone().await;
    }
}

/// The provider goes away, and the keys are too old to be used.
async fn keys_unreachable(case: &Case, mut scene: Scene) {
    scene.portal.clock().advance(jiff::SignedDuration::from_mins(11));
    scene.forge.now = scene.portal.clock().now();
    let request = case.request(&scene.forge);
    let Scene { provider, portal, served, forge, people, .. } = scene;
    provider.go_down().await;
    let reply = send(served.address, &request, Framing::Length).await;
    judged(case, &reply, [&forge.sub, &forge.sid]);
    assert!(reply.body.contains("server_error"), "it is not the token's fault: {}", reply.body);
    for mut somebody in people {
        assert!(somebody.who().await.is_some(), "{} {}", case.id, case.title);
    }
    drop(portal);
}

/// What holds for the answer to every attack.
fn judge(case: &Case, reply: &Reply, scene: &Scene) {
    judged(case, reply, [&scene.forge.sub, &scene.forge.sid]);
}

fn judged(case: &Case, reply: &Reply, unsaid: [&str; 2]) {
    let name = format!("{} {}", case.id, case.title);
    let Some(status) = reply.status else {
        assert_eq!(case.delivery, Delivery::DeclaredLonger, "{name}: cut off without an answer");
        return;
    };
    assert!(case.expect.status.contains(&status), "{name}: {status} is not among {:?}", case.expect.status);
    let expected = reply.header("cache-control");
    assert_eq!(expected, Some("no-store"), "{name}");
    assert!(!unsaid.iter().any(|word| reply.text().contains(word)), "{name}: the answer repeats the token");
}

/// Sends the same request `many` times at once. How many were accepted, and all answers.
async fn at_once(address: SocketAddr, request: &HttpRequest, many: usize) -> (usize, Vec<Reply>) {
    let mut sending = JoinSet::new();
    for _ in 0..many {
        let request = request.clone();
        sending.spawn(async move { send(address, &request, Framing::Length).await });
    }
    let replies = sending.join_all().await;
    (replies.iter().filter(|reply| reply.status == Some(200)).count(), replies)
}
