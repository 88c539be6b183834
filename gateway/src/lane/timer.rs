//! The timer of a lane's loop, which knows how late the loop itself is.

use std::pin::Pin;

use tokio::time::{Instant, Sleep, sleep_until};

/// Wakes the loop, and remembers by when the loop should have run.
pub(super) struct Timer {
    sleep: Pin<Box<Sleep>>,
    expected: Expected,
    /// The loop has seen the last wake-up. That the timer has fired says less: it may have done so since the loop last looked.
    handled: bool,
}

impl Timer {
    pub(super) fn new(at: Instant) -> Self {
        Self { sleep: Box::pin(sleep_until(at)), expected: Expected(at), handled: false }
    }

    /// Sets the next wake-up. Nearly everything that is heard puts it off: a wake-up that comes too early looks again, and
    /// costs less than a timer that is set anew each time.
    pub(super) fn arm(&mut self, wake: Instant) {
        let handled = std::mem::take(&mut self.handled);
        if handled || wake < self.sleep.deadline() {
            self.expected.arm(wake, Instant::now(), handled);
            self.sleep.as_mut().reset(wake);
        }
    }

    /// Waits for it; since when the loop has been expected.
    ///
    /// # Cancel safety
    /// It goes on waiting.
    pub(super) async fn due(&mut self) -> Instant {
        self.sleep.as_mut().await;
        self.handled = true;
        self.expected.0
    }
}

/// The first moment since the last wake-up at which the loop was to run. A deadline that was over when it was armed is
/// due at that moment, and says nothing of a delay of this process. A timer that is armed anew before its wake-up was
/// handled keeps the earlier moment: otherwise a job that comes right after a stall would hide the stall.
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
                // The loop runs as soon as it is due.
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
