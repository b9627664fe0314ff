//! `cargo xtask image …`

use std::path::PathBuf;
use std::sync::Arc;

use clap::Subcommand;
use lab::keycloak::image;
use lab::ports::Ports;
use lab::progress::Progress;
use lab::{Trouble, world};
use tokio_util::sync::CancellationToken;

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
    #[arg(long, value_name = "IMAGE", conflicts_with = "browser")]
    base: Option<String>,
    /// Build the browser's image instead, Debian with Chromium and its driver, for lessons in a real browser where none is
    /// installed
    #[arg(long)]
    browser: bool,
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
    if args.browser {
        return browser(args.again, options.folders.cache, options.progress, &cancel).await;
    }
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

async fn browser(
    again: bool,
    cache: PathBuf,
    progress: Arc<dyn Progress>,
    cancel: &CancellationToken,
) -> Result<(), Trouble> {
    let built = lab::chromium::image::build(&lab::chromium::image::Options { again, cache, progress }, cancel).await?;
    let how = if built.reused { "is there already" } else { "is built" };
    let own = lab::chromium::image::OWN;
    say(&format!("{own} {how}, with Chromium {} ({} MB)", built.chromium, built.size / 1_000_000));
    say(&format!(
        "`--driver chromium` uses it where no Chromium is installed; `SSO_LAB_BROWSER_IMAGE={own}` uses it in any case"
    ));
    Ok(())
}
