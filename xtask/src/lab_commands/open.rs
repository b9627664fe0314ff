//! `lab open`: a part in the person's own browser, or in one that treats third-party cookies as the lab was told.

use std::io::IsTerminal as _;

use lab::Trouble;
use lab::chromium::window;
use lab::control::client::LabClient;
use lab::state::{self, Found};

use super::running;
use crate::out::say;
use crate::settings::Global;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to open: console, internal, external, admin or keycloak
    #[arg(default_value = "internal", value_parser = ["console", "internal", "external", "admin", "keycloak"])]
    part: String,
    /// Only print the address; the console's comes with the lab's token, so that its page may switch faults and reset
    #[arg(long)]
    print: bool,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<(), Trouble> {
    let asked = async |client: LabClient| Ok((client.topology().await?, client.chosen().await?, client));
    let (topology, chosen, client) = running::ask(global, asked).await?.ok_or_else(running::needed)?;
    let url = match args.part.as_str() {
        "console" => client.console(true),
        part => topology.portal(part).map_or(&topology.keycloak, |portal| &portal.url).clone(),
    };
    // Who asks for the address gets all of it. What only happens to be written down, in a log, has no token in it.
    let told = args.part != "console" || args.print || std::io::stdout().is_terminal();
    say(if told { url.as_str() } else { url[..url::Position::BeforeFragment].trim_end_matches('#') });
    let unattended = std::env::var_os("CI").is_some() || std::env::var_os("SSH_CONNECTION").is_some();
    if args.print || unattended {
        return Ok(());
    }
    let folders = global.folders()?;
    if let (Some(cookies), Found::Running(lab)) = (chosen.third_party_cookies, state::look(&folders)) {
        return window::open(&folders, &lab, cookies, &url).await;
    }
    if open::that_detached(url.as_str()).is_err() {
        eprintln!("note: no browser could be started from here; open the address above yourself");
    }
    Ok(())
}
