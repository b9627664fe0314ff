//! A Debian root file system as an image, made without a registry: by debootstrap, from a mirror of packages.

use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::command::Command;
use crate::progress::Progress;
use crate::trouble::{Kind, Trouble};

/// The Debian release that images made here are of.
pub(crate) const SUITE: &str = "trixie";

/// What to make.
pub(crate) struct Recipe<'a> {
    /// Name and tag of the image.
    pub(crate) image: &'a str,
    /// Packages beside the smallest system, with commas between.
    pub(crate) packages: &'a str,
    /// What it holds, in words for people: `Java 21`.
    pub(crate) holding: &'a str,
    /// How long it usually takes.
    pub(crate) usual: Duration,
    /// What to say where it cannot be made.
    pub(crate) words: Words<'a>,
}

/// What to say where no root file system can be made.
#[derive(Clone, Copy)]
pub(crate) struct Words<'a> {
    /// `a base image could not be made`.
    pub(crate) failure: &'a str,
    /// Why one has to be made on this computer.
    pub(crate) means: &'a str,
    /// The command that makes it.
    pub(crate) command: &'a str,
    /// What helps where debootstrap cannot run, as a fragment.
    pub(crate) otherwise: &'a str,
}

/// Makes the image below `scratch`, which needs room for three times its size. `changes` says what the image tells about
/// itself, as `docker import --change` takes it, from the finished root file system. Cancelling ends it and leaves no image.
///
/// Errors: this computer cannot make one; a package cannot be had; no space; interrupted.
pub(crate) async fn make(
    recipe: &Recipe<'_>,
    changes: &(dyn Fn(&Path) -> Vec<String> + Sync),
    progress: &dyn Progress,
    scratch: &Path,
    cancel: &CancellationToken,
) -> Result<(), Trouble> {
    can_make(recipe.words)?;
    let failure = recipe.words.failure;
    let root = scratch.join("root");
    let archive = scratch.join("root.tar");

    let what = format!("making a root file system: Debian {SUITE} with {}", recipe.holding);
    progress.begin(&what, Some(recipe.usual));
    // debootstrap mounts /proc and the like below `root`. In namespaces of its own those mounts and every process end
    // with it, however it ends, so removing the folder never reaches into the running system. And should the lab itself
    // be killed, so is this: the next build finds a folder that nobody writes to.
    Command::new("setpriv")
        .args(["--pdeathsig", "KILL"])
        .args(["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child=KILL"])
        .args(["debootstrap", "--variant=minbase"])
        .arg(format!("--include={}", recipe.packages))
        .arg(SUITE)
        .arg(&root)
        .deadline(Duration::from_mins(20))
        .run(failure, cancel)
        .await?;
    progress.done(&what);

    progress.begin("importing it as an image", Some(Duration::from_secs(6)));
    Command::new("tar")
        .args(["--create", "--one-file-system", "--numeric-owner"])
        // Devices are the engine's; the rest would only make the image larger.
        .args(["--exclude=./dev/*", "--exclude=./var/cache/apt/archives/*.deb", "--exclude=./var/lib/apt/lists/*"])
        .args(["--exclude=./usr/share/doc/*", "--exclude=./usr/share/man/*", "--exclude=./usr/share/locale/*"])
        .arg("--file")
        .arg(&archive)
        .arg("--directory")
        .arg(&root)
        .arg(".")
        .run(failure, cancel)
        .await?;
    let mut import = Command::docker().args(["import", "--change", "ENV LANG=C.UTF-8"]);
    for change in changes(&root) {
        import = import.args(["--change", &change]);
    }
    import.arg(&archive).arg(recipe.image).run(failure, cancel).await?;
    progress.done("importing it as an image");
    Ok(())
}

/// Whether this computer can make a root file system.
fn can_make(words: Words<'_>) -> Result<(), Trouble> {
    let Words { failure, means, command, otherwise } = words;
    let trouble =
        |why: &str, action: String| Err(Trouble::new(Kind::Environment, format!("{failure}: {why}"), means, action));
    if !cfg!(target_os = "linux") {
        return trouble("debootstrap runs on Linux only", otherwise.to_owned());
    }
    if !on_path("debootstrap") {
        let install = "`apt-get install debootstrap` on Debian and Ubuntu";
        return trouble("debootstrap is not installed", format!("{install}, or {otherwise}"));
    }
    #[cfg(unix)]
    if !rustix::process::geteuid().is_root() {
        return trouble("debootstrap needs root", format!("run `cargo xtask {command}` once as root, or {otherwise}"));
    }
    Ok(())
}

fn on_path(program: &str) -> bool {
    let found = |folder: std::path::PathBuf| folder.join(program).is_file();
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(found))
}
