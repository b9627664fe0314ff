//! A window of Chromium for a person who looks at the lab, with the choice about cookies that the lab was started with.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use url::Url;

use super::cookies::{Cookies, unwritable, write_preferences};
use super::find;
use crate::keycloak::process::{RUN_VARIABLE, last_lines};
use crate::state::{self, Folders, Record};
use crate::trouble::{Kind, Trouble};

/// Without a screen it gives up within a second. One that runs longer has a window.
const GIVES_UP: Duration = Duration::from_secs(2);

/// Opens an address in a Chromium whose profile belongs to the running main lab: its first window starts it, further ones are tabs
/// of it. It ends with the lab, and its profile goes with the lab's files.
///
/// # Errors
/// Environment: no Chromium, no room for its profile, or no screen to show it on.
pub async fn open(folders: &Folders, lab: &Record, cookies: Cookies, url: &Url) -> Result<(), Trouble> {
    let browser =
        find::browser().map_err(|missing| missing.trouble("a window has to be on this computer's own screen"))?;
    let profile = state::main_run_dir(folders).join("people");
    write_preferences(&profile, cookies).map_err(|error| unwritable(&profile, error))?;
    let log = state::main_log_file(folders, "window");
    let file = std::fs::File::create(&log).and_then(|out| Ok((out.try_clone()?, out)));
    let (out, err) = file.map_err(|error| unwritable(&log, error))?;
    let mut command = Command::new(&browser);
    command.arg(format!("--user-data-dir={}", profile.display())).args(["--no-first-run", "--disable-sync"]);
    if rustix::process::geteuid().is_root() {
        // Its sandbox does not run as root.
        command.arg("--no-sandbox");
    }
    // A group of its own: Ctrl-C here is not meant for it. The mark is how the lab finds it when it stops.
    command.arg(url.as_str()).env(RUN_VARIABLE, &lab.run_id).process_group(0);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .spawn()
        .map_err(|error| no_window(&format!("{} cannot be started", browser.display())).caused_by(error))?;
    match tokio::time::timeout(GIVES_UP, child.wait()).await {
        // It has a window, or it gave the address to the one that runs.
        Err(_) => Ok(()),
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(_) => Err(no_window(&format!("it ended at once, and said:\n{}", last_lines(&log, 3)))),
    }
}

fn no_window(how: &str) -> Trouble {
    Trouble::new(
        Kind::Environment,
        format!("Chromium shows no window: {how}"),
        "the lab was started with `--third-party-cookies`, so its pages are opened in a browser that treats cookies so; most often \
         there is no screen here",
        "print the address with `--print`, and open it in a browser that you have set up yourself",
    )
}
