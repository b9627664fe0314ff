//! The proxy itself: one public port, one private upstream.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri, Version, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use lab_trace::{Answer, Body as Kept, Channel, EventKind, Exchange, Party};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::attribution::{self, Registry, Seen};
use super::capture::{self, Passing};
use super::disturbance::{self, Fate, Handle};
use super::mask::Masker;
use super::tee::{End, Tee};
use super::{BROWSER_HEADER, PROBE_HEADER, STRANGER_HEADER};
use crate::http::ensure_crypto;
use crate::listening::{self, Limits};
use crate::recorder::{Recorder, Ticket};

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

struct Shared {
    owner: Party,
    upstream: Url,
    registry: Registry,
    masker: Masker,
    recorder: Recorder,
    client: Client<HttpsConnector<HttpConnector>, Body>,
    handle: Handle,
}

/// The word to stop, for connections that no request holds any more.
#[derive(Clone)]
struct Stopping(CancellationToken);

/// What is known of an exchange before its answer.
struct Asked {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Arc<Mutex<Passing>>,
}

/// Writes the exchange down exactly once, also when the handler is dropped because the caller went away.
struct Note {
    shared: Arc<Shared>,
    asked: Asked,
    ticket: Option<Ticket>,
}

impl Tap {
    /// A tap before `upstream` (scheme, host and port count; its path does not), owned by `owner`.
    pub fn new(owner: Party, upstream: Url, registry: Registry, masker: Masker, recorder: Recorder) -> Self {
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
        Self { shared: Arc::new(Shared { owner, upstream, registry, masker, recorder, client, handle }) }
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
    let Some(wanted) = shared.handle.wanted() else { return deliver(shared, stop, request).await };
    let (caller, channel) = shared.registry.attribute(&Seen {
        at: &shared.owner,
        method: request.method(),
        path: request.uri().path(),
        headers: request.headers(),
        client_id: None,
    });
    match disturbance::fate(&wanted, &caller, channel) {
        Fate::AsUsual => deliver(shared, stop, request).await,
        Fate::Later(wait) => {
            // A lesson's own delay, bounded by its vocabulary: what is waited for is the passing of time.
            tokio::time::sleep(wait).await;
            deliver(shared, stop, request).await
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
        Fate::Deaf => {
            let answer = deliver(shared, stop.clone(), request).await;
            // To its end, so that what the part said is written down; whoever asked never reads it.
            let _ = axum::body::to_bytes(answer.into_body(), capture::CAPTURE_LIMIT).await;
            stop.cancelled().await;
            StatusCode::BAD_GATEWAY.into_response()
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
    let ticket = shared.recorder.begin();
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
    *outgoing.uri_mut() = target(&shared.upstream, outgoing.uri());
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
        End::Dropped => drop(note),
        End::Broken => note.failed("the answer broke off"),
    });
    Response::from_parts(parts, Body::new(tee))
}

impl Note {
    fn answered(mut self, status: u16, headers: &HeaderMap, body: &Passing) {
        let answer = self.response(status, headers, body.body(headers, &self.shared.masker));
        self.write(answer);
    }

    /// For streams and upgraded connections: what follows the head has no end to wait for.
    fn head_only(mut self, answer: &hyper::Response<Incoming>) {
        let body = Kept::Other { media_type: "stream".to_owned(), bytes: 0 };
        let answer = self.response(answer.status().as_u16(), answer.headers(), body);
        self.write(answer);
    }

    /// Reads the request to its end, so that the lesson can show what was sent.
    async fn taken_in(self, request: Request) -> Self {
        if let Ok(body) = axum::body::to_bytes(request.into_body(), capture::CAPTURE_LIMIT).await {
            self.asked.body.lock().unwrap_or_else(PoisonError::into_inner).push(&body);
        }
        self
    }

    /// Nothing comes back, as far as the caller can tell. A proxy cannot make a connection fail that it has accepted, so
    /// it says what a gateway says.
    fn cut_off(self) -> Response {
        self.failed("the lab has cut it off");
        let text = "502: cut off by a lesson of the lab; `cargo xtask lab reset` ends that.\n";
        (StatusCode::BAD_GATEWAY, [(header::CACHE_CONTROL, "no-store")], text).into_response()
    }

    fn failed(mut self, reason: &str) {
        self.write(Answer::NoAnswer { reason: reason.to_owned() });
    }

    fn unreachable(self, error: &hyper_util::client::legacy::Error) -> Response {
        let what = if error.is_connect() { "nothing listens there" } else { "it broke off" };
        let owner = self.shared.owner.to_string();
        tracing::debug!(%error, owner, "upstream did not answer");
        self.failed(what);
        let text = format!(
            "502: the lab's tap is here, but {owner} behind it did not answer ({what}).\n\
             It may be starting, stopped or broken: look at `cargo xtask lab status` and `cargo xtask lab logs {owner}`.\n"
        );
        (StatusCode::BAD_GATEWAY, [(header::CACHE_CONTROL, "no-store")], text).into_response()
    }

    fn response(&self, status: u16, headers: &HeaderMap, body: Kept) -> Answer {
        let masker = &self.shared.masker;
        Answer::Response {
            status,
            headers: capture::headers(headers, masker),
            set_cookies: capture::set_cookies(headers, masker),
            location: capture::location(headers, masker),
            body,
        }
    }

    fn write(&mut self, answer: Answer) {
        let Some(ticket) = self.ticket.take() else { return };
        let (shared, asked) = (&self.shared, &self.asked);
        let query = capture::query(&asked.uri, &shared.masker);
        let body = asked.body.lock().unwrap_or_else(PoisonError::into_inner).body(&asked.headers, &shared.masker);
        let fields = if let Kept::Form { fields } = &body { fields.as_slice() } else { &[] };
        let client_id = attribution::client_id(&asked.headers, &query, fields);
        let (path, headers) = (asked.uri.path(), &asked.headers);
        let seen = Seen { at: &shared.owner, method: &asked.method, path, headers, client_id: client_id.as_deref() };
        let (caller, channel) = shared.registry.attribute(&seen);
        if channel == Channel::BackChannel {
            let body = asked.body.lock().unwrap_or_else(PoisonError::into_inner);
            shared.handle.keep(body.form_field("logout_token"));
        }
        let exchange = Exchange {
            took_us: ticket.took_us(),
            caller,
            callee: shared.owner.clone(),
            channel,
            method: asked.method.to_string(),
            path: path.to_owned(),
            query,
            headers: capture::headers(headers, &shared.masker),
            cookies: capture::cookies(headers, &shared.masker),
            body,
            answer,
            housekeeping: channel == Channel::Probe || attribution::is_housekeeping(&asked.method, path),
        };
        ticket.finish(EventKind::Exchange(Box::new(exchange)));
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        self.write(Answer::Aborted);
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
    headers.remove(PROBE_HEADER);
    headers.remove(STRANGER_HEADER);
}

fn is_stream(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
}
