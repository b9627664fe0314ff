//! The lab with a real Keycloak as a Java process.

#[path = "../support/lab.rs"]
mod lab;
#[path = "../support/mod.rs"]
mod support;

mod interrupted;
mod refusals;
mod up_and_down;
