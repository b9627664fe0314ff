//! What every portal says about itself, for monitoring and for the curious.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::faults::Fault;
use crate::portal::App;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/health", get(health)).route("/info", get(info))
}

/// Says that the portal answers. It does not ask the provider: a portal whose provider is down is not down itself.
async fn health(State(app): State<App>) -> Json<Value> {
    let mut answer = json!({"status": "ok", "portal": app.settings.kind});
    if app.faults.on(Fault::P21bHealthTells) {
        answer["signed_in"] = app.sessions.signed_in().0.into();
    }
    Json(answer)
}

async fn info(State(app): State<App>) -> Json<Value> {
    let settings = &app.settings;
    Json(json!({
        "name": settings.kind.title(),
        "kind": settings.kind,
        "issuer": settings.issuer_text(),
        "client_id": settings.client_id,
        "logout_channel": settings.kind.channel(),
    }))
}
