//! Building the image.

use std::error::Error as _;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use lab::Kind;
use lab::keycloak::image::{self, Options};
use realm::{Hosts, Realm, Secrets};
use tokio_util::sync::CancellationToken;

use crate::support::{VERSION, build_options, built, engine, until};

#[tokio::test(flavor = "multi_thread")]
async fn the_image_is_built_under_the_tag_that_the_runtime_looks_for() {
    let built = built().await;
    assert_eq!(built.tag, image::tag(VERSION, &Realm::shipped()));
    assert_eq!(engine(&["inspect", "--format", "{{.Config.User}}", &built.tag]).await, "1000");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_there_is_not_built_again() {
    let first = built().await;
    let cache = tempfile::tempdir().unwrap();
    let second = image::build(&build_options(&cache), &CancellationToken::new()).await.unwrap();
    assert!(second.reused);
    assert_eq!((&second.tag, &second.base, second.size), (&first.tag, &first.base, first.size));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_is_interrupted_leaves_neither_files_nor_containers_nor_layers() {
    built().await;
    let cache = tempfile::tempdir().unwrap();
    let options = Options { realm: moved_realm("http://localhost:4001"), ..build_options(&cache) };
    let cancel = CancellationToken::new();
    let of_this_build = label_of(&options.realm);
    let containers = || async { engine(&["ps", "--all", "--quiet", "--filter", &of_this_build]).await };

    let (result, ()) = tokio::join!(image::build(&options, &cancel), async {
        until("a step of the build runs", || async { !containers().await.is_empty() }).await;
        cancel.cancel();
    });
    assert_eq!(result.unwrap_err().kind, Kind::Interrupted);
    until("the engine ended the step", || async { containers().await.is_empty() }).await;
    assert_eq!(engine(&["images", "--quiet", "--filter", &of_this_build]).await, "");
    assert_eq!(names_in(&cache.path().join("image")), ["image.lock"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_that_cannot_be_had_is_named() {
    let cache = tempfile::tempdir().unwrap();
    let mut options = build_options(&cache);
    options.again = true;
    options.base = Some("sso-lab-nowhere:1".to_owned());
    let trouble = image::build(&options, &CancellationToken::new()).await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Environment);
    assert!(trouble.what.contains("sso-lab-nowhere:1"), "{}", trouble.what);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_inside_the_build_is_shown_and_nothing_stays() {
    built().await;
    let cache = tempfile::tempdir().unwrap();
    let keycloak = cache.path().join("keycloak");
    fs::create_dir_all(keycloak.join("bin")).unwrap();
    fs::write(keycloak.join("version.txt"), format!("Keycloak - Version {VERSION}\n")).unwrap();
    let script = keycloak.join("bin/kc.sh");
    fs::write(&script, "#!/bin/sh\necho this Keycloak is broken; exit 7\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let mut options = Options { realm: moved_realm("http://localhost:4002"), ..build_options(&cache) };
    options.dist.distribution = Some(keycloak);

    let trouble = image::build(&options, &CancellationToken::new()).await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Part);
    assert!(trouble.what.starts_with("the image could not be built: "), "{}", trouble.what);
    let output = trouble.source().unwrap().to_string();
    assert!(output.contains("this Keycloak is broken"), "{output}");
    assert!(output.contains("sso-lab.seed-password=\"…\"") || !output.contains("seed-password="), "{output}");
    assert_eq!(engine(&["images", "--quiet", "--filter", &label_of(&options.realm)]).await, "");
    assert_eq!(names_in(&cache.path().join("image")), ["image.lock"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_none_is_wrong_usage() {
    let cache = tempfile::tempdir().unwrap();
    let options = Options { version: "latest".to_owned(), ..build_options(&cache) };
    assert_eq!(image::build(&options, &CancellationToken::new()).await.unwrap_err().kind, Kind::Usage);
}

/// A realm whose image has labels of its own, so that its layers can be told from those of other builds.
fn moved_realm(internal: &str) -> Realm {
    let hosts = Hosts { internal: internal.to_owned(), ..Hosts::defaults() };
    Realm::shipped().filled(&hosts, &Secrets::defaults())
}

/// Finds containers and images of one realm.
fn label_of(realm: &Realm) -> String {
    let tag = image::tag(VERSION, realm);
    format!("label=sso-lab.realm={}", tag.rsplit('-').next().unwrap())
}

fn names_in(folder: &Path) -> Vec<OsString> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
}
