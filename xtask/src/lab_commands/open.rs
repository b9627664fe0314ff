//! `lab open`: a part in the person's own browser.

use lab::Trouble;

use super::running;
use crate::out::say;
use crate::settings::Global;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to open: internal, external, admin or keycloak
    #[arg(default_value = "internal", value_parser = ["internal", "external", "admin", "keycloak"])]
    part: String,
    /// Only print the address
    #[arg(long)]
    print: bool,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<(), Trouble> {
    let topology = running::ask(global, async |client| client.topology().await).await?.ok_or_else(running::needed)?;
    let url = topology.portal(&args.part).map_or(&topology.keycloak, |portal| &portal.url);
    say(url.as_str());
    let unattended = std::env::var_os("CI").is_some() || std::env::var_os("SSH_CONNECTION").is_some();
    if !args.print && !unattended && open::that_detached(url.as_str()).is_err() {
        eprintln!("note: no browser could be started from here; open the address above yourself");
    }
    Ok(())
}
