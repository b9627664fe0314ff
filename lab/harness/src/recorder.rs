//! Where all observations come together: one order, one clock, bounded memory.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
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

/// An event, and its position in the order in which events were *kept*: for readers that go on where they stopped. `seq` is the
/// order of beginnings, and what begins first may end last.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Rising by one, from 1.
    pub position: u64,
    /// What was kept.
    pub event: Event,
}

struct Inner {
    started: Instant,
    started_at: Timestamp,
    next: AtomicU64,
    kept: Mutex<VecDeque<Kept>>,
    live: broadcast::Sender<Event>,
    /// Position of the newest kept event.
    newest: watch::Sender<u64>,
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
                started_at: Timestamp::now(),
                next: AtomicU64::new(1),
                kept: Mutex::new(VecDeque::new()),
                live: broadcast::Sender::new(LIVE),
                newest: watch::Sender::new(0),
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
        let mut events: Vec<Event> =
            self.kept().iter().map(|kept| &kept.event).filter(|event| event.seq > mark).cloned().collect();
        events.sort_by_key(|event| event.seq);
        events
    }

    /// At most `most` kept events behind `position`, in the order in which they were kept. Where the first one's position is not the
    /// next one, those between have been dropped by now.
    pub fn kept_behind(&self, position: u64, most: usize) -> Vec<Kept> {
        let kept = self.kept();
        let oldest = kept.front().map_or(0, |kept| kept.position);
        let skipped = usize::try_from((position + 1).saturating_sub(oldest)).unwrap_or(usize::MAX);
        kept.iter().skip(skipped).take(most).cloned().collect()
    }

    /// The event at this position, while it is kept.
    pub fn kept_at(&self, position: u64) -> Option<Event> {
        let found = self.kept_behind(position.checked_sub(1)?, 1).pop()?;
        (found.position == position).then_some(found.event)
    }

    /// The position behind which `most` events are found that `counts` (all of them, where there are fewer).
    pub fn position_before(&self, most: usize, counts: impl Fn(&Event) -> bool) -> u64 {
        let kept = self.kept();
        let first = kept.iter().rev().filter(|kept| counts(&kept.event)).take(most).last();
        first.map_or_else(|| kept.back().map_or(0, |kept| kept.position), |kept| kept.position - 1)
    }

    /// The position of the newest kept event, and every later one. Who waits for it and then reads [`Self::kept_behind`] is never
    /// waited for: what it is too slow for is dropped with the oldest.
    pub fn newest(&self) -> watch::Receiver<u64> {
        self.inner.newest.subscribe()
    }

    /// When the recorder started, by the wall clock.
    pub fn started_at(&self) -> Timestamp {
        self.inner.started_at
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
        let position = kept.back().map_or(0, |kept| kept.position) + 1;
        kept.push_back(Kept { position, event: event.clone() });
        // Under the lock, or a later position could be told before an earlier one.
        self.inner.newest.send_replace(position);
        drop(kept);
        // Nobody listening is fine.
        let _ = self.inner.live.send(event);
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Kept>> {
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
    async fn positions_follow_the_order_of_the_ends() {
        let recorder = Recorder::new();
        let outer = recorder.begin();
        recorder.record(note("inner"));
        outer.finish(note("outer"));
        let kept: Vec<_> =
            recorder.kept_behind(0, 9).into_iter().map(|kept| (kept.position, kept.event.kind)).collect();
        assert_eq!(kept, [(1, note("inner")), (2, note("outer"))]);
        assert_eq!(recorder.kept_behind(1, 9).len(), 1, "who has read the first goes on with the second");
        assert_eq!(recorder.kept_at(2).map(|event| event.kind), Some(note("outer")));
        assert!(recorder.kept_at(0).is_none() && recorder.kept_at(3).is_none());
        assert_eq!(*recorder.newest().borrow(), 2);
    }

    #[tokio::test]
    async fn who_comes_late_is_given_what_is_still_kept_and_can_see_what_is_not() {
        let recorder = Recorder::new();
        for _ in 0..KEPT + 5 {
            recorder.record(note("x"));
        }
        let first = recorder.kept_behind(0, 1).remove(0).position;
        assert_eq!(first, 6, "five are gone");
        let position = recorder.position_before(3, |_| true);
        assert_eq!(recorder.kept_behind(position, 9).len(), 3);
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
