//! `cargo xtask fuzz`: the fuzz targets of the protocol crate for longer than `cargo test` runs them.

use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use clap::ValueEnum;
use lab::{Kind, Trouble};
use serde_json::Value;
use tokio::process::Command;

use crate::out::say;
use crate::signals::cancelled_by_signals;

/// How much longer than asked for a target may take: for its last input, and for making a failing one small.
const GRACE: Duration = Duration::from_secs(30);

/// Search for inputs that a parser of the portals mishandles
///
/// The engine is bolero's own, which runs on the stable compiler: random edits of seeds (the attack corpus and good
/// examples), without watching which code they reach, for the given time. For a search that is guided by coverage install
/// cargo-bolero and a nightly compiler; the targets are the same.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this target; all of them, one after another, without it
    #[arg(value_name = "TARGET")]
    target: Option<Target>,
    /// How long each target runs
    #[arg(long, default_value_t = 60, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
}

/// A fuzz target: a test in the module `fuzz` of the protocol crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    /// The text of a logout token
    Token,
    /// The claims of a logout token that the provider really signed
    Claims,
    /// The query of a front-channel request
    FrontChannelQuery,
    /// The query of the answer to a sign-in
    CallbackQuery,
    /// The provider's key set
    Jwks,
    /// JSON in which no member stands twice
    Json,
}

pub(crate) async fn run(args: Args) -> Result<(), Trouble> {
    let binary = build().await?;
    let targets = args.target.map_or_else(|| Target::value_variants().to_vec(), |target| vec![target]);
    for target in targets {
        search(&binary, target, Duration::from_secs(args.seconds.into())).await?;
    }
    Ok(())
}

/// Builds the tests of the protocol crate and returns where they are: run directly, they can be ended directly.
async fn build() -> Result<PathBuf, Trouble> {
    let cannot = || {
        Trouble::new(
            Kind::Part,
            "the fuzz targets could not be built",
            "nothing was tried",
            "read cargo's message above; `cargo test -p portal-protocol --lib --no-run` gives it alone",
        )
    };
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["test", "-p", "portal-protocol", "--lib", "--no-run", "--message-format=json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| cannot().caused_by(error))?;
    if !output.status.success() {
        return Err(cannot());
    }
    String::from_utf8_lossy(&output.stdout).lines().find_map(executable).ok_or_else(cannot)
}

/// The test binary that a line of cargo's report announces.
fn executable(line: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(line).ok()?;
    let is_ours = message["target"]["name"] == "portal_protocol" && message["profile"]["test"] == true;
    message["executable"].as_str().filter(|_| is_ours).map(PathBuf::from)
}

async fn search(binary: &PathBuf, target: Target, time: Duration) -> Result<(), Trouble> {
    say(&format!("{target}: {} seconds", time.as_secs()));
    let mut child = Command::new(binary)
        .args([&format!("fuzz::{}", target.test()), "--exact", "--nocapture"])
        // The bound is the time, not a number of inputs.
        .env("BOLERO_RANDOM_TEST_TIME_MS", time.as_millis().to_string())
        .env("BOLERO_RANDOM_ITERATIONS", usize::MAX.to_string())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| {
            Trouble::new(Kind::Part, "the fuzz targets cannot be run", "nothing was tried", "build them again")
                .caused_by(error)
        })?;
    let stdout = child.stdout.take();
    let told = async {
        let mut text = String::new();
        if let Some(mut stdout) = stdout {
            let _ = tokio::io::AsyncReadExt::read_to_string(&mut stdout, &mut text).await;
        }
        (child.wait().await, text)
    };
    let (status, text) = tokio::select! {
        ended = tokio::time::timeout(time + GRACE, told) => ended.map_err(|_| hangs(target))?,
        () = cancelled_by_signals().cancelled_owned() => return Err(interrupted(target)),
    };
    let ran_it = text.contains("1 passed");
    if status.is_ok_and(|status| status.success()) && ran_it {
        say(&format!("{target}: nothing found"));
        return Ok(());
    }
    say(&text);
    Err(Trouble::new(
        Kind::Lesson,
        format!("target {target} failed"),
        "there is an input that is mishandled; it stands above, with its seed",
        format!("repeat it with `BOLERO_RANDOM_SEED=SEED cargo test -p portal-protocol fuzz::{}`", target.test()),
    ))
}

fn hangs(target: Target) -> Trouble {
    Trouble::new(
        Kind::Lesson,
        format!("target {target} did not come to its end"),
        "there is an input over which a parser hangs",
        format!("run `cargo test -p portal-protocol fuzz::{}` in a debugger", target.test()),
    )
}

fn interrupted(target: Target) -> Trouble {
    Trouble::new(
        Kind::Interrupted,
        format!("target {target} was interrupted"),
        "it found nothing so far",
        "run it again",
    )
}

impl Target {
    /// The name of the test.
    fn test(self) -> String {
        self.to_string().replace('-', "_")
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("target", |value| value.get_name()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Target, ValueEnum as _};

    #[test]
    fn every_target_of_the_command_is_a_test_of_the_crate_and_the_other_way_round() {
        let source = include_str!("../../portals/protocol/src/fuzz.rs");
        let written: Vec<&str> =
            source.split("#[test]\nfn ").skip(1).filter_map(|test| test.split('(').next()).collect();
        let known: Vec<String> = Target::value_variants().iter().map(|target| target.test()).collect();
        assert_eq!(known, written);
    }
}
