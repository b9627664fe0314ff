//! The folder that `docker build` gets: the distribution, the realm, the recipe.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use zip::ZipArchive;

use super::name::Labels;
use super::{Options, recipe};
use crate::keycloak::docker::interrupted;
use crate::trouble::{Kind, Trouble};

const PREFIX: &str = "sso-lab-image-";

/// A temporary folder of one build, and the lock that says the build is alive.
pub(super) struct Scratch {
    folder: TempDir,
    _lock: File,
}

/// How long another build may take before this one gives up waiting for it.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

impl Scratch {
    /// Waits for another build in the same `parent` to end, removes what a killed one left there, and makes a folder.
    pub(super) async fn new(parent: &Path, options: &Options, cancel: &CancellationToken) -> Result<Self, Trouble> {
        let trouble = |error: io::Error| {
            Trouble::new(
                Kind::Environment,
                format!("no temporary folder can be made in {}", parent.display()),
                "the build needs about 700 MB there",
                "make the folder writable, or choose another with SSO_LAB_CACHE",
            )
            .caused_by(error)
        };
        fs::create_dir_all(parent).map_err(trouble)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(parent.join("image.lock"))
            .map_err(trouble)?;
        if lock.try_lock().is_err() {
            options.progress.note("another build of the image runs; waiting for it");
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

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Removes the folder, then lets the next build go ahead.
    pub(super) fn close(self) -> io::Result<()> {
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

/// Writes everything into `context`, which must not exist yet.
pub(super) async fn write(
    context: &Path,
    options: &Options,
    labels: &Labels,
    cancel: &CancellationToken,
) -> Result<(), Trouble> {
    let (context, distribution, cancel) = (context.to_owned(), options.distribution.clone(), cancel.clone());
    let files = [
        ("Dockerfile", recipe::dockerfile(labels)),
        ("realm.json", options.realm.json().to_string()),
        ("warm-up", recipe::WARM_UP.to_owned()),
    ];
    let work = move || -> Result<(), Stopped> {
        fs::create_dir_all(&context)?;
        for (name, text) in files {
            fs::write(context.join(name), text)?;
        }
        let into = context.join("keycloak");
        if distribution.is_dir() { copy(&distribution, &into, &cancel) } else { unpack(&distribution, &into, &cancel) }
    };
    let result = tokio::task::spawn_blocking(work).await;
    let from = options.distribution.display();
    match result {
        Ok(Ok(())) => Ok(()),
        Ok(Err(Stopped::Cancelled)) => Err(interrupted("the build of the image")),
        Ok(Err(Stopped::Io(error))) if error.kind() == io::ErrorKind::StorageFull => Err(Trouble::new(
            Kind::Environment,
            format!("the disk became full while {from} was unpacked"),
            "the build needs about 700 MB in the lab's cache folder for a while",
            "free some space, or choose another folder with SSO_LAB_CACHE",
        )
        .caused_by(error)),
        Ok(Err(Stopped::Io(error))) => Err(unusable(&from.to_string()).caused_by(error)),
        Err(panic) => Err(unusable(&from.to_string()).caused_by(panic)),
    }
}

fn unusable(from: &str) -> Trouble {
    Trouble::new(
        Kind::Environment,
        format!("{from} is not a usable Keycloak distribution"),
        "the image is made of it",
        "name the distribution's zip or its unpacked folder with `--dist`, or leave that out and let the lab find one",
    )
}

/// Why writing ended early.
enum Stopped {
    Cancelled,
    Io(io::Error),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Unpacks the zip without its single top folder. Entries that point outside are left out by `enclosed_name`.
fn unpack(zip: &Path, into: &Path, cancel: &CancellationToken) -> Result<(), Stopped> {
    let mut archive = ZipArchive::new(File::open(zip)?).map_err(io::Error::from)?;
    for index in 0..archive.len() {
        if cancel.is_cancelled() {
            return Err(Stopped::Cancelled);
        }
        let mut entry = archive.by_index(index).map_err(io::Error::from)?;
        let Some(name) = entry.enclosed_name() else { continue };
        let target: PathBuf = into.join(name.components().skip(1).collect::<PathBuf>());
        if entry.is_dir() {
            fs::create_dir_all(&target)?;
            continue;
        }
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut file = File::create(&target)?;
        io::copy(&mut entry, &mut file)?;
        if let Some(mode) = entry.unix_mode() {
            set_mode(&file, mode)?;
        }
    }
    has_launcher(into)
}

/// Copies an unpacked distribution. What a Keycloak that ran there wrote stays behind: the image has its own.
fn copy(from: &Path, into: &Path, cancel: &CancellationToken) -> Result<(), Stopped> {
    copy_tree(from, into, Some("data"), cancel)?;
    has_launcher(into)
}

fn copy_tree(from: &Path, into: &Path, without: Option<&str>, cancel: &CancellationToken) -> Result<(), Stopped> {
    fs::create_dir_all(into)?;
    for entry in fs::read_dir(from)? {
        if cancel.is_cancelled() {
            return Err(Stopped::Cancelled);
        }
        let entry = entry?;
        if without.is_some_and(|name| entry.file_name() == name) {
            continue;
        }
        let target = into.join(entry.file_name());
        // Follows links: a prepared folder may consist of them.
        if fs::metadata(entry.path())?.is_dir() {
            copy_tree(&entry.path(), &target, None, cancel)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn has_launcher(keycloak: &Path) -> Result<(), Stopped> {
    if keycloak.join("bin/kc.sh").is_file() {
        return Ok(());
    }
    Err(Stopped::Io(io::Error::new(io::ErrorKind::NotFound, "it has no bin/kc.sh")))
}

#[cfg(unix)]
fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(mode & 0o777))
}

#[cfg(not(unix))]
fn set_mode(_file: &File, _mode: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
