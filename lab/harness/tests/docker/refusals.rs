//! What cannot start says why, and leaves nothing behind.

use std::error::Error as _;

use lab::keycloak::docker::{self, DockerOptions};
use lab::{Kind, Trouble};
use realm::{Hosts, Realm, Secrets};
use tokio_util::sync::CancellationToken;

use crate::support::{Run, built, containers_with, engine, image_of};

/// Starts with an image that cannot work, and gives the trouble.
async fn refused(run: &Run, image: &str) -> Trouble {
    let options = DockerOptions { image: Some(image.to_owned()), ..DockerOptions::default() };
    let trouble = docker::start(&run.launch, &options, CancellationToken::new()).await.unwrap_err();
    assert_eq!(containers_with(&run.label()).await, Vec::<String>::new());
    trouble
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_nowhere_is_told_apart_from_an_engine_that_is_not_there() {
    let run = Run::new("nowhere");
    let trouble = refused(&run, "sso-lab-nowhere:1").await;
    assert_eq!(trouble.kind, Kind::Environment);
    assert!(
        trouble.what.starts_with("the image sso-lab-nowhere:1 is not here and cannot be pulled: "),
        "{}",
        trouble.what
    );
    assert!(trouble.means.starts_with("a container engine answers"), "{}", trouble.means);
    assert!(trouble.action.contains("image build") && trouble.action.contains("--runtime dist"), "{}", trouble.action);

    let options = DockerOptions { image: Some("sso-lab-nowhere:1".to_owned()), ..DockerOptions::default() };
    let reason = docker::available(&run.launch, &options).await.unwrap_err();
    assert!(reason.starts_with("an engine answers, but the image sso-lab-nowhere:1 cannot be had: "), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_built_is_available() {
    built().await;
    docker::available(&Run::new("available").launch, &DockerOptions::default()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_is_made_but_cannot_be_started_does_not_stay() {
    let run = Run::new("unstartable");
    // Has no program called `start-dev`, and no entry point.
    let trouble = refused(&run, &built().await.base).await;
    assert_eq!(trouble.kind, Kind::Part);
    assert_eq!(trouble.what, "the container engine could not start Keycloak's container");
    assert!(trouble.source().unwrap().to_string().contains("start-dev"), "{:?}", trouble.source());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keycloak_that_ends_while_it_starts_is_told_with_its_last_lines() {
    let run = Run::new("ends");
    let dockerfile = format!(
        "FROM {}\nENTRYPOINT [\"sh\", \"-c\", \"seq 1 30; echo the realm is broken; exit 3\"]\n",
        built().await.base
    );
    let image = image_of("ends", &dockerfile).await;
    let trouble = refused(&run, &image).await;
    assert_eq!(trouble.kind, Kind::Part);
    assert!(trouble.what.contains("it ended with exit code 3"), "{}", trouble.what);
    assert!(trouble.what.contains("the realm is broken"), "{}", trouble.what);
    assert!(!trouble.what.contains("\n5\n"), "the last lines only: {}", trouble.what);
    engine(&["rmi", &image]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_with_another_realm_is_refused() {
    let tag = &built().await.tag;
    let mut run = Run::new("realm");
    let hosts = Hosts { admin: "http://localhost:4003".to_owned(), ..Hosts::defaults() };
    run.launch.realm = Realm::shipped().filled(&hosts, &Secrets::defaults());
    let trouble = refused(&run, tag).await;
    assert_eq!(trouble.kind, Kind::State);
    assert!(trouble.what.contains("was built with another realm"), "{}", trouble.what);
}
