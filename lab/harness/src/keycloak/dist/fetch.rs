//! Fetching the distribution into the cache: by Maven where it is installed, else by a download.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::distribution::{FETCHING, verify};
use super::{DistOptions, unpack};
use crate::http;
use crate::keycloak::Launch;
use crate::keycloak::process::Group;
use crate::keycloak::readiness::{interrupted, reason};
use crate::keycloak::versions::Version;
use crate::trouble::{Kind, Trouble};

/// A server that says nothing for so long is given up.
const SILENCE: Duration = Duration::from_secs(30);

/// Fetches the zip of `version` to `target`, which appears complete and verified or not at all.
pub(super) async fn into_cache(
    launch: &Launch,
    version: &Version,
    options: &DistOptions,
    target: &Path,
    cancel: &CancellationToken,
) -> Result<(), Trouble> {
    let folder = target.parent().unwrap_or(&launch.cache);
    fs::create_dir_all(folder).map_err(|error| unpack::failed(folder, error))?;
    // Beside the target, so that the rename at the end stays on one disk; removed with everything in it on any way out.
    let part =
        tempfile::Builder::new().prefix(".fetch-").tempdir_in(folder).map_err(|error| unpack::failed(folder, error))?;

    let mut reasons = Vec::new();
    let mut fetched = None;
    match options.java.program("mvn") {
        Some(mvn) => match by_maven(launch, version, &mvn, part.path(), cancel).await {
            Ok(zip) => fetched = Some(zip),
            // Only a closed way leads to the next one.
            Err(trouble) if trouble.kind != Kind::Part => return Err(trouble),
            Err(trouble) => reasons.push(trouble.to_string()),
        },
        None => reasons.push("there is no `mvn` on PATH".to_owned()),
    }
    if fetched.is_none() {
        let url = options.download.replace("{version}", version.as_str());
        match by_download(launch, &url, part.path(), cancel).await {
            Ok(zip) => fetched = Some(zip),
            Err(trouble) if trouble.kind != Kind::Part => return Err(trouble),
            Err(trouble) => reasons.push(trouble.to_string()),
        }
    }
    let Some(zip) = fetched else { return Err(not_to_be_had(version, &reasons)) };
    verify(&zip, version, cancel).await?;
    fs::rename(&zip, target).map_err(|error| unpack::failed(target, error))
}

async fn by_maven(
    launch: &Launch,
    version: &Version,
    mvn: &Path,
    into: &Path,
    cancel: &CancellationToken,
) -> Result<PathBuf, Trouble> {
    let stage = format!("Maven fetches the distribution of Keycloak {version}");
    launch.progress.begin(&stage, Some(Duration::from_mins(1)));
    let log = into.join("mvn.log");
    let mut command = Command::new(mvn);
    command
        .args(["-q", "-B", "-Dstyle.color=never", "dependency:copy"])
        .arg(format!("-Dartifact=org.keycloak:keycloak-quarkus-dist:{version}:zip"))
        .arg(format!("-DoutputDirectory={}", into.display()))
        // Outside of any project: a pom.xml of the current folder has no say.
        .current_dir(into);
    let mut group = Group::spawn(command, &launch.run_id, &log)?;
    let how = tokio::select! {
        biased;
        () = cancel.cancelled() => {
            group.stop().await?;
            return Err(interrupted());
        }
        how = tokio::time::timeout(FETCHING, group.ended()) => how.unwrap_or_else(|_| "not done in half an hour".to_owned()),
    };
    // Maven says first what is wrong, and then a page of advice.
    let said = group.last_lines(200);
    group.stop().await?;
    let zip = into.join(format!("keycloak-quarkus-dist-{version}.zip"));
    if how == "exit status 0" && zip.is_file() {
        launch.progress.done(&stage);
        return Ok(zip);
    }
    if said.contains("No space left on device") {
        return Err(unpack::failed(&zip, io::ErrorKind::StorageFull.into()));
    }
    let first = said.lines().next().unwrap_or_default();
    let first = first.split_once("[ERROR] ").map_or(first, |(_, sentence)| sentence);
    Err(part(format!("Maven did not fetch it ({how}): {first}")))
}

async fn by_download(launch: &Launch, url: &str, into: &Path, cancel: &CancellationToken) -> Result<PathBuf, Trouble> {
    let stage = format!("downloading {url}");
    launch.progress.begin(&stage, Some(Duration::from_mins(2)));
    let zip = into.join("download.zip");
    tokio::select! {
        biased;
        () = cancel.cancelled() => return Err(interrupted()),
        done = tokio::time::timeout(FETCHING, download(url, &zip)) => {
            done.unwrap_or_else(|_| Err(part(format!("{url}: not done in half an hour"))))?;
        }
    }
    launch.progress.done(&stage);
    Ok(zip)
}

async fn download(url: &str, to: &Path) -> Result<(), Trouble> {
    let broken = |error: reqwest::Error| part(format!("{url}: {}", reason(&error)));
    // Release pages redirect to the store that has the file; system proxies are the person's business and are used.
    http::ensure_crypto();
    let client = reqwest::Client::builder().connect_timeout(SILENCE).read_timeout(SILENCE).build().map_err(broken)?;
    let mut answer = client.get(url).send().await.map_err(broken)?;
    if !answer.status().is_success() {
        return Err(part(format!("{url} answers {}", answer.status())));
    }
    let full = |error: io::Error| unpack::failed(to, error);
    let mut file = tokio::fs::File::create(to).await.map_err(full)?;
    while let Some(piece) = answer.chunk().await.map_err(broken)? {
        file.write_all(&piece).await.map_err(full)?;
    }
    file.flush().await.map_err(full)
}

/// One way that did not work; its text becomes one reason of [`not_to_be_had`].
fn part(what: String) -> Trouble {
    Trouble::new(Kind::Part, what, "this way to the distribution is closed", "the lab tries the next one")
}

fn not_to_be_had(version: &Version, reasons: &[String]) -> Trouble {
    Trouble::new(
        Kind::Environment,
        format!("the distribution of Keycloak {version} is not to be had: {}", reasons.join("; ")),
        "the runtime `dist` needs it once; afterwards the lab works without a network",
        "let Maven or a browser reach the network, or bring the distribution by other means and name it with `--dist PATH`",
    )
}

#[cfg(test)]
mod tests;
