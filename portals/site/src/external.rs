//! The external portal: a pure single-page app. This server hands out files and knows nobody.
//!
//! Sign-in, tokens and sign-out live in the browser (`static/external.js`). There is no session here and so no cookie, and
//! no server that a back channel could tell anything: the provider's logout page opens [`frontchannel::page`] in the
//! browser instead. What that can reach there, and what it cannot, is the lesson of this portal. [`AppOptions`] is what a
//! lesson may choose about the script.

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Value, json};

mod options;

use crate::error::Trouble;
use crate::frame::{Frameable, Nonce};
use crate::frontchannel;
use crate::portal::App;
pub(crate) use options::Chosen;
pub use options::{AppOptions, Library, Monitor, NotStored, Tokens};

/// Where answers to questions without a person arrive (`prompt=none`), in a frame of the app.
const SILENT_CALLBACK: &str = "/silent-callback";

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(shell))
        .route("/callback", get(shell))
        .route("/signed-out", get(shell))
        .route(SILENT_CALLBACK, get(silent_callback))
        .route("/config.json", get(config))
        .route("/logout", get(frontchannel::page))
        .route("/logout.html", get(frontchannel::page))
}

/// The page of the app. The answer to a sign-in comes to the same page: its script reads the code from the address.
async fn shell(State(app): State<App>, Extension(nonce): Extension<Nonce>) -> Result<Html<String>, Trouble> {
    app.pages.render("external/app.html", &nonce, json!({"library": app.chosen.get().library}))
}

/// The page in the app's own hidden frame. Its address carries a code, so nobody else may frame it.
async fn silent_callback(State(app): State<App>, Extension(nonce): Extension<Nonce>) -> Result<Response, Trouble> {
    let values = json!({"library": app.chosen.get().library});
    let html = app.pages.render("external/silent_callback.html", &nonce, values)?;
    Ok((Extension(Frameable::ByThisPortal), html).into_response())
}

/// What the script must know. Nothing in it is secret: a public client has no secret, for it could not keep one.
async fn config(State(app): State<App>) -> Json<Value> {
    let settings = &app.settings;
    let chosen = app.chosen.get();
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
        "silent_redirect_uri": settings.own_url(SILENT_CALLBACK),
        "tokens": chosen.tokens,
        "monitor": chosen.monitor,
        "library": chosen.library,
        "silent_sign_in": chosen.silent_sign_in,
    }))
}
