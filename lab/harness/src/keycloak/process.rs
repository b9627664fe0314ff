//! Programs that the lab runs beside itself: each in a process group of its own, marked with the run, its output in
//! a file, and gone in bounded time.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use process_wrap::tokio::{CommandWrap, ProcessGroup};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::process::Command;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::trouble::{Kind, Trouble};

/// How a process of a run is recognised, in its environment.
pub const RUN_VARIABLE: &str = "SSO_LAB_RUN";
/// The same on the command line of a Java process, for systems that show no environment of others.
pub const RUN_PROPERTY: &str = "sso.lab.run";

/// After a polite request to end; Keycloak needs 0.2 to 1.2 s, with a class archive to write up to 10 s.
const POLITE: Duration = Duration::from_secs(10);
/// After the order that no process can refuse.
const FORCED: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// A process group under watch. Dropping it kills the group: the safety net for a cancelled caller.
pub struct Group {
    pgid: Pid,
    exit: watch::Receiver<Option<String>>,
    log: PathBuf,
    /// Nobody is in the group any more. From then on its number may be given to strangers, so no signal goes there.
    gone: Arc<AtomicBool>,
}

impl Group {
    /// Starts `command` as the leader of a new group, marked with `run_id`, its output appended to `log`.
    /// Errors: the program cannot be started, or the log not be written.
    pub fn spawn(mut command: Command, run_id: &str, log: &Path) -> Result<Self, Trouble> {
        let program = command.as_std().get_program().to_string_lossy().into_owned();
        let file = OpenOptions::new().create(true).append(true).open(log).and_then(|out| Ok((out.try_clone()?, out)));
        let (out, err) =
            file.map_err(|error| cannot_start(&program, &format!("no log at {}", log.display()), error))?;
        command.env(RUN_VARIABLE, run_id).stdin(Stdio::null()).stdout(out).stderr(err);
        let mut wrapped = CommandWrap::from(command);
        wrapped.wrap(ProcessGroup::leader());
        let mut child = wrapped.spawn().map_err(|error| cannot_start(&program, "the system refuses it", error))?;
        let pgid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw).ok_or_else(|| {
            cannot_start(&program, "it ended at once", std::io::Error::from(std::io::ErrorKind::NotFound))
        })?;
        let (told, exit) = watch::channel(None);
        let gone = Arc::new(AtomicBool::new(false));
        let empty = gone.clone();
        // One task owns the child, so that `died` and `stop` may both wait and either may be dropped.
        tokio::spawn(async move {
            let how = match child.inner_mut().wait().await {
                Ok(status) => describe(status),
                Err(error) => format!("cannot be waited for: {error}"),
            };
            // At once: a number that was just given back is not given out again so soon.
            empty.store(test_kill_process_group(pgid).is_err(), Ordering::Release);
            let _ = told.send(Some(how));
        });
        Ok(Self { pgid, exit, log: log.to_owned(), gone })
    }

    /// The group's id, which is its leader's process id.
    pub fn pgid(&self) -> i32 {
        self.pgid.as_raw_nonzero().get()
    }

    /// Resolves when the leader has ended, and says how (`exit status 1`). Safe to drop.
    pub async fn ended(&mut self) -> String {
        self.watch().await
    }

    /// The same, for somebody who does not hold the group.
    pub fn watch(&self) -> impl Future<Output = String> + Send + use<> {
        let mut exit = self.exit.clone();
        async move {
            match exit.wait_for(Option::is_some).await {
                Ok(how) => how.clone().unwrap_or_default(),
                Err(_) => "ended unseen".to_owned(),
            }
        }
    }

    /// Waits like [`Self::ended`]; whether the leader ended with exit status 0.
    pub async fn succeeded(&mut self) -> bool {
        self.ended().await == describe(ExitStatus::default())
    }

    /// Whether the leader has ended, without waiting.
    pub fn has_ended(&self) -> bool {
        self.exit.borrow().is_some()
    }

    /// The last lines of the output.
    pub fn last_lines(&self, count: usize) -> String {
        last_lines(&self.log, count)
    }

    /// Asks the group to end and waits at most `polite`, then kills it. Errors: it survived even that.
    pub async fn stop_within(&mut self, polite: Duration) -> Result<(), Trouble> {
        if self.gone.load(Ordering::Acquire) {
            return Ok(());
        }
        let _ = kill_process_group(self.pgid, Signal::TERM);
        if !self.empty_within(polite).await {
            let _ = kill_process_group(self.pgid, Signal::KILL);
            if !self.empty_within(FORCED).await {
                return Err(survived(self.pgid()));
            }
        }
        self.gone.store(true, Ordering::Release);
        Ok(())
    }

    /// [`Self::stop_within`] the usual time.
    pub async fn stop(&mut self) -> Result<(), Trouble> {
        self.stop_within(POLITE).await
    }

    async fn empty_within(&self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while !self.gone.load(Ordering::Acquire) && test_kill_process_group(self.pgid).is_ok() {
            if Instant::now() >= deadline {
                return false;
            }
            sleep(PAUSE).await;
        }
        true
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.gone.load(Ordering::Acquire) {
            let _ = kill_process_group(self.pgid, Signal::KILL);
        }
    }
}

/// Kills every process group of `run_id` that is still there, whatever is written down about it, and returns what
/// was killed (`process group 4711 (java)`). Only processes that carry the run's mark are touched, so a process id
/// that belongs to somebody else by now is safe. Errors: one survived.
pub async fn sweep(run_id: &str) -> Result<Vec<String>, Trouble> {
    let mut swept = Vec::new();
    for (pgid, name) in groups_of(run_id) {
        let _ = kill_process_group(pgid, Signal::KILL);
        let deadline = Instant::now() + FORCED;
        while test_kill_process_group(pgid).is_ok() {
            if Instant::now() >= deadline {
                return Err(survived(pgid.as_raw_nonzero().get()));
            }
            sleep(PAUSE).await;
        }
        swept.push(format!("process group {} ({name})", pgid.as_raw_nonzero()));
    }
    Ok(swept)
}

/// Ends those of these process groups that carry the run's mark, politely first: a number that belongs to somebody else by now is
/// safe. Errors: one survived.
pub(crate) async fn end(run_id: &str, groups: &[i32]) -> Result<(), Trouble> {
    if groups.is_empty() {
        return Ok(());
    }
    for (pgid, _) in groups_of(run_id).into_iter().filter(|(pgid, _)| groups.contains(&pgid.as_raw_nonzero().get())) {
        for (signal, limit) in [(Signal::TERM, POLITE), (Signal::KILL, FORCED)] {
            let _ = kill_process_group(pgid, signal);
            let deadline = Instant::now() + limit;
            while test_kill_process_group(pgid).is_ok() && Instant::now() < deadline {
                sleep(PAUSE).await;
            }
        }
        if test_kill_process_group(pgid).is_ok() {
            return Err(survived(pgid.as_raw_nonzero().get()));
        }
    }
    Ok(())
}

fn groups_of(run_id: &str) -> Vec<(Pid, String)> {
    use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};
    let variable = format!("{RUN_VARIABLE}={run_id}");
    let property = format!("-D{RUN_PROPERTY}={run_id}");
    let Ok(mut system) = System::new() else { return Vec::new() };
    let what = ProcessRefreshKind::nothing().with_cmd(UpdateKind::Always).with_environ(UpdateKind::Always);
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
    let own = rustix::process::getpgid(None).ok();
    let mut groups: Vec<(Pid, String)> = Vec::new();
    for (pid, process) in system.processes() {
        let marked = process.environ().iter().any(|entry| *entry == *variable.as_str())
            || process.cmd().iter().any(|word| *word == *property.as_str());
        if !marked {
            continue;
        }
        let group = i32::try_from(pid.as_u32()).ok().and_then(Pid::from_raw);
        let group = group.and_then(|pid| rustix::process::getpgid(Some(pid)).ok());
        if let Some(group) = group
            && Some(group) != own
            && !groups.iter().any(|(known, _)| *known == group)
        {
            groups.push((group, process.name().to_string_lossy().into_owned()));
        }
    }
    groups
}

/// Whether process `pid` is there and runs the same program as this one.
pub(crate) fn is_this_program(pid: u32) -> bool {
    use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};
    let (asked, own) = (sysinfo::Pid::from_u32(pid), sysinfo::Pid::from_u32(std::process::id()));
    let Ok(mut system) = System::new() else { return false };
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[asked, own]), true, ProcessRefreshKind::nothing());
    let name = |pid| system.process(pid).map(sysinfo::Process::name);
    name(asked).is_some() && name(asked) == name(own)
}

/// The last `count` lines of a file without the frames of Java's stack traces, which push out the sentences that
/// people can use. Whatever cannot be read is left out.
pub fn last_lines(file: &Path, count: usize) -> String {
    const TAIL: u64 = 64 * 1024;
    let read = || -> std::io::Result<String> {
        use std::io::{Read, Seek, SeekFrom};
        let mut file = std::fs::File::open(file)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().unwrap_or_default();
    let frame =
        |line: &str| line.starts_with(['\t', ' ']) && ["at ", "... "].iter().any(|s| line.trim().starts_with(s));
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty() && !frame(line)).collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

fn cannot_start(program: &str, how: &str, error: std::io::Error) -> Trouble {
    Trouble::new(
        Kind::Environment,
        format!("cannot start {program}: {how}"),
        "the lab could not start a program that it needs",
        "see the cause; often the disk is full, the file is not executable, or a process limit is reached",
    )
    .caused_by(error)
}

fn survived(pgid: i32) -> Trouble {
    Trouble::new(
        Kind::Part,
        format!("process group {pgid} is still there after SIGKILL"),
        "the system cannot end it, for example because it waits for a disk",
        format!("look at it with `ps -g {pgid}`"),
    )
}

#[cfg(test)]
mod tests;
