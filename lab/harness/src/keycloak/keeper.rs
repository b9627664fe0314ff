//! Whoever holds the running Keycloak: it can be started anew by one while others wait for its end.

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{Running, RuntimeKind};
use crate::trouble::{Kind, Trouble};

/// The Keycloak of one lab.
pub(crate) struct Keeper {
    pub(crate) kind: RuntimeKind,
    /// Cancelled when the lab stops: a start under way is given up then.
    stopping: CancellationToken,
    held: Mutex<Held>,
}

struct Held {
    /// `None` once it is stopped.
    running: Option<Running>,
    /// How often it was started anew.
    restarts: u64,
}

impl Keeper {
    pub(crate) fn of(running: Running) -> Self {
        let kind = running.kind;
        let held = Mutex::new(Held { running: Some(running), restarts: 0 });
        Self { kind, stopping: CancellationToken::new(), held }
    }

    /// For tests of what needs no Keycloak.
    #[cfg(test)]
    pub(crate) fn of_nothing() -> Self {
        let held = Mutex::new(Held { running: None, restarts: 0 });
        Self { kind: RuntimeKind::Dist, stopping: CancellationToken::new(), held }
    }

    /// Stops Keycloak politely and starts it again: the same address, the same database. Returns when it is ready.
    ///
    /// # Errors
    /// Usage: the lab did not start it. State: the lab is stopping. Otherwise Keycloak does not start again: then it has
    /// died, as [`Self::died`] tells.
    pub(crate) async fn restart(&self) -> Result<(), Trouble> {
        let mut held = self.held.lock().await;
        let Held { running, restarts } = &mut *held;
        let Some(running) = running.as_mut().filter(|_| !self.stopping.is_cancelled()) else { return Err(stopping()) };
        // First: whoever sees it end must know that this one was to end.
        *restarts += 1;
        running.restart(&self.stopping).await
    }

    /// Resolves when Keycloak ended without being asked to, and says how. Never, once it is stopped. Safe to drop.
    pub(crate) async fn died(&self) -> String {
        loop {
            let (death, before) = {
                let held = self.held.lock().await;
                (held.running.as_ref().map(Running::death), held.restarts)
            };
            let Some(death) = death else { return std::future::pending().await };
            let how = death.await;
            // While it is started anew, this waits. If that failed, the next round resolves at once.
            let held = self.held.lock().await;
            if held.restarts == before && held.running.is_some() {
                return how;
            }
        }
    }

    /// Stops it and removes what the lab made for it. Bounded in time; a second call does nothing.
    ///
    /// # Errors
    /// Something is left behind, and where.
    pub(crate) async fn stop(&self) -> Result<(), Trouble> {
        self.stopping.cancel();
        match self.held.lock().await.running.take() {
            Some(running) => running.stop().await,
            None => Ok(()),
        }
    }
}

fn stopping() -> Trouble {
    Trouble::new(
        Kind::State,
        "the lab is stopping, so Keycloak is not started again",
        "its end has begun",
        "start the lab again",
    )
}

#[cfg(test)]
mod tests;
