//! The console: a page at the control listener that shows what happens while it happens.
//!
//! It is read without a token and changes nothing by itself: whoever wants to switch a fault or reset the lab asks the
//! control interface, with the run's token.
//!
//! Read in this order: [`guard`] (who may ask), [`pages`] (the page and its files), [`live`] (the stream that every open page
//! reads), [`item`] (one line of it), [`detail`] (all of one exchange: [`why`], [`tokens`], [`curl`]), [`ledger`] (which browser
//! got which session), [`look`] (the session matrix, asked again and again) and [`lessons`] (played step by step). [`replay`] is the
//! same for a recorded run, with no lab behind it.

mod curl;
mod detail;
mod guard;
mod item;
mod ledger;
pub mod lessons;
mod live;
mod look;
mod pages;
pub mod replay;
mod tokens;
mod whose;
mod why;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::control::client::LabClient;
use crate::control::messages::Topology;
use crate::recorder::Recorder;
use crate::world::Parts;
pub(crate) use guard::own_host_only;
pub(crate) use ledger::{Callback, Ledger};
use lessons::Lessons;
use look::Looked;
pub(crate) use whose::print;

/// What a console shows: of a running lab, or of a recorded run.
struct Shown {
    topology: Topology,
    recorder: Recorder,
    ledger: Ledger,
    lessons: Option<Arc<dyn Lessons>>,
    /// The lab behind it; a recorded run has none.
    parts: Option<Arc<Parts>>,
}

/// The console of one lab. Cheap to clone; all clones are one console.
#[derive(Clone)]
pub(crate) struct Console {
    shown: Arc<Shown>,
    /// Which run: positions of another one mean nothing here.
    run: Arc<str>,
    stop: CancellationToken,
    /// How many pages are open.
    viewers: watch::Sender<usize>,
    matrix: watch::Sender<Arc<Looked>>,
}

impl Console {
    pub(crate) fn new(parts: Arc<Parts>, run: &str, stop: CancellationToken) -> Self {
        let shown = Shown {
            topology: parts.topology.clone(),
            recorder: parts.recorder.clone(),
            ledger: parts.ledger.clone(),
            lessons: parts.lessons.clone(),
            parts: Some(parts),
        };
        Self::of(shown, watch::Sender::new(Arc::default()), run, stop)
    }

    fn of(shown: Shown, matrix: watch::Sender<Arc<Looked>>, run: &str, stop: CancellationToken) -> Self {
        Self { shown: Arc::new(shown), run: Arc::from(run), stop, viewers: watch::Sender::new(0), matrix }
    }

    /// Everything that a browser may ask for.
    pub(crate) fn routes(&self) -> Router {
        let data = Router::new()
            .route("/console/live", get(live::live))
            .route("/console/exchanges/{position}", get(exchange))
            .route("/console/faults", get(faults))
            .route("/console/lessons", get(lessons::list))
            .route("/console/files/{name}", get(pages::file))
            .layer(middleware::from_fn(guard::own_pages_only));
        let pages = Router::new()
            .route("/", get(pages::console))
            .route("/present", get(pages::present))
            .route("/notes", get(pages::notes))
            .route("/favicon.ico", get(pages::icon));
        pages.merge(data).layer(middleware::from_fn(pages::protected)).with_state(self.clone())
    }

    /// Keeps the session matrix up to date while somebody looks, until `stop`.
    pub(crate) fn watch(&self, lab: LabClient, stop: CancellationToken) -> impl Future<Output = ()> + Send + 'static {
        let looking = look::again_and_again(self.clone(), lab);
        async move {
            stop.run_until_cancelled(looking).await;
        }
    }
}

/// All of one exchange.
async fn exchange(State(console): State<Console>, Path(position): Path<u64>) -> Response {
    let event = console.shown.recorder.kept_at(position);
    match event.as_ref().and_then(|event| detail::of(event, &console.shown.topology)) {
        Some(detail) => Json(detail).into_response(),
        None => (StatusCode::NOT_FOUND, "the lab no longer keeps this exchange\n").into_response(),
    }
}

async fn faults(State(console): State<Console>) -> Response {
    let told = match &console.shown.parts {
        Some(parts) => parts.faults.told().await,
        // In a recording nothing can be switched.
        None => Vec::new(),
    };
    Json(told).into_response()
}
