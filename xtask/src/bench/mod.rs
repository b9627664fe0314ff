//! `cargo xtask bench …`: figures as ratios inside one run, with the host beside them.

use clap::Subcommand;
use lab::Trouble;

use crate::settings::Global;

mod console;
mod host;
mod portals;
mod scenarios;
mod start;
mod stat;
mod tap;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// How fast the lab starts, compared with a bare Keycloak; and what a tap costs
    Start(Box<start::Args>),
    /// What a logout and a session cost a portal, compared with the work that cannot be saved
    Portals(portals::Args),
    /// What an open console costs those who are watched, and what its history costs the lab
    Console(Box<console::Args>),
    /// How much of a run of the lessons is Keycloak's own time, and whether logouts take effect at once
    Scenarios(Box<scenarios::Args>),
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<(), Trouble> {
    match command {
        Command::Start(args) => start::run(*args, global).await,
        Command::Console(args) => console::run(*args, global).await,
        Command::Portals(args) => portals::run(&args),
        Command::Scenarios(args) => scenarios::run(*args, global).await,
    }
}
