//! Taps: a recording reverse proxy on each public port. Whoever talks to a part of the lab passes its tap, and
//! what a tap did not see was not sent.
//!
//! Read in this order: [`proxy`] (forwards), [`capture`] (keeps what a lesson needs), [`mask`] (and no secret),
//! [`attribution`] (who called, over which channel).

pub mod attribution;
pub mod capture;
pub mod mask;
pub mod proxy;
mod tee;

pub use attribution::{KnownApp, Registry};
pub use mask::Masker;
pub use proxy::Tap;

/// Header by which a scripted browser names itself. Removed before the request is forwarded.
pub const BROWSER_HEADER: &str = "x-sso-lab-browser";
/// Header by which the lab's own probes are known. Removed before the request is forwarded.
pub const PROBE_HEADER: &str = "x-sso-lab-probe";

#[cfg(test)]
mod tests;
