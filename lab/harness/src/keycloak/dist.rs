//! Keycloak as a plain Java process from its distribution.
//!
//! The first start on a computer lays the distribution out, builds it and imports the realm, which takes its time.
//! [`prepare_in_background`] then puts the result of that work into the cache, and later starts take it from there.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::java::{self, Java, Search};
use super::process::{Group, last_lines};
use super::versions::Version;
use super::{Death, Launch, Leftovers, Running, RuntimeKind, Supervised};
use crate::trouble::{Kind, Trouble};

mod distribution;
mod fetch;
pub mod home;
mod prepare;
mod prepared;
mod server;
mod unpack;

pub use distribution::Distribution;
pub(super) use distribution::{find, lay_out};
pub use prepare::{prepare, prepare_in_background};

use prepared::{Found, Prepared, Slot};
use server::{Archive, Failure, Import, Ports, Ready, Server, Start};

/// What a first start takes on two cores, for the progress.
const FIRST: Duration = Duration::from_secs(30);
/// What a start from the cache takes.
const LATER: Duration = Duration::from_secs(6);

/// How to come by a distribution and a Java.
#[derive(Debug, Clone)]
pub struct DistOptions {
    /// The person's own zip or folder.
    pub distribution: Option<PathBuf>,
    /// Where to look for Java and Maven.
    pub java: Search,
    /// Where to download from when there is no Maven; `{version}` stands for the version.
    pub download: String,
    /// Whether the prepared cache is used.
    pub prepared: bool,
}

impl Default for DistOptions {
    fn default() -> Self {
        Self {
            distribution: None,
            java: Search::from_env(),
            download: "https://github.com/keycloak/keycloak/releases/download/{version}/keycloak-{version}.zip"
                .to_owned(),
            prepared: true,
        }
    }
}

/// Lays a distribution out in the new folder `into`, as a person would by unpacking it. Errors: as for a start.
pub async fn unpacked(
    launch: &Launch,
    options: &DistOptions,
    into: &Path,
    cancel: &CancellationToken,
) -> Result<(), Trouble> {
    let version = Version::parse(&launch.version)?;
    let found = distribution::find(launch, &version, options, cancel).await?;
    distribution::lay_out(&found, into, cancel).await
}

/// Where a distribution would come from, without fetching it, in words. Errors: nowhere.
pub fn source(launch: &Launch, options: &DistOptions) -> Result<String, Trouble> {
    let version = Version::parse(&launch.version)?;
    distribution::source(launch, &version, options)
}

/// Starts Keycloak and waits until it is ready. From the prepared cache where there is one that is sound, else the
/// long way. Cancelling leaves neither a process nor a file behind. Errors: no usable Java, no distribution, no disk
/// space, Keycloak ends or is not ready in time.
pub async fn start(launch: &Launch, options: &DistOptions, cancel: CancellationToken) -> Result<Running, Trouble> {
    let setup = Setup::of(launch, options).await?;
    let home = home::of(&launch.run_dir);
    // Removes the home on every way out that is not a running Keycloak, also when this future is dropped.
    let mut guard = Home { folder: home.clone(), kept: false };
    let running = match setup.prepared(launch, options) {
        Some(prepared) => match from_cache(launch, &setup, &home, prepared, &cancel).await {
            Ok(running) => Ok(running),
            Err(Failure { trouble, died: true }) => {
                launch.progress.note(&format!(
                    "Keycloak does not start from the prepared cache, which is thrown away and made again: {trouble}"
                ));
                setup.slot.remove().map_err(|error| unpack::failed(&launch.cache, error))?;
                remove(&home)?;
                the_long_way(launch, options, &setup, &home, &cancel).await
            }
            Err(Failure { trouble, .. }) => Err(trouble),
        },
        None => the_long_way(launch, options, &setup, &home, &cancel).await,
    }?;
    guard.kept = true;
    Ok(running)
}

/// What each start needs to know first.
struct Setup {
    version: Version,
    java: Java,
    slot: Slot,
}

impl Setup {
    async fn of(launch: &Launch, options: &DistOptions) -> Result<Self, Trouble> {
        let version = Version::parse(&launch.version)?;
        if let Some(warning) = version.warning() {
            launch.progress.note(&warning);
        }
        let java = java::find_up_to(&options.java, version.newest_java(), launch.progress.as_ref()).await?;
        let slot = Slot::of(launch, &java, &distribution::identity(options));
        Ok(Self { version, java, slot })
    }

    /// The prepared cache, if it may be used and is sound. A damaged one is removed, so that it is made again.
    fn prepared(&self, launch: &Launch, options: &DistOptions) -> Option<Prepared> {
        if !options.prepared {
            return None;
        }
        match self.slot.open() {
            Found::Prepared(prepared) => Some(prepared),
            Found::Absent => None,
            Found::Damaged(why) => {
                let removed = self.slot.remove().unwrap_or(false);
                let next = if removed { "it is made again" } else { "another lab still uses it, so it stays for now" };
                launch.progress.note(&format!("the prepared cache is damaged ({why}); {next}"));
                None
            }
        }
    }

    fn server<'a>(&'a self, launch: &'a Launch, home: &'a Path, archive: Archive<'a>) -> Server<'a> {
        server(launch, &self.java, home, archive)
    }
}

fn server<'a>(launch: &'a Launch, java: &'a Java, home: &'a Path, archive: Archive<'a>) -> Server<'a> {
    Server { home, java, run_id: &launch.run_id, log: &launch.log_file, archive, nice: false }
}

async fn from_cache(
    launch: &Launch,
    setup: &Setup,
    home: &Path,
    prepared: Prepared,
    cancel: &CancellationToken,
) -> Result<Running, Failure> {
    let stage = format!("Keycloak {} starts from the prepared cache", setup.version);
    launch.progress.begin(&stage, Some(LATER));
    let database = prepared.database();
    home::share(&prepared.distribution(), home, Some(&database)).map_err(|error| unpack::failed(home, error))?;
    let archive = prepared.archive();
    let server = setup.server(launch, home, archive.as_deref().map_or(Archive::Without, Archive::From));
    let how =
        Start { public_url: &launch.public_url, import: None, database: Some(&database), deadline: launch.deadline };
    let ready = server.start(&how, cancel).await?;
    let handed_over = prepare::hand_over(launch, &ready.upstream, &prepared, cancel).await;
    let upstream = ready.upstream.clone();
    let mut running = Dist::of(ready, launch, setup, home, Some(prepared));
    if let Err(trouble) = handed_over {
        running.stop().await?;
        // Not the person's password but the cache's: if it is not taken, the database is not the one that it was.
        return Err(Failure { died: trouble.kind == Kind::Usage, trouble });
    }
    launch.progress.done(&stage);
    Ok(running.into_running(setup, upstream))
}

async fn the_long_way(
    launch: &Launch,
    options: &DistOptions,
    setup: &Setup,
    home: &Path,
    cancel: &CancellationToken,
) -> Result<Running, Trouble> {
    let found = distribution::find(launch, &setup.version, options, cancel).await?;
    let stage = format!("Keycloak {} starts for the first time: it is built and imports the realm", setup.version);
    launch.progress.begin(&stage, Some(FIRST));
    distribution::lay_out(&found, home, cancel).await?;
    home::place_realm(home, &launch.realm).map_err(|error| unpack::failed(home, error))?;
    let how = Start {
        public_url: &launch.public_url,
        import: Some(Import { admin: &launch.admin, build: true }),
        database: None,
        deadline: launch.deadline,
    };
    let ready = setup.server(launch, home, Archive::Without).start(&how, cancel).await.map_err(Trouble::from)?;
    launch.progress.done(&stage);
    let upstream = ready.upstream.clone();
    Ok(Dist::of(ready, launch, setup, home, None).into_running(setup, upstream))
}

/// A Java process, its home, and the hold on the cache that it reads from.
struct Dist {
    group: Group,
    home: PathBuf,
    held: Option<Prepared>,
    /// What another start needs to know.
    launch: Launch,
    java: Java,
    ports: Ports,
}

impl Dist {
    fn of(ready: Ready, launch: &Launch, setup: &Setup, home: &Path, held: Option<Prepared>) -> Self {
        let Ready { group, ports, .. } = ready;
        Self { group, home: home.to_owned(), held, launch: launch.clone(), java: setup.java.clone(), ports }
    }

    fn into_running(self, setup: &Setup, upstream: url::Url) -> Running {
        let mut traces = Leftovers::of(&self.launch.run_id, RuntimeKind::Dist);
        traces.pgid = Some(self.group.pgid());
        Running::new(upstream, setup.version.to_string(), traces, Box::new(self))
    }
}

#[async_trait]
impl Supervised for Dist {
    async fn stop(&mut self) -> Result<(), Trouble> {
        self.group.stop().await?;
        self.held = None;
        remove(&self.home)
    }

    /// Everything but the database is built by now, also after a first start, and the realm is in the database.
    async fn restart(&mut self, cancel: &CancellationToken) -> Result<Option<i32>, Trouble> {
        self.group.stop().await?;
        let archive = self.held.as_ref().and_then(Prepared::archive);
        let server =
            server(&self.launch, &self.java, &self.home, archive.as_deref().map_or(Archive::Without, Archive::From));
        let how =
            Start { public_url: &self.launch.public_url, import: None, database: None, deadline: self.launch.deadline };
        self.group = server.start_again(&how, self.ports, cancel).await?.group;
        Ok(Some(self.group.pgid()))
    }

    fn death(&self) -> Death {
        let (ended, log) = (self.group.watch(), self.launch.log_file.clone());
        Box::pin(async move {
            let how = ended.await;
            let log = last_lines(&log, server::LOG_LINES);
            format!("Keycloak ended by itself, {how}; last lines of its log:\n{log}")
        })
    }
}

/// The home of a start under way.
struct Home {
    folder: PathBuf,
    kept: bool,
}

impl Drop for Home {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn remove(folder: &Path) -> Result<(), Trouble> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unpack::failed(folder, error)),
        _ => Ok(()),
    }
}
