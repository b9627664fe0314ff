//! The lab's own browser image: Debian with Chromium and its driver, made without a registry.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::place;
use crate::engine::debian::{self, Recipe, Words};
use crate::engine::scratch::Scratch;
use crate::engine::{Engine, Found};
use crate::progress::Progress;
use crate::trouble::Trouble;

/// The image that a browser in a container is started from, where it is built.
pub const OWN: &str = "sso-lab-chromium:trixie";

/// The session bus is a choice among packages that debootstrap does not make by itself.
const PACKAGES: &str = "chromium,chromium-driver,fonts-liberation,ca-certificates,dbus-x11";
/// Says which version of Chromium is in the image.
const VERSION: &str = "sso-lab.chromium";

/// What to build.
#[derive(Clone)]
pub struct Options {
    /// Build even if the image is there: that brings a newer Chromium.
    pub again: bool,
    /// The lab's cache folder. Holds up to 2.5 GB of temporary files for the time of the build.
    pub cache: PathBuf,
    /// Who is told what happens.
    pub progress: Arc<dyn Progress>,
}

/// The image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// Which Chromium is in it.
    pub chromium: String,
    /// Size in bytes.
    pub size: u64,
    /// It was there already.
    pub reused: bool,
}

/// Builds [`OWN`], or finds it built. Cancelling stops the build and removes what it made so far.
///
/// # Errors
/// Environment: no engine or no `docker` command, debootstrap cannot run here, the disk is full. Part: a package cannot be had.
/// Interrupted.
pub async fn build(options: &Options, cancel: &CancellationToken) -> Result<Built, Trouble> {
    let engine = place::engine().await?;
    if let Some(built) = built_already(&engine, options).await? {
        return Ok(built);
    }
    let scratch = Scratch::new(&options.cache.join("image"), options.progress.as_ref(), cancel).await?;
    // Whoever had to wait may find the work done.
    let result = match built_already(&engine, options).await {
        Ok(None) => build_in(&engine, options, scratch.path(), cancel).await,
        Ok(Some(built)) => Ok(built),
        Err(trouble) => Err(trouble),
    };
    scratch.end(result).await
}

async fn built_already(engine: &Engine, options: &Options) -> Result<Option<Built>, Trouble> {
    if options.again {
        return Ok(None);
    }
    Ok(engine.inspect(OWN).await?.map(|found| Built { reused: true, ..described(&found) }))
}

async fn build_in(
    engine: &Engine,
    options: &Options,
    scratch: &Path,
    cancel: &CancellationToken,
) -> Result<Built, Trouble> {
    let former = engine.inspect(OWN).await?;
    let recipe = Recipe {
        image: OWN,
        packages: PACKAGES,
        holding: "Chromium and its driver",
        usual: Duration::from_mins(2),
        words: Words {
            failure: "the browser image could not be made",
            means: "it is made as a Debian root file system on this computer, which needs no registry",
            command: "image build --browser",
            otherwise: "name an image that has Chromium and its driver in SSO_LAB_BROWSER_IMAGE",
        },
    };
    let labels = |root: &Path| {
        let version = version(root).unwrap_or_else(|| "unknown".to_owned());
        vec![format!("LABEL sso-lab=image {VERSION}={version}")]
    };
    debian::make(&recipe, &labels, options.progress.as_ref(), scratch, cancel).await?;
    let found = engine.replaced(OWN, former, "docker import").await?;
    Ok(described(&found))
}

/// What the image says about itself.
fn described(found: &Found) -> Built {
    let chromium = found.labels().and_then(|labels| labels.get(VERSION)).cloned();
    Built { chromium: chromium.unwrap_or_else(|| "unknown".to_owned()), size: found.bytes(), reused: false }
}

/// The version of Chromium that is installed below `root`, as its package database has it.
fn version(root: &Path) -> Option<String> {
    let database = fs::read_to_string(root.join("var/lib/dpkg/status")).ok()?;
    let package = database.split("\n\n").find(|package| package.starts_with("Package: chromium\n"))?;
    let version = package.lines().find_map(|line| line.strip_prefix("Version: "))?;
    // Debian's own counting after the hyphen says nothing to people.
    Some(version.split('-').next().unwrap_or(version).to_owned())
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn the_version_is_the_browsers_and_not_one_of_its_neighbours() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("var/lib/dpkg")).unwrap();
        let database = "Package: chromium-driver\nVersion: 1.0-1\n\nPackage: chromium\nStatus: install ok installed\n\
                        Version: 156.0.8078.79-1~deb13u1\n\nPackage: zlib1g\nVersion: 3\n";
        std::fs::write(root.path().join("var/lib/dpkg/status"), database).unwrap();
        assert_eq!(version(root.path()).as_deref(), Some("156.0.8078.79"));
        assert_eq!(version(std::path::Path::new("/nowhere")), None);
    }
}
