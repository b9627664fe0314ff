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
}
