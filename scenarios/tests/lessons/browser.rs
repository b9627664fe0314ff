//! The same lessons in a real Chromium, and those that only it can play.

use lab::Kind;
use lab::browser::Shot;
use lab::sites::Sites;
use scenarios::library::Library;
use scenarios::runner::ChromiumCast;
use scenarios::snapshot::{self, Compared};
use scenarios::vocabulary::Driver;
use scenarios::{Lesson, runner, transcript};

use crate::stage::Stage;

fn lessons(sites: Sites) -> Vec<Lesson> {
    let (mut lessons, errors) = Library::shipped().unwrap().lessons().unwrap();
    assert!(errors.is_empty(), "{errors:?}");
    lessons.retain(|lesson| lesson.front.sites == sites && lesson.front.drivers.contains(&Driver::Chromium));
    assert!(!lessons.is_empty(), "{sites}");
    lessons
}

/// What somebody's own run plays of the lessons that scripted browsers play as well: each sixth, for time. CI plays all, as
/// `SSO_LAB_FULL=1` and `scenario run --all --check --driver chromium` do.
const SIXTH: usize = 6;

fn played(lessons: &[Lesson]) -> Vec<&Lesson> {
    let full = std::env::var_os("CI").is_some() || std::env::var_os("SSO_LAB_FULL").is_some_and(|value| value == "1");
    let (both, alone): (Vec<&Lesson>, Vec<&Lesson>) =
        lessons.iter().partition(|lesson| lesson.front.drivers.contains(&Driver::Http));
    let both = both.into_iter().step_by(if full { 1 } else { SIXTH });
    both.chain(alone).collect()
}

/// A lesson that scripted browsers play, too, has to end each step with the same matrix; the others have their own snapshots.
#[tokio::test(flavor = "multi_thread")]
async fn every_lesson_of_the_browser_plays_as_its_snapshot_says() {
    let library = Library::shipped().unwrap();
    for sites in [Sites::Same, Sites::Cross] {
        let stage = Stage::with(sites).await;
        // On four sites with pictures, as for a report: they must change nothing.
        let draws = sites == Sites::Cross;
        let browsers = ChromiumCast::new(stage.folders(), draws);
        for lesson in played(&lessons(sites)) {
            let run = match runner::run_cast(lesson, &stage.client(), &[], &browsers).await {
                Ok(run) => run,
                Err(trouble) => panic!("{}: {trouble:?}", lesson.id()),
            };
            assert_eq!(run.failures().count(), 0, "{}", transcript::render(&run));
            assert_eq!(snapshot::check(&library.file(lesson), &run).unwrap(), Compared::Same, "{}", lesson.id());
            for step in &run.steps {
                let is_picture =
                    |shot: &Shot| shot.image.as_ref().is_some_and(|image| image.get(8..12) == Some(b"WEBP"));
                assert!(step.shots.iter().all(|(_, shot)| is_picture(shot)), "{}: {}", lesson.id(), step.sentence);
            }
            assert_eq!(run.steps.iter().any(|step| !step.shots.is_empty()), draws, "{}", lesson.id());
        }
        browsers.stop().await.unwrap();
        stage.stop().await;
    }
}

/// What [`crate::every_lesson_fails_with_each_fault_that_it_watches_for`] says of the others, for lessons that only a real browser
/// plays.
#[tokio::test(flavor = "multi_thread")]
async fn every_lesson_of_the_browser_alone_fails_with_each_fault_that_it_watches_for() {
    let stage = Stage::start().await;
    let browsers = ChromiumCast::new(stage.folders(), false);
    let (mut tried, mut asleep) = (0, Vec::new());
    let alone = |lesson: &&Lesson| !lesson.front.drivers.contains(&Driver::Http);
    for lesson in lessons(Sites::Same).iter().filter(alone) {
        for fault in &lesson.front.watches {
            tried += 1;
            let sabotage = std::slice::from_ref(&fault.value);
            let noticed = match runner::run_cast(lesson, &stage.client(), sabotage, &browsers).await {
                Ok(run) => run.failures().any(|(_, check)| {
                    check.failure.as_ref().is_some_and(|failure| !failure.seen.is_empty() && !failure.likely.is_empty())
                }),
                Err(trouble) => trouble.kind == Kind::Lesson,
            };
            if !noticed {
                asleep.push(format!("{} does not notice {}", lesson.id(), fault.value));
            }
        }
    }
    browsers.stop().await.unwrap();
    stage.stop().await;
    assert!(asleep.is_empty() && tried > 0, "{}", asleep.join("\n"));
}
