//! The prepared cache: a built distribution, a database with the realm in it, and a class archive.
//!
//! One folder a key under `keycloak/prepared`, and one lock beside it. Who prepares has the lock alone; its last step
//! is the manifest, which says what has to be in the folder, so a folder without one is unfinished. A lab that starts
//! from the folder shares the lock as long as it runs, so nobody replaces files under a running Keycloak. The system
//! gives locks of killed processes back.
//!
//! Prepared in place, not beside it and moved: a class archive remembers the path of Keycloak's jar, and a JVM before
//! 19 refuses the archive when nothing is at that path any more.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::server;
use crate::keycloak::java::Java;
use crate::keycloak::{Launch, hex};

mod manifest;

use manifest::Manifest;

/// Grows when the layout below changes, so that older caches are left alone.
const FORMAT: u32 = 2;

/// Where the prepared state for one combination of version, distribution, realm, Java and options belongs.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    folder: PathBuf,
}

/// A prepared state that was checked and is held: it does not change while this value lives.
#[derive(Debug)]
pub(super) struct Prepared {
    folder: PathBuf,
    manifest: Manifest,
    _held: Lock,
}

/// What a look into a slot finds.
#[derive(Debug)]
pub(super) enum Found {
    /// Usable.
    Prepared(Prepared),
    /// Nothing there.
    Absent,
    /// Something there that must not be used; why.
    Damaged(String),
}

impl Slot {
    /// The slot for this launch. `distribution` tells distributions of the same version apart.
    pub(super) fn of(launch: &Launch, java: &Java, distribution: &str) -> Self {
        let mut hash = Sha256::new();
        let parts = [
            &FORMAT.to_string(),
            &launch.version,
            distribution,
            &launch.realm.json().to_string(),
            &java.identity,
            &launch.admin.username,
            &server::fingerprint(),
        ];
        for part in parts {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        let name = format!("{}-{}", launch.version, &hex(&hash.finalize())[..16]);
        Self { folder: launch.cache.join("keycloak/prepared").join(name) }
    }

    /// Looks into the slot, checks what is there, and holds it. While somebody prepares it, it is absent.
    pub(super) fn open(&self) -> Found {
        if !self.folder.exists() {
            return Found::Absent;
        }
        let held = match self.lock_file() {
            Ok(held) => held,
            Err(error) => return Found::Damaged(format!("its lock cannot be opened: {error}")),
        };
        match held.try_lock_shared() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Found::Absent,
            Err(TryLockError::Error(error)) => return Found::Damaged(format!("its lock cannot be taken: {error}")),
        }
        let held = Lock(held);
        match Manifest::check(&self.folder) {
            Ok(manifest) => {
                // The newest-used slots survive a clean-up.
                let _ = File::options()
                    .append(true)
                    .open(Manifest::file(&self.folder))
                    .and_then(|file| file.set_modified(std::time::SystemTime::now()));
                Found::Prepared(Prepared { folder: self.folder.clone(), manifest, _held: held })
            }
            Err(why) => Found::Damaged(why),
        }
    }

    /// Takes the right to prepare this slot, for this process alone, and empties it. `None` while somebody else
    /// prepares it or runs from it, or when it is prepared by now.
    pub(super) fn try_begin(&self) -> io::Result<Option<Workshop>> {
        fs::create_dir_all(self.folder.parent().unwrap_or(&self.folder))?;
        let Some(alone) = self.try_alone()? else { return Ok(None) };
        if Manifest::check(&self.folder).is_ok() {
            return Ok(None);
        }
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)?;
        }
        fs::create_dir(&self.folder)?;
        Ok(Some(Workshop { folder: self.folder.clone(), finished: false, _alone: alone }))
    }

    /// Removes what is in the slot. `false` when a running lab holds it.
    pub(super) fn remove(&self) -> io::Result<bool> {
        let Some(_alone) = self.try_alone()? else { return Ok(false) };
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)?;
        }
        Ok(true)
    }

    /// Removes prepared states that are neither this slot nor among the `keep` used last, nor in use.
    pub(super) fn tidy(&self, keep: usize) -> io::Result<()> {
        let mut others: Vec<(std::time::SystemTime, PathBuf)> = Vec::new();
        for entry in fs::read_dir(self.folder.parent().unwrap_or(&self.folder))?.flatten() {
            let used = Manifest::file(&entry.path()).metadata().and_then(|meta| meta.modified());
            if let Ok(used) = used
                && entry.path() != self.folder
            {
                others.push((used, entry.path()));
            }
        }
        others.sort_by(|one, two| two.cmp(one));
        for (_, folder) in others.into_iter().skip(keep) {
            Self { folder }.remove()?;
        }
        Ok(())
    }

    fn try_alone(&self) -> io::Result<Option<Lock>> {
        let file = self.lock_file()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn lock_file(&self) -> io::Result<File> {
        let name = self.folder.file_name().unwrap_or_default().to_string_lossy();
        let path = self.folder.with_file_name(format!("{name}.lock"));
        File::options().create(true).truncate(false).write(true).read(true).open(path)
    }
}

/// A lock that is given back at once. Closing the file is not enough: a process that is just being started has a copy
/// of it for a moment, and the lock with it.
#[derive(Debug)]
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// A slot while it is prepared. Dropping it unfinished empties the slot.
#[derive(Debug)]
pub(super) struct Workshop {
    folder: PathBuf,
    finished: bool,
    /// Given back after the drop: fields go last.
    _alone: Lock,
}

impl Workshop {
    /// Where to put everything.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes the manifest over what is in the folder now: from here on it is prepared.
    pub(super) fn finish(mut self, admin_password: &str) -> io::Result<()> {
        Manifest::write(&self.folder, admin_password)?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

impl Prepared {
    /// The built distribution.
    pub(super) fn distribution(&self) -> PathBuf {
        distribution(&self.folder)
    }

    /// The database with the realm in it.
    pub(super) fn database(&self) -> PathBuf {
        database(&self.folder)
    }

    /// The class archive, where the JVM wrote one.
    pub(super) fn archive(&self) -> Option<PathBuf> {
        Some(archive(&self.folder)).filter(|file| file.is_file())
    }

    /// Password of the administrator in the database.
    pub(super) fn admin_password(&self) -> &str {
        self.manifest.admin_password()
    }
}

/// The distribution inside a prepared folder or workshop.
pub(super) fn distribution(folder: &Path) -> PathBuf {
    folder.join("home")
}

/// The database inside a prepared folder or workshop.
pub(super) fn database(folder: &Path) -> PathBuf {
    folder.join("keycloakdb.mv.db")
}

/// The home in which the class archive was written. It stays, without its data, because the archive names its path.
pub(super) fn training(folder: &Path) -> PathBuf {
    folder.join("training")
}

/// The class archive inside a prepared folder or workshop.
pub(super) fn archive(folder: &Path) -> PathBuf {
    folder.join("classes.jsa")
}

#[cfg(test)]
mod tests;
