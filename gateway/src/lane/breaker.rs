//! The circuit breaker of a lane: how long it rests after a death, and what opens and closes it.
//!
//! A pure state machine without a clock: events go in, durations come out. The actor keeps the time.

use std::time::Duration;

use super::Policy;

/// The state of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// The worker is started again as often as it dies.
    Closed,
    /// Its workers died too often, or cannot start as configured: it rests until its next try.
    Open,
    /// It is being tried: one start, and then one job at a time.
    HalfOpen,
}

impl BreakerState {
    /// As the contract spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// How a worker ended, as far as the breaker needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    /// It was killed because a cancelled command did not stop. That counts neither for nor against it.
    Spared,
    /// It died while it ran a command alone.
    AtWork,
    /// It died without such a command, or before it was ready.
    Idle,
    /// It cannot start as configured.
    Misconfigured,
}

#[derive(Clone, Debug)]
pub(crate) struct Breaker {
    state: BreakerState,
    /// Deaths in a row.
    deaths: u32,
    /// Whether one of them happened at work. Only a job can end such a row: a device on which jobs crash may well
    /// answer queries in between.
    at_work: bool,
    /// Times it was opened since it was last closed. Each doubles the rest.
    openings: u32,
    starts_failed: u32,
    misconfigured: bool,
}

impl Breaker {
    pub(crate) fn new() -> Self {
        Self {
            state: BreakerState::Closed,
            deaths: 0,
            at_work: false,
            openings: 0,
            starts_failed: 0,
            misconfigured: false,
        }
    }

    pub(crate) fn state(&self) -> BreakerState {
        self.state
    }

    pub(crate) fn deaths(&self) -> u32 {
        self.deaths
    }

    /// Starts in a row whose worker did not become ready.
    pub(crate) fn starts_failed(&self) -> u32 {
        self.starts_failed
    }

    /// Whether the last worker could not start as configured.
    pub(crate) fn is_misconfigured(&self) -> bool {
        self.misconfigured
    }

    /// Notes that a worker starts. On an open lane that is a try.
    pub(crate) fn on_start(&mut self) {
        if self.state == BreakerState::Open {
            self.state = BreakerState::HalfOpen;
        }
    }

    /// Notes that the worker has answered the handshake.
    pub(crate) fn on_ready(&mut self) {
        self.starts_failed = 0;
        self.misconfigured = false;
    }

    /// Notes that a command was answered.
    pub(crate) fn on_answer(&mut self) {
        if self.state == BreakerState::Closed && !self.at_work {
            self.deaths = 0;
        }
    }

    /// Notes that a job succeeded, or that the worker refused it as it should.
    pub(crate) fn on_good_job(&mut self) {
        // An open lane has no worker, so that this is a late verdict on the one before.
        if self.state != BreakerState::Open {
            *self =
                Self { starts_failed: self.starts_failed, misconfigured: self.misconfigured, ..Self::new() };
        }
    }

    /// Notes that a job failed in a way that counts against the worker. Returns whether that ends a try, so that the
    /// worker must be replaced.
    pub(crate) fn on_bad_job(&mut self) -> bool {
        self.at_work = true;
        self.state == BreakerState::HalfOpen
    }

    /// Notes that a worker has ended. Returns how long to rest before the next one.
    pub(crate) fn on_death(&mut self, death: Death, was_ready: bool, policy: &Policy) -> Duration {
        if !was_ready {
            self.starts_failed = self.starts_failed.saturating_add(1);
        }
        if death == Death::Spared {
            return policy.backoff_min;
        }
        self.deaths = self.deaths.saturating_add(1);
        self.at_work |= death == Death::AtWork;
        self.misconfigured = death == Death::Misconfigured;
        if self.misconfigured || self.state == BreakerState::HalfOpen || self.deaths >= policy.deaths_max {
            self.state = BreakerState::Open;
            let rest = doubled(policy.open_min, self.openings, policy.open_max);
            self.openings = self.openings.saturating_add(1);
            return rest;
        }
        doubled(policy.backoff_min, self.deaths - 1, policy.backoff_max)
    }
}

fn doubled(first: Duration, times: u32, most: Duration) -> Duration {
    // A shift by 32 would overflow. 24 doublings of the default 50 ms are nine days: `most` is reached long before.
    first.saturating_mul(1 << times.min(24)).min(most)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Breaker, BreakerState, Death};
    use crate::lane::{Limits, Policy};

    fn policy() -> Policy {
        Policy {
            limits: Limits::default(),
            deaths_max: 3,
            backoff_min: Duration::from_millis(50),
            backoff_max: Duration::from_secs(10),
            open_min: Duration::from_secs(15),
            open_max: Duration::from_secs(300),
            cancel_grace: Duration::from_secs(5),
            cancel_answer: None,
            held_max: 8,
            frame_bytes_max: 1 << 20,
            stderr_lines_max: 100,
            previews: false,
        }
    }

    /// A breaker that `deaths_max` idle deaths have opened.
    fn opened() -> Breaker {
        let mut breaker = Breaker::new();
        for _ in 0..3 {
            breaker.on_death(Death::Idle, false, &policy());
        }
        assert_eq!(breaker.state(), BreakerState::Open);
        breaker
    }

    #[test]
    fn deaths_in_a_row_open_it_and_each_failed_try_doubles_the_rest() {
        let mut breaker = Breaker::new();
        let rests: Vec<f64> = (0..9)
            .map(|_| {
                breaker.on_start();
                breaker.on_death(Death::Idle, false, &policy()).as_secs_f64()
            })
            .collect();
        assert_eq!(rests, [0.05, 0.1, 15.0, 30.0, 60.0, 120.0, 240.0, 300.0, 300.0]);
        assert_eq!(breaker.starts_failed(), 9);
    }

    #[test]
    fn it_tries_for_ever() {
        let mut breaker = opened();
        for _ in 0..10_000 {
            breaker.on_start();
            assert_eq!(breaker.state(), BreakerState::HalfOpen);
            assert!(breaker.on_death(Death::Idle, false, &policy()) <= Duration::from_secs(300));
            assert_eq!(breaker.state(), BreakerState::Open);
        }
    }

    #[test]
    fn a_good_job_closes_it_and_resets_the_doubling() {
        let mut breaker = opened();
        breaker.on_start();
        breaker.on_death(Death::Idle, false, &policy());
        breaker.on_start();
        breaker.on_ready();
        assert_eq!((breaker.state(), breaker.starts_failed()), (BreakerState::HalfOpen, 0));
        breaker.on_answer();
        assert_eq!(breaker.state(), BreakerState::HalfOpen, "a query closes nothing");
        breaker.on_good_job();
        assert_eq!(breaker.state(), BreakerState::Closed);
        for rest in [0.05, 0.1, 15.0] {
            assert_eq!(breaker.on_death(Death::Idle, true, &policy()).as_secs_f64(), rest);
        }
    }

    #[test]
    fn a_bad_job_ends_a_try_and_only_a_try() {
        let mut breaker = Breaker::new();
        assert!(!breaker.on_bad_job());
        let mut breaker = opened();
        assert!(!breaker.on_bad_job(), "the late word of a worker that is gone");
        breaker.on_start();
        breaker.on_ready();
        assert!(breaker.on_bad_job());
        assert_eq!(breaker.on_death(Death::Idle, true, &policy()).as_secs(), 30);
        assert_eq!(breaker.state(), BreakerState::Open);
    }

    #[test]
    fn a_cancel_decides_nothing() {
        let mut breaker = Breaker::new();
        for _ in 0..20 {
            breaker.on_death(Death::Spared, true, &policy());
        }
        assert_eq!((breaker.state(), breaker.deaths()), (BreakerState::Closed, 0));
        let mut breaker = opened();
        breaker.on_start();
        breaker.on_ready();
        breaker.on_death(Death::Spared, true, &policy());
        breaker.on_start();
        assert_eq!(breaker.state(), BreakerState::HalfOpen, "it is still being tried");
    }

    #[test]
    fn what_is_configured_wrong_opens_it_at_once_and_is_tried_by_the_same_clock() {
        let mut breaker = Breaker::new();
        assert_eq!(breaker.on_death(Death::Misconfigured, false, &policy()).as_secs(), 15);
        assert_eq!((breaker.state(), breaker.is_misconfigured()), (BreakerState::Open, true));
        breaker.on_start();
        assert_eq!(breaker.on_death(Death::Misconfigured, false, &policy()).as_secs(), 30);
        breaker.on_start();
        breaker.on_ready();
        assert!(!breaker.is_misconfigured());
    }

    #[test]
    fn queries_between_end_a_row_of_idle_deaths_and_none_of_deaths_at_work() {
        let mut breaker = Breaker::new();
        for _ in 0..20 {
            breaker.on_death(Death::Idle, true, &policy());
            breaker.on_answer();
        }
        assert_eq!(breaker.state(), BreakerState::Closed);
        for _ in 0..3 {
            breaker.on_death(Death::AtWork, true, &policy());
            breaker.on_answer();
        }
        assert_eq!(breaker.state(), BreakerState::Open);
    }
}
