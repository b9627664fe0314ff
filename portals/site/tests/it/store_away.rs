//! The session store goes away and comes back. Nobody is let in or signed out by that, and nothing hangs.

use std::process::Command;
use std::time::Duration;

use portals::{Kind, Portal};
use serde_json::json;
use tokio::time::timeout;

use crate::live::{DEADLINE, open_line, rest, serve};
use crate::provider::Provider;
use crate::redis_server::RedisServer;
use crate::replica;
use crate::visitor::Visitor;

/// A portal with a store that keeps everything on disk, and John, signed in.
async fn signed_in(kind: Kind) -> (Provider, RedisServer, Portal, Visitor) {
    let (provider, redis) = (Provider::start().await, RedisServer::durable());
    let portal = replica(kind, provider.issuer(), &redis.url());
    provider.expect("john", "sid-1");
    let mut visitor = Visitor::of(&portal);
    assert_eq!(visitor.sign_in().await.status, 303);
    (provider, redis, portal, visitor)
}

/// Every page that depends on a session says 503, and says why.
async fn says_503(portal: &Portal, visitor: &mut Visitor) {
    let paths: &[&str] = match portal.kind() {
        Kind::Admin => &["/admin/dashboard", "/admin/session", "/admin/login", "/admin/auth", "/admin/logout"],
        _ => &["/", "/api/me", "/api/events", "/login", "/logout?iss=i&sid=s"],
    };
    for path in paths {
        let answer = timeout(DEADLINE, visitor.get(path)).await.unwrap_or_else(|_| panic!("{path} hangs"));
        assert_eq!(answer.status, 503, "{path}: {}", answer.body);
        assert!(answer.body.contains("cannot look up who is signed in"), "{path}: {}", answer.body);
        assert!(answer.body.contains("nobody is let in"), "{path}: {}", answer.body);
    }
    let health = visitor.get("/health").await;
    assert_eq!(health.status, 503);
    assert_eq!((&health.json()["status"], &health.json()["store"]), (&json!("store-away"), &json!("redis")));
    assert_eq!(visitor.get("/info").await.status, 200, "what needs no session works");
}

#[tokio::test]
async fn while_the_store_is_away_nobody_is_in_and_nobody_is_out() {
    for kind in [Kind::Internal, Kind::Admin] {
        let (provider, mut redis, portal, mut visitor) = signed_in(kind).await;
        let token = provider.logout_token(&format!("{kind}-client"), |claims| claims["sid"] = json!("sid-1"));
        redis.kill();
        says_503(&portal, &mut visitor).await;
        let form = format!("logout_token={token}");
        let refused = Visitor::of(&portal).post("/logout", &form).await;
        assert_eq!((refused.status, refused.header("cache-control")), (400, "no-store"), "never 200");
        assert_eq!(refused.json()["error"], "server_error");

        redis.start_again();
        assert_eq!(visitor.who().await.as_deref(), Some("john"), "killed without warning, nothing was lost");
        assert_eq!(visitor.get("/health").await.status, 200);
        assert_eq!(Visitor::of(&portal).post("/logout", &form).await.status, 200, "the same token works now");
        assert_eq!(visitor.who().await, None);
    }
}

#[tokio::test]
async fn what_was_ended_before_a_crash_stays_ended_after_it() {
    let (provider, mut redis, portal, mut visitor) = signed_in(Kind::Internal).await;
    let token = provider.logout_token("internal-client", |claims| claims["sid"] = json!("sid-1"));
    let form = format!("logout_token={token}");
    assert_eq!(Visitor::of(&portal).post("/logout", &form).await.status, 200);
    redis.kill();
    redis.start_again();
    assert_eq!(visitor.who().await, None);
    assert_eq!(Visitor::of(&portal).post("/logout", &form).await.status, 400, "and the token stays used");
}

#[tokio::test]
async fn a_sign_in_during_which_the_store_goes_away_opens_nothing() {
    let (_provider, mut redis, portal, visitor) = signed_in(Kind::Internal).await;
    let mut other = visitor.stranger();
    let callback = other.begin_sign_in().await;
    redis.stop();
    assert_eq!(other.get(&callback).await.status, 503);
    redis.start_again();
    assert_eq!(other.get(&callback).await.status, 303, "it was not used up");
    assert_eq!(other.who().await.as_deref(), Some("john"));
    drop(portal);
}

#[tokio::test]
async fn a_store_that_hangs_is_not_waited_for() {
    let (_provider, redis, portal, mut visitor) = signed_in(Kind::Admin).await;
    signal(&redis, "-STOP");
    let answer = timeout(Duration::from_secs(30), visitor.get("/admin/dashboard")).await.expect("an answer");
    let health = timeout(Duration::from_secs(30), visitor.get("/health")).await.expect("an answer");
    signal(&redis, "-CONT");
    assert_eq!((answer.status, health.status), (503, 503));
    // The connection may have been given up; the next call makes a new one.
    let back = async { while visitor.get("/health").await.status != 200 {} };
    timeout(DEADLINE, back).await.expect("it comes back");
    assert_eq!(visitor.who().await.as_deref(), Some("john"));
    drop(portal);
}

#[tokio::test]
async fn a_portal_may_start_before_its_store() {
    let mut redis = RedisServer::start();
    let provider = Provider::start().await;
    redis.stop();
    let portal = replica(Kind::Admin, provider.issuer(), &redis.url());
    assert!(portal.check_store().await.unwrap_err().to_string().contains("connection refused"));
    let mut visitor = Visitor::of(&portal);
    // A browser without a cookie has no session to look up; but nothing can be begun for it either.
    assert_eq!(visitor.get("/admin/auth").await.status, 503);
    redis.start_again();
    provider.expect("john", "sid-1");
    assert_eq!(visitor.sign_in().await.status, 303);
}

#[tokio::test]
async fn an_open_page_outlives_a_restart_of_the_store() {
    let (provider, mut redis, portal, visitor) = signed_in(Kind::Internal).await;
    let served = serve(&portal).await;
    let line = open_line(&served, &visitor).await;
    redis.kill();
    redis.start_again();
    let token = provider.logout_token("internal-client", |claims| claims["sid"] = json!("sid-1"));
    assert_eq!(Visitor::of(&portal).post("/logout", &format!("logout_token={token}")).await.status, 200);
    assert!(rest(line).await.contains("\"reason\":\"back-channel\""));
}

fn signal(redis: &RedisServer, signal: &str) {
    let done = Command::new("kill").args([signal, "--", &redis.pid().to_string()]).status().unwrap();
    assert!(done.success());
}
