//! How other processes talk to a running lab: a small HTTP interface on loopback, guarded by the run's token.

pub mod chosen;
pub mod client;
pub mod messages;
pub(crate) mod server;
