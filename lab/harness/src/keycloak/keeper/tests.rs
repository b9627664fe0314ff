use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::Keeper;
use crate::keycloak::{Death, Leftovers, Running, RuntimeKind, Supervised};
use crate::trouble::{Kind, Trouble};

const DEADLINE: Duration = Duration::from_secs(10);

/// A Keycloak of the mind: which life it is in, and whether that goes on.
struct Fake {
    life: watch::Sender<bool>,
    restarts: Arc<AtomicU32>,
    /// It does not come back.
    broken: bool,
}

#[async_trait]
impl Supervised for Fake {
    async fn stop(&mut self) -> Result<(), Trouble> {
        self.life.send_replace(false);
        Ok(())
    }

    async fn restart(&mut self, cancel: &CancellationToken) -> Result<Option<i32>, Trouble> {
        self.life.send_replace(false);
        // Everybody who waits for its end sees it now.
        tokio::task::yield_now().await;
        let count = self.restarts.fetch_add(1, Ordering::SeqCst) + 1;
        if self.broken {
            cancel.cancelled().await;
            return Err(Trouble::new(Kind::Part, "it does not come back", "", ""));
        }
        self.life = watch::Sender::new(true);
        Ok(Some(i32::try_from(count).unwrap()))
    }

    fn death(&self) -> Death {
        let mut life = self.life.subscribe();
        Box::pin(async move {
            let _ = life.wait_for(|lives| !lives).await;
            "it ended".to_owned()
        })
    }
}

fn keeper(broken: bool) -> (Arc<Keeper>, Arc<AtomicU32>) {
    let restarts = Arc::new(AtomicU32::new(0));
    let fake = Fake { life: watch::Sender::new(true), restarts: restarts.clone(), broken };
    let traces = Leftovers::of("run", RuntimeKind::Dist);
    let running = Running::new("http://127.0.0.1:9/".parse().unwrap(), "26".to_owned(), traces, Box::new(fake));
    (Arc::new(Keeper::of(running)), restarts)
}

#[tokio::test]
async fn a_restart_is_no_death_and_its_process_group_is_noted() {
    let (keeper, restarts) = keeper(false);
    let waiting = tokio::spawn({
        let keeper = keeper.clone();
        async move { keeper.died().await }
    });
    for _ in 0..3 {
        tokio::task::yield_now().await;
        keeper.restart().await.unwrap();
    }
    assert_eq!(restarts.load(Ordering::SeqCst), 3);
    assert_eq!(keeper.held.lock().await.running.as_ref().unwrap().traces.pgid, Some(3));
    assert!(!waiting.is_finished());
    assert!(timeout(Duration::from_millis(50), keeper.died()).await.is_err(), "it lives");
    keeper.stop().await.unwrap();
    assert!(timeout(Duration::from_millis(50), waiting).await.is_err(), "and was asked to end");
    assert_eq!(keeper.restart().await.unwrap_err().kind, Kind::State);
    keeper.stop().await.unwrap();
}

#[tokio::test]
async fn one_that_does_not_come_back_has_died_and_a_stop_does_not_wait_for_it() {
    let (keeper, restarts) = keeper(true);
    let restarting = tokio::spawn({
        let keeper = keeper.clone();
        async move { keeper.restart().await }
    });
    while restarts.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let waiting = tokio::spawn({
        let keeper = keeper.clone();
        async move { keeper.died().await }
    });
    keeper.stopping.cancel();
    assert_eq!(timeout(DEADLINE, restarting).await.unwrap().unwrap().unwrap_err().what, "it does not come back");
    assert_eq!(timeout(DEADLINE, waiting).await.unwrap().unwrap(), "it ended");
    timeout(DEADLINE, keeper.stop()).await.unwrap().unwrap();
}
