//! What has to be in a prepared folder. Written as the last step of preparing, compared at each use.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{FORMAT, distribution};
use crate::keycloak::dist::home;
use crate::keycloak::hex;

/// Of files that are too big to be read at every start, only the edges are: a truncated or overwritten one is found.
const EDGE: usize = 64 * 1024;

/// The manifest of a prepared folder.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    /// Password of the administrator in the database; each run replaces it in its own copy.
    admin_password: String,
    files: Vec<Entry>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    path: PathBuf,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    edges: Option<String>,
}

impl Manifest {
    /// Where it is in a prepared folder.
    pub(super) fn file(folder: &Path) -> PathBuf {
        folder.join("manifest.json")
    }

    /// Writes down what is in the folder now, complete or not at all, also when the computer stops in between.
    /// Readable by the person alone, because of the password.
    pub(super) fn write(folder: &Path, admin_password: &str) -> io::Result<()> {
        let manifest = Self { format: FORMAT, admin_password: admin_password.to_owned(), files: list(folder)? };
        let text = serde_json::to_vec(&manifest).map_err(io::Error::other)?;
        let new = Self::file(folder).with_extension("new");
        write_private(&new, &text)?;
        fs::rename(&new, Self::file(folder))
    }

    /// Compares a folder with its manifest. Errors: what is wrong with the folder.
    pub(super) fn check(folder: &Path) -> Result<Self, String> {
        let text = fs::read(Self::file(folder)).map_err(|error| format!("no manifest: {error}"))?;
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| format!("its manifest: {error}"))?;
        if manifest.format != FORMAT || !home::is_built(&distribution(folder)) {
            return Err("it is not complete".to_owned());
        }
        for entry in &manifest.files {
            let found = describe(folder, &entry.path, entry.edges.is_some())
                .map_err(|error| format!("{}: {error}", entry.path.display()))?;
            if found != *entry {
                return Err(format!("{} was changed", entry.path.display()));
            }
        }
        Ok(manifest)
    }

    /// Password of the administrator in the database.
    pub(super) fn admin_password(&self) -> &str {
        &self.admin_password
    }
}

/// All files of a folder; those outside the distribution's own libraries with a digest of their edges.
fn list(folder: &Path) -> io::Result<Vec<Entry>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        for entry in fs::read_dir(folder.join(&below))? {
            let entry = entry?;
            let path = below.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if !entry.file_type()?.is_symlink() {
                let shipped = path.starts_with("home") && !path.starts_with("home/lib/quarkus");
                files.push(describe(folder, &path, !shipped)?);
            }
        }
    }
    files.sort_by(|one, two| one.path.cmp(&two.path));
    Ok(files)
}

fn describe(folder: &Path, path: &Path, with_edges: bool) -> io::Result<Entry> {
    let file = folder.join(path);
    let size = file.metadata()?.len();
    let edges = with_edges.then(|| edges(&file, size)).transpose()?;
    Ok(Entry { path: path.to_owned(), size, edges })
}

/// Digest of the first and the last 64 KiB; of the whole file where it is not bigger than 4 MiB.
fn edges(file: &Path, size: u64) -> io::Result<String> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = File::open(file)?;
    let mut hash = Sha256::new();
    if size <= 4 << 20 {
        let mut all = Vec::new();
        file.read_to_end(&mut all)?;
        hash.update(&all);
    } else {
        let mut edge = vec![0; EDGE];
        file.read_exact(&mut edge)?;
        hash.update(&edge);
        file.seek(SeekFrom::End(-i64::try_from(EDGE).unwrap_or(0)))?;
        file.read_exact(&mut edge)?;
        hash.update(&edge);
    }
    Ok(hex(&hash.finalize()))
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
