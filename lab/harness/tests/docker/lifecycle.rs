//! From start to stop.

use lab::keycloak::docker;
use tokio_util::sync::CancellationToken;

use crate::support::{Run, built, containers_with};

#[tokio::test(flavor = "multi_thread")]
async fn after_the_stop_no_container_is_left() {
    built().await;
    let run = Run::new("stop");
    let label = format!("sso-lab.run={}", run.launch.run_id);

    let running = docker::start(&run.launch, CancellationToken::new()).await.unwrap();
    assert_eq!(containers_with(&label).await.len(), 1);

    running.stop().await.unwrap();
    assert_eq!(containers_with(&label).await, Vec::<String>::new());
}
