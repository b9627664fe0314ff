//! Settings of the realm that a lesson's administrator changes, and what they were before.

use serde_json::{Map, Value, json};

use super::Undo;
use crate::trouble::Trouble;
use crate::world::Parts;

/// Differs from Keycloak's own policy in its last directive only, which forbids nothing that its pages do.
const FRAME_POLICY: &str = "frame-src 'self'; frame-ancestors 'self'; object-src 'none'; base-uri 'self';";

impl Parts {
    pub(super) async fn rotate_refresh_tokens(&self) -> Result<(), Trouble> {
        self.note_realm(&["revokeRefreshToken", "refreshTokenMaxReuse"]).await?;
        self.change_realm(&json!({ "revokeRefreshToken": true, "refreshTokenMaxReuse": 0 })).await
    }

    pub(super) async fn set_remember_me(&self, on: bool) -> Result<(), Trouble> {
        self.note_realm(&["rememberMe"]).await?;
        self.change_realm(&json!({ "rememberMe": on })).await
    }

    pub(super) async fn override_frame_policy(&self) -> Result<(), Trouble> {
        self.note_realm(&["browserSecurityHeaders"]).await?;
        // Keycloak leaves the other headers as they are.
        self.change_realm(&json!({ "browserSecurityHeaders": { "contentSecurityPolicy": FRAME_POLICY } })).await
    }

    /// Notes what these members of the realm are, so that a reset puts them back.
    pub(super) async fn note_realm(&self, names: &[&str]) -> Result<(), Trouble> {
        let realm = self.admin.get(&format!("realms/{}", realm::REALM)).await?;
        let before: Map<String, Value> = names.iter().map(|name| ((*name).to_owned(), realm[*name].clone())).collect();
        self.deeds.note(Undo::Realm(Value::Object(before))).await;
        Ok(())
    }

    pub(super) async fn change_realm(&self, members: &Value) -> Result<(), Trouble> {
        self.admin.put(&format!("realms/{}", realm::REALM), members).await
    }
}
