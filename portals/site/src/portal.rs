//! A portal as one object: what it is made of, its routes, and how it is put back to the start.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::{Router, middleware};
use jiff::Timestamp;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::admin::Approvals;
use crate::clock::Clock;
use crate::error::Trouble;
use crate::journal::Journal;
use crate::oidc::http::{Http, HttpError};
use crate::oidc::provider::Provider;
use crate::oidc::sign_in::SignInBegun;
use crate::pages::{PageError, Pages};
use crate::session::{Begun, Purpose, Sessions};
use crate::settings::{Kind, Settings, SettingsError};
use crate::{about, admin, assets, backchannel, drain, external, frame, internal, request_log};

/// No request body is longer: forms and one logout token. A longer one is answered with 413.
pub(crate) const LONGEST_BODY: usize = 64 * 1024;
/// When a request is given up. Three calls to the provider fit in, each with its own deadline.
const DEADLINE: Duration = Duration::from_secs(45);

/// One of the three portals. Copies share everything.
#[derive(Debug, Clone)]
pub struct Portal {
    app: App,
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
    pub(crate) clock: Clock,
    pub(crate) journal: Journal,
    pub(crate) pages: Pages,
    pub(crate) http: Http,
    pub(crate) provider: Provider,
    pub(crate) sessions: Sessions,
    pub(crate) sign_ins: Begun<SignInBegun>,
    pub(crate) sign_outs: Begun<()>,
    pub(crate) approvals: Approvals,
    pub(crate) started_at: Timestamp,
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
        Ok(Self {
            app: Arc::new(Parts {
                pages: Pages::new(&settings)?,
                provider: Provider::new(&settings, http.clone(), clock.clone(), journal.clone()),
                sign_ins: Begun::new(sessions.clone(), Purpose::SignIn),
                sign_outs: Begun::new(sessions.clone(), Purpose::SignOut),
                sessions,
                approvals: Approvals::new(),
                started_at: clock.now(),
                settings,
                clock,
                journal,
                http,
            }),
        })
    }

    /// Everything this portal answers. Each portal's own routes stand in its own file.
    pub fn router(&self) -> Router {
        let own = match self.kind() {
            Kind::Internal => internal::routes(&self.app),
            Kind::External => external::routes(),
            Kind::Admin => admin::routes(&self.app),
        };
        own.merge(about::routes())
            .merge(assets::routes())
            .fallback(async || Trouble::NoPage)
            .layer(DefaultBodyLimit::max(LONGEST_BODY))
            .layer(middleware::from_fn(drain::rest))
            // From here on outwards: what applies to every answer, also to those of the layers within.
            .layer(CatchPanicLayer::custom(frame::after_panic))
            .layer(frame::no_cross_site_posts(&self.app.settings, backchannel::PATH))
            .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, DEADLINE))
            .layer(middleware::from_fn_with_state(self.app.clone(), frame::dress))
            .layer(middleware::from_fn_with_state(self.kind(), request_log::write))
            .with_state(self.app.clone())
    }

    /// Puts the portal back to its start: all sessions ended, begun sign-ins, tombstones, seen tokens and the journal
    /// forgotten, items undecided, and the provider's description to be fetched anew. The clock is the caller's.
    ///
    /// # Errors
    /// [`PortalError::Store`] when the session store is away; then nothing was put back.
    pub async fn reset(&self) -> Result<(), PortalError> {
        self.app.sessions.clear().await.map_err(|away| PortalError::Store(away.why))?;
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
