//! One lesson, played and compared.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lab::control::client::LabClient;
use lab::sites::Sites;
use lab::{Kind, Trouble};
use scenarios::Lesson;
use scenarios::library::Library;
use scenarios::report::{Finished, Outcome};
use scenarios::runner::{self, Cast};
use scenarios::snapshot::{self, Compared};
use scenarios::vocabulary::Driver;

use super::RunArgs;
use crate::other_lab;

/// Why a lesson that is written for these sites is not played on others.
pub(super) fn other_sites(sites: Sites) -> String {
    format!("it is written for {} (`sites: {sites}`), and `--sites` asks for others", other_lab::sites(sites))
}

/// A lesson that is not played, and why.
pub(super) fn skipped(lesson: &Arc<Lesson>, why: String) -> Finished {
    Finished {
        id: lesson.id().to_owned(),
        title: lesson.front.title.clone(),
        took: Duration::ZERO,
        outcome: Outcome::Skipped(why),
        run: None,
        lesson: Some(lesson.clone()),
    }
}

/// Plays a lesson and says what came of it.
pub(super) async fn play_one(
    library: &Library,
    lesson: &Arc<Lesson>,
    client: &LabClient,
    args: &RunArgs,
    cast: &dyn Cast,
) -> Finished {
    let begun = Instant::now();
    let mut finished = Finished {
        id: lesson.id().to_owned(),
        title: lesson.front.title.clone(),
        took: Duration::ZERO,
        outcome: Outcome::Passed,
        run: None,
        lesson: Some(lesson.clone()),
    };
    let limit = Duration::from_secs(args.timeout);
    let outcome = match tokio::time::timeout(limit, outcome(library, lesson, client, args, cast)).await {
        Ok(Ok((outcome, run))) => {
            finished.run = run;
            outcome
        }
        Ok(Err(trouble)) => Outcome::Trouble(trouble),
        Err(_) => Outcome::Trouble(Trouble::new(
            Kind::Part,
            format!("not finished after {} s", args.timeout),
            "a part of the lab hangs or is very slow",
            "look at `cargo xtask lab status`; give it more time with `--timeout SECONDS`",
        )),
    };
    finished.outcome = outcome;
    finished.took = begun.elapsed();
    finished
}

async fn outcome(
    library: &Library,
    lesson: &Lesson,
    client: &LabClient,
    args: &RunArgs,
    cast: &dyn Cast,
) -> Result<(Outcome, Option<scenarios::run::Run>), Trouble> {
    let topology = client.topology().await?;
    if !runner::fits(lesson, &topology)? {
        let range = &lesson.front.keycloak.value;
        return Ok((Outcome::Skipped(format!("it is about Keycloak {range}, and {} runs", topology.version)), None));
    }
    let run = runner::run_cast(lesson, client, &args.with_fault, cast).await?;
    let failures = run.failures().count();
    let file = library.file(lesson);
    let scripted = lesson.front.drivers.contains(&Driver::Http);
    if args.bless && scripted && run.driver == Driver::Chromium && !snapshot::place(&file, &run)?.0.is_file() {
        return Err(Trouble::new(
            Kind::Usage,
            format!("{} is to be recorded with scripted browsers first", lesson.id()),
            "a lesson that both drivers play has one snapshot, and a real browser is compared with it by its matrices",
            "record it with `--driver http --bless`, then check it with `--driver chromium`",
        ));
    }
    let outcome = if failures > 0 {
        Outcome::LessonFailed(failures)
    } else if args.bless {
        match snapshot::bless(&file, &run)? {
            Some(path) => Outcome::Blessed(path.file_name().unwrap_or_default().to_string_lossy().into_owned()),
            None => Outcome::Passed,
        }
    } else if args.check {
        match snapshot::check(&file, &run)? {
            Compared::Same => Outcome::Passed,
            Compared::Missing => Outcome::SnapshotDiffers("there is no snapshot yet".to_owned()),
            Compared::Different(diff) => Outcome::SnapshotDiffers(diff),
        }
    } else {
        Outcome::Passed
    };
    Ok((outcome, Some(run)))
}
