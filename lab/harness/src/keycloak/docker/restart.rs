//! A container that is stopped and started again, by the engine: files, name and ports stay.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use testcontainers::bollard::query_parameters::{
    LogsOptionsBuilder, StartContainerOptions, StopContainerOptionsBuilder,
};
use tokio::time::timeout;

use crate::engine::Engine;
use crate::trouble::{Kind, Trouble};

/// Beyond the time that Keycloak gets for its end; an engine answers in milliseconds.
const QUESTION: Duration = Duration::from_secs(15);

impl Engine {
    /// Stops a container: politely, and after so many seconds in another way.
    pub(super) async fn stop(&self, container: &str, grace_seconds: i32) -> Result<(), Trouble> {
        let options = StopContainerOptionsBuilder::new().t(grace_seconds).build();
        let limit = QUESTION + Duration::from_secs(grace_seconds.unsigned_abs().into());
        match timeout(limit, self.docker.stop_container(container, Some(options))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(refused("stop", &error.to_string())),
            Err(_) => Err(refused("stop", "no answer in time")),
        }
    }

    /// Starts a container that was stopped.
    pub(super) async fn start(&self, container: &str) -> Result<(), Trouble> {
        match timeout(QUESTION, self.docker.start_container(container, None::<StartContainerOptions>)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(refused("start", &error.to_string())),
            Err(_) => Err(refused("start", "no answer in time")),
        }
    }

    /// Adds what a container writes from now on to a file, until it ends: testcontainers has stopped listening when it was
    /// stopped.
    pub(super) fn keep_log(&self, container: &str, log: &Path) {
        // A log that cannot be written takes nothing down with it.
        let Ok(mut file) = OpenOptions::new().create(true).append(true).open(log) else { return };
        let since = i32::try_from(Timestamp::now().as_second()).unwrap_or_default();
        let options = LogsOptionsBuilder::new().stdout(true).stderr(true).follow(true).since(since).build();
        let (docker, container) = (self.docker.clone(), container.to_owned());
        tokio::spawn(async move {
            let mut frames = std::pin::pin!(docker.logs(&container, Some(options)));
            while let Some(Ok(frame)) = frames.next().await {
                let _ = file.write_all(frame.as_ref());
            }
        });
    }
}

fn refused(what: &str, how: &str) -> Trouble {
    Trouble::new(
        Kind::Part,
        format!("the container engine does not {what} Keycloak's container again: {how}"),
        "Keycloak cannot be restarted in it",
        "look at `docker ps -a` and at the engine's log, or use `--runtime dist`",
    )
}
