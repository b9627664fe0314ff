//! The admin dashboard: rendered on the server, works without a script.
//!
//! Every page is made anew from the session, so a logout by the back channel shows at the next click. What is special here
//! are the roles: everybody may look who is an employee, but only an approver or admin may decide ([`items`]), and it is
//! the server that says no, not a hidden button.

use axum::extract::{Query, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::json;
use tower_sessions::Session;

use crate::error::Trouble;
use crate::frame::Nonce;
use crate::journal::Step;
use crate::oidc::{refresh, sign_in, sign_out};
use crate::portal::App;
use crate::session::{Browser, Ending, SignedIn};
use crate::{backchannel, frontchannel, session, shown};

mod approvals;
mod dashboard;
mod items;

pub(crate) use approvals::Approvals;

/// The name of this portal's cookie; see [`session::layer`] for what it may and may not do.
const COOKIE: &str = "admin_session";
/// Who may look.
const NEEDED: &str = "employee";

pub(crate) fn routes(app: &App) -> Router<App> {
    let with_sessions = Router::new()
        .route("/admin/login", get(login))
        .route("/admin/auth", get(auth))
        .route("/admin/callback", get(callback))
        .route("/admin/dashboard", get(dashboard::dashboard))
        .route("/admin/session", get(own_session))
        .route("/admin/logout", get(ask_logout).post(logout))
        .route("/admin/signed-out", get(signed_out))
        .route("/admin/items/review-all", post(items::review_all))
        .route("/admin/items/{id}/{verb}", post(items::decide))
        .route("/logout", get(frontchannel::logout))
        .route("/logout.html", get(frontchannel::logout));
    session::layered(with_sessions, app, COOKIE)
        .route("/", get(async || Redirect::to("/admin/dashboard")))
        .route("/admin", get(async || Redirect::to("/admin/dashboard")))
        // No session layer here: the provider's server has no cookie.
        .route(backchannel::PATH, post(backchannel::logout))
}

#[derive(Deserialize)]
struct Arrival {
    /// Why the visitor is here: the word of an [`Ending`]. Any other text is ignored, never shown.
    why: Option<String>,
}

async fn login(
    State(app): State<App>,
    session: Session,
    Extension(nonce): Extension<Nonce>,
    Query(arrival): Query<Arrival>,
) -> Result<Response, Trouble> {
    if session::signed_in(&app.sessions, &session).await?.is_some() {
        return Ok(Redirect::to("/admin/dashboard").into_response());
    }
    let reason = arrival.why.as_deref().and_then(Ending::of_word).map(Ending::text);
    Ok(app.pages.render("admin/login.html", &nonce, json!({ "reason": reason }))?.into_response())
}

async fn auth(State(app): State<App>, browser: Browser) -> Result<Redirect, Trouble> {
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
    session::onward(&app, &nonce, "/admin/dashboard")
}

/// Asks first: a link or an image must not sign anybody out.
async fn ask_logout(
    State(app): State<App>,
    session: Session,
    Extension(nonce): Extension<Nonce>,
) -> Result<Response, Trouble> {
    let Some(who) = session::signed_in(&app.sessions, &session).await? else {
        return Ok(Redirect::to("/admin/login").into_response());
    };
    Ok(app.pages.render("admin/logout.html", &nonce, json!({ "user": shown::user(&who) }))?.into_response())
}

async fn logout(State(app): State<App>, browser: Browser) -> Result<Redirect, Trouble> {
    let url = sign_out::begin(&app, &browser).await?;
    Ok(Redirect::to(url.as_ref().map_or("/admin/login", |url| url.as_str())))
}

async fn signed_out(
    State(app): State<App>,
    browser: Browser,
    Extension(nonce): Extension<Nonce>,
    RawQuery(query): RawQuery,
) -> Result<Html<String>, Trouble> {
    let own = sign_out::finish(&app, &browser, query.as_deref().unwrap_or_default()).await?.is_ok();
    app.pages.render("signed_out.html", &nonce, json!({ "state_ok": own }))
}

/// Who is signed in, for probes and scripts: 200 or 401. Asking does not prolong the session.
async fn own_session(State(app): State<App>, session: Session) -> Result<Response, Trouble> {
    Ok(match session::signed_in(&app.sessions, &session).await? {
        Some(who) => Json(json!({"username": who.username, "sid": who.sid})).into_response(),
        None => (StatusCode::UNAUTHORIZED, Json(json!({"error": "not_signed_in"}))).into_response(),
    })
}

/// The person who is signed in and may look, or the answer that everybody else gets: the way to the sign-in, with the
/// reason if a session ended just now, or a page that names the missing role.
async fn employee(app: &App, session: &Session, nonce: &Nonce) -> Result<Result<SignedIn, Response>, Trouble> {
    let id = session.id();
    let Some(who) = refresh::active(app, session).await? else {
        let ending = match id {
            Some(id) => app.sessions.last_words(id).await?,
            None => None,
        };
        let login = ending.map_or("/admin/login".to_owned(), |ending| format!("/admin/login?why={}", ending.word()));
        return Ok(Err(Redirect::to(&login).into_response()));
    };
    if who.has(NEEDED) { Ok(Ok(who)) } else { Ok(Err(forbidden(app, &who, nonce, NEEDED)?)) }
}

/// 403, not a redirect to the sign-in: that would come straight back, because the person is signed in already.
fn forbidden(app: &App, who: &SignedIn, nonce: &Nonce, needed: &str) -> Result<Response, Trouble> {
    app.journal.record(Step::RoleMissing, format!("{} lacks the role {needed}", who.username), &[]);
    let page = app.pages.render("forbidden.html", nonce, json!({"user": shown::user(who), "needed": needed}))?;
    Ok((StatusCode::FORBIDDEN, page).into_response())
}
