//! The runtimes `dist` and `external` with the real Keycloak. Needs Java and a distribution: `SSO_LAB_TEST_DIST`
//! names its zip, else Maven fetches it.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod administration;
mod bench;
mod cache;
mod cancelling;
mod console;
mod external;
mod faults;
mod hosting;
mod restart;
mod trouble;
