//! The event stream of a run.

use serde::{Deserialize, Serialize};

use crate::exchange::Exchange;
use crate::shown::Param;

/// One observation. `seq` orders events of all posts; `at_us` is the lab's own monotonic clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Position in the run, given when the observed thing *started*; unique, rising, may have gaps.
    pub seq: u64,
    /// Microseconds since the lab started.
    pub at_us: u64,
    /// What was observed.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What was observed. Renderers match on it without a catch-all arm: a new variant does not compile
/// until every renderer has an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum EventKind {
    /// A tap saw an HTTP request and its answer.
    Exchange(Box<Exchange>),
    /// A portal wrote a line into its own journal.
    Portal(PortalEntry),
    /// The lab itself did something worth knowing (reset, part stopped).
    Lab(LabNote),
}

/// A portal's own account of a protocol step. Never evidence: verdicts rest on taps and probes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortalEntry {
    /// Which portal.
    pub portal: String,
    /// The step as a short kebab-case word, for example `logout-token-refused`.
    pub step: String,
    /// One sentence for people.
    pub text: String,
    /// What belongs to it; secrets masked.
    pub detail: Vec<Param>,
}

/// Something the lab did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabNote {
    /// One sentence.
    pub text: String,
}
