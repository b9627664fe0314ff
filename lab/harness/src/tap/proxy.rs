//! The proxy itself: one public port, one private upstream.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, Version, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use lab_trace::{Channel, Party};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::attribution::driven;
use super::attribution::{Registry, Seen};
use super::balancer::Balancer;
use super::capture::{self, Passing};
use super::disturbance::{self, Fate, Handle};
use super::listener::Listener;
use super::mask::Masker;
use super::note::{Asked, Note};
use super::overtaking::{Ender, Overtaking, late_body};
use super::tee::{End, Tee};
use super::tokens;
use super::{BROWSER_HEADER, PROBE_HEADER, STRANGER_HEADER};
use crate::console::Ledger;
use crate::http::ensure_crypto;
use crate::listening::{self, Limits};
use crate::recorder::Recorder;

/// How long connecting to an upstream on this computer may take.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// Headers that belong to one connection and are not forwarded (RFC 9110 section 7.6.1).
const HOP_BY_HOP: [HeaderName; 6] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// A recording reverse proxy, not yet listening.
#[derive(Clone)]
pub struct Tap {
    shared: Arc<Shared>,
}

#[derive(Clone)]
pub(super) struct Shared {
    pub(super) owner: Party,
    pub(super) upstream: Balancer,
    pub(super) registry: Registry,
    pub(super) masker: Masker,
    pub(super) recorder: Recorder,
    pub(super) client: Client<HttpsConnector<HttpConnector>, Body>,
    pub(super) handle: Handle,
    pub(super) ledger: Ledger,
}

/// The word to stop, for connections that no request holds any more.
#[derive(Clone)]
struct Stopping(CancellationToken);

impl Tap {
    /// A tap before `upstream` (a URL, of which scheme, host and port count, or a choice of several), owned by `owner`.
    pub fn new(
        owner: Party,
        upstream: impl Into<Balancer>,
        registry: Registry,
        masker: Masker,
        recorder: Recorder,
    ) -> Self {
        ensure_crypto();
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_connect_timeout(Some(CONNECT_DEADLINE));
        http.set_nodelay(true);
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_platform_verifier()
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let client = Client::builder(TokioExecutor::new()).pool_idle_timeout(Duration::from_secs(20)).build(connector);
        let handle = Handle::default();
        let upstream = upstream.into();
        let ledger = Ledger::default();
        Self { shared: Arc::new(Shared { owner, upstream, registry, masker, recorder, client, handle, ledger }) }
    }

    /// From now on, sessions that are seen here are told to `ledger`.
    pub(crate) fn telling(mut self, ledger: Ledger) -> Self {
        Arc::make_mut(&mut self.shared).ledger = ledger;
        self
    }

    /// By which trouble is made here.
    pub fn handle(&self) -> Handle {
        self.shared.handle.clone()
    }

    /// Serves on `listener` until `stop`; then gives running exchanges a moment and cuts what is left (streams).
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        let router = Router::new().fallback(handle).layer(Extension(Stopping(stop.clone()))).with_state(self.shared);
        listening::serve(router, listener, Limits::USUAL, stop).await;
    }
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    Extension(Stopping(stop)): Extension<Stopping>,
    request: Request,
) -> Response {
    if let Some(listener) = Listener::of(request.uri().path()) {
        return listen(&shared, listener, request).await;
    }
    let wanted = shared.handle.wanted();
    if wanted.is_none() && !shared.handle.is_overtaking() {
        return deliver(shared, stop, request).await;
    }
    let (caller, channel) = shared.attribute(&request);
    match wanted.map_or(Fate::AsUsual, |wanted| disturbance::fate(&wanted, &caller, channel)) {
        Fate::AsUsual => {
            let (method, path) = (request.method(), request.uri().path());
            match shared.handle.overtaken(|what| what.fits(&caller, method, path)) {
                Some((what, end)) => overtaken(shared, stop, request, what, end).await,
                None => deliver(shared, stop, request).await,
            }
        }
        Fate::Later(wait) => {
            // A lesson's own delay, bounded by its vocabulary: what is waited for is the passing of time.
            tokio::time::sleep(wait).await;
            deliver(shared, stop, request).await
        }
        Fate::WithPolicy(policy) => {
            // One more header beside the page's own: a browser obeys both, and none can allow what another forbids.
            deliver_with(shared, stop, request, Some(HeaderValue::from_static(policy))).await
        }
        Fate::Lost => {
            let note = note_of(&shared, &request);
            note.taken_in(request).await.cut_off()
        }
        Fate::Answered(status) => {
            let note = note_of(&shared, &request);
            note.taken_in(request).await.answered(status.as_u16(), &HeaderMap::new(), &Passing::default());
            (status, [(header::CACHE_CONTROL, "no-store")]).into_response()
        }
        Fate::Silence => {
            let note = note_of(&shared, &request).taken_in(request).await;
            stop.cancelled().await;
            note.cut_off()
        }
        Fate::Endless => {
            // Written down now: a browser waits for a frame as long as its page is there.
            note_of(&shared, &request).taken_in(request).await.failed("nothing comes, and the browser goes on waiting");
            stop.cancelled().await;
            StatusCode::BAD_GATEWAY.into_response()
        }
        Fate::Deaf => {
            let answer = deliver(shared, stop.clone(), request).await;
            // To its end, so that what the part said is written down; whoever asked never reads it.
            let _ = axum::body::to_bytes(answer.into_body(), capture::CAPTURE_LIMIT).await;
            stop.cancelled().await;
            StatusCode::BAD_GATEWAY.into_response()
        }
        Fate::Queued(wait) => {
            let (parts, body) = request.into_parts();
            let Ok(body) = axum::body::to_bytes(body, capture::CAPTURE_LIMIT).await else {
                return StatusCode::PAYLOAD_TOO_LARGE.into_response();
            };
            let again = |body: &Bytes| Request::from_parts(parts.clone(), Body::from(body.clone()));
            let (now, later) = (again(&body), again(&body));
            let note = note_of(&shared, &now).taken_in(now).await;
            note.answered(StatusCode::OK.as_u16(), &HeaderMap::new(), &Passing::default());
            let resets = shared.handle.resets();
            tokio::spawn(async move {
                // The queue's own time, bounded by the vocabulary. What waits in it ends with the lesson and with the lab.
                let over = stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_none();
                if !over && shared.handle.resets() == resets {
                    let answer = deliver(shared, stop, later).await;
                    let _ = axum::body::to_bytes(answer.into_body(), capture::CAPTURE_LIMIT).await;
                }
            });
            (StatusCode::OK, [(header::CACHE_CONTROL, "no-store")]).into_response()
        }
        Fate::Twice => {
            let (parts, body) = request.into_parts();
            let Ok(body) = axum::body::to_bytes(body, capture::CAPTURE_LIMIT).await else {
                return StatusCode::PAYLOAD_TOO_LARGE.into_response();
            };
            let once = Request::from_parts(parts.clone(), Body::from(body.clone()));
            let first = deliver(shared.clone(), stop.clone(), once).await;
            // The first delivery has to be over before the second begins, or the lesson shows a race.
            let _ = axum::body::to_bytes(first.into_body(), capture::CAPTURE_LIMIT).await;
            deliver(shared, stop, Request::from_parts(parts, Body::from(body))).await
        }
    }
}

/// Answers for a listener, and writes down that it was asked.
async fn listen(shared: &Arc<Shared>, listener: Listener, request: Request) -> Response {
    let shared = Arc::new(Shared {
        owner: listener.party(),
        registry: listener.known(),
        // What comes here is no letter to the portal behind this tap.
        handle: Handle::default(),
        ..shared.as_ref().clone()
    });
    let note = note_of(&shared, &request).taken_in(request).await;
    let headers = HeaderMap::from_iter([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]);
    note.answered(StatusCode::OK.as_u16(), &headers, &Passing::default());
    (StatusCode::OK, headers, "One of the lab's listeners.\n").into_response()
}

/// Forwards a request, and ends a session before the part that counts of it has arrived.
async fn overtaken(
    shared: Arc<Shared>,
    stop: CancellationToken,
    request: Request,
    what: Overtaking,
    end: Ender,
) -> Response {
    match what {
        Overtaking::TokensFor(_) => {
            let (parts, body) = deliver(shared, stop, request).await.into_parts();
            let Ok(body) = axum::body::to_bytes(body, capture::CAPTURE_LIMIT).await else {
                return StatusCode::BAD_GATEWAY.into_response();
            };
            if let Some(sid) = tokens::session_of(&body) {
                end(sid).await;
            }
            Response::from_parts(parts, Body::from(body))
        }
        Overtaking::PostOf(sid) => {
            let (mut parts, body) = request.into_parts();
            let Ok(body) = axum::body::to_bytes(body, capture::CAPTURE_LIMIT).await else {
                return StatusCode::PAYLOAD_TOO_LARGE.into_response();
            };
            // Trap: with a length of 0 nobody would ever ask for the body, and so for the logout.
            parts.headers.remove(header::CONTENT_LENGTH);
            deliver(shared, stop, Request::from_parts(parts, late_body(body, sid, end))).await
        }
    }
}

/// An exchange that this tap ends by itself.
fn note_of(shared: &Arc<Shared>, request: &Request) -> Note {
    let asked = Asked {
        method: request.method().clone(),
        uri: request.uri().clone(),
        headers: request.headers().clone(),
        body: Arc::new(Mutex::new(Passing::default())),
    };
    Note { shared: shared.clone(), asked, ticket: Some(shared.recorder.begin()) }
}

/// Forwards a request, and writes the exchange down.
async fn deliver(shared: Arc<Shared>, stop: CancellationToken, request: Request) -> Response {
    deliver_with(shared, stop, request, None).await
}

/// The same, and the page gets this policy beside its own, which is written down as if it were the part's.
async fn deliver_with(
    shared: Arc<Shared>,
    stop: CancellationToken,
    request: Request,
    policy: Option<HeaderValue>,
) -> Response {
    let ticket = shared.recorder.begin();
    let upstream = shared.upstream.choose(request.headers(), || shared.attribute(&request).0);
    let (parts, body) = request.into_parts();
    let kept = Arc::new(Mutex::new(Passing::default()));
    let asked = Asked {
        method: parts.method.clone(),
        uri: parts.uri.clone(),
        headers: parts.headers.clone(),
        body: kept.clone(),
    };
    let note = Note { shared: shared.clone(), asked, ticket: Some(ticket) };

    let mut outgoing = Request::from_parts(parts, Body::new(Tee::new(body, kept, |_| {})));
    let upgrading = outgoing.headers().contains_key(header::UPGRADE);
    let browser_side = upgrading.then(|| hyper::upgrade::on(&mut outgoing));
    *outgoing.uri_mut() = target(&upstream, outgoing.uri());
    *outgoing.version_mut() = Version::HTTP_11;
    strip(outgoing.headers_mut(), upgrading);

    let mut answer = match shared.client.request(outgoing).await {
        Ok(answer) => answer,
        Err(error) => return note.unreachable(&error),
    };
    if let (StatusCode::SWITCHING_PROTOCOLS, Some(browser_side)) = (answer.status(), browser_side) {
        let upstream_side = hyper::upgrade::on(&mut answer);
        tokio::spawn(async move { stop.run_until_cancelled(join(browser_side, upstream_side)).await });
        note.head_only(&answer);
        return answer.map(Body::new);
    }
    strip(answer.headers_mut(), false);
    if let Some(policy) = policy {
        answer.headers_mut().append(header::CONTENT_SECURITY_POLICY, policy);
    }
    if is_stream(answer.headers()) {
        note.head_only(&answer);
        return answer.map(Body::new);
    }
    forward(note, answer)
}

/// Hands the answer on and writes the exchange down when its last byte has passed.
fn forward(note: Note, answer: hyper::Response<Incoming>) -> Response {
    let (parts, body) = answer.into_parts();
    let (status, headers) = (parts.status.as_u16(), parts.headers.clone());
    if body.is_end_stream() {
        note.answered(status, &headers, &Passing::default());
        return Response::from_parts(parts, Body::empty());
    }
    let kept = Arc::new(Mutex::new(Passing::default()));
    let passing = kept.clone();
    let tee = Tee::new(body, kept, move |end| match end {
        End::Complete => note.answered(status, &headers, &passing.lock().unwrap_or_else(PoisonError::into_inner)),
        // A browser drops what is no image at its head, or a moment later: what was answered is known either way.
        End::Dropped if is_for_an_image(&note.asked.headers) => note.answered(status, &headers, &Passing::default()),
        End::Dropped => drop(note),
        End::Broken => note.failed("the answer broke off"),
    });
    Response::from_parts(parts, Body::new(tee))
}

impl Shared {
    /// Who asks, over which channel, as far as the head of a request tells.
    fn attribute(&self, request: &Request) -> (Party, Channel) {
        self.registry.attribute(&Seen {
            at: &self.owner,
            method: request.method(),
            path: request.uri().path(),
            headers: request.headers(),
            client_id: None,
        })
    }
}

async fn join(browser_side: hyper::upgrade::OnUpgrade, upstream_side: hyper::upgrade::OnUpgrade) {
    if let (Ok(browser), Ok(upstream)) = tokio::join!(browser_side, upstream_side) {
        // An error here is one side hanging up, which is how upgraded connections end.
        let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(browser), &mut TokioIo::new(upstream)).await;
    }
}

fn target(upstream: &Url, asked: &Uri) -> Uri {
    let path = asked.path_and_query().map_or("/", |path| path.as_str());
    let port = upstream.port_or_known_default().unwrap_or(80);
    let host = upstream.host_str().unwrap_or("localhost");
    format!("{}://{host}:{port}{path}", upstream.scheme()).parse().unwrap_or_else(|_| Uri::from_static("/"))
}

fn strip(headers: &mut HeaderMap, upgrading: bool) {
    for name in &HOP_BY_HOP {
        let needed = upgrading && (*name == header::UPGRADE || *name == header::CONNECTION);
        if !needed {
            headers.remove(name);
        }
    }
    headers.remove(BROWSER_HEADER);
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    if let Some(own) = agent.and_then(driven).and_then(|(own, _)| HeaderValue::from_str(own).ok()) {
        headers.insert(header::USER_AGENT, own);
    }
    headers.remove(PROBE_HEADER);
    headers.remove(STRANGER_HEADER);
}

fn is_for_an_image(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-dest").is_some_and(|value| value == "image")
}

fn is_stream(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
}
