//! What an administrator does in a lesson: one request each, as the console sends it.

use jiff::Timestamp;
use realm::{Client, REALM};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Admin, unexpected};
use crate::acts::{Grant, MOST_LISTENERS, listener_name};
use crate::trouble::{Kind, Trouble};

/// Priority of the first key that a lesson adds: above the 100 of the realm's own.
const PRIORITY: usize = 200;
/// Priority of a key that a lesson imports: below the realm's own, so it never signs.
const IMPORTED: usize = 50;
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

    /// Imports an RSA key that verifies and does not sign: its priority is below the realm's own. `pem`: its private half.
    pub(crate) async fn import_signing_key(&self, pem: &str) -> Result<(), Trouble> {
        let realm = self.get(&format!("realms/{REALM}")).await?;
        let body = json!({
            "name": ADDED, "providerId": "rsa", "providerType": "org.keycloak.keys.KeyProvider",
            "parentId": realm["id"],
            "config": {
                "priority": [IMPORTED.to_string()], "enabled": ["true"], "active": ["true"],
                "algorithm": ["RS256"], "privateKey": [pem],
            },
        });
        self.post(&format!("realms/{REALM}/components"), Some(&body)).await
    }

    /// The `kid` of the key that a lesson has imported.
    pub(crate) async fn imported_kid(&self) -> Result<String, Trouble> {
        let keys = self.get(&format!("realms/{REALM}/keys")).await?;
        let mut all = keys["keys"].as_array().into_iter().flatten();
        let imported = all.find(|key| key["providerPriority"] == json!(IMPORTED));
        let kid = imported.and_then(|key| key["kid"].as_str());
        kid.map(str::to_owned).ok_or_else(|| {
            Trouble::new(
                Kind::Lesson,
                "there is no key of a test realm: nobody has imported one",
                "the lesson's steps stand in the wrong order",
                "let an administrator import it before: `imports-test-key`",
            )
        })
    }

    /// Lets a client hear by the front channel, at the path of its back channel.
    pub(crate) async fn hear_by_front_channel(&self, client: Client) -> Result<(), Trouble> {
        let mut found = self.client(client).await?;
        found["frontchannelLogout"] = true.into();
        let address =
            found["attributes"]["post.logout.redirect.uris"].as_str().and_then(|uris| uris.split("##").next());
        let address = address.and_then(|uri| url::Url::parse(uri).ok()).and_then(|uri| uri.join("/logout").ok());
        let address = address.ok_or_else(|| unexpected("clients", "no address of the portal"))?;
        // The address that browsers know: the one of the back channel may be another, where Keycloak runs in a container.
        found["attributes"]["frontchannel.logout.url"] = address.as_str().into();
        found["attributes"]["frontchannel.logout.session.required"] = "true".into();
        self.put_client(&found).await
    }

    /// Registers applications that listen to the back channel, beside the internal portal's addresses.
    pub(crate) async fn register_listeners(&self, count: u32) -> Result<(), Trouble> {
        let internal = self.client(Client::Internal).await?;
        let address = |text: Option<&str>, path: &str| {
            let url = text.and_then(|text| url::Url::parse(text).ok()).and_then(|url| url.join(path).ok());
            url.ok_or_else(|| unexpected("clients", "no address of the internal portal"))
        };
        let attributes = &internal["attributes"];
        for number in 1..=count {
            let name = listener_name(number);
            let page = address(attributes["post.logout.redirect.uris"].as_str(), &format!("/listener/{name}/"))?;
            let heard = address(attributes["backchannel.logout.url"].as_str(), &format!("/listener/{name}/logout"))?;
            let body = json!({
                "clientId": name, "protocol": "openid-connect", "publicClient": true, "standardFlowEnabled": true,
                "redirectUris": [page.as_str()], "frontchannelLogout": false,
                "attributes": {
                    "backchannel.logout.url": heard.as_str(), "backchannel.logout.session.required": "true",
                },
            });
            self.post(&format!("realms/{REALM}/clients"), Some(&body)).await?;
        }
        Ok(())
    }

    /// Takes all listeners away.
    pub(crate) async fn delete_listeners(&self) -> Result<(), Trouble> {
        let mut url = self.url(&format!("realms/{REALM}/clients"));
        url.query_pairs_mut().append_pair("clientId", "listener-").append_pair("search", "true");
        let found = self.json(Method::GET, url, None).await?;
        // The search finds parts of names, and a realm of somebody's own may have clients with such a name.
        let ours =
            |client: &&Value| (1..=MOST_LISTENERS).any(|number| client["clientId"] == json!(listener_name(number)));
        for client in found.as_array().into_iter().flatten().filter(ours) {
            if let Some(id) = client["id"].as_str() {
                self.delete(&format!("realms/{REALM}/clients/{id}")).await?;
            }
        }
        Ok(())
    }

    /// Gives a user one of Keycloak's own roles.
    pub(crate) async fn grant(&self, username: &str, role: Grant) -> Result<(), Trouble> {
        let id = self.user_id(REALM, username).await?;
        let (of_role, mappings) = match role {
            Grant::OfflineAccess => (format!("realms/{REALM}/roles/offline_access"), "realm".to_owned()),
            Grant::ManageAccount => {
                let mut url = self.url(&format!("realms/{REALM}/clients"));
                url.query_pairs_mut().append_pair("clientId", "account");
                let clients = self.json(Method::GET, url, None).await?;
                let client = clients[0]["id"].as_str().ok_or_else(|| unexpected("clients", "no client `account`"))?;
                (format!("realms/{REALM}/clients/{client}/roles/manage-account"), format!("clients/{client}"))
            }
        };
        let role = self.get(&of_role).await?;
        self.post(&format!("realms/{REALM}/users/{id}/role-mappings/{mappings}"), Some(&json!([role]))).await
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
