use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use lab_trace::{Answer, Channel, EventKind, Exchange, Party};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use crate::recorder::Recorder;
use crate::tap::{KnownApp, Masker, Registry, Tap};

/// Longer than anything here takes, short enough to fail in time.
const DEADLINE: Duration = Duration::from_secs(10);

struct Stand {
    url: Url,
    recorder: Recorder,
    _stop: DropGuard,
}

async fn listen() -> (TcpListener, Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    (listener, url)
}

/// A tap of the app `internal` before `upstream`.
async fn tap_before(upstream: Url) -> Stand {
    let (listener, url) = listen().await;
    let recorder = Recorder::new();
    let stop = CancellationToken::new();
    let app = KnownApp {
        name: "internal".to_owned(),
        client_id: "internal-portal".to_owned(),
        back_channel_paths: vec!["/logout".to_owned()],
        front_channel_paths: vec!["/logout".to_owned()],
    };
    let registry = Registry { apps: vec![app] };
    let tap = Tap::new(Party::App("internal".to_owned()), upstream, registry, Masker::new(), recorder.clone());
    tokio::spawn(tap.serve(listener, stop.clone()));
    Stand { url, recorder, _stop: stop.drop_guard() }
}

async fn before(router: Router) -> Stand {
    let (listener, upstream) = listen().await;
    tokio::spawn(async move { axum::serve(listener, router).await });
    tap_before(upstream).await
}

impl Stand {
    fn at(&self, path: &str) -> Url {
        self.url.join(path).unwrap()
    }

    async fn exchanges(&self) -> Vec<Exchange> {
        assert!(self.recorder.settled(DEADLINE).await);
        let kinds = self.recorder.since(0).into_iter().map(|event| event.kind);
        kinds.filter_map(|kind| if let EventKind::Exchange(exchange) = kind { Some(*exchange) } else { None }).collect()
    }

    async fn only(&self) -> Exchange {
        let mut exchanges = self.exchanges().await;
        assert_eq!(exchanges.len(), 1, "{exchanges:?}");
        exchanges.remove(0)
    }
}

fn client() -> reqwest::Client {
    crate::http::client(DEADLINE)
}

#[tokio::test]
async fn a_request_passes_unchanged_but_for_the_labs_own_headers() {
    let echo = |headers: HeaderMap| async move {
        assert!(!headers.contains_key("x-sso-lab-browser") && !headers.contains_key("x-sso-lab-probe"));
        assert_eq!(headers["user-agent"], "Chrome/156", "nothing of the lab's gets through");
        headers.get(header::HOST).unwrap().to_str().unwrap().to_owned()
    };
    let stand = before(Router::new().route("/", get(echo))).await;
    let asked = client()
        .get(stand.at("/?sid=x"))
        .header("x-sso-lab-browser", "john")
        .header("user-agent", "Chrome/156 sso-lab-browser/john")
        .send()
        .await
        .unwrap();
    assert_eq!(asked.status(), 200);
    let host = format!("127.0.0.1:{}", stand.url.port().unwrap());
    assert_eq!(asked.text().await.unwrap(), host, "the upstream sees the public name");
    let exchange = stand.only().await;
    assert_eq!(exchange.caller, Party::Browser(Some("john".to_owned())));
    assert_eq!(exchange.query_param("sid").unwrap().text(), Some("x"));
}

#[tokio::test]
async fn a_back_channel_post_is_recorded_without_its_token() {
    let stand = before(Router::new().route("/logout", post(|body: String| async move { body }))).await;
    let form = [("logout_token", "hunter2-hunter2")];
    let answer = client().post(stand.at("/logout")).form(&form).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "logout_token=hunter2-hunter2", "the portal gets the real thing");
    let exchange = stand.only().await;
    assert_eq!((exchange.caller.clone(), exchange.channel), (Party::Keycloak, Channel::BackChannel));
    assert!(exchange.form_field("logout_token").is_some());
    assert!(!serde_json::to_string(&exchange).unwrap().contains("hunter2"));
}

#[tokio::test]
async fn large_bodies_pass_whole_in_both_directions() {
    let stand = before(
        Router::new()
            .route("/", post(|body: Bytes| async move { body }))
            .layer(axum::extract::DefaultBodyLimit::disable()),
    )
    .await;
    let sent: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let answer = client().post(stand.at("/")).body(sent.clone()).send().await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), sent);
    let exchange = stand.only().await;
    assert!(matches!(exchange.body, lab_trace::Body::Other { bytes: 3_000_000, .. }), "{:?}", exchange.body);
}

#[tokio::test]
async fn server_sent_events_arrive_one_by_one_and_do_not_count_as_under_way() {
    let never_ending = || async {
        let events = stream::once(async { Ok::<_, Infallible>(Bytes::from("data: 1\n\n")) }).chain(stream::pending());
        ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(events)).into_response()
    };
    let stand = before(Router::new().route("/events", get(never_ending))).await;
    let answer = client().get(stand.at("/events")).send().await.unwrap();
    let first = tokio::time::timeout(DEADLINE, answer.bytes_stream().next()).await.unwrap().unwrap().unwrap();
    assert_eq!(first, "data: 1\n\n");
    assert_eq!(stand.only().await.status(), Some(200));
}

#[tokio::test]
async fn an_upgraded_connection_is_joined() {
    let (listener, upstream) = listen().await;
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            asked.push(socket.read_u8().await.unwrap());
        }
        assert!(String::from_utf8_lossy(&asked).to_lowercase().contains("upgrade: websocket"));
        let switching = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
        socket.write_all(switching).await.unwrap();
        let mut word = [0; 4];
        socket.read_exact(&mut word).await.unwrap();
        word.reverse();
        socket.write_all(&word).await.unwrap();
        // Stays until the tap hangs up.
        assert_eq!(socket.read(&mut word).await.unwrap(), 0);
    });
    let stand = tap_before(upstream).await;
    let mut socket = TcpStream::connect(stand.url.socket_addrs(|| None).unwrap()[0]).await.unwrap();
    let ask = "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    socket.write_all(ask.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tokio::time::timeout(DEADLINE, socket.read_u8()).await.unwrap().unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    socket.write_all(b"ping").await.unwrap();
    let mut word = [0; 4];
    tokio::time::timeout(DEADLINE, socket.read_exact(&mut word)).await.unwrap().unwrap();
    assert_eq!(&word, b"gnip");
    assert_eq!(stand.only().await.status(), Some(101));
    drop(stand); // stops the tap
    let ended = tokio::time::timeout(DEADLINE, socket.read(&mut word)).await.expect("a stop ends it too");
    assert_eq!(ended.unwrap_or(0), 0);
}

#[tokio::test]
async fn an_upstream_that_is_not_there_gets_words_and_a_record() {
    let (listener, upstream) = listen().await;
    drop(listener);
    let stand = tap_before(upstream).await;
    let answer = client().get(stand.at("/")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
    assert!(answer.text().await.unwrap().contains("internal behind it did not answer"));
    assert!(matches!(stand.only().await.answer, Answer::NoAnswer { .. }));
}

#[tokio::test]
async fn an_upstream_that_breaks_off_is_recorded_as_such() {
    let (listener, upstream) = listen().await;
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut asked = [0; 1024];
        let _ = socket.read(&mut asked).await.unwrap();
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort").await.unwrap();
    });
    let stand = tap_before(upstream).await;
    let answer = client().get(stand.at("/")).send().await.unwrap();
    assert!(answer.bytes().await.is_err());
    assert!(matches!(stand.only().await.answer, Answer::NoAnswer { .. }));
}

#[tokio::test]
async fn a_caller_that_goes_away_is_recorded_as_such() {
    let stand = before(Router::new().route("/", get(std::future::pending::<()>))).await;
    let mut socket = TcpStream::connect(stand.url.socket_addrs(|| None).unwrap()[0]).await.unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut events = stand.recorder.subscribe();
    // The tap has the request once the mark moved; only then is there something to abandon.
    tokio::time::timeout(DEADLINE, async {
        while stand.recorder.mark() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    drop(socket);
    tokio::time::timeout(DEADLINE, events.recv()).await.unwrap().unwrap();
    assert_eq!(stand.only().await.answer, Answer::Aborted);
}

#[tokio::test]
async fn a_page_that_is_dropped_where_an_image_was_wanted_has_answered_all_the_same() {
    for (dest, status) in [("image", Some(200)), ("document", None)] {
        let (listener, upstream) = listen().await;
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut asked = [0; 1024];
            let _ = socket.read(&mut asked).await.unwrap();
            let begun = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\nshort";
            socket.write_all(begun).await.unwrap();
            // The rest never comes; the connection stays.
            std::future::pending::<()>().await;
        });
        let stand = tap_before(upstream).await;
        let mut events = stand.recorder.subscribe();
        drop(client().get(stand.at("/")).header("sec-fetch-dest", dest).send().await.unwrap());
        tokio::time::timeout(DEADLINE, events.recv()).await.unwrap().unwrap();
        assert_eq!(stand.only().await.status(), status, "{dest}");
    }
}
