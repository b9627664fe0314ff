//! The first start, the prepared cache, and what happens when it is damaged.

use lab::keycloak::dist::{prepare, prepare_in_background};
use tokio_util::sync::CancellationToken;

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_needs_no_cache_and_later_ones_come_from_it() {
    let first = Bench::new();
    let running = first.start().await.unwrap();
    assert!(first.told.has("for the first time"), "{}", first.told.all());
    let admin = first.admin(&running);
    assert_eq!(admin.server_version().await.unwrap(), first.launch.version);
    assert!(admin.realm_exists("enterprise-sso").await.unwrap());
    assert!(!admin.realm_exists("another").await.unwrap());

    prepare_in_background(&first.launch, &first.options, CancellationToken::new()).await.unwrap().unwrap();
    assert!(admin.realm_exists("enterprise-sso").await.unwrap(), "preparing disturbs the running lab");
    running.stop().await.unwrap();
    first.assert_clean().await;

    let second = first.beside();
    let running = second.start().await.unwrap();
    assert!(second.told.has("from the prepared cache"), "{}", second.told.all());
    second.admin(&running).sign_in().await.unwrap();
    running.stop().await.unwrap();
    second.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_labs_on_one_cache_do_not_disturb_each_other() {
    let (one, two) = (Bench::prepared().await, Bench::prepared().await);
    let (first, second) = tokio::join!(one.start(), two.start());
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_ne!(first.upstream, second.upstream);
    one.admin(&first).delete_realm("enterprise-sso").await.unwrap();
    assert!(two.admin(&second).realm_exists("enterprise-sso").await.unwrap());
    first.stop().await.unwrap();
    assert!(two.admin(&second).realm_exists("enterprise-sso").await.unwrap());
    second.stop().await.unwrap();
    let third = Bench::prepared().await;
    let running = third.start().await.unwrap();
    assert!(third.admin(&running).realm_exists("enterprise-sso").await.unwrap(), "a run wrote into the cache");
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_labs_that_prepare_at_once_prepare_once_and_a_damaged_cache_is_made_again() {
    let one = Bench::built().await;
    let two = one.beside();
    let (first, second) = tokio::join!(
        prepare(&one.launch, &one.options, CancellationToken::new()),
        prepare(&two.launch, &two.options, CancellationToken::new())
    );
    first.unwrap();
    second.unwrap();
    let preparing = |bench: &Bench| bench.told.has("preparing Keycloak");
    assert!(preparing(&one) != preparing(&two), "{}\n--\n{}", one.told.all(), two.told.all());
    one.assert_clean().await;
    two.assert_clean().await;

    // The same cache then serves the damages, of which the first is seen before Keycloak starts ...
    let folder = one.prepared_folder();
    let database = folder.join("keycloakdb.mv.db");
    let good = std::fs::read(&database).unwrap();
    std::fs::write(&database, &good[..good.len() / 3]).unwrap();
    let third = one.beside();
    let running = third.start().await.unwrap();
    assert!(third.told.has("is damaged") && third.told.has("for the first time"), "{}", third.told.all());
    prepare_in_background(&third.launch, &third.options, CancellationToken::new()).await.unwrap().unwrap();
    running.stop().await.unwrap();
    third.assert_clean().await;

    // ... and the second only when it does: the manifest is right about a database that is no database.
    let folder = one.prepared_folder();
    break_and_vouch(&folder);
    let fourth = one.beside();
    let running = fourth.start().await.unwrap();
    assert!(fourth.told.has("does not start from the prepared cache"), "{}", fourth.told.all());
    assert!(fourth.admin(&running).realm_exists("enterprise-sso").await.unwrap());
    running.stop().await.unwrap();
    fourth.assert_clean().await;
    assert!(!folder.exists(), "the broken cache is still there");
}

/// Replaces the database by something else and corrects the manifest, as if it had been prepared that way.
fn break_and_vouch(folder: &std::path::Path) {
    use sha2::{Digest, Sha256};
    let garbage = b"this is no database".repeat(100);
    std::fs::write(folder.join("keycloakdb.mv.db"), &garbage).unwrap();
    let digest = Sha256::digest(&garbage).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let file = folder.join("manifest.json");
    let mut manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let files = manifest["files"].as_array_mut().unwrap();
    let entry = files.iter_mut().find(|entry| entry["path"] == "keycloakdb.mv.db").unwrap();
    entry["size"] = garbage.len().into();
    entry["edges"] = digest.into();
    std::fs::write(&file, manifest.to_string()).unwrap();
}
