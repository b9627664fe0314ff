//! Seats whose labs were killed.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Folders, Seat, main_dir, open_lock, own_dir};

/// A new lab needs a moment from making its folder to writing its run id.
const STARTING: Duration = Duration::from_mins(1);

/// Run ids of labs that are gone without having cleaned up, with their folders and locks: as long as the lock is
/// held here, no new lab takes the seat.
pub(crate) fn abandoned(folders: &Folders) -> Vec<Seat> {
    let own = fs::read_dir(own_dir(folders)).into_iter().flatten().flatten().map(|entry| (entry.path(), true));
    std::iter::once((main_dir(folders), false)).chain(own).filter_map(|(dir, own)| take(dir, own)).collect()
}

/// The seat in `dir`, if its lab is gone and has left something.
///
/// Trap: holding the lock for a moment is enough to make a lab that is just starting believe the seat taken. So the lock
/// is tried only where something was left, and what is left is believed only under the lock.
fn take(dir: PathBuf, own: bool) -> Option<Seat> {
    let worth_trying = dir.join("run-id").exists() || (own && is_old(&dir));
    if !worth_trying {
        return None;
    }
    let lock = open_lock(&dir).ok()?;
    lock.try_lock().ok()?;
    let run_id = match fs::read_to_string(dir.join("run-id")) {
        // A disk that is full, or a kill at the wrong moment, leaves an empty file. No process may be ended because it
        // carries an empty mark.
        Ok(id) if id.is_empty() => "none".to_owned(),
        Ok(id) => id,
        // Killed between making the folder and writing the id: nothing was started yet.
        Err(error) if own && error.kind() == ErrorKind::NotFound => "none".to_owned(),
        // Cleaned up in the meantime, or unreadable.
        Err(_) => return None,
    };
    Some(Seat { dir, run_id, lock, own })
}

/// Whether the folder is older than any start. One from the future is not.
fn is_old(dir: &Path) -> bool {
    let changed = fs::metadata(dir).and_then(|there| there.modified());
    changed.is_ok_and(|when| when.elapsed().is_ok_and(|age| age > STARTING))
}
