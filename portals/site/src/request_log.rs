//! One line for each request, without anything secret: a query may hold a code, so only the path is written.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::settings::Kind;

/// Runs the request and writes its line.
pub(crate) async fn write(State(portal): State<Kind>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let started = Instant::now();
    let answer = next.run(request).await;
    let milliseconds = started.elapsed().as_millis();
    let status = answer.status().as_u16();
    tracing::info!(target: "portal::http", portal = portal.word(), "{method} {path:?} {status} {milliseconds} ms");
    answer
}
