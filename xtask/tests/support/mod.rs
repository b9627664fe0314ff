//! What the tests share: the real command, in a state folder of its own.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than any single command takes on a slow machine with an empty cache.
pub const DEADLINE: Duration = Duration::from_mins(5);

/// A state folder of its own, and the command that works in it.
pub struct Desk {
    pub folder: tempfile::TempDir,
}

impl Desk {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// `cargo xtask …` with free ports and without a terminal.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(arguments).env("SSO_LAB_STATE", self.state()).env("SSO_LAB_PORTS", "auto").env("CI", "true");
        for variable in [
            "SSO_LAB_RUNTIME",
            "SSO_LAB_KEYCLOAK",
            "SSO_LAB_BIND",
            "SSO_LAB_REALM",
            "SSO_LAB_URL",
            "SSO_LAB_FAULT",
            "SSO_LAB_SITES",
            "SSO_LAB_THIRD_PARTY_COOKIES",
        ] {
            command.env_remove(variable);
        }
        command.stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        Said::of(self.command(arguments).output().unwrap())
    }

    /// Runs and insists on success.
    pub fn must(&self, arguments: &[&str]) -> Said {
        let said = self.run(arguments);
        assert_eq!(said.code, Some(0), "{arguments:?}\n{}\n{}", said.out, said.err);
        said
    }

    pub fn status(&self) -> Value {
        serde_json::from_str(&self.must(&["lab", "status", "--format", "json"]).out).unwrap()
    }

    /// The published record of the running lab.
    pub fn record(&self) -> Option<Value> {
        serde_json::from_slice(&std::fs::read(self.state().join("main/lab.json")).ok()?).ok()
    }

    /// Run id of the lab in the main seat.
    pub fn run_id(&self) -> Option<String> {
        std::fs::read_to_string(self.state().join("main/run-id")).ok()
    }

    /// Fails unless nothing of the run `run_id` is left: process, temporary file, published record.
    pub fn assert_nothing_left(&self, run_id: &str) {
        assert_eq!(processes_of(run_id), Vec::<u32>::new(), "processes of run {run_id} are left");
        for left in ["main/lab.json", "main/run", "main/run-id"] {
            assert!(!self.state().join(left).exists(), "{left} is left");
        }
        let own = std::fs::read_dir(self.state().join("own")).into_iter().flatten().count();
        assert_eq!(own, 0, "seats of short-lived labs are left");
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // A failed test must not leave a lab behind either.
        let _ = self.command(&["lab", "down"]).output();
    }
}

/// What a command said.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Fails unless the command ended with `code` and its error has what, meaning and action, and all `words`.
    pub fn assert_trouble(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        assert!(self.err.contains("error: ") && self.err.contains("\n  do: "), "{}", self.err);
        for word in words {
            assert!(self.err.contains(word), "`{word}` is not in: {}", self.err);
        }
    }
}

/// Ids of living processes that carry the run's id, as the system tells.
pub fn processes_of(run_id: &str) -> Vec<u32> {
    let marker = format!("SSO_LAB_RUN={run_id}");
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| {
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|entry| entry == marker.as_bytes())
        })
        .collect()
}

pub fn is_port_open(url: &str) -> bool {
    let address = url.trim_start_matches("http://").trim_end_matches('/').replace("localhost", "127.0.0.1");
    std::net::TcpStream::connect(address).is_ok()
}

/// Waits until `condition` holds; fails with `what` after the deadline.
pub fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < DEADLINE, "still not: {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

pub fn signal(pid: u32, signal: &str) {
    let sent = Command::new("kill").args(["-s", signal, "--", &pid.to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Waits for a child, with a deadline.
pub fn end_of(mut child: Child) -> Said {
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > DEADLINE {
            let _ = child.kill();
            panic!("the command does not end");
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    Said::of(child.wait_with_output().unwrap())
}

/// The lessons that are played once more on another runtime: the gate's, with `SSO_LAB_FULL=1` all of them.
pub(crate) fn which() -> &'static str {
    if std::env::var_os("SSO_LAB_FULL").is_some_and(|value| value == "1") { "--all" } else { "--gate" }
}

/// Whether the closing line says that some lessons were played and that all of them passed.
pub(crate) fn all_passed(said: &str) -> bool {
    let last = said.lines().last().unwrap_or_default();
    let Some((count, passed)) = last.split_once(" lessons: ") else { return false };
    count.parse::<u32>().is_ok_and(|count| count >= 10) && passed == format!("{count} passed")
}
