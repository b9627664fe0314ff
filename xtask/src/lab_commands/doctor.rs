//! `lab doctor`.

use lab::doctor::{self, Patient, Verdict};
use lab::ports::Ports;
use lab::state::{self, Found};
use lab::{Kind, Trouble, world};

use crate::out::{self, say};
use crate::settings::{Global, LabArgs};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    lab: LabArgs,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<(), Trouble> {
    let options = args.lab.options(global, true, Ports::Fixed, out::progress(global))?;
    let launch = world::would_launch(&options);
    let client = match state::look(&options.folders) {
        Found::Running(record) => Some(record.client()),
        Found::Nothing | Found::Leftovers | Found::Busy { .. } => None,
    };
    let patient = Patient {
        launch: &launch,
        dist: &options.keycloak.dist,
        docker: &options.keycloak.docker,
        running: client.as_ref(),
    };
    let findings = doctor::examine(patient).await;
    let mut bad = 0;
    for finding in &findings {
        let (word, text) = match &finding.verdict {
            Verdict::Good(text) => ("ok  ", text),
            Verdict::Note(text) => ("note", text),
            Verdict::Bad(text) => {
                bad += 1;
                ("BAD ", text)
            }
        };
        say(&format!("{word}  {}: {text}", finding.what));
    }
    if bad == 0 {
        return Ok(());
    }
    Err(Trouble::new(
        Kind::Environment,
        format!("{bad} of {} things are not as they should be", findings.len()),
        "the lab will not start, or not work as it should",
        "mend each line that begins with BAD",
    ))
}
