//! A Keycloak that runs, whoever runs it: one type for all runtimes.

use std::path::PathBuf;
use std::pin::Pin;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::RuntimeKind;
use crate::trouble::Trouble;

/// A Keycloak that answered its readiness checks. Give it back with [`Running::stop`]; dropping it is only the
/// safety net.
pub struct Running {
    /// Private address that the tap forwards to, for example `http://127.0.0.1:41234/`.
    pub upstream: Url,
    /// Version that runs, for example `26.7.3`.
    pub version: String,
    /// Who runs it.
    pub kind: RuntimeKind,
    /// What a later lab has to clean up should this one be killed. Write it down before anything else happens.
    pub traces: Leftovers,
    supervised: Box<dyn Supervised>,
}

/// Resolves when a Keycloak ended without being asked to, and says how, with the last lines of its log.
pub type Death = Pin<Box<dyn Future<Output = String> + Send>>;

/// What a runtime does for a [`Running`]: implemented once a runtime.
#[async_trait]
pub trait Supervised: Send + Sync {
    /// Stops what was started and removes what was created, within a bounded time. A second call does nothing.
    /// Errors: something is left behind, and where.
    async fn stop(&mut self) -> Result<(), Trouble>;

    /// Stops Keycloak politely and starts it again: the same address, the same database. Returns when it is ready, or
    /// has ended; cancelling ends it. Gives its new process group, where it has one.
    /// Errors: those of a start; usage, where somebody else started it: then nothing was done.
    async fn restart(&mut self, cancel: &CancellationToken) -> Result<Option<i32>, Trouble>;

    /// Waits for the end of the Keycloak that runs when this is first polled. Safe to drop at any time.
    fn death(&self) -> Death;
}

/// What a lab leaves behind when it is killed, as its state file keeps it for the next lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftovers {
    /// The run that made them: every process carries it as `SSO_LAB_RUN`, every container as a label.
    pub run_id: String,
    /// Who ran Keycloak.
    pub kind: RuntimeKind,
    /// Process group of the Java process.
    pub pgid: Option<i32>,
    /// Name or id of the container.
    pub container: Option<String>,
    /// Files and folders outside the run's folder.
    pub paths: Vec<PathBuf>,
}

impl Leftovers {
    /// Nothing left behind yet.
    pub fn of(run_id: &str, kind: RuntimeKind) -> Self {
        Self { run_id: run_id.to_owned(), kind, pgid: None, container: None, paths: Vec::new() }
    }
}

impl Running {
    /// A Keycloak that is ready; `supervised` knows how to stop it.
    pub fn new(upstream: Url, version: String, traces: Leftovers, supervised: Box<dyn Supervised>) -> Self {
        Self { upstream, version, kind: traces.kind, traces, supervised }
    }

    /// Stops Keycloak and removes what the lab made for it. Bounded in time.
    pub async fn stop(mut self) -> Result<(), Trouble> {
        self.supervised.stop().await
    }

    /// Stops Keycloak and starts it again at the same address, with the same database. See [`Supervised::restart`].
    pub async fn restart(&mut self, cancel: &CancellationToken) -> Result<(), Trouble> {
        self.traces.pgid = self.supervised.restart(cancel).await?;
        Ok(())
    }

    /// Resolves when Keycloak ended without being asked to, and says how, with the last lines of its log. May be
    /// dropped and called again.
    pub async fn died(&mut self) -> String {
        self.death().await
    }

    /// The same, for somebody who does not hold this value.
    pub fn death(&self) -> Death {
        self.supervised.death()
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running")
            .field("upstream", &self.upstream.as_str())
            .field("version", &self.version)
            .field("traces", &self.traces)
            .finish_non_exhaustive()
    }
}
