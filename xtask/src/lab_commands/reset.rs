//! `lab reset`: everybody out, everything forgotten, nothing restarted.

use lab::control::client::LabClient;
use lab::state::{self, Found};
use lab::{Kind, Trouble};

use crate::out::say;
use crate::settings::Global;

pub(crate) async fn run(global: &Global) -> Result<(), Trouble> {
    let client = running(global)?;
    let Some(_lock) = state::claim_play(&global.folders()?) else {
        return Err(Trouble::new(
            Kind::State,
            "lessons are being played on the running lab",
            "a reset now would make them fail",
            "wait until `cargo xtask scenario run` has ended; it resets the lab itself",
        ));
    };
    client.reset().await?;
    say("All sessions are ended and the portals are as new.");
    Ok(())
}

/// A client for the running lab.
///
/// # Errors
/// State: no lab is up, and the command that starts one.
pub(super) fn running(global: &Global) -> Result<LabClient, Trouble> {
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
