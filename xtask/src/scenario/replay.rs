//! A recorded run, seen again.

use std::path::PathBuf;
use std::sync::Arc;

use lab::console::replay::Stage;
use lab::ports::Ports;
use lab::{Kind, Trouble};
use scenarios::recording;
use scenarios::report::{self, Finished, Outcome};
use scenarios::stepping::Recorded;

use super::RunFormat;
use super::step::{Desk, tell_left};
use crate::out::{self, say};
use crate::settings::Global;
use crate::signals::cancelled_by_signals;

#[derive(clap::Args)]
pub(crate) struct ReplayArgs {
    /// A file of `scenario record`, or the folder of `scenario run --report`
    file: PathBuf,
    /// Only these lessons of it
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Step by step: text, your prediction, what happened, why
    #[arg(long)]
    step: bool,
    /// With the notes for trainers, where it goes step by step
    #[arg(long, requires = "step")]
    trainer: bool,
    /// Wait for nothing and ask nothing, where it goes step by step
    #[arg(long, requires = "step")]
    no_input: bool,
    /// On the console, with no lab behind it: its timeline, its matrix, step by step
    #[arg(long, conflicts_with_all = ["step", "format", "report"])]
    console: bool,
    /// Port of the console: fixed (3000) or auto (a free one)
    #[arg(long, env = "SSO_LAB_PORTS", default_value = "fixed", value_name = "PORTS", hide_env = true)]
    ports: String,
    /// How the results are printed
    #[arg(long, value_enum, default_value_t = RunFormat::Human, conflicts_with = "step")]
    format: RunFormat,
    /// Write everything that `scenario run --report` writes into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "step")]
    report: Option<PathBuf>,
}

/// Ends with the exit code of the worst lesson in it; that a run was interrupted is not recorded.
pub(super) async fn run(args: ReplayArgs, global: &Global) -> Result<(), Trouble> {
    let mut finished = recording::read(&args.file)?;
    if let Some(missing) = args.ids.iter().find(|id| !finished.iter().any(|one| one.id == **id)) {
        return Err(Trouble::new(
            Kind::Usage,
            format!("\"{missing}\" is not in the recording"),
            format!("it has {}", ids(&finished)),
            "name one of these, or none for all",
        ));
    }
    finished.retain(|one| args.ids.is_empty() || args.ids.contains(&one.id));
    if args.console {
        return console(&finished, &args.ports, global).await;
    }
    if args.step {
        let mut desk = Desk::open(args.trainer, args.no_input, global)?;
        for one in &finished {
            match step(one, &mut desk).await {
                Err(trouble) if trouble.kind == Kind::Interrupted => {
                    tell_left(&trouble);
                    return Ok(());
                }
                done => done?,
            }
        }
        return with_its_exit_code(&finished);
    }
    if let Some(folder) = &args.report {
        report::folder::prepare(folder)?;
        report::folder::write(folder, &finished, report::exit_code(&finished))?;
    }
    match args.format {
        RunFormat::Human => finished.iter().for_each(|one| out::print(&out::coloured(&report::human(one, true)))),
        RunFormat::Plain => finished.iter().for_each(|one| out::print(&report::plain(one, true))),
        RunFormat::Json => {
            let results = report::json(&finished, report::exit_code(&finished));
            say(&serde_json::to_string_pretty(&results).unwrap_or_default());
        }
        RunFormat::Junit => out::print(&report::junit(&finished)),
    }
    if matches!(args.format, RunFormat::Human | RunFormat::Plain) {
        out::print(&report::summary(&finished));
    }
    with_its_exit_code(&finished)
}

fn with_its_exit_code(finished: &[Finished]) -> Result<(), Trouble> {
    match report::exit_code(finished) {
        0 => Ok(()),
        code => std::process::exit(code.into()),
    }
}

/// Opens a console of the recording, until Ctrl-C.
async fn console(finished: &[Finished], ports: &str, global: &Global) -> Result<(), Trouble> {
    let ports = Ports::parse(ports)?;
    let stage = Stage::new();
    let lessons = Recorded::new(finished, stage.clone(), global.folders()?.state)?;
    let topology = lessons.topology().clone();
    let stop = cancelled_by_signals();
    let open = stage.open(topology, Arc::new(lessons), ports, stop.clone()).await?;
    // With the token, also into a file: all that it allows is to go on with what is in the recording.
    say(&format!("console   {}\nOpen it, choose a lesson, and go on step by step. Ctrl-C closes it.", open.address));
    stop.cancelled().await;
    open.closed().await;
    Ok(())
}

/// Walks through a recorded lesson as through a played one.
async fn step(one: &Finished, desk: &mut Desk) -> Result<(), Trouble> {
    let (Some(lesson), Some(run)) = (&one.lesson, &one.run) else {
        if let Outcome::Skipped(_) | Outcome::Trouble(_) = &one.outcome {
            out::print(&report::human(one, false));
            return Ok(());
        }
        return Err(Trouble::new(
            Kind::Content,
            format!("the recording has no text of \"{}\"", one.id),
            "it cannot be walked through, only shown",
            "leave `--step` out, or record it again",
        ));
    };
    desk.lay_out(lesson, &run.topology, &run.faults);
    say("note: this was recorded; nothing is played now");
    recording::walk(lesson, run, desk).await?;
    desk.end();
    Ok(())
}

/// The lessons of a recording, for error messages.
fn ids(finished: &[Finished]) -> String {
    let mut ids: Vec<&str> = finished.iter().map(|one| one.id.as_str()).collect();
    ids.dedup();
    ids.join(", ")
}
