//! Named realm faults: mistakes in a realm that lessons plant and take away again.
//!
//! Each is a file in `realm/faults`: what is wrong, which scenario shows it, how to do it right, which rule of the
//! linter finds it, and the change itself as JSON Merge Patch (RFC 7396). Keycloak takes a blank attribute for none,
//! so a patch that takes an attribute away sets it to `""`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use crate::{Client, Realm, replace_origin};

mod files;

/// A mistake that a realm can have.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Its name in commands and lessons, such as `s1-frontchannel-switch-on`.
    pub name: String,
    /// Where it comes from: a defect of the original demo (S), a pitfall or scenario of the catalogue.
    pub origin: String,
    /// What is wrong, in one sentence.
    pub sentence: String,
    /// The scenario of the catalogue that shows it.
    pub scenario: String,
    /// How to do it right, in one sentence.
    pub right: String,
    /// The linter's rule that finds it.
    pub rule: String,
    patch: Patch,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Patch {
    realm: Option<Value>,
    clients: BTreeMap<String, Value>,
}

/// What a patch changes: the realm's own settings, or one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// The realm's own settings.
    Realm,
    /// A client.
    Client(Client),
}

/// A word that names no realm fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{found}\" is not a fault of the realm{}", nearest.as_ref().map(|name| format!("; did you mean \"{name}\"?")).unwrap_or_default())]
pub struct UnknownFault {
    /// The word.
    pub found: String,
    /// The nearest name, if one is near enough to be a slip of the pen.
    pub nearest: Option<String>,
}

static ALL: LazyLock<Vec<Fault>> = LazyLock::new(|| files::FILES.iter().map(|text| read(text)).collect());

/// A test reads every file, so that this never fails elsewhere.
fn read(text: &str) -> Fault {
    serde_json::from_str(text).unwrap_or_else(|error| unreachable!("a fault's file: {error}"))
}

impl Fault {
    /// All of them, by name.
    pub fn all() -> &'static [Self] {
        &ALL
    }

    /// The fault of this name. Errors: there is none; the nearest name is told.
    pub fn named(name: &str) -> Result<&'static Self, UnknownFault> {
        let word = name.trim().to_ascii_lowercase();
        if let Some(fault) = ALL.iter().find(|fault| fault.name == word) {
            return Ok(fault);
        }
        let names: Vec<&str> = ALL.iter().map(|fault| fault.name.as_str()).collect();
        // `s1` or `wildcard` is what people remember of a name.
        let part = |name: &&&str| word.len() > 1 && name.split('-').any(|part| part == word);
        let nearest = similar::get_close_matches(word.as_str(), &names, 1, 0.6).first().copied();
        let nearest = nearest.or_else(|| names.iter().find(part).copied());
        Err(UnknownFault { found: name.to_owned(), nearest: nearest.map(str::to_owned) })
    }

    /// What the fault changes.
    pub fn targets(&self) -> impl Iterator<Item = Target> {
        let clients = Client::ALL.into_iter().filter(|client| self.patch.clients.contains_key(client.id()));
        self.patch.realm.iter().map(|_| Target::Realm).chain(clients.map(Target::Client))
    }

    /// The merge patch for `target`, for the representation `current` of it. Addresses in the file are those of the
    /// shipped realm; they move to the client's own `rootUrl`. `None` when the fault does not change `target`.
    pub fn patch(&self, target: Target, current: &Value) -> Option<Value> {
        match target {
            Target::Realm => self.patch.realm.clone(),
            Target::Client(client) => {
                let mut patch = self.patch.clients.get(client.id())?.clone();
                if let Some(root) = current["rootUrl"].as_str() {
                    replace_origin(&mut patch, client.default_origin(), root.trim_end_matches('/'));
                }
                Some(patch)
            }
        }
    }

    /// The realm with the fault planted. Works on the shipped realm and on a filled one.
    #[must_use]
    pub fn apply(&self, realm: &Realm) -> Realm {
        let mut faulty = realm.clone();
        for target in self.targets() {
            let place = match target {
                Target::Realm => Some(&mut faulty.json),
                Target::Client(client) => faulty.client_mut(client),
            };
            if let Some(place) = place
                && let Some(patch) = self.patch(target, place)
            {
                merge(place, &patch);
            }
        }
        faulty
    }
}

/// JSON Merge Patch (RFC 7396).
pub fn merge(target: &mut Value, patch: &Value) {
    json_patch::merge(target, patch);
}

#[cfg(test)]
mod tests;
