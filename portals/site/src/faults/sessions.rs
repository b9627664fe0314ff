//! Naive ways to remember and to revoke sessions.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Request, State};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use axum::{Router, middleware};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tower_sessions::Session;
use tower_sessions::cookie::Key;
use tower_sessions::session::Id;

use super::{Fault, Faults};
use crate::portal::App;
use crate::session::{self, SignedIn};
use crate::settings::Secret;

/// What the naive twins keep in this process's memory, which is part of what is wrong with them.
#[derive(Debug, Default)]
pub(crate) struct Naive {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// `s6-revival`: everybody counts as signed out.
    everybody_out: bool,
    /// `s8-memory-revocations`: these `sid`s count as signed out.
    revoked: HashSet<String>,
    /// `p31-endless-tombstone`: these users may not come back.
    banned: HashSet<String>,
    /// `p22-late-save`: sessions that a request in flight wrote back after their end.
    revived: HashMap<Id, SignedIn>,
}

/// The session layer with the faults that are on; see [`session::layered`] for the right one.
pub(crate) fn layered(routes: Router<App>, app: &App, cookie: &'static str) -> Router<App> {
    let cookie = if app.faults.on(Fault::P15SharedCookie) { "session" } else { cookie };
    let routes = routes.layer(middleware::from_fn_with_state(app.clone(), doubt));
    let layer = session::layer(app, cookie);
    if app.faults.on(Fault::S9RandomKey) {
        routes.layer(layer.with_signed(Key::generate()))
    } else {
        routes.layer(layer)
    }
}

/// Shows the handlers another session than the store has: none for one that only counts as ended, and one out of a
/// cookie that the browser brought.
async fn doubt(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let Some(real) = request.extensions().get::<Session>().cloned() else { return next.run(request).await };
    let faults = app.faults.get();
    let id = real.id().filter(|_| faults.has(Fault::P22LateSave));
    // Trap: looking through the session's copy forgets the id of a session that has ended, and with it the page's answer to
    // "why am I signed out?". A fault must not change more than it says.
    let who = match real.id() {
        Some(id) => app.sessions.who(id).await.ok().flatten().map(|(who, _)| who),
        None => None,
    };
    if let (Some(user), None) = (id.and_then(|id| app.naive.revived(id)), &who) {
        let session = Session::new(None, Arc::new(app.sessions.clone()), None);
        let _ = session::impersonate(&session, &user).await;
        request.extensions_mut().insert(session);
    }
    if who.as_ref().is_some_and(|who| app.naive.hides(faults, who)) {
        request.extensions_mut().insert(Session::new(None, Arc::new(app.sessions.clone()), None));
    }
    let brought = faults.has(Fault::S12TokenInCookie).then(|| in_cookie(&app, request.headers())).flatten();
    if let (Some(user), None) = (&brought, &who) {
        let session = Session::new(None, Arc::new(app.sessions.clone()), None);
        // In memory only: this session is never saved.
        let _ = session::impersonate(&session, user).await;
        request.extensions_mut().insert(session);
    }
    let signing_out = request.uri().path().ends_with("out");
    let mut answer = next.run(request).await;
    if faults.has(Fault::S12TokenInCookie) {
        let now = session::signed_in(&app.sessions, &real).await.ok().flatten();
        if signing_out && brought.is_some() {
            add_cookie(&mut answer, &format!("{}=; Path=/; Max-Age=0", readable(&app)));
        } else if let (Some(user), None) = (now, &brought) {
            // Browsers keep no cookie of more than 4096 bytes; the demo's held the access token alone, too.
            let user = SignedIn { id_token: Secret::new(""), refresh_token: None, ..user };
            let text = serde_json::to_vec(&user).map(|json| URL_SAFE_NO_PAD.encode(json)).unwrap_or_default();
            add_cookie(&mut answer, &format!("{}={text}; Path=/; SameSite=Lax", readable(&app)));
        }
    }
    answer
}

/// The name of the cookie of `s12-token-in-cookie`.
fn readable(app: &App) -> String {
    format!("{}_user", app.settings.kind.word())
}

fn in_cookie(app: &App, headers: &HeaderMap) -> Option<SignedIn> {
    let cookies = headers.get(COOKIE)?.to_str().ok()?;
    let name = readable(app);
    let text = cookies.split("; ").find_map(|pair| pair.strip_prefix(&name)?.strip_prefix('='))?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

fn add_cookie(answer: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        answer.headers_mut().append(SET_COOKIE, value);
    }
}

impl Naive {
    pub(crate) fn clear(&self) {
        *self.kept() = Kept::default();
    }

    pub(crate) fn everybody_out(&self) {
        self.kept().everybody_out = true;
    }

    pub(crate) fn revoke(&self, sid: &str) {
        self.kept().revoked.insert(sid.to_owned());
    }

    pub(crate) fn ban(&self, sub: &str) {
        self.kept().banned.insert(sub.to_owned());
    }

    /// What the demo did at every sign-in: "the user is back, so forget the logout". The flag was everybody's.
    pub(crate) fn somebody_signed_in(&self) {
        self.kept().everybody_out = false;
    }

    pub(crate) fn write_back(&self, id: Id, who: &SignedIn) {
        self.kept().revived.insert(id, who.clone());
    }

    fn revived(&self, id: Id) -> Option<SignedIn> {
        self.kept().revived.get(&id).cloned()
    }

    pub(crate) fn is_banned(&self, sub: &str) -> bool {
        self.kept().banned.contains(sub)
    }

    /// Whether a fault that is on hides this session. What another one left behind in the meantime does not count.
    fn hides(&self, faults: Faults, who: &SignedIn) -> bool {
        let kept = self.kept();
        let revoked = || who.sid.as_ref().is_some_and(|sid| kept.revoked.contains(sid));
        (faults.has(Fault::S6Revival) && kept.everybody_out) || (faults.has(Fault::S8MemoryRevocations) && revoked())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
