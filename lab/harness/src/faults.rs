//! Faults of a running lab: planted by name, taken away again, and nothing else touched.
//!
//! A name belongs to the realm ([`realm::Fault`], changed through the administration interface: [`planted`]) or to the
//! portals ([`portals::Fault`], a switch in this process).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::keycloak::admin::Admin;
use crate::trouble::{Kind, Trouble};

mod planted;

use planted::Planted;

/// A fault by its name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Named {
    /// A mistake in the realm.
    Realm(&'static realm::Fault),
    /// A mistake in the portals' code.
    Portal(portals::Fault),
}

/// A fault as the control interface tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Its name.
    pub name: String,
    /// `realm` or `portals`.
    pub of: String,
    /// Where it comes from: a defect of the original demo (S), a pitfall of the catalogue (P).
    pub origin: String,
    /// What is wrong, in one sentence.
    pub wrong: String,
    /// How to do it right, in one sentence.
    pub right: String,
    /// The scenario of the catalogue that shows it.
    pub scenario: String,
    /// The linter's rule that finds it; only the realm has a linter.
    pub rule: Option<String>,
    /// Whether it is on in this lab.
    pub on: bool,
}

/// Which faults to switch; those named in neither list stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Change {
    /// To be switched on.
    pub on: Vec<String>,
    /// To be switched off.
    pub off: Vec<String>,
}

/// The faults that are on in one lab.
#[derive(Default)]
pub(crate) struct Faults {
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    on: Vec<Named>,
    planted: Planted,
    /// A change was begun and not finished: what is planted may be something else than `on` says.
    unsure: bool,
}

impl Named {
    /// All faults: the realm's, then the portals'.
    pub fn all() -> impl Iterator<Item = Self> {
        realm::Fault::all().iter().map(Self::Realm).chain(portals::Fault::ALL.into_iter().map(Self::Portal))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Realm(fault) => &fault.name,
            Self::Portal(fault) => fault.name(),
        }
    }

    /// Everything that is known about it.
    pub fn told(self, on: bool) -> Told {
        let name = self.name().to_owned();
        match self {
            Self::Realm(fault) => Told {
                name,
                of: "realm".to_owned(),
                origin: fault.origin.clone(),
                wrong: fault.sentence.clone(),
                right: fault.right.clone(),
                scenario: fault.scenario.clone(),
                rule: Some(fault.rule.clone()),
                on,
            },
            Self::Portal(fault) => {
                let about = fault.about();
                Told {
                    name,
                    of: "portals".to_owned(),
                    origin: about.origin.to_owned(),
                    wrong: about.wrong.to_owned(),
                    right: about.right.to_owned(),
                    scenario: about.scenario.to_owned(),
                    rule: None,
                    on,
                }
            }
        }
    }
}

impl FromStr for Named {
    type Err = Trouble;

    fn from_str(word: &str) -> Result<Self, Trouble> {
        let unknown_to_realm = match realm::Fault::named(word) {
            Ok(fault) => return Ok(Self::Realm(fault)),
            Err(unknown) => unknown,
        };
        let hint = match word.parse::<portals::Fault>() {
            Ok(fault) => return Ok(Self::Portal(fault)),
            // Each side knows its own nearest name; a slip of the pen in the realm's is the narrower match.
            Err(_) if unknown_to_realm.nearest.is_some() => unknown_to_realm.to_string(),
            Err(unknown) => unknown.to_string(),
        };
        Err(Trouble::new(
            Kind::Usage,
            hint,
            "a fault is planted by its exact name",
            "see all names: `cargo xtask lab fault list`",
        ))
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Faults can be tried by everybody who reaches the lab, so they stay on this computer.
///
/// # Errors
/// Safety: the lab listens on more than loopback, and a fault is wanted.
pub(crate) fn refuse_exposed(bind: IpAddr, wanted: &[Named]) -> Result<(), Trouble> {
    if bind.is_loopback() || wanted.is_empty() {
        return Ok(());
    }
    Err(Trouble::new(
        Kind::Safety,
        format!("refusing to plant faults in a lab that listens on {bind}"),
        "everybody who can reach this computer could use them, as a stranger too",
        "start the lab without `--bind`, or without faults",
    ))
}

/// A Keycloak that is somebody else's gets no weak realm: one on another computer could be used by everybody who reaches
/// it, and an adopted realm could not be put back after the lab was killed.
///
/// # Errors
/// Safety: a realm fault is wanted there. `foreign` says why it is not the lab's own.
pub(crate) fn refuse_foreign(foreign: Option<&'static str>, wanted: &[Named]) -> Result<(), Trouble> {
    let Some(why) = foreign.filter(|_| wanted.iter().any(|fault| fault.realm().is_some())) else { return Ok(()) };
    Err(Trouble::new(
        Kind::Safety,
        format!("refusing to plant faults of the realm: {why}"),
        "a weak realm must stay where nobody but this lab can use it, and where it can be put back",
        "use a Keycloak of the lab's own (`--runtime dist`), or faults of the portals",
    ))
}

impl Faults {
    /// Names of the faults that are on, in the order in which they were switched on.
    pub(crate) async fn on(&self) -> Vec<String> {
        self.held.lock().await.on.iter().map(ToString::to_string).collect()
    }

    /// All faults, and which are on.
    pub(crate) async fn told(&self) -> Vec<Told> {
        let held = self.held.lock().await;
        Named::all().map(|fault| fault.told(held.on.contains(&fault))).collect()
    }

    /// Switches faults; gives the names of those that are on then.
    ///
    /// # Errors
    /// Keycloak refuses a change: what was planted until then is on and is taken away by the next switching off.
    pub(crate) async fn switch(
        &self,
        admin: &Admin,
        portals: &[portals::Portal],
        on: &[Named],
        off: &[Named],
    ) -> Result<Vec<String>, Trouble> {
        let mut held = self.held.lock().await;
        let before = held.on.clone();
        let mut wanted: Vec<Named> = before.iter().copied().filter(|fault| !off.contains(fault)).collect();
        for fault in on {
            if !wanted.contains(fault) {
                wanted.push(*fault);
            }
        }
        // Should a step fail, everything that may be there counts as on.
        held.on.extend(wanted.iter().copied().filter(|fault| !before.contains(fault)));
        if before != wanted || held.unsure {
            held.unsure = true;
            let realm: Vec<&'static realm::Fault> = wanted.iter().filter_map(|fault| fault.realm()).collect();
            held.planted.plant(admin, &realm).await?;
            switch_portals(portals, &wanted)?;
            held.on = wanted;
            held.unsure = false;
        }
        Ok(held.on.iter().map(ToString::to_string).collect())
    }

    /// Switches all faults off.
    ///
    /// # Errors
    /// As [`Self::switch`].
    pub(crate) async fn clear(&self, admin: &Admin, portals: &[portals::Portal]) -> Result<(), Trouble> {
        let on = self.held.lock().await.on.clone();
        self.switch(admin, portals, &[], &on).await.map(|_| ())
    }
}

impl Named {
    fn realm(self) -> Option<&'static realm::Fault> {
        match self {
            Self::Realm(fault) => Some(fault),
            Self::Portal(_) => None,
        }
    }

    fn portal(self) -> Option<portals::Fault> {
        match self {
            Self::Realm(_) => None,
            Self::Portal(fault) => Some(fault),
        }
    }
}

/// Every portal takes of the set what it can have. Switching makes a portal forget what its naive twins remember, so a
/// set that stays the same is not set again.
fn switch_portals(portals: &[portals::Portal], wanted: &[Named]) -> Result<(), Trouble> {
    let wanted: portals::Faults = wanted.iter().filter_map(|fault| fault.portal()).collect();
    for portal in portals.iter().filter(|portal| portal.faults() != portal.possible(wanted)) {
        portal.set_faults(wanted).map_err(|exposed| {
            Trouble::new(
                Kind::Safety,
                exposed.to_string(),
                "everybody who can reach this computer could use the fault",
                "start the lab without `--bind`, or without faults",
            )
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
