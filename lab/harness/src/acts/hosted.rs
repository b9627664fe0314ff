//! How a portal is hosted, as far as a lesson decides it.

use portals::StoreAt;

use super::{Store, client_of};
use crate::hosting::{How, MOST_REPLICAS};
use crate::trouble::{Kind, Trouble};
use crate::world::Parts;

impl Parts {
    pub(super) async fn restart_portal(&self, portal: &str) -> Result<(), Trouble> {
        let client = client_of(portal)?;
        self.hosting.turn().await.restart(client).await
    }

    /// Changes something at every replica of a portal, while nobody else makes one anew.
    pub(super) async fn at_each(&self, portal: &str, change: impl Fn(&portals::Portal)) -> Result<(), Trouble> {
        client_of(portal)?;
        let _turn = self.hosting.turn().await;
        self.hosting.portals().iter().filter(|one| one.kind().word() == portal).for_each(change);
        Ok(())
    }

    pub(super) async fn host(&self, portal: &str, replicas: u8, store: Store) -> Result<(), Trouble> {
        let client = client_of(portal)?;
        if replicas == 0 || replicas > MOST_REPLICAS {
            return Err(Trouble::new(
                Kind::Usage,
                format!("the {portal} portal cannot be hosted as {replicas} replicas"),
                "the lab hosts a portal as one replica or as two",
                "say 1 or 2",
            ));
        }
        let turn = self.hosting.turn().await;
        let store = match store {
            Store::Memory => StoreAt::Memory,
            Store::Redis => self.redis.store().await?,
        };
        turn.host(client, How { replicas, store }).await
    }
}
