//! What every portal answers, without any provider.

use axum::body::Body;
use axum::http::Method;
use portals::{AppOptions, Kind, Library, Monitor, NotStored, Tokens};
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

#[tokio::test]
async fn what_is_chosen_about_the_app_is_told_to_its_script_and_no_page_allows_more_than_it_needs() {
    let portal = lonely(Kind::External);
    let policy = async |path: &str| Visitor::of(&portal).get(path).await.headers["content-security-policy"].clone();
    let ordinary = Visitor::of(&portal).get("/config.json").await.json();
    assert_eq!(
        [&ordinary["tokens"], &ordinary["monitor"], &ordinary["library"]],
        ["session-storage", "none", "oidc-client-ts"]
    );
    assert_eq!(ordinary["silent_sign_in"], false);
    assert_eq!(ordinary["silent_redirect_uri"], "http://localhost:3002/silent-callback");
    assert!(policy("/").await.to_str().unwrap().contains("frame-src http://127.0.0.1:9;"));

    let (library, tokens) = (Library::KeycloakJs, Tokens::SessionStorage);
    let refused = portal.set_app_options(AppOptions { library, tokens, ..AppOptions::default() });
    assert_eq!(refused, Err(NotStored));
    assert_eq!(portal.app_options(), AppOptions::default(), "nothing has changed");

    let options = AppOptions { library, tokens: Tokens::Memory, monitor: Monitor::CheckSession, silent_sign_in: true };
    portal.set_app_options(options).unwrap();
    let chosen = Visitor::of(&portal).get("/config.json").await.json();
    assert_eq!([&chosen["tokens"], &chosen["monitor"], &chosen["library"]], ["memory", "check-session", "keycloak-js"]);
    assert!(policy("/").await.to_str().unwrap().contains("frame-src 'self' http://127.0.0.1:9;"));
    assert!(!Visitor::of(&portal).get("/").await.body.contains("oidc-client-ts.min.js"), "one library is enough");

    portal.reset().await.unwrap();
    assert_eq!(portal.app_options(), AppOptions::default());
}

#[tokio::test]
async fn the_page_for_silent_answers_may_be_framed_by_its_own_portal_only() {
    let answer = Visitor::of(&lonely(Kind::External)).get("/silent-callback?code=c&state=s").await;
    assert_eq!(answer.status, 200);
    assert!(answer.headers["content-security-policy"].to_str().unwrap().ends_with("frame-ancestors 'self'"));
    assert!(!answer.headers.contains_key("x-frame-options"));
    assert!(!answer.body.contains("code=c"), "{}", answer.body);
    for kind in [Kind::Internal, Kind::Admin] {
        assert_eq!(Visitor::of(&lonely(kind)).get("/silent-callback").await.status, 404);
    }
}
