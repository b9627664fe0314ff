//! What the control interface works on: the running parts, asked and put back.

use std::net::IpAddr;
use std::sync::Arc;

use lab_trace::{EventKind, LabNote};
use url::Url;

use crate::acts::Deeds;
use crate::console::Ledger;
use crate::console::lessons::Lessons;
use crate::control::chosen::Chosen;
use crate::control::messages::{KeycloakStatus, PortalStatus, Reach, State, Status, Topology};
use crate::faults::{self, Faults, Named};
use crate::hosting::Hosting;
use crate::keycloak::admin::Admin;
use crate::keycloak::{self, Keeper};
use crate::recorder::Recorder;
use crate::redis::Redis;
use crate::trouble::{Kind, Trouble};

/// The parts of a running lab.
pub(crate) struct Parts {
    pub(crate) topology: Topology,
    pub(crate) chosen: Chosen,
    pub(crate) recorder: Recorder,
    /// Which browser got which session, for the console's matrix.
    pub(crate) ledger: Ledger,
    pub(crate) admin: Arc<Admin>,
    pub(crate) upstream: Url,
    pub(crate) keycloak: Arc<Keeper>,
    pub(crate) hosting: Hosting,
    pub(crate) redis: Redis,
    pub(crate) faults: Faults,
    pub(crate) deeds: Deeds,
    /// Who plays lessons when the console asks for it.
    pub(crate) lessons: Option<Arc<dyn Lessons>>,
    /// By name: where trouble in the network is made.
    pub(crate) taps: Vec<(String, crate::tap::Handle)>,
    /// As it was imported: what is changed is put back from it.
    pub(crate) realm: realm::Realm,
    /// The clients' secrets of this run, for programs that act in a portal's name. Never shown.
    pub(crate) secrets: realm::Secrets,
    pub(super) bind: IpAddr,
    /// Why the realm is not the lab's own, if it is not.
    pub(crate) foreign: Option<&'static str>,
    pub(crate) http: reqwest::Client,
}

impl Parts {
    /// Asks every part how it is.
    pub(crate) async fn status(&self) -> Status {
        let healthy = self.keycloak_answers().await;
        let keycloak =
            KeycloakStatus { url: self.topology.keycloak.clone(), version: self.topology.version.clone(), healthy };
        let mut portals = Vec::new();
        for place in &self.topology.portals {
            let healthy = self.portal_answers(&place.url).await;
            portals.push(PortalStatus { name: place.name.clone(), url: place.url.clone(), healthy });
        }
        let all = healthy && portals.iter().all(|portal| portal.healthy);
        let state = if all { State::Up } else { State::Broken };
        let faults = self.faults.on().await;
        Status { state, runtime: Some(self.topology.runtime), keycloak: Some(keycloak), portals, faults }
    }

    /// Undoes what lessons did, switches all faults off, ends all sessions at Keycloak and at the portals, and hosts these
    /// ordinarily; changes no other setting. What cannot be put back keeps nothing else from it.
    pub(crate) async fn reset(&self) -> Result<(), Trouble> {
        for (_, tap) in &self.taps {
            tap.reset();
        }
        for clock in self.hosting.clocks() {
            clock.reset();
        }
        let turn = self.hosting.turn().await;
        let undone = [
            self.deeds.undo(&self.admin).await,
            self.faults.clear(&self.admin, &self.hosting.portals()).await,
            self.admin.end_all_sessions().await,
            turn.reset().await,
            // Last: no portal keeps its sessions there any more.
            self.redis.end().await,
        ];
        drop(turn);
        // After the sessions: what is signed in meanwhile belongs to the time before.
        self.ledger.forget();
        let text = if undone.iter().all(Result::is_ok) { "the lab was reset" } else { "the lab was reset in part" };
        self.recorder.record(EventKind::Lab(LabNote { text: text.to_owned() }));
        undone.into_iter().collect()
    }

    /// Switches faults; gives the names of those that are on then.
    pub(crate) async fn switch_faults(&self, on: &[Named], off: &[Named]) -> Result<Vec<String>, Trouble> {
        faults::refuse_exposed(self.bind, on)?;
        faults::refuse_foreign(self.foreign, on)?;
        let _turn = self.hosting.turn().await;
        let names = self.faults.switch(&self.admin, &self.hosting.portals(), on, off).await?;
        let text =
            if names.is_empty() { "no fault is on".to_owned() } else { format!("faults on: {}", names.join(", ")) };
        self.recorder.record(EventKind::Lab(LabNote { text }));
        Ok(names)
    }

    /// Refuses what would make a lab unsafe that other computers can reach.
    pub(crate) fn refuse_exposed(&self, why: &str) -> Result<(), Trouble> {
        if self.bind.is_loopback() {
            return Ok(());
        }
        Err(Trouble::new(
            Kind::Safety,
            format!("refusing in a lab that other computers can reach: {why}"),
            "anybody on the network could use it until the lab is reset",
            "start the lab without `--bind`",
        ))
    }

    /// Lets Keycloak itself post to every portal's public address and looks at the taps whether it arrived.
    pub(crate) async fn reach(&self) -> Result<Vec<Reach>, Trouble> {
        keycloak::reach::reach(&self.admin, &self.recorder, &self.topology).await
    }

    /// Whether the realm's discovery answers, asked behind the tap.
    async fn keycloak_answers(&self) -> bool {
        let path = format!("realms/{}/.well-known/openid-configuration", realm::REALM);
        let Ok(discovery) = self.upstream.join(&path) else { return false };
        self.http.get(discovery).send().await.is_ok_and(|answer| answer.status().is_success())
    }

    async fn portal_answers(&self, url: &Url) -> bool {
        let Ok(health) = url.join("health") else { return false };
        let asked = self.http.get(health).header(crate::tap::PROBE_HEADER, "status").send().await;
        asked.is_ok_and(|answer| answer.status().is_success())
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
