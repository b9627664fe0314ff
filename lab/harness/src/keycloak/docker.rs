//! Keycloak in a container, through testcontainers.
//!
//! Read in this order: [`start`], `pick` (which image), `container` (what it is started with), `reach` (how it and
//! this computer find each other), `supervise` (stop, death). The engine itself is [`crate::engine`], with what sweeps up
//! after a lab that was killed.
//!
//! Who removes the container: [`Running::stop`], a failed or cancelled start, the destructor when a caller forgets,
//! and the next lab's sweep after a SIGKILL. testcontainers' watchdog is not used: on Ctrl-C it ends the whole
//! process as soon as its containers are gone, in the middle of the lab's own orderly end.

use std::fs::OpenOptions;
use std::time::Duration;

use testcontainers::runners::AsyncRunner as _;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::admin::Admin;
use super::readiness::{NotReady, Readiness};
use super::{Launch, Leftovers, Running, RuntimeKind};
use crate::engine::{Engine, Reach};
use crate::trouble::{Kind, Trouble};

mod container;
mod pick;
mod reach;
mod restart;
mod supervise;

use pick::{Content, Pick, pick};
use reach::Ports;
use supervise::Container;

/// Making and starting a container takes about a second; it is not interrupted, so that there is always something
/// definite to remove.
const CREATE: Duration = Duration::from_mins(1);
/// How often a start is tried again because somebody took one of the ports in between.
const TRIES: usize = 3;

/// What a person may decide about the container.
#[derive(Debug, Clone, Default)]
pub struct DockerOptions {
    /// An image to start instead of our own or the official one: one of ours, the official one of some version, or one
    /// that works like it.
    pub image: Option<String>,
    /// How the container and this computer reach each other. `None`: as the engine suggests.
    pub reach: Option<Reach>,
}

/// Whether Keycloak can run in a container here: an engine answers, and the image is there or a registry would give
/// it. Takes milliseconds, or a few seconds where a registry has to be asked. Errors: the reason, as a fragment.
pub async fn available(launch: &Launch, options: &DockerOptions) -> Result<(), String> {
    let engine = Engine::connect().await.map_err(|reason| reason.to_string())?;
    let image = options.image.as_deref();
    let picked = pick(&engine, launch, image).await.map_err(|trouble| trouble.to_string())?;
    picked
        .obtainable(&engine)
        .await
        .map_err(|reason| format!("an engine answers, but the image {} cannot be had: {reason}", picked.name))
}

/// How containers and this computer reach each other: decides the host name in back-channel addresses
/// ([`Reach::this_computer`]). Errors: no engine.
pub async fn reach(options: &DockerOptions) -> Result<Reach, Trouble> {
    match options.reach {
        Some(reach) => Ok(reach),
        None => Ok(Engine::connect().await?.reach),
    }
}

/// Starts Keycloak in a container and waits until it is ready. Cancelling leaves no container behind.
///
/// Errors: no engine, one that hangs or refuses this user; the image cannot be had; Keycloak ends while it starts or
/// is not ready in time, with its last lines; interrupted.
pub async fn start(launch: &Launch, options: &DockerOptions, cancel: CancellationToken) -> Result<Running, Trouble> {
    let mut engine = Engine::connect().await?;
    if let Some(reach) = options.reach {
        engine.reach = reach;
    }
    start_on(&engine, launch, options.image.as_deref(), &cancel).await
}

/// The same on an engine that is connected.
async fn start_on(
    engine: &Engine,
    launch: &Launch,
    image: Option<&str>,
    cancel: &CancellationToken,
) -> Result<Running, Trouble> {
    let picked = pick(engine, launch, image).await?.obtain(engine, launch, cancel).await?;
    if picked.version(launch) != launch.version {
        let note = format!("the image {} holds Keycloak {}", picked.name, picked.version(launch));
        launch.progress.note(&note);
    }
    let usual = match picked.content {
        Content::Prepared { .. } => Duration::from_secs(6),
        Content::Plain => Duration::from_secs(25),
    };
    let what = format!("starting Keycloak {} in a container ({})", picked.version(launch), picked.name);
    launch.progress.begin(&what, Some(usual));
    for attempt in 1.. {
        let ports = Ports::free()?;
        match attempt_on(engine, launch, &picked, ports, cancel).await {
            Ok(running) => {
                launch.progress.done(&what);
                return Ok(running);
            }
            Err(trouble) if trouble.kind == Kind::Part && ports.taken() && attempt < TRIES => {
                launch.progress.note("somebody took a port that Keycloak was to use; trying others");
            }
            Err(trouble) => return Err(trouble),
        }
    }
    unreachable!("the last attempt returns")
}

/// One container, from nothing to ready. Whatever goes wrong, it is removed before this returns.
async fn attempt_on(
    engine: &Engine,
    launch: &Launch,
    picked: &Pick,
    ports: Ports,
    cancel: &CancellationToken,
) -> Result<Running, Trouble> {
    let began = Instant::now();
    let mut container = create(engine, launch, picked, ports).await?;
    match make_ready(&mut container, launch, picked, ports, began, cancel).await {
        Ok(()) => {
            let mut traces = Leftovers::of(&launch.run_id, RuntimeKind::Docker);
            traces.container = Some(container::name(&launch.run_id));
            Ok(Running::new(ports.upstream(), picked.version(launch).to_owned(), traces, Box::new(container)))
        }
        Err(trouble) => {
            container.remove().await?;
            Err(trouble)
        }
    }
}

/// Makes and starts the container.
async fn create(engine: &Engine, launch: &Launch, picked: &Pick, ports: Ports) -> Result<Container, Trouble> {
    // testcontainers starts a client of its own for some requests.
    crate::http::ensure_crypto();
    let log = OpenOptions::new().create(true).append(true).open(&launch.log_file).map_err(|error| {
        Trouble::new(
            Kind::Environment,
            format!("{} cannot be written", launch.log_file.display()),
            "Keycloak's output goes there",
            "make its folder writable",
        )
        .caused_by(error)
    })?;
    let request = container::request(launch, picked, engine.reach, ports, log);
    // A task of its own: should the caller be dropped, the container still ends in somebody's hands, and is removed.
    let starting = tokio::spawn(request.start());
    let failure = match timeout(CREATE, starting).await {
        Ok(Ok(Ok(started))) => return Ok(Container::new(started, engine.clone(), launch.clone(), ports)),
        Ok(Ok(Err(error))) => error.to_string(),
        Ok(Err(panic)) => panic.to_string(),
        Err(_) => format!("not started after {} s", CREATE.as_secs()),
    };
    // A container that was made but could not be started stays behind, and keeps its name.
    engine.remove(&container::name(&launch.run_id)).await?;
    Err(Trouble::new(
        Kind::Part,
        "the container engine could not start Keycloak's container",
        "the engine answers and has the image, but refuses what the lab asks for",
        "read the engine's answer below, or use `--runtime dist`",
    )
    .caused_by(failure))
}

/// Waits until Keycloak is ready and this run's administrator is in place.
async fn make_ready(
    container: &mut Container,
    launch: &Launch,
    picked: &Pick,
    ports: Ports,
    began: Instant,
    cancel: &CancellationToken,
) -> Result<(), Trouble> {
    let management = ports.management_url();
    let readiness = Readiness::of(&ports.upstream(), Some(&management), &launch.public_url, launch.deadline);
    if let Err(not_ready) = readiness.wait(container.ended(), cancel).await {
        let log = match not_ready {
            NotReady::Cancelled => String::new(),
            _ => container.last_lines().await,
        };
        return Err(not_ready.trouble(&readiness.issuer, began, &log));
    }
    if let Content::Prepared { seed, .. } = &picked.content {
        let admin = Admin::new(ports.upstream(), &launch.public_url, seed.clone());
        tokio::select! {
            handed = admin.hand_over_to(&launch.admin) => handed?,
            () = cancel.cancelled() => return Err(super::readiness::interrupted()),
        }
    }
    Ok(())
}
