//! A Keycloak that is stopped and started again: where it was, with what it had.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn a_keycloak_of_a_first_start_comes_back_as_it_was() {
    let bench = Bench::built().await;
    let mut running = bench.start().await.unwrap();
    let (upstream, pgid) = (running.upstream.clone(), running.traces.pgid);
    let admin = bench.admin(&running);
    admin.put(&format!("realms/{}", realm::REALM), &json!({ "displayName": "changed by a test" })).await.unwrap();
    let death = running.death();

    running.restart(&CancellationToken::new()).await.unwrap();
    assert_eq!(running.upstream, upstream);
    assert_ne!(running.traces.pgid, pgid, "another process, which is written down");
    assert!(timeout(Duration::from_secs(10), death).await.unwrap().contains("ended"), "the first one is gone");
    assert!(timeout(Duration::from_millis(200), running.died()).await.is_err(), "the second one lives");
    let realm = admin.realm(realm::REALM).await.unwrap().unwrap();
    assert_eq!(realm["displayName"], "changed by a test");

    let swept = lab::keycloak::process::sweep(&bench.launch.run_id).await.unwrap();
    assert!(swept.len() == 1 && swept[0].contains(&running.traces.pgid.unwrap().to_string()), "{swept:?}");
    let how = timeout(Duration::from_secs(10), running.died()).await.unwrap();
    assert!(how.contains("signal 9"), "{how}");
    running.stop().await.unwrap();
    bench.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_that_is_cancelled_leaves_no_process_and_is_a_death() {
    let bench = Bench::prepared().await;
    let mut running = bench.start().await.unwrap();
    let cancel = CancellationToken::new();
    cancel.cancel();
    let trouble = running.restart(&cancel).await.unwrap_err();
    assert_eq!(trouble.kind, lab::Kind::Interrupted, "{trouble}");
    timeout(Duration::from_secs(10), running.died()).await.expect("it is gone");
    running.stop().await.unwrap();
    bench.assert_clean().await;
}
