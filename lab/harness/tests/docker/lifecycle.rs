//! From start to stop, and what a run leaves behind.

use lab::engine::{self, Reach};
use lab::keycloak::docker::{self, DockerOptions};
use lab::{Kind, keycloak::RuntimeKind};
use tokio_util::sync::CancellationToken;

use crate::support::{Run, admin_sign_in, built, containers_with, engine, image_of, json, until};

const DISCOVERY: &str = "realms/enterprise-sso/.well-known/openid-configuration";
const ISSUER: &str = "http://localhost:28080/realms/enterprise-sso";

#[tokio::test(flavor = "multi_thread")]
async fn keycloak_answers_with_the_public_issuer_and_the_stop_leaves_no_container() {
    built().await;
    let run = Run::new("stop");

    let running = run.start(CancellationToken::new()).await.unwrap();
    assert_eq!(containers_with(&run.label()).await.len(), 1);
    assert_eq!((running.kind, running.version.as_str()), (RuntimeKind::Docker, "26.7.3"));
    assert_eq!(json(&running.upstream, DISCOVERY).await["issuer"], ISSUER);
    let listening = running.upstream.socket_addrs(|| None).unwrap();
    assert!(listening.iter().all(|address| address.ip().is_loopback()), "{listening:?}");

    running.stop().await.unwrap();
    assert_eq!(containers_with(&run.label()).await, Vec::<String>::new());
    let log = std::fs::read_to_string(&run.launch.log_file).unwrap();
    assert!(log.contains("Keycloak 26.7.3"), "the log has Keycloak's output: {log}");
    assert!(!log.contains(&run.launch.admin.password));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_this_runs_administrator_can_sign_in() {
    let tag = &built().await.tag;
    let run = Run::new("admin");
    let seed = engine(&["inspect", "--format", "{{index .Config.Labels \"sso-lab.seed-password\"}}", tag]).await;
    assert_eq!(seed.len(), 24);

    let running = run.start(CancellationToken::new()).await.unwrap();
    let admin = &run.launch.admin;
    assert_eq!(admin_sign_in(&running.upstream, &admin.username, &admin.password).await, Ok(()));
    let refused = admin_sign_in(&running.upstream, "sso-lab-seed", &seed).await;
    assert_eq!(refused, Err("Invalid user credentials".to_owned()));
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_labs_run_beside_each_other() {
    built().await;
    let (one, other) = (Run::new("one"), Run::new("other"));
    let (first, second) = tokio::join!(one.start(CancellationToken::new()), other.start(CancellationToken::new()),);
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_ne!(first.upstream, second.upstream);

    first.stop().await.unwrap();
    assert_eq!(json(&second.upstream, DISCOVERY).await["issuer"], ISSUER);
    second.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_is_cancelled_leaves_no_container() {
    built().await;
    let run = Run::new("cancel");
    let cancel = CancellationToken::new();
    let starting = run.start(cancel.clone());
    let (result, ()) = tokio::join!(starting, async {
        until("the container exists", || async { !containers_with(&run.label()).await.is_empty() }).await;
        cancel.cancel();
    });

    assert_eq!(result.unwrap_err().kind, Kind::Interrupted);
    assert_eq!(containers_with(&run.label()).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_is_dropped_leaves_no_container() {
    built().await;
    let run = Run::new("dropped");
    let starting = tokio::spawn({
        let launch = run.launch.clone();
        async move { docker::start(&launch, &DockerOptions::default(), CancellationToken::new()).await }
    });
    until("the container exists", || async { !containers_with(&run.label()).await.is_empty() }).await;
    starting.abort();
    until("the container is gone", || async { containers_with(&run.label()).await.is_empty() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_container_of_a_killed_lab_is_swept_and_a_living_ones_is_not() {
    built().await;
    let (killed, living) = (Run::new("killed"), Run::new("living"));
    let running = killed.start(CancellationToken::new()).await.unwrap();
    let untouched = living.start(CancellationToken::new()).await.unwrap();
    let name = running.traces.container.clone().unwrap();
    // Nothing of the run cleans up any more, as after a SIGKILL.
    std::mem::forget(running);

    // Other tests and labs use the same engine: only one run counts as dead here.
    let removed = engine::sweep(|run| run != killed.launch.run_id).await.unwrap();
    assert_eq!(removed, [name]);
    assert_eq!(containers_with(&killed.label()).await, Vec::<String>::new());
    assert_eq!(json(&untouched.upstream, DISCOVERY).await["issuer"], ISSUER);
    untouched.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keycloak_that_is_killed_is_noticed_and_its_container_removed_by_the_stop() {
    built().await;
    let run = Run::new("died");
    let mut running = run.start(CancellationToken::new()).await.unwrap();
    let name = running.traces.container.clone().unwrap();

    let kill = ["kill", name.as_str()];
    let (how, _) = tokio::join!(running.died(), engine(&kill));
    assert!(how.starts_with("it ended with exit code 137"), "{how}");
    assert!(how.contains("Bootstrap completed"), "with its last lines: {how}");

    running.stop().await.unwrap();
    assert_eq!(containers_with(&run.label()).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_container_keeps_its_database_and_its_ports() {
    built().await;
    let run = Run::new("restart");
    for reach in [Reach::HostNetwork, Reach::Published] {
        let options = DockerOptions { reach: Some(reach), ..DockerOptions::default() };
        let mut running = docker::start(&run.launch, &options, CancellationToken::new()).await.unwrap();
        let upstream = running.upstream.clone();
        running.restart(&CancellationToken::new()).await.unwrap();
        assert_eq!(running.upstream, upstream);
        assert_eq!(json(&upstream, DISCOVERY).await["issuer"], ISSUER);
        let admin = &run.launch.admin;
        assert_eq!(admin_sign_in(&upstream, &admin.username, &admin.password).await, Ok(()));
        running.stop().await.unwrap();
        assert_eq!(containers_with(&run.label()).await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_published_ports_keycloak_is_reached_on_loopback_as_well() {
    built().await;
    let run = Run::new("published");
    let options = DockerOptions { reach: Some(Reach::Published), ..DockerOptions::default() };

    let running = docker::start(&run.launch, &options, CancellationToken::new()).await.unwrap();
    assert_eq!(json(&running.upstream, DISCOVERY).await["issuer"], ISSUER);
    let name = running.traces.container.clone().unwrap();
    let ports = engine(&["port", &name]).await;
    assert!(ports.lines().count() == 2 && ports.lines().all(|line| line.contains("-> 127.0.0.1:")), "{ports}");
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_like_the_official_one_imports_the_realm_when_it_starts() {
    let run = Run::new("plain");
    // What makes our image ours, taken away: label, database, class archive.
    let dockerfile =
        format!("FROM {}\nLABEL sso-lab=test\nRUN rm -r /opt/keycloak/data/h2 /opt/keycloak/lab\n", built().await.tag);
    let image = image_of("plain", &dockerfile).await;
    let options = DockerOptions { image: Some(image.clone()), ..DockerOptions::default() };

    let running = docker::start(&run.launch, &options, CancellationToken::new()).await.unwrap();
    assert_eq!(json(&running.upstream, DISCOVERY).await["issuer"], ISSUER);
    let admin = &run.launch.admin;
    assert_eq!(admin_sign_in(&running.upstream, &admin.username, &admin.password).await, Ok(()));
    running.stop().await.unwrap();
    engine(&["rmi", &image]).await;
}
