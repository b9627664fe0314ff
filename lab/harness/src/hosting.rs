//! The three portals, hosted in the lab's process: each on a private port behind its tap.

use std::fs::File;
use std::io::Write as _;

use lab_trace::{EventKind, Param, PortalEntry, Shown};
use portals::{Clock, Journal, Kind as PortalKind, Portal, Settings, Sibling, StoreAt};
use realm::{Client, Secrets};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::places::Places;
use crate::ports::listen_private;
use crate::recorder::Recorder;
use crate::state::Seat;
use crate::tap::Masker;
use crate::trouble::{Kind, Trouble};

/// The portals that run.
pub(crate) struct Hosted {
    pub(crate) portals: Vec<Portal>,
    pub(crate) upstreams: Upstreams,
}

/// Private addresses, in the order of [`Client::ALL`].
pub(crate) struct Upstreams(Vec<(Client, Url)>);

impl Upstreams {
    pub(crate) fn of(&self, client: Client) -> Result<Url, Trouble> {
        let found = self.0.iter().find(|(known, _)| *known == client).map(|(_, url)| url.clone());
        found.ok_or_else(|| cannot_host(client, "it was not started"))
    }
}

/// Starts all three. They need no Keycloak to start: discovery happens at the first sign-in.
pub(crate) async fn start(
    places: &Places,
    secrets: &Secrets,
    recorder: &Recorder,
    masker: &Masker,
    seat: &Seat,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) -> Result<Hosted, Trouble> {
    let mut hosted = Hosted { portals: Vec::new(), upstreams: Upstreams(Vec::new()) };
    for client in Client::ALL {
        let listener = listen_private().await?;
        let address = listener.local_addr().map_err(|error| cannot_host(client, "no address").caused_by(error))?;
        let upstream = Url::parse(&format!("http://{address}/"))
            .map_err(|error| cannot_host(client, "no URL").caused_by(error))?;
        let settings = settings(client, places, secrets)?;
        let portal = Portal::new(settings, Clock::system()).map_err(|error| cannot_host(client, &error.to_string()))?;
        let log = File::options().create(true).append(true).open(seat.log_file(client.portal()));
        let log = log.map_err(|error| cannot_host(client, "its log cannot be written").caused_by(error))?;
        tasks.spawn(follow(client, portal.journal().clone(), (recorder.clone(), masker.clone()), log, stop.clone()));
        let (serving, stop) = (portal.clone(), stop.clone());
        tasks.spawn(async move {
            // Never exposed: the listener is private, and what other computers may reach is the tap.
            if let Err(error) = portals::serve(&serving, listener, stop).await {
                tracing::error!(%error, "a portal is not served");
            }
        });
        hosted.portals.push(portal);
        hosted.upstreams.0.push((client, upstream));
    }
    Ok(hosted)
}

fn settings(client: Client, places: &Places, secrets: &Secrets) -> Result<Settings, Trouble> {
    let url = |client: Client| {
        places.hosts.url(client).map_err(|error| cannot_host(client, "its address is no URL").caused_by(error))
    };
    let mut siblings = Vec::new();
    for other in Client::ALL.into_iter().filter(|other| *other != client) {
        siblings.push(Sibling { kind: kind(other), url: url(other)? });
    }
    Ok(Settings {
        kind: kind(client),
        issuer: places.issuer()?,
        client_id: client.id().to_owned(),
        client_secret: secrets.of(client).map(portals::Secret::new),
        public_url: url(client)?,
        siblings,
        store: StoreAt::Memory,
        faults: portals::Faults::NONE,
    })
}

fn kind(client: Client) -> PortalKind {
    match client {
        Client::Internal => PortalKind::Internal,
        Client::External => PortalKind::External,
        Client::Admin => PortalKind::Admin,
    }
}

/// Copies a portal's journal into the run's events and into the portal's log file.
async fn follow(
    client: Client,
    journal: Journal,
    (recorder, masker): (Recorder, Masker),
    mut log: File,
    stop: CancellationToken,
) {
    let mut entries = journal.subscribe();
    loop {
        let entry = tokio::select! {
            received = entries.recv() => match received {
                Ok(entry) => entry,
                Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => continue,
                Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
            },
            () = stop.cancelled() => return,
        };
        let detail: Vec<Param> = entry.detail.iter().map(|(name, value)| masker.param(name, value)).collect();
        let words: String = detail.iter().map(word).collect();
        // A full disk must not stop the portal; the event stream still has the entry.
        let _ = writeln!(log, "{} {} {}{words}", entry.at, entry.step.word(), entry.text);
        recorder.record(EventKind::Portal(PortalEntry {
            portal: client.portal().to_owned(),
            step: entry.step.word().to_owned(),
            text: entry.text.clone(),
            detail,
        }));
    }
}

/// A detail as a word of a log line.
fn word(param: &Param) -> String {
    match &param.value {
        Shown::Plain { text } | Shown::Id { text, .. } => format!(" {}={text}", param.name),
        Shown::Secret { .. } | Shown::Token { .. } => format!(" {}=<masked>", param.name),
    }
}

fn cannot_host(client: Client, why: &str) -> Trouble {
    Trouble::new(
        Kind::Part,
        format!("the {} portal cannot be started: {why}", client.portal()),
        "the lab needs all three portals",
        "look at the message above; if it does not help, report it, please",
    )
}
