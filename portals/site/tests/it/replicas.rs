//! Two replicas of a portal on one Redis are one portal.

use jiff::SignedDuration;
use portals::{Kind, Portal};
use serde_json::json;

use crate::live::{open_line, rest, serve};
use crate::provider::Provider;
use crate::redis_server::RedisServer;
use crate::replica;
use crate::visitor::Visitor;

struct Pair {
    provider: Provider,
    one: Portal,
    other: Portal,
    redis: RedisServer,
}

async fn pair(kind: Kind) -> Pair {
    let (provider, redis) = (Provider::start().await, RedisServer::start());
    let one = replica(kind, provider.issuer(), &redis.url());
    let other = replica(kind, provider.issuer(), &redis.url());
    provider.expect("john", "sid-1");
    Pair { provider, one, other, redis }
}

/// The same browser at another replica.
fn at(portal: &Portal, visitor: &Visitor) -> Visitor {
    let mut there = Visitor::of(portal);
    there.cookies.clone_from(&visitor.cookies);
    there
}

async fn deliver(portal: &Portal, token: &str) -> u16 {
    Visitor::of(portal).post("/logout", &format!("logout_token={token}")).await.status
}

#[tokio::test]
async fn a_session_of_one_is_served_and_ended_by_the_other() {
    for kind in [Kind::Internal, Kind::Admin] {
        let Pair { provider, one, other, redis: _redis } = pair(kind).await;
        let mut visitor = Visitor::of(&one);
        assert_eq!(visitor.sign_in().await.status, 303);
        let mut elsewhere = at(&other, &visitor);
        assert_eq!(elsewhere.who().await.as_deref(), Some("john"));

        let token = provider.logout_token(&format!("{kind}-client"), |claims| claims["sid"] = json!("sid-1"));
        assert_eq!(deliver(&one, &token).await, 200);
        assert_eq!((elsewhere.who().await, visitor.who().await), (None, None));
        assert_eq!(deliver(&other, &token).await, 400, "the token was used, whoever took it");
    }
}

#[tokio::test]
async fn a_sign_in_that_began_at_one_is_finished_at_the_other() {
    let Pair { provider: _provider, one, other, redis: _redis } = pair(Kind::Admin).await;
    let mut visitor = Visitor::of(&one);
    let callback = visitor.begin_sign_in().await;
    let mut elsewhere = at(&other, &visitor);
    assert_eq!(elsewhere.get(&callback).await.status, 303);
    assert_eq!(elsewhere.who().await.as_deref(), Some("john"));
    assert_eq!(at(&one, &elsewhere).get(&callback).await.status, 400, "once, at either");
}

#[tokio::test]
async fn a_logout_that_overtakes_a_sign_in_at_the_other_wins() {
    let Pair { provider, one, other, redis: _redis } = pair(Kind::Internal).await;
    let mut visitor = Visitor::of(&one);
    let callback = visitor.begin_sign_in().await;
    let token = provider.logout_token("internal-client", |claims| {
        claims["sid"] = json!("sid-1");
        // The ID token is made when the code is exchanged, a moment from now.
        claims["iat"] = json!(crate::now() + 20);
    });
    assert_eq!(deliver(&other, &token).await, 200);
    let answer = visitor.get(&callback).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("You were signed out while you signed in"), "{}", answer.body);
    assert_eq!(visitor.who().await, None);
}

#[tokio::test]
async fn the_page_that_is_open_at_one_hears_of_a_logout_at_the_other() {
    let Pair { provider, one, other, redis } = pair(Kind::Internal).await;
    let mut visitor = Visitor::of(&one);
    visitor.sign_in().await;
    let served = serve(&one).await;
    let line = open_line(&served, &visitor).await;
    let token = provider.logout_token("internal-client", |claims| claims["sid"] = json!("sid-1"));
    assert_eq!(deliver(&other, &token).await, 200);
    assert!(rest(line).await.contains("\"reason\":\"back-channel\""));

    // The same when the announcement is lost, because the line to Redis is broken just then.
    provider.expect("john", "sid-2");
    visitor.sign_in().await;
    let line = open_line(&served, &visitor).await;
    assert!(redis.ask("CLIENT KILL TYPE pubsub").starts_with(":1"));
    at(&other, &visitor).post("/signout", "").await;
    assert!(rest(line).await.contains("\"reason\":\"sign-out\""));
}

#[tokio::test]
async fn both_together_refresh_once() {
    let Pair { provider, one, other, redis: _redis } = pair(Kind::Internal).await;
    let mut visitor = Visitor::of(&one);
    visitor.sign_in().await;
    for portal in [&one, &other] {
        portal.clock().advance(SignedDuration::from_secs(280));
    }
    provider.advance(280);
    let held = provider.hold_tokens().await;
    let mut first = visitor.clone();
    let first = tokio::spawn(async move { first.get("/").await.status });
    provider.token_request_waits().await;
    assert_eq!(at(&other, &visitor).get("/").await.status, 200, "it does not wait for the other");
    drop(held);
    assert_eq!(first.await.unwrap(), 200);
    assert_eq!(at(&other, &visitor).get("/").await.status, 200);
    assert_eq!(provider.asked("refresh"), 1);
}

#[tokio::test]
async fn a_replica_that_starts_later_knows_the_sessions() {
    let Pair { provider, one, other: _other, redis } = pair(Kind::Admin).await;
    let mut visitor = Visitor::of(&one);
    visitor.sign_in().await;
    drop(one);
    let late = replica(Kind::Admin, provider.issuer(), &redis.url());
    assert_eq!(at(&late, &visitor).who().await.as_deref(), Some("john"));
}

#[tokio::test]
async fn two_portals_on_one_redis_share_nothing() {
    let (provider, redis) = (Provider::start().await, RedisServer::start());
    let internal = replica(Kind::Internal, provider.issuer(), &redis.url());
    let admin = replica(Kind::Admin, provider.issuer(), &redis.url());
    let elsewhere = replica(Kind::Internal, "http://127.0.0.1:9/realms/elsewhere", &redis.url());
    provider.expect("john", "sid-1");
    let (mut at_internal, mut at_admin) = (Visitor::of(&internal), Visitor::of(&admin));
    at_internal.sign_in().await;
    at_admin.sign_in().await;
    let id = &at_internal.cookies["internal_session"];
    let mut stolen = Visitor::of(&admin);
    stolen.cookies.insert("admin_session".to_owned(), id.clone());
    assert_eq!(stolen.who().await, None, "a session of one portal is none of another");
    assert_eq!(at(&elsewhere, &at_internal).who().await, None, "nor of the same portal of another provider");

    internal.reset().await.unwrap();
    assert_eq!((at_internal.who().await, at_admin.who().await.as_deref()), (None, Some("john")));
}
