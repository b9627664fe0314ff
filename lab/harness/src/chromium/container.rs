//! A browser's container: the driver is its command, the browser the driver's child.
//!
//! On this computer's own network, so that `localhost` and the names below it mean the same to the browser as to everybody
//! else. The seat's folder of the run is mounted at its own path, so that profile and log are where they are without a
//! container, and the browser writes there as the lab's own user, who can remove it again.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use testcontainers::core::Mount;
use testcontainers::core::logs::LogFrame;
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{ContainerAsync, ContainerRequest, GenericImage, ImageExt as _};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::driver::ARGUMENT;
use super::place;
use super::start::Taken;
use crate::engine::{Engine, divided, labels};
use crate::keycloak::process::RUN_VARIABLE;
use crate::trouble::{Kind, Trouble};

/// Making and starting one takes less than a second.
const CREATE: Duration = Duration::from_mins(1);
const REMOVE: Duration = Duration::from_secs(15);

/// Starts that are under way: whoever asked for one may be gone before it is done.
static STARTING: LazyLock<TaskTracker> = LazyLock::new(TaskTracker::new);

/// A started container. Dropping it removes it, too, but blocks: [`Container::remove`] is the way.
pub(super) struct Container {
    started: ContainerAsync<GenericImage>,
    engine: Engine,
}

/// Waits until no start is under way whose caller is gone, so that ending this process leaves no container behind. There is a
/// limit: an engine that hangs leaves it to the next lab's sweep.
pub async fn settled() {
    STARTING.close();
    let _ = timeout(CREATE, STARTING.wait()).await;
    STARTING.reopen();
}

impl Container {
    /// Starts one for the run of `seat`; what the driver says is appended to `log`.
    ///
    /// Errors: no engine; it refuses the container, or the image has no driver; the log cannot be written.
    pub(super) async fn start(image: &str, seat: &Arc<Taken>, log: &Path) -> Result<Self, Trouble> {
        let engine = place::engine().await?;
        let run_dir = seat.run_dir();
        let written =
            unlock(&run_dir.join("profile")).and_then(|()| OpenOptions::new().create(true).append(true).open(log));
        let log = written.map_err(|error| unwritable(&run_dir, error))?;
        let request = request(image, &seat.run_id, &run_dir, log);
        // A task of its own: should the caller be dropped, the container still ends in somebody's hands, and is removed.
        let (tell, told) = oneshot::channel();
        let (hands, called, taken) = (engine.clone(), name(&seat.run_id), seat.clone());
        STARTING.spawn(async move {
            if let Err(unwanted) = tell.send(request.start().await) {
                if let Ok(started) = unwanted {
                    let _ = timeout(REMOVE, started.rm()).await;
                }
                // One that was made but could not be started is there, too: its caller may have taken the folder away meanwhile.
                if let Err(trouble) = hands.remove(&called).await {
                    taken.leave();
                    tracing::warn!(%trouble, "a browser's container is left to the next sweep");
                }
            }
        });
        let failure = match timeout(CREATE, told).await {
            Ok(Ok(Ok(started))) => return Ok(Self { started, engine }),
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(Err(_)) => "the start broke off".to_owned(),
            Err(_) => format!("not started after {} s", CREATE.as_secs()),
        };
        // One that was made but could not be started stays behind, and keeps its name.
        engine.remove(&name(&seat.run_id)).await.inspect_err(|_| seat.leave())?;
        Err(Trouble::new(
            Kind::Part,
            format!("the container engine could not start a browser's container of the image {image}"),
            "the engine answers and has the image, but refuses what the lab asks for, or the image has no `chromedriver` on its PATH",
            "read the engine's answer below, or install Chromium (Debian: `apt-get install chromium chromium-driver`)",
        )
        .caused_by(failure))
    }

    /// Resolves when it has ended, and says how.
    pub(super) async fn ended(&self) -> String {
        self.engine.ended(self.started.id()).await
    }

    /// Kills and removes it. Errors: it is still there.
    pub(super) async fn remove(self) -> Result<(), Trouble> {
        let Self { started, engine } = self;
        let id = started.id().to_owned();
        // testcontainers first, so that its destructor has nothing left to do; then until it is really gone.
        let _ = timeout(REMOVE, started.rm()).await;
        engine.remove(&id).await
    }
}

/// The name of the container of a browser's run.
fn name(run_id: &str) -> String {
    format!("sso-lab-chromium-{run_id}")
}

/// What to tell testcontainers. Readiness is asked afterwards, as without a container.
fn request(image: &str, run_id: &str, run_dir: &Path, log: File) -> ContainerRequest<GenericImage> {
    let (image, tag) = divided(image);
    let folder = run_dir.to_string_lossy().into_owned();
    let log = Mutex::new(log);
    GenericImage::new(image, tag)
        // Whatever the image starts by itself (a grid, a screen) is not wanted.
        .with_entrypoint("chromedriver")
        .with_cmd([ARGUMENT])
        .with_container_name(name(run_id))
        .with_labels(labels("chromium", run_id))
        .with_env_var(RUN_VARIABLE, run_id)
        // This user may have no home in the image; Chromium wants one beside its profile.
        .with_env_var("HOME", &folder)
        .with_user(user())
        .with_network("host")
        .with_mount(Mount::bind_mount(&folder, &folder))
        // Where SELinux guards files, a container may not read the lab's folder otherwise. Elsewhere it says nothing.
        .with_security_opt("label=disable")
        .with_startup_timeout(CREATE)
        .with_log_consumer(move |frame: &LogFrame| {
            // A full disk must not take the browser down with it.
            let _ = log.lock().unwrap_or_else(PoisonError::into_inner).write_all(frame.bytes());
        })
}

/// The lab's own user and group, by their numbers.
fn user() -> String {
    format!("{}:{}", rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
}

/// Takes away the lock of a browser that did not end by itself. It names a process by its number, and in another container
/// that number is somebody else's: Chromium would take the profile for one in use. Only this seat's browser uses it.
fn unlock(profile: &Path) -> io::Result<()> {
    for lock in ["SingletonLock", "SingletonSocket", "SingletonCookie"] {
        match std::fs::remove_file(profile.join(lock)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn unwritable(folder: &Path, error: io::Error) -> Trouble {
    Trouble::new(
        Kind::Environment,
        format!("{} cannot be written", folder.display()),
        "a browser in a container has its profile and its log there",
        "see the cause; often the disk is full",
    )
    .caused_by(error)
}

#[cfg(test)]
mod tests;
