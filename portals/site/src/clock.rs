//! The time, as an argument.
//!
//! No handler asks the machine what time it is. A lesson about expiry can then move a portal's clock instead of
//! waiting half an hour, and a test never sleeps.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// The machine's clock plus an offset that can be moved while the portal runs. Copies share the offset.
#[derive(Debug, Clone)]
pub struct Clock {
    offset: Arc<watch::Sender<SignedDuration>>,
}

impl Clock {
    /// The machine's time.
    pub fn system() -> Self {
        Self { offset: Arc::new(watch::Sender::new(SignedDuration::ZERO)) }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        Timestamp::now().saturating_add(*self.offset.borrow()).unwrap_or(Timestamp::MAX)
    }

    /// Moves the clock, forward or back, and wakes whoever waits for a time.
    pub fn advance(&self, by: SignedDuration) {
        self.offset.send_modify(|offset| *offset = offset.saturating_add(by));
    }

    /// Puts the clock back to the machine's time.
    pub fn reset(&self) {
        self.offset.send_replace(SignedDuration::ZERO);
    }

    /// Returns when this clock has reached `at`, by itself or because it was moved.
    pub async fn reached(&self, at: Timestamp) {
        let mut moved = self.offset.subscribe();
        loop {
            let left = at.duration_since(self.now());
            let Ok(left) = Duration::try_from(left) else { return };
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                // The sender lives as long as `self`.
                _ = moved.changed() => {}
            }
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::SignedDuration;

    use super::Clock;

    #[test]
    fn a_moved_clock_tells_the_moved_time_to_every_copy() {
        let clock = Clock::system();
        let copy = clock.clone();
        let before = copy.now();
        clock.advance(SignedDuration::from_hours(2));
        assert!(copy.now().duration_since(before) >= SignedDuration::from_hours(2));
        clock.reset();
        assert!(copy.now().duration_since(before) < SignedDuration::from_hours(1));
    }

    #[tokio::test]
    async fn waiting_for_a_time_ends_when_the_clock_is_moved_there() {
        let clock = Clock::system();
        let wait = clock.reached(clock.now() + SignedDuration::from_hours(1));
        let moved = async { clock.advance(SignedDuration::from_hours(1)) };
        let both = async { tokio::join!(wait, moved) };
        tokio::time::timeout(Duration::from_secs(5), both).await.expect("it does not take the hour");
    }
}
