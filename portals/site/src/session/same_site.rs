//! Which requests of other sites the session's cookie goes along with, and what a portal has to do so that each choice works.
//!
//! The choice is about the *way back*. The provider sends the browser to `/callback` and to `/signed-out`, and to a browser
//! these are requests of another site, as soon as the person has pressed a button on one of the provider's pages.
//!
//! | cookie | comes back from the provider | in the provider's logout frame | forms of other sites |
//! |---|---|---|---|
//! | `Lax` | yes, it is a link | no | no |
//! | `Strict` | no | no | no |
//! | `None; Secure` | yes | yes, unless the browser blocks third parties | yes: something else must refuse them |
//!
//! So `Strict` needs two things more. A cookie of its own, `Lax`, knows the browser again that began a sign-in ([`Browser`]):
//! it signs nobody in. And the callback does not redirect, because a redirect continues the request of the other site
//! (measured with Chromium 156: the cookie that the callback sets is stored and then left out of the very next request). It
//! answers with a page that goes on by itself ([`onward`]): that request begins at this portal's own page.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tower_sessions::session::Error;
use tower_sessions::{Session, cookie};

use crate::error::Trouble;
use crate::frame::Nonce;
use crate::portal::App;

/// Longer than any name that this portal gives.
const LONGEST_NAME: usize = 64;

/// With which requests of other sites the session's cookie goes along (RFC 6265bis, 5.6.7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SameSite {
    /// With links only. The right one for most applications.
    #[default]
    Lax,
    /// With none.
    Strict,
    /// With all of them, and `Secure`, without which browsers take no such cookie.
    None,
}

/// The choice of one portal, which a lesson changes while it runs.
#[derive(Debug, Default)]
pub(crate) struct Policy {
    now: RwLock<SameSite>,
}

impl Policy {
    pub(crate) fn get(&self) -> SameSite {
        *self.now.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, same_site: SameSite) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = same_site;
    }
}

impl SameSite {
    pub(super) fn attribute(self) -> cookie::SameSite {
        match self {
            Self::Lax => cookie::SameSite::Lax,
            Self::Strict => cookie::SameSite::Strict,
            Self::None => cookie::SameSite::None,
        }
    }

    /// Whether the cookie has to be `Secure`. On plain http browsers then keep it for `localhost` and the names below it only.
    pub(super) fn secure(self, https: bool) -> bool {
        https || self == Self::None
    }
}

/// A browser under the name by which what it began is found again: a random one, made when it is first needed.
///
/// It lies in the session. Where the session's cookie stays away on the way back from the provider, it is in a cookie of
/// its own.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    pub(crate) session: Session,
    own: Option<Arc<OwnCookie>>,
}

/// The cookie that only knows a browser again.
#[derive(Debug)]
struct OwnCookie {
    brought: Option<String>,
    made: OnceLock<String>,
}

impl Browser {
    /// Its name, made at the first call.
    pub(crate) async fn name(&self) -> Result<String, Error> {
        match &self.own {
            Some(own) => Ok(own.brought.clone().unwrap_or_else(|| own.made.get_or_init(super::random_name).clone())),
            None => super::browser(&self.session).await,
        }
    }

    /// Its name, where nobody but this portal can have given it: a cookie of its own holds whatever a browser says.
    pub(crate) async fn given(&self) -> Result<Option<String>, Error> {
        match &self.own {
            Some(_) => Ok(None),
            None => super::known_browser(&self.session).await,
        }
    }

    /// Its name, if it has one.
    pub(crate) async fn known(&self) -> Result<Option<String>, Error> {
        match &self.own {
            Some(own) => Ok(own.brought.clone()),
            None => super::known_browser(&self.session).await,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Browser {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let own = parts.extensions.get::<Arc<OwnCookie>>().cloned();
        Ok(Self { session: Session::from_request_parts(parts, state).await?, own })
    }
}

/// Reads and sets the cookie that knows a browser again. A layer of routes whose session cookie is `Strict`.
pub(super) async fn known_again(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let name = format!("{}_begun", app.settings.kind.word());
    let own = Arc::new(OwnCookie { brought: brought(&name, request.headers()), made: OnceLock::new() });
    request.extensions_mut().insert(Arc::clone(&own));
    let mut answer = next.run(request).await;
    if let Some(made) = own.made.get() {
        let secure = if app.settings.is_https() { "; Secure" } else { "" };
        if let Ok(cookie) = HeaderValue::from_str(&format!("{name}={made}; HttpOnly; SameSite=Lax{secure}; Path=/")) {
            answer.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    answer
}

fn brought(name: &str, headers: &HeaderMap) -> Option<String> {
    let mut pairs =
        headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok()).flat_map(|l| l.split("; "));
    let value = pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    (!value.is_empty() && value.len() <= LONGEST_NAME).then(|| value.to_owned())
}

/// The answer to a callback: on to `path`, an address without the code in it, which a reload must not send again. By a redirect;
/// or, where the session's cookie would not go along with one, by a page that leads on without a script.
pub(crate) fn onward(app: &App, nonce: &Nonce, path: &'static str) -> Result<Response, Trouble> {
    match app.cookies.get() {
        SameSite::Lax | SameSite::None => Ok(Redirect::to(path).into_response()),
        SameSite::Strict => Ok(app.pages.render("onward.html", nonce, json!({ "path": path }))?.into_response()),
    }
}
