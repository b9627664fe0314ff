//! What a lab was started with, so that a second start can tell whether it wants the same.

use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::chromium::Cookies;
use crate::digest::sha256_hex;
use crate::ports::Ports;
use crate::world::Options;

/// What somebody chose and the lab's topology does not show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// Which ports.
    pub ports: Ports,
    /// Address that the taps bind to.
    pub bind: IpAddr,
    /// What browsers do with third-party cookies.
    pub third_party_cookies: Option<Cookies>,
    /// Fingerprint of the realm.
    pub realm: String,
    /// Keycloak's distribution (runtime dist).
    pub distribution: Option<PathBuf>,
    /// Keycloak's image (runtime docker).
    pub image: Option<String>,
    /// Somebody's Keycloak (runtime external).
    pub url: Option<Url>,
}

impl Chosen {
    /// What `options` choose.
    pub fn of(options: &Options) -> Self {
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        Self {
            ports: options.ports,
            bind: options.bind,
            third_party_cookies: options.third_party_cookies,
            realm: sha256_hex(options.realm.json().to_string().as_bytes()),
            distribution: options.keycloak.dist.distribution.as_ref().map(absolute),
            image: options.keycloak.docker.image.clone(),
            url: options.keycloak.external.url.clone(),
        }
    }
}
