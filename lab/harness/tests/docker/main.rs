//! Keycloak in containers, on a real engine: what starts, what is left behind, what is said when it fails.
//!
//! Needs a container engine (`.ci/docker-engine` starts one) and builds the image first if it is missing. `SSO_LAB_TEST_DIST`
//! names the zip of the distribution, else Maven fetches it.

#![expect(clippy::unwrap_used, reason = "clippy's exception for tests does not reach functions that tests share")]

mod image;
mod lifecycle;
mod refusals;
mod support;
