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
    let Some(_lock) = state::claim_play(&global.folders()?) else {
        return Err(Trouble::new(
            Kind::State,
            "lessons are being played on the running lab",
            "a reset now would make them fail",
            "wait until `cargo xtask scenario run` has ended; it resets the lab itself",
        ));
    };
    running::ask(global, async |client| client.reset().await).await?.ok_or_else(running::needed)?;
    say("All sessions are ended and the portals are as new.");
    Ok(())
}
