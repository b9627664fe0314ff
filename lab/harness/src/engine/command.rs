//! Commands that the build runs: with a deadline, cancellable, their last lines kept for the person.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Child;
use tokio_util::sync::CancellationToken;

use super::interrupted;
use crate::trouble::{Kind, Trouble};

/// How many lines of output a failure shows.
const KEPT_LINES: usize = 15;

/// A command to run to its end.
pub(crate) struct Command {
    program: &'static str,
    args: Vec<OsString>,
    deadline: Duration,
    secret: Option<String>,
}

impl Command {
    /// A command with a deadline of five minutes.
    pub(crate) fn new(program: &'static str) -> Self {
        Self { program, args: Vec::new(), deadline: Duration::from_mins(5), secret: None }
    }

    /// The engine's own client: building from a folder is its work, and it is wherever an engine is.
    pub(crate) fn docker() -> Self {
        Self::new("docker")
    }

    pub(crate) fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub(crate) fn args<'a>(mut self, args: impl IntoIterator<Item = &'a str>) -> Self {
        self.args.extend(args.into_iter().map(OsString::from));
        self
    }

    pub(crate) fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// A word that must not be shown, should the command print it.
    pub(crate) fn hiding(mut self, secret: &str) -> Self {
        self.secret = Some(secret.to_owned());
        self
    }

    /// Runs it. `failure` words what did not work, as a fragment. Cancelling kills it.
    pub(crate) async fn run(self, failure: &str, cancel: &CancellationToken) -> Result<(), Trouble> {
        let mut child = self.spawn().map_err(|error| self.not_started(failure, &error))?;
        let lines = Arc::new(Mutex::new(VecDeque::new()));
        let readers = [
            tokio::spawn(keep_last(child.stdout.take(), lines.clone())),
            tokio::spawn(keep_last(child.stderr.take(), lines.clone())),
        ];
        let status = tokio::select! {
            status = child.wait() => status,
            () = cancel.cancelled() => {
                end(&mut child).await;
                return Err(interrupted("the build of the image"));
            }
            () = tokio::time::sleep(self.deadline) => {
                end(&mut child).await;
                return Err(self.failed(failure, &format!("no end after {} s", self.deadline.as_secs()), &lines));
            }
        };
        for reader in readers {
            // A grandchild may hold the pipe open after the command's end.
            let _ = tokio::time::timeout(Duration::from_secs(2), reader).await;
        }
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(self.failed(failure, &ending(status), &lines)),
            Err(error) => Err(self.not_started(failure, &error)),
        }
    }

    fn spawn(&self) -> io::Result<Child> {
        let mut command = tokio::process::Command::new(self.program);
        command
            .args(&self.args)
            // Buildx can be set to a builder that knows no local images; the engine's own does.
            .env("BUILDX_BUILDER", "default")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // A Ctrl-C is meant for the lab, which then ends the command in its own order.
        #[cfg(unix)]
        command.process_group(0);
        command.spawn()
    }

    fn not_started(&self, failure: &str, error: &io::Error) -> Trouble {
        let action = match self.program {
            "docker" => "install Docker's command line (`apt-get install docker.io` on Debian and Ubuntu)",
            "setpriv" | "tar" => "install it (`apt-get install debootstrap util-linux tar`)",
            _ => "install it",
        };
        let what = format!("{failure}: `{}` cannot be run: {error}", self.program);
        Trouble::new(Kind::Environment, what, "the lab uses this command to build its images", action)
    }

    fn failed(&self, failure: &str, how: &str, lines: &Mutex<VecDeque<String>>) -> Trouble {
        let lines: Vec<String> = lines.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        let mut text = lines.join("\n");
        if let Some(secret) = &self.secret {
            text = text.replace(secret, "…");
        }
        if text.contains("No space left on device") || text.contains("no space left on device") {
            return Trouble::new(
                Kind::Environment,
                format!("{failure}: the disk is full"),
                "the image needs about 2.5 GB while it is built and 1 GB afterwards",
                "free some space (`docker system df` shows what images use), then build again",
            )
            .caused_by(text);
        }
        Trouble::new(
            Kind::Part,
            format!("{failure}: `{}` ended with {how}", self.program),
            "nothing of the build is left behind",
            "read the last lines of its output below",
        )
        .caused_by(text)
    }
}

/// Removes the layers of a build that did not end well: they have no name, but a label of their own. Other builds may
/// be at work on the same engine, so no others are touched. Tidying only: its failure is not worth a word.
pub(crate) async fn remove_layers(label: &str) {
    let filter = format!("label={label}");
    tidy(Command::docker().args(["image", "prune", "--force", "--filter", &filter])).await;
}

/// Removes an image that another one took the name of. One that a container still uses stays, which is right.
pub(crate) async fn remove_image(id: &str) {
    tidy(Command::docker().args(["image", "rm", id])).await;
}

async fn tidy(command: Command) {
    let _ = command.deadline(Duration::from_mins(1)).run("tidying", &CancellationToken::new()).await;
}

/// Kills and reaps.
async fn end(child: &mut Child) {
    let _ = tokio::time::timeout(Duration::from_secs(10), child.kill()).await;
}

fn ending(status: ExitStatus) -> String {
    status.code().map_or_else(|| status.to_string(), |code| format!("exit code {code}"))
}

async fn keep_last(output: Option<impl AsyncRead + Unpin>, kept: Arc<Mutex<VecDeque<String>>>) {
    let Some(output) = output else { return };
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT_LINES {
            kept.pop_front();
        }
        kept.push_back(line);
    }
}

#[cfg(test)]
mod tests;
