//! The external portal: a pure single-page app. This server hands out files and knows nobody.
//!
//! Sign-in, tokens and sign-out live in the browser (`static/external.js`). There is no session here and so no cookie, and
//! no server that a back channel could tell anything: the provider's logout page opens [`frontchannel::page`] in the
//! browser instead. What that can reach there, and what it cannot, is the lesson of this portal.

use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Value, json};

use crate::error::Trouble;
use crate::frame::Nonce;
use crate::frontchannel;
use crate::portal::App;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(shell))
        .route("/callback", get(shell))
        .route("/signed-out", get(shell))
        .route("/config.json", get(config))
        .route("/logout", get(frontchannel::page))
        .route("/logout.html", get(frontchannel::page))
}

/// The page of the app. The answer to a sign-in comes to the same page: its script reads the code from the address.
async fn shell(State(app): State<App>, Extension(nonce): Extension<Nonce>) -> Result<Html<String>, Trouble> {
    app.pages.render("external/app.html", &nonce, json!({}))
}

/// What the script must know. Nothing in it is secret: a public client has no secret, for it could not keep one.
async fn config(State(app): State<App>) -> Json<Value> {
    let settings = &app.settings;
    let siblings: Vec<Value> = settings
        .siblings
        .iter()
        .map(|sibling| json!({"kind": sibling.kind, "name": sibling.kind.title(), "url": sibling.url}))
        .collect();
    Json(json!({
        "authority": settings.issuer_text(),
        "client_id": settings.client_id,
        "redirect_uri": settings.own_url(settings.kind.callback_path()),
        "post_logout_redirect_uri": settings.own_url(settings.kind.signed_out_path()),
        "scope": "openid profile email",
        "siblings": siblings,
        "monitor": "none",
    }))
}
