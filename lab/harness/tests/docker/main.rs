//! Keycloak in containers, on a real engine: what starts, what is left behind, what is said when it fails.
//!
//! Needs a container engine (`.ci/docker-engine` starts one) and builds the image first if it is missing. The
//! distribution's zip comes from `SSO_LAB_TEST_DIST`.

mod image;
mod lifecycle;
mod support;
