//! The image below ours: something with a Java runtime.

use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Options;
use super::command::Command;
use crate::keycloak::docker::Engine;
use crate::trouble::{Kind, Trouble};

/// The base where a registry can be reached: Java 21, small, maintained.
pub const DEFAULT_BASE: &str = "eclipse-temurin:21-jre";

/// The base that is made here where none can be reached. It is kept, so only the first build makes it.
const OWN_BASE: &str = "sso-lab-java:21-trixie";

/// The Debian release whose Java 21 goes into [`OWN_BASE`].
const SUITE: &str = "trixie";

/// Finds, pulls or makes the base and returns its name.
///
/// Errors: a base named by the person is neither there nor to be had; none can be pulled and none made, with the
/// reason of each.
pub(super) async fn provide(
    engine: &Engine,
    options: &Options,
    scratch: &Path,
    cancel: &CancellationToken,
) -> Result<String, Trouble> {
    if let Some(asked) = &options.base {
        check_name(asked)?;
        if engine.inspect(asked).await?.is_none() {
            engine.pull(asked, options.progress.as_ref(), cancel).await?;
        }
        return Ok(asked.clone());
    }
    for known in [OWN_BASE, DEFAULT_BASE] {
        if engine.inspect(known).await?.is_some() {
            options.progress.note(&format!("building on {known}, which is here already"));
            return Ok(known.to_owned());
        }
    }
    let reason = match engine.can_be_pulled(DEFAULT_BASE).await {
        Ok(()) => match engine.pull(DEFAULT_BASE, options.progress.as_ref(), cancel).await {
            Ok(()) => return Ok(DEFAULT_BASE.to_owned()),
            Err(trouble) if trouble.kind == Kind::Interrupted => return Err(trouble),
            Err(trouble) => trouble.to_string(),
        },
        Err(reason) => reason,
    };
    options.progress.note(&format!("{DEFAULT_BASE} cannot be had ({reason}); making a small Debian with Java instead"));
    make(options, scratch, cancel).await?;
    Ok(OWN_BASE.to_owned())
}

/// A name goes into a Dockerfile as it is, so it must be a name.
fn check_name(base: &str) -> Result<(), Trouble> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    if !base.is_empty() && base.starts_with(|c: char| c.is_ascii_alphanumeric()) && base.chars().all(fits) {
        return Ok(());
    }
    Err(Trouble::new(
        Kind::Usage,
        format!("`{base}` is not the name of an image"),
        "names look like `eclipse-temurin:21-jre` or `registry.example/team/java:21`",
        "correct `--base`, or leave it out",
    ))
}

/// Makes [`OWN_BASE`]: a root file system by debootstrap, imported as an image.
async fn make(options: &Options, scratch: &Path, cancel: &CancellationToken) -> Result<(), Trouble> {
    can_make()?;
    let failure = "a base image could not be made";
    let root = scratch.join("root");
    let archive = scratch.join("root.tar");

    let what = format!("making a root file system: Debian {SUITE} with Java 21");
    options.progress.begin(&what, Some(Duration::from_secs(40)));
    // debootstrap mounts /proc and the like below `root`. In namespaces of its own those mounts and every process end
    // with it, however it ends, so removing the folder never reaches into the running system. And should the lab itself
    // be killed, so is this: the next build finds a folder that nobody writes to.
    Command::new("setpriv")
        .args(["--pdeathsig", "KILL"])
        .args(["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child=KILL"])
        .args(["debootstrap", "--variant=minbase", "--include=openjdk-21-jre-headless,ca-certificates", SUITE])
        .arg(&root)
        .deadline(Duration::from_mins(20))
        .run(failure, cancel)
        .await?;
    options.progress.done(&what);

    options.progress.begin("importing it as an image", Some(Duration::from_secs(6)));
    Command::new("tar")
        .args(["--create", "--one-file-system", "--numeric-owner"])
        // Devices are the engine's; packages and their lists would only make the image larger.
        .args(["--exclude=./dev/*", "--exclude=./var/cache/apt/archives/*.deb", "--exclude=./var/lib/apt/lists/*"])
        .arg("--file")
        .arg(&archive)
        .arg("--directory")
        .arg(&root)
        .arg(".")
        .run(failure, cancel)
        .await?;
    Command::docker()
        .args(["import", "--change", "ENV LANG=C.UTF-8"])
        .arg(&archive)
        .arg(OWN_BASE)
        .run(failure, cancel)
        .await?;
    options.progress.done("importing it as an image");
    Ok(())
}

/// Whether this computer can make a root file system.
fn can_make() -> Result<(), Trouble> {
    let means = format!("{DEFAULT_BASE} cannot be pulled, so a base image has to be made on this computer");
    let trouble = |what: &str, action: &str| Err(Trouble::new(Kind::Environment, what, means.clone(), action));
    if !cfg!(target_os = "linux") {
        return trouble(
            "no base image: nothing can be pulled, and debootstrap runs on Linux only",
            "load a Java 21 image with `docker load` and name it with `--base`",
        );
    }
    if !on_path("debootstrap") {
        return trouble(
            "no base image: nothing can be pulled, and debootstrap is not installed",
            "`apt-get install debootstrap` on Debian and Ubuntu, or name an image with `--base`",
        );
    }
    #[cfg(unix)]
    if !rustix::process::geteuid().is_root() {
        return trouble(
            "no base image: nothing can be pulled, and debootstrap needs root",
            "run `image build` once with sudo, or name an image with `--base`",
        );
    }
    Ok(())
}

fn on_path(program: &str) -> bool {
    let found = |folder: std::path::PathBuf| folder.join(program).is_file();
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(found))
}

#[cfg(test)]
mod tests;
