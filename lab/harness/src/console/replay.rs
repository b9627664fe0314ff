//! The console of a recorded run: the same pages and the same stream, with no lab behind them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use axum::{Json, Router, middleware};
use lab_trace::{EventKind, Exchange, LabNote, Matrix};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::lessons::{self, Ask, Lessons};
use super::look::Looked;
use super::{Console, Ledger, Shown, own_host_only};
use crate::control::messages::Topology;
use crate::control::server::{answer, brings, unauthorised};
use crate::listening::{self, Limits};
use crate::places::address_of;
use crate::ports::Ports;
use crate::recorder::Recorder;
use crate::trouble::Trouble;

/// Where a recorded run is shown, piece by piece. Cheap to clone; all clones are one stage.
#[derive(Clone)]
pub struct Stage {
    recorder: Recorder,
    matrix: watch::Sender<Arc<Looked>>,
}

/// A console that is open.
pub struct Open {
    /// Its address, with the token that lets whoever has it go on.
    pub address: Url,
    serving: JoinHandle<()>,
}

impl Stage {
    /// Nothing is shown yet; its clock starts now.
    #[expect(clippy::new_without_default, reason = "starting a clock is no default value")]
    pub fn new() -> Self {
        Self { recorder: Recorder::new(), matrix: watch::Sender::new(Arc::default()) }
    }

    /// A remark in the timeline.
    pub fn note(&self, text: &str) {
        self.recorder.record(EventKind::Lab(LabNote { text: text.to_owned() }));
    }

    /// An exchange, at the end of the timeline.
    pub fn exchange(&self, exchange: &Exchange) {
        self.recorder.record(EventKind::Exchange(Box::new(exchange.clone())));
    }

    /// Who was signed in where at this moment.
    pub fn matrix(&self, matrix: &Matrix) {
        self.matrix.send_replace(Arc::new(Looked::recorded(self.recorder.now_us(), matrix)));
    }

    /// Opens the console, on loopback only, until `stop`.
    ///
    /// # Errors
    /// Environment: the port is taken.
    pub async fn open(
        &self,
        topology: Topology,
        lessons: Arc<dyn Lessons>,
        ports: Ports,
        stop: CancellationToken,
    ) -> Result<Open, Trouble> {
        let listener = ports.bind_console().await?;
        let mut address = address_of(&listener, IpAddr::from(Ipv4Addr::LOCALHOST), "localhost")?;
        let token = format!("{:032x}", rand::random::<u128>());
        address.set_fragment(Some(&format!("token={token}")));
        let shown = Shown {
            topology,
            recorder: self.recorder.clone(),
            ledger: Ledger::default(),
            lessons: Some(lessons.clone()),
            parts: None,
        };
        // No part of the token: everybody who looks is told it.
        let run = format!("{:016x}", rand::random::<u64>());
        let console = Console::of(shown, self.matrix.clone(), &run, stop.clone());
        let asked = Asked { token: Arc::from(token), lessons };
        let router = Router::new()
            .route("/api/lesson", post(lesson))
            .with_state(asked)
            .merge(console.routes())
            .layer(middleware::from_fn(own_host_only));
        let serving = tokio::spawn(listening::serve(router, listener, Limits::USUAL, stop));
        Ok(Open { address, serving })
    }
}

impl Open {
    /// Waits until it has closed.
    pub async fn closed(self) {
        // It ends with its word to stop; a panic in it has been reported by then.
        let _ = self.serving.await;
    }
}

#[derive(Clone)]
struct Asked {
    token: Arc<str>,
    lessons: Arc<dyn Lessons>,
}

async fn lesson(State(asked): State<Asked>, headers: HeaderMap, Json(ask): Json<Ask>) -> Response {
    if !brings(&headers, &asked.token) {
        return unauthorised();
    }
    answer(lessons::ask(Some(&asked.lessons), None, ask).await)
}
