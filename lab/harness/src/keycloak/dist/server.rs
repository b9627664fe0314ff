//! Keycloak as a Java process: its command line and environment, and the way from spawn to ready.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{home, unpack};
use crate::keycloak::java::Java;
use crate::keycloak::process::{Group, RUN_PROPERTY};
use crate::keycloak::readiness::{NotReady, Readiness, interrupted};
use crate::keycloak::{Credentials, ports};
use crate::trouble::{Kind, Trouble};

/// A port that was free may be taken before Keycloak binds it; then other ones are tried.
const PORT_TRIES: usize = 5;
/// So many lines of Keycloak's log stand in an error.
pub(super) const LOG_LINES: usize = 15;
/// An interrupted start has nothing worth a polite end.
const INTERRUPTED_STOP: Duration = Duration::from_secs(1);

/// Options with which every Keycloak of the lab is built and started. In the environment, because `build` and
/// `start` each refuse some of them on the command line. The shutdown delay is for load balancers, which are absent.
/// Health is asked many times a second until it is good, and Keycloak would log every answer.
const OPTIONS: [(&str, &str); 5] = [
    ("KC_DB", "dev-file"),
    ("KC_CACHE", "local"),
    ("KC_HEALTH_ENABLED", "true"),
    ("KC_SHUTDOWN_DELAY", "0s"),
    ("KC_LOG_LEVEL", "INFO,io.smallrye.health:WARN"),
];
/// Only the quick compiler: on a start, compile time is most of the time there is.
const JVM: [&str; 1] = ["-XX:TieredStopAtLevel=1"];

/// One Java process of Keycloak.
#[derive(Clone)]
pub(super) struct Server<'a> {
    /// Its home.
    pub home: &'a Path,
    /// Its Java.
    pub java: &'a Java,
    /// The run's mark.
    pub run_id: &'a str,
    /// Where its output goes.
    pub log: &'a Path,
    /// What a class archive is used for, if there is one.
    pub archive: Archive<'a>,
    /// Let everybody else go first.
    pub nice: bool,
}

/// Class data sharing: an archive of loaded classes saves a third of a start.
#[derive(Clone, Copy)]
pub(super) enum Archive<'a> {
    /// None.
    Without,
    /// Start from this one. The JVM ignores an archive that does not fit.
    From(&'a Path),
    /// Write one when the process ends.
    To(&'a Path),
}

/// How a server starts.
pub(super) struct Start<'a> {
    /// Its address as the world knows it.
    pub public_url: &'a Url,
    /// Build first where needed, and import the realm that lies in the home.
    pub import: Option<Import<'a>>,
    /// The database to start with; none means an empty one.
    pub database: Option<&'a Path>,
    /// How long until it must be ready.
    pub deadline: Duration,
}

/// What only a start with an empty database needs.
pub(super) struct Import<'a> {
    /// The administrator to create. Keycloak does so only together with the master realm.
    pub admin: &'a Credentials,
    /// Whether the distribution may be built by this start.
    pub build: bool,
}

/// Why a server is not ready.
pub struct Failure {
    /// For the person.
    pub trouble: Trouble,
    /// Whether it ended by itself: then what it was started from may be broken.
    pub died: bool,
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Self { trouble, died: false }
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        failure.trouble
    }
}

/// A server that is ready.
pub(super) struct Ready {
    /// Its process group.
    pub group: Group,
    /// Its private address.
    pub upstream: Url,
    /// Where it listens.
    pub ports: Ports,
}

/// The two ports of one server, on loopback.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    http: u16,
    management: u16,
}

impl Server<'_> {
    /// Starts it and waits until it is ready. Cancelling stops it. Errors: it ended, it is late, it calls itself
    /// something else, no free port.
    pub(super) async fn start(&self, how: &Start<'_>, cancel: &CancellationToken) -> Result<Ready, Failure> {
        let mut tries = 0;
        loop {
            tries += 1;
            let [http, management] = ports::free()?;
            match self.try_start(how, Ports { http, management }, cancel).await? {
                Ok(ready) => return Ok(ready),
                Err(bind_failure) if tries == PORT_TRIES => return Err(bind_failure.into()),
                Err(_) => {
                    let data = self.home.join("data/h2");
                    let _ = fs::remove_dir_all(&data);
                    home::place_database(self.home, how.database).map_err(|error| unpack::failed(&data, error))?;
                }
            }
        }
    }

    /// Starts it where it was before, with the database that is there, and waits until it is ready. Errors: as for
    /// [`Self::start`].
    pub(super) async fn start_again(
        &self,
        how: &Start<'_>,
        at: Ports,
        cancel: &CancellationToken,
    ) -> Result<Ready, Trouble> {
        for _ in 1..PORT_TRIES {
            // Not ready: somebody's connection goes out from that very port at the moment.
            if let Ok(ready) = self.try_start(how, at, cancel).await? {
                return Ok(ready);
            }
        }
        self.try_start(how, at, cancel).await?
    }

    /// One try. The inner error says that a port was taken in between, so that another try makes sense.
    async fn try_start(
        &self,
        how: &Start<'_>,
        at: Ports,
        cancel: &CancellationToken,
    ) -> Result<Result<Ready, Trouble>, Failure> {
        let Ports { http: port, management } = at;
        let begun = Instant::now();
        let log_before = fs::metadata(self.log).map_or(0, |meta| meta.len());
        let mut group =
            self.spawn(&arguments(how, port, management), how.import.as_ref().map(|import| import.admin))?;
        let upstream = loopback(port);
        let readiness = Readiness::of(&upstream, Some(&loopback(management)), how.public_url, how.deadline);
        let outcome = readiness.wait(group.ended(), cancel).await;
        let Err(not_ready) = outcome else { return Ok(Ok(Ready { group, upstream, ports: at })) };
        if matches!(not_ready, NotReady::Cancelled) {
            group.stop_within(INTERRUPTED_STOP).await?;
            return Err(interrupted().into());
        }
        let died = matches!(not_ready, NotReady::Died(_));
        let trouble = not_ready.trouble(&readiness.issuer, begun, &group.last_lines(LOG_LINES));
        group.stop().await?;
        let taken = died && (ports::taken(port) || ports::taken(management) || says_taken(self.log, log_before));
        if taken { Ok(Err(trouble)) } else { Err(Failure { trouble, died }) }
    }

    /// Builds the distribution in the home and waits for it. Cancelling stops it.
    pub(super) async fn build(&self, deadline: Duration, cancel: &CancellationToken) -> Result<(), Trouble> {
        let mut group = self.spawn(&["build".to_owned()], None)?;
        let how = tokio::select! {
            biased;
            () = cancel.cancelled() => {
                group.stop_within(INTERRUPTED_STOP).await?;
                return Err(interrupted());
            }
            how = tokio::time::timeout(deadline, group.ended()) => how,
        };
        let how = how.unwrap_or_else(|_| format!("not done after {} s", deadline.as_secs()));
        let log = group.last_lines(LOG_LINES);
        group.stop().await?;
        if how == "exit status 0" && home::is_built(self.home) {
            return Ok(());
        }
        Err(Trouble::new(
            Kind::Part,
            format!("Keycloak cannot be built: {how}\nlast lines of its log:\n{log}"),
            "`kc.sh build` failed, so there is no prepared distribution to start from",
            "fix what the log names; the lab also starts without, more slowly",
        ))
    }

    fn spawn(&self, arguments: &[String], admin: Option<&Credentials>) -> Result<Group, Trouble> {
        let script = home::script(self.home);
        let mut command = if self.nice {
            let mut command = Command::new("nice");
            command.args(["-n", "10"]).arg(script);
            command
        } else {
            Command::new(script)
        };
        command.args(arguments).current_dir(self.home);
        // What somebody set for a Keycloak of their own must not reach this one.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["KC_", "KEYCLOAK_", "QUARKUS_", "JAVA_OPTS", "JAVA_ADD", "DEBUG"]
                .iter()
                .any(|own| text.starts_with(own))
            {
                command.env_remove(name);
            }
        }
        command.envs(OPTIONS).env("JAVA", &self.java.binary).env("JAVA_OPTS_APPEND", self.jvm_options());
        if let Some(admin) = admin {
            command.env("KC_BOOTSTRAP_ADMIN_USERNAME", &admin.username);
            command.env("KC_BOOTSTRAP_ADMIN_PASSWORD", &admin.password);
        }
        Group::spawn(command, self.run_id, self.log)
    }

    fn jvm_options(&self) -> String {
        let mut options: Vec<String> = JVM.map(str::to_owned).to_vec();
        options.push(format!("-D{RUN_PROPERTY}={}", self.run_id));
        // `kc.sh` adds modules that the JVM's own base archive does not know, which it reports as an error at every
        // start although it only means "a little slower".
        let quiet = if self.java.major >= 24 { "-Xlog:cds=off,aot=off" } else { "-Xlog:cds=off" };
        let archive = match self.archive {
            Archive::Without => None,
            Archive::From(file) => Some(format!("-XX:SharedArchiveFile={}", file.display())),
            Archive::To(file) => Some(format!("-XX:ArchiveClassesAtExit={}", file.display())),
        };
        if let Some(archive) = archive {
            options.extend([archive, quiet.to_owned()]);
        }
        // The script splits this text with `xargs`, which understands quotes.
        options.iter().map(|option| format!("'{option}'")).collect::<Vec<_>>().join(" ")
    }
}

/// All that makes a built distribution fit or not: part of the cache key.
pub(super) fn fingerprint() -> String {
    format!("{OPTIONS:?} {JVM:?}")
}

fn arguments(how: &Start<'_>, port: u16, management: u16) -> Vec<String> {
    let mut words = vec!["start".to_owned()];
    match &how.import {
        None => words.push("--optimized".to_owned()),
        Some(import) => {
            words.push("--import-realm".to_owned());
            if !import.build {
                words.push("--optimized".to_owned());
            }
        }
    }
    words.extend([
        format!("--hostname={}", how.public_url.as_str().trim_end_matches('/')),
        "--http-enabled=true".to_owned(),
        // The management interface inherits the host.
        "--http-host=127.0.0.1".to_owned(),
        format!("--http-port={port}"),
        format!("--http-management-port={management}"),
    ]);
    words
}

fn loopback(port: u16) -> Url {
    let mut url = Url::parse("http://127.0.0.1/").unwrap_or_else(|error| unreachable!("a literal: {error}"));
    let _ = url.set_port(Some(port));
    url
}

/// Whether the log says, after `offset`, that a port was taken.
fn says_taken(log: &Path, offset: u64) -> bool {
    let text = fs::read(log).unwrap_or_default();
    let from = usize::try_from(offset).unwrap_or(usize::MAX).min(text.len());
    let text = String::from_utf8_lossy(&text[from..]).to_lowercase();
    ["address already in use", "already in use by another process", "port already bound"]
        .iter()
        .any(|sentence| text.contains(sentence))
}
