//! Faults in the running realm, and what stood there before.
//!
//! Only the members that a fault changes are remembered and put back: what a person changes in the console meanwhile
//! (a lesson may be to mend the fault by hand) is left alone.

use realm::{Client, Fault, REALM, Target};
use serde_json::{Map, Value};

use crate::keycloak::admin::Admin;
use crate::trouble::{Kind, Trouble};

/// What faults have changed, with the values from before.
#[derive(Default)]
pub(super) struct Planted {
    originals: Vec<Original>,
    /// Key providers from before the first fault.
    keys: Option<Vec<(String, String)>>,
}

struct Original {
    target: Target,
    path: Vec<String>,
    /// `None`: it was not there.
    value: Option<Value>,
}

impl Planted {
    /// Changes the realm so that it has exactly `faults`.
    pub(super) async fn plant(&mut self, admin: &Admin, faults: &[&'static Fault]) -> Result<(), Trouble> {
        if self.keys.is_none() && !faults.is_empty() {
            self.keys = Some(admin.key_providers().await?);
        }
        let targets = std::iter::once(Target::Realm).chain(Client::ALL.map(Target::Client));
        for target in targets {
            let wanted = faults.iter().any(|fault| fault.targets().any(|changed| changed == target));
            if wanted || self.originals.iter().any(|original| original.target == target) {
                self.plant_in(admin, target, faults).await?;
            }
        }
        if faults.is_empty()
            && let Some(before) = &self.keys
        {
            // Keycloak makes a key of its own where a client asks for an algorithm that the realm has none for, and
            // would publish it from then on.
            for (id, name) in admin.key_providers().await? {
                if name.starts_with("fallback-") && !before.iter().any(|(known, _)| *known == id) {
                    admin.delete_key_provider(&id).await?;
                }
            }
            self.keys = None;
        }
        Ok(())
    }

    async fn plant_in(&mut self, admin: &Admin, target: Target, faults: &[&'static Fault]) -> Result<(), Trouble> {
        let current = read(admin, target).await?;
        let patches: Vec<Value> = faults.iter().filter_map(|fault| fault.patch(target, &current)).collect();
        let mut touched: Vec<Vec<String>> = patches.iter().flat_map(leaves).collect();
        // Keycloak may throw a client's secret away together with its need for one, and would then invent another.
        if let (Target::Client(_), true, true) = (target, !patches.is_empty(), current["secret"].is_string()) {
            touched.push(vec!["secret".to_owned()]);
        }
        for path in &touched {
            let known = |original: &Original| original.target == target && original.path == *path;
            if !self.originals.iter().any(known) {
                let value = at(&current, path).cloned();
                self.originals.push(Original { target, path: path.clone(), value });
            }
        }
        let mut changed = current.clone();
        for original in self.originals.iter().filter(|original| original.target == target) {
            put_back(&mut changed, original);
        }
        for patch in &patches {
            realm::merge(&mut changed, patch);
        }
        if changed != current {
            write(admin, target, &current, &changed).await?;
        }
        if patches.is_empty() {
            self.originals.retain(|original| original.target != target);
        } else {
            self.originals.retain(|original| {
                original.target != target || touched.contains(&original.path) || original.path == ["secret"]
            });
        }
        Ok(())
    }
}

async fn read(admin: &Admin, target: Target) -> Result<Value, Trouble> {
    match target {
        Target::Client(client) => admin.client(client).await,
        Target::Realm => admin.realm(REALM).await?.ok_or_else(|| {
            Trouble::new(
                Kind::Part,
                format!("the realm {REALM} is not there any more"),
                "somebody deleted it while the lab was running",
                "start the lab again: `cargo xtask lab down`, then `cargo xtask lab up`",
            )
        }),
    }
}

async fn write(admin: &Admin, target: Target, current: &Value, changed: &Value) -> Result<(), Trouble> {
    match target {
        Target::Client(_) => admin.put_client(changed).await,
        Target::Realm => {
            // Only what differs: the rest of a realm is large, and somebody may be changing it.
            let members = changed.as_object().into_iter().flatten();
            let differing: Map<String, Value> = members
                .filter(|(name, value)| current.get(*name) != Some(*value))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            admin.put(&format!("realms/{REALM}"), &Value::Object(differing)).await
        }
    }
}

/// Paths of a merge patch's values. Lists are values: a merge patch replaces them whole.
fn leaves(patch: &Value) -> Vec<Vec<String>> {
    match patch {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| {
                leaves(value).into_iter().map(move |mut path| {
                    path.insert(0, name.clone());
                    path
                })
            })
            .collect(),
        _ => vec![Vec::new()],
    }
}

fn at<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, name| value.get(name))
}

fn put_back(value: &mut Value, original: &Original) {
    let Some((last, parents)) = original.path.split_last() else { return };
    let mut place = value;
    for name in parents {
        if !place[name.as_str()].is_object() {
            place[name.as_str()] = Value::Object(Map::new());
        }
        place = &mut place[name.as_str()];
    }
    match &original.value {
        Some(value) => place[last.as_str()] = value.clone(),
        // Trap: an attribute that a request leaves out stays as it is; a blank one goes away.
        None if parents.last().is_some_and(|parent| parent == "attributes") && place.get(last).is_some() => {
            place[last.as_str()] = "".into();
        }
        None => {
            if let Some(members) = place.as_object_mut() {
                members.remove(last);
            }
        }
    }
}

#[cfg(test)]
mod tests;
