//! The server side of the control interface.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::{StreamExt as _, stream};
use lab_trace::Event;
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::messages::Refused;
use crate::acts::Act;
use crate::console::lessons::Ask;
use crate::console::{self, lessons};
use crate::control::client::LabClient;
use crate::faults::{Change, Named};
use crate::state::Record;
use crate::trouble::{Kind, Trouble};
use crate::world::Parts;

/// How long `api/events` waits for exchanges that are under way.
const SETTLE: Duration = Duration::from_secs(20);

#[derive(Clone)]
struct Shared {
    parts: Arc<Parts>,
    token: Arc<str>,
    /// The way in that everybody uses, for those who act in the lab's name.
    lab: LabClient,
    stop: CancellationToken,
}

/// The control interface of a lab, which needs the run's token, and the `open` pages beside it, which do not. No request gets
/// here that a browser was led to under another name than this computer's.
pub(crate) fn router(parts: Arc<Parts>, record: &Record, stop: CancellationToken, open: Router) -> Router {
    let shared = Shared { parts, token: Arc::from(record.token.as_str()), lab: record.client(), stop };
    let api = Router::new()
        .route("/api/status", get(status))
        .route("/api/topology", get(topology))
        .route("/api/chosen", get(chosen))
        .route("/api/mark", get(mark))
        .route("/api/events", get(events))
        .route("/api/feed", get(feed))
        .route("/api/reset", post(reset))
        .route("/api/sessions/{username}", get(sessions))
        .route("/api/logout-settings", get(logout_settings))
        .route("/api/realm", get(export_realm))
        .route("/api/faults", get(faults).post(switch_faults))
        .route("/api/act", post(act))
        .route("/api/lesson", post(lesson))
        .route("/api/keycloak-events", get(keycloak_events))
        .route("/api/reach", post(reach))
        .route("/api/stop", post(stop_lab))
        .layer(middleware::from_fn_with_state(shared.clone(), guard));
    api.with_state(shared).merge(open).layer(middleware::from_fn(console::own_host_only))
}

/// Only who can read the lab's state file has the token.
async fn guard(State(shared): State<Shared>, headers: HeaderMap, request: Request, next: Next) -> Response {
    if brings(&headers, &shared.token) { next.run(request).await } else { unauthorised() }
}

/// Whether a request brings this token.
pub(crate) fn brings(headers: &HeaderMap, token: &str) -> bool {
    let given = headers.get(header::AUTHORIZATION).map(header::HeaderValue::as_bytes).unwrap_or_default();
    same(given, format!("Bearer {token}").as_bytes())
}

/// The answer to a request that does not bring it.
pub(crate) fn unauthorised() -> Response {
    (StatusCode::UNAUTHORIZED, "the run's token is missing or wrong\n").into_response()
}

/// Compares without telling by its duration where the difference is.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

async fn status(State(shared): State<Shared>) -> Response {
    Json(shared.parts.status().await).into_response()
}

async fn topology(State(shared): State<Shared>) -> Response {
    Json(&shared.parts.topology).into_response()
}

async fn chosen(State(shared): State<Shared>) -> Response {
    Json(&shared.parts.chosen).into_response()
}

async fn mark(State(shared): State<Shared>) -> Response {
    Json(shared.parts.recorder.mark()).into_response()
}

#[derive(Deserialize)]
struct After {
    after: u64,
}

async fn events(State(shared): State<Shared>, Query(After { after }): Query<After>) -> Response {
    if shared.parts.recorder.settled(SETTLE).await {
        Json(shared.parts.recorder.since(after)).into_response()
    } else {
        (StatusCode::GATEWAY_TIMEOUT, "an exchange is still under way after 20 s\n").into_response()
    }
}

/// Events as they end, one JSON object a line, until the reader leaves or the lab stops.
async fn feed(State(shared): State<Shared>) -> Response {
    let receiver = shared.parts.recorder.subscribe();
    let lines = stream::unfold(receiver, |mut receiver| async {
        loop {
            match receiver.recv().await {
                Ok(event) => return Some((line(&event), receiver)),
                // A slow reader misses events; the lab does not wait for it.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    let until = shared.stop.clone().cancelled_owned();
    let body = Body::from_stream(lines.take_until(until).map(Ok::<_, std::convert::Infallible>));
    ([(header::CONTENT_TYPE, "application/x-ndjson"), (header::CACHE_CONTROL, "no-store")], body).into_response()
}

fn line(event: &Event) -> Bytes {
    let mut text = serde_json::to_vec(event).unwrap_or_default();
    text.push(b'\n');
    text.into()
}

async fn reset(State(shared): State<Shared>) -> Response {
    answer(to_the_end(async move { shared.parts.reset().await }).await)
}

async fn sessions(State(shared): State<Shared>, Path(username): Path<String>) -> Response {
    answer(shared.parts.admin.sessions_with_clients(&username).await)
}

async fn logout_settings(State(shared): State<Shared>) -> Response {
    answer(shared.parts.admin.logout_settings().await)
}

async fn faults(State(shared): State<Shared>) -> Response {
    Json(shared.parts.faults.told().await).into_response()
}

async fn switch_faults(State(shared): State<Shared>, Json(change): Json<Change>) -> Response {
    let named = |names: &[String]| names.iter().map(|name| name.parse::<Named>()).collect::<Result<Vec<_>, _>>();
    match (named(&change.on), named(&change.off)) {
        (Ok(on), Ok(off)) => answer(shared.parts.switch_faults(&on, &off).await),
        (Err(unknown), _) | (_, Err(unknown)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, format!("{unknown}\n")).into_response()
        }
    }
}

async fn act(State(shared): State<Shared>, Json(act): Json<Act>) -> Response {
    if act.is_finished_once_begun() {
        return answer(to_the_end(async move { shared.parts.act(act).await }).await);
    }
    answer(shared.parts.act(act).await)
}

/// Does it to its end, also when whoever asked for it goes away meanwhile, which drops what is only awaited.
async fn to_the_end(work: impl Future<Output = Result<(), Trouble>> + Send + 'static) -> Result<(), Trouble> {
    tokio::spawn(work).await.unwrap_or_else(|error| {
        Err(Trouble::new(
            Kind::Part,
            "the lab did not finish what it was asked for",
            "a fault of the lab: nobody knows how far it came",
            "start the lab anew, and report it, please",
        )
        .caused_by(error))
    })
}

/// Opens a lesson or says something to the open one.
async fn lesson(State(shared): State<Shared>, Json(ask): Json<Ask>) -> Response {
    answer(lessons::ask(shared.parts.lessons.as_ref(), Some(shared.lab.clone()), ask).await)
}

async fn keycloak_events(State(shared): State<Shared>) -> Response {
    answer(shared.parts.admin.events().await)
}

async fn export_realm(State(shared): State<Shared>) -> Response {
    answer(shared.parts.admin.export_realm().await)
}

async fn reach(State(shared): State<Shared>) -> Response {
    answer(shared.parts.reach().await)
}

async fn stop_lab(State(shared): State<Shared>) -> Response {
    shared.stop.cancel();
    Json(()).into_response()
}

/// A result, or the trouble with its family.
pub(crate) fn answer<T: serde::Serialize>(result: Result<T, Trouble>) -> Response {
    match result {
        Ok(value) => Json(value).into_response(),
        Err(trouble) => {
            let status = if trouble.kind == Kind::Safety { StatusCode::FORBIDDEN } else { StatusCode::BAD_GATEWAY };
            let cause = std::error::Error::source(&trouble).map(|source| format!(" ({source})")).unwrap_or_default();
            let Trouble { kind, what, means, action, .. } = trouble;
            (status, Json(Refused { kind, what: format!("{what}{cause}"), means, action })).into_response()
        }
    }
}
