//! What the engine has, and what it can get.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use testcontainers::bollard::errors::Error;
use testcontainers::bollard::models::ImageInspect;
use testcontainers::bollard::query_parameters::CreateImageOptionsBuilder;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Engine, NoEngine, command, interrupted};
use crate::progress::Progress;
use crate::trouble::{Kind, Trouble};

/// An engine answers such a question in milliseconds.
const QUESTION: Duration = Duration::from_secs(10);
/// A registry that needs longer is not one to start a lab from. `auto` pays this on computers without internet.
const REGISTRY: Duration = Duration::from_secs(3);
/// Half a gigabyte over a slow line.
const PULL: Duration = Duration::from_mins(20);

/// An image that the engine has.
#[derive(Debug)]
pub(crate) struct Found(ImageInspect);

impl Found {
    pub(crate) fn labels(&self) -> Option<&HashMap<String, String>> {
        self.0.config.as_ref()?.labels.as_ref()
    }

    pub(crate) fn id(&self) -> &str {
        self.0.id.as_deref().unwrap_or_default()
    }

    /// Size in bytes, with the layers below.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default()
    }
}

impl Engine {
    /// An image by name or id; `None` if the engine does not have it.
    pub(crate) async fn inspect(&self, name: &str) -> Result<Option<Found>, Trouble> {
        match timeout(QUESTION, self.docker.inspect_image(name)).await {
            Ok(Ok(image)) => Ok(Some(Found(image))),
            Ok(Err(Error::DockerResponseServerError { status_code: 404, .. })) => Ok(None),
            Ok(Err(error)) => Err(NoEngine::from(error).into()),
            Err(_) => Err(NoEngine::Silent.into()),
        }
    }

    /// The image that `what` (`docker build`) has just made as `name`; the one that had this name before goes. Errors: it is not
    /// there.
    pub(crate) async fn replaced(&self, name: &str, former: Option<Found>, what: &str) -> Result<Found, Trouble> {
        let found = self.inspect(name).await?.ok_or_else(|| {
            Trouble::new(
                Kind::Environment,
                format!("`{what}` succeeded, but {name} is not there"),
                "the `docker` command talks to another engine than the lab does",
                "set DOCKER_HOST to the engine that both should use (`docker context inspect` shows it)",
            )
        })?;
        if let Some(former) = former
            && former.id() != found.id()
        {
            command::remove_image(former.id()).await;
        }
        Ok(found)
    }

    /// Whether a registry would give the image, without getting it. Errors: the reason, as a fragment.
    pub(crate) async fn can_be_pulled(&self, name: &str) -> Result<(), String> {
        match timeout(REGISTRY, self.docker.inspect_registry_image(name, None)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(reason(error)),
            Err(_) => Err(format!("its registry did not answer within {} s", REGISTRY.as_secs())),
        }
    }

    /// Gets the image from its registry. Cancelling ends the transfer; the engine keeps whole layers for the next try.
    pub(crate) async fn pull(
        &self,
        name: &str,
        progress: &dyn Progress,
        cancel: &CancellationToken,
    ) -> Result<(), Trouble> {
        let what = format!("pulling {name}");
        progress.begin(&what, Some(Duration::from_mins(1)));
        // Without a tag the engine would pull every tag there is.
        let tagged = if name.rsplit('/').next().is_some_and(|last| last.contains(':')) { "" } else { "latest" };
        let options = CreateImageOptionsBuilder::new().from_image(name).tag(tagged).build();
        let mut transfer = self.docker.create_image(Some(options), None, None);
        let whole = async {
            while let Some(step) = transfer.next().await {
                step.map_err(reason)?;
            }
            Ok(())
        };
        let result = tokio::select! {
            result = timeout(PULL, whole) => result,
            () = cancel.cancelled() => return Err(interrupted(&what)),
        };
        match result.unwrap_or_else(|_| Err(format!("not complete after {} s", PULL.as_secs()))) {
            Ok(()) => progress.done(&what),
            Err(reason) => return Err(not_to_be_had(name, &reason)),
        }
        Ok(())
    }
}

/// The engine answers, but the image is not there and cannot be got.
pub(crate) fn not_to_be_had(name: &str, reason: &str) -> Trouble {
    Trouble::new(
        Kind::Environment,
        format!("the image {name} is not here and cannot be pulled: {reason}"),
        "a container engine answers, but there is nothing for it to run",
        "build the image here with `cargo xtask image build`, or use `--runtime dist`",
    )
}

/// What the engine reports about a registry, without the words around it.
fn reason(error: Error) -> String {
    match error {
        Error::DockerResponseServerError { message, .. } => message.trim().to_owned(),
        Error::DockerStreamError { error } => error.trim().to_owned(),
        other => other.to_string(),
    }
}
