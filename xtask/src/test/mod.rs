//! `cargo xtask test`: everything that this computer can run, and the name of everything that it cannot.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use lab::keycloak::dist;
use lab::ports::Ports;
use lab::{Kind, Trouble, world};

use crate::out::{self, say};
use crate::settings::{Global, LabArgs};
use crate::signals::cancelled_by_signals;

mod failures;
mod install;
mod lanes;
mod totals;

use failures::Failures;
use lanes::Lane;
use totals::Totals;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Install what is missing first: Chromium, its driver, Redis and a container engine (Debian, as root)
    #[arg(long)]
    install: bool,
    /// Only these lanes: keycloak, chromium, docker, redis; tests that need none of them always run
    #[arg(long, value_delimiter = ',', value_name = "LANE", value_parser = Lane::parse)]
    lane: Option<Vec<Lane>>,
    /// Only tests whose name contains this
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<(), Trouble> {
    let wanted = args.lane.clone().unwrap_or_else(|| Lane::ALL.to_vec());
    if args.install {
        install::run(&wanted)?;
    }
    let mut totals = Totals::default();
    let mut features = Vec::new();
    let mut skipped = Vec::new();
    for lane in wanted {
        match lane.possible() {
            Ok(()) => features.extend(lane.features()),
            Err(why) => {
                eprintln!("skipped: lane {lane}: {why}");
                skipped.push(lane);
                totals.skipped += 1;
            }
        }
    }
    if features.iter().any(|feature| feature.ends_with("lane-keycloak")) {
        prepare(global).await?;
    }
    let mut failures = Failures::default();
    let built = cargo_test(&features, args.name.as_deref(), global, &mut totals, &mut failures);
    out::print(&failures.told());
    built?;
    for lane in &skipped {
        eprintln!("skipped: lane {lane} (see above)");
    }
    say(&totals.closing_line());
    if totals.passed + totals.failed == 0 {
        return Err(Trouble::new(
            Kind::Usage,
            "no test ran",
            "no test has a name that contains this word, or it is in a lane that was left out",
            "see the names: `cargo test --workspace -- --list`",
        ));
    }
    if totals.failed > 0 {
        return Err(Trouble::new(
            Kind::Lesson,
            format!("{} failed", totals.failed),
            "something does not do what its test says",
            "read what stands above under `failed:`; run one of them alone with `cargo xtask test NAME`",
        ));
    }
    // On a person's computer a skipped lane is a hint; in CI it would be a hole that nobody sees.
    if std::env::var_os("CI").is_some() && skipped.iter().any(|lane| lane.must_run_in_ci()) {
        return Err(Trouble::new(
            Kind::Environment,
            "a lane that CI must run was skipped",
            "what it guards was not tested",
            "install what the line `skipped:` names, or let `cargo xtask test --install` do it",
        ));
    }
    Ok(())
}

/// Prepares Keycloak once, instead of letting every test's short-lived lab start it the long way.
async fn prepare(global: &Global) -> Result<(), Trouble> {
    let folder = tempfile::tempdir().map_err(|error| {
        Trouble::new(Kind::Environment, "no temporary folder", "Keycloak cannot be prepared", "make room")
            .caused_by(error)
    })?;
    let options = LabArgs::default().options(global, false, Ports::Auto, out::progress(global))?;
    let mut launch = world::would_launch(&options);
    launch.run_dir = folder.path().join("run");
    launch.log_file = folder.path().join("keycloak.log");
    dist::prepare(&launch, &options.keycloak.dist, cancelled_by_signals()).await
}

fn cargo_test(
    features: &[String],
    name: Option<&str>,
    global: &Global,
    totals: &mut Totals,
    failures: &mut Failures,
) -> Result<(), Trouble> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["test", "--workspace", "--no-fail-fast"]);
    if !features.is_empty() {
        command.args(["--features", &features.join(",")]);
    }
    command.args(name);
    if std::env::var_os("CI").is_some() {
        // Full match: also the header of a snapshot must be as it would be written today.
        command.env("INSTA_UPDATE", "no").env("INSTA_REQUIRE_FULL_MATCH", "1");
    }
    command.env("SSO_LAB_CACHE", global.folders()?.cache);
    command.stdout(Stdio::piped());
    let cannot = |error: std::io::Error| {
        Trouble::new(Kind::Environment, "cargo cannot be run", "the tests are run by it", "install Rust's cargo")
            .caused_by(error)
    };
    let mut child = command.spawn().map_err(cannot)?;
    let before = *totals;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            totals.read(&line);
            failures.read(&line);
            say(&line);
        }
    }
    let status = child.wait().map_err(cannot)?;
    if !status.success() && totals.failed == before.failed {
        return Err(Trouble::new(
            Kind::Part,
            "the tests could not be built or a test process crashed",
            "not everything was tested",
            "read the compiler's or the process's last lines above",
        ));
    }
    Ok(())
}
