use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Parts;
use super::testing::{self, parts};
use crate::control::client::LabClient;
use crate::control::server;
use crate::faults::Change;
use crate::listening::{self, Limits};
use crate::state::{Folders, Seat};
use crate::trouble::Kind;

/// A lab that other computers can reach. Nothing of Keycloak is there: what is refused must not get that far.
fn exposed(seat: &Seat) -> Parts {
    parts(seat, "192.0.2.1".parse().unwrap())
}

#[tokio::test]
async fn a_running_lab_that_others_can_reach_gets_no_faults_and_says_why() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let stop = CancellationToken::new();
    let folder = tempfile::tempdir().unwrap();
    let folders = Folders { cache: folder.path().join("cache"), state: folder.path().join("state") };
    let seat = Seat::claim_own(&folders).unwrap();
    let router = server::router(Arc::new(exposed(&seat)), &testing::record("word"), stop.clone(), axum::Router::new());
    let serving = tokio::spawn(listening::serve(router, listener, Limits::USUAL, stop.clone()));
    let client = LabClient::new(base, "word".to_owned());

    for fault in ["s4-unverified-token", "s3-whose-localhost"] {
        let change = Change { on: vec![fault.to_owned()], off: Vec::new() };
        let refused = client.switch_faults(&change).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Safety, "{refused:?}");
        assert_eq!(refused.what, "refusing to plant faults in a lab that listens on 192.0.2.1");
        assert!(refused.action.contains("--bind"), "{refused:?}");
    }
    assert!(client.faults().await.unwrap().iter().all(|fault| !fault.on));
    // Switching off is never refused.
    let off = Change { on: Vec::new(), off: vec!["s4-unverified-token".to_owned()] };
    assert_eq!(client.switch_faults(&off).await.unwrap(), Vec::<String>::new());

    stop.cancel();
    serving.await.unwrap();
}
