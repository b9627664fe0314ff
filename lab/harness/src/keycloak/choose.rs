//! Which runtime, and why.

use std::fmt;
use std::str::FromStr;

use tokio_util::sync::CancellationToken;

use super::dist::{self, DistOptions};
use super::{Launch, Running, docker};
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
    /// For `dist`.
    pub dist: DistOptions,
}

/// Starts Keycloak the way `choice` says and waits until it is ready. Cancelling at any moment leaves neither a
/// process nor a container behind.
pub async fn start(
    choice: Runtime,
    launch: &Launch,
    options: &Options,
    cancel: CancellationToken,
) -> Result<Running, Trouble> {
    match choice {
        Runtime::Docker => docker::start(launch, cancel).await,
        Runtime::Auto | Runtime::Dist | Runtime::External => dist::start(launch, &options.dist, cancel).await,
    }
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
