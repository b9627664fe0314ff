//! The realm as a file, out of the running server.

use realm::REALM;
use reqwest::Method;
use serde_json::Value;

use super::Admin;
use crate::keycloak::readiness::below;
use crate::trouble::Trouble;

impl Admin {
    /// The realm with its clients, groups and roles, as Keycloak's partial export gives it. Secrets come masked
    /// (`**********`), users not at all.
    ///
    /// Errors: no answer, or the administrator may not export.
    pub async fn export_realm(&self) -> Result<Value, Trouble> {
        let mut url = below(&self.upstream, &format!("admin/realms/{REALM}/partial-export"));
        url.query_pairs_mut().append_pair("exportClients", "true").append_pair("exportGroupsAndRoles", "true");
        self.json(Method::POST, url, None).await
    }

    /// Ids and names of the realm's key providers.
    pub(crate) async fn key_providers(&self) -> Result<Vec<(String, String)>, Trouble> {
        let mut url = below(&self.upstream, &format!("admin/realms/{REALM}/components"));
        url.query_pairs_mut().append_pair("type", "org.keycloak.keys.KeyProvider");
        let found = self.json(Method::GET, url, None).await?;
        let text = |entry: &Value, name: &str| entry[name].as_str().map(str::to_owned);
        let entries = found.as_array().into_iter().flatten();
        Ok(entries.filter_map(|entry| Some((text(entry, "id")?, text(entry, "name")?))).collect())
    }

    /// Deletes a key provider, and with it its keys.
    pub(crate) async fn delete_key_provider(&self, id: &str) -> Result<(), Trouble> {
        self.delete(&format!("realms/{REALM}/components/{id}")).await
    }
}
