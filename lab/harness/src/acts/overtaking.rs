//! Logouts that come first. Who logs out is an administrator: of all logouts that need no browser, it is the plainest.

use std::sync::Arc;

use super::client_of;
use crate::tap::overtaking::{Ender, Overtaking};
use crate::trouble::Trouble;
use crate::world::Parts;

impl Parts {
    pub(super) fn overtake_tokens(&self, portal: &str) -> Result<(), Trouble> {
        client_of(portal)?;
        self.tap("keycloak")?.overtake(Overtaking::TokensFor(portal.to_owned()), self.ender());
        Ok(())
    }

    pub(super) fn overtake_post(&self, portal: &str, sid: String) -> Result<(), Trouble> {
        self.tap(portal)?.overtake(Overtaking::PostOf(sid), self.ender());
        Ok(())
    }

    /// Ends a session as an administrator does. Keycloak answers when every listener has.
    fn ender(&self) -> Ender {
        let admin = Arc::clone(&self.admin);
        Arc::new(move |sid| {
            let admin = Arc::clone(&admin);
            Box::pin(async move {
                // Nobody waits for the verdict here; the lesson's matrix shows a session that did not end.
                if let Err(trouble) = admin.end_session(&sid).await {
                    tracing::warn!(%trouble, "a logout that was to come first did not come");
                }
            })
        })
    }
}
