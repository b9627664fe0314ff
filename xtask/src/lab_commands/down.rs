//! `lab down`: ends the lab, whatever state it is in.

use std::time::{Duration, Instant};

use lab::state::{self, Folders, Found};
use lab::{Kind, Trouble, sweep};

use super::detach;
use crate::out::say;
use crate::settings::Global;

/// How long a lab may take to answer that it stops.
const ANSWER: Duration = Duration::from_secs(5);
/// How long each way of stopping gets before the next, harder one.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn run(global: &Global) -> Result<(), Trouble> {
    let folders = global.folders()?;
    let holder = match state::look(&folders) {
        Found::Nothing => {
            // A killed `scenario run` had a lab of its own, in another seat.
            let swept = sweep::sweep(&folders).await?;
            if !swept.is_empty() {
                for line in &swept {
                    say(line);
                }
                say("No lab is running.");
                return Ok(());
            }
            say(
                "No lab is running and none left anything behind: there is nothing to stop. Start one: `cargo xtask lab up`.",
            );
            return Ok(());
        }
        Found::Leftovers => None,
        Found::Busy { pid } => Some(pid),
        Found::Running(record) => {
            // A lab that does not answer is ended by signal below.
            let _ = tokio::time::timeout(ANSWER, record.client().stop()).await;
            let holder = Some(record.pid);
            (!freed(&folders, holder).await).then_some(holder)
        }
    };
    if let Some(holder) = holder {
        end_by_signal(&folders, holder).await?;
    }
    for line in sweep::sweep(&folders).await? {
        say(&line);
    }
    say("The lab is down.");
    Ok(())
}

/// Ends the lab that holds the seat, first politely. A process that cannot be recognised as a lab gets no signal.
async fn end_by_signal(folders: &Folders, holder: Option<u32>) -> Result<(), Trouble> {
    for signal in [detach::terminate, detach::kill] {
        if let Some(pid) = state::main_holder(folders)
            && holder.is_none_or(|holder| holder == pid)
        {
            signal(pid);
        }
        if freed(folders, holder).await {
            return Ok(());
        }
    }
    Err(Trouble::new(
        Kind::Part,
        "the lab does not end",
        "some process still holds the lab's seat, with its ports and files",
        "find it with `fuser` on the file `main/lock` in the state folder, end it, then `cargo xtask lab down` again",
    ))
}

/// Waits until `holder`, the lab that was found, does not hold the seat any more. Trap: a lab that somebody starts in this
/// moment takes the seat at once. It is not the one that was to be stopped.
async fn freed(folders: &Folders, holder: Option<u32>) -> bool {
    let begun = Instant::now();
    while state::is_main_held(folders, holder) {
        if begun.elapsed() > PATIENCE {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    true
}
