//! `cargo xtask scenario …`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Subcommand, ValueEnum};
use lab::progress::Progress;
use lab::sites::Sites;
use lab::{Kind, Trouble};
use scenarios::Lesson;
use scenarios::library::Library;
use scenarios::recording;
use scenarios::report::{self, Finished, Outcome};
use scenarios::runner::{Cast, ChromiumCast, ScriptedCast};
use scenarios::vocabulary::Driver;

use crate::lab_commands::running;
use crate::other_lab;
use crate::out::{self, say};
use crate::settings::{Format, Global, LabArgs};
use crate::signals::cancelled_by_signals;

use chosen::chosen;
use one::{other_sites, play_one, skipped};
use stage::{Stage, Wanted};

mod chosen;
mod diff;
mod new;
mod one;
pub(crate) mod order;
mod replay;
mod show;
mod stage;
mod step;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// All lessons, in teaching order
    List {
        /// How the result is printed
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
    /// A lesson as a handout
    Show {
        /// Its id
        id: String,
        /// With the notes for trainers
        #[arg(long)]
        trainer: bool,
    },
    /// Check the lessons' files
    Lint {
        /// Lessons from another folder
        #[arg(long, value_name = "DIR")]
        lessons: Option<PathBuf>,
    },
    /// Begin a lesson: a file with every field explained, that can be run at once
    New(new::NewArgs),
    /// Play lessons against the running lab, or against one of their own that ends with them
    Run(Box<RunArgs>),
    /// Play one lesson step by step: its text, your prediction, what happens, why
    Step(Box<step::StepArgs>),
    /// Play lessons and keep everything that was seen in one file, for `replay` and `diff`
    Record(Box<RecordArgs>),
    /// See a recorded run again, without Keycloak: at once, step by step, or as a report
    Replay(replay::ReplayArgs),
    /// Compare two recorded runs of a lesson side by side: two versions of Keycloak, with and without a fault
    Diff(diff::DiffArgs),
}

/// A range that every Keycloak of the lab is in.
const ANY_VERSION: &str = ">=26.0";

#[derive(clap::Args)]
pub(crate) struct RecordArgs {
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Also on a Keycloak that the lessons are not written for, where their checks may fail: to compare versions with `diff`
    #[arg(long, conflicts_with_all = ["check", "bless"])]
    any_version: bool,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(clap::Args)]
pub(crate) struct RunArgs {
    /// Which lessons
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// All of them
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    /// Compare each transcript with its snapshot; exit 6 when one differs
    #[arg(long, conflicts_with = "bless")]
    check: bool,
    /// Write the transcripts as snapshots
    #[arg(long)]
    bless: bool,
    /// How the results are printed
    #[arg(long, value_enum, default_value_t = RunFormat::Human)]
    format: RunFormat,
    /// The minimal set for a CI of one's own: the lessons whose situations the catalogue counts to the logout gate
    #[arg(long, conflicts_with_all = ["ids", "all"])]
    gate: bool,
    /// Play everything so many times
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeat: u32,
    /// In another order each time; the same number gives the same orders
    #[arg(long, value_name = "SEED")]
    shuffle: Option<u64>,
    /// Plant a fault that the lessons know nothing of: those that watch for it have to fail
    #[arg(long, value_name = "NAME", conflicts_with = "bless")]
    with_fault: Vec<String>,
    /// Stop at the first lesson that does not pass
    #[arg(long)]
    fail_fast: bool,
    /// Write report.html, run.ndjson, junit.xml, all transcripts and diagrams into this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// What plays the lessons' people: http (scripted browsers) or chromium (a real one); of all lessons those that can be
    /// played so
    #[arg(long, value_enum, env = "SSO_LAB_DRIVER", default_value_t = DriverArg::Http, hide_env = true)]
    driver: DriverArg,
    /// How long one lesson may take, in seconds
    #[arg(long, default_value_t = 120, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// Lessons from another folder
    #[arg(long, value_name = "DIR")]
    lessons: Option<PathBuf>,
    #[command(flatten)]
    lab: LabArgs,
}

/// What plays a lesson's people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DriverArg {
    /// Scripted browsers: fast.
    Http,
    /// A real Chromium: slower, and the only one to say what a browser does.
    Chromium,
}

impl DriverArg {
    /// The driver that a lesson is written for.
    fn of(driver: Driver) -> Self {
        match driver {
            Driver::Http => Self::Http,
            Driver::Chromium => Self::Chromium,
        }
    }

    fn driver(self) -> Driver {
        match self {
            Self::Http => Driver::Http,
            Self::Chromium => Driver::Chromium,
        }
    }
}

/// How results of a run are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RunFormat {
    /// Transcripts and verdicts, with colour at a terminal.
    Human,
    /// The same words for logs and screen readers: one fact a line, no tables, no colour, nothing that moves.
    Plain,
    /// One object.
    Json,
    /// For CI servers.
    Junit,
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<(), Trouble> {
    match command {
        Command::List { format } => show::list(format),
        Command::Show { id, trainer } => show::handout(&id, trainer),
        Command::Lint { lessons } => show::lint(lessons.as_deref()),
        Command::New(args) => new::run(&args),
        Command::Run(args) => play(*args, None, global).await,
        Command::Step(args) => step::run(*args, global).await,
        Command::Record(args) => {
            play(args.run, Some(Record { file: &args.out, any_version: args.any_version }), global).await
        }
        Command::Replay(args) => replay::run(args, global).await,
        Command::Diff(args) => diff::run(&args),
    }
}

/// What is kept of a run besides what is printed.
struct Record<'a> {
    file: &'a Path,
    any_version: bool,
}

/// Plays lessons; `record`: what everything seen is kept in.
async fn play(args: RunArgs, record: Option<Record<'_>>, global: &Global) -> Result<(), Trouble> {
    let library = args.lessons.as_deref().map_or_else(Library::shipped, Library::open)?;
    // Before a lab is started: a misspelt id should not cost a start.
    let mut lessons = chosen(&library, &args)?;
    if record.as_ref().is_some_and(|record| record.any_version) {
        for lesson in &mut lessons {
            ANY_VERSION.clone_into(&mut lesson.front.keycloak.value);
        }
    }
    let lessons: Vec<Arc<Lesson>> = lessons.into_iter().map(Arc::new).collect();
    for fault in &args.with_fault {
        fault.parse::<lab::faults::Named>()?;
    }
    if let Some(folder) = &args.report {
        report::folder::prepare(folder)?;
    }
    if let Some(record) = &record {
        recording::begin(record.file)?;
    }
    let cancel = cancelled_by_signals();
    if args.driver == DriverArg::Chromium {
        // Before a lab is started, too.
        lab::chromium::prepare(progress(&args, global).as_ref(), &cancel).await?;
        // On a lab that runs already nobody else looks for browsers of runs that were killed.
        for line in lab::sweep::sweep(&global.folders()?).await? {
            progress(&args, global).note(&line);
        }
    }
    if args.driver == DriverArg::Http && args.lab.third_party_cookies.is_some() {
        progress(&args, global)
            .note("`--third-party-cookies` is for `--driver chromium`; scripted browsers do what each lesson says");
    }
    let browsers = ChromiumCast::new(global.folders()?, args.report.is_some());
    let cast: &dyn Cast = match args.driver {
        DriverArg::Http => &ScriptedCast,
        DriverArg::Chromium => &browsers,
    };
    let asked_for = args.lab.sites()?;
    let running = running::ask(global, async |client| client.topology().await).await?.map(|topology| topology.sites);
    let first = running.or(asked_for).unwrap_or_default();
    let rounds = order::by_sites(order::rounds(&lessons, args.repeat, args.shuffle), first);
    let planned: Vec<&Arc<Lesson>> = rounds.iter().flat_map(|(_, group)| group).copied().collect();
    let (mut finished, mut left, mut labs, mut enough) = (Vec::new(), Ok(()), 0, false);
    for (sites, group) in rounds {
        if enough || cancel.is_cancelled() {
            break;
        }
        if asked_for.is_some_and(|only| only != sites) {
            let others = group.into_iter().map(|lesson| skipped(lesson, other_sites(sites)));
            finished.extend(others.inspect(|one| tell(one, &args, global)));
            continue;
        }
        let beside = running.is_some_and(|running| running != sites);
        if beside || labs > 0 {
            progress(&args, global).note(&another_lab(group.len(), sites, running));
        }
        labs += 1;
        let wanted = Wanted { lab: &args.lab, sites, apart: labs > 1 || beside, progress: progress(&args, global) };
        let stage = match Stage::find(wanted, global, &cancel).await {
            Ok(stage) => stage,
            // What has been seen is told in any case.
            Err(trouble) => {
                left = left.and(Err(trouble));
                break;
            }
        };
        for lesson in group {
            let one = tokio::select! {
                one = play_one(&library, lesson, stage.client(), &args, cast) => one,
                () = cancel.cancelled() => break,
            };
            tell(&one, &args, global);
            enough = args.fail_fast && one.outcome.exit_code() != 0;
            finished.push(one);
            if enough {
                break;
            }
        }
        // Also when the lab cannot be left as it should, what has been seen is told.
        left = left.and(stage.leave().await);
    }
    left = left.and(browsers.stop().await);
    // A run that ends early does not pass for a shorter one.
    let rest = &planned[finished.len()..];
    let whole = rest.is_empty();
    if !whole {
        let why = match (enough, cancel.is_cancelled()) {
            (true, _) => "`--fail-fast` had stopped the run",
            (false, true) => "the run was interrupted before its end",
            (false, false) => "there was no lab",
        };
        out::tell(&not_played(rest.len(), planned.len(), why));
        let unplayed = rest.iter().map(|lesson| match asked_for {
            Some(only) if only != lesson.front.sites => skipped(lesson, other_sites(lesson.front.sites)),
            _ => skipped(lesson, why.to_owned()),
        });
        finished.extend(unplayed);
        // JUnit has no exit code: where nobody stopped the run, something in it has to be red.
        if let (false, false, Err(trouble)) = (enough, cancel.is_cancelled(), &left)
            && let Some(first) = finished.iter_mut().rev().nth(rest.len() - 1)
        {
            let Trouble { kind, what, means, action, .. } = trouble;
            first.outcome = Outcome::Trouble(Trouble::new(*kind, what, means, action));
        }
    }
    let mut code = match &left {
        Err(trouble) => trouble.kind.exit_code(),
        Ok(()) if cancel.is_cancelled() => Kind::Interrupted.exit_code(),
        Ok(()) => report::exit_code(&finished),
    };
    let written = args.report.as_ref().map_or(Ok(()), |folder| report::folder::write(folder, &finished, code));
    // Half of what was asked for is no recording of it; what stands there stays.
    let written = written.and(match record {
        Some(record) if whole => recording::write(record.file, &finished),
        Some(record) => {
            recording::give_up(record.file);
            out::tell("note: not everything was played, so nothing was recorded");
            Ok(())
        }
        None => Ok(()),
    });
    if let (Ok(()), Err(trouble)) = (&left, &written) {
        code = trouble.kind.exit_code();
    }
    match args.format {
        RunFormat::Human | RunFormat::Plain => out::print(&report::summary(&finished)),
        RunFormat::Json => say(&serde_json::to_string_pretty(&report::json(&finished, code)).unwrap_or_default()),
        RunFormat::Junit => out::print(&report::junit(&finished)),
    }
    left.and(written)?;
    match code {
        0 => Ok(()),
        // The results have said what is wrong; there is nothing to add.
        code => std::process::exit(code.into()),
    }
}

fn tell(one: &Finished, args: &RunArgs, global: &Global) {
    let verbose = !args.check && !args.bless && !global.quiet;
    match args.format {
        RunFormat::Human => out::print(&out::coloured(&report::human(one, verbose))),
        RunFormat::Plain => out::print(&report::plain(one, verbose)),
        RunFormat::Json | RunFormat::Junit => {}
    }
}

fn progress(args: &RunArgs, global: &Global) -> Arc<dyn Progress> {
    if args.format == RunFormat::Plain { out::plain_progress(global) } else { out::progress(global) }
}

/// That a run is not whole.
fn not_played(rest: usize, planned: usize, why: &str) -> String {
    let (lessons, were) = (if planned == 1 { "lesson" } else { "lessons" }, if rest == 1 { "was" } else { "were" });
    format!("note: {rest} of {planned} {lessons} {were} not played: {why}")
}

/// Why a lab is started although there is or was one.
fn another_lab(lessons: usize, sites: Sites, running: Option<Sites>) -> String {
    let who = if lessons == 1 { "1 lesson is".to_owned() } else { format!("{lessons} lessons are") };
    let get = if lessons == 1 { "it gets a lab of its own" } else { "they get a lab of their own" };
    let beside = running.map(|running| format!(", and the running lab has {}", other_lab::sites(running)));
    format!(
        "{who} written for {} (`sites: {sites}`){}: {get} on free ports",
        other_lab::sites(sites),
        beside.unwrap_or_default(),
    )
}
