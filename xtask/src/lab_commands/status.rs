//! `lab status`: tells, and does not judge: the exit code is 0 in every state.

use lab::Trouble;
use lab::control::messages::{State, Status};
use lab::state::{self, Found};

use crate::out::say;
use crate::settings::{Format, Global};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<(), Trouble> {
    let nothing = |state| Status { state, runtime: None, keycloak: None, portals: Vec::new(), faults: Vec::new() };
    let folders = global.folders()?;
    let (status, remark) = loop {
        break match state::look(&folders) {
            Found::Nothing => (nothing(State::Down), "Start it: `cargo xtask lab up`."),
            Found::Leftovers => {
                (nothing(State::Broken), "A lab was killed and left things behind. Clean up: `cargo xtask lab down`.")
            }
            Found::Busy { .. } => (nothing(State::Broken), "A lab is starting or stopping. Ask again in a moment."),
            Found::Running(record) => match record.client().status().await {
                Ok(status) if status.state == State::Up => (status, ""),
                Ok(status) => (status, "A part does not answer. Look at its log: `cargo xtask lab logs PART`."),
                // It was stopping when it was asked: what is there now?
                Err(_) if state::is_gone(&folders, &record).await => continue,
                Err(_) => (nothing(State::Broken), "The lab does not answer. Stop it: `cargo xtask lab down`."),
            },
        };
    };
    match args.format {
        Format::Json => say(&serde_json::to_string_pretty(&status).unwrap_or_default()),
        Format::Human => say(&human(&status, remark)),
    }
    Ok(())
}

fn human(status: &Status, remark: &str) -> String {
    let word = |healthy| if healthy { "answers" } else { "DOES NOT ANSWER" };
    let mut lines = vec![format!(
        "state: {}",
        match status.state {
            State::Up => "up",
            State::Down => "down",
            State::Broken => "broken",
        }
    )];
    if let Some(runtime) = status.runtime {
        lines.push(format!("runtime: {runtime}"));
    }
    if let Some(keycloak) = &status.keycloak {
        lines.push(format!("keycloak: {} {} {}", keycloak.version, keycloak.url, word(keycloak.healthy)));
    }
    for portal in &status.portals {
        lines.push(format!("{}: {} {}", portal.name, portal.url, word(portal.healthy)));
    }
    if !status.faults.is_empty() {
        lines.push(format!("faults: {}", status.faults.join(", ")));
    }
    if !remark.is_empty() {
        lines.push(remark.to_owned());
    }
    lines.join("\n")
}
