//! The ends of commands, and of the life itself.

use std::sync::Arc;

use contracts::{framing::Line, limits::UNUSABLE_LINES_MAX};

use super::{End, Exit, InFlight, Life, Waiter};
use crate::lane::{
    Cancelled, LaneError, LaneState, actor::answer, breaker::Death, message::Answer, process::Why,
};

/// Ids of ended commands that are remembered, to name a late or second reply: more than a worker that is a few replies
/// late can have open. A reply to an older one is reported as unknown.
const ENDED_MAX: usize = 64;
/// Queries that were given up and that the worker may still answer. Their input files stay until then, so that there
/// must be an end; a worker that leaves a thousand queries open answers none of them.
const GIVEN_UP_MAX: usize = 1024;

impl Life<'_> {
    /// Reaps the worker, delivers its last lines, and answers every waiter.
    pub(super) async fn end(mut self, exit: Exit) -> End {
        let Exit { why, spared } = exit;
        if self.stopping.is_none() {
            self.leave_service(&why);
        }
        let mut last = Vec::new();
        let babbles = self.unusable > UNUSABLE_LINES_MAX;
        let on_line = |line| {
            // A worker that was killed for its lines has nothing left in flight that a line could answer.
            if !babbles {
                last.push(line);
            }
        };
        let cause = Arc::new(self.process.reap(why, on_line).await);
        for line in last {
            // A reply that came before the end still counts. A reason to kill the worker does not: it is dead.
            if let Line::Text(line) = line {
                self.on_line(line);
            }
        }
        let suppressed = self.log_meter.end();
        self.log_suppressed(suppressed);
        let stopping = self.stopping.take();
        let at_work = self.in_flight.values().any(|entry| entry.exclusive);
        self.end_all(&match stopping {
            Some(_) => LaneError::Stopping,
            None => LaneError::WorkerCrashed { cause: cause.clone() },
        });
        match stopping {
            Some(_) => {
                tracing::debug!(gpu = %self.actor.gpu, %cause, "worker stopped");
                End::Stopped
            }
            None => {
                let death = match (spared, cause.misconfigured, at_work) {
                    (true, ..) => Death::Spared,
                    (_, true, _) => Death::Misconfigured,
                    (_, _, true) => Death::AtWork,
                    _ => Death::Idle,
                };
                End::Died { cause, death, was_ready: self.ready }
            }
        }
    }

    /// Takes the lane out of service before `reap`, which takes a while if children of the worker hold its pipes. The
    /// job queue must give it nothing meanwhile, and gets back what the lane had not sent.
    fn leave_service(&mut self, why: &Why) {
        if self.ready {
            self.actor.set_state(LaneState::Resting(why.to_string().into()));
        }
        self.actor.return_exclusive();
    }

    /// Ends everything in flight with one error; a command whose failure was decided before ends with that.
    pub(super) fn end_all(&mut self, error: &LaneError) {
        // The contract: a cancel is answered after its target's own reply.
        let mut entries: Vec<InFlight> = std::mem::take(&mut self.in_flight).into_values().collect();
        entries.sort_by_key(|entry| matches!(entry.waiter, Waiter::Cancel(_)));
        for mut entry in entries {
            let decided = entry.ending.take().map(|ending| ending.error);
            self.finish(entry, Err(decided.unwrap_or_else(|| error.clone())));
        }
    }

    /// Ends a query that the worker has not answered in time. Its id stays in use until the worker answers after all:
    /// the late reply would else be taken for that of the next command of the same id.
    pub(super) fn give_up(&mut self, id: Arc<str>, mut entry: InFlight, error: LaneError) {
        if self.given_up.len() == GIVEN_UP_MAX {
            self.given_up.pop_front();
        }
        self.given_up.push_back((id.clone(), entry.guard.take()));
        self.remember(id);
        self.finish(entry, Err(error));
    }

    /// Answers the waiter; one that hung up is ignored.
    pub(super) fn finish(&self, entry: InFlight, with: Answer) {
        match entry.waiter {
            Waiter::Order(waiter) => answer(waiter, with),
            Waiter::Cancel(done) => {
                let cancelled = match with {
                    Ok(line) => Cancelled::Answered(line),
                    Err(LaneError::TimedOut { seconds }) => Cancelled::Unanswered(seconds),
                    Err(_) => Cancelled::Replaced,
                };
                done.send(cancelled).ok();
            }
            Waiter::Lane => {
                tracing::debug!(gpu = %self.actor.gpu, "the cancel of an expired command has ended");
            }
            Waiter::Handshake => {}
        }
    }

    pub(super) fn remember(&mut self, id: Arc<str>) {
        if self.ended.len() == ENDED_MAX {
            self.ended.pop_front();
        }
        self.ended.push_back(id);
    }
}
