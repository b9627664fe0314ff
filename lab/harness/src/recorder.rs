//! Where all observations come together: one order, one clock, bounded memory.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lab_trace::{Event, EventKind};
use tokio::sync::{broadcast, watch};

/// Events kept for readers that come late; older ones are dropped first.
const KEPT: usize = 20_000;
/// Events a live reader may lag behind before it is told that it missed some.
const LIVE: usize = 4_096;

/// Collects events. Cheap to clone; all clones are one recorder.
#[derive(Clone)]
pub struct Recorder {
    inner: Arc<Inner>,
}

struct Inner {
    started: Instant,
    next: AtomicU64,
    kept: Mutex<VecDeque<Event>>,
    live: broadcast::Sender<Event>,
    under_way: watch::Sender<usize>,
}

/// A place in the order, taken when an exchange starts and filled when it ends. While it is held, the exchange
/// counts as under way.
pub struct Ticket {
    recorder: Recorder,
    seq: u64,
    at_us: u64,
    counted: bool,
}

impl Recorder {
    /// An empty recorder; its clock starts now.
    #[expect(clippy::new_without_default, reason = "starting a clock is no default value")]
    pub fn new() -> Self {
        Self {
            inner: Arc::new(Inner {
                started: Instant::now(),
                next: AtomicU64::new(1),
                kept: Mutex::new(VecDeque::new()),
                live: broadcast::Sender::new(LIVE),
                under_way: watch::Sender::new(0),
            }),
        }
    }

    /// Takes the next place in the order for something that starts now.
    pub fn begin(&self) -> Ticket {
        self.inner.under_way.send_modify(|count| *count += 1);
        Ticket { recorder: self.clone(), seq: self.next(), at_us: self.now_us(), counted: true }
    }

    /// Records something that needs no duration.
    pub fn record(&self, kind: EventKind) {
        self.keep(Event { seq: self.next(), at_us: self.now_us(), kind });
    }

    /// Sequence number of the newest place given away.
    pub fn mark(&self) -> u64 {
        self.inner.next.load(Ordering::SeqCst) - 1
    }

    /// Kept events with a greater sequence number, in order.
    pub fn since(&self, mark: u64) -> Vec<Event> {
        let mut events: Vec<Event> = self.kept().iter().filter(|event| event.seq > mark).cloned().collect();
        events.sort_by_key(|event| event.seq);
        events
    }

    /// Waits until nothing is under way. `false` when that did not happen before the deadline.
    pub async fn settled(&self, deadline: Duration) -> bool {
        let mut under_way = self.inner.under_way.subscribe();
        let quiet = under_way.wait_for(|count| *count == 0);
        matches!(tokio::time::timeout(deadline, quiet).await, Ok(Ok(_)))
    }

    /// Events from now on, in the order in which they *end*.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.inner.live.subscribe()
    }

    /// Microseconds since the recorder started.
    pub fn now_us(&self) -> u64 {
        u64::try_from(self.inner.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn next(&self) -> u64 {
        self.inner.next.fetch_add(1, Ordering::SeqCst)
    }

    fn keep(&self, event: Event) {
        let mut kept = self.kept();
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(event.clone());
        drop(kept);
        // Nobody listening is fine.
        let _ = self.inner.live.send(event);
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.inner.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// Microseconds since the ticket was taken.
    pub fn took_us(&self) -> u64 {
        self.recorder.now_us().saturating_sub(self.at_us)
    }

    /// Records what the ticket was taken for, and no longer counts as under way.
    pub fn finish(self, kind: EventKind) {
        self.recorder.keep(Event { seq: self.seq, at_us: self.at_us, kind });
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.counted {
            self.recorder.inner.under_way.send_modify(|count| *count -= 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use lab_trace::{EventKind, LabNote};

    use super::{KEPT, Recorder};

    fn note(text: &str) -> EventKind {
        EventKind::Lab(LabNote { text: text.to_owned() })
    }

    #[tokio::test]
    async fn order_is_that_of_the_beginnings() {
        let recorder = Recorder::new();
        let outer = recorder.begin();
        recorder.record(note("inner"));
        outer.finish(note("outer"));
        let texts: Vec<EventKind> = recorder.since(0).into_iter().map(|event| event.kind).collect();
        assert_eq!(texts, [note("outer"), note("inner")]);
    }

    #[tokio::test]
    async fn settled_waits_for_what_is_under_way_and_not_for_ever() {
        let recorder = Recorder::new();
        let ticket = recorder.begin();
        assert!(!recorder.settled(Duration::from_millis(5)).await);
        drop(ticket);
        assert!(recorder.settled(Duration::from_secs(5)).await);
    }

    #[tokio::test]
    async fn memory_is_bounded_and_the_newest_stay() {
        let recorder = Recorder::new();
        for _ in 0..=KEPT {
            recorder.record(note("x"));
        }
        let events = recorder.since(0);
        assert_eq!(events.len(), KEPT);
        assert_eq!(events.last().unwrap().seq, recorder.mark());
    }
}
