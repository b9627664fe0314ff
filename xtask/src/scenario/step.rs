//! `scenario step`: a lesson at the pace of the person in front of it. Text, prediction, run, reveal, explanation.
//!
//! It reads lines and prints lines: nothing moves, nothing is drawn over, so it works with a screen reader, over a slow line
//! and with answers from a file. Where nothing can be read any more, it goes on by itself.

mod desk;
mod keys;

use std::path::PathBuf;

use lab::{Kind, Trouble};
use scenarios::library::Library;
use scenarios::runner::{self, Cast, ChromiumCast, ScriptedCast};
use scenarios::vocabulary::Driver;

use super::DriverArg;
use super::stage::{Stage, Wanted};
use crate::out;
use crate::settings::{Global, LabArgs};
use crate::signals::cancelled_by_signals;

pub(super) use desk::Desk;
pub(super) use keys::tell_left;

#[derive(clap::Args)]
pub(crate) struct StepArgs {
    /// Which lesson
    id: String,
    /// With the notes for trainers
    #[arg(long)]
    trainer: bool,
    /// Plant a fault that the lesson knows nothing of, to see what it changes
    #[arg(long, value_name = "NAME")]
    with_fault: Vec<String>,
    /// What plays the lesson's people: http (scripted browsers) or chromium (a real one); that which the lesson is written for
    /// where nothing is said
    #[arg(long, value_enum, hide_env = true, env = "SSO_LAB_DRIVER")]
    driver: Option<DriverArg>,
    /// Wait for nothing and ask nothing
    #[arg(long)]
    no_input: bool,
    /// Lessons from another folder
    #[arg(long, value_name = "DIR")]
    lessons: Option<PathBuf>,
    #[command(flatten)]
    lab: LabArgs,
}

pub(super) async fn run(args: StepArgs, global: &Global) -> Result<(), Trouble> {
    let library = args.lessons.as_deref().map_or_else(Library::shipped, Library::open)?;
    let lesson = library.lesson(&args.id)?;
    for fault in &args.with_fault {
        fault.parse::<lab::faults::Named>()?;
    }
    let written_for = lesson.front.drivers.first().copied().unwrap_or(Driver::Http);
    let driver = args.driver.unwrap_or_else(|| DriverArg::of(written_for));
    let cancel = cancelled_by_signals();
    if driver == DriverArg::Chromium {
        lab::chromium::prepare(out::progress(global).as_ref(), &cancel).await?;
    }
    let mut desk = Desk::open(args.trainer, args.no_input, global)?;
    let browsers = ChromiumCast::new(global.folders()?, false);
    let cast: &dyn Cast = match driver {
        DriverArg::Http => &ScriptedCast,
        DriverArg::Chromium => &browsers,
    };
    let wanted = Wanted { lab: &args.lab, sites: lesson.front.sites, apart: false, progress: out::progress(global) };
    let stage = Stage::find(wanted, global, &cancel).await?;
    let played = async {
        let topology = stage.client().topology().await?;
        let faults: Vec<String> =
            lesson.front.faults.iter().map(|fault| fault.value.clone()).chain(args.with_fault.clone()).collect();
        desk.lay_out(&lesson, &topology, &faults);
        let run = runner::run_paced(&lesson, stage.client(), &args.with_fault, cast, &mut desk).await?;
        desk.end();
        Ok(run.failures().count())
    };
    let played = tokio::select! {
        played = played => played,
        () = cancel.cancelled() => Err(keys::left()),
    };
    let left = stage.leave().await.and(browsers.stop().await);
    match played {
        Err(trouble) if trouble.kind == Kind::Interrupted => {
            tell_left(&trouble);
            left?;
            if cancel.is_cancelled() {
                std::process::exit(Kind::Interrupted.exit_code().into());
            }
            Ok(())
        }
        Err(trouble) => Err(trouble),
        Ok(failed) => {
            left?;
            if failed > 0 {
                std::process::exit(Kind::Lesson.exit_code().into());
            }
            Ok(())
        }
    }
}
