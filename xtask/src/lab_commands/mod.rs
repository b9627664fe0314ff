//! `cargo xtask lab …`

use clap::Subcommand;
use lab::Trouble;

use crate::settings::Global;

mod detach;
mod doctor;
mod down;
mod fault;
mod logs;
mod open;
mod reset;
pub(crate) mod running;
mod status;
mod up;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Start Keycloak and the three portals, then show what passes between them
    Up(up::Args),
    /// Stop the lab and remove what a killed one left behind
    Down,
    /// Say what runs
    Status(status::Args),
    /// Look whether this computer can run the lab, and whether Keycloak can reach the portals
    Doctor(doctor::Args),
    /// Print the log of a part
    Logs(logs::Args),
    /// Open a portal in the browser
    Open(open::Args),
    /// Plant named mistakes in the running lab, and take them away
    #[command(subcommand)]
    Fault(fault::Command),
    /// End all sessions, forget what the portals know, switch all faults off, and undo what lessons changed
    Reset,
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<(), Trouble> {
    match command {
        Command::Up(args) => up::run(args, global).await,
        Command::Down => down::run(global).await,
        Command::Status(args) => status::run(args, global).await,
        Command::Doctor(args) => doctor::run(args, global).await,
        Command::Logs(args) => logs::run(args, global).await,
        Command::Open(args) => open::run(args, global).await,
        Command::Fault(command) => fault::run(command, global).await,
        Command::Reset => reset::run(global).await,
    }
}
