//! Where a build of an image works: one at a time, and nothing stays.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::interrupted;
use crate::progress::Progress;
use crate::trouble::{Kind, Trouble};

const PREFIX: &str = "sso-lab-image-";

/// A temporary folder of one build, and the lock that says the build is alive.
pub(crate) struct Scratch {
    folder: TempDir,
    _lock: File,
}

/// How long another build may take before this one gives up waiting for it.
const PATIENCE: Duration = Duration::from_mins(30);

impl Scratch {
    /// Waits for another build in the same `parent` to end, removes what a killed one left there, and makes a folder.
    pub(crate) async fn new(
        parent: &Path,
        progress: &dyn Progress,
        cancel: &CancellationToken,
    ) -> Result<Self, Trouble> {
        let trouble = |error: io::Error| not_writable(parent, error);
        fs::create_dir_all(parent).map_err(trouble)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(parent.join("image.lock"))
            .map_err(trouble)?;
        if lock.try_lock().is_err() {
            progress.note("another build of the image runs; waiting for it");
            wait_for(&lock, cancel).await?;
        }
        // The lock is ours, so whoever made these folders is gone.
        for entry in fs::read_dir(parent).map_err(trouble)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(PREFIX) {
                fs::remove_dir_all(entry.path()).map_err(trouble)?;
            }
        }
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent).map_err(trouble)?;
        Ok(Self { folder, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Ends a build: the folder goes whatever came of it, where a blocking call is fine, for it may hold gigabytes.
    ///
    /// Errors: those of the build; the image is built and the folder stays.
    pub(crate) async fn end<T>(self, result: Result<T, Trouble>) -> Result<T, Trouble> {
        let parent = self.path().parent().unwrap_or(self.path()).to_owned();
        let removed = tokio::task::spawn_blocking(move || self.close()).await;
        let built = result?;
        let failure = match removed {
            Ok(Ok(())) => return Ok(built),
            Ok(Err(error)) => error.to_string(),
            Err(panic) => panic.to_string(),
        };
        Err(Trouble::new(
            Kind::Part,
            format!("a temporary folder in {} could not be removed", parent.display()),
            "the image is built, but files of the build still take space",
            format!("remove the folders named `{PREFIX}…` there"),
        )
        .caused_by(failure))
    }

    /// Removes the folder, then lets the next build go ahead.
    pub(crate) fn close(self) -> io::Result<()> {
        self.folder.close()
    }
}

async fn wait_for(lock: &File, cancel: &CancellationToken) -> Result<(), Trouble> {
    let since = Instant::now();
    while lock.try_lock().is_err() {
        if since.elapsed() > PATIENCE {
            return Err(Trouble::new(
                Kind::State,
                "another build of the image does not end",
                "two builds at once would do the same work twice",
                "end the other `image build`, then start again",
            ));
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(300)) => {}
            () = cancel.cancelled() => return Err(interrupted("the build of the image")),
        }
    }
    Ok(())
}

/// A file of the build cannot be written below `folder`.
pub(crate) fn not_writable(folder: &Path, error: io::Error) -> Trouble {
    Trouble::new(
        Kind::Environment,
        format!("{} cannot be written", folder.display()),
        "the build of the image needs up to 2.5 GB there for a while",
        "make the folder writable and free some space, or choose another with SSO_LAB_CACHE",
    )
    .caused_by(error)
}

#[cfg(test)]
mod tests;
