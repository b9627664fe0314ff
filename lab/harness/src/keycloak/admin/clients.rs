//! The three clients' addresses and secrets: changed in place, tens of milliseconds instead of another import.

use realm::{Client, REALM, Realm};
use reqwest::Method;
use serde_json::Value;

use super::{Admin, unexpected};
use crate::keycloak::readiness::below;
use crate::trouble::Trouble;

/// Members of a client that depend on where the lab's portals are, or that keep their secret.
const MEMBERS: [&str; 6] = ["rootUrl", "baseUrl", "redirectUris", "webOrigins", "secret", "frontchannelLogout"];

impl Admin {
    /// Gives the three clients the addresses, secrets and logout settings of `filled`; leaves everything else as it
    /// is. Errors: a client is not there.
    pub async fn patch_clients(&self, filled: &Realm) -> Result<(), Trouble> {
        for client in Client::ALL {
            let current = self.client(client).await?;
            let wanted = filled.client(client).cloned().unwrap_or_default();
            let merged = merge(&current, &wanted);
            if merged != current {
                self.put_client(&merged).await?;
            }
        }
        Ok(())
    }

    /// The three clients as Keycloak has them, secrets included.
    pub async fn clients(&self) -> Result<Vec<Value>, Trouble> {
        let mut clients = Vec::new();
        for client in Client::ALL {
            clients.push(self.client(client).await?);
        }
        Ok(clients)
    }

    /// Puts a client back as [`Self::clients`] gave it.
    pub async fn put_client(&self, client: &Value) -> Result<(), Trouble> {
        let id = client["id"].as_str().ok_or_else(|| unexpected("a client", "no id"))?;
        self.put(&format!("realms/{REALM}/clients/{id}"), client).await
    }

    /// One client as Keycloak has it, its secret included.
    pub async fn client(&self, client: Client) -> Result<Value, Trouble> {
        let mut url = below(&self.upstream, &format!("admin/realms/{REALM}/clients"));
        url.query_pairs_mut().append_pair("clientId", client.id());
        let found = self.json(Method::GET, url, None).await?;
        match found.as_array().and_then(|list| list.first()) {
            Some(found) => Ok(found.clone()),
            None => Err(unexpected(&format!("the client {}", client.id()), "the realm does not have it")),
        }
    }
}

/// `current` with the address-dependent members of `wanted`. Attributes are merged one by one: Keycloak keeps more of
/// them than a realm file names. A logout address that `wanted` does not name goes away, because an address left over
/// from another lab is a fault that nobody planted.
fn merge(current: &Value, wanted: &Value) -> Value {
    let mut merged = current.clone();
    for member in MEMBERS {
        if let Some(value) = wanted.get(member) {
            merged[member] = value.clone();
        }
    }
    for attribute in ["backchannel.logout.url", "frontchannel.logout.url"] {
        if wanted["attributes"][attribute].is_null()
            && merged["attributes"][attribute].is_string()
            && let Some(slot) = merged["attributes"].get_mut(attribute)
        {
            *slot = "".into();
        }
    }
    if let Some(attributes) = wanted["attributes"].as_object() {
        for (name, value) in attributes {
            merged["attributes"][name] = value.clone();
        }
    }
    merged
}

#[cfg(test)]
mod tests;
