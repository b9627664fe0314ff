//! `lab down`: ends the lab, whatever state it is in.

use std::time::{Duration, Instant};

use lab::state::{self, Folders, Found};
use lab::{Kind, Trouble, sweep};

use super::detach;
use crate::out::say;
use crate::settings::Global;

/// How long each way of stopping gets before the next, harder one.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn run(global: &Global) -> Result<(), Trouble> {
    let folders = global.folders()?;
    let pid = match state::look(&folders) {
        Found::Nothing => {
            say(
                "No lab is running and none left anything behind: there is nothing to stop. Start one: `cargo xtask lab up`.",
            );
            return Ok(());
        }
        Found::Leftovers => None,
        Found::Busy { pid } => pid,
        Found::Running(record) => {
            // A lab that does not answer is ended by signal below.
            let _ = record.client().stop().await;
            if freed(&folders).await { None } else { Some(record.pid) }
        }
    };
    if let Some(pid) = pid {
        detach::terminate(pid);
        if !freed(&folders).await {
            detach::kill(pid);
            if !freed(&folders).await {
                return Err(Trouble::new(
                    Kind::Part,
                    format!("the lab (process {pid}) does not end"),
                    "it still holds its ports and files",
                    format!("end it by hand: `kill -9 {pid}`, then `cargo xtask lab down` again"),
                ));
            }
        }
    }
    for line in sweep::sweep(&folders).await? {
        say(&line);
    }
    say("The lab is down.");
    Ok(())
}

/// Waits until no process holds the seat.
async fn freed(folders: &Folders) -> bool {
    let begun = Instant::now();
    while state::is_main_held(folders) {
        if begun.elapsed() > PATIENCE {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    true
}
