//! `cargo xtask image …`

use clap::Subcommand;
use lab::keycloak::image;
use lab::ports::Ports;
use lab::{Trouble, world};

use crate::out::{self, say};
use crate::settings::{Global, LabArgs};
use crate::signals::cancelled_by_signals;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Build the optimised image with the realm imported; without a registry, too
    Build(BuildArgs),
}

#[derive(clap::Args)]
pub(crate) struct BuildArgs {
    /// Image with a Java runtime to build on [default: an official one, or a small Debian made here]
    #[arg(long, value_name = "IMAGE")]
    base: Option<String>,
    /// Build even if the image is there
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    lab: LabArgs,
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<(), Trouble> {
    let Command::Build(args) = command;
    let options = args.lab.options(global, false, Ports::Auto, out::progress(global))?;
    let cancel = cancelled_by_signals();
    let launch = world::would_launch(&options);
    let built = image::build(
        &image::Options {
            version: launch.version,
            realm: launch.realm,
            dist: options.keycloak.dist,
            base: args.base,
            again: args.again,
            cache: options.folders.cache,
            progress: options.progress,
        },
        &cancel,
    )
    .await?;
    let how = if built.reused { "is there already" } else { "is built" };
    say(&format!("{} {how}, on {} ({} MB)", built.tag, built.base, built.size / 1_000_000));
    say("Use it: `cargo xtask lab up --runtime docker`");
    Ok(())
}
