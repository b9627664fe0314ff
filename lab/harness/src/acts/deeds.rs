//! What acts have changed in the realm, and how it is put back.

use realm::Client;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::keycloak::admin::Admin;
use crate::trouble::Trouble;

/// What acts have changed in the realm, and how it is put back.
#[derive(Default)]
pub(crate) struct Deeds {
    noted: Mutex<Vec<Undo>>,
}

pub(super) enum Undo {
    /// A user of the realm file.
    User(Value),
    /// A member of a client, as it was before. Not the whole client: a fault may have been in it that is long switched off.
    Client { client: Client, member: &'static str, before: Value },
    /// Attributes of a client, each as it was before; null where it was not there.
    Attributes { client: Client, before: Vec<(&'static str, Value)> },
    /// Members of the realm.
    Realm(Value),
    /// The keys from before; those of lessons that are not among them go.
    KeysBut(Vec<(String, String)>),
    /// Listeners, all of them.
    Listeners,
}

impl Deeds {
    /// Notes how something is undone, before it is done.
    pub(super) async fn note(&self, undo: Undo) {
        self.noted.lock().await.push(undo);
    }

    /// Undoes everything, the newest first. What could not be undone stays noted for the next try and keeps nothing else from
    /// being undone.
    ///
    /// # Errors
    /// The first trouble of Keycloak.
    pub(crate) async fn undo(&self, admin: &Admin) -> Result<(), Trouble> {
        let mut noted = self.noted.lock().await;
        let (mut left, mut first) = (Vec::new(), Ok(()));
        while let Some(undo) = noted.pop() {
            let undone = match &undo {
                Undo::User(user) => admin.put_user_back(user).await,
                Undo::Client { client, member, before } => put_back(admin, *client, member, before).await,
                Undo::Realm(members) => admin.put(&format!("realms/{}", realm::REALM), members).await,
                Undo::Attributes { client, before } => put_attributes_back(admin, *client, before).await,
                Undo::Listeners => admin.delete_listeners().await,
                Undo::KeysBut(known) => admin.delete_signing_keys_but(known).await,
            };
            if let Err(trouble) = undone {
                left.push(undo);
                first = first.and(Err(trouble));
            }
        }
        left.reverse();
        *noted = left;
        first
    }
}

/// Trap: a client that is sent without its web origins loses them, so what is there is read and sent back whole.
async fn put_back(admin: &Admin, client: Client, member: &str, before: &Value) -> Result<(), Trouble> {
    let mut current = admin.client(client).await?;
    current[member] = before.clone();
    admin.put_client(&current).await
}

/// Trap: an attribute that is left out stays as it is; an empty one goes.
async fn put_attributes_back(admin: &Admin, client: Client, before: &[(&str, Value)]) -> Result<(), Trouble> {
    let mut current = admin.client(client).await?;
    for (name, value) in before {
        current["attributes"][*name] = if value.is_null() { "".into() } else { value.clone() };
    }
    admin.put_client(&current).await
}
