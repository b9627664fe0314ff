//! Starts that cannot work, each with a clear reason and nothing left behind.

use lab::Kind;
use lab::keycloak::java::Search;

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn a_realm_that_keycloak_refuses_is_told_with_keycloaks_own_words() {
    let mut bench = Bench::built().await;
    let broken = realm::SHIPPED.replace("\"ssoSessionIdleTimeout\": 1800", "\"ssoSessionIdleTimeout\": \"soon\"");
    bench.launch.realm = realm::Realm::parse(&broken).unwrap();
    let trouble = bench.start().await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Part);
    assert!(trouble.what.contains("ended while it started") && trouble.what.contains("soon"), "{trouble}");
    bench.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_java_nothing_is_begun() {
    let mut bench = Bench::new();
    bench.options.java = Search { path: Some("/nonexistent".into()), ..Search::default() };
    let trouble = bench.start().await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Environment);
    assert!(trouble.what.contains("no Java"), "{trouble}");
    assert!(!bench.launch.cache.exists());
    bench.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_distribution_is_not_run() {
    let mut bench = Bench::new();
    let changed = bench.launch.run_dir.with_file_name("changed.zip");
    let real = bench.distribution().await;
    std::fs::copy(real, &changed).unwrap();
    let mut file = std::fs::File::options().append(true).open(&changed).unwrap();
    std::io::Write::write_all(&mut file, b"one more byte").unwrap();
    bench.options.distribution = Some(changed);
    let trouble = bench.start().await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Safety);
    assert!(trouble.what.contains("SHA-256"), "{trouble}");
    bench.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keycloak_that_is_not_ready_in_time_is_stopped() {
    let mut bench = Bench::prepared().await;
    bench.launch.deadline = std::time::Duration::from_millis(500);
    let trouble = bench.start().await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Part);
    assert!(trouble.what.contains("not ready"), "{trouble}");
    bench.assert_clean().await;
    assert!(bench.prepared_folder().is_dir(), "a slow computer is no reason to throw the cache away");
}
