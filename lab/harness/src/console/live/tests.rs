use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use lab_trace::{EventKind, LabNote};
use reqwest::StatusCode;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::console::Console;
use crate::control::server;
use crate::listening::{self, Limits};
use crate::recorder::Recorder;
use crate::state::{Folders, Seat};
use crate::world::testing;

/// Longer than anything takes here.
const PATIENCE: Duration = Duration::from_secs(20);

/// A control listener with its console, without a lab behind it.
struct Stand {
    url: String,
    recorder: Recorder,
    stop: CancellationToken,
    serving: tokio::task::JoinHandle<()>,
    http: reqwest::Client,
    seat: Seat,
    _folder: tempfile::TempDir,
}

impl Stand {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let folders = Folders::find(None, Some(folder.path().to_owned())).unwrap();
        let seat = Seat::claim_own(&folders).unwrap();
        let parts = Arc::new(testing::parts(&seat, "127.0.0.1".parse().unwrap()));
        let (recorder, stop) = (parts.recorder.clone(), CancellationToken::new());
        let console = Console::new(parts.clone(), "run1", stop.clone());
        let router = server::router(parts, &testing::record("the-runs-token"), stop.clone(), console.routes());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(listening::serve(router, listener, Limits::USUAL, stop.clone()));
        Self { url, recorder, stop, serving, http: crate::http::client(PATIENCE), seat, _folder: folder }
    }

    fn note(&self, text: &str) {
        self.recorder.record(EventKind::Lab(LabNote { text: text.to_owned() }));
    }

    fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}{path}", self.url))
    }

    async fn status(&self, path: &str, headers: &[(&str, &str)]) -> StatusCode {
        let request = headers.iter().fold(self.get(path), |request, (name, value)| request.header(*name, *value));
        request.send().await.unwrap().status()
    }

    async fn viewer(&self, last: Option<&str>) -> Page {
        let request =
            last.into_iter().fold(self.get("/console/live"), |request, id| request.header("last-event-id", id));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Page { body: answer.bytes_stream().boxed(), text: String::new() }
    }

    async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.serving).await.unwrap().unwrap();
        self.seat.release().unwrap();
    }
}

struct Page {
    body: futures_util::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    text: String,
}

impl Page {
    /// The next block of the stream; `None` at its end. One that was cut off fails.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let piece = tokio::time::timeout(PATIENCE, self.body.next()).await.unwrap()?.unwrap();
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    /// Ids of the lines up to the block of this name.
    async fn ids_until(&mut self, name: &str) -> Vec<String> {
        let mut ids = Vec::new();
        loop {
            let block = self.block().await.unwrap();
            if block.lines().any(|line| line == format!("event: {name}")) {
                return ids;
            }
            ids.extend(block.lines().filter_map(|line| line.strip_prefix("id: ")).map(str::to_owned));
        }
    }

    async fn next_id(&mut self) -> String {
        loop {
            let block = self.block().await.unwrap();
            if let Some(id) = block.lines().find_map(|line| line.strip_prefix("id: ")) {
                return id.to_owned();
            }
        }
    }
}

#[tokio::test]
async fn a_page_gets_what_was_then_what_is_and_goes_on_where_it_stopped() {
    let stand = Stand::new().await;
    // What begins first may end last: the id follows the ends, so that nobody who goes on misses it.
    let slow = stand.recorder.begin();
    stand.note("one");
    let mut first = stand.viewer(None).await;
    assert_eq!(first.ids_until("caught-up").await, ["run1-1"]);
    slow.finish(EventKind::Lab(LabNote { text: "slow".to_owned() }));
    assert_eq!(first.next_id().await, "run1-2");
    drop(first);
    stand.note("three");
    let mut again = stand.viewer(Some("run1-2")).await;
    assert_eq!(again.ids_until("caught-up").await, ["run1-3"], "nothing is lost, and nothing comes twice");
    let mut of_another_run = stand.viewer(Some("run0-2")).await;
    assert_eq!(of_another_run.ids_until("caught-up").await.len(), 3, "a position of another run means nothing");
    stand.end().await;
}

#[tokio::test]
async fn two_pages_see_the_same() {
    let stand = Stand::new().await;
    let (mut one, mut other) = (stand.viewer(None).await, stand.viewer(None).await);
    one.ids_until("caught-up").await;
    other.ids_until("caught-up").await;
    stand.note("news");
    assert_eq!(one.next_id().await, other.next_id().await);
    stand.end().await;
}

#[tokio::test]
async fn who_comes_back_too_late_is_told_how_much_is_gone() {
    let stand = Stand::new().await;
    for _ in 0..20_010 {
        stand.note("x");
    }
    let mut late = stand.viewer(Some("run1-4")).await;
    let missed = loop {
        let block = late.block().await.unwrap();
        if block.contains("event: missed") {
            break block;
        }
    };
    assert!(missed.contains(r#"{"missed":6}"#), "{missed}");
    assert_eq!(late.next_id().await, "run1-11");
    let mut fresh = stand.viewer(None).await;
    assert_eq!(fresh.ids_until("caught-up").await.len(), super::HISTORY, "a new page gets the newest");
    stand.end().await;
}

#[tokio::test]
async fn streams_end_at_once_when_the_lab_stops() {
    let stand = Stand::new().await;
    let mut page = stand.viewer(None).await;
    page.ids_until("caught-up").await;
    stand.stop.cancel();
    assert!(page.block().await.is_none(), "the stream has ended");
    stand.end().await;
}

#[tokio::test]
async fn strangers_get_nothing_and_without_the_token_nothing_changes() {
    let stand = Stand::new().await;
    assert_eq!(stand.status("/", &[]).await, StatusCode::OK);
    assert_eq!(stand.status("/console/faults", &[]).await, StatusCode::OK);
    for path in ["/", "/console/live", "/console/faults", "/api/status"] {
        assert_eq!(stand.status(path, &[("host", "evil.example")]).await, StatusCode::FORBIDDEN, "{path}");
    }
    for path in ["/console/live", "/console/faults", "/console/exchanges/1"] {
        assert_eq!(stand.status(path, &[("sec-fetch-site", "cross-site")]).await, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(stand.status(path, &[("origin", "http://evil.example")]).await, StatusCode::FORBIDDEN, "{path}");
    }
    for path in ["/api/reset", "/api/faults", "/api/act", "/api/lesson", "/api/stop"] {
        for token in [None, Some("guessed")] {
            let request = stand.http.post(format!("{}{path}", stand.url)).header("content-type", "application/json");
            let request = token.into_iter().fold(request, reqwest::RequestBuilder::bearer_auth);
            let answer = request.body(r#"{"on":["s2-lying-200"],"off":[]}"#).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path} with {token:?}");
        }
    }
    let page = stand.get("/").send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';") && !policy.contains("unsafe"), "{policy}");
    for (name, value) in
        [("x-content-type-options", "nosniff"), ("cache-control", "no-store"), ("referrer-policy", "no-referrer")]
    {
        assert_eq!(page.headers()[name], value);
    }
    assert!(!page.text().await.unwrap().contains("the-runs-token"), "the token does not stand in the page");
    stand.end().await;
}

#[tokio::test]
async fn pages_are_counted_while_they_are_open() {
    let stand = Stand::new().await;
    let console = Console::new(
        Arc::new(testing::parts(&stand.seat, "127.0.0.1".parse().unwrap())),
        "run1",
        CancellationToken::new(),
    );
    let viewer = super::Viewer::new(console.clone(), None);
    assert_eq!(*console.viewers.borrow(), 1);
    drop(viewer);
    assert_eq!(*console.viewers.borrow(), 0);
    stand.end().await;
}
