//! Limits how many lines about a worker go into the log per second, and counts the suppressed ones.

use std::time::Duration;

use tokio::time::Instant;

/// The length of a window: the limit is a rate per second.
const WINDOW: Duration = Duration::from_secs(1);

/// Counts lines in windows of a second.
pub(super) struct Meter {
    lines_max: u64,
    since: Instant,
    passed: u64,
    suppressed: u64,
}

impl Meter {
    pub(super) fn new(lines_max: u64, now: Instant) -> Self {
        Self { lines_max, since: now, passed: 0, suppressed: 0 }
    }

    /// When the count of suppressed lines is to be logged; `None` if there are none.
    pub(super) fn report_due(&self) -> Option<Instant> {
        (self.suppressed > 0).then(|| self.since + WINDOW)
    }

    /// Begins a new window if the old one is over. Returns how many lines the old one suppressed.
    pub(super) fn roll(&mut self, now: Instant) -> u64 {
        if now < self.since + WINDOW {
            return 0;
        }
        self.since = now;
        self.passed = 0;
        std::mem::take(&mut self.suppressed)
    }

    /// Returns how many lines the present window has suppressed.
    pub(super) fn end(&mut self) -> u64 {
        std::mem::take(&mut self.suppressed)
    }

    /// Whether another line may be logged. If not, it is counted.
    pub(super) fn passes(&mut self) -> bool {
        if self.passed < self.lines_max {
            self.passed += 1;
            return true;
        }
        self.suppressed += 1;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::{Instant, Meter, WINDOW};

    #[test]
    fn a_flood_passes_up_to_its_limit_and_the_rest_is_counted_once() {
        let start = Instant::now();
        let mut meter = Meter::new(3, start);
        assert_eq!((0..10).filter(|_| meter.passes()).count(), 3);
        assert_eq!(meter.report_due(), Some(start + WINDOW));
        assert_eq!(meter.roll(start), 0);
        assert_eq!(meter.roll(start + WINDOW), 7);
        assert_eq!((meter.report_due(), meter.roll(start + 2 * WINDOW)), (None, 0));
        assert!(meter.passes());
    }
}
