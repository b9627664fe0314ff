//! `lab fault`: plants named mistakes in the running lab and takes them away again.

use clap::Subcommand;
use lab::Trouble;
use lab::faults::{Change, Named, Told};

use super::reset::undisturbed;
use super::running;
use crate::out::say;
use crate::settings::{Format, Global};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Switch faults on
    On {
        /// Their names
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
    /// Switch faults off
    Off {
        /// Their names; none for all that are on
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
    /// What can be planted, what each does, and what is on
    List {
        /// Only these
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// How the result is printed
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<(), Trouble> {
    match command {
        Command::On { names } => {
            let on = known(&names)?;
            let client = running::client(global)?;
            let _lock = undisturbed(global)?;
            switched(client.switch_faults(&Change { on, off: Vec::new() }).await?);
        }
        Command::Off { names } => {
            let mut off = known(&names)?;
            let client = running::client(global)?;
            let _lock = undisturbed(global)?;
            if off.is_empty() {
                off = client.status().await?.faults;
            }
            switched(client.switch_faults(&Change { on: Vec::new(), off }).await?);
        }
        Command::List { names, format } => list(&known(&names)?, format, global).await?,
    }
    Ok(())
}

/// Before the lab is asked: a misspelt name is the person's slip, not the lab's trouble.
fn known(names: &[String]) -> Result<Vec<String>, Trouble> {
    names.iter().map(|name| name.parse::<Named>().map(|fault| fault.to_string())).collect()
}

fn switched(on: Vec<String>) {
    if on.is_empty() {
        say("No fault is on.");
    } else {
        say(&format!("Faults on: {}. Take them away: `cargo xtask lab fault off`.", on.join(", ")));
    }
}

/// Also without a lab: the names are the same everywhere.
async fn list(names: &[String], format: Format, global: &Global) -> Result<(), Trouble> {
    let mut faults = match running::client(global) {
        Ok(client) => client.faults().await?,
        Err(_) => Named::all().map(|fault| fault.told(false)).collect(),
    };
    faults.retain(|fault| names.is_empty() || names.contains(&fault.name));
    match format {
        Format::Json => say(&serde_json::to_string_pretty(&faults).unwrap_or_default()),
        Format::Human => faults.iter().for_each(|fault| say(&human(fault))),
    }
    Ok(())
}

fn human(fault: &Told) -> String {
    let on = if fault.on { ", ON" } else { "" };
    let rule = fault.rule.as_ref().map(|rule| format!(", found by {rule}")).unwrap_or_default();
    format!(
        "{} ({}{on})\n  wrong: {}\n  right: {}\n  from {}, shown by {}{rule}",
        fault.name, fault.of, fault.wrong, fault.right, fault.origin, fault.scenario
    )
}
