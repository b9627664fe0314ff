//! How long work tells what it is doing. Nothing waits silently.

use std::time::Duration;

/// Receives progress. Implementations print; they never fail and never block for long.
pub trait Progress: Send + Sync {
    /// A stage begins. `usual` says how long it usually takes, where that is known.
    fn begin(&self, what: &str, usual: Option<Duration>);
    /// The stage that began last is done.
    fn done(&self, what: &str);
    /// Something worth a line, for example which runtime was chosen and why.
    fn note(&self, text: &str);
}

/// Swallows all progress: for tests and callers that do not show any.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _what: &str, _usual: Option<Duration>) {}
    fn done(&self, _what: &str) {}
    fn note(&self, _text: &str) {}
}
