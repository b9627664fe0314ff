//! Creating, finding and deleting a realm.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Admin, refused};
use crate::trouble::Trouble;

/// Realm attribute that says which run of the lab made a realm. A realm without it is somebody else's.
pub const RUN_ATTRIBUTE: &str = "sso-lab.run";

impl Admin {
    /// Creates a realm from its representation. Errors: it is there already, Keycloak finds it wrong.
    pub async fn import_realm(&self, representation: &Value) -> Result<(), Trouble> {
        self.post("realms", Some(representation)).await
    }

    /// Deletes a realm with everything in it. A realm that is not there is deleted.
    pub async fn delete_realm(&self, name: &str) -> Result<(), Trouble> {
        let url = self.url(&format!("realms/{name}"));
        let (status, text) = self.ask(Method::DELETE, url.clone(), None).await?;
        if status.is_success() || status == StatusCode::NOT_FOUND {
            Ok(())
        } else {
            Err(refused(&Method::DELETE, &url, status, &text))
        }
    }

    /// Whether there is a realm of this name.
    pub async fn realm_exists(&self, name: &str) -> Result<bool, Trouble> {
        Ok(self.realm(name).await?.is_some())
    }

    /// A realm's own settings; `None` when there is no such realm.
    pub async fn realm(&self, name: &str) -> Result<Option<Value>, Trouble> {
        let url = self.url(&format!("realms/{name}"));
        let (status, text) = self.ask(Method::GET, url.clone(), None).await?;
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            _ if status.is_success() => Ok(Some(serde_json::from_str(&text).unwrap_or(Value::Null))),
            _ => Err(refused(&Method::GET, &url, status, &text)),
        }
    }
}

/// A realm's representation with the mark of the run that makes it.
pub(super) fn marked(representation: &Value, run_id: &str) -> Value {
    let mut marked = representation.clone();
    if !marked["attributes"].is_object() {
        marked["attributes"] = json!({});
    }
    marked["attributes"][RUN_ATTRIBUTE] = run_id.into();
    marked
}

/// The run that made a realm, if a lab did.
pub(super) fn run_of(realm: &Value) -> Option<&str> {
    realm["attributes"][RUN_ATTRIBUTE].as_str()
}
