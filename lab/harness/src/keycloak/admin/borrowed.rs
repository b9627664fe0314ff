//! A client for a moment, and Keycloak's own test whether it reaches a client.

use realm::REALM;
use serde_json::Value;

use super::{Admin, unexpected};
use crate::keycloak::readiness::below;
use crate::trouble::Trouble;

impl Admin {
    /// Creates a client and gives its internal id. Errors: Keycloak refuses it.
    pub(in crate::keycloak) async fn create_client(&self, client: &Value) -> Result<String, Trouble> {
        self.post(&format!("realms/{REALM}/clients"), Some(client)).await?;
        let mut url = below(&self.upstream, &format!("admin/realms/{REALM}/clients"));
        url.query_pairs_mut().append_pair("clientId", client["clientId"].as_str().unwrap_or_default());
        let found = self.json(reqwest::Method::GET, url, None).await?;
        found[0]["id"].as_str().map(str::to_owned).ok_or_else(|| unexpected("a new client", "it is not there"))
    }

    /// Makes Keycloak post `k_test_available` to the client's admin URL. Whether that arrived is not in the answer
    /// that counts here: the receiver's tap says it.
    pub(in crate::keycloak) async fn test_nodes(&self, id: &str) -> Result<(), Trouble> {
        self.get(&format!("realms/{REALM}/clients/{id}/test-nodes-available")).await.map(|_| ())
    }

    /// Deletes a client by its internal id.
    pub(in crate::keycloak) async fn delete_client(&self, id: &str) -> Result<(), Trouble> {
        self.delete(&format!("realms/{REALM}/clients/{id}")).await
    }
}
