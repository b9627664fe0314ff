//! Keys change while tokens are under way, and strangers invent keys.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use portal_protocol::KeySet;
use portal_protocol::forge::Mutation;
use portals::{Kind, Portal, StoreAt};
use serde_json::json;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::scene::{Scene, post};
use super::wire::{Framing, send};
use crate::live::serve;
use crate::portal_for;
use crate::provider::Provider;
use crate::visitor::Visitor;

/// A portal where somebody is signed in as `sid-1`, and whose keys are known.
async fn warm() -> (Provider, Portal, Visitor) {
    crate::signed_in(Kind::Internal, "john").await
}

fn token(provider: &Provider, sid: &str) -> String {
    provider.logout_token("internal-client", |claims| claims["sid"] = json!(sid))
}

async fn deliver(portal: &Portal, token: &str) -> Option<u16> {
    send(serve(portal).await.address, &post(token), Framing::Length).await.status
}

#[tokio::test]
async fn a_token_that_was_signed_before_the_keys_changed_is_still_good() {
    for old_one_is_published in [true, false] {
        let (provider, portal, mut visitor) = warm().await;
        let (under_way, old) = (token(&provider, "sid-1"), provider.public_key());
        provider.rotate_keys();
        if old_one_is_published {
            provider.publish(KeySet::new(vec![provider.public_key(), old]));
        }
        // In the second case the portal still has the old key, for ten minutes at most: see the next test.
        assert_eq!(deliver(&portal, &under_way).await, Some(200), "{old_one_is_published}");
        assert_eq!((visitor.who().await, provider.asked("keys")), (None, 1));
    }
}

#[tokio::test]
async fn after_the_first_token_with_the_new_key_old_ones_need_the_old_key_to_be_published() {
    for old_one_is_published in [true, false] {
        let (provider, portal, mut visitor) = warm().await;
        let (under_way, old) = (token(&provider, "sid-1"), provider.public_key());
        provider.rotate_keys();
        if old_one_is_published {
            provider.publish(KeySet::new(vec![provider.public_key(), old]));
        }
        assert_eq!(deliver(&portal, &token(&provider, "of nobody")).await, Some(200), "the new key is fetched");
        assert_eq!(provider.asked("keys"), 2);
        let (status, who) = if old_one_is_published { (200, None) } else { (400, Some("john")) };
        assert_eq!(deliver(&portal, &under_way).await, Some(status), "a withdrawn key is no key");
        assert_eq!(visitor.who().await.as_deref(), who);
    }
}

#[tokio::test]
async fn a_withdrawn_key_is_not_accepted_for_ever() {
    let (provider, portal, mut visitor) = warm().await;
    let old = provider.public_key();
    portal.clock().advance(SignedDuration::from_mins(11));
    provider.advance(11 * 60);
    // Whoever stole the old key still signs with it, and it is no longer published.
    let stolen = provider.logout_token("internal-client", |claims| {
        claims["sid"] = json!("sid-1");
        (claims["iat"], claims["exp"]) = (json!(crate::now() + 660), json!(crate::now() + 780));
    });
    provider.rotate_keys();
    assert_ne!(provider.public_key(), old);
    assert_eq!(deliver(&portal, &stolen).await, Some(400));
    assert_eq!(visitor.who().await.as_deref(), Some("john"));
}

/// Two portals, so that nobody is asked to wait with the sign-ins.
#[tokio::test]
async fn two_hundred_logouts_at_once_across_a_change_of_keys_lose_nothing() {
    const EACH: usize = 100;
    let provider = Provider::start().await;
    let mut everybody = Vec::new();
    for kind in [Kind::Internal, Kind::Admin] {
        let portal = portal_for(kind, provider.issuer());
        let address = serve(&portal).await.address;
        for number in 0..EACH {
            let mut visitor = Visitor::of(&portal);
            let sid = format!("sid-{kind}-{number}");
            provider.expect("john", &sid);
            assert_eq!(visitor.sign_in().await.status, 303);
            everybody.push((kind, address, sid, visitor));
        }
    }
    let sign = |range: std::ops::Range<usize>| -> Vec<String> {
        let of = |(kind, _, sid, _): &(Kind, _, String, _)| {
            provider.logout_token(&format!("{kind}-client"), |claims| claims["sid"] = json!(sid))
        };
        everybody[range].iter().map(of).collect()
    };
    // At each portal every other token is signed with the new key, and all are under way together.
    let before = sign(0..2 * EACH);
    let old = provider.public_key();
    provider.rotate_keys();
    provider.publish(KeySet::new(vec![provider.public_key(), old]));
    let after = sign(0..2 * EACH);
    let asked = provider.asked("keys");

    let start = Arc::new(Barrier::new(2 * EACH));
    let mut logouts = JoinSet::new();
    for (number, (_, address, ..)) in everybody.iter().enumerate() {
        let token = if number % 2 == 0 { &before[number] } else { &after[number] };
        let (address, request, start) = (*address, post(token), Arc::clone(&start));
        logouts.spawn(async move {
            start.wait().await;
            send(address, &request, Framing::Length).await.status
        });
    }
    for status in logouts.join_all().await {
        assert_eq!(status, Some(200), "a logout was lost");
    }
    for (kind, _, sid, mut visitor) in everybody {
        assert_eq!(visitor.who().await, None, "{sid} at {kind} lives");
    }
    assert_eq!(provider.asked("keys") - asked, 2, "one fetch for each portal");
}

#[tokio::test]
async fn ten_thousand_unknown_key_ids_cause_one_fetch_per_cool_down() {
    let (rounds, each) = (10, 1_000);
    let mut scene = Scene::open(Kind::Internal, StoreAt::Memory).await;
    let good = scene.forge.token(&[]);
    let (_, rest) = good.split_once('.').unwrap();
    // Signing each would take longer, and no key that could check it is known anyway.
    let mut sender = Visitor::of(&scene.portal);
    let mut before = scene.provider.asked("keys");
    for round in 0..rounds {
        let began = scene.portal.clock().now();
        for number in 0..each {
            let header = json!({"alg": "RS256", "typ": "logout+jwt", "kid": format!("invented-{round}-{number}")});
            let header = URL_SAFE_NO_PAD.encode(header.to_string());
            let answer = sender.post("/logout", &format!("logout_token={header}.{rest}")).await;
            assert_eq!(answer.status, 400);
        }
        let seconds = scene.portal.clock().now().duration_since(began).as_secs();
        let asked = scene.provider.asked("keys") - before;
        let most = 1 + usize::try_from(seconds / 5).unwrap();
        assert!((1..=most).contains(&asked), "{asked} fetches in {seconds} s");
        before += asked;
        scene.portal.clock().advance(SignedDuration::from_secs(5));
    }
    assert_eq!(scene.living().await, [true; 3]);
    // A good one is served all the while, over HTTP as well.
    scene.forge.now = scene.portal.clock().now();
    let last = scene.forge.token(&[Mutation::claim("extra", json!(1))]);
    assert_eq!(scene.deliver(&last).await.status, Some(200));
    assert_eq!(scene.living().await, [false, true, true]);
}
