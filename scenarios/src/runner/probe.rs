//! How it is found out who is signed in where. There is one honest way, [`Prober`]: old cookies and tokens are presented, and
//! nobody is asked what they believe.

use async_trait::async_trait;
use lab::Trouble;
use lab::browser::probe::Prober;
use lab::browser::{Loot, OldLogins};
use lab::control::messages::Topology;
use lab_trace::Matrix;

/// Finds out who is signed in where.
#[async_trait]
pub trait Probe: Send + Sync {
    /// Who is signed in where, now; each browser with the user whom Keycloak knows in it.
    async fn matrix(&self, topology: &Topology, browsers: &[(String, Loot)]) -> Result<Matrix, Trouble>;

    /// What cookies and tokens from before are worth now.
    async fn old_logins(&self, topology: &Topology, loot: &Loot) -> OldLogins;
}

#[async_trait]
impl Probe for Prober {
    async fn matrix(&self, topology: &Topology, browsers: &[(String, Loot)]) -> Result<Matrix, Trouble> {
        Self::matrix(self, topology, browsers).await
    }

    async fn old_logins(&self, topology: &Topology, loot: &Loot) -> OldLogins {
        Self::old_logins(self, topology, loot).await
    }
}
