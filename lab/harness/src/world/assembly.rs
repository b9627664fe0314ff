//! How a lab is put together: Keycloak, portals, taps, and the control interface at last.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use lab_trace::Party;
use realm::{Client, Secrets};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Options, Parts, foreign, interrupted, launch, random_word};
use crate::acts::Deeds;
use crate::console::{Console, Ledger};
use crate::control::chosen::Chosen;
use crate::control::server;
use crate::faults::Faults;
use crate::hosting::Hosting;
use crate::http;
use crate::keycloak::admin::Admin;
use crate::keycloak::{self, Keeper, Launch};
use crate::listening::{self, Limits};
use crate::places::{Places, address_of};
use crate::ports::Listeners;
use crate::recorder::Recorder;
use crate::redis::Redis;
use crate::state::{Record, Seat};
use crate::tap::{Balancer, KnownApp, Masker, Registry, Tap};
use crate::trouble::Trouble;

/// What is there once everything answers.
pub(super) struct Assembled {
    pub(super) parts: Arc<Parts>,
    pub(super) record: Record,
    pub(super) launch: Launch,
}

/// Starts everything. Errors, and cancelling, leave no Keycloak behind; tasks end at `stop`.
pub(super) async fn assemble(
    options: &Options,
    seat: &Seat,
    stop: &CancellationToken,
    tasks: &TaskTracker,
    cancel: &CancellationToken,
) -> Result<Assembled, Trouble> {
    let listeners = options.ports.bind(options.bind).await?;
    let places = Places::of(&listeners, options.bind, options.sites)?;
    let launch = launch(options, seat, &places);
    let recorder = Recorder::new();
    let masker = Masker::new();

    let running = keycloak::start(options.runtime, &launch, &options.keycloak, cancel.clone()).await?;
    let (upstream, topology) = (running.upstream.clone(), places.topology(&running));
    let keycloak = Arc::new(Keeper::of(running));
    let made = async {
        let secrets = Secrets { internal: random_word(), admin: random_word() };
        let admin = Admin::new(upstream.clone(), &places.keycloak, launch.admin.clone());
        admin.patch_clients(&options.realm.filled(&places.hosts, &secrets)).await?;
        let mut hosting = Hosting::new(recorder.clone(), masker.clone(), stop.clone(), tasks.clone());
        hosting.open(&places, &secrets, seat).await?;
        let Listeners { keycloak: public, control, internal, external, admin: dashboard } = listeners;
        let registry = registry();
        let ledger = Ledger::default();
        let tap = |owner, upstream: Balancer| {
            Tap::new(owner, upstream, registry.clone(), masker.clone(), recorder.clone()).telling(ledger.clone())
        };
        let mut taps = vec![("keycloak", tap(Party::Keycloak, upstream.clone().into()), public)];
        for (listener, client) in
            [(internal, Client::Internal), (external, Client::External), (dashboard, Client::Admin)]
        {
            let owner = Party::App(client.portal().to_owned());
            taps.push((client.portal(), tap(owner, hosting.balancer(client)?), listener));
        }
        let parts = Parts {
            taps: taps.iter().map(|(name, tap, _)| ((*name).to_owned(), tap.handle())).collect(),
            realm: options.realm.clone(),
            deeds: Deeds::default(),
            secrets,
            topology: topology?,
            chosen: Chosen::of(options),
            recorder: recorder.clone(),
            ledger: ledger.clone(),
            lessons: options.lessons.clone(),
            admin: Arc::new(admin),
            upstream: upstream.clone(),
            keycloak: keycloak.clone(),
            hosting,
            redis: Redis::of(seat),
            faults: Faults::default(),
            bind: options.bind,
            foreign: foreign(options),
            http: http::client(Duration::from_secs(5)),
        };
        for (_, tap, listener) in taps {
            tasks.spawn(tap.serve(listener, stop.clone()));
        }
        if !options.faults.is_empty() {
            parts.switch_faults(&options.faults, &[]).await?;
        }
        let parts = Arc::new(parts);
        let record = publish(seat, control, &parts, stop, tasks)?;
        Ok((parts, record))
    };
    let made = tokio::select! {
        made = made => made,
        () = cancel.cancelled() => Err(interrupted()),
    };
    match made {
        Ok((parts, record)) => Ok(Assembled { parts, record, launch }),
        Err(trouble) => {
            // The first trouble is the one to tell; what stopping adds is in the log.
            if let Err(error) = keycloak.stop().await {
                tracing::warn!(%error, "while giving up");
            }
            Err(trouble)
        }
    }
}

/// Starts the control interface and writes down how to reach it.
fn publish(
    seat: &Seat,
    listener: TcpListener,
    parts: &Arc<Parts>,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) -> Result<Record, Trouble> {
    let control = address_of(&listener, IpAddr::from(Ipv4Addr::LOCALHOST), "localhost")?;
    let token = random_word();
    let record = Record { run_id: seat.run_id.clone(), pid: std::process::id(), control, token };
    let console = Console::new(parts.clone(), &record.run_id, stop.clone());
    let router = server::router(parts.clone(), &record, stop.clone(), console.routes());
    tasks.spawn(listening::serve(router, listener, Limits::USUAL, stop.clone()));
    tasks.spawn(console.watch(record.client(), stop.clone()));
    seat.publish(&record)?;
    Ok(record)
}

/// What the taps know of our portals.
fn registry() -> Registry {
    let app = |client: Client| KnownApp {
        name: client.portal().to_owned(),
        client_id: client.id().to_owned(),
        back_channel_paths: vec!["/logout".to_owned()],
        front_channel_paths: vec!["/logout".to_owned(), "/logout.html".to_owned()],
    };
    Registry { apps: Client::ALL.map(app).to_vec() }
}
