//! Where Keycloak's distribution comes from: the person's file, the cache, Maven, a download. The first that has it.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::{DistOptions, fetch, home, unpack};
use crate::keycloak::readiness::interrupted;
use crate::keycloak::versions::Version;
use crate::keycloak::{Launch, hex};
use crate::trouble::{Kind, Trouble};

/// What the lab found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Distribution {
    /// A zip whose digest was checked where one is pinned.
    Zip(PathBuf),
    /// An unpacked distribution of somebody's own.
    Folder(PathBuf),
}

/// What tells this launch's distribution from others of the same version, without reading it: a person's file may
/// be patched; the version's own distribution is the same everywhere.
pub(super) fn identity(options: &DistOptions) -> String {
    let Some(path) = &options.distribution else { return "as published".to_owned() };
    // A folder's own time does not change when a file deeper down does; these two hold what matters.
    let files = if path.is_dir() {
        vec![path.join("version.txt"), path.join("lib/quarkus-run.jar")]
    } else {
        vec![path.clone()]
    };
    let state = files.iter().map(|file| {
        let meta = file.metadata().ok()?;
        Some((meta.len(), meta.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?))
    });
    format!("{} {:?}", path.display(), state.collect::<Vec<_>>())
}

/// Finds or fetches the distribution. Cancelling leaves no half file behind. Errors: not to be had (each way with its
/// reason), another version than asked for, a digest that is not the pinned one.
pub(in crate::keycloak) async fn find(
    launch: &Launch,
    version: &Version,
    options: &DistOptions,
    cancel: &CancellationToken,
) -> Result<Distribution, Trouble> {
    if let Some(path) = &options.distribution {
        return given(path, version, cancel).await;
    }
    let zip = cached(&launch.cache, version);
    if zip.is_file() {
        match verify(&zip, version, cancel).await {
            Ok(()) => return Ok(Distribution::Zip(zip)),
            Err(trouble) if trouble.kind == Kind::Interrupted => return Err(trouble),
            Err(trouble) => {
                launch.progress.note(&format!("the cached distribution is damaged and is fetched again: {trouble}"));
                fs::remove_file(&zip).map_err(|error| unpack::failed(&zip, error))?;
            }
        }
    }
    fetch::into_cache(launch, version, options, &zip, cancel).await?;
    Ok(Distribution::Zip(zip))
}

/// Where [`find`] would look first with success, in words. Nothing is fetched or verified. Errors: nowhere on this
/// computer; a download would still be tried.
pub(super) fn source(launch: &Launch, version: &Version, options: &DistOptions) -> Result<String, Trouble> {
    if let Some(path) = &options.distribution {
        return if path.exists() {
            Ok(format!("the given one at {}", path.display()))
        } else {
            Err(no_distribution(path))
        };
    }
    if cached(&launch.cache, version).is_file() {
        return Ok(format!("Keycloak {version} is in the cache"));
    }
    if options.java.program("mvn").is_some() {
        return Ok(format!("Maven will fetch Keycloak {version}"));
    }
    Err(Trouble::new(
        Kind::Environment,
        format!("no distribution of Keycloak {version}, and no `mvn` on PATH to fetch it; a download will be tried"),
        "without a network that lets it through, Keycloak cannot run as a Java process",
        "install Maven, or give a zip or folder by `--dist`",
    ))
}

/// Lays the distribution out in the new folder `into`.
pub(in crate::keycloak) async fn lay_out(
    found: &Distribution,
    into: &Path,
    cancel: &CancellationToken,
) -> Result<(), Trouble> {
    match found {
        Distribution::Zip(zip) => unpack::zip(zip, into, cancel).await?,
        Distribution::Folder(folder) => unpack::folder(folder, into, cancel).await?,
    }
    if !home::script(into).is_file() {
        let _ = fs::remove_dir_all(into);
        return Err(no_distribution(match found {
            Distribution::Zip(path) | Distribution::Folder(path) => path,
        }));
    }
    Ok(())
}

/// Where the cache keeps the zip of a version.
pub(super) fn cached(cache: &Path, version: &Version) -> PathBuf {
    cache.join("keycloak/dist").join(format!("keycloak-{version}.zip"))
}

async fn given(path: &Path, version: &Version, cancel: &CancellationToken) -> Result<Distribution, Trouble> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if path.is_dir() {
        if !home::script(&path).is_file() {
            return Err(no_distribution(&path));
        }
        let text = fs::read_to_string(path.join("version.txt")).map_err(|_| no_distribution(&path))?;
        same_version(&path, home::version_in(&text), version)?;
        return Ok(Distribution::Folder(path));
    }
    if !path.is_file() {
        return Err(Trouble::new(
            Kind::Usage,
            format!("there is nothing at {}", path.display()),
            "`--dist` names a zip of Keycloak's distribution or the folder where it is unpacked",
            "correct the path, or leave `--dist` out and let the lab fetch the distribution",
        ));
    }
    let text = version_inside(&path)?;
    same_version(&path, home::version_in(&text), version)?;
    verify(&path, version, cancel).await?;
    Ok(Distribution::Zip(path))
}

/// Compares a zip with the pinned digest. Versions without one pass.
pub(super) async fn verify(zip: &Path, version: &Version, cancel: &CancellationToken) -> Result<(), Trouble> {
    let Some(expected) = version.sha256() else { return Ok(()) };
    let (file, token) = (zip.to_owned(), cancel.clone());
    let digest = tokio::task::spawn_blocking(move || sha256(&file, &token)).await.map_err(io::Error::other);
    let found = match digest.and_then(|digest| digest) {
        Ok(digest) => digest,
        Err(_) if cancel.is_cancelled() => return Err(interrupted()),
        Err(error) => return Err(unpack::failed(zip, error)),
    };
    if found == expected {
        return Ok(());
    }
    Err(Trouble::new(
        Kind::Safety,
        format!(
            "{} is not the pinned distribution of Keycloak {version}: SHA-256 {found}, expected {expected}",
            zip.display()
        ),
        "the file is damaged, changed, or packed differently from the Maven artifact \
         org.keycloak:keycloak-quarkus-dist, which is the one that the lab pins; the lab runs only what it can verify",
        "remove the file and let Maven fetch it, or give another file or an unpacked folder by `--dist`",
    ))
}

fn sha256(file: &Path, cancel: &CancellationToken) -> io::Result<String> {
    let mut file = File::open(file)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        if cancel.is_cancelled() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        match file.read(&mut piece)? {
            0 => return Ok(hex(&hash.finalize())),
            length => hash.update(&piece[..length]),
        }
    }
}

fn version_inside(zip: &Path) -> Result<String, Trouble> {
    let read = || -> io::Result<String> {
        let mut archive = zip::ZipArchive::new(io::BufReader::new(File::open(zip)?)).map_err(io::Error::other)?;
        let is_it = |name: &str| name.ends_with("/version.txt") && name.matches('/').count() == 1;
        let mut names = archive.file_names().filter_map(Result::ok).map(Cow::into_owned);
        let name = names.find(|name| is_it(name)).ok_or_else(|| io::Error::other("there is no version.txt in it"))?;
        drop(names);
        let mut text = String::new();
        archive.by_name(&name).map_err(io::Error::other)?.take(4096).read_to_string(&mut text)?;
        Ok(text)
    };
    read().map_err(|error| no_distribution(zip).caused_by(error))
}

fn same_version(path: &Path, found: Option<&str>, wanted: &Version) -> Result<(), Trouble> {
    match found {
        Some(found) if found == wanted.as_str() => Ok(()),
        Some(found) => Err(Trouble::new(
            Kind::Usage,
            format!("{} is Keycloak {found}, and Keycloak {wanted} is asked for", path.display()),
            "the lab would say one version and run another",
            format!("add `--keycloak {found}`, or give a distribution of {wanted}"),
        )),
        None => Err(no_distribution(path)),
    }
}

fn no_distribution(path: &Path) -> Trouble {
    Trouble::new(
        Kind::Usage,
        format!("{} is not a distribution of Keycloak", path.display()),
        "a distribution has `bin/kc.sh` and `version.txt`; the lab accepts its zip or the folder where it is unpacked",
        "give the zip of `org.keycloak:keycloak-quarkus-dist`, or leave `--dist` out and let the lab fetch it",
    )
}

/// How long a file of 200 MB may take over a slow line.
pub(super) const FETCHING: Duration = Duration::from_mins(30);

#[cfg(test)]
mod tests;
