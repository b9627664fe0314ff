//! A portal on a real socket: the line to an open page, and how everything stops.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use portals::{Kind, Portal};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::signed_in;
use crate::visitor::Visitor;

/// Nothing here takes this long unless it hangs.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

pub(crate) struct Served {
    pub(crate) address: std::net::SocketAddr,
    pub(crate) stop: CancellationToken,
    pub(crate) done: JoinHandle<Result<(), portals::Exposed>>,
}

pub(crate) async fn serve(portal: &Portal) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let (portal, word) = (portal.clone(), stop.clone());
    let done = tokio::spawn(async move { portals::serve(&portal, listener, word).await });
    Served { address, stop, done }
}

/// Opens the line of `visitor` and reads until the first comment says that it stands.
pub(crate) async fn open_line(served: &Served, visitor: &Visitor) -> TcpStream {
    let mut line = TcpStream::connect(served.address).await.unwrap();
    let cookie = &visitor.cookies["internal_session"];
    let request = format!("GET /api/events HTTP/1.1\r\nhost: localhost\r\ncookie: internal_session={cookie}\r\n\r\n");
    line.write_all(request.as_bytes()).await.unwrap();
    let mut read = String::new();
    while !read.contains(": connected") {
        let mut bytes = [0; 1024];
        let count = timeout(DEADLINE, line.read(&mut bytes)).await.expect("an answer").unwrap();
        assert_ne!(count, 0, "{read}");
        read.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    assert!(read.starts_with("HTTP/1.1 200") && read.contains("cache-control: no-store"), "{read}");
    line
}

/// Reads what is left on the line until its stream ends.
pub(crate) async fn rest(mut line: TcpStream) -> String {
    let mut read = String::new();
    while !read.contains("0\r\n\r\n") {
        let mut bytes = [0; 1024];
        let count = timeout(DEADLINE, line.read(&mut bytes)).await.expect("the line ends").unwrap();
        if count == 0 {
            break;
        }
        read.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    read
}

#[tokio::test]
async fn the_open_page_is_told_of_a_logout_by_the_back_channel() {
    let (provider, portal, visitor) = signed_in(Kind::Internal, "john").await;
    let served = serve(&portal).await;
    let line = open_line(&served, &visitor).await;
    let token = provider.logout_token("internal-client", |claims| claims["sid"] = json!("sid-1"));
    Visitor::of(&portal).post("/logout", &format!("logout_token={token}")).await;
    let told = rest(line).await;
    assert!(
        told.contains("event: signed-out\ndata: {\"reason\":\"back-channel\",\"text\":\"You were signed out"),
        "{told}"
    );
}

#[tokio::test]
async fn the_open_page_is_told_of_every_other_ending_too() {
    let (provider, portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    let served = serve(&portal).await;

    let line = open_line(&served, &visitor).await;
    visitor.post("/signout", "").await;
    assert!(rest(line).await.contains("\"reason\":\"sign-out\""));

    visitor.sign_in().await;
    let line = open_line(&served, &visitor).await;
    let iss = provider.issuer().to_owned();
    visitor.get(&format!("/logout?iss={iss}&sid=sid-1")).await;
    assert!(rest(line).await.contains("\"reason\":\"front-channel\""));

    visitor.sign_in().await;
    let line = open_line(&served, &visitor).await;
    portal.clock().advance(SignedDuration::from_mins(30));
    assert!(rest(line).await.contains("\"reason\":\"expired\""));
}

#[tokio::test]
async fn the_open_page_of_another_session_hears_nothing_and_a_new_sign_in_just_ends_the_old_line() {
    let (provider, portal, mut john) = signed_in(Kind::Internal, "john").await;
    let mut mary = john.stranger();
    provider.expect("mary", "sid-2");
    mary.sign_in().await;
    let served = serve(&portal).await;
    let line = open_line(&served, &mary).await;
    john.post("/signout", "").await;
    mary.sign_in().await;
    assert!(!rest(line).await.contains("signed-out"), "mary has a session: the page will connect again");
}

#[tokio::test]
async fn without_a_session_there_is_no_line() {
    let (_provider, _portal, visitor) = signed_in(Kind::Internal, "john").await;
    let answer = visitor.stranger().get("/api/events").await;
    assert_eq!((answer.status, answer.json()), (401, json!({"error": "not_signed_in"})));
}

#[tokio::test]
async fn stopping_ends_open_lines_at_once_and_frees_the_port() {
    let (_provider, portal, visitor) = signed_in(Kind::Internal, "john").await;
    let served = serve(&portal).await;
    let line = open_line(&served, &visitor).await;
    // A connection on which nothing was asked must not hold the stop up either.
    let idle = TcpStream::connect(served.address).await.unwrap();
    let started = Instant::now();
    served.stop.cancel();
    timeout(DEADLINE, served.done).await.expect("it stops").unwrap().unwrap();
    assert!(started.elapsed() < Duration::from_millis(1500), "{:?}", started.elapsed());
    assert!(!rest(line).await.contains("signed-out"), "nobody was signed out by a restart");
    drop(idle);
    TcpListener::bind(served.address).await.expect("the port is free");
}

#[tokio::test]
async fn a_request_that_does_not_end_is_cut_off() {
    let (provider, portal, mut visitor) = signed_in(Kind::Internal, "john").await;
    let callback = visitor.begin_sign_in().await;
    let served = serve(&portal).await;
    let _held = provider.hold_tokens().await;
    let mut line = TcpStream::connect(served.address).await.unwrap();
    let cookie = &visitor.cookies["internal_session"];
    let request = format!("GET {callback} HTTP/1.1\r\nhost: localhost\r\ncookie: internal_session={cookie}\r\n\r\n");
    line.write_all(request.as_bytes()).await.unwrap();
    provider.token_request_waits().await;
    served.stop.cancel();
    timeout(Duration::from_secs(4), served.done).await.expect("it stops after two seconds").unwrap().unwrap();
    assert_eq!(rest(line).await, "");
}
