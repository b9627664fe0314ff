//! What the image is called, and what it says about itself.

use std::collections::HashMap;

use rand::Rng as _;
use realm::Realm;
use sha2::{Digest, Sha256};

use super::recipe;
use crate::engine::Found;
use crate::keycloak::Credentials;

/// Marks images of ours; containers of the lab carry the same key with another value.
const KIND: &str = "sso-lab";
const VERSION: &str = "sso-lab.keycloak";
const REALM: &str = "sso-lab.realm";
const BASE: &str = "sso-lab.base";
const SEED_USER: &str = "sso-lab.seed-user";
const SEED_PASSWORD: &str = "sso-lab.seed-password";

/// The labels of an image of ours.
#[derive(Debug, Clone)]
pub(in crate::keycloak) struct Labels {
    /// Keycloak's version.
    pub(in crate::keycloak) version: String,
    /// Which realm, built by which recipe: [`digest`].
    pub(in crate::keycloak) digest: String,
    /// The image it was built on.
    pub(in crate::keycloak) base: String,
    /// The administrator that the import created. Keycloak makes a bootstrap administrator only together with the
    /// master realm, so it is born in the image; each start replaces it by the run's own.
    pub(in crate::keycloak) seed: Credentials,
}

/// Name and tag of the image for a version and a realm, for example `sso-lab-keycloak:26.7.3-1f0c9a2b`. Another realm
/// or another recipe has another tag, so a stale image is never used by mistake.
pub fn tag(version: &str, realm: &Realm) -> String {
    format!("sso-lab-keycloak:{version}-{}", digest(realm))
}

/// Eight hexadecimal digits over the realm and everything else that decides what is in the image.
pub(in crate::keycloak) fn digest(realm: &Realm) -> String {
    let mut hash = Sha256::new();
    for part in [realm.json().to_string().as_str(), recipe::DOCKERFILE, recipe::WARM_UP] {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    let [a, b, c, d, ..]: [u8; 32] = hash.finalize().into();
    format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
}

impl Labels {
    /// Labels for a new image, with a seed administrator of its own.
    pub(super) fn new(version: &str, realm: &Realm, base: &str) -> Self {
        let password: String = rand::rng().sample_iter(rand::distr::Alphanumeric).take(24).map(char::from).collect();
        Self {
            version: version.to_owned(),
            digest: digest(realm),
            base: base.to_owned(),
            seed: Credentials { username: "sso-lab-seed".to_owned(), password },
        }
    }

    /// The labels of an image, if it is one of ours.
    pub(in crate::keycloak) fn of(image: &Found) -> Option<Self> {
        let labels: &HashMap<String, String> = image.labels()?;
        if labels.get(KIND)? != "image" {
            return None;
        }
        Some(Self {
            version: labels.get(VERSION)?.clone(),
            digest: labels.get(REALM)?.clone(),
            base: labels.get(BASE)?.clone(),
            seed: Credentials {
                username: labels.get(SEED_USER)?.clone(),
                password: labels.get(SEED_PASSWORD)?.clone(),
            },
        })
    }

    /// A label that only this build's layers and containers carry, as a filter takes it.
    pub(super) fn seed_label(&self) -> String {
        format!("{SEED_PASSWORD}={}", self.seed.password)
    }

    /// As a Dockerfile's `LABEL` takes them.
    pub(super) fn instruction(&self) -> String {
        let pairs = [
            (KIND, "image"),
            (VERSION, &self.version),
            (REALM, &self.digest),
            (BASE, &self.base),
            (SEED_USER, &self.seed.username),
            (SEED_PASSWORD, &self.seed.password),
        ];
        let words: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}=\"{value}\"")).collect();
        format!("LABEL {}", words.join(" "))
    }
}

#[cfg(test)]
mod tests;
