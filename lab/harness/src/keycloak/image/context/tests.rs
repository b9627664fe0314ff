use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use realm::Realm;
use tokio_util::sync::CancellationToken;

use super::{Scratch, write};
use crate::keycloak::image::Options;
use crate::keycloak::image::name::Labels;
use crate::progress::Silent;
use crate::trouble::Kind;

fn options(distribution: &Path) -> Options {
    Options {
        version: "26.7.3".to_owned(),
        realm: Realm::shipped(),
        distribution: distribution.to_owned(),
        base: None,
        again: false,
        scratch: PathBuf::new(),
        progress: Arc::new(Silent),
    }
}

fn labels() -> Labels {
    Labels::new("26.7.3", &Realm::shipped(), "java:21")
}

#[tokio::test]
async fn what_a_killed_build_left_is_removed_by_the_next_one() {
    let parent = tempfile::tempdir().unwrap();
    let left = parent.path().join("sso-lab-image-left");
    fs::create_dir(&left).unwrap();
    let foreign = parent.path().join("something-else");
    fs::create_dir(&foreign).unwrap();

    let scratch = Scratch::new(parent.path(), &options(Path::new("")), &CancellationToken::new()).await.unwrap();
    assert!(!left.exists() && foreign.exists());
    let folder = scratch.path().to_owned();
    assert!(folder.is_dir());
    scratch.close().unwrap();
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_second_build_waits_for_the_first_and_can_be_interrupted() {
    let parent = tempfile::tempdir().unwrap();
    let options = options(Path::new(""));
    let first = Scratch::new(parent.path(), &options, &CancellationToken::new()).await.unwrap();

    let cancelled = CancellationToken::new();
    cancelled.cancel();
    let trouble = Scratch::new(parent.path(), &options, &cancelled).await.err().unwrap();
    assert_eq!(trouble.kind, Kind::Interrupted);
    assert!(first.path().is_dir(), "the first build's folder is not touched");

    let never = CancellationToken::new();
    let second = Scratch::new(parent.path(), &options, &never);
    let (second, ()) = tokio::join!(second, async { first.close().unwrap() });
    assert!(second.unwrap().path().is_dir());
}

#[tokio::test]
async fn a_folder_is_taken_without_what_its_owner_ran_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let distribution = folder.path().join("keycloak");
    for inner in ["bin", "lib", "data/h2"] {
        fs::create_dir_all(distribution.join(inner)).unwrap();
    }
    fs::write(distribution.join("bin/kc.sh"), "#!/bin/bash\n").unwrap();
    fs::write(distribution.join("data/h2/keycloakdb.mv.db"), "somebody's users").unwrap();

    let context = folder.path().join("context");
    write(&context, &options(&distribution), &labels(), &CancellationToken::new()).await.unwrap();
    assert!(context.join("keycloak/bin/kc.sh").is_file());
    assert!(!context.join("keycloak/data").exists());
    assert!(fs::read_to_string(context.join("Dockerfile")).unwrap().contains("FROM java:21"));
    assert!(fs::read_to_string(context.join("realm.json")).unwrap().contains("enterprise-sso"));
}

#[tokio::test]
async fn a_file_that_is_no_distribution_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let zip = folder.path().join("keycloak.zip");
    fs::write(&zip, "not a zip").unwrap();
    let context = folder.path().join("context");
    let trouble = write(&context, &options(&zip), &labels(), &CancellationToken::new()).await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Environment);
    assert!(trouble.what.contains("keycloak.zip is not a usable Keycloak distribution"), "{}", trouble.what);
}
