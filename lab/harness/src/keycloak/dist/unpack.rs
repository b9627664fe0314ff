//! Laying a distribution out on disk: from its zip, or from a folder that holds one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;
use zip::ZipArchive;

use crate::keycloak::readiness::interrupted;
use crate::trouble::{Kind, Trouble};

/// What a distribution is made of; everything else in such a folder belongs to somebody's own Keycloak.
pub(super) const PARTS: [&str; 6] = ["bin", "conf", "lib", "providers", "themes", "version.txt"];

/// Unpacks the zip of a distribution into the new folder `into`, without the archive's own top folder.
/// Cancelling or failing removes `into`. Errors: no zip, no distribution, disk full.
pub(super) async fn zip(archive: &Path, into: &Path, cancel: &CancellationToken) -> Result<(), Trouble> {
    let (from, to) = (archive.to_owned(), into.to_owned());
    on_a_thread(into, cancel, move |cancel| unzip(&from, &to, cancel)).await
}

/// Copies a distribution's folder into the new folder `into`, data left out. Cancelling or failing removes `into`.
pub(super) async fn folder(distribution: &Path, into: &Path, cancel: &CancellationToken) -> Result<(), Trouble> {
    let (from, to) = (distribution.to_owned(), into.to_owned());
    on_a_thread(into, cancel, move |cancel| {
        fs::create_dir_all(&to)?;
        for part in PARTS.iter().filter(|part| from.join(part).exists()) {
            copy(&from.join(part), &to.join(part), cancel)?;
        }
        Ok(())
    })
    .await
}

/// Does blocking `work` that fills the new folder `into`, and removes the folder unless all went well.
async fn on_a_thread(
    into: &Path,
    cancel: &CancellationToken,
    work: impl FnOnce(&CancellationToken) -> io::Result<()> + Send + 'static,
) -> Result<(), Trouble> {
    // A child, cancelled also when this future is dropped: the thread must not go on for nobody.
    let token = cancel.child_token();
    let _stop = token.clone().drop_guard();
    let folder = into.to_owned();
    let work = tokio::task::spawn_blocking(move || {
        let result = work(&token);
        let cancelled = token.is_cancelled();
        if cancelled || result.is_err() {
            let _ = fs::remove_dir_all(&folder);
        }
        (result, cancelled)
    });
    match work.await {
        Ok((_, true)) => Err(interrupted()),
        Ok((Ok(()), false)) => Ok(()),
        Ok((Err(error), false)) => Err(failed(into, error)),
        Err(panicked) => Err(failed(into, io::Error::other(panicked))),
    }
}

fn unzip(archive: &Path, into: &Path, cancel: &CancellationToken) -> io::Result<()> {
    let mut zip = ZipArchive::new(io::BufReader::new(File::open(archive)?)).map_err(io::Error::other)?;
    fs::create_dir_all(into)?;
    for index in 0..zip.len() {
        stop_if(cancel)?;
        let mut entry = zip.by_index(index).map_err(io::Error::other)?;
        let name = entry.enclosed_name().ok_or_else(|| io::Error::other("an entry leads out of the archive"))?;
        let inner: PathBuf = name.components().skip(1).collect();
        if inner.as_os_str().is_empty() {
            continue;
        }
        let target = into.join(inner);
        if entry.is_dir() {
            fs::create_dir_all(&target)?;
            continue;
        }
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = File::create(&target)?;
        io::copy(&mut entry, &mut file)?;
        if entry.unix_mode().is_some_and(|mode| mode & 0o111 != 0) {
            use std::os::unix::fs::PermissionsExt;
            file.set_permissions(fs::Permissions::from_mode(0o755))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path, cancel: &CancellationToken) -> io::Result<()> {
    stop_if(cancel)?;
    if !from.is_dir() {
        return fs::copy(from, to).map(|_| ());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()), cancel)?;
    }
    Ok(())
}

fn stop_if(cancel: &CancellationToken) -> io::Result<()> {
    if cancel.is_cancelled() { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
}

/// Trouble while writing below `target`. A full disk is told apart: the person can do something about it.
pub(super) fn failed(target: &Path, error: io::Error) -> Trouble {
    let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let trouble = if full {
        Trouble::new(
            Kind::Environment,
            format!("the disk is full: {} cannot be written", target.display()),
            "Keycloak's distribution needs about 250 MB unpacked, the prepared cache 450 MB; what was written is removed again",
            "free some space there, or point SSO_LAB_CACHE and SSO_LAB_STATE to a disk that has some",
        )
    } else {
        Trouble::new(
            Kind::Environment,
            format!("Keycloak's distribution cannot be laid out in {}", target.display()),
            "the archive is damaged or no Keycloak distribution, or the folder cannot be written",
            "see the cause; a damaged archive is fetched again once you remove it",
        )
    };
    trouble.caused_by(error)
}

#[cfg(test)]
mod tests;
