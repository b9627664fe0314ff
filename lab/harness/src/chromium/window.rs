//! A window of Chromium for a person who looks at the lab, with the choice about cookies that the lab was started with.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use url::Url;

use super::cookies::{Cookies, unwritable, write_preferences};
use super::find;
use crate::keycloak::process::{self, RUN_VARIABLE, last_lines};
use crate::state::{self, Folders, Found, Record};
use crate::trouble::{Kind, Trouble};

/// Without a screen it gives up within a second. One that runs longer has a window.
const GIVES_UP: Duration = Duration::from_secs(2);
/// Names the process groups of the windows, one in a line.
const GROUPS: &str = "windows";

/// Opens an address in a Chromium whose profile belongs to the running main lab: its first window starts it, further ones are tabs
/// of it. It ends with the lab, and its profile goes with the lab's files.
///
/// # Errors
/// Environment: no Chromium, no room for its profile, or no screen to show it on. State: the lab was stopped meanwhile.
pub async fn open(folders: &Folders, lab: &Record, cookies: Cookies, url: &Url) -> Result<(), Trouble> {
    let browser = find::browser().map_err(|_| no_window("it is not installed on this computer"))?;
    let run_dir = state::main_run_dir(folders);
    // With the run in its name: a lab that comes after this one must not find it.
    let profile = run_dir.join(format!("people-{}", lab.run_id));
    write_preferences(&profile, cookies).map_err(|error| unwritable(&profile, error))?;
    let address = address(&profile, url).map_err(|error| unwritable(&profile, error))?;
    let log = state::main_log_file(folders, "window");
    let file = File::create(&log).and_then(|out| Ok((out.try_clone()?, out)));
    let (out, err) = file.map_err(|error| unwritable(&log, error))?;
    let mut command = Command::new(&browser);
    command.arg(format!("--user-data-dir={}", profile.display())).args(["--no-first-run", "--disable-sync"]);
    if rustix::process::geteuid().is_root() {
        // Its sandbox does not run as root.
        command.arg("--no-sandbox");
    }
    // A group of its own: Ctrl-C here is not meant for it. By the mark the sweep after a killed lab finds it.
    command.arg(address).env(RUN_VARIABLE, &lab.run_id).process_group(0);
    let spawned = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn();
    let mut child =
        spawned.map_err(|error| no_window(&format!("{} cannot be started", browser.display())).caused_by(error))?;
    let group = child.id().and_then(|id| i32::try_from(id).ok());
    let noted = group.map_or(Ok(()), |group| note(&run_dir, group));
    let runs = matches!(state::look(folders), Found::Running(now) if now.run_id == lab.run_id);
    if noted.is_err() || !runs {
        // Nobody would end it.
        process::end(&lab.run_id, group.as_slice()).await?;
        let _ = fs::remove_dir_all(&profile);
        return Err(stopped());
    }
    match tokio::time::timeout(GIVES_UP, child.wait()).await {
        // It has a window, or it gave the address to the one that runs.
        Err(_) => Ok(()),
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(_) => Err(no_window(&format!("it ended at once, and said:\n{}", last_lines(&log, 3)))),
    }
}

/// Ends the windows of a run: the browsers alone, and not what a person has started from them.
///
/// # Errors
/// Part: one survived.
pub(crate) async fn close(run_dir: &Path, run_id: &str) -> Result<(), Trouble> {
    let noted = fs::read_to_string(run_dir.join(GROUPS)).unwrap_or_default();
    let groups: Vec<i32> = noted.lines().filter_map(|line| line.parse().ok()).collect();
    process::end(run_id, &groups).await
}

fn note(run_dir: &Path, group: i32) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(run_dir.join(GROUPS))?;
    writeln!(file, "{group}")
}

/// What the browser is told to open. Everybody on this computer may read its command line, so an address with a token in it stands
/// in a page of its own, which leads there.
fn address(profile: &Path, url: &Url) -> io::Result<String> {
    if url.fragment().is_none() {
        return Ok(url.to_string());
    }
    let page: PathBuf = profile.join("open.html");
    let target = url.as_str().replace('&', "&amp;").replace('"', "&quot;");
    fs::write(&page, format!("<!DOCTYPE html><meta http-equiv=\"refresh\" content=\"0; url={target}\">"))?;
    Ok(Url::from_file_path(&page).map_or_else(|()| page.display().to_string(), |page| page.to_string()))
}

fn no_window(how: &str) -> Trouble {
    Trouble::new(
        Kind::Environment,
        format!("Chromium shows no window: {how}"),
        "the lab was started with `--third-party-cookies`, so its pages are opened in a browser that treats cookies so",
        "install Chromium where there is a screen, or print the address with `--print` and open it in a browser that you have set \
         up yourself",
    )
}

fn stopped() -> Trouble {
    Trouble::new(
        Kind::State,
        "the lab was stopped meanwhile",
        "there is nothing to look at any more",
        "start one: `cargo xtask lab up`",
    )
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::address;

    #[test]
    fn an_address_with_a_token_is_not_on_the_command_line() {
        let profile = tempfile::tempdir().unwrap();
        let plain = Url::parse("http://localhost:3001/?a=1&b=2").unwrap();
        assert_eq!(address(profile.path(), &plain).unwrap(), plain.as_str());
        let secret = Url::parse("http://localhost:3000/?a=1&b=2#token=s3cret").unwrap();
        let told = address(profile.path(), &secret).unwrap();
        assert!(told.starts_with("file://") && !told.contains("s3cret"), "{told}");
        let page = std::fs::read_to_string(profile.path().join("open.html")).unwrap();
        assert!(page.contains("url=http://localhost:3000/?a=1&amp;b=2#token=s3cret\""), "{page}");
    }
}
