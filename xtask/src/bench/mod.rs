//! `cargo xtask bench …`: figures as ratios inside one run, with the host beside them.

use clap::Subcommand;
use lab::control::client::LabClient;
use lab::ports::Ports;
use lab::world::Lab;
use lab::{Kind, Trouble};

use crate::out;
use crate::settings::{Global, LabArgs};
use crate::signals::cancelled_by_signals;

mod console;
mod host;
mod notices;
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
    /// How long until an open tab shows that the session has ended, by each way in which it can hear of it
    Notices(Box<notices::Args>),
    /// How much of a run of the lessons is Keycloak's own time, and whether logouts take effect at once
    Scenarios(Box<scenarios::Args>),
}

/// Measures on a lab that ends with it, also when it is interrupted.
async fn on_a_lab(
    args: &LabArgs,
    global: &Global,
    measure: impl AsyncFnOnce(LabClient) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let cancel = cancelled_by_signals();
    let options = args.options(global, false, Ports::Auto, out::progress(global))?;
    let lab = Lab::start(options, cancel.clone()).await?;
    let measured = tokio::select! {
        measured = measure(lab.client()) => measured,
        () = cancel.cancelled() => Err(Trouble::new(
            Kind::Interrupted,
            "interrupted",
            "there is no figure; the lab was stopped",
            "measure again when you like",
        )),
    };
    lab.shutdown().await?;
    measured
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<(), Trouble> {
    match command {
        Command::Start(args) => start::run(*args, global).await,
        Command::Console(args) => console::run(*args, global).await,
        Command::Portals(args) => portals::run(&args),
        Command::Notices(args) => notices::run(*args, global).await,
        Command::Scenarios(args) => scenarios::run(*args, global).await,
    }
}
