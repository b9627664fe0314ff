//! What a browser starts from: a place to run, a profile, a seat.

use std::fs::File;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::browser::Cookies;
use super::place::{self, Place};
use crate::state::{Folders, Seat};
use crate::trouble::{Kind, Trouble};

/// What a start needs, and what a second one on the same profile needs again.
#[derive(Clone)]
pub(super) struct Start {
    pub(super) place: Place,
    cookies: Cookies,
    pub(super) seat: Arc<Taken>,
}

/// A seat that is given back also where a lesson was broken off.
pub(super) struct Taken(Option<Seat>);

impl Deref for Taken {
    type Target = Seat;

    fn deref(&self) -> &Seat {
        self.0.as_ref().unwrap_or_else(|| unreachable!("it is taken out only by whoever gives it back"))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        // Should it fail, a later lab finds what is left.
        let _ = self.0.take().map(Seat::release);
    }
}

impl Start {
    /// A start with a fresh profile.
    pub(super) async fn fresh(folders: &Folders, cookies: Cookies) -> Result<Self, Trouble> {
        let place = place::ready().await?;
        Ok(Self { place, cookies, seat: Arc::new(Taken(Some(Seat::claim_own(folders)?))) })
    }

    /// The folder of the profile, with the settings in it. Errors: it cannot be written.
    pub(super) fn profile(&self) -> Result<PathBuf, Trouble> {
        let profile = self.seat.run_dir().join("profile");
        write_preferences(&profile, self.cookies).map_err(|error| unwritable(&profile, error))?;
        Ok(profile)
    }

    /// Takes away profile and log, when nobody else needs them.
    pub(super) fn release(self) -> Result<(), Trouble> {
        Arc::into_inner(self.seat).and_then(|mut taken| taken.0.take()).map_or(Ok(()), Seat::release)
    }
}

/// The choice about cookies stands in the profile: no switch of the command line makes it (measured).
fn write_preferences(profile: &Path, cookies: Cookies) -> std::io::Result<()> {
    let folder = profile.join("Default");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("Preferences");
    if file.exists() {
        return Ok(());
    }
    let mode = match cookies {
        Cookies::Allow => 0,
        Cookies::Block => 1,
    };
    let preferences = json!({
        "profile": {"cookie_controls_mode": mode, "block_third_party_cookies": cookies == Cookies::Block},
    });
    serde_json::to_writer(File::create(file)?, &preferences).map_err(Into::into)
}

fn unwritable(profile: &Path, error: std::io::Error) -> Trouble {
    Trouble::new(
        Kind::Environment,
        format!("cannot write the browser's profile at {}", profile.display()),
        "Chromium would start with settings that a lesson does not expect",
        "see the cause; often the disk is full",
    )
    .caused_by(error)
}
