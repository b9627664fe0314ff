use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{NotReady, Readiness, below};
use crate::trouble::Kind;

/// A server that answers health with `status` and names `issuer`.
async fn keycloak(status: Arc<AtomicU16>, issuer: &'static str) -> Url {
    let health = move || {
        let status = status.clone();
        async move { StatusCode::from_u16(status.load(Ordering::Relaxed)).unwrap() }
    };
    let discovery = move || async move { axum::Json(serde_json::json!({ "issuer": issuer })) };
    let router = Router::new()
        .route("/health/ready", get(health))
        .route("/realms/enterprise-sso/.well-known/openid-configuration", get(discovery));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn public() -> Url {
    Url::parse("http://localhost:8080").unwrap()
}

const ISSUER: &str = "http://localhost:8080/realms/enterprise-sso";

#[tokio::test]
async fn it_waits_until_health_is_good() {
    let status = Arc::new(AtomicU16::new(503));
    let url = keycloak(status.clone(), ISSUER).await;
    let readiness = Readiness::of(&url, Some(&url), &public(), Duration::from_secs(10));
    let cancel = CancellationToken::new();
    let mut waiting = Box::pin(readiness.wait(pending(), &cancel));
    assert!(tokio::time::timeout(Duration::from_millis(300), &mut waiting).await.is_err(), "ready too early");
    status.store(200, Ordering::Relaxed);
    waiting.await.unwrap();
}

#[tokio::test]
async fn a_late_keycloak_is_trouble_with_its_last_status_and_the_log() {
    let url = keycloak(Arc::new(AtomicU16::new(503)), ISSUER).await;
    let readiness = Readiness::of(&url, Some(&url), &public(), Duration::from_millis(300));
    let not_ready = readiness.wait(pending(), &CancellationToken::new()).await.unwrap_err();
    let trouble = not_ready.trouble(ISSUER, Instant::now(), "a line of the log");
    assert_eq!(trouble.kind, Kind::Part);
    assert!(trouble.what.contains("503") && trouble.what.contains("a line of the log"), "{trouble}");
}

#[tokio::test]
async fn another_issuer_is_not_waited_for() {
    let url = keycloak(Arc::new(AtomicU16::new(200)), "http://elsewhere/realms/enterprise-sso").await;
    let readiness = Readiness::of(&url, None, &public(), Duration::from_mins(1));
    match readiness.wait(pending(), &CancellationToken::new()).await {
        Err(NotReady::Issuer(found)) => assert_eq!(found, "http://elsewhere/realms/enterprise-sso"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_end_or_a_cancellation_ends_the_wait_at_once() {
    let nobody = Url::parse("http://127.0.0.1:1/").unwrap();
    let readiness = Readiness::of(&nobody, Some(&nobody), &public(), Duration::from_mins(1));
    let died = readiness.wait(async { "exit status 1".to_owned() }, &CancellationToken::new()).await;
    assert!(matches!(died, Err(NotReady::Died(how)) if how == "exit status 1"));
    let cancel = CancellationToken::new();
    cancel.cancel();
    assert!(matches!(readiness.wait(pending(), &cancel).await, Err(NotReady::Cancelled)));
}

#[test]
fn paths_are_appended_with_one_slash() {
    for base in ["http://a:1", "http://a:1/", "http://a:1/auth", "http://a:1/auth/"] {
        let url = below(&Url::parse(base).unwrap(), "realms/x").to_string();
        assert!(url == "http://a:1/realms/x" || url == "http://a:1/auth/realms/x", "{url}");
    }
}
