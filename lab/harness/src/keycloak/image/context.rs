//! The folder that `docker build` gets: the distribution, the realm, the recipe.

use std::fs;
use std::path::Path;

use realm::Realm;
use tokio_util::sync::CancellationToken;

use super::name::Labels;
use super::{ours, recipe};
use crate::engine::scratch::not_writable;
use crate::keycloak::dist::{Distribution, lay_out};
use crate::trouble::Trouble;

/// Writes everything into the new folder `context`.
pub(super) async fn write(
    context: &Path,
    distribution: &Distribution,
    realm: &Realm,
    labels: &Labels,
    cancel: &CancellationToken,
) -> Result<(), Trouble> {
    let files = [
        ("Dockerfile", recipe::dockerfile(labels)),
        ("realm.json", realm.json().to_string()),
        ("warm-up", recipe::WARM_UP.to_owned()),
    ];
    fs::create_dir_all(context).map_err(|error| not_writable(context, error))?;
    for (name, text) in files {
        fs::write(context.join(name), text).map_err(|error| not_writable(context, error))?;
    }
    lay_out(distribution, &context.join("keycloak"), cancel).await.map_err(ours)
}

#[cfg(test)]
mod tests;
