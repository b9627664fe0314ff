//! The runtimes `dist` and `external` with the real Keycloak. Needs Java and a distribution: `SSO_LAB_TEST_DIST`
//! names its zip, else Maven fetches it.

mod bench;
mod cache;
