//! The recipe: the Dockerfile and the script that warms Keycloak up, both plain files beside this one.

use super::name::Labels;

/// Path of the class archive in the image.
pub(in crate::keycloak) const CLASS_ARCHIVE: &str = "/opt/keycloak/lab/classes.jsa";

/// The Dockerfile with the words in braces to be replaced.
pub(super) const DOCKERFILE: &str = include_str!("recipe/Dockerfile");

/// Starts Keycloak once during the build.
pub(super) const WARM_UP: &str = include_str!("recipe/warm-up");

/// The Dockerfile for one image.
pub(super) fn dockerfile(labels: &Labels) -> String {
    DOCKERFILE
        .replace("{base}", &labels.base)
        .replace("{labels}", &labels.instruction())
        .replace("{seed_user}", &labels.seed.username)
        .replace("{seed_password}", &labels.seed.password)
}

#[cfg(test)]
mod tests;
