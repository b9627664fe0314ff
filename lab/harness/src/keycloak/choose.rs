//! Which runtime, and why.

use std::fmt;
use std::str::FromStr;

use tokio_util::sync::CancellationToken;

use super::dist::{self, DistOptions};
use super::docker::{self, DockerOptions};
use super::external::{self, ExternalOptions};
use super::readiness::interrupted;
use super::{Launch, Running};
use crate::trouble::{Kind, Trouble};

/// What the person asked for, as the command line words it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Runtime {
    /// The first that works here: docker, then dist.
    #[default]
    Auto,
    /// A container.
    Docker,
    /// The plain distribution as a Java process.
    Dist,
    /// A Keycloak that somebody else runs.
    External,
}

/// What only one runtime needs.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// For `docker`, also where `auto` ends up there.
    pub docker: DockerOptions,
    /// For `dist`, also where `auto` ends up there.
    pub dist: DistOptions,
    /// For `external`.
    pub external: ExternalOptions,
}

/// Starts Keycloak the way `choice` says and waits until it is ready. Cancelling at any moment leaves neither a
/// process nor a container nor a file behind. Errors: those of the runtime; for `auto`, why none works here.
pub async fn start(
    choice: Runtime,
    launch: &Launch,
    options: &Options,
    cancel: CancellationToken,
) -> Result<Running, Trouble> {
    match choice {
        Runtime::Docker => docker::start(launch, &options.docker, cancel).await,
        Runtime::Dist => dist::start(launch, &options.dist, cancel).await,
        Runtime::External => external::start(launch, &options.external, cancel).await,
        Runtime::Auto => {
            let available = tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(interrupted()),
                available = docker::available(launch, &options.docker) => available,
            };
            let Err(reason) = available else {
                launch.progress.note("runtime docker: a container engine answers and has the image");
                return docker::start(launch, &options.docker, cancel).await;
            };
            launch.progress.note(&format!("runtime dist, because docker does not work here: {reason}"));
            let started = dist::start(launch, &options.dist, cancel).await;
            started
                .map_err(|trouble| if trouble.kind == Kind::Environment { neither(&reason, &trouble) } else { trouble })
        }
    }
}

/// Both reasons, with the advice for the runtime that needs less.
fn neither(docker: &str, dist: &Trouble) -> Trouble {
    let action = format!("{}; or make a container engine answer", dist.action);
    Trouble::new(
        Kind::Environment,
        format!("Keycloak can run here neither way: docker: {docker}; dist: {dist}"),
        "the lab needs a container engine, or Java and Keycloak's distribution",
        action,
    )
}

impl Runtime {
    /// All words.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Docker, Self::Dist, Self::External];

    /// The word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Docker => "docker",
            Self::Dist => "dist",
            Self::External => "external",
        }
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Runtime {
    type Err = Trouble;

    fn from_str(word: &str) -> Result<Self, Trouble> {
        Self::ALL.into_iter().find(|runtime| runtime.word() == word).ok_or_else(|| {
            Trouble::new(
                Kind::Usage,
                format!("there is no runtime `{word}`"),
                "the lab knows auto, docker, dist and external",
                "use one of them, or leave `--runtime` out",
            )
        })
    }
}

#[cfg(test)]
mod tests;
