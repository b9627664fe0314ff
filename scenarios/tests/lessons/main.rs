//! The shipped lessons, played against a lab with the real Keycloak. Needs Java and a distribution (`SSO_LAB_CACHE`
//! names a prepared cache).

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on panics; clippy only knows the functions marked as tests"
)]

#[cfg(feature = "lane-chromium")]
mod browser;
#[cfg(feature = "lane-chromium")]
mod frames;
mod invariants;
mod people;
mod sabotage;
mod stage;

use lab::sites::Sites;
use scenarios::library::Library;
use scenarios::snapshot::{self, Compared, Snapshot};
use scenarios::vocabulary::Driver;
use scenarios::{Lesson, runner, transcript};

use stage::Stage;

/// insta compares what `scenario run --check` compares, so both lanes agree on one file.
#[tokio::test(flavor = "multi_thread")]
async fn every_lesson_plays_as_its_snapshot_says_in_any_order() {
    let library = Library::shipped().unwrap();
    let (lessons, errors) = library.lessons().unwrap();
    assert!(errors.is_empty(), "{errors:?}");
    for sites in [Sites::Same, Sites::Cross] {
        let lessons: Vec<&Lesson> = lessons.iter().filter(|lesson| fits(lesson, sites)).collect();
        assert!(!lessons.is_empty(), "{sites}");
        play_all(&library, &lessons, sites).await;
    }
}

/// Whether scripted browsers play it in such a lab.
fn fits(lesson: &Lesson, sites: Sites) -> bool {
    lesson.front.sites == sites && lesson.front.drivers.contains(&Driver::Http)
}

async fn play_all(library: &Library, lessons: &[&Lesson], sites: Sites) {
    let stage = Stage::with(sites).await;
    let mut first = Vec::new();
    // Snapshots are recorded in teaching order; here the second half comes first.
    let (one, two) = lessons.split_at(lessons.len() / 2);
    let lessons = [two, one].concat();
    for lesson in &lessons {
        let run = runner::run(lesson, &stage.client()).await.unwrap();
        let left = stage.client().status().await.unwrap().faults;
        assert!(left.is_empty(), "{} leaves {left:?}", lesson.id());
        let text = transcript::render(&run);
        assert_eq!(run.failures().count(), 0, "{text}");
        let (path, _) = snapshot::place(&library.file(lesson), &run).unwrap();
        insta_agrees(lesson, &path, &Snapshot::of(&run).unwrap());
        assert_eq!(snapshot::check(&library.file(lesson), &run).unwrap(), Compared::Same, "{}", lesson.id());
        first.push(text);
    }
    // The other way round, and in the usual run only each twelfth: what a lesson leaves behind meets another one either way.
    let full = std::env::var_os("SSO_LAB_FULL").is_some_and(|value| value == "1");
    for (lesson, before) in lessons.iter().zip(&first).rev().step_by(if full { 1 } else { 12 }) {
        let again = runner::run(lesson, &stage.client()).await.unwrap();
        assert_eq!(&transcript::render(&again), before, "{} in another order", lesson.id());
    }
    stage.stop().await;
}

/// A guard that never fails guards nothing: each fault that a lesson says it watches for is planted, and the lesson has to
/// fail, with a check that says what is wrong.
#[tokio::test(flavor = "multi_thread")]
async fn every_lesson_fails_with_each_fault_that_it_watches_for() {
    let (lessons, _) = Library::shipped().unwrap().lessons().unwrap();
    let stage = Stage::start().await;
    let (mut tried, mut asleep) = (0, Vec::new());
    // Faults are watched for with one site; what is different with four is no fault's doing.
    for lesson in lessons.iter().filter(|lesson| fits(lesson, Sites::Same)) {
        for fault in &lesson.front.watches {
            tried += 1;
            let noticed = match runner::run_with(lesson, &stage.client(), std::slice::from_ref(&fault.value)).await {
                Ok(run) => run.failures().any(|(_, check)| {
                    check.failure.as_ref().is_some_and(|failure| !failure.seen.is_empty() && !failure.likely.is_empty())
                }),
                // A step that the person could not do: that is the lesson's red as well.
                Err(trouble) => trouble.kind == lab::Kind::Lesson,
            };
            if !noticed {
                asleep.push(format!("{} does not notice {}", lesson.id(), fault.value));
            }
        }
    }
    assert!(asleep.is_empty() && tried > 0, "{}", asleep.join("\n"));
    stage.stop().await;
}

fn insta_agrees(lesson: &Lesson, path: &std::path::Path, snapshot: &Snapshot) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(path.parent().unwrap());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(&lesson.front.title);
    // As a map: insta reads heads back as maps, and with full match on a struct never equals a map.
    settings.set_info(&serde_json::to_value(&snapshot.info).unwrap());
    let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
    settings.bind(|| insta::assert_snapshot!(name, snapshot.text));
}
