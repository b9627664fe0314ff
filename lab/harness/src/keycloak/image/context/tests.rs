use std::fs;

use realm::Realm;
use tokio_util::sync::CancellationToken;

use super::{Scratch, write};
use crate::keycloak::dist::Distribution;
use crate::keycloak::image::name::Labels;
use crate::progress::Silent;
use crate::trouble::Kind;

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

    let scratch = Scratch::new(parent.path(), &Silent, &CancellationToken::new()).await.unwrap();
    assert!(!left.exists() && foreign.exists());
    let folder = scratch.path().to_owned();
    assert!(folder.is_dir());
    scratch.close().unwrap();
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_second_build_waits_for_the_first_and_can_be_interrupted() {
    let parent = tempfile::tempdir().unwrap();
    let first = Scratch::new(parent.path(), &Silent, &CancellationToken::new()).await.unwrap();

    let cancelled = CancellationToken::new();
    cancelled.cancel();
    let trouble = Scratch::new(parent.path(), &Silent, &cancelled).await.err().unwrap();
    assert_eq!(trouble.kind, Kind::Interrupted);
    assert!(first.path().is_dir(), "the first build's folder is not touched");

    let never = CancellationToken::new();
    let second = Scratch::new(parent.path(), &Silent, &never);
    let (second, ()) = tokio::join!(second, async { first.close().unwrap() });
    assert!(second.unwrap().path().is_dir());
}

#[tokio::test]
async fn the_build_gets_the_distribution_the_realm_and_the_recipe_but_nobodys_data() {
    let folder = tempfile::tempdir().unwrap();
    let keycloak = folder.path().join("keycloak");
    for inner in ["bin", "lib", "data/h2"] {
        fs::create_dir_all(keycloak.join(inner)).unwrap();
    }
    fs::write(keycloak.join("bin/kc.sh"), "#!/bin/bash\n").unwrap();
    fs::write(keycloak.join("data/h2/keycloakdb.mv.db"), "somebody's users").unwrap();

    let context = folder.path().join("context");
    let distribution = Distribution::Folder(keycloak);
    write(&context, &distribution, &Realm::shipped(), &labels(), &CancellationToken::new()).await.unwrap();
    assert!(context.join("keycloak/bin/kc.sh").is_file());
    assert!(!context.join("keycloak/data").exists());
    assert!(fs::read_to_string(context.join("Dockerfile")).unwrap().contains("FROM java:21"));
    let realm: serde_json::Value = serde_json::from_slice(&fs::read(context.join("realm.json")).unwrap()).unwrap();
    assert_eq!(&realm, Realm::shipped().json());
}

#[tokio::test]
async fn an_interruption_is_told_as_one_of_the_build() {
    let folder = tempfile::tempdir().unwrap();
    let cancelled = CancellationToken::new();
    cancelled.cancel();
    fs::create_dir_all(folder.path().join("keycloak/bin")).unwrap();
    let distribution = Distribution::Folder(folder.path().join("keycloak"));
    let context = folder.path().join("context");
    let trouble = write(&context, &distribution, &Realm::shipped(), &labels(), &cancelled).await.unwrap_err();
    assert_eq!((trouble.kind, trouble.what.as_str()), (Kind::Interrupted, "the build of the image was interrupted"));
}
