//! When a worker counts as hung, and when a command is out of time.

use std::{sync::Arc, time::Duration};

use contracts::{Action, Trace};
use serde_json::json;
use tokio::{sync::mpsc, time::Instant};

use super::{Ending, Exit, InFlight, Life, Waiter};
use crate::lane::{
    LaneError,
    process::{OUTPUT_MAX, Output, Why},
};

/// A wake-up this late means that the gateway itself was held up, not its worker. Schedulers of busy machines are late
/// by some milliseconds, so that this is far above their noise; and far below the shortest limit, so that a stall which
/// could end a worker is never missed.
const LATE_MIN: Duration = Duration::from_millis(250);
/// How long the reader of a worker's output has after a delay, before the worker is judged. On a busy machine one thread of
/// the runtime may be without a core for a second while another runs this loop; a worker that is hung is found that much
/// later.
const CATCH_UP: Duration = Duration::from_secs(2);
/// A delay this long goes into the log as a warning. Shorter ones are common on a busy machine.
const LATE_WARNED: Duration = Duration::from_secs(1);

impl Life<'_> {
    fn compiles(&self) -> bool {
        self.in_flight.values().any(|entry| entry.compiles)
    }

    pub(super) fn next_wake(&self) -> Instant {
        let limits = &self.actor.policy.limits;
        let silence = if let Some(stop) = &self.stopping {
            stop.kill_at
        } else if self.ready {
            self.liveness.hung_at(limits, self.compiles()).max(self.caught_up)
        } else {
            (self.started + limits.start_seconds.duration()).max(self.caught_up)
        };
        let entries = self.in_flight.values().filter_map(|entry| self.due(entry));
        let held = self.actor.held.iter().filter_map(|held| Some(held.order.deadline?.0));
        entries.chain(held).chain(self.log_meter.report_due()).fold(silence, Instant::min)
    }

    /// When something is next decided about a command.
    fn due(&self, entry: &InFlight) -> Option<Instant> {
        let at = entry.ending.as_ref().map(|ending| ending.kill_at).or(entry.deadline.map(|(at, _)| at));
        Some(at?.max(self.caught_up))
    }

    /// `due` is when this call was due. A deadline that was over when the timer was armed was due at that moment.
    pub(super) fn on_time(&mut self, due: Instant) -> Option<Exit> {
        let now = Instant::now();
        self.actor.expire_held();
        let late = now.saturating_duration_since(due);
        if late >= LATE_MIN {
            self.forgive(late, now);
        }
        if let Some(exit) = self.read_buffered() {
            return Some(exit);
        }
        let suppressed = self.log_meter.roll(now);
        self.log_suppressed(suppressed);
        let limits = &self.actor.policy.limits;
        if let Some(stop) = &self.stopping {
            if stop.kill_at <= now {
                return Some(Exit::kill("it did not leave within its grace"));
            }
        } else if now < self.caught_up {
            // The lines that it wrote during the stall are still being read.
        } else if !self.ready {
            if self.started + limits.start_seconds.duration() <= now {
                return Some(Exit::kill(format!(
                    "it did not answer within {} s of its start",
                    limits.start_seconds
                )));
            }
        } else if self.liveness.hung_at(limits, self.compiles()) <= now {
            return Some(Exit::kill(self.liveness.cause_of_silence(limits, self.compiles())));
        }
        self.expire(now)
    }

    /// Gives the worker as much more time as this process was held up and could not read its lines.
    fn forgive(&mut self, late: Duration, now: Instant) {
        let (gpu, seconds) = (&self.actor.gpu, late.as_secs_f64());
        if late >= LATE_WARNED {
            tracing::warn!(%gpu, seconds, "the gateway was held up; its worker gets that much more time");
        } else {
            tracing::debug!(%gpu, seconds, "the gateway was held up; its worker gets that much more time");
        }
        self.liveness.forgive(late);
        if !self.ready {
            self.started += late;
        }
        for entry in self.in_flight.values_mut() {
            entry.sent += late;
            if let Some(ending) = &mut entry.ending {
                ending.kill_at += late;
            }
        }
        // Its reader task was held up, too: it gets this long to bring what the worker has written meanwhile.
        self.caught_up = now + CATCH_UP;
    }

    /// Reads the output that has arrived, before the worker is judged: a sign of life may be among it.
    fn read_buffered(&mut self) -> Option<Exit> {
        // As many as its reader can have put aside: a worker that writes without end must not keep the loop here.
        for _ in 0..OUTPUT_MAX {
            match self.process.output.try_recv() {
                Ok(Output::Lines(lines)) => {
                    if let Some(exit) = self.on_lines(lines) {
                        return Some(exit);
                    }
                }
                Ok(Output::Closed) | Err(mpsc::error::TryRecvError::Disconnected) => {
                    return Some(Exit::closed("stdout"));
                }
                Err(mpsc::error::TryRecvError::Empty) => break,
            }
        }
        None
    }

    /// Ends commands that are out of time: an exclusive one is cancelled, and its worker is killed when that does not
    /// help.
    fn expire(&mut self, now: Instant) -> Option<Exit> {
        if let Some(entry) = self
            .in_flight
            .values()
            .find(|entry| entry.ending.is_some() && self.due(entry).is_some_and(|due| due <= now))
        {
            let timed_out = matches!(&entry.ending, Some(Ending { error: LaneError::TimedOut { .. }, .. }));
            let why = if timed_out { "its command timed out" } else { "its command was cancelled" };
            let why = format!("{why}, and it did not obey the cancel in time");
            return Some(Exit { why: Why::Kill(why), spared: !timed_out });
        }
        let over: Vec<Arc<str>> = self
            .in_flight
            .iter()
            .filter(|(_, entry)| entry.ending.is_none() && self.due(entry).is_some_and(|due| due <= now))
            .map(|(id, _)| id.clone())
            .collect();
        for id in over {
            let Some(entry) = self.in_flight.get_mut(&id) else { continue };
            let seconds = entry.deadline.map_or(0.0, |(_, timeout)| timeout.as_secs_f64());
            let error = LaneError::TimedOut { seconds };
            if entry.exclusive {
                entry.ending = Some(Ending { kill_at: now + self.actor.policy.cancel_grace, error });
                let payload = json!({"target_request_id": &*id});
                self.send_own(Action::Cancel, &payload, Waiter::Lane, None);
            } else if let Some(entry) = self.in_flight.remove(&id) {
                let trace_id = entry.trace.as_ref().map(Trace::id);
                tracing::warn!(gpu = %self.actor.gpu, request_id = &*id, trace_id, seconds, "the worker did not answer in time");
                self.give_up(id, entry, error);
            }
        }
        None
    }
}
