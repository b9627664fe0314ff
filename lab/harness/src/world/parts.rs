//! What the control interface works on: the running parts, asked and put back.

use std::net::IpAddr;

use lab_trace::{EventKind, LabNote};
use url::Url;

use crate::acts::Deeds;
use crate::control::chosen::Chosen;
use crate::control::messages::{KeycloakStatus, PortalStatus, Reach, State, Status, Topology};
use crate::faults::{self, Faults, Named};
use crate::keycloak;
use crate::keycloak::admin::Admin;
use crate::recorder::Recorder;
use crate::trouble::{Kind, Trouble};

/// The parts of a running lab.
pub(crate) struct Parts {
    pub(crate) topology: Topology,
    pub(crate) chosen: Chosen,
    pub(crate) recorder: Recorder,
    pub(crate) admin: Admin,
    pub(crate) upstream: Url,
    pub(crate) portals: Vec<portals::Portal>,
    pub(crate) faults: Faults,
    pub(crate) deeds: Deeds,
    /// By name: where trouble in the network is made.
    pub(crate) taps: Vec<(String, crate::tap::Handle)>,
    /// As it was imported: what is changed is put back from it.
    pub(crate) realm: realm::Realm,
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

    /// Undoes what lessons did, switches all faults off and ends all sessions at Keycloak and at the portals; changes no
    /// other setting.
    pub(crate) async fn reset(&self) -> Result<(), Trouble> {
        for (_, tap) in &self.taps {
            tap.reset();
        }
        for portal in &self.portals {
            portal.clock().reset();
        }
        let undone = self.deeds.undo(&self.admin).await;
        self.faults.clear(&self.admin, &self.portals).await?;
        self.admin.end_all_sessions().await?;
        for portal in &self.portals {
            portal.reset().await.map_err(|error| {
                let what = format!("the {} portal cannot be put back: {error}", portal.kind());
                Trouble::new(Kind::Part, what, "its sessions could not be ended", "start the lab anew").caused_by(error)
            })?;
        }
        self.recorder.record(EventKind::Lab(LabNote { text: "the lab was reset".to_owned() }));
        undone
    }

    /// Switches faults; gives the names of those that are on then.
    pub(crate) async fn switch_faults(&self, on: &[Named], off: &[Named]) -> Result<Vec<String>, Trouble> {
        faults::refuse_exposed(self.bind, on)?;
        faults::refuse_foreign(self.foreign, on)?;
        let names = self.faults.switch(&self.admin, &self.portals, on, off).await?;
        let text =
            if names.is_empty() { "no fault is on".to_owned() } else { format!("faults on: {}", names.join(", ")) };
        self.recorder.record(EventKind::Lab(LabNote { text }));
        Ok(names)
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
mod tests;
