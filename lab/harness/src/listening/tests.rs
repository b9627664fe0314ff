use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Limits, serve};

/// Longer than anything here takes, short enough to fail in time.
const DEADLINE: Duration = Duration::from_secs(10);

struct Stand {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

async fn serving(limits: Limits) -> Stand {
    let router = Router::new()
        .route("/echo/{word}", get(async |Path(word): Path<String>| word))
        .route("/never", get(std::future::pending::<()>));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    Stand { address, stop: stop.clone(), serving: tokio::spawn(serve(router, listener, limits, stop)) }
}

impl Stand {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Says stop and waits until nothing is served any more.
    async fn stopped(self) {
        self.stop.cancel();
        timeout(DEADLINE, self.serving).await.expect("it stops").unwrap();
        assert!(TcpStream::connect(self.address).await.is_err(), "the port is free");
    }
}

async fn ask(connection: &mut TcpStream, path: &str) {
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    connection.write_all(head.as_bytes()).await.unwrap();
}

/// Reads until the answer ends with `word`.
async fn answered(connection: &mut TcpStream, word: &str) {
    let mut answer = Vec::new();
    while !answer.ends_with(word.as_bytes()) {
        answer.push(timeout(DEADLINE, connection.read_u8()).await.expect("an answer").unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn a_caller_that_never_finishes_its_head_is_sent_away() {
    let stand = serving(Limits { head: Duration::from_millis(50), ..Limits::USUAL }).await;
    let mut slow = stand.connect().await;
    slow.write_all(b"GET /echo/x HTTP/1.1\r\nHost: local").await.unwrap();
    let mut rest = Vec::new();
    timeout(DEADLINE, slow.read_to_end(&mut rest)).await.expect("the connection is closed").unwrap();
    assert!(!rest.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&rest));
    stand.stopped().await;
}

#[tokio::test]
async fn a_connection_too_many_waits_and_is_served_when_another_ends() {
    let stand = serving(Limits { connections: 1, ..Limits::USUAL }).await;
    let mut first = stand.connect().await;
    ask(&mut first, "/echo/first").await;
    answered(&mut first, "first").await;
    let mut second = stand.connect().await;
    ask(&mut second, "/echo/second").await;
    // Without the limit the second would be answered during these.
    for round in 0..50 {
        ask(&mut first, &format!("/echo/again{round}.")).await;
        answered(&mut first, &format!("again{round}.")).await;
        let early = second.try_read(&mut [0]);
        assert!(early.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "answered in round {round}");
    }
    drop(first);
    answered(&mut second, "second").await;
    stand.stopped().await;
}

#[tokio::test]
async fn a_stop_ends_idle_connections_and_cuts_endless_requests() {
    let stand = serving(Limits { drain: Duration::from_millis(50), ..Limits::USUAL }).await;
    let (mut idle, mut endless) = (stand.connect().await, stand.connect().await);
    ask(&mut idle, "/echo/x!").await;
    answered(&mut idle, "x!").await;
    ask(&mut endless, "/never").await;
    stand.stopped().await;
    for mut connection in [idle, endless] {
        // Closed or reset: what counts is that nobody is left waiting.
        let ended = timeout(DEADLINE, connection.read_u8()).await.expect("the connection ends");
        ended.unwrap_err();
    }
}
