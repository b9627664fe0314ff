//! The internal portal: a single-page app with a server of its own (a "back end for the front end").
//!
//! The tokens stay on the server; the page holds a cookie that no script can read, and asks `/api/me`. Because there is a
//! server, the provider can tell it of a logout by the back channel, and it passes the news on to the open page
//! ([`events`]): that is what this portal shows and the others do not.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde_json::json;
use tower_sessions::Session;

use crate::error::Trouble;
use crate::faults::Fault;
use crate::frame::Nonce;
use crate::journal::Step;
use crate::oidc::{refresh, sign_in, sign_out};
use crate::portal::App;
use crate::session::Browser;
use crate::{backchannel, frontchannel, session, shown};

mod events;

/// The name of this portal's cookie; see [`session::layer`] for what it may and may not do.
const COOKIE: &str = "internal_session";
/// Who may use this portal.
const NEEDED: &str = "employee";

pub(crate) fn routes(app: &App) -> Router<App> {
    let with_sessions = Router::new()
        .route("/login", get(login))
        .route("/callback", get(callback))
        .route("/signout", post(signout))
        .route("/signed-out", get(signed_out))
        .route("/api/me", get(me))
        .route("/api/events", get(events::events))
        .route("/logout", get(frontchannel::logout))
        .route("/", get(shell));
    let with_sessions =
        if app.faults.on(Fault::P13GetSignOut) { with_sessions.route("/signout", get(signout)) } else { with_sessions };
    session::layered(with_sessions, app, COOKIE)
        // No session layer here: the provider's server has no cookie.
        .route(backchannel::PATH, post(backchannel::logout))
}

/// The page of the app, the same for everybody: it holds no user data. But who loads it is active, so this is the moment
/// to have the session confirmed.
async fn shell(
    State(app): State<App>,
    session: Session,
    Extension(nonce): Extension<Nonce>,
) -> Result<Html<String>, Trouble> {
    refresh::active(&app, &session).await?;
    app.pages.render("internal/app.html", &nonce, json!({}))
}

async fn login(State(app): State<App>, browser: Browser) -> Result<Redirect, Trouble> {
    let url = sign_in::begin(&app, &browser).await?;
    Ok(Redirect::to(url.as_str()))
}

async fn callback(
    State(app): State<App>,
    browser: Browser,
    Extension(nonce): Extension<Nonce>,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    sign_in::finish(&app, &browser, query.as_deref().unwrap_or_default()).await?;
    session::onward(&app, &nonce, "/")
}

/// A POST, because a GET could be an image on another site.
async fn signout(State(app): State<App>, browser: Browser) -> Result<Redirect, Trouble> {
    let url = sign_out::begin(&app, &browser).await?;
    Ok(Redirect::to(url.as_ref().map_or("/", |url| url.as_str())))
}

async fn signed_out(State(app): State<App>, browser: Browser, RawQuery(query): RawQuery) -> Result<Redirect, Trouble> {
    let own = sign_out::finish(&app, &browser, query.as_deref().unwrap_or_default()).await?.is_ok();
    Ok(Redirect::to(if own { "/?signed-out=1" } else { "/?signed-out=foreign" }))
}

/// Who is signed in, for the page's script. Asking does not prolong the session: a page that asks every minute would
/// keep it alive for ever.
async fn me(State(app): State<App>, session: Session) -> Result<Response, Trouble> {
    let Some(who) = session::signed_in(&app.sessions, &session).await? else {
        return Ok((StatusCode::UNAUTHORIZED, Json(json!({"error": "not_signed_in"}))).into_response());
    };
    // 403, not 401: signing in again would change nothing.
    if !who.has(NEEDED) {
        app.journal.record(Step::RoleMissing, format!("{} lacks the role {NEEDED}", who.username), &[]);
        let answer = json!({"error": "forbidden", "username": who.username, "needed": NEEDED});
        return Ok((StatusCode::FORBIDDEN, Json(answer)).into_response());
    }
    let answer = json!({
        "username": who.username,
        "name": who.name,
        "email": who.email,
        "roles": who.roles,
        "issuer": who.iss,
        "sid": who.sid,
        "signed_in_at": who.since,
        "expires_at": who.expires_at,
        "id_token": shown::token(&who.id_token),
        "access_token": shown::token(&who.access_token),
        "heard": shown::heard(&app.journal, |at| at.to_string()),
    });
    Ok(Json(answer).into_response())
}
