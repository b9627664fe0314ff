//! Making the prepared cache: build, import, and one run whose loaded classes are written down.

use std::fs;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::prepared::{self, Found, Prepared, Slot, Workshop};
use super::server::{Archive, Import, Server, Start};
use super::{DistOptions, Setup, distribution, home, unpack};
use crate::keycloak::admin::Admin;
use crate::keycloak::readiness::interrupted;
use crate::keycloak::{Credentials, Launch, hex};
use crate::trouble::{Kind, Trouble};

/// On two idle cores; in the background it takes longer.
const USUALLY: Duration = Duration::from_mins(1);
/// A build or an import that takes longer hangs.
const AT_MOST: Duration = Duration::from_mins(15);
/// The JVM writes a class archive of 150 MB when it ends.
const WRITING: Duration = Duration::from_mins(3);
/// So many prepared states of other realms or versions stay: each has 400 MB.
const KEEP: usize = 2;
const PAUSE: Duration = Duration::from_millis(200);

/// Prepares the cache for this launch, so that the next start is a fast one. Does nothing when it is there and sound;
/// waits when another lab is at it. Cancelling removes what was begun. Errors: as for a start.
pub async fn prepare(launch: &Launch, options: &DistOptions, cancel: CancellationToken) -> Result<(), Trouble> {
    let setup = Setup::of(launch, options).await?;
    let began = Instant::now();
    while setup.prepared(launch, options).is_none() {
        if let Some(workshop) = setup.slot.try_begin().map_err(|error| unpack::failed(&launch.cache, error))? {
            let stage = format!("preparing Keycloak {} for fast starts", setup.version);
            launch.progress.begin(&stage, Some(USUALLY));
            make(launch, options, &setup, workshop, false, &cancel).await?;
            launch.progress.done(&stage);
            return Ok(());
        }
        if began.elapsed() > AT_MOST {
            return Err(busy());
        }
        tokio::select! {
            () = cancel.cancelled() => return Err(interrupted()),
            () = sleep(PAUSE) => {}
        }
    }
    Ok(())
}

/// The same beside a running lab, which notices little of it: low priority, and it takes the built distribution from
/// the lab's own run where that was a first start. Ends at once when another lab is at it already. Stop it by
/// cancelling and then awaiting the handle, before the run's folder is removed.
pub fn prepare_in_background(
    launch: &Launch,
    options: &DistOptions,
    cancel: CancellationToken,
) -> JoinHandle<Result<(), Trouble>> {
    let (launch, options) = (launch.clone(), options.clone());
    tokio::spawn(async move {
        let setup = Setup::of(&launch, &options).await?;
        if matches!(setup.slot.open(), Found::Prepared(_)) {
            return Ok(());
        }
        let Some(workshop) = setup.slot.try_begin().map_err(|error| unpack::failed(&launch.cache, error))? else {
            return Ok(());
        };
        make(&launch, &options, &setup, workshop, true, &cancel).await?;
        launch.progress.note("later starts are prepared now and take a few seconds");
        Ok(())
    })
}

/// Fills the workshop and finishes it. On any other way out the workshop is dropped, and with it what is in it.
async fn make(
    launch: &Launch,
    options: &DistOptions,
    setup: &Setup,
    workshop: Workshop,
    nice: bool,
    cancel: &CancellationToken,
) -> Result<(), Trouble> {
    let folder = workshop.folder().to_owned();
    let broken = |error| unpack::failed(&folder, error);
    let log = folder.join("prepare.log");
    let built = prepared::distribution(&folder);
    let server =
        Server { home: &built, java: &setup.java, run_id: &launch.run_id, log: &log, archive: Archive::Without, nice };

    let running = home::of(&launch.run_dir);
    if home::is_built(&running) && !running.join("lib").is_symlink() {
        unpack::folder(&running, &built, cancel).await?;
    } else {
        let found = distribution::find(launch, &setup.version, options, cancel).await?;
        distribution::lay_out(&found, &built, cancel).await?;
        server.build(AT_MOST, cancel).await?;
    }

    let training = prepared::training(&folder);
    home::share(&built, &training, None).map_err(broken)?;
    home::place_realm(&training, &launch.realm).map_err(broken)?;
    let admin = Credentials { username: launch.admin.username.clone(), password: random_password() };
    let archive = prepared::archive(&folder);
    let server = Server { home: &training, archive: Archive::To(&archive), ..server };
    train(launch, &server, &admin, cancel).await?;

    fs::rename(home::database(&training), prepared::database(&folder)).map_err(broken)?;
    fs::remove_dir_all(training.join("data")).map_err(broken)?;
    fs::remove_file(&log).map_err(broken)?;
    finish(workshop, &setup.slot, admin.password).await.map_err(broken)
}

/// Runs Keycloak once with an empty database: it imports the realm and creates the administrator. What a later start
/// does is done here too, so that its classes are in the archive.
async fn train(
    launch: &Launch,
    server: &Server<'_>,
    admin: &Credentials,
    cancel: &CancellationToken,
) -> Result<(), Trouble> {
    let how = Start {
        public_url: &launch.public_url,
        import: Some(Import { admin, build: false }),
        database: None,
        deadline: AT_MOST,
    };
    let mut ready = server.start(&how, cancel).await.map_err(Trouble::from)?;
    let client = Admin::new(ready.upstream.clone(), &launch.public_url, admin.clone());
    let warm_up = async {
        client.patch_clients(&launch.realm).await?;
        client.end_all_sessions().await
    };
    tokio::select! {
        biased;
        () = cancel.cancelled() => {
            ready.group.stop_within(Duration::from_secs(1)).await?;
            return Err(interrupted());
        }
        done = warm_up => done?,
    }
    // Politely: only a JVM that ends by itself writes its archive.
    let written = tokio::select! {
        biased;
        () = cancel.cancelled() => false,
        stopped = ready.group.stop_within(WRITING) => { stopped?; true }
    };
    if written {
        return Ok(());
    }
    ready.group.stop_within(Duration::ZERO).await?;
    Err(interrupted())
}

async fn finish(workshop: Workshop, slot: &Slot, password: String) -> std::io::Result<()> {
    let slot = slot.clone();
    let work = move || {
        workshop.finish(&password)?;
        slot.tidy(KEEP)
    };
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
}

/// After a start from the cache: the administrator of the copied database gets the password of this run.
pub(super) async fn hand_over(
    launch: &Launch,
    upstream: &Url,
    prepared: &Prepared,
    cancel: &CancellationToken,
) -> Result<(), Trouble> {
    let cached =
        Credentials { username: launch.admin.username.clone(), password: prepared.admin_password().to_owned() };
    let mut admin = Admin::new(upstream.clone(), &launch.public_url, cached);
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(interrupted()),
        done = admin.replace_password(&launch.admin.password) => done,
    }
}

fn random_password() -> String {
    let bytes: [u8; 24] = rand::random();
    hex(&bytes)
}

fn busy() -> Trouble {
    Trouble::new(
        Kind::State,
        "another lab has been preparing this Keycloak for a quarter of an hour",
        "it is stuck, or this computer is very busy",
        "look for another `cargo xtask` and stop it, then try again",
    )
}
