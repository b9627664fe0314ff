//! Numbers for Prometheus: requests, and logins and logouts by channel, verdict and rule.
//!
//! Trap: numbers about people are for those who run the portal. `/metrics` is served to programs on the same computer only,
//! and no label holds a name, a session or anything that a visitor wrote. Behind a proxy on the same computer, as the lab's
//! tap is one, everybody looks local: such a proxy must keep this path to itself.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::audit::{Channel, Line, Verdict, What};
use crate::error::Trouble;
use crate::limits::Peer;
use crate::portal::App;

/// A portal's numbers. Copies share them.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    registry: Arc<Registry>,
    requests: Family<RequestLabels, Counter>,
    seconds: Histogram,
    logins: Family<LoginLabels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LoginLabels {
    what: What,
    channel: Channel,
    verdict: Verdict,
    clause: String,
}

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/metrics", get(metrics))
}

/// `GET /metrics` in the OpenMetrics text format; 404 for other computers.
async fn metrics(State(app): State<App>, peer: Peer) -> Result<Response, Trouble> {
    if !peer.is_local() {
        return Err(Trouble::NoPage);
    }
    let text = app.journal.metrics().text()?;
    Ok(([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response())
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let requests = Family::default();
        // From a millisecond to eight seconds.
        let seconds = Histogram::new(exponential_buckets(0.001, 2.0, 14));
        let logins = Family::default();
        let mut registry = Registry::with_prefix("sso_portal");
        registry.register("requests", "Requests by method and status", requests.clone());
        registry.register_with_unit("request", "Time until the answer begins", Unit::Seconds, seconds.clone());
        let about = "Logins and logouts by channel, verdict and the clause of a refusal";
        registry.register("logins_and_logouts", about, logins.clone());
        Self { registry: Arc::new(registry), requests, seconds, logins }
    }

    /// Counts a request.
    pub(crate) fn answered(&self, method: &axum::http::Method, status: u16, took: Duration) {
        self.requests.get_or_create(&RequestLabels { method: known(method), status }).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    /// Counts a login or logout.
    pub(crate) fn count(&self, line: &Line) {
        let clause = line.clause.clone().unwrap_or_default();
        let labels = LoginLabels { what: line.what, channel: line.channel, verdict: line.verdict, clause };
        self.logins.get_or_create(&labels).inc();
    }

    fn text(&self) -> Result<String, Trouble> {
        let mut text = String::new();
        encode(&mut text, &self.registry)
            .map_err(|error| Trouble::Fault { why: format!("the metrics cannot be written ({error})") })?;
        Ok(text)
    }
}

/// A visitor may invent methods; each would be a new series in memory.
fn known(method: &axum::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

macro_rules! as_label {
    ($($word:ty),+) => {$(
        impl EncodeLabelValue for $word {
            fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
                let word = serde_json::to_value(self).map_err(|_| std::fmt::Error)?;
                encoder.write_str(word.as_str().unwrap_or_default())
            }
        }
    )+};
}

as_label!(What, Channel, Verdict);
