//! The command line of the lab: parses, calls the libraries, prints, and turns trouble into exit codes.
//!
//! stdout carries results, stderr progress and logs.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use lab::{Kind, Trouble};

mod bench;
mod fuzz;
mod image;
mod lab_commands;
mod other_lab;
mod out;
mod realm;
mod scenario;
mod settings;
mod signals;
mod test;
mod tidy;

/// A Keycloak SSO training lab: see every login and every logout.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: settings::Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start, stop and inspect the lab
    #[command(subcommand)]
    Lab(lab_commands::Command),
    /// List, show and run scenarios
    #[command(subcommand)]
    Scenario(scenario::Command),
    /// Look for mistakes in a realm
    #[command(subcommand)]
    Realm(realm::Command),
    /// Build the container image of Keycloak
    #[command(subcommand)]
    Image(image::Command),
    /// Run all tests that this computer can run
    Test(test::Args),
    /// Measure, as ratios inside one run
    #[command(subcommand)]
    Bench(bench::Command),
    Fuzz(fuzz::Args),
    /// Check the rules of the workspace that no compiler checks
    Tidy,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    out::init(&cli.global);
    lab::http::ensure_crypto();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let trouble =
                Trouble::new(Kind::Environment, "no threads can be started", "nothing can run", "free some memory");
            return out::trouble(&trouble.caused_by(error));
        }
    };
    let result = runtime.block_on(run(cli));
    // A blocked helper thread must not keep the process: everything that matters was awaited.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => out::trouble(&trouble),
    }
}

async fn run(cli: Cli) -> Result<(), Trouble> {
    let global = cli.global;
    match cli.command {
        Command::Lab(command) => lab_commands::run(command, &global).await,
        Command::Scenario(command) => scenario::run(command, &global).await,
        Command::Realm(command) => realm::run(command, &global).await,
        Command::Image(command) => image::run(command, &global).await,
        Command::Test(args) => test::run(args, &global).await,
        Command::Bench(command) => bench::run(command, &global).await,
        Command::Fuzz(args) => fuzz::run(args).await,
        Command::Tidy => tidy::run(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
