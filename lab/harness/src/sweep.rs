//! Cleaning up after labs that were killed: processes, containers, files.

use std::time::{Duration, Instant};

use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, Signal, System, UpdateKind};

use crate::keycloak::docker;
use crate::state::{self, Folders};
use crate::trouble::Trouble;

/// How long a process gets to end before it is killed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Environment variable by which a process started by a lab is known.
pub const RUN_VARIABLE: &str = "SSO_LAB_RUN";

/// Cleans up after every lab that is gone. Gives one sentence for each thing removed; empty when there was nothing.
///
/// # Errors
/// Part: files could not be removed.
pub async fn sweep(folders: &Folders) -> Result<Vec<String>, Trouble> {
    let mut done = Vec::new();
    for seat in state::abandoned(folders) {
        let run_id = seat.run_id.clone();
        let ended = {
            let run_id = run_id.clone();
            tokio::task::spawn_blocking(move || end_processes(&run_id)).await.unwrap_or_default()
        };
        done.extend(ended.iter().map(|pid| format!("ended process {pid}, which a killed lab had left")));
        for container in docker::sweep(std::slice::from_ref(&run_id)).await? {
            done.push(format!("removed container {container}, which a killed lab had left"));
        }
        seat.release()?;
        done.push(format!("removed the files of run {run_id}, which was killed"));
    }
    Ok(done)
}

/// Ends all processes that carry `run_id` in their environment; gives their ids. Whether a process is ours is
/// read from itself, so a process id that was given to somebody else meanwhile is safe.
fn end_processes(run_id: &str) -> Vec<u32> {
    let marker = format!("{RUN_VARIABLE}={run_id}");
    // Where the system lists no processes, there is nothing that could be recognised as ours.
    let Ok(mut system) = System::new() else { return Vec::new() };
    let mut ended = Vec::new();
    let begun = Instant::now();
    loop {
        let kinds = ProcessRefreshKind::nothing().with_environ(UpdateKind::Always);
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, kinds);
        let ours: Vec<_> = system
            .processes()
            .values()
            .filter(|process| process.thread_kind().is_none() && process.status() != sysinfo::ProcessStatus::Zombie)
            .filter(|process| process.environ().iter().any(|entry| entry.to_str() == Some(marker.as_str())))
            .filter(|process| process.pid().as_u32() != std::process::id())
            .collect();
        if ours.is_empty() || begun.elapsed() > 2 * PATIENCE {
            return ended;
        }
        let signal = if begun.elapsed() > PATIENCE { Signal::Kill } else { Signal::Term };
        for process in ours {
            let _ = process.kill_with(signal);
            if !ended.contains(&process.pid().as_u32()) {
                ended.push(process.pid().as_u32());
            }
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
