//! What an administrator does in a lesson: one request each, as the console sends it.

use jiff::Timestamp;
use realm::{Client, REALM};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Admin, unexpected};
use crate::trouble::Trouble;

/// Priority of the first key that a lesson adds: above the 100 of the realm's own.
const PRIORITY: usize = 200;
/// What such keys are called.
const ADDED: &str = "rotated";
/// How many of the newest events are looked at; one step of a lesson writes a few.
const EVENTS: &str = "100";

impl Admin {
    /// Ends one session ("Sign out" beside it): `DELETE sessions/{sid}`.
    pub async fn end_session(&self, sid: &str) -> Result<(), Trouble> {
        self.delete(&format!("realms/{REALM}/sessions/{sid}")).await
    }

    /// Ends all sessions of a user ("Sign out" on the user's page): `POST users/{id}/logout`.
    pub async fn log_out_user(&self, username: &str) -> Result<(), Trouble> {
        let id = self.user_id(REALM, username).await?;
        self.post(&format!("realms/{REALM}/users/{id}/logout"), Some(&json!({}))).await
    }

    /// Ends all sessions of the realm ("Sign out all active sessions"), not-before included: `POST logout-all`.
    pub async fn log_out_everybody(&self) -> Result<(), Trouble> {
        self.post(&format!("realms/{REALM}/logout-all"), Some(&json!({}))).await
    }

    /// A user of the realm as Keycloak has it; `None` when there is none of that name.
    pub async fn find_user(&self, username: &str) -> Result<Option<Value>, Trouble> {
        self.user_in(REALM, username).await
    }

    /// Switches a user off.
    pub async fn disable_user(&self, username: &str) -> Result<(), Trouble> {
        let id = self.user_id(REALM, username).await?;
        self.put(&format!("realms/{REALM}/users/{id}"), &json!({ "enabled": false })).await
    }

    /// Deletes a user.
    pub async fn delete_user(&self, username: &str) -> Result<(), Trouble> {
        let id = self.user_id(REALM, username).await?;
        self.delete(&format!("realms/{REALM}/users/{id}")).await
    }

    /// Gives a user another password.
    pub async fn reset_password(&self, username: &str, password: &str) -> Result<(), Trouble> {
        let id = self.user_id(REALM, username).await?;
        let body = json!({ "type": "password", "value": password, "temporary": false });
        self.put(&format!("realms/{REALM}/users/{id}/reset-password"), &body).await
    }

    /// Takes all realm roles from a user that were given to this user and not to everybody.
    pub async fn take_roles(&self, username: &str) -> Result<(), Trouble> {
        let id = self.user_id(REALM, username).await?;
        let path = format!("realms/{REALM}/users/{id}/role-mappings/realm");
        let mut roles = self.get(&path).await?;
        if let Some(roles) = roles.as_array_mut() {
            roles.retain(|role| !role["name"].as_str().unwrap_or_default().starts_with("default-roles-"));
        }
        self.json(Method::DELETE, self.url(&path), Some(&roles)).await.map(|_| ())
    }

    /// Puts a user of a realm file into the realm, in place of one of the same name: roles and password too.
    pub async fn put_user_back(&self, user: &Value) -> Result<(), Trouble> {
        let body = json!({ "ifResourceExists": "OVERWRITE", "users": [user] });
        self.json(Method::POST, self.url(&format!("realms/{REALM}/partialImport")), Some(&body)).await.map(|_| ())
    }

    /// Sets the realm's not-before to this second ("Set to now").
    pub async fn set_not_before(&self, at: Timestamp) -> Result<(), Trouble> {
        self.put(&format!("realms/{REALM}"), &json!({ "notBefore": at.as_second() })).await
    }

    /// Switches a client off.
    pub async fn disable_client(&self, client: Client) -> Result<(), Trouble> {
        let mut found = self.client(client).await?;
        found["enabled"] = false.into();
        self.put_client(&found).await
    }

    /// Gives a client a name of its own for each user: the "pairwise subject identifier" mapper (Core, 8.1).
    pub async fn add_pairwise_subject(&self, client: Client) -> Result<(), Trouble> {
        let mut found = self.client(client).await?;
        let mapper = json!({
            "name": "pairwise subject identifier", "protocol": "openid-connect",
            "protocolMapper": "oidc-sha256-pairwise-sub-mapper",
            "config": { "pairwiseSubAlgorithmSalt": "a-lesson" },
        });
        match found["protocolMappers"].as_array_mut() {
            Some(mappers) => mappers.push(mapper),
            None => found["protocolMappers"] = json!([mapper]),
        }
        self.put_client(&found).await
    }

    /// Adds an RSA key that signs from now on, also if a lesson has added one before.
    pub async fn add_signing_key(&self) -> Result<(), Trouble> {
        let realm = self.get(&format!("realms/{REALM}")).await?;
        let added = self.key_providers().await?.iter().filter(|(_, name)| name == ADDED).count();
        let body = json!({
            "name": ADDED, "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
            "parentId": realm["id"],
            "config": {
                "priority": [(PRIORITY + added).to_string()], "enabled": ["true"], "active": ["true"],
                "algorithm": ["RS256"],
            },
        });
        self.post(&format!("realms/{REALM}/components"), Some(&body)).await
    }

    /// Deletes the keys that lessons have added and that are not among `known`.
    pub(crate) async fn delete_signing_keys_but(&self, known: &[(String, String)]) -> Result<(), Trouble> {
        for (id, name) in self.key_providers().await? {
            if name == ADDED && !known.iter().any(|(other, _)| *other == id) {
                self.delete_key_provider(&id).await?;
            }
        }
        Ok(())
    }

    /// The `kid` of the key that signs with RS256 now.
    pub async fn signing_kid(&self) -> Result<String, Trouble> {
        let keys = self.get(&format!("realms/{REALM}/keys")).await?;
        let kid = keys["active"]["RS256"].as_str();
        kid.map(str::to_owned).ok_or_else(|| unexpected("keys", "no active key for RS256"))
    }

    /// The realm's newest events, oldest first, as Keycloak wrote them.
    pub async fn events(&self) -> Result<Vec<Value>, Trouble> {
        let mut url = self.url(&format!("realms/{REALM}/events"));
        url.query_pairs_mut().append_pair("max", EVENTS);
        let mut events = self.json(Method::GET, url, None).await?.as_array().cloned().unwrap_or_default();
        events.reverse();
        Ok(events)
    }
}
