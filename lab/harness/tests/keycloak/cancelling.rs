//! Ctrl-C at every stage of a start, and Keycloak ending without being asked to.

use std::time::Duration;

use lab::keycloak::dist;
use lab::{Kind, Trouble};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::bench::Bench;

/// A stage of a start: its name, and whether it is reached.
type Stage = (&'static str, Box<dyn FnMut() -> bool>);

/// Looks at a condition again and again until it holds, with a deadline.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let mut looks = tokio::time::interval(Duration::from_millis(10));
    let waiting = async {
        while !holds() {
            looks.tick().await;
        }
    };
    timeout(Duration::from_mins(4), waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// Whether Keycloak's log has this text.
fn said(bench: &Bench, text: &'static str) -> Box<dyn FnMut() -> bool> {
    let log = bench.launch.log_file.clone();
    Box::new(move || std::fs::read_to_string(&log).is_ok_and(|log| log.contains(text)))
}

/// Starts, cancels when `stage` holds, and returns how the start ended. It has to end soon.
async fn cancel_when(bench: &Bench, what: &str, stage: impl FnMut() -> bool) -> Result<(), Trouble> {
    let cancel = CancellationToken::new();
    let mut starting = Box::pin(dist::start(&bench.launch, &bench.options, cancel.clone()));
    tokio::select! {
        started = &mut starting => panic!("{what}: it ended before: {started:?}\n{}", bench.told.all()),
        () = until(what, stage) => {}
    }
    let cancelled = Instant::now();
    cancel.cancel();
    let started = starting.await;
    assert!(cancelled.elapsed() < Duration::from_secs(15), "{what}: it took {:?}", cancelled.elapsed());
    started.map(|_| ())
}

async fn cancelled_at(bench: &Bench, stages: Vec<Stage>) {
    for (what, stage) in stages {
        let trouble = cancel_when(bench, what, stage).await.expect_err(what);
        assert_eq!(trouble.kind, Kind::Interrupted, "{what}: {trouble}");
        bench.assert_clean().await;
        let _ = std::fs::remove_file(&bench.launch.log_file);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_a_first_start_at_any_stage_leaves_nothing() {
    let bench = Bench::new();
    let unpacking = bench.launch.run_dir.join("keycloak/lib/lib");
    let stages: Vec<Stage> = vec![
        ("at once", Box::new(|| true)),
        ("while unpacking", Box::new(move || unpacking.is_dir())),
        ("while building", said(&bench, "Updating the configuration")),
    ];
    cancelled_at(&bench, stages).await;
    // The later stages from a distribution that is built already: the stage before them takes the longest.
    let bench = Bench::built().await;
    let stages = vec![
        ("while the database is laid out", said(&bench, "Initializing database schema")),
        ("while the realm is imported", said(&bench, "Full importing from file")),
    ];
    cancelled_at(&bench, stages).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_a_start_from_the_cache_leaves_nothing() {
    let bench = Bench::prepared().await;
    let home = bench.launch.run_dir.join("keycloak");
    let stages: Vec<Stage> = vec![
        ("while its home is laid", Box::new(move || home.is_dir())),
        ("while it starts", said(&bench, "started in")),
    ];
    cancelled_at(&bench, stages).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_is_dropped_leaves_nothing_either() {
    let bench = Bench::prepared().await;
    let log = bench.launch.log_file.clone();
    tokio::select! {
        started = bench.start() => panic!("too fast to drop: {started:?}"),
        () = until("a log", || log.metadata().is_ok_and(|meta| meta.len() > 0)) => {}
    }
    bench.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_the_preparation_at_any_stage_leaves_nothing() {
    let bench = Bench::built().await;
    // Below the only slot of this cache.
    let below = |path: &'static str| {
        let slots = bench.launch.cache.join("keycloak/prepared");
        let there = move || {
            let slots = std::fs::read_dir(&slots).into_iter().flatten().flatten();
            slots.map(|slot| slot.path().join(path)).any(|path| path.exists())
        };
        Box::new(there) as Box<dyn FnMut() -> bool>
    };
    let stages: [Stage; 3] = [
        ("while the distribution is laid out", below("home/lib")),
        ("while it is built", below("prepare.log")),
        ("while it imports", below("training/data/h2/keycloakdb.mv.db")),
    ];
    for (what, stage) in stages {
        let cancel = CancellationToken::new();
        let preparing = dist::prepare_in_background(&bench.launch, &bench.options, cancel.clone());
        until(what, stage).await;
        cancel.cancel();
        let ended = timeout(Duration::from_secs(15), preparing).await.expect("cancelling takes too long").unwrap();
        assert_eq!(ended.expect_err(what).kind, Kind::Interrupted, "{what}");
        bench.assert_clean().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keycloak_that_is_killed_is_noticed_and_what_is_left_can_be_swept() {
    let bench = Bench::prepared().await;
    let mut running = bench.start().await.unwrap();
    assert_eq!(running.traces.run_id, bench.launch.run_id);
    let pgid = running.traces.pgid.unwrap();
    assert!(timeout(Duration::from_millis(200), running.died()).await.is_err(), "it lives");
    let swept = lab::keycloak::process::sweep(&bench.launch.run_id).await.unwrap();
    assert!(swept.len() == 1 && swept[0].contains(&pgid.to_string()), "{swept:?}");
    let how = timeout(Duration::from_secs(10), running.died()).await.unwrap();
    assert!(how.contains("signal 9") && how.contains("Listening on"), "{how}");
    running.stop().await.unwrap();
    bench.assert_clean().await;
}
