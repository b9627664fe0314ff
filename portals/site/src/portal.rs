//! A portal as one object: what it is made of, its routes, and how it is put back to the start.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::{Router, middleware};
use jiff::Timestamp;
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::admin::Approvals;
use crate::clock::Clock;
use crate::error::Trouble;
use crate::external::{AppOptions, Chosen, NotStored};
use crate::faults::{self, Exposed, Faults, Switches};
use crate::journal::Journal;
use crate::limits::Limits;
use crate::oidc::http::{Http, HttpError};
use crate::oidc::provider::Provider;
use crate::oidc::sign_in::SignInBegun;
use crate::oidc::sign_out::Left;
use crate::pages::{PageError, Pages};
use crate::session::{Begun, Policy, Purpose, SameSite, Sessions};
use crate::settings::{Kind, Settings, SettingsError};
use crate::{about, admin, assets, backchannel, drain, external, frame, internal, limits, metrics, request_log};

/// No request body is longer: forms and one logout token. A longer one is answered with 413.
pub(crate) const LONGEST_BODY: usize = 64 * 1024;
/// When a request is given up. Three calls to the provider fit in, each with its own deadline.
const DEADLINE: Duration = Duration::from_secs(45);

/// One of the three portals. Copies share everything.
#[derive(Debug, Clone)]
pub struct Portal {
    app: App,
    /// Everything this portal answers, made anew when a fault is switched: some faults are routes and layers.
    routes: Arc<RwLock<Router>>,
}

/// Why a portal cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PortalError {
    /// The settings cannot work.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The pages cannot be read: a fault in the program.
    #[error("the portal's own pages cannot be used: {0}")]
    Pages(String),
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made: {0}")]
    Http(String),
    /// The session store cannot be used, or did not answer.
    #[error("the session store cannot be used: {0}")]
    Store(String),
}

/// What handlers work with.
pub(crate) type App = Arc<Parts>;

#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) settings: Settings,
    pub(crate) faults: Switches,
    /// What the naive twins keep; unused without faults.
    pub(crate) naive: faults::sessions::Naive,
    pub(crate) clock: Clock,
    pub(crate) journal: Journal,
    pub(crate) limits: Limits,
    pub(crate) pages: Pages,
    pub(crate) http: Http,
    pub(crate) provider: Provider,
    pub(crate) sessions: Sessions,
    pub(crate) sign_ins: Begun<SignInBegun>,
    pub(crate) sign_outs: Begun<Vec<String>>,
    pub(crate) left: Begun<Left>,
    pub(crate) approvals: Approvals,
    pub(crate) started_at: Timestamp,
    /// Whether the front channel ends a session that is named, also without its cookie.
    pub(crate) end_by_sid: AtomicBool,
    /// With which requests of other sites the session's cookie goes along.
    pub(crate) cookies: Policy,
    /// What is chosen about the single-page app.
    pub(crate) chosen: Chosen,
    /// Whether other computers can reach this portal; known when it is served.
    exposed: OnceLock<bool>,
}

impl Portal {
    /// Makes a portal. No network: it may start before its provider and before its session store.
    ///
    /// # Errors
    /// [`PortalError`] when the settings cannot work.
    pub fn new(settings: Settings, clock: Clock) -> Result<Self, PortalError> {
        settings.check()?;
        let journal = Journal::new(settings.kind, clock.clone());
        let http = Http::new(settings.kind)?;
        let sessions = Sessions::of(&settings, clock.clone()).map_err(|away| PortalError::Store(away.why))?;
        let faults = Switches::new(settings.faults);
        let app = Arc::new(Parts {
            pages: Pages::new(&settings, faults.clone())?,
            provider: Provider::new(&settings, http.clone(), clock.clone(), journal.clone(), faults.clone()),
            sign_ins: Begun::new(sessions.clone(), Purpose::SignIn),
            sign_outs: Begun::new(sessions.clone(), Purpose::SignOut),
            left: Begun::new(sessions.clone(), Purpose::Left),
            sessions,
            approvals: Approvals::new(),
            started_at: clock.now(),
            settings,
            clock,
            journal,
            limits: Limits::new(),
            http,
            faults,
            naive: faults::sessions::Naive::default(),
            end_by_sid: AtomicBool::new(false),
            cookies: Policy::default(),
            chosen: Chosen::default(),
            exposed: OnceLock::new(),
        });
        let routes = Arc::new(RwLock::new(routes(&app)));
        Ok(Self { app, routes })
    }

    /// Everything this portal answers, as a service. Switching a fault changes what it answers from the next request on.
    pub fn router(&self) -> Router {
        let routes = Arc::clone(&self.routes);
        Router::new().fallback(async move |request: Request| {
            let now = routes.read().unwrap_or_else(PoisonError::into_inner).clone();
            now.oneshot(request).await
        })
    }

    /// Which faults are on.
    pub fn faults(&self) -> Faults {
        self.app.faults.get()
    }

    /// Those of `faults` that this portal can have.
    pub fn possible(&self, faults: Faults) -> Faults {
        faults.iter().filter(|fault| fault.about().portals.contains(&self.kind())).collect()
    }

    /// Switches exactly these faults on, those that this portal can have, and every other one off.
    ///
    /// # Errors
    /// [`Exposed`] when other computers can reach the portal. Nothing has changed then.
    pub fn set_faults(&self, faults: Faults) -> Result<(), Exposed> {
        let faults = self.possible(faults);
        if !faults.is_empty() && self.app.exposed.get() == Some(&true) {
            return Err(Exposed);
        }
        self.app.faults.set(faults);
        self.app.naive.clear();
        self.make_routes();
        Ok(())
    }

    /// Decides with which requests of other sites the session's cookie goes along; cookies that browsers hold already stay as
    /// they are. A portal without sessions of its own has no such cookie.
    pub fn set_same_site(&self, same_site: SameSite) {
        self.app.cookies.set(same_site);
        self.make_routes();
    }

    /// What was decided.
    pub fn same_site(&self) -> SameSite {
        self.app.cookies.get()
    }

    fn make_routes(&self) {
        *self.routes.write().unwrap_or_else(PoisonError::into_inner) = routes(&self.app);
    }

    /// Whether a front-channel logout request ends the session that it names by issuer and `sid` even when the browser sends
    /// no cookie along (Front-Channel Logout 1.0, section 2, leaves open how a session is found). Off at first: with the
    /// cookie demanded, nobody who has merely seen a `sid` can sign its user out.
    pub fn end_by_sid(&self, on: bool) {
        self.app.end_by_sid.store(on, Ordering::Release);
    }

    /// Whether it does so now.
    pub fn ends_by_sid(&self) -> bool {
        self.app.end_by_sid.load(Ordering::Acquire)
    }

    /// Chooses how the single-page app works from the next page load on. Without effect on portals with a server.
    ///
    /// # Errors
    /// [`NotStored`] when it cannot work like that. Nothing has changed then.
    pub fn set_app_options(&self, options: AppOptions) -> Result<(), NotStored> {
        self.app.chosen.set(options)
    }

    /// What is chosen about the single-page app.
    pub fn app_options(&self) -> AppOptions {
        self.app.chosen.get()
    }

    /// The parts, for the benchmarks.
    #[cfg(feature = "bench")]
    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    /// Notes where this portal is served.
    pub(crate) fn served_at(&self, address: SocketAddr) -> Result<(), Exposed> {
        let exposed = *self.app.exposed.get_or_init(|| !address.ip().is_loopback());
        if exposed && !self.faults().is_empty() { Err(Exposed) } else { Ok(()) }
    }

    /// Puts the portal back to its start: all sessions ended, begun sign-ins, tombstones, seen tokens and the journal
    /// forgotten, nothing chosen about the app, items undecided, and the provider's description to be fetched anew. The clock is the caller's.
    ///
    /// # Errors
    /// [`PortalError::Store`] when the session store is away; then nothing was put back.
    pub async fn reset(&self) -> Result<(), PortalError> {
        self.app.sessions.clear().await.map_err(|away| PortalError::Store(away.why))?;
        self.end_by_sid(false);
        self.set_same_site(SameSite::default());
        self.app.chosen.reset();
        self.app.naive.clear();
        self.app.approvals.reset();
        self.app.provider.forget();
        self.app.journal.clear();
        Ok(())
    }

    /// Asks whether the session store answers.
    ///
    /// # Errors
    /// [`PortalError::Store`] when it does not. The portal works all the same, and says 503 until it does.
    pub async fn check_store(&self) -> Result<(), PortalError> {
        self.app.sessions.ping().await.map_err(|away| PortalError::Store(away.why))
    }

    /// The portal's own log.
    pub fn journal(&self) -> &Journal {
        &self.app.journal
    }

    /// Its clock.
    pub fn clock(&self) -> &Clock {
        &self.app.clock
    }

    /// Which portal it is.
    pub fn kind(&self) -> Kind {
        self.app.settings.kind
    }

    /// What it was told at its start.
    pub fn settings(&self) -> &Settings {
        &self.app.settings
    }
}

/// Each portal's own routes stand in its own file; here is what all of them share.
fn routes(app: &App) -> Router {
    let own = match app.settings.kind {
        Kind::Internal => internal::routes(app),
        Kind::External => external::routes(),
        Kind::Admin => admin::routes(app),
    };
    own.merge(about::routes())
        .merge(metrics::routes())
        .merge(assets::routes())
        .fallback(async || Trouble::NoPage)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(middleware::from_fn(drain::rest))
        // From here on outwards: what applies to every answer, also to those of the layers within.
        .layer(CatchPanicLayer::custom(frame::after_panic))
        .layer(frame::no_cross_site_posts(&app.settings, backchannel::PATH))
        .layer(middleware::from_fn_with_state(app.clone(), limits::sign_ins))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, DEADLINE))
        .layer(middleware::from_fn_with_state(app.clone(), frame::dress))
        .layer(middleware::from_fn_with_state(app.clone(), request_log::write))
        .with_state(app.clone())
}

impl From<HttpError> for PortalError {
    fn from(error: HttpError) -> Self {
        Self::Http(error.to_string())
    }
}

impl From<PageError> for PortalError {
    fn from(error: PageError) -> Self {
        Self::Pages(error.to_string())
    }
}
