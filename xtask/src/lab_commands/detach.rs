//! `lab up --detach`: the same command in a process of its own, watched until it is ready.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lab::control::client::LabClient;
use lab::state::{self, Found};
use lab::{Kind, Trouble};

use crate::settings::Global;
use crate::signals::cancelled_by_signals;

/// Set in the process in the background: whoever started it tells the person that the lab is up.
const DETACHED: &str = "SSO_LAB_DETACHED";

/// Whether this process is the one in the background.
pub(super) fn is_background() -> bool {
    std::env::var_os(DETACHED).is_some()
}

/// Starts this command again without `--detach`, in the background, and returns when that lab is up.
///
/// # Errors
/// Whatever the other process ended with: its words are passed on and its exit code becomes ours.
pub(super) async fn start(global: &Global) -> Result<LabClient, Trouble> {
    let folders = global.folders()?;
    let log = state::main_log_file(&folders, "lab");
    let mut child = spawn(&log)?;
    let cancel = cancelled_by_signals();
    let mut shown = 0;
    let mut asked_to_stop = false;
    loop {
        shown = pass_on(&log, shown);
        if let Ok(Some(status)) = child.try_wait() {
            pass_on(&log, shown);
            // It has said what is wrong; saying it again in other words would help nobody.
            std::process::exit(status.code().unwrap_or(i32::from(Kind::Part.exit_code())));
        }
        if let Found::Running(record) = state::look(&folders)
            && record.pid == child.id()
        {
            return Ok(record.client());
        }
        if cancel.is_cancelled() && !asked_to_stop {
            asked_to_stop = true;
            terminate(child.id());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// ` (process 42)`, or nothing where the process is not known.
pub(super) fn process(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
}

/// Asks a process to end.
pub(super) fn terminate(pid: u32) {
    signal(pid, rustix::process::Signal::TERM);
}

/// Ends a process without asking.
pub(super) fn kill(pid: u32) {
    signal(pid, rustix::process::Signal::KILL);
}

fn signal(pid: u32, signal: rustix::process::Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) {
        // Gone already is as good as ended.
        let _ = rustix::process::kill_process(pid, signal);
    }
}

fn spawn(log: &Path) -> Result<Child, Trouble> {
    use std::os::unix::process::CommandExt as _;
    let started = || {
        if let Some(folder) = log.parent() {
            state::private_folder(folder)?;
        }
        File::create(log)?;
        // Trap: two of these may start at the same moment. Each writing from its own position would overwrite the other.
        let out = File::options().append(true).open(log)?;
        let arguments = std::env::args_os().skip(1).filter(|argument| argument != "--detach");
        Command::new(std::env::current_exe()?)
            .args(arguments)
            .env(DETACHED, "1")
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            // Out of the terminal's process group: its Ctrl-C is not for the lab.
            .process_group(0)
            .spawn()
    };
    started().map_err(|error| {
        Trouble::new(
            Kind::Environment,
            format!("the lab cannot be started in the background with its log at {}", log.display()),
            "no process or no log file could be made",
            "see the cause; often the state folder cannot be written: set SSO_LAB_STATE to another one",
        )
        .caused_by(error)
    })
}

/// Copies what the log got since `from` to stderr; gives the new end.
fn pass_on(log: &Path, from: u64) -> u64 {
    let read = || -> std::io::Result<u64> {
        let mut file = File::open(log)?;
        file.seek(SeekFrom::Start(from))?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        std::io::stderr().write_all(&text)?;
        Ok(from + text.len() as u64)
    };
    read().unwrap_or(from)
}
