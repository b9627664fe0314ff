//! Two recordings side by side.

use std::path::PathBuf;

use clap::ValueEnum;
use lab::{Kind, Trouble};
use scenarios::compare::{self, Comparison};
use scenarios::recording;
use scenarios::run::Run;

use crate::out::{self, say};

/// Without a terminal to measure: two readable columns.
const USUAL_WIDTH: usize = 160;

#[derive(clap::Args)]
pub(crate) struct DiffArgs {
    /// A recording: a file of `scenario record`, or the folder of `scenario run --report`
    #[arg(value_name = "A")]
    one: PathBuf,
    /// Another one
    #[arg(value_name = "B")]
    other: PathBuf,
    /// Only this lesson; otherwise all that are in both
    #[arg(long, value_name = "ID")]
    lesson: Option<String>,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = DiffFormat::Human)]
    format: DiffFormat,
}

/// How a comparison is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DiffFormat {
    /// Side by side where there is room, else one under the other.
    Human,
    /// One fact a line.
    Plain,
    /// One object.
    Json,
}

/// Ends with 0 where nothing differs and with 6 where something does.
pub(super) fn run(args: &DiffArgs) -> Result<(), Trouble> {
    let (one, other) = (runs(&args.one, args.lesson.as_deref())?, runs(&args.other, args.lesson.as_deref())?);
    let mut rest: Vec<&Run> = other.iter().collect();
    // Where a lesson was played several times, the first is compared with the first, and so on.
    let pairs: Vec<(&Run, &Run)> = one
        .iter()
        .filter_map(|run| {
            let at = rest.iter().position(|with| with.id == run.id)?;
            Some((run, rest.remove(at)))
        })
        .collect();
    for run in rest.iter().filter(|run| one.iter().any(|one| one.id == run.id)) {
        out::tell(&format!("note: {} was played more often in B than in A; what is more is not compared", run.id));
    }
    if pairs.is_empty() {
        let named = |runs: &[Run]| runs.iter().map(|run| run.id.clone()).collect::<Vec<_>>().join(", ");
        return Err(Trouble::new(
            Kind::Usage,
            "the two recordings have no lesson in common",
            format!("A has {}; B has {}", named(&one), named(&other)),
            "record the same lesson twice: `cargo xtask scenario record ID --out FILE`",
        ));
    }
    let all: Vec<Comparison> = pairs.iter().map(|(one, other)| Comparison::of(one, other)).collect();
    match args.format {
        DiffFormat::Human => {
            let width = terminal_columns().unwrap_or(USUAL_WIDTH);
            let texts: Vec<String> = all.iter().map(|one| compare::human(one, width)).collect();
            out::print(&texts.join("\n"));
        }
        DiffFormat::Plain => all.iter().for_each(|one| out::print(&compare::plain(one))),
        DiffFormat::Json => say(&serde_json::to_string_pretty(&all).unwrap_or_default()),
    }
    if all.iter().all(Comparison::is_same) {
        return Ok(());
    }
    // What differs stands there; there is nothing to add.
    std::process::exit(Kind::Snapshot.exit_code().into());
}

fn runs(path: &std::path::Path, lesson: Option<&str>) -> Result<Vec<Run>, Trouble> {
    let finished = recording::read(path)?;
    let found: Vec<Run> =
        finished.iter().filter(|one| lesson.is_none_or(|id| one.id == id)).filter_map(|one| one.run.clone()).collect();
    if found.is_empty() {
        let played: Vec<&str> = finished.iter().filter(|one| one.run.is_some()).map(|one| one.id.as_str()).collect();
        return Err(Trouble::new(
            Kind::Usage,
            match lesson {
                Some(id) => format!("no run of \"{id}\" is in {}", path.display()),
                None => format!("no lesson was played in {}", path.display()),
            },
            if played.is_empty() {
                "nothing was played in it".to_owned()
            } else {
                format!("it has {}", played.join(", "))
            },
            "name another lesson with `--lesson`, or another recording",
        ));
    }
    Ok(found)
}

/// How wide the terminal is that stdout goes to.
fn terminal_columns() -> Option<usize> {
    rustix::termios::tcgetwinsize(std::io::stdout())
        .ok()
        .map(|size| usize::from(size.ws_col))
        .filter(|width| *width > 0)
}
