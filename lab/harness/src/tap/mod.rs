//! Taps: a recording reverse proxy on each public port. Whoever talks to a part of the lab passes its tap, and
//! what a tap did not see was not sent.
//!
//! Read in this order: [`proxy`] (forwards), `note` (writes down), [`capture`] (keeps what a lesson needs), [`mask`] (and no secret),
//! [`attribution`] (who called, over which channel), [`disturbance`] (trouble in the network, where a lesson asks for it),
//! [`overtaking`] (a logout that comes first), [`tokens`] (what passed, for programs that act with somebody's tokens),
//! `witness` (which browser got which session, for the console's matrix), [`balancer`] (which replica, where a lesson hosts two), `listener` (applications that only listen).

pub mod attribution;
pub mod balancer;
pub mod capture;
pub mod disturbance;
mod listener;
pub mod mask;
mod note;
pub(crate) mod overtaking;
pub mod proxy;
mod tee;
pub(crate) mod tokens;
mod witness;

pub use attribution::{KnownApp, Registry};
pub use balancer::Balancer;
pub use disturbance::{Disturbance, Handle};
pub use mask::Masker;
pub use proxy::Tap;

/// Header by which a scripted browser names itself, and a probe the browser whose cookies it carries. Removed before the request is
/// forwarded.
pub const BROWSER_HEADER: &str = "x-sso-lab-browser";
/// What stands before a browser's name at the end of its `User-Agent`, where a real browser is driven: it can send no header of
/// its own without asking other origins for permission first. Removed before the request is forwarded.
pub const BROWSER_AGENT: &str = "sso-lab-browser/";
/// Header by which the lab's own probes are known. Removed before the request is forwarded.
pub const PROBE_HEADER: &str = "x-sso-lab-probe";
/// Header by which the lab marks what it sends as a stranger. Removed before the request is forwarded.
pub const STRANGER_HEADER: &str = "x-sso-lab-stranger";

#[cfg(test)]
mod tests;
