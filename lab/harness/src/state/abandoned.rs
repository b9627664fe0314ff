//! Seats whose labs were killed.

use std::fs;

use super::{Folders, Seat, main_dir, open_lock, own_dir};

/// Run ids of labs that are gone without having cleaned up, with their folders and locks: as long as the lock is
/// held here, no new lab takes the seat.
pub(crate) fn abandoned(folders: &Folders) -> Vec<Seat> {
    let own = fs::read_dir(own_dir(folders)).into_iter().flatten().flatten().map(|entry| (entry.path(), true));
    std::iter::once((main_dir(folders), false))
        .chain(own)
        .filter_map(|(dir, own)| {
            let run_id = fs::read_to_string(dir.join("run-id"));
            // Trap: a disk that is full, or a kill at the wrong moment, leaves an empty file. No process may be ended
            // because it carries an empty mark.
            let run_id = run_id.map(|id| if id.is_empty() { "none".to_owned() } else { id });
            let lock = open_lock(&dir).ok()?;
            lock.try_lock().ok()?;
            match run_id {
                Ok(run_id) => Some(Seat { dir, run_id, lock, own }),
                // Killed between making the folder and writing the id: nothing was started yet.
                Err(_) if own => Some(Seat { dir, run_id: "none".to_owned(), lock, own }),
                Err(_) => None,
            }
        })
        .collect()
}
