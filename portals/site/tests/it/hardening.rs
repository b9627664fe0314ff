//! What protects the portal itself: rates, bounds, and logs that tell without telling too much.

use axum::body::Body;
use axum::http::Method;
use portals::Kind;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::visitor::Visitor;
use crate::{lonely, signed_in};

#[tokio::test]
async fn who_begins_too_many_sign_ins_has_to_wait() {
    let portal = lonely(Kind::Internal);
    let mut visitor = Visitor::of(&portal);
    let mut refused = None;
    for _ in 0..400 {
        // A callback without anything in it is refused at once, and counts all the same.
        let answer = visitor.get("/callback").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        assert_eq!(answer.status, 400);
    }
    let refused = refused.expect("after 200 at once");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert!(refused.body.contains("Too many sign-ins at once") && refused.body.contains("Wait a few seconds"));
    for path in ["/", "/health", "/api/me"] {
        assert_ne!(visitor.get(path).await.status, 429, "only sign-ins are limited: {path}");
    }
}

#[tokio::test]
async fn the_numbers_count_logins_and_logouts_and_name_nobody() {
    let (provider, portal, mut john) = signed_in(Kind::Admin, "john").await;
    let mut sender = Visitor::of(&portal);
    sender.post("/logout", "logout_token=e30.e30.e30").await;
    let token = provider.logout_token("admin-client", |claims| claims["sid"] = json!("sid-1"));
    sender.post("/logout", &format!("logout_token={token}")).await;
    john.send(Method::from_bytes(b"INVENTED").unwrap(), "/", &[], Body::empty()).await;
    let text = sender.get("/metrics").await.body;
    let logins = "sso_portal_logins_and_logouts_total";
    for line in [
        format!("{logins}{{what=\"login\",channel=\"browser\",verdict=\"accepted\",clause=\"\"}} 1"),
        format!("{logins}{{what=\"logout\",channel=\"back-channel\",verdict=\"accepted\",clause=\"\"}} 1"),
        format!("{logins}{{what=\"logout\",channel=\"back-channel\",verdict=\"refused\",clause=\"BCL-2.6\"}} 1"),
        "sso_portal_requests_total{method=\"other\",status=\"405\"} 1".to_owned(),
        "# EOF".to_owned(),
    ] {
        assert!(text.contains(&line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("john") && !text.contains("sid-1") && !text.contains("INVENTED"), "{text}");
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let mut visitor = Visitor::of(&lonely(Kind::External));
    let headers = [("x-request-id", "chosen by a visitor")];
    let first = visitor.send(Method::GET, "/health", &headers, Body::empty()).await;
    let second = visitor.get("/no-such-page").await;
    let (first, second) = (first.header("x-request-id"), second.header("x-request-id"));
    assert!(first.len() == 16 && first.bytes().all(|byte| byte.is_ascii_hexdigit()), "{first}");
    assert_ne!(first, second);
}

#[tokio::test]
async fn a_request_with_too_much_in_its_head_is_refused() {
    let portal = lonely(Kind::Internal);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let word = stop.clone();
    let serving = tokio::spawn(async move { portals::serve(&portal, listener, word).await });
    let many = "x-header: y\r\n".repeat(100);
    let long = format!("cookie: {}\r\n", "a".repeat(200_000));
    for (headers, status) in [(String::new(), "200"), (many, "431"), (long, "431")] {
        let mut connection = TcpStream::connect(address).await.unwrap();
        let head = format!("GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n");
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A reset after the answer is the server's right: it did not read everything.
        let _ = connection.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
    stop.cancel();
    serving.await.unwrap().unwrap();
}
