//! Sessions and what Keycloak wrote down about them.

use realm::REALM;
use serde_json::{Value, json};

use super::Admin;
use crate::control::messages::{ClientSettings, SsoSession};
use crate::trouble::Trouble;

impl Admin {
    /// The `sid`s of a user's sessions in the realm, oldest first; empty when the user is not signed in anywhere.
    /// Errors: no such user.
    pub async fn user_sessions(&self, username: &str) -> Result<Vec<String>, Trouble> {
        let id = self.user_id(REALM, username).await?;
        Ok(self.sessions_of(&id).await?.into_iter().map(|session| session.sid).collect())
    }

    /// A user's sessions, oldest first, and who has a part in each; empty for a user who is not there: somebody who was
    /// deleted has no session.
    pub async fn sessions_with_clients(&self, username: &str) -> Result<Vec<SsoSession>, Trouble> {
        match self.find_user(username).await? {
            Some(user) => self.sessions_of(user["id"].as_str().unwrap_or_default()).await,
            None => Ok(Vec::new()),
        }
    }

    async fn sessions_of(&self, user_id: &str) -> Result<Vec<SsoSession>, Trouble> {
        let sessions = self.get(&format!("realms/{REALM}/users/{user_id}/sessions")).await?;
        let mut sessions: Vec<&Value> = sessions.as_array().into_iter().flatten().collect();
        sessions.sort_by_key(|session| session["start"].as_u64());
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let session = |session: &Value| {
            let clients = session["clients"].as_object().into_iter().flatten();
            Some(SsoSession { sid: text(&session["id"])?, clients: clients.filter_map(|(_, id)| text(id)).collect() })
        };
        Ok(sessions.into_iter().filter_map(session).collect())
    }

    /// What decides how the three clients hear of a logout.
    pub async fn logout_settings(&self) -> Result<Vec<ClientSettings>, Trouble> {
        let written = |client: &Value, name: &str| {
            client["attributes"][name].as_str().is_some_and(|address| !address.trim().is_empty())
        };
        let settings = |client: &Value| ClientSettings {
            client_id: client["clientId"].as_str().unwrap_or_default().to_owned(),
            enabled: client["enabled"] == json!(true),
            front_channel: client["frontchannelLogout"] == json!(true),
            front_channel_url: written(client, "frontchannel.logout.url"),
            back_channel_url: written(client, "backchannel.logout.url"),
        };
        Ok(self.clients().await?.iter().map(settings).collect())
    }

    /// Ends all sessions of the realm without telling any client, so that nothing of it is seen on a tap.
    pub async fn end_all_sessions(&self) -> Result<(), Trouble> {
        self.post(&format!("realms/{REALM}/logout-all"), Some(&json!({}))).await?;
        // "Log out all" also sets the realm's not-before to this second. The sessions are gone anyway, so it adds
        // nothing but a setting that the next lesson did not ask for. (A sign-in of the same second is let through.)
        self.put(&format!("realms/{REALM}"), &json!({ "notBefore": 0 })).await
    }

    /// Forgets the realm's events, admin events and counted sign-in failures.
    pub async fn clear_events(&self) -> Result<(), Trouble> {
        self.delete(&format!("realms/{REALM}/attack-detection/brute-force/users")).await?;
        self.delete(&format!("realms/{REALM}/events")).await?;
        // The last, because the others are admin events themselves.
        self.delete(&format!("realms/{REALM}/admin-events")).await
    }
}
