//! Trouble made at a real tap before a real server.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use lab_trace::{Answer, Channel, EventKind, Party};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use crate::recorder::Recorder;
use crate::tap::overtaking::Overtaking;
use crate::tap::{BROWSER_HEADER, Disturbance, Handle, KnownApp, Masker, PROBE_HEADER, Registry, STRANGER_HEADER, Tap};

/// What the part itself sends with its pages.
const OWN_POLICY: &str = "frame-src 'self' localhost:3002";

struct Stand {
    logout: Url,
    handle: Handle,
    recorder: Recorder,
    /// Bodies and headers that the portal got.
    arrived: Arc<Mutex<Vec<(String, HeaderMap)>>>,
    _stop: DropGuard,
}

impl Stand {
    async fn new() -> Self {
        let arrived: Arc<Mutex<Vec<(String, HeaderMap)>>> = Arc::default();
        let seen = arrived.clone();
        let logout = post(async move |headers: HeaderMap, body: String| seen.lock().unwrap().push((body, headers)));
        let page = get(async || ([("content-security-policy", OWN_POLICY)], "a page"));
        let portal = Router::new().route("/logout", logout).route("/page", page);
        let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let behind = Url::parse(&format!("http://{}/", upstream.local_addr().unwrap())).unwrap();
        tokio::spawn(async move { axum::serve(upstream, portal).await });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let logout = Url::parse(&format!("http://{}/logout", listener.local_addr().unwrap())).unwrap();
        let app = KnownApp {
            name: "admin".to_owned(),
            client_id: "admin-dashboard".to_owned(),
            back_channel_paths: vec!["/logout".to_owned()],
            front_channel_paths: vec!["/logout".to_owned()],
        };
        let (recorder, stop) = (Recorder::new(), CancellationToken::new());
        let registry = Registry { apps: vec![app] };
        let tap = Tap::new(Party::App("admin".to_owned()), behind, registry, Masker::new(), recorder.clone());
        let handle = tap.handle();
        tokio::spawn(tap.serve(listener, stop.clone()));
        Self { logout, handle, recorder, arrived, _stop: stop.drop_guard() }
    }

    /// Keycloak posts, and waits a moment for the answer: its status, if one came.
    async fn post(&self, headers: &[(&'static str, &'static str)]) -> Option<u16> {
        let mut request = crate::http::client(Duration::from_millis(500)).post(self.logout.clone());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.form(&[("logout_token", "a.b.c")]).send().await;
        answer.ok().map(|answer| answer.status().as_u16())
    }

    fn arrived(&self) -> usize {
        self.arrived.lock().unwrap().len()
    }

    /// What the tap wrote down: the caller's words for each exchange, once nothing is under way.
    async fn written(&self) -> Vec<(Party, Channel, Option<u16>)> {
        assert!(self.recorder.settled(Duration::from_secs(5)).await);
        self.recorder
            .since(0)
            .into_iter()
            .filter_map(|event| match event.kind {
                EventKind::Exchange(exchange) => {
                    let status =
                        if let Answer::Response { status, .. } = exchange.answer { Some(status) } else { None };
                    Some((exchange.caller.clone(), exchange.channel, status))
                }
                EventKind::Portal(_) | EventKind::Lab(_) => None,
            })
            .collect()
    }
}

const BACK: (Party, Channel) = (Party::Keycloak, Channel::BackChannel);

#[tokio::test]
async fn each_kind_of_trouble_does_what_it_says_and_no_more() {
    // (what, answer, how often it arrives, what is written down)
    let cases = [
        (None, Some(200), 1, vec![Some(200)]),
        (Some(Disturbance::Answers(500)), Some(500), 0, vec![Some(500)]),
        (Some(Disturbance::CutOff), Some(502), 0, vec![None]),
        (Some(Disturbance::Hangs), None, 0, vec![None]),
        (Some(Disturbance::SwallowsAnswers), None, 1, vec![Some(200)]),
        (Some(Disturbance::DeliversTwice), Some(200), 2, vec![Some(200), Some(200)]),
        (Some(Disturbance::ServersGet(503)), Some(200), 1, vec![Some(200)]),
    ];
    for (wanted, answer, arrives, written) in cases {
        let stand = Stand::new().await;
        stand.handle.set(wanted);
        assert_eq!(stand.post(&[]).await, answer, "{wanted:?}");
        assert_eq!(stand.arrived(), arrives, "{wanted:?}");
        let written: Vec<_> = written.into_iter().map(|status| (BACK.0, BACK.1, status)).collect();
        assert_eq!(stand.written().await, written, "{wanted:?}");
        stand.handle.reset();
        assert_eq!(stand.post(&[]).await, Some(200), "after {wanted:?}");
    }
}

#[tokio::test]
async fn pages_get_one_more_policy_and_keep_their_own() {
    let stand = Stand::new().await;
    let policies = async |headers: &[(&'static str, &'static str)]| {
        let mut request = crate::http::client(Duration::from_millis(500)).get(stand.logout.join("/page").unwrap());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        let named = answer.headers().get_all("content-security-policy");
        named.iter().map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let page = [(BROWSER_HEADER, "john"), ("sec-fetch-dest", "document"), ("sec-fetch-mode", "navigate")];
    assert_eq!(policies(&page).await, [OWN_POLICY]);
    stand.handle.set(Some(Disturbance::ForbidsFrames));
    assert_eq!(policies(&page).await, [OWN_POLICY, "frame-src 'self'"]);
    assert!(stand.recorder.settled(Duration::from_secs(5)).await);
    let shown = serde_json::to_string(&stand.recorder.since(0)).unwrap();
    assert!(shown.contains("\"frame-src 'self'\""), "what the browser got is what is written down: {shown}");
    assert_eq!(policies(&[]).await, [OWN_POLICY], "what is no page of a browser is as it was");
    stand.handle.reset();
    assert_eq!(policies(&page).await, [OWN_POLICY]);
}

#[tokio::test]
async fn what_was_sent_is_kept_for_a_stranger_also_where_it_did_not_arrive() {
    let stand = Stand::new().await;
    stand.handle.set(Some(Disturbance::Hangs));
    stand.post(&[]).await;
    stand.written().await;
    assert_eq!(stand.handle.last_token().as_deref(), Some("a.b.c"));
    stand.handle.reset();
    assert_eq!(stand.handle.last_token(), None);
}

#[tokio::test]
async fn the_labs_probes_pass_and_a_stranger_is_no_keycloak() {
    let stand = Stand::new().await;
    stand.handle.set(Some(Disturbance::CutOff));
    assert_eq!(stand.post(&[(PROBE_HEADER, "1")]).await, Some(200));
    stand.handle.set(None);
    assert_eq!(stand.post(&[(STRANGER_HEADER, "1")]).await, Some(200));
    let who: Vec<Party> = stand.written().await.into_iter().map(|(who, ..)| who).collect();
    assert_eq!(who, [Party::Lab, Party::Stranger]);
    assert!(stand.arrived.lock().unwrap().iter().all(|(_, headers)| !headers.contains_key(STRANGER_HEADER)));
    assert_eq!(stand.handle.last_token(), None, "only what Keycloak sent is worth copying");
}

#[tokio::test]
async fn a_queue_answers_at_once_and_hands_on_later_unless_the_lesson_is_over() {
    let stand = Stand::new().await;
    stand.handle.set(Some(Disturbance::QueuesForSeconds(1)));
    assert_eq!(stand.post(&[]).await, Some(200));
    assert_eq!(stand.arrived(), 0, "it waits");
    let later = tokio::time::Instant::now() + Duration::from_secs(10);
    while stand.arrived() == 0 && tokio::time::Instant::now() < later {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(stand.arrived(), 1);
    assert_eq!(stand.written().await, vec![(BACK.0, BACK.1, Some(200)); 2], "the queue's answer and the portal's");
    assert_eq!(stand.post(&[]).await, Some(200));
    stand.handle.reset();
    // Longer than the queue keeps anything: what is checked is that nothing comes.
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    assert_eq!(stand.arrived(), 1, "what waited in the queue went with the lesson");
}

#[tokio::test]
async fn a_form_that_is_overtaken_arrives_when_the_session_has_ended() {
    let stand = Stand::new().await;
    let order: Arc<Mutex<Vec<String>>> = Arc::default();
    let (ended, seen) = (order.clone(), stand.arrived.clone());
    let logs_out = Arc::new(move |sid: String| {
        let (ended, seen) = (ended.clone(), seen.clone());
        Box::pin(async move { ended.lock().unwrap().push(format!("{sid} ended after {}", seen.lock().unwrap().len())) })
            as futures_util::future::BoxFuture<'static, ()>
    });
    stand.handle.overtake(Overtaking::PostOf("s1".to_owned()), logs_out);
    assert_eq!(stand.post(&[]).await, Some(200), "Keycloak's own POST is not meant");
    assert!(order.lock().unwrap().is_empty());
    assert_eq!(stand.post(&[(BROWSER_HEADER, "john")]).await, Some(200));
    assert_eq!(*order.lock().unwrap(), ["s1 ended after 1"], "before its body came, and once");
    assert_eq!(stand.arrived(), 2);
    assert_eq!(stand.post(&[(BROWSER_HEADER, "john")]).await, Some(200));
    assert_eq!(order.lock().unwrap().len(), 1, "only the next one");
}

#[tokio::test]
async fn a_tap_answers_for_listeners_and_writes_down_who_was_told() {
    let stand = Stand::new().await;
    let url = stand.logout.join("/listener/listener-07/logout").unwrap();
    let answer = crate::http::client(Duration::from_secs(5)).post(url).form(&[("logout_token", "a.b.c")]).send().await;
    assert_eq!(answer.unwrap().status().as_u16(), 200);
    assert_eq!(stand.written().await, [(BACK.0, BACK.1, Some(200))]);
    assert_eq!(stand.arrived(), 0, "the portal behind the tap has nothing to do with it");
}
