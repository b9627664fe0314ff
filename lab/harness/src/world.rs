//! The lab as one object: started, used and stopped as a whole.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use realm::Realm;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::chromium::{Cookies, window};
use crate::console::lessons::Lessons;
use crate::control::client::LabClient;
use crate::control::messages::Topology;
use crate::faults::{self, Named};
use crate::keycloak::{self, Credentials, Launch, Runtime, RuntimeKind};
use crate::places::{Places, refuse_weak_settings};
use crate::ports::Ports;
use crate::progress::{Progress, Silent};
use crate::recorder::Recorder;
use crate::sites::{self, Sites, is_on_this_computer};
use crate::state::{Folders, Record, Seat};
use crate::sweep;
use crate::trouble::{Kind, Trouble};

mod assembly;
mod parts;

use assembly::{Assembled, assemble};
pub(crate) use parts::Parts;
#[cfg(test)]
pub(crate) use parts::testing;

/// How long Keycloak's start may take: a first start on a slow machine builds, too.
pub const START_DEADLINE: Duration = Duration::from_mins(4);
/// The administrator that the lab makes. Part of the prepared cache's key, so whoever prepares has to name the same.
const ADMINISTRATOR: &str = "lab-admin";
/// How long the parts may take to end after a stop.
const STOP_DEADLINE: Duration = Duration::from_secs(5);

/// What a lab is made of; see the fields.
pub struct Options {
    /// How Keycloak runs.
    pub runtime: Runtime,
    /// Keycloak's version.
    pub version: String,
    /// What only one runtime needs.
    pub keycloak: keycloak::Options,
    /// Public ports.
    pub ports: Ports,
    /// How many sites the public addresses are to a browser.
    pub sites: Sites,
    /// What the lab's browsers do with third-party cookies, where a lesson does not say.
    pub third_party_cookies: Option<Cookies>,
    /// Address that the taps bind to.
    pub bind: IpAddr,
    /// The realm, as shipped or the person's own variant of it.
    pub realm: Realm,
    /// Cache and state.
    pub folders: Folders,
    /// `true`: the seat of `lab up`, found by later commands. `false`: a seat that ends with this process.
    pub main_seat: bool,
    /// Administrator of an external Keycloak; the lab makes its own otherwise.
    pub admin: Option<Credentials>,
    /// Faults that are planted before the lab is told to be up.
    pub faults: Vec<Named>,
    /// Who is told what happens.
    pub progress: Arc<dyn Progress>,
    /// Who plays lessons when the console asks for it.
    pub lessons: Option<Arc<dyn Lessons>>,
}

/// A running lab.
pub struct Lab {
    seat: Seat,
    parts: Arc<Parts>,
    record: Record,
    stop: CancellationToken,
    tasks: TaskTracker,
    launch: Launch,
    keycloak: keycloak::Options,
    preparing: Option<(CancellationToken, JoinHandle<Result<(), Trouble>>)>,
}

/// Why a lab ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// Somebody asked for it.
    Asked,
    /// Keycloak ended by itself; how, with the last lines of its log.
    KeycloakDied(String),
}

impl Lab {
    /// Starts everything and returns when Keycloak and all portals answer. What a killed lab left behind is cleaned
    /// up first. Cancelling, like any error, leaves nothing behind.
    pub async fn start(options: Options, cancel: CancellationToken) -> Result<Self, Trouble> {
        refuse_weak_settings(options.bind, &options.realm)?;
        sites::refuse_impossible(&options)?;
        faults::refuse_exposed(options.bind, &options.faults)?;
        faults::refuse_foreign(foreign(&options), &options.faults)?;
        for line in sweep::sweep(&options.folders).await? {
            options.progress.note(&line);
        }
        let seat =
            if options.main_seat { Seat::claim_main(&options.folders) } else { Seat::claim_own(&options.folders) }?;
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        match assemble(&options, &seat, &stop, &tasks, &cancel).await {
            Ok(Assembled { parts, record, launch }) => {
                let keycloak = options.keycloak;
                Ok(Self { seat, parts, record, stop, tasks, launch, keycloak, preparing: None })
            }
            Err(trouble) => {
                end_tasks(&stop, &tasks).await;
                seat.release()?;
                Err(trouble)
            }
        }
    }

    /// A client for this lab: the same way in as for every other process.
    pub fn client(&self) -> LabClient {
        self.record.client()
    }

    /// Who is where.
    pub fn topology(&self) -> &Topology {
        &self.parts.topology
    }

    /// Everything that is observed.
    pub fn recorder(&self) -> &Recorder {
        &self.parts.recorder
    }

    /// Makes the next start a fast one, at low priority beside the running lab. Does nothing where that is done already
    /// or Keycloak is no process of this lab.
    pub fn prepare_next_start(&mut self) {
        if self.parts.keycloak.kind == RuntimeKind::Dist && self.preparing.is_none() {
            let cancel = CancellationToken::new();
            let mut launch = self.launch.clone();
            // It is nobody's concern how far this is: the lab is up.
            launch.progress = Arc::new(Silent);
            let work = keycloak::dist::prepare_in_background(&launch, &self.keycloak.dist, cancel.clone());
            self.preparing = Some((cancel, work));
        }
    }

    /// Waits until the preparation begun by [`Lab::prepare_next_start`] is finished.
    ///
    /// # Errors
    /// Whatever kept it from finishing.
    pub async fn prepared(&mut self) -> Result<(), Trouble> {
        match self.preparing.take() {
            Some((_, work)) => work.await.unwrap_or_else(|_| Err(interrupted())),
            None => Ok(()),
        }
    }

    /// Waits until the lab is asked to stop or Keycloak dies. A restart that an act asks for is no death.
    pub async fn ended(&mut self) -> Ended {
        tokio::select! {
            () = self.stop.cancelled() => Ended::Asked,
            how = self.parts.keycloak.died() => Ended::KeycloakDied(how),
        }
    }

    /// Stops everything, in order: no new requests, then Keycloak and Redis, then the files. Bounded in time.
    ///
    /// # Errors
    /// Part: something is left behind, and where.
    pub async fn shutdown(mut self) -> Result<(), Trouble> {
        // First, or a command that comes now would talk to a control interface that is gone.
        if let Err(error) = self.seat.unpublish() {
            tracing::debug!(%error, "while stopping");
        }
        if let Some(lessons) = &self.parts.lessons {
            lessons.stop().await;
        }
        if let Some((cancel, work)) = self.preparing.take() {
            cancel.cancel();
            if let Ok(Err(trouble)) = work.await {
                tracing::debug!(%trouble, "the next start was not prepared");
            }
        }
        // A Keycloak of the lab's own goes away with its faults; a stranger's stays.
        let mended = match self.parts.keycloak.kind {
            RuntimeKind::External => self.parts.faults.clear(&self.parts.admin, &self.parts.hosting.portals()).await,
            RuntimeKind::Dist | RuntimeKind::Docker => Ok(()),
        };
        let stopped = mended.and(self.parts.keycloak.stop().await);
        let stopped = stopped.and(self.parts.redis.close().await);
        // Windows that were opened on it, too: their profile goes with its files.
        let stopped = stopped.and(window::close(&self.seat.run_dir(), &self.record.run_id).await);
        end_tasks(&self.stop, &self.tasks).await;
        let released = self.seat.release();
        stopped.and(released)
    }
}

/// What a start with `options` would ask of Keycloak, for those who only look: without a seat or a run.
pub fn would_launch(options: &Options) -> Launch {
    let nowhere = options.folders.state.join("nowhere");
    Launch {
        version: options.version.clone(),
        realm: options.realm.clone(),
        public_url: Url::parse("http://localhost:8080/").unwrap_or_else(|_| unreachable!("a constant address")),
        admin: Credentials { username: ADMINISTRATOR.to_owned(), password: String::new() },
        run_id: "none".to_owned(),
        run_dir: nowhere.clone(),
        log_file: nowhere.join("keycloak.log"),
        cache: options.folders.cache.clone(),
        deadline: START_DEADLINE,
        progress: options.progress.clone(),
    }
}

fn launch(options: &Options, seat: &Seat, places: &Places) -> Launch {
    Launch {
        version: options.version.clone(),
        realm: options.realm.clone(),
        public_url: places.keycloak.clone(),
        admin: options
            .admin
            .clone()
            .unwrap_or_else(|| Credentials { username: ADMINISTRATOR.to_owned(), password: random_word() }),
        run_id: seat.run_id.clone(),
        run_dir: seat.run_dir(),
        log_file: seat.log_file("keycloak"),
        cache: options.folders.cache.clone(),
        deadline: START_DEADLINE,
        progress: options.progress.clone(),
    }
}

/// Why the realm is not the lab's own, if it is not.
fn foreign(options: &Options) -> Option<&'static str> {
    let external = &options.keycloak.external;
    let elsewhere = external.url.as_ref().is_some_and(|url| !is_on_this_computer(url));
    match options.runtime {
        Runtime::External if external.adopt => Some("it is adopted, so it is somebody's"),
        Runtime::External if elsewhere => Some("its Keycloak is on another computer"),
        _ => None,
    }
}

async fn end_tasks(stop: &CancellationToken, tasks: &TaskTracker) {
    stop.cancel();
    tasks.close();
    if tokio::time::timeout(STOP_DEADLINE, tasks.wait()).await.is_err() {
        tracing::warn!("parts of the lab did not end in time and are cut off");
    }
}

fn random_word() -> String {
    format!("{:032x}", rand::random::<u128>())
}

pub(crate) fn interrupted() -> Trouble {
    Trouble::new(
        Kind::Interrupted,
        "interrupted",
        "what had been started was stopped again",
        "start again when you like",
    )
}
