//! What a browser starts from: a place to run, a profile, a seat.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::cookies::{Cookies, unwritable, write_preferences};
use super::place::{self, Place};
use crate::state::{Folders, Seat};
use crate::trouble::Trouble;

/// What a start needs, and what a second one on the same profile needs again.
#[derive(Clone)]
pub(super) struct Start {
    pub(super) place: Place,
    cookies: Cookies,
    pub(super) seat: Arc<Taken>,
}

/// A seat that is given back also where a lesson was broken off. What could not be ended keeps its files, by which a later lab
/// finds it.
pub(super) struct Taken {
    seat: Option<Seat>,
    leaves: AtomicBool,
}

impl Deref for Taken {
    type Target = Seat;

    fn deref(&self) -> &Seat {
        self.seat.as_ref().unwrap_or_else(|| unreachable!("it is taken out only by whoever gives it back"))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let seat = self.seat.take();
        if !self.leaves.load(Ordering::Acquire) {
            // Should it fail, a later lab finds what is left.
            let _ = seat.map(Seat::release);
        }
    }
}

impl Taken {
    /// Something of this run is still there: its files stay, for the next sweep.
    pub(super) fn leave(&self) {
        self.leaves.store(true, Ordering::Release);
    }
}

impl Start {
    /// A start with a fresh profile.
    pub(super) async fn fresh(folders: &Folders, cookies: Cookies) -> Result<Self, Trouble> {
        let place = place::ready().await?;
        Ok(Self {
            place,
            cookies,
            seat: Arc::new(Taken { seat: Some(Seat::claim_own(folders)?), leaves: AtomicBool::new(false) }),
        })
    }

    /// The folder of the profile, with the settings in it. Errors: it cannot be written.
    pub(super) fn profile(&self) -> Result<PathBuf, Trouble> {
        let profile = self.seat.run_dir().join("profile");
        write_preferences(&profile, self.cookies).map_err(|error| unwritable(&profile, error))?;
        Ok(profile)
    }

    /// Takes away profile and log, when nobody else needs them.
    pub(super) fn release(self) -> Result<(), Trouble> {
        Arc::into_inner(self.seat).and_then(|mut taken| taken.seat.take()).map_or(Ok(()), Seat::release)
    }
}
