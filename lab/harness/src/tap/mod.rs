//! Taps: a recording reverse proxy on each public port. Whoever talks to a part of the lab passes its tap, and
//! what a tap did not see was not sent.
//!
//! Read in this order: [`proxy`] (forwards), [`capture`] (keeps what a lesson needs), [`mask`] (and no secret),
//! [`attribution`] (who called, over which channel), [`disturbance`] (trouble in the network, where a lesson asks for it).

pub mod attribution;
pub mod capture;
pub mod disturbance;
pub mod mask;
pub mod proxy;
mod tee;

pub use attribution::{KnownApp, Registry};
pub use disturbance::{Disturbance, Handle};
pub use mask::Masker;
pub use proxy::Tap;

/// Header by which a scripted browser names itself. Removed before the request is forwarded.
pub const BROWSER_HEADER: &str = "x-sso-lab-browser";
/// Header by which the lab's own probes are known. Removed before the request is forwarded.
pub const PROBE_HEADER: &str = "x-sso-lab-probe";
/// Header by which the lab marks what it sends as a stranger. Removed before the request is forwarded.
pub const STRANGER_HEADER: &str = "x-sso-lab-stranger";

#[cfg(test)]
mod tests;
