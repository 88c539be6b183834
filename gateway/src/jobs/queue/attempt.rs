//! One attempt at a command: a lane runs it, and then the command ends or waits for the next attempt.

use std::{collections::BTreeSet, sync::Arc};

use contracts::{Action, ErrorCode, Failure, Reply};
use tokio::{sync::oneshot, time::Instant};

use super::{JobQueue, Work, cancel::client_left, judge, outcome::Outcome, wait_queue::Waiting};
use crate::{
    jobs::{Job, handle::gone},
    lane::{LaneHandle, Order},
};

/// A command that a lane has.
pub(super) struct Running {
    pub(super) work: Work,
    pub(super) attempt: u32,
    /// Index of the lane.
    pub(super) lane: usize,
    started: Instant,
    /// The grace of the drain is over: `cancelled` means `shutting_down`.
    pub(super) shutting_down: bool,
    /// The lane was asked to cancel it: it is not repeated.
    pub(super) cancelled: bool,
    /// Requests of a batch that were cancelled: a repeated batch leaves them out, too.
    pub(super) items_cancelled: BTreeSet<Arc<str>>,
    /// It is cancelled because its clients have left.
    pub(super) abandoned: bool,
}

/// The end of an attempt.
pub(super) struct Ran {
    seq: u64,
    outcome: Outcome,
}

/// What follows an attempt.
enum Next {
    Again {
        attempt: u32,
        /// Index of the lane that another lane is preferred to.
        avoid: Option<usize>,
    },
    End(Reply),
}

impl JobQueue {
    /// Gives a command to a lane.
    pub(super) fn begin(&mut self, seq: u64, waiting: Waiting, lane: usize) {
        let Waiting { work, attempt, cancels, .. } = waiting;
        let job = work.job.clone();
        let handle = self.lane_loads[lane].lane.clone();
        self.lane_loads[lane].begin(seq);
        self.records.begin(seq, &handle.gpu, attempt);
        // In the lane's mailbox before the cancels, so that the lane finds their target.
        let answer = handle.enqueue(order(&work, attempt));
        let items_cancelled = cancels.iter().map(|(target, _)| target.clone()).collect();
        for (target, done) in cancels {
            self.forward_cancel(handle.clone(), job.request_id().clone(), target, None, done);
        }
        let started = Instant::now();
        let (shutting_down, cancelled, abandoned) = (false, false, false);
        let running =
            Running { work, attempt, lane, started, shutting_down, cancelled, items_cancelled, abandoned };
        self.running.insert(seq, running);
        let reply_reader = self.reply_reader.clone();
        self.runs.spawn(async move {
            let outcome = reply_reader.outcome(job, handle.gpu, attempt, answer.await).await;
            Ran { seq, outcome }
        });
    }

    /// Handles the end of an attempt.
    pub(super) fn on_ran(&mut self, Ran { seq, outcome }: Ran) {
        let Some(running) = self.running.remove(&seq) else { return };
        self.lane_loads[running.lane].end();
        self.judge(running.lane, &running.work.job, &outcome);
        match self.next(&running, outcome) {
            Next::Again { attempt, avoid } => self.requeue(seq, running, attempt, avoid),
            Next::End(mut reply) => {
                running.settle(&mut reply);
                self.learn(&running, &reply);
                self.end(seq, &running.work, reply, Some(running.started.elapsed()));
            }
        }
    }

    fn next(&mut self, running: &Running, outcome: Outcome) -> Next {
        let Running { work, attempt, lane, .. } = running;
        let (job, attempt) = (&work.job, *attempt);
        let may_repeat = !running.shutting_down && !running.cancelled;
        match outcome {
            Outcome::Crashed { reply, started, .. } if may_repeat => {
                log_repeat(job, &self.lane_loads[*lane].lane, &reply, started);
                // A command that the worker had not begun costs no attempt.
                Next::Again { attempt: attempt + u32::from(started), avoid: Some(*lane) }
            }
            // Without a deadline it could wait for the end of a training for hours: such a command is refused.
            Outcome::Busy(_) if may_repeat && work.deadline.is_some() => {
                self.lane_loads[*lane].block();
                Next::Again { attempt, avoid: None }
            }
            Outcome::NotTaken(_) if may_repeat => Next::Again { attempt, avoid: None },
            Outcome::Crashed { .. } | Outcome::Busy(_) | Outcome::NotTaken(_) if running.cancelled => {
                let message = "cancelled; its worker could not run it to its end";
                Next::End(job.context.failure(Failure::new(ErrorCode::Cancelled, message)))
            }
            // It is not repeated because the gateway stops, so the reply says that, and not what befell the worker.
            Outcome::Crashed { .. } | Outcome::Busy(_) | Outcome::NotTaken(_) if running.shutting_down => {
                Next::End(job.context.failure(*gone()))
            }
            Outcome::Crashed { reply, .. } | Outcome::Reply { reply, .. } => Next::End(reply),
            Outcome::Busy(reply) | Outcome::NotTaken(reply) => Next::End(reply),
        }
    }

    /// Reports to the lane what the job shows about its worker.
    fn judge(&mut self, lane: usize, job: &Job, outcome: &Outcome) {
        let (Outcome::Reply { reply, is_judged: false } | Outcome::Crashed { reply, is_judged: false, .. }) =
            outcome
        else {
            return;
        };
        if job.need.repeatable
            && let Some(verdict) = judge::verdict(&mut self.internals, lane, job, reply)
        {
            self.lane_loads[lane].lane.judge(verdict);
        }
    }

    /// Notes what the reply says about the models and the trainings of the worker.
    fn learn(&mut self, running: &Running, reply: &Reply) {
        let job = &running.work.job;
        self.lane_loads[running.lane].learn(&job.need, reply);
        if let (Action::StartTraining | Action::StartSdxlTraining, Ok(data)) = (job.action(), &reply.outcome)
            && let Some(id) = data["training_id"].as_str()
        {
            self.trainings.note(id, running.lane, self.config.records_max);
        }
    }

    fn requeue(&mut self, seq: u64, running: Running, attempt: u32, avoid: Option<usize>) {
        let Running { work, items_cancelled, .. } = running;
        self.records.requeue(seq, attempt);
        // Its old sequence puts it before all that came later.
        let place = (work.job.priority, seq);
        // The clients that cancelled these have their answers; only the next worker must be asked again.
        let cancels = items_cancelled.into_iter().map(|item| (item, oneshot::channel().0)).collect();
        self.wait(place, Waiting { work, attempt, avoid, cancels });
    }
}

impl Running {
    /// Completes the failure of a command with what the queue alone knows.
    fn settle(&self, reply: &mut Reply) {
        let Err(failure) = &mut reply.outcome else { return };
        match failure.code {
            ErrorCode::WorkerCrashed => {
                let failed = std::mem::replace(&mut **failure, Failure::new(ErrorCode::Internal, ""));
                **failure = failed.detail("attempts", self.attempt);
            }
            ErrorCode::Cancelled if self.shutting_down => **failure = *gone(),
            ErrorCode::Cancelled if self.abandoned => **failure = client_left(),
            _ => {}
        }
    }
}

fn order(work: &Work, attempt: u32) -> Order {
    let job = &work.job;
    Order {
        action: job.action(),
        request_id: job.request_id().clone(),
        attempt,
        frame: job.frame(attempt),
        trace: job.trace().cloned(),
        deadline: work.deadline.zip(job.timeout),
        exclusive: true,
        compiles: job.compiles,
        events: Some(work.events.clone()),
        requests: job.batch,
        // The queue holds these itself, until the lane has answered.
        guard: None,
    }
}

fn log_repeat(job: &Job, lane: &LaneHandle, reply: &Reply, started: bool) {
    let why = reply.outcome.as_ref().err().map(|failure| &*failure.message);
    let (id, gpu) = (&**job.request_id(), &lane.gpu);
    tracing::warn!(request_id = id, trace_id = job.trace_id(), %gpu, why, started, "repeated after a crash");
}
