//! Doors for the benchmarks only (cargo feature `bench`): sessions without a sign-in, and the same page with and without
//! its session check.

use std::sync::Arc;

use axum::response::Html;
use axum::routing::get;
use axum::{Extension, Router, middleware};
use futures_util::FutureExt as _;
use jiff::SignedDuration;
use portal_protocol::VerifiedLogoutToken;
use serde_json::json;
use tower_sessions::Session;

use crate::error::Trouble;
use crate::frame::{self, Nonce};
use crate::portal::{App, Portal};
use crate::session::{self, SignedIn};
use crate::settings::Secret;

const COOKIE: &str = "internal_session";

/// A portal seen from below.
#[derive(Debug, Clone)]
pub struct Below {
    app: App,
}

impl Below {
    /// The inside of `portal`.
    pub fn of(portal: &Portal) -> Self {
        Self { app: portal.app().clone() }
    }

    /// Opens a session for user number `user`, in the provider's session `sid-<user>`, with tokens of `token_bytes` bytes
    /// each. Returns the cookie (`name=value`).
    ///
    /// # Panics
    /// When the store refuses, which a benchmark cannot go on with.
    pub async fn sign_in(&self, user: u64, token_bytes: usize) -> String {
        let session = Session::new(None, Arc::new(self.app.sessions.clone()), None);
        let opened = session::open(&session, &self.person(user, token_bytes)).await;
        assert!(opened.is_ok(), "no session: {opened:?}");
        let id = session.id().map(|id| id.to_string()).unwrap_or_default();
        format!("{COOKIE}={id}")
    }

    /// Ends what `token` names, in the store alone: no HTTP, no signature. A function of its own also in the machine's code,
    /// so that an instruction counter can be told to count it and nothing else.
    ///
    /// # Panics
    /// When the store refuses, or cannot decide without waiting, which the one in memory always can.
    #[inline(never)]
    pub fn log_out_counted(&self, token: &VerifiedLogoutToken) -> usize {
        let ended = self.app.sessions.log_out(token).now_or_never();
        ended
            .and_then(Result::ok)
            .and_then(Result::ok)
            .unwrap_or_else(|| unreachable!("the benchmark's tokens are good"))
    }

    /// The internal portal's page at `/`, behind the session check: looks up who is signed in for every request.
    pub fn page_with_check(&self) -> Router {
        let routes = Router::new().route(
            "/",
            get(async |app: axum::extract::State<App>, session: Session, nonce: Extension<Nonce>| {
                let who = session::signed_in(&app.sessions, &session).await?;
                assert!(who.is_some(), "the benchmark's visitor is signed in");
                page(&app, &nonce)
            }),
        );
        self.dressed(session::layered(routes, &self.app, COOKIE))
    }

    /// The same page without sessions.
    pub fn page_without_check(&self) -> Router {
        let handler = async |app: axum::extract::State<App>, nonce: Extension<Nonce>| page(&app, &nonce);
        self.dressed(Router::new().route("/", get(handler)))
    }

    fn dressed(&self, routes: Router<App>) -> Router {
        routes
            .layer(middleware::from_fn_with_state(self.app.clone(), frame::dress))
            .layer(middleware::from_fn_with_state(self.app.clone(), crate::request_log::write))
            .with_state(self.app.clone())
    }

    fn person(&self, user: u64, token_bytes: usize) -> SignedIn {
        let now = self.app.clock.now();
        let token = || Secret::new("t".repeat(token_bytes));
        SignedIn {
            iss: self.app.settings.issuer_text().to_owned(),
            sub: format!("{user:08x}-0000-4000-8000-000000000000"),
            sid: Some(format!("sid-{user}")),
            issued_at: now,
            auth_time: Some(now),
            username: format!("user{user}"),
            name: format!("User Number {user}"),
            email: format!("user{user}@example.com"),
            roles: vec!["employee".to_owned()],
            since: now,
            expires_at: now + SignedDuration::from_mins(30),
            ends_at: now + SignedDuration::from_hours(10),
            access_expires_at: None,
            unconfirmed: None,
            id_token: token(),
            access_token: token(),
            refresh_token: None,
        }
    }
}

fn page(app: &App, nonce: &Nonce) -> Result<Html<String>, Trouble> {
    app.pages.render("internal/app.html", nonce, json!({}))
}
