//! A container in the lab's hands.

use std::time::Duration;

use async_trait::async_trait;
use testcontainers::{ContainerAsync, GenericImage};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::reach::Ports;
use crate::engine::Engine;
use crate::keycloak::readiness::Readiness;
use crate::keycloak::{Death, Launch, Supervised};
use crate::trouble::Trouble;

/// Keycloak needs 1.1 s to end in good order. Its database goes with the container, so nothing is lost after this.
const GRACE_SECONDS: i32 = 5;

/// A started container. Dropping it removes it, too, but blocks: [`Container::remove`] is the way.
pub(super) struct Container {
    /// `None` once it is removed.
    started: Option<ContainerAsync<GenericImage>>,
    engine: Engine,
    id: String,
    /// What another start has to wait for.
    launch: Launch,
    ports: Ports,
}

impl Container {
    pub(super) fn new(started: ContainerAsync<GenericImage>, engine: Engine, launch: Launch, ports: Ports) -> Self {
        Self { id: started.id().to_owned(), started: Some(started), engine, launch, ports }
    }

    /// Resolves when it has ended, and says how.
    pub(super) async fn ended(&self) -> String {
        self.engine.ended(&self.id).await
    }

    pub(super) async fn last_lines(&self) -> String {
        self.engine.last_lines(&self.id).await
    }

    /// Kills and removes it. A second call does nothing.
    pub(super) async fn remove(&mut self) -> Result<(), Trouble> {
        let Some(started) = self.started.take() else { return Ok(()) };
        // testcontainers first, so that its destructor has nothing left to do; then until it is really gone.
        let _ = timeout(Duration::from_secs(15), started.rm()).await;
        self.engine.remove(&self.id).await
    }
}

#[async_trait]
impl Supervised for Container {
    async fn stop(&mut self) -> Result<(), Trouble> {
        if let Some(started) = &self.started {
            let limit = Duration::from_secs(u64::from(GRACE_SECONDS.unsigned_abs()) + 5);
            // If the engine does not stop it, the removal does.
            let _ = timeout(limit, started.stop_with_timeout(Some(GRACE_SECONDS))).await;
        }
        self.remove().await
    }

    /// The engine's own stop and start: the container keeps its files, and with them the database, and its ports.
    async fn restart(&mut self, cancel: &CancellationToken) -> Result<Option<i32>, Trouble> {
        let began = Instant::now();
        self.engine.stop(&self.id, GRACE_SECONDS).await?;
        self.engine.start(&self.id).await?;
        self.engine.keep_log(&self.id, &self.launch.log_file);
        let management = self.ports.management_url();
        let launch = &self.launch;
        let readiness = Readiness::of(&self.ports.upstream(), Some(&management), &launch.public_url, launch.deadline);
        let Err(not_ready) = readiness.wait(self.ended(), cancel).await else { return Ok(None) };
        let log = self.last_lines().await;
        // A Keycloak that is not ready is none: whoever watches it shall see it end.
        self.engine.stop(&self.id, 0).await?;
        Err(not_ready.trouble(&readiness.issuer, began, &log))
    }

    fn death(&self) -> Death {
        let (engine, id) = (self.engine.clone(), self.id.clone());
        Box::pin(async move {
            let how = engine.ended(&id).await;
            let log = engine.last_lines(&id).await;
            if log.is_empty() { how } else { format!("{how}\nlast lines of Keycloak's log:\n{log}") }
        })
    }
}
