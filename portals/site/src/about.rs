//! What every portal says about itself, for monitoring and for the curious.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::faults::Fault;
use crate::portal::App;
use crate::settings::Kind;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/health", get(health)).route("/info", get(info))
}

/// Says that the portal answers. It does not ask the provider: a portal whose provider is down is not down itself.
/// Without its session store it is: 503, and who runs it reads why.
async fn health(State(app): State<App>) -> (StatusCode, Json<Value>) {
    let portal = app.settings.kind;
    // The external portal has no sessions on the server.
    let asked = if portal == Kind::External { Ok(()) } else { app.sessions.ping().await };
    match asked {
        Ok(()) => {
            let mut answer = json!({"status": "ok", "portal": portal});
            if app.faults.on(Fault::P21bHealthTells) {
                answer["signed_in"] = app.sessions.signed_in().await.map_or(0, |(sessions, _)| sessions).into();
            }
            (StatusCode::OK, Json(answer))
        }
        Err(away) => {
            let store = app.settings.store.word();
            let answer = json!({"status": "store-away", "portal": portal, "store": store, "why": away.why});
            (StatusCode::SERVICE_UNAVAILABLE, Json(answer))
        }
    }
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
