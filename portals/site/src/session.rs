//! The portal's own sessions: one for each browser, on the server, behind a cookie that holds a random number.
//!
//! The portal's session is not the provider's session. That is why a logout at the provider has to be *told*
//! ([`crate::backchannel`], [`crate::frontchannel`]), and why the store can be searched by the provider's `sid` and `sub`.
//!
//! Read in this order: [`mod@signed_in`] (what is kept), [`rules`] and [`memory`] (the rules of the store), [`store`] (how
//! the portal uses a store of any kind), [`redis`] (the same rules for several replicas), [`ending`] (why a session
//! ended), [`begun`] (what a browser began and has not finished).

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use tower_sessions::session::Error;
use tower_sessions::{Session, SessionManagerLayer, session_store};

use crate::error::{ErrorPage, Trouble};
use crate::portal::App;

pub(crate) mod begun;
pub(crate) mod ending;
mod memory;
mod memory_store;
mod redis;
mod rules;
pub(crate) mod same_site;
pub(crate) mod signed_in;
pub(crate) mod store;
#[cfg(test)]
mod tests;

pub(crate) use begun::{Begun, Purpose};
pub(crate) use ending::Ending;
pub use same_site::SameSite;
pub(crate) use same_site::{Browser, Policy, onward};
pub(crate) use signed_in::{SignedIn, Unconfirmed};
pub(crate) use store::{Away, News, Sessions};

use rules::{FRESH, SIGNED_IN};

/// Key of a random name for the browser, which outlives the change of the session's id at sign-in.
const BROWSER: &str = "browser";

/// The cookie of a portal.
///
/// `HttpOnly`: no script reads it. `SameSite=Lax`, unless a lesson decides otherwise ([`same_site`]): it comes along when the
/// provider sends the browser back (a link from another site), but not with another site's forms. The name is the portal's own, because ports do not separate
/// cookies: two portals on `localhost` with one name would throw each other's sessions away. No lifetime: the server
/// knows when the session ends, and a clock that a lesson moves is the server's.
pub(crate) fn layer(app: &App, cookie: &'static str) -> SessionManagerLayer<Sessions> {
    let same_site = app.cookies.get();
    SessionManagerLayer::new(app.sessions.clone())
        .with_name(cookie)
        .with_http_only(true)
        .with_same_site(same_site.attribute())
        .with_path("/")
        .with_secure(same_site.secure(app.settings.is_https()))
}

/// `routes` with this portal's sessions around them.
pub(crate) fn layered(routes: Router<App>, app: &App, cookie: &'static str) -> Router<App> {
    let routes = match app.cookies.get() {
        SameSite::Strict => routes.layer(from_fn_with_state(app.clone(), same_site::known_again)),
        SameSite::Lax | SameSite::None => routes,
    };
    let layered = if app.faults.get().is_empty() {
        routes.layer(layer(app, cookie))
    } else {
        crate::faults::sessions::layered(routes, app, cookie)
    };
    layered.layer(map_response(unsaved))
}

/// Who is signed in, if anybody. Reading never prolongs a session.
///
/// Asks the store, not the request's copy of the session: a logout that arrived a moment ago counts, and nothing has to be
/// copied that only a sign-in or sign-out needs.
pub(crate) async fn signed_in(sessions: &Sessions, session: &Session) -> Result<Option<SignedIn>, Error> {
    let Some(id) = session.id() else { return in_copy(session).await };
    if let Some((who, _)) = sessions.who(id).await.map_err(session_store::Error::from)? {
        return Ok(Some(who));
    }
    // Looked for once more by the session layer, which then takes the cookie of a session that is gone away.
    in_copy(session).await?;
    Ok(None)
}

/// Who is signed in by the request's own copy of the session.
pub(crate) async fn in_copy(session: &Session) -> Result<Option<SignedIn>, Error> {
    session.get(SIGNED_IN).await
}

/// Puts somebody into a session that is not in the store. Only a naive twin wants that.
pub(crate) async fn impersonate(session: &Session, who: &SignedIn) -> Result<(), Error> {
    session.insert(SIGNED_IN, who).await
}

/// Why a session could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// Its end was announced before it began.
    #[error("the provider ended this session before the sign-in was finished")]
    EndedFirst,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Signs `who` in: a new session id, and a record that a logout can find.
///
/// The id changes because somebody else may know the old one: who plants a cookie in a browser and waits must not
/// find it signed in afterwards (session fixation).
pub(crate) async fn open(session: &Session, who: &SignedIn) -> Result<(), OpenError> {
    session.cycle_id().await?;
    session.insert(SIGNED_IN, who).await?;
    // Only with this mark does a store take the record for a new sign-in. A copy of an old one does not have it.
    session.insert(FRESH, true).await?;
    match session.save().await {
        Err(Error::Store(session_store::Error::Backend(why))) if why == store::ENDED_FIRST => {
            session.flush().await?;
            Err(OpenError::EndedFirst)
        }
        saved => Ok(saved?),
    }
}

/// Ends this browser's own session and says who it was. What the browser began elsewhere stays valid, under a new id.
pub(crate) async fn close(session: &Session, sessions: &Sessions) -> Result<Option<SignedIn>, Error> {
    let id = session.id();
    let who = in_copy(session).await?;
    if let (Some(id), Some(_)) = (id, &who) {
        sessions.end(id, Ending::SignOut).await.map_err(session_store::Error::from)?;
        session.remove::<Value>(SIGNED_IN).await?;
        session.cycle_id().await?;
    }
    Ok(who)
}

/// A name for this browser, made at the first call. Whatever a browser begins is bound to it.
///
/// Left out: two first visits at the very same moment get two cookies, and the browser keeps the later one; the sign-in
/// begun with the other is then refused as foreign, and has to be started again.
async fn browser(session: &Session) -> Result<String, Error> {
    if let Some(known) = session.get(BROWSER).await? {
        return Ok(known);
    }
    let new = random_name();
    session.insert(BROWSER, &new).await?;
    Ok(new)
}

fn random_name() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// The name of this browser, if it has one.
async fn known_browser(session: &Session) -> Result<Option<String>, Error> {
    session.get(BROWSER).await
}

/// The answer when a session could not be saved at the end of a request: the session layer gives a bare 500 then.
async fn unsaved(answer: Response) -> Response {
    let bare = answer.status() == StatusCode::INTERNAL_SERVER_ERROR
        && answer.extensions().get::<ErrorPage>().is_none()
        && !answer.headers().contains_key(CONTENT_TYPE);
    if !bare {
        return answer;
    }
    Trouble::StoreAway { why: "a session could not be saved".to_owned() }.into_response()
}
