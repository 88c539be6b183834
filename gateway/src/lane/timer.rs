//! The timer of a lane's loop. It measures how late the loop itself runs, to tell a stalled gateway from a silent
//! worker.

use std::pin::Pin;

use tokio::time::{Instant, Sleep, sleep_until};

/// Wakes the loop, and remembers when the loop should have run.
pub(super) struct Timer {
    sleep: Pin<Box<Sleep>>,
    expected: Expected,
    /// Whether the loop has handled the last wake-up. `Sleep::is_elapsed` is not the same: it may have become true
    /// since the loop last polled.
    handled: bool,
}

impl Timer {
    pub(super) fn new(at: Instant) -> Self {
        Self { sleep: Box::pin(sleep_until(at)), expected: Expected(at), handled: false }
    }

    /// Sets the next wake-up, but only ever earlier. Nearly every line of the worker moves its deadline back; a wake-up
    /// that comes too early costs less than resetting the runtime's timer for each line.
    pub(super) fn arm(&mut self, wake: Instant) {
        let handled = std::mem::take(&mut self.handled);
        if handled || wake < self.sleep.deadline() {
            self.expected.arm(wake, Instant::now(), handled);
            self.sleep.as_mut().reset(wake);
        }
    }

    /// Waits for the wake-up. Returns when the loop should have run.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the timer as it is.
    pub(super) async fn due(&mut self) -> Instant {
        self.sleep.as_mut().await;
        self.handled = true;
        self.expected.0
    }
}

/// The first instant since the last wake-up at which the loop was to run. A deadline that is over when it is armed is
/// due at that instant, and shows no delay of this process. A timer that is armed again before its wake-up was handled
/// keeps the earlier instant: a job that arrives right after a stall would else hide the stall.
#[derive(Clone, Copy, Debug)]
struct Expected(Instant);

impl Expected {
    fn arm(&mut self, wake: Instant, now: Instant, handled: bool) {
        let due = wake.max(now);
        self.0 = if handled { due } else { self.0.min(due) };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use tokio::time::Instant;

    use super::Expected;

    fn millis() -> impl Strategy<Value = i64> {
        -20_000..20_000_i64
    }

    fn at(base: Instant, millis: i64) -> Instant {
        let by = Duration::from_millis(millis.unsigned_abs());
        if millis < 0 { base - by } else { base + by }
    }

    proptest! {
        #[test]
        fn a_loop_that_is_not_held_up_is_never_late(wakes in prop::collection::vec(millis(), 1..20)) {
            let mut now = Instant::now() + Duration::from_secs(3600);
            let mut expected = Expected(now);
            for wake in wakes {
                let wake = at(now, wake);
                expected.arm(wake, now, true);
                // The loop runs as soon as it is due, which a loop without a stall does.
                now = now.max(wake);
                prop_assert_eq!(now.saturating_duration_since(expected.0), Duration::ZERO);
            }
        }

        #[test]
        fn what_is_armed_after_a_stall_hides_nothing_of_it(
            ahead in 0..5_000_i64,
            stall in 0..60_000_i64,
            wakes in prop::collection::vec(millis(), 0..8),
        ) {
            let start = Instant::now() + Duration::from_secs(3600);
            let mut expected = Expected(start);
            expected.arm(at(start, ahead), start, true);
            let now = at(start, stall);
            for wake in wakes {
                expected.arm(at(now, wake), now, false);
            }
            let late = now.saturating_duration_since(expected.0);
            prop_assert_eq!(late, Duration::from_millis((stall - ahead).max(0).unsigned_abs()));
        }
    }
}
