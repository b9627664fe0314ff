//! `bench start`: pairs of a bare Keycloak and the lab, in turns, on the same computer within one run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lab::keycloak::dist;
use lab::ports::Ports;
use lab::{Kind, Trouble, world};
use tokio_util::sync::CancellationToken;

use super::stat::median;
use super::{host, tap};
use crate::out::{self, say};
use crate::settings::{Global, LabArgs};
use crate::signals::cancelled_by_signals;

/// Longer than any start here takes.
const DEADLINE: Duration = Duration::from_mins(5);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many pairs; the figures are medians over them
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pairs: u32,
    #[command(flatten)]
    lab: LabArgs,
}

/// Seconds of one round.
struct Round {
    bare: f64,
    first: f64,
    warm: f64,
    again: f64,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<(), Trouble> {
    let cancel = cancelled_by_signals();
    let bench = Bench::new(&args, global, &cancel).await?;
    say(&format!("host: {}", host::line()));
    say(&format!("Keycloak {}, {}", bench.version, bench.java));
    say("bare = `kc.sh start-dev --import-realm`, freshly unpacked, empty data, to the realm's first 200");
    say(
        "first = `lab up --detach`, the same freshly unpacked distribution, empty cache; warm = with the prepared cache; again = when up",
    );
    let mut rounds = Vec::new();
    for number in 0..args.pairs {
        let round = bench.round(number % 2 == 0, &cancel)?;
        say(&format!(
            "pair {}: bare {:.1} s, first {:.1} s, warm {:.1} s, again {:.2} s",
            number + 1,
            round.bare,
            round.first,
            round.warm,
            round.again
        ));
        rounds.push(round);
    }
    let ratio = |of: fn(&Round) -> f64| median(&rounds.iter().map(|round| of(round) / round.bare).collect::<Vec<_>>());
    let goal = |name: &str, ratio: f64, goal: f64| {
        let verdict = if ratio <= goal { "met" } else { "NOT MET" };
        say(&format!("{name} / bare: {ratio:.3} (goal {goal:.2}: {verdict})"));
    };
    goal("first", ratio(|round| round.first), 1.10);
    goal("warm", ratio(|round| round.warm), 0.30);
    goal("again", ratio(|round| round.again), 0.02);
    for line in tap::run().await? {
        say(&line);
    }
    Ok(())
}

struct Bench {
    folder: tempfile::TempDir,
    template: PathBuf,
    warm_cache: PathBuf,
    java: String,
    java_home: Option<PathBuf>,
    version: String,
    realm: String,
}

impl Bench {
    /// Unpacks a distribution as the template of all rounds, and prepares the cache for the warm starts.
    async fn new(args: &Args, global: &Global, cancel: &CancellationToken) -> Result<Self, Trouble> {
        let progress = out::progress(global);
        let mut options = args.lab.options(global, false, Ports::Auto, progress.clone())?;
        let folder = tempfile::tempdir().map_err(failed)?;
        let launch = world::would_launch(&options);
        let java = lab::keycloak::java::find(&options.keycloak.dist.java, progress.as_ref()).await?;
        let template = folder.path().join("template");
        dist::unpacked(&launch, &options.keycloak.dist, &template, cancel).await?;

        let warm_cache = folder.path().join("warm-cache");
        options.keycloak.dist.distribution = Some(template.clone());
        options.folders.cache.clone_from(&warm_cache);
        let mut launch = world::would_launch(&options);
        launch.run_dir = folder.path().join("prepare");
        launch.log_file = folder.path().join("prepare.log");
        dist::prepare(&launch, &options.keycloak.dist, cancel.clone()).await?;
        let java_home = java.binary.parent().and_then(Path::parent).map(Path::to_owned);
        Ok(Self {
            template,
            warm_cache,
            java: format!("Java {}", java.major),
            java_home,
            version: launch.version,
            realm: options.realm.json().to_string(),
            folder,
        })
    }

    fn round(&self, bare_first: bool, cancel: &CancellationToken) -> Result<Round, Trouble> {
        let (bare, first);
        if bare_first {
            bare = self.bare(cancel)?;
            first = self.first(cancel)?;
        } else {
            first = self.first(cancel)?;
            bare = self.bare(cancel)?;
        }
        let state = self.folder.path().join("warm-state");
        let warm = Self::up(&self.template, &self.warm_cache, &state, cancel)?;
        let again = Self::up(&self.template, &self.warm_cache, &state, cancel)?;
        self.down(&state)?;
        Ok(Round { bare, first, warm, again })
    }

    /// A first `lab up`: nothing in the cache, the distribution as unpacked.
    fn first(&self, cancel: &CancellationToken) -> Result<f64, Trouble> {
        let round = tempfile::tempdir_in(self.folder.path()).map_err(failed)?;
        let distribution = self.fresh(round.path())?;
        let state = round.path().join("state");
        let took = Self::up(&distribution, &round.path().join("cache"), &state, cancel)?;
        self.down(&state)?;
        Ok(took)
    }

    /// What a person without the lab would do.
    fn bare(&self, cancel: &CancellationToken) -> Result<f64, Trouble> {
        let round = tempfile::tempdir_in(self.folder.path()).map_err(failed)?;
        let home = self.fresh(round.path())?;
        let import = home.join("data/import");
        std::fs::create_dir_all(&import).map_err(failed)?;
        std::fs::write(import.join("enterprise-sso-realm.json"), &self.realm).map_err(failed)?;
        let port = free_port()?;
        let mut command = Command::new(home.join("bin/kc.sh"));
        command
            .args(["start-dev", "--import-realm", "--http-host=127.0.0.1"])
            .arg(format!("--http-port={port}"))
            .arg(format!("--http-management-port={}", free_port()?))
            .env("KC_BOOTSTRAP_ADMIN_USERNAME", "bench")
            .env("KC_BOOTSTRAP_ADMIN_PASSWORD", "bench")
            .envs(self.java_home.iter().map(|home| ("JAVA_HOME", home)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let begun = Instant::now();
        let mut child = command.spawn().map_err(failed)?;
        let ready = wait_for_realm(port, cancel);
        let took = begun.elapsed().as_secs_f64();
        // The script starts Java as another process: the whole group has to go.
        if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = child.wait();
        ready.map(|()| took)
    }

    /// A copy of the template, with the page cache as warm for one as for the other.
    fn fresh(&self, into: &Path) -> Result<PathBuf, Trouble> {
        let copy = into.join("keycloak");
        let done = Command::new("cp").arg("-a").args([&self.template, &copy]).status().map_err(failed)?;
        if done.success() { Ok(copy) } else { Err(failed("the distribution could not be copied")) }
    }

    fn up(dist: &Path, cache: &Path, state: &Path, cancel: &CancellationToken) -> Result<f64, Trouble> {
        if cancel.is_cancelled() {
            return Err(failed("interrupted"));
        }
        let begun = Instant::now();
        Self::lab(&["up", "--detach", "--ports", "auto", "--runtime", "dist", "--dist"], Some(dist), cache, state)?;
        Ok(begun.elapsed().as_secs_f64())
    }

    fn down(&self, state: &Path) -> Result<(), Trouble> {
        Self::lab(&["down"], None, &self.warm_cache, state)
    }

    fn lab(arguments: &[&str], last: Option<&Path>, cache: &Path, state: &Path) -> Result<(), Trouble> {
        let output = Command::new(std::env::current_exe().map_err(failed)?)
            .arg("lab")
            .args(arguments)
            .args(last)
            .env("SSO_LAB_CACHE", cache)
            .env("SSO_LAB_STATE", state)
            .stdin(Stdio::null())
            .output()
            .map_err(failed)?;
        if output.status.success() {
            return Ok(());
        }
        Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // A round that failed may have left its lab up.
        let _ = self.down(&self.folder.path().join("warm-state"));
    }
}

fn wait_for_realm(port: u16, cancel: &CancellationToken) -> Result<(), Trouble> {
    let begun = Instant::now();
    let request = format!(
        "GET /realms/{}/.well-known/openid-configuration HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n",
        realm::REALM
    );
    loop {
        if let Ok(mut socket) = std::net::TcpStream::connect(("127.0.0.1", port)) {
            use std::io::{Read as _, Write as _};
            let mut head = [0; 12];
            let asked = socket.write_all(request.as_bytes()).and_then(|()| socket.read_exact(&mut head));
            if asked.is_ok() && head == *b"HTTP/1.1 200" {
                return Ok(());
            }
        }
        if cancel.is_cancelled() {
            return Err(failed("interrupted"));
        }
        if begun.elapsed() > DEADLINE {
            return Err(failed("the bare Keycloak was not ready in time"));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn free_port() -> Result<u16, Trouble> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(failed)?;
    Ok(listener.local_addr().map_err(failed)?.port())
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Trouble {
    Trouble::new(Kind::Part, "the measurement broke off", "there is no figure", "look at the cause, then measure again")
        .caused_by(error)
}
