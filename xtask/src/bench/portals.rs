//! `bench portals`: what a logout and a session cost, against the work that cannot be saved.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lab::{Kind, Trouble};
use serde_json::Value;

use super::host;
use crate::out::say;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Pairs of timed requests
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(100..))]
    pairs: u32,
    /// Also with a million live sessions, which takes minutes under an instruction counter
    #[arg(long)]
    full: bool,
}

/// Bytes of a GiB.
const GIB: f64 = 1_073_741_824.0;
/// Instruction counts need two runs: this many repetitions are the difference.
const REPETITIONS: u32 = 100;

pub(crate) fn run(args: &Args) -> Result<(), Trouble> {
    let program = build()?;
    say(&format!("host: {}; measured program: release build", host::line()));

    let rate = ask(&program, &["rate", &args.pairs.to_string()])?;
    let (bare, whole) = (number(&rate, "bare_us")?, number(&rate, "whole_us")?);
    say(&format!("a verified logout: {whole:.0} us; its signature alone, by the same library: {bare:.0} us"));
    at_least("rate of verified logouts / rate of bare signature checks", bare / whole, 0.85);

    let reject = ask(&program, &["reject", &args.pairs.to_string()])?;
    let good = number(&reject, "good")?;
    for (kind, _) in reject.as_object().into_iter().flatten().filter(|(kind, _)| *kind != "good") {
        at_most(&format!("refusing ({kind}) / accepting"), number(&reject, kind)? / good, 1.05);
    }

    let kids = ask(&program, &["kids", "10000"])?;
    let (fetches, seconds) = (number(&kids, "fetches")?, number(&kids, "seconds")?);
    // The cool-down is five seconds; one fetch may fall at each end.
    let cool_downs = (seconds / 5.0).ceil();
    say(&format!("10000 unknown key ids in {seconds:.1} s: {fetches} fetches of the keys"));
    at_most("fetches / cool-downs", fetches / cool_downs, 1.0);

    for (what, bytes) in [("without tokens", "0"), ("with tokens of 1200 bytes", "1200")] {
        let memory = ask(&program, &["memory", "100000", bytes])?;
        let each = number(&memory, "bytes")? / number(&memory, "sessions")?;
        say(&format!("memory of a session {what}: {each:.0} bytes, {:.2} million in a GiB", GIB / each / 1e6));
    }

    if !has_valgrind() {
        say("skipped: instruction counts, because valgrind is not there (`apt-get install valgrind`)");
        return Ok(());
    }
    let with = instructions_each(&program, &["page", "with"])?;
    let without = instructions_each(&program, &["page", "without"])?;
    say(&format!("a page: {without:.0} instructions without, {with:.0} with the session check"));
    at_most("page with session check / without (instructions)", with / without, 1.10);

    let mut sizes = vec![1_000.0, 10_000.0, 100_000.0];
    if args.full {
        sizes.push(1_000_000.0);
    }
    let mut points = Vec::new();
    for others in sizes {
        // Only this function is counted: what a million sign-ins before it cost varies more than what it costs.
        let only = ["--collect-atstart=no", "--toggle-collect=*log_out_counted*"];
        let words = ["revoke", &format!("{others:.0}"), &REPETITIONS.to_string()];
        let each = instructions(&program, &only, &words)? / f64::from(REPETITIONS);
        say(&format!("ending one session among {others:.0}: {each:.0} instructions"));
        points.push((f64::ln(others), f64::ln(each)));
    }
    at_most("slope of that over live sessions (log-log)", slope(&points), 0.05);
    Ok(())
}

/// Instructions of one repetition: those of a run with all repetitions without those of a run with none.
fn instructions_each(program: &Path, words: &[&str]) -> Result<f64, Trouble> {
    let all = instructions(program, &[], &[words, &[&REPETITIONS.to_string()]].concat())?;
    let none = instructions(program, &[], &[words, &["0"]].concat())?;
    Ok((all - none) / f64::from(REPETITIONS))
}

fn instructions(program: &Path, options: &[&str], words: &[&str]) -> Result<f64, Trouble> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args(options)
        .arg(program)
        .args(words)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| cannot("valgrind cannot be run").caused_by(error))?;
    let text = String::from_utf8_lossy(&output.stderr);
    let count = text.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    count.filter(|_| output.status.success()).ok_or_else(|| cannot("valgrind counted nothing"))
}

fn has_valgrind() -> bool {
    let asked = Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// Builds the measured program as it would be deployed, and says where it is.
fn build() -> Result<PathBuf, Trouble> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["bench", "--package", "portals", "--features", "bench", "--bench", "portal", "--no-run"])
        .args(["--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| cannot("cargo cannot be run").caused_by(error))?;
    let lines = String::from_utf8_lossy(&output.stdout);
    let built = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut benches = built.filter(|line| line["target"]["name"] == "portal" && line["target"]["kind"][0] == "bench");
    let program = benches.find_map(|line| line["executable"].as_str().map(PathBuf::from));
    program.filter(|_| output.status.success()).ok_or_else(|| cannot("the measured program cannot be built"))
}

fn ask(program: &Path, words: &[&str]) -> Result<Value, Trouble> {
    let output = Command::new(program).args(words).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| cannot("the measured program cannot be run").caused_by(error))?;
    let result = serde_json::from_slice(&output.stdout).ok().filter(|_| output.status.success());
    result.ok_or_else(|| cannot(&format!("the measurement `{}` failed", words.join(" "))))
}

fn number(result: &Value, name: &str) -> Result<f64, Trouble> {
    result[name].as_f64().ok_or_else(|| cannot(&format!("the measurement has no `{name}`")))
}

fn cannot(what: &str) -> Trouble {
    Trouble::new(Kind::Part, what, "nothing was measured", "read the lines above; the benchmark needs cargo and Linux")
}

fn at_least(name: &str, ratio: f64, goal: f64) {
    verdict(name, ratio, goal, "at least", ratio >= goal);
}

fn at_most(name: &str, ratio: f64, goal: f64) {
    verdict(name, ratio, goal, "at most", ratio <= goal);
}

fn verdict(name: &str, ratio: f64, goal: f64, how: &str, met: bool) {
    say(&format!("{name}: {ratio:.3} (goal {how} {goal:.2}: {})", if met { "met" } else { "NOT MET" }));
}

/// Slope of the line that fits best.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.iter().map(|_| 1.0).sum::<f64>();
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let above: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let below: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    above / below
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_straight_line_has_its_slope() {
        assert!((super::slope(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]) - 2.0).abs() < 1e-9);
        assert!(super::slope(&[(0.0, 4.0), (1.0, 4.0)]).abs() < 1e-9);
    }
}
