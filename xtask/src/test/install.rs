//! `--install`: what the lanes need, by the system's own package manager.

use std::path::Path;
use std::process::{Command, Stdio};

use lab::{Kind, Trouble};

use super::lanes::Lane;

/// Installs what the wanted lanes lack. Says what to do by hand where this is no Debian or Ubuntu.
pub(super) fn run(wanted: &[Lane]) -> Result<(), Trouble> {
    let lacking: Vec<Lane> = wanted.iter().copied().filter(|lane| lane.possible().is_err()).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    if !Path::new("/usr/bin/apt-get").exists() {
        return Err(by_hand("this is no Debian or Ubuntu", &lacking));
    }
    let mut packages = Vec::new();
    if lacking.contains(&Lane::Keycloak) {
        packages.extend(["default-jdk-headless", "maven"]);
    }
    if lacking.contains(&Lane::Chromium) {
        packages.extend(["chromium", "chromium-driver"]);
    }
    // The lanes with a Keycloak need it, too.
    if Lane::Redis.possible().is_err() {
        // Where a service manager runs, Debian starts one on the usual port; the tests start their own on free ports.
        packages.push("redis-server");
    }
    if !packages.is_empty() {
        apt(&["update"], &lacking)?;
        apt(&[&["install", "--yes", "--no-install-recommends"], packages.as_slice()].concat(), &lacking)?;
    }
    if lacking.contains(&Lane::Docker) {
        // Not every computer can run an engine; then the lane is skipped by name, which the script explains.
        let started =
            Command::new("bash").arg(".ci/docker-engine").current_dir(workspace()).stdin(Stdio::null()).status();
        if !started.is_ok_and(|status| status.success()) {
            eprintln!("note: no container engine can be started here; the docker lane will be skipped");
        }
    }
    Ok(())
}

/// The workspace's folder: where its scripts are.
fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

fn apt(arguments: &[&str], lacking: &[Lane]) -> Result<(), Trouble> {
    eprintln!("apt-get {}", arguments.join(" "));
    let done = Command::new("apt-get")
        .args(["-q", "-o", "DPkg::Lock::Timeout=120"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    match done {
        Ok(status) if status.success() => Ok(()),
        Ok(_) | Err(_) => Err(by_hand("apt-get did not do it (are you root, and is the network there?)", lacking)),
    }
}

fn by_hand(why: &str, lacking: &[Lane]) -> Trouble {
    let reasons: Vec<String> = lacking.iter().filter_map(|lane| lane.possible().err()).collect();
    Trouble::new(
        Kind::Environment,
        format!("cannot install: {why}"),
        format!("still missing: {}", reasons.join("; ")),
        "install that by hand, or run without `--install`: what cannot run is skipped by name",
    )
}
