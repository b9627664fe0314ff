//! The three portals, hosted in the lab's process: each behind its tap, as one replica or as two.
//!
//! A portal that starts anew, or is hosted otherwise, is made from nothing on a private port of its own. Its tap leads
//! there from then on: address, client, clock and faults stay, and what was only in memory is gone.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use portals::{Clock, Portal, Settings, StoreAt};
use realm::{Client, Secrets};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::places::Places;
use crate::recorder::Recorder;
use crate::state::Seat;
use crate::tap::{Balancer, Masker};
use crate::trouble::{Kind, Trouble};

mod replica;
mod settings;

use replica::Replica;

/// More replicas would show nothing that two do not.
pub(crate) const MOST_REPLICAS: u8 = 2;

/// The portals that run.
pub(crate) struct Hosting {
    houses: Vec<House>,
    ground: Ground,
    /// Held while a portal is made anew, a fault switched or all put back: one after the other.
    turn: tokio::sync::Mutex<()>,
}

/// What every replica stands on.
struct Ground {
    recorder: Recorder,
    masker: Masker,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// One portal, whatever runs behind its tap at the moment.
struct House {
    client: Client,
    /// As it is hosted ordinarily: sessions in memory, no fault.
    settings: Settings,
    clock: Clock,
    log: PathBuf,
    balancer: Balancer,
    held: Mutex<Held>,
}

/// What runs.
struct Held {
    how: How,
    replicas: Vec<Replica>,
}

/// How a portal is hosted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct How {
    pub(crate) replicas: u8,
    pub(crate) store: StoreAt,
}

impl How {
    /// One replica with its sessions in memory.
    pub(crate) const ORDINARY: Self = Self { replicas: 1, store: StoreAt::Memory };
}

impl Hosting {
    /// Nothing yet. What is recorded goes to `recorder`; everything ends at `stop`.
    pub(crate) fn new(recorder: Recorder, masker: Masker, stop: CancellationToken, tasks: TaskTracker) -> Self {
        let ground = Ground { recorder, masker, stop, tasks };
        Self { houses: Vec::new(), ground, turn: tokio::sync::Mutex::default() }
    }

    /// Starts all three, as they are hosted ordinarily. They need no Keycloak to start: discovery happens at the first
    /// sign-in.
    pub(crate) async fn open(&mut self, places: &Places, secrets: &Secrets, seat: &Seat) -> Result<(), Trouble> {
        for client in Client::ALL {
            let settings = settings::of(client, places, secrets)?;
            let (clock, log) = (Clock::system(), seat.log_file(client.portal()));
            let replica = Replica::start(&self.ground, settings.clone(), &clock, &log, None).await?;
            let balancer = Balancer::from(replica.upstream.clone());
            let held = Mutex::new(Held { how: How::ORDINARY, replicas: vec![replica] });
            self.houses.push(House { client, settings, clock, log, balancer, held });
        }
        Ok(())
    }

    /// What stands between a portal's tap and its replicas.
    pub(crate) fn balancer(&self, client: Client) -> Result<Balancer, Trouble> {
        Ok(self.house(client)?.balancer.clone())
    }

    /// Everything that runs, every replica by itself.
    pub(crate) fn portals(&self) -> Vec<Portal> {
        let of = |house: &House| house.held().replicas.iter().map(|replica| replica.portal.clone()).collect::<Vec<_>>();
        self.houses.iter().flat_map(of).collect()
    }

    /// The clock of each portal, which its replicas share.
    pub(crate) fn clocks(&self) -> impl Iterator<Item = &Clock> {
        self.houses.iter().map(|house| &house.clock)
    }

    /// For whoever changes something that a portal which is being made would miss.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        Turn { hosting: self, _held: self.turn.lock().await }
    }

    fn house(&self, client: Client) -> Result<&House, Trouble> {
        let found = self.houses.iter().find(|house| house.client == client);
        found.ok_or_else(|| cannot_host(client, "it is not hosted here"))
    }
}

/// The right to change what runs.
pub(crate) struct Turn<'a> {
    hosting: &'a Hosting,
    _held: tokio::sync::MutexGuard<'a, ()>,
}

impl Turn<'_> {
    /// Hosts a portal anew. Its faults stay on. Returns when what ran before has ended; requests under way
    /// have two seconds to be answered by it.
    ///
    /// # Errors
    /// Something new cannot be started: then all stays as it was.
    pub(crate) async fn host(&self, client: Client, how: How) -> Result<(), Trouble> {
        let house = self.hosting.house(client)?;
        let fresh = house.fresh(&self.hosting.ground, &how).await?;
        house.balancer.lead_to(addresses(&fresh));
        house.move_in(how, fresh).await;
        Ok(())
    }

    /// Starts a portal anew, as it is hosted now: what was only in memory is gone.
    ///
    /// # Errors
    /// As for [`Self::host`].
    pub(crate) async fn restart(&self, client: Client) -> Result<(), Trouble> {
        let house = self.hosting.house(client)?;
        let how = house.held().how.clone();
        let fresh = house.fresh(&self.hosting.ground, &how).await?;
        house.balancer.replace(addresses(&fresh));
        house.move_in(how, fresh).await;
        Ok(())
    }

    /// Hosts all portals ordinarily, with no session left. One that cannot be put back keeps no other from it.
    ///
    /// # Errors
    /// The first trouble.
    pub(crate) async fn reset(&self) -> Result<(), Trouble> {
        let mut first = Ok(());
        for house in &self.hosting.houses {
            let how = house.held().how.clone();
            let put_back = match house.only().filter(|_| how == How::ORDINARY) {
                Some(portal) => portal.reset().await.map_err(|error| not_put_back(house.client, error)),
                None => self.host(house.client, How::ORDINARY).await,
            };
            first = first.and(put_back);
        }
        first
    }
}

impl House {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The portal, where it is one replica.
    fn only(&self) -> Option<Portal> {
        match self.held().replicas.as_slice() {
            [replica] => Some(replica.portal.clone()),
            _ => None,
        }
    }

    /// New replicas beside those that run, with the same faults.
    async fn fresh(&self, ground: &Ground, how: &How) -> Result<Vec<Replica>, Trouble> {
        let faults = self.held().replicas.first().map_or(portals::Faults::NONE, |replica| replica.portal.faults());
        let running = self.held().replicas.first().map(|replica| replica.portal.clone());
        let settings = Settings { store: how.store.clone(), faults, ..self.settings.clone() };
        let mut fresh = Vec::new();
        for number in 1..=how.replicas {
            let number = Some(number).filter(|_| how.replicas > 1);
            let replica = Replica::start(ground, settings.clone(), &self.clock, &self.log, number).await?;
            if let Some(running) = &running {
                replica.portal.end_by_sid(running.ends_by_sid());
                replica.portal.set_same_site(running.same_site());
                // It was taken before, so it is taken again.
                let _ = replica.portal.set_app_options(running.app_options());
            }
            fresh.push(replica);
        }
        Ok(fresh)
    }

    /// `fresh` is what runs now; what ran before ends.
    async fn move_in(&self, how: How, fresh: Vec<Replica>) {
        let before = std::mem::replace(&mut *self.held(), Held { how, replicas: fresh });
        for replica in before.replicas {
            replica.end().await;
        }
    }
}

fn addresses(replicas: &[Replica]) -> Vec<Url> {
    replicas.iter().map(|replica| replica.upstream.clone()).collect()
}

fn not_put_back(client: Client, error: portals::PortalError) -> Trouble {
    let what = format!("the {} portal cannot be put back: {error}", client.portal());
    Trouble::new(Kind::Part, what, "its sessions could not be ended", "start the lab anew").caused_by(error)
}

fn cannot_host(client: Client, why: &str) -> Trouble {
    Trouble::new(
        Kind::Part,
        format!("the {} portal cannot be started: {why}", client.portal()),
        "the lab needs all three portals",
        "look at the message above; if it does not help, report it, please",
    )
}

#[cfg(test)]
mod tests;
