//! Building the image.

use std::fs;

use lab::Kind;
use lab::keycloak::image;
use realm::Realm;
use tokio_util::sync::CancellationToken;

use crate::support::{VERSION, build_options, built, docker, until};

#[tokio::test(flavor = "multi_thread")]
async fn the_image_is_built_under_the_tag_that_the_runtime_looks_for() {
    let built = built().await;
    assert_eq!(built.tag, image::tag(VERSION, &Realm::shipped()));
    assert_eq!(docker(&["inspect", "--format", "{{.Config.User}}", &built.tag]).await, "1000");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_there_is_not_built_again() {
    let first = built().await;
    let scratch = tempfile::tempdir().unwrap();
    let second = image::build(&build_options(&scratch), &CancellationToken::new()).await.unwrap();
    assert!(second.reused);
    assert_eq!((&second.tag, &second.base, second.size), (&first.tag, &first.base, first.size));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_is_interrupted_leaves_neither_files_nor_containers_nor_layers() {
    built().await;
    let scratch = tempfile::tempdir().unwrap();
    let mut options = build_options(&scratch);
    // A version of its own, so that its layers can be told from those of other builds.
    options.version = format!("{VERSION}-interrupted");
    let cancel = CancellationToken::new();
    let of_this_build = format!("label=sso-lab.keycloak={}", options.version);
    let containers = || async { docker(&["ps", "--all", "--quiet", "--filter", &of_this_build]).await };

    let (result, ()) = tokio::join!(image::build(&options, &cancel), async {
        until("a step of the build runs", || async { !containers().await.is_empty() }).await;
        cancel.cancel();
    });
    assert_eq!(result.unwrap_err().kind, Kind::Interrupted);
    until("the engine ended the step", || async { containers().await.is_empty() }).await;
    assert_eq!(docker(&["images", "--quiet", "--filter", &of_this_build]).await, "");
    let left: Vec<_> = fs::read_dir(scratch.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["image.lock"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_that_cannot_be_had_is_named() {
    let scratch = tempfile::tempdir().unwrap();
    let mut options = build_options(&scratch);
    options.again = true;
    options.base = Some("sso-lab-nowhere:1".to_owned());
    let trouble = image::build(&options, &CancellationToken::new()).await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Environment);
    assert!(trouble.what.contains("sso-lab-nowhere:1"), "{}", trouble.what);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_inside_the_build_is_shown_and_nothing_stays() {
    built().await;
    let scratch = tempfile::tempdir().unwrap();
    let mut options = build_options(&scratch);
    options.version = format!("{VERSION}-broken");
    options.distribution = scratch.path().join("keycloak");
    fs::create_dir_all(options.distribution.join("bin")).unwrap();
    fs::write(options.distribution.join("bin/kc.sh"), "echo this Keycloak is broken; exit 7\n").unwrap();

    let trouble = image::build(&options, &CancellationToken::new()).await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Part);
    let output = std::error::Error::source(&trouble).unwrap().to_string();
    assert!(trouble.what.starts_with("the image could not be built: "), "{}", trouble.what);
    assert!(!output.contains("sso-lab.seed-password=\"sso"), "{output}");
    let of_this_build = format!("label=sso-lab.keycloak={}", options.version);
    assert_eq!(docker(&["images", "--quiet", "--filter", &of_this_build]).await, "");
}
