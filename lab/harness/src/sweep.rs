//! Cleaning up after labs that were killed: processes, containers, files.

use crate::engine;
use crate::keycloak::process;
use crate::state::{self, Folders};
use crate::trouble::Trouble;

/// Cleans up after every lab that is gone. Gives one sentence for each thing removed; empty when there was nothing.
///
/// # Errors
/// Part: a process survives, a container or a file cannot be removed.
pub async fn sweep(folders: &Folders) -> Result<Vec<String>, Trouble> {
    let mut done = Vec::new();
    for seat in state::abandoned(folders) {
        let run_id = seat.run_id.clone();
        for ended in process::sweep(&run_id).await? {
            done.push(format!("ended {ended}, which a killed lab had left"));
        }
        // Containers of all other runs count as alive: their labs may keep their state in another folder.
        for container in engine::sweep(|run| run != run_id).await? {
            done.push(format!("removed container {container}, which a killed lab had left"));
        }
        seat.release()?;
        done.push(format!("removed the files of run {run_id}, which was killed"));
    }
    Ok(done)
}
