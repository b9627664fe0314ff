//! `lab up`: stays in front with a live feed until Ctrl-C, or `--detach`.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lab::chromium::Cookies;
use lab::control::client::LabClient;
use lab::control::messages::{State, Topology};
use lab::faults::Named;
use lab::ports::Ports;
use lab::state::{self, Found, Record};
use lab::world::{Ended, Lab, Options, START_DEADLINE};
use lab::{Kind, Trouble, feed};
use scenarios::library::Library;
use scenarios::stepping::Stepper;
use tokio::sync::broadcast::error::RecvError;

use super::detach;
use crate::other_lab;
use crate::out::{self, say};
use crate::settings::{Global, LabArgs};
use crate::signals::cancelled_by_signals;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    lab: LabArgs,
    /// Return when everything answers; the lab goes on in the background until `lab down`
    #[arg(long)]
    detach: bool,
    /// Plant a fault, see `lab fault list`; may be given several times
    #[arg(long = "fault", env = "SSO_LAB_FAULT", value_delimiter = ',', value_name = "NAME", hide_env = true)]
    faults: Vec<String>,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<(), Trouble> {
    // Everything that can be wrong with the options is said here: also when a lab is up already, and when the new one
    // goes to the background.
    let mut options = args.lab.options(global, true, Ports::Fixed, out::progress(global))?;
    // An empty variable means no fault.
    let names = args.faults.iter().filter(|name| !name.trim().is_empty());
    let faults = names.map(|name| name.parse::<Named>()).collect::<Result<Vec<_>, _>>()?;
    options.faults.clone_from(&faults);
    let cookies = options.third_party_cookies;
    options.lessons = Some(Arc::new(Stepper::new(Library::shipped()?, options.folders.clone(), options.main_seat)));
    while let Some(record) = running(global).await? {
        match already_up(&record.client(), &args.lab, &options).await {
            // It was stopping when it was asked. Now its seat is free, or will be.
            Err(trouble) if trouble.kind == Kind::Part && state::is_gone(&options.folders, &record).await => {}
            answered => return answered,
        }
    }
    if args.detach {
        let client = detach::start(global).await?;
        say(&welcome(&client.topology().await?, &client));
        tell_cookies(cookies);
        tell_faults(&faults);
        return Ok(());
    }
    let cancel = cancelled_by_signals();
    let progress = options.progress.clone();
    let mut lab = Lab::start(options, cancel.clone()).await?;
    if !detach::is_background() {
        say(&welcome(lab.topology(), &lab.client()));
        tell_cookies(cookies);
        tell_faults(&faults);
    }
    let feed = tokio::spawn(print_feed(lab.recorder().subscribe(), lab.topology().clone()));
    lab.prepare_next_start();
    let ended = tokio::select! {
        () = cancel.cancelled() => Ended::Asked,
        ended = lab.ended() => ended,
    };
    feed.abort();
    progress.note("stopping");
    let stopped = lab.shutdown().await;
    match ended {
        Ended::Asked => stopped,
        Ended::KeycloakDied(how) => Err(Trouble::new(
            Kind::Part,
            format!("Keycloak ended by itself: {how}"),
            "without it nobody can sign in, so the lab was stopped",
            "look at `cargo xtask lab logs keycloak`, then start again",
        )),
    }
}

/// The lab that runs, after waiting for one that is just starting or stopping.
async fn running(global: &Global) -> Result<Option<Record>, Trouble> {
    let folders = global.folders()?;
    let begun = Instant::now();
    let mut told = false;
    loop {
        match state::look(&folders) {
            Found::Nothing | Found::Leftovers => return Ok(None),
            Found::Running(record) => return Ok(Some(record)),
            Found::Busy { pid } if begun.elapsed() > START_DEADLINE => {
                return Err(Trouble::new(
                    Kind::State,
                    format!("another lab{} has been starting or stopping for too long", detach::process(pid)),
                    "one lab runs at a time in one state folder",
                    "stop it: `cargo xtask lab down`",
                ));
            }
            Found::Busy { pid } => {
                if !std::mem::replace(&mut told, true) {
                    out::progress(global)
                        .note(&format!("another lab{} is starting or stopping; waiting for it", detach::process(pid)));
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// `lab up` twice is no error, unless something else is wanted than what runs.
async fn already_up(client: &LabClient, wanted: &LabArgs, options: &Options) -> Result<(), Trouble> {
    let (status, running) = (client.status().await?, other_lab::Running::ask(client).await?);
    let differences = running.differences(wanted, options);
    if !differences.is_empty() {
        return Err(Trouble::new(
            Kind::State,
            format!("a lab is up already, and it is another one: {}", differences.join("; ")),
            "it is not what you asked for, and one lab runs at a time in one state folder",
            "stop it first: `cargo xtask lab down`; or leave these options out to use it as it is",
        ));
    }
    if status.state != State::Up {
        return Err(Trouble::new(
            Kind::Part,
            "a lab is up already, but not all of its parts answer",
            "sign-in or sign-out will fail somewhere",
            "see which: `cargo xtask lab status`; start afresh: `cargo xtask lab down`, then `cargo xtask lab up`",
        ));
    }
    if let Some(missing) = options.faults.iter().find(|fault| !status.faults.iter().any(|on| on == fault.name())) {
        return Err(Trouble::new(
            Kind::State,
            format!("a lab is up already, without the fault {missing}"),
            "it is not what you asked for, and one lab runs at a time in one state folder",
            format!("plant it in the running one: `cargo xtask lab fault on {missing}`"),
        ));
    }
    say("The lab is up already.");
    say(&welcome(&running.topology, client));
    Ok(())
}

/// The console's address brings the token along where a person reads it: they shall click and be able to do everything. Not in a
/// file or a pipe, which others read, too; there, `lab open console --print` gives it to whoever asks.
fn welcome(topology: &Topology, client: &LabClient) -> String {
    let mut text = format!("Keycloak {} ({}) at {}\n", topology.version, topology.runtime, topology.keycloak);
    for portal in &topology.portals {
        text.push_str(&format!("{:<9} {}\n", portal.name, portal.url));
    }
    text.push_str(&format!("{:<9} {}\n", "console", client.console(std::io::stdout().is_terminal())));
    text.push_str(&format!(
        "Sign in as john.employee, mary.manager, alex.admin or pat.partner; the password is {}.\n\
         Next: watch (`cargo xtask lab open console`), open a portal (`cargo xtask lab open internal`), or play a lesson (`cargo xtask scenario run backchannel-happy`).",
        realm::PASSWORD
    ));
    text
}

fn tell_cookies(cookies: Option<Cookies>) {
    if let Some(cookies) = cookies {
        say(&format!(
            "Third-party cookies: browsers that the lab starts (`lab open`, `--driver chromium`) {cookies} them."
        ));
    }
}

fn tell_faults(faults: &[Named]) {
    if !faults.is_empty() {
        let names: Vec<&str> = faults.iter().map(|fault| fault.name()).collect();
        say(&format!(
            "Faults on: {}. What they do: `cargo xtask lab fault list {}`.",
            names.join(", "),
            names.join(" ")
        ));
    }
}

async fn print_feed(mut events: tokio::sync::broadcast::Receiver<lab_trace::Event>, topology: Topology) {
    loop {
        match events.recv().await {
            Ok(event) => {
                if let Some(line) = feed::line(&event, &topology) {
                    say(&line);
                }
            }
            Err(RecvError::Lagged(missed)) => say(&format!("   ({missed} lines left out: too fast to print)")),
            Err(RecvError::Closed) => return,
        }
    }
}
