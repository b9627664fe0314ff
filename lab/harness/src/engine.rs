//! The container engine: does it answer, and how do its containers reach this computer?
//!
//! Read in this order: [`Engine::connect`], `reach` (two kinds of engines), `images` (what it has, and what it can get),
//! `containers` (found, watched, removed), [`sweep()`] (after a lab that was killed); for images that are built here
//! `command`, `scratch` (where a build works) and `debian` (a root file system without a registry).

use std::error::Error as _;
use std::fmt;
use std::io;
use std::time::Duration;

use testcontainers::bollard::{Docker, errors::Error};
use tokio::time::timeout;
use url::Url;

use crate::trouble::{Kind, Trouble};

pub(crate) mod command;
mod containers;
pub(crate) mod debian;
mod images;
mod reach;
pub(crate) mod scratch;
mod sweep;

pub(crate) use containers::{divided, labels};
pub(crate) use images::{Found, not_to_be_had};
pub use reach::Reach;
pub use sweep::sweep;

/// An engine on this computer answers in milliseconds. One that needs longer will not do for a lab.
const PATIENCE: Duration = Duration::from_secs(5);

/// An engine that answered, and what it says about itself.
#[derive(Clone)]
pub(crate) struct Engine {
    pub(crate) docker: Docker,
    pub(crate) reach: Reach,
}

/// Why there is no engine to work with.
#[derive(Debug)]
pub(crate) enum NoEngine {
    /// No socket, or nobody listens on it.
    Absent(String),
    /// The socket is there, but not for this user.
    Denied,
    /// Connected, but no answer in time.
    Silent,
    /// Containers would run on another computer, where they cannot reach this one's portals.
    Remote(String),
    /// It answers, but not as an engine does.
    Odd(String),
}

impl Engine {
    /// Connects the way testcontainers does (`DOCKER_HOST`, then the usual sockets), asks for a sign of life and
    /// for the engine's description. Errors within seconds, never by waiting for an engine that hangs.
    pub(crate) async fn connect() -> Result<Self, NoEngine> {
        if let Some(host) = std::env::var("DOCKER_HOST").ok().as_deref().and_then(remote_host) {
            return Err(NoEngine::Remote(host));
        }
        let docker = testcontainers::core::client::docker_client_instance().await.map_err(|error| match error {
            testcontainers::core::error::ClientError::Init(error) => NoEngine::from(error),
            other => NoEngine::Odd(other.to_string()),
        })?;
        Self::over(docker, PATIENCE).await
    }

    /// The same over a connection that is made already.
    pub(super) async fn over(docker: Docker, patience: Duration) -> Result<Self, NoEngine> {
        let asked = async {
            // An engine older than the client library refuses the library's own protocol version.
            let docker = docker.negotiate_version().await?;
            let info = docker.info().await?;
            Ok::<_, Error>((docker, info))
        };
        let (docker, info) = timeout(patience, asked).await.map_err(|_| NoEngine::Silent)??;
        let reach = Reach::of(
            info.operating_system.as_deref().unwrap_or_default(),
            info.security_options.as_deref().unwrap_or_default(),
        );
        Ok(Self { docker, reach })
    }
}

/// The host in `DOCKER_HOST` if it names another computer.
fn remote_host(docker_host: &str) -> Option<String> {
    let url = Url::parse(docker_host).ok()?;
    if !matches!(url.scheme(), "tcp" | "http" | "https" | "ssh") {
        return None;
    }
    let host = url.host_str()?;
    let here = host == "localhost" || host == "[::1]" || host == "::1" || host.starts_with("127.");
    (!here).then(|| host.to_owned())
}

impl From<Error> for NoEngine {
    fn from(error: Error) -> Self {
        match io_kind(&error) {
            Some(io::ErrorKind::PermissionDenied) => return Self::Denied,
            Some(io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                return Self::Absent(innermost(&error));
            }
            _ => {}
        }
        match error {
            Error::SocketNotFoundError(path) => Self::Absent(format!("there is no socket {path}")),
            Error::RequestTimeoutError => Self::Silent,
            other => Self::Odd(innermost(&other)),
        }
    }
}

/// The input/output error somewhere below `error`, if there is one.
fn io_kind(error: &Error) -> Option<io::ErrorKind> {
    if let Error::IOError { err } = error {
        return Some(err.kind());
    }
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        source = error.source();
    }
    None
}

/// The text of the innermost cause: the outer ones only say that something failed.
fn innermost(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = error.to_string();
        source = error.source();
    }
    text
}

impl fmt::Display for NoEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(why) => write!(f, "no container engine answers: {why}"),
            Self::Denied => f.write_str("the container engine's socket refuses this user"),
            Self::Silent => write!(f, "the container engine did not answer within {} s", PATIENCE.as_secs()),
            Self::Remote(host) => write!(f, "the container engine runs on another computer ({host})"),
            Self::Odd(why) => write!(f, "the container engine cannot be used: {why}"),
        }
    }
}

impl From<NoEngine> for Trouble {
    fn from(reason: NoEngine) -> Self {
        let (means, action) = match &reason {
            NoEngine::Absent(_) => (
                "Keycloak cannot run in a container here",
                "start Docker, or use `--runtime dist`, which needs Java only",
            ),
            NoEngine::Denied => (
                "an engine runs, but only root and its group may use it",
                "add yourself to the group with `sudo usermod -aG docker $USER` and sign in again, or use `--runtime dist`",
            ),
            NoEngine::Silent => {
                ("an engine is there but hangs", "restart Docker and look at its log, or use `--runtime dist`")
            }
            NoEngine::Remote(_) => (
                "a Keycloak over there could not notify the portals on this computer",
                "unset DOCKER_HOST to use a local engine, or use `--runtime dist`",
            ),
            NoEngine::Odd(_) => (
                "the lab needs an engine that speaks Docker's protocol",
                "check it with `docker version`, or use `--runtime dist`",
            ),
        };
        Self::new(Kind::Environment, reason.to_string(), means, action)
    }
}

/// What an interrupted piece of work answers once it has cleaned up.
pub(crate) fn interrupted(what: &str) -> Trouble {
    Trouble::new(
        Kind::Interrupted,
        format!("{what} was interrupted"),
        "what it had made so far is removed",
        "start again when you like",
    )
}

#[cfg(test)]
mod tests;
