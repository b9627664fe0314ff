//! `lab reset`: everybody out, everything forgotten, nothing restarted.

use lab::control::client::LabClient;
use lab::state::{self, Found};
use lab::{Kind, Trouble};

use crate::out::say;
use crate::settings::Global;

pub(crate) async fn run(global: &Global) -> Result<(), Trouble> {
    running(global)?.reset().await?;
    say("All sessions are ended, no fault is on, and the portals are as new.");
    Ok(())
}

/// A client for the running lab.
///
/// # Errors
/// State: no lab is up, and the command that starts one.
pub(crate) fn running(global: &Global) -> Result<LabClient, Trouble> {
    match state::look(&global.folders()?) {
        Found::Running(record) => Ok(record.client()),
        Found::Nothing | Found::Leftovers | Found::Busy { .. } => Err(Trouble::new(
            Kind::State,
            "no lab is up",
            "this command needs a running one",
            "start it: `cargo xtask lab up`",
        )),
    }
}
