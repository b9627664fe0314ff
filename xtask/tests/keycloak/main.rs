//! The lab with a real Keycloak as a Java process.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "../support/lab.rs"]
mod lab;
#[path = "../support/plain_keycloak.rs"]
#[allow(unreachable_pub, reason = "a module of a test binary")]
mod plain_keycloak;
#[path = "../support/mod.rs"]
mod support;

mod interrupted;
mod lessons;
mod refusals;
mod sites;
mod up_and_down;
