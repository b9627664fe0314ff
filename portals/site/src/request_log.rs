//! One line for each request, without anything secret: a query may hold a code, so only the path is written.
//!
//! Every request gets an id of its own. It stands in the line and in the answer (`x-request-id`), so that a person who sees
//! an error can name the line that belongs to it. An id that a visitor sends is not used: it could be anything.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

use crate::portal::App;

/// Name of the header.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Runs the request, writes its line and counts it.
pub(crate) async fn write(State(app): State<App>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let id = format!("{:016x}", rand::random::<u64>());
    let portal = app.settings.kind.word();
    let span = tracing::info_span!(target: "portal::http", "request", id, portal);
    let started = Instant::now();
    let mut answer = next.run(request).instrument(span.clone()).await;
    let (took, status) = (started.elapsed(), answer.status().as_u16());
    app.journal.metrics().answered(&method, status, took);
    span.in_scope(|| {
        tracing::info!(target: "portal::http", "{method} {path:?} {status} {} ms", took.as_millis());
    });
    if let Ok(id) = HeaderValue::from_str(&id) {
        answer.headers_mut().insert(REQUEST_ID, id);
    }
    answer
}
