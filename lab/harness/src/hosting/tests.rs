//! Portals alone, as they are hosted: nobody asks a Keycloak before somebody signs in.

use std::time::Duration;

use portals::StoreAt;
use realm::{Client, Hosts, Secrets};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use super::{Hosting, How};
use crate::places::Places;
use crate::recorder::Recorder;
use crate::state::{Folders, Seat};
use crate::tap::Masker;

struct Stand {
    hosting: Hosting,
    stop: CancellationToken,
    tasks: TaskTracker,
    seat: Seat,
    _folder: tempfile::TempDir,
}

impl Stand {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let folders = Folders { cache: folder.path().join("cache"), state: folder.path().join("state") };
        let seat = Seat::claim_own(&folders).unwrap();
        let origin = |port: u16| format!("http://localhost:{port}");
        let places = Places {
            sites: crate::sites::Sites::Same,
            keycloak: Url::parse(&origin(9)).unwrap(),
            hosts: Hosts { internal: origin(1), external: origin(2), admin: origin(3) },
        };
        let secrets = Secrets { internal: "one".to_owned(), admin: "two".to_owned() };
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let mut hosting = Hosting::new(Recorder::new(), Masker::new(), stop.clone(), tasks.clone());
        hosting.open(&places, &secrets, &seat).await.unwrap();
        Self { hosting, stop, tasks, seat, _folder: folder }
    }

    /// Where internal's replicas listen.
    fn at(&self) -> Vec<Url> {
        super::addresses(&self.hosting.house(Client::Internal).unwrap().held().replicas)
    }

    /// How many portals run, and how many of them have a fault.
    fn counts(&self) -> (usize, usize) {
        let portals = self.hosting.portals();
        (portals.len(), portals.iter().filter(|portal| !portal.faults().is_empty()).count())
    }
}

async fn listens(at: &Url) -> bool {
    TcpStream::connect(("127.0.0.1", at.port().unwrap())).await.is_ok()
}

#[tokio::test]
async fn whatever_ran_before_has_ended_and_its_faults_and_clock_have_not() {
    let stand = Stand::new().await;
    let faults: portals::Faults = [portals::Fault::S4UnverifiedToken].into_iter().collect();
    stand.hosting.portals()[0].set_faults(faults).unwrap();
    assert_eq!(stand.counts(), (3, 1));
    let mut before = stand.at();
    let turn = stand.hosting.turn().await;
    for (replicas, all) in [(2, 4), (2, 4), (1, 3)] {
        turn.host(Client::Internal, How { replicas, store: StoreAt::Memory }).await.unwrap();
        turn.restart(Client::Internal).await.unwrap();
        let now = stand.at();
        assert_eq!((now.len(), stand.counts()), (usize::from(replicas), (all, usize::from(replicas))));
        for (old, new) in before.iter().zip(&now) {
            assert!(!listens(old).await && listens(new).await);
        }
        before = now;
    }
    stand.hosting.clocks().next().unwrap().advance(jiff::SignedDuration::from_hours(1));
    turn.restart(Client::Internal).await.unwrap();
    let ahead = stand.hosting.portals()[0].clock().now().duration_since(jiff::Timestamp::now());
    assert!(ahead > jiff::SignedDuration::from_mins(59), "{ahead}");

    turn.host(Client::Internal, How { replicas: 2, store: StoreAt::Memory }).await.unwrap();
    turn.reset().await.unwrap();
    assert_eq!(stand.counts(), (3, 1), "faults are switched by somebody else");
    drop(turn);
    stand.stop.cancel();
    stand.tasks.close();
    tokio::time::timeout(Duration::from_secs(10), stand.tasks.wait()).await.expect("everything ends with the lab");
    stand.seat.release().unwrap();
}
