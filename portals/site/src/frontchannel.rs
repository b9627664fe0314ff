//! The front-channel logout request: the provider's logout page makes the user's browser ask for `/logout` in an iframe.
//!
//! Trap: it works as long as the browser sends this portal's cookie along from within a page of another site. On
//! `localhost` it does, since ports do not make a site; in production many browsers do not. That is why the two portals
//! with a server listen to the back channel, and keep this endpoint for a provider that is set up otherwise.

use std::sync::atomic::Ordering;

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use portal_protocol::{FrontChannelRefusal, FrontChannelRequest};
use serde_json::json;
use tower_sessions::Session;

use crate::error::Trouble;
use crate::faults::Fault;
use crate::frame::{Frameable, Nonce};
use crate::journal::Step;
use crate::portal::App;
use crate::session::{Ending, signed_in};

/// `GET /logout` of a portal that has sessions: ends the session of this browser if it is the one that is named.
///
/// Comparing is the only protection (Front-Channel Logout 1.0, section 2): any page on the web can make a browser send
/// this request, but does not know the `sid`.
pub(crate) async fn logout(
    State(app): State<App>,
    session: Session,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    if app.faults.on(Fault::S18FrontChannelAnyone) {
        return Ok(ended_unasked(&app, &session).await?.into_response());
    }
    let request = parse(&app, query.as_deref())?;
    let id = session.id();
    let who = signed_in(&app.sessions, &session).await?;
    let text = match (id, who) {
        (Some(id), Some(who)) if request.names(&who.iss, who.sid.as_deref()) => {
            app.sessions.end(id, Ending::FrontChannel).await?;
            session.flush().await?;
            let detail = [("username", who.username.as_str()), ("sid", who.sid.as_deref().unwrap_or("none"))];
            let text = format!("A front-channel request ended the session of {}", who.username);
            app.journal.record(Step::FrontChannelLogout, text, &detail);
            "Signed out.\n"
        }
        _ if by_sid(&app, &request).await? => "Signed out.\n",
        (_, who) => {
            let why = if who.is_some() { "it names another session" } else { "its browser has no session here" };
            app.journal.record(Step::FrontChannelIgnored, format!("A front-channel request was ignored: {why}"), &[]);
            "Nothing to do: this browser has no such session here.\n"
        }
    };
    Ok((Extension(Frameable::ByProvider), text).into_response())
}

/// Ends the session that the request names although the browser brought no cookie of it, where the portal is told to do so
/// ([`crate::Portal::end_by_sid`]): the repair for browsers that send no cookies from within a page of another site.
///
/// What protects it is the `sid` alone, which an attacker does not know and a log may show: it is no secret by design.
async fn by_sid(app: &App, request: &FrontChannelRequest) -> Result<bool, Trouble> {
    let FrontChannelRequest::Session { iss, sid } = request else { return Ok(false) };
    if !app.end_by_sid.load(Ordering::Acquire) || iss != app.settings.issuer_text() {
        return Ok(false);
    }
    let named = app.sessions.named(iss, Some(sid), None).await?;
    for id in &named {
        app.sessions.end(*id, Ending::FrontChannel).await?;
    }
    if !named.is_empty() {
        let text = "A front-channel request without a cookie ended the session that it names";
        app.journal.record(Step::FrontChannelLogout, text, &[("sid", sid)]);
    }
    Ok(!named.is_empty())
}

/// The naive twin: whoever can make a browser send this request signs its person out.
async fn ended_unasked(app: &App, session: &Session) -> Result<impl IntoResponse + use<>, Trouble> {
    if let Some(id) = session.id() {
        app.sessions.end(id, Ending::FrontChannel).await?;
    }
    session.flush().await?;
    Ok((Extension(Frameable::ByProvider), "Signed out.\n"))
}

/// `GET /logout` of the portal whose sessions live in the browser: a page whose script does what has to be done there.
pub(crate) async fn page(
    State(app): State<App>,
    Extension(nonce): Extension<Nonce>,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let request = parse(&app, query.as_deref())?;
    match &request {
        FrontChannelRequest::Session { sid, .. } => {
            let text = "The front-channel page was asked for; what it does happens in the browser";
            app.journal.record(Step::FrontChannelLogout, text, &[("sid", sid)]);
        }
        FrontChannelRequest::Unnamed => {
            let text = "The front-channel page was asked for without a session: it ends nothing";
            app.journal.record(Step::FrontChannelIgnored, text, &[]);
        }
    }
    let html = app.pages.render("external/frontchannel_logout.html", &nonce, json!({}))?;
    Ok((Extension(Frameable::ByProvider), html).into_response())
}

fn parse(app: &App, query: Option<&str>) -> Result<FrontChannelRequest, Trouble> {
    FrontChannelRequest::parse(query.unwrap_or_default()).map_err(|refusal: FrontChannelRefusal| {
        let text = format!("A front-channel request was refused: {refusal}");
        app.journal.record(Step::FrontChannelRefused, text, &[("clause", refusal.clause())]);
        Trouble::FrontChannelRefused(refusal)
    })
}
