//! Time: a monotonic clock for durations and deadlines, wall time for timestamps. Virtual in tests.

use chrono::{DateTime, SecondsFormat, Utc};
use std::time::{Duration, Instant};

/// One moment on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    /// Since the worker's start; never goes back.
    pub(crate) mono: Duration,
    /// Wall time.
    pub(crate) wall: DateTime<Utc>,
}

impl Now {
    /// Seconds from an earlier moment to this one.
    pub(crate) fn seconds_since(self, earlier: Now) -> f64 {
        self.mono.saturating_sub(earlier.mono).as_secs_f64()
    }

    /// The moment after so many seconds. A time too large for a clock never comes.
    pub(crate) fn after(self, seconds: f64) -> Duration {
        Duration::try_from_secs_f64(seconds).map_or(Duration::MAX, |wait| self.mono.saturating_add(wait))
    }

    /// RFC 3339, UTC, milliseconds, `Z`.
    pub(crate) fn stamp(self) -> String {
        self.wall.to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}

/// The clock of the machine.
#[derive(Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { start: Instant::now() }
    }

    pub(crate) fn now(&self) -> Now {
        Now { mono: self.start.elapsed(), wall: Utc::now() }
    }
}
