//! `lab reset`: everybody out, everything forgotten, nothing restarted.

use lab::state::{self, Found};
use lab::{Kind, Trouble};

use super::running;
use crate::out::say;
use crate::settings::Global;

pub(crate) async fn run(global: &Global) -> Result<(), Trouble> {
    if !matches!(state::look(&global.folders()?), Found::Running(_)) {
        return Err(running::needed());
    }
    let _lock = undisturbed(global)?;
    running::ask(global, async |client| client.reset().await).await?.ok_or_else(running::needed)?;
    say("All sessions are ended, no fault is on, and the portals are as new.");
    Ok(())
}

/// As long as the answer is held, no lessons are played on the running lab.
///
/// # Errors
/// State: some are being played, and a change now would make them fail.
pub(super) fn undisturbed(global: &Global) -> Result<impl Sized + use<>, Trouble> {
    state::claim_play(&global.folders()?).ok_or_else(|| {
        Trouble::new(
            Kind::State,
            "lessons are being played on the running lab",
            "a change now would make them fail",
            "wait until `cargo xtask scenario run` has ended, or close the lesson on the console (`cargo xtask lab open console`); both reset the lab",
        )
    })
}
