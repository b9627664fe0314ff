//! The lab that runs, for commands that ask it something.

use lab::control::client::LabClient;
use lab::state::{self, Found};
use lab::{Kind, Trouble};

use crate::settings::Global;

/// What `question` learns from the running lab. `None`: no lab is up, or it went down while it was asked.
///
/// # Errors
/// Those of `question`, where the lab is still there.
pub(crate) async fn ask<T>(
    global: &Global,
    question: impl AsyncFnOnce(LabClient) -> Result<T, Trouble>,
) -> Result<Option<T>, Trouble> {
    let folders = global.folders()?;
    let Found::Running(record) = state::look(&folders) else { return Ok(None) };
    match question(record.client()).await {
        Err(_) if state::is_gone(&folders, &record).await => Ok(None),
        answered => answered.map(Some),
    }
}

/// A client for the running lab.
///
/// # Errors
/// State: no lab is up, and the command that starts one.
pub(crate) fn client(global: &Global) -> Result<LabClient, Trouble> {
    match state::look(&global.folders()?) {
        Found::Running(record) => Ok(record.client()),
        Found::Nothing | Found::Leftovers | Found::Busy { .. } => Err(needed()),
    }
}

/// For commands that make no sense without a lab.
pub(super) fn needed() -> Trouble {
    Trouble::new(Kind::State, "no lab is up", "this command needs a running one", "start it: `cargo xtask lab up`")
}
