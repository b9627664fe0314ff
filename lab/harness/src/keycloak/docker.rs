//! Keycloak in a container. Only the question whether an engine answers is here so far.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::{Launch, Running};
use crate::trouble::{Kind, Trouble};

/// Whether Keycloak can run in a container here: an engine answers, and the image is there or can be had.
/// Errors: the reason, as a fragment that fits into a sentence.
pub async fn available(_launch: &Launch) -> Result<(), String> {
    let socket = Path::new("/var/run/docker.sock");
    match tokio::net::UnixStream::connect(socket).await {
        Ok(_) => Err("an engine answers, but this build of the lab does not start containers".to_owned()),
        Err(error) => Err(format!("no container engine answers: {}: {error}", socket.display())),
    }
}

/// Starts Keycloak in a container and waits until it is ready. Cancelling leaves no container behind.
pub async fn start(launch: &Launch, _cancel: CancellationToken) -> Result<Running, Trouble> {
    let reason = available(launch).await.err().unwrap_or_default();
    Err(Trouble::new(
        Kind::Environment,
        format!("Keycloak cannot run in a container: {reason}"),
        "the lab needs another way to run Keycloak",
        "use `--runtime dist`",
    ))
}
