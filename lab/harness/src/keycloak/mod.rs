//! Keycloak, whichever way this computer can run it.
//!
//! Read in this order: [`Launch`] (what the lab wants), [`Running`] (what it gets), [`choose`] (which runtime, and
//! why), the three runtimes [`dist`], [`docker`] and [`external`], then [`admin`] (what the lab asks of a running
//! Keycloak).
//!
//! Each runtime is `start(launch, …, cancel) -> Result<Running, Trouble>`: it returns when the health endpoint and
//! the realm's discovery answered with the issuer that the public address demands, or it has cleaned up. The realm
//! arrives as shipped; the lab patches addresses and secrets through [`admin`] afterwards, whichever runtime it is.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::progress::Progress;

pub mod admin;
pub mod choose;
pub mod dist;
pub mod docker;
pub mod external;
pub mod image;
pub mod java;
mod keeper;
pub mod ports;
pub mod process;
pub(crate) mod reach;
pub mod readiness;
mod running;
#[cfg(test)]
pub(crate) mod testing;
pub mod versions;

pub use choose::{Options, Runtime, start};
pub(crate) use keeper::Keeper;
pub use running::{Death, Leftovers, Running, Supervised};

/// What the lab wants of a Keycloak.
#[derive(Clone)]
pub struct Launch {
    /// Keycloak version, for example `26.7.3`.
    pub version: String,
    /// The realm to import, as shipped: addresses and secrets are patched after the start.
    pub realm: realm::Realm,
    /// Public address, which is the tap's (`http://localhost:8080`): becomes `--hostname`.
    pub public_url: Url,
    /// Credentials of the administrator that the lab creates. For an external Keycloak: the given ones.
    pub admin: Credentials,
    /// Marks everything this run starts: process environment, container label.
    pub run_id: String,
    /// Folder of this run; removed by the caller after the stop.
    pub run_dir: PathBuf,
    /// Where Keycloak's output goes.
    pub log_file: PathBuf,
    /// The lab's cache folder.
    pub cache: PathBuf,
    /// How long a start may take.
    pub deadline: Duration,
    /// Who is told what happens.
    pub progress: Arc<dyn Progress>,
}

/// An administrator's name and password. Does not print the password.
#[derive(Clone)]
pub struct Credentials {
    /// User name in the master realm.
    pub username: String,
    /// Password.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

/// The runtimes, as the command line names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuntimeKind {
    /// A container, through testcontainers.
    Docker,
    /// The plain distribution as a Java process.
    Dist,
    /// A Keycloak that somebody else runs.
    External,
}

impl std::fmt::Display for RuntimeKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Docker => "docker",
            Self::Dist => "dist",
            Self::External => "external",
        })
    }
}

/// Lower-case hex.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
