//! What every portal answers, without any provider.

use axum::body::Body;
use axum::http::Method;
use portals::Kind;
use serde_json::json;

use crate::lonely;
use crate::visitor::Visitor;

#[tokio::test]
async fn health_and_info_say_who_answers() {
    for kind in Kind::ALL {
        let mut visitor = Visitor::of(&lonely(kind));
        let health = visitor.get("/health").await;
        assert_eq!((health.status, health.json()), (200, json!({"status": "ok", "portal": kind.word()})));
        let info = visitor.get("/info").await.json();
        assert_eq!(info["client_id"], format!("{kind}-client"));
        assert_eq!(info["issuer"], "http://127.0.0.1:9/realms/nowhere");
        assert_eq!(info["logout_channel"], if kind == Kind::External { "front channel" } else { "back channel" });
        assert_eq!(visitor.send(Method::HEAD, "/health", &[], Body::empty()).await.status, 200);
    }
}

#[tokio::test]
async fn an_unknown_path_is_a_page_with_a_way_back() {
    for kind in Kind::ALL {
        let answer = Visitor::of(&lonely(kind)).get("/no/such/page").await;
        assert_eq!(answer.status, 404);
        assert!(answer.body.contains("There is no such page") && answer.body.contains("href=\"/\""), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_know_is_405_and_names_those_it_knows() {
    let answer = Visitor::of(&lonely(Kind::External)).post("/logout", "logout_token=a.b.c").await;
    assert_eq!((answer.status, answer.header("allow")), (405, "GET,HEAD"));
    assert!(answer.body.contains("This address works in another way"), "{}", answer.body);
    let answer = Visitor::of(&lonely(Kind::Internal)).get("/signout").await;
    assert_eq!((answer.status, answer.header("allow")), (405, "POST"));
}

#[tokio::test]
async fn every_answer_is_protected() {
    for (kind, paths) in [
        (Kind::Internal, ["/", "/api/me", "/nowhere", "/health"]),
        (Kind::External, ["/", "/callback", "/config.json", "/info"]),
        (Kind::Admin, ["/", "/admin/login", "/admin/session", "/admin/dashboard"]),
    ] {
        for path in paths {
            let answer = Visitor::of(&lonely(kind)).get(path).await;
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'; script-src 'self' 'nonce-"), "{path}: {policy}");
            assert!(policy.ends_with("frame-ancestors 'none'"), "{path}: {policy}");
            assert_eq!(policy.contains("connect-src 'self' http://127.0.0.1:9;"), kind == Kind::External, "{policy}");
            assert_eq!(answer.header("x-frame-options"), "DENY");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        }
    }
}

#[tokio::test]
async fn a_page_knows_the_nonce_of_its_own_policy_and_no_other() {
    let mut visitor = Visitor::of(&lonely(Kind::Internal));
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let answer = visitor.get("/").await;
        let policy = answer.header("content-security-policy");
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        assert!(answer.body.contains(&format!("nonce=\"{nonce}\"")), "{nonce}: {}", answer.body);
        nonces.push(nonce);
    }
    assert_ne!(nonces[0], nonces[1]);
}

#[tokio::test]
async fn static_files_may_be_kept_and_are_not_sent_twice() {
    let mut visitor = Visitor::of(&lonely(Kind::Admin));
    let first = visitor.get("/static/portal.css").await;
    assert_eq!((first.status, first.header("content-type")), (200, "text/css; charset=utf-8"));
    assert_eq!(first.header("cache-control"), "public, max-age=3600");
    let again = [("if-none-match", first.header("etag"))];
    let second = visitor.send(Method::GET, "/static/portal.css", &again, Body::empty()).await;
    assert_eq!((second.status, second.body.as_str()), (304, ""));
    let script = visitor.get("/static/vendor/oidc-client-ts.min.js").await;
    assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");
    for path in ["/static/", "/static/nothing.css", "/static/../Cargo.toml", "/static/%2e%2e/Cargo.toml"] {
        assert_eq!(visitor.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn pages_work_while_the_provider_is_down() {
    for (kind, path) in [(Kind::Internal, "/"), (Kind::External, "/"), (Kind::Admin, "/admin/login")] {
        let answer = Visitor::of(&lonely(kind)).get(path).await;
        assert_eq!(answer.status, 200);
        assert!(answer.body.contains(kind.tagline()), "{}", answer.body);
    }
}

#[tokio::test]
async fn the_single_page_app_without_a_server_learns_where_to_sign_in() {
    let config = Visitor::of(&lonely(Kind::External)).get("/config.json").await.json();
    assert_eq!(config["authority"], "http://127.0.0.1:9/realms/nowhere");
    assert_eq!(config["redirect_uri"], "http://localhost:3002/callback");
    assert_eq!(config["post_logout_redirect_uri"], "http://localhost:3002/signed-out");
    assert_eq!(config["siblings"][1]["name"], "Admin dashboard");
}
