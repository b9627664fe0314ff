//! One administrator in place of another.

use serde_json::json;

use super::Admin;
use crate::keycloak::Credentials;
use crate::trouble::Trouble;

const USERS: &str = "realms/master/users";

impl Admin {
    /// Makes `own` an administrator and removes the one that is signed in. For a database that came with an
    /// administrator whom others know: Keycloak makes a bootstrap administrator only together with the realm master.
    ///
    /// Errors: this administrator cannot sign in, `own` has a name that is taken, or Keycloak refuses a step.
    pub async fn hand_over_to(self, own: &Credentials) -> Result<(), Trouble> {
        let user = json!({
            "username": own.username,
            "enabled": true,
            // A complete profile: Keycloak asks for the missing parts at the first sign-in otherwise.
            "email": "administrator@lab.example",
            "emailVerified": true,
            "firstName": "Lab",
            "lastName": "Administrator",
            "credentials": [{ "type": "password", "value": own.password, "temporary": false }],
        });
        self.post(USERS, Some(&user)).await?;
        let id = self.user_id("master", &own.username).await?;
        let role = self.get("realms/master/roles/admin").await?;
        self.post(&format!("{USERS}/{id}/role-mappings/realm"), Some(&json!([role]))).await?;

        let former = self.user_id("master", &self.credentials.username).await?;
        self.delete(&format!("{USERS}/{former}")).await
    }
}
