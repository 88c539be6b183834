//! Cancels: of what waits, of what runs, of one request of a batch, of a session's job.

use std::sync::Arc;

use chrono::Utc;
use contracts::{ErrorCode, Failure};
use tokio::sync::oneshot;

use super::{JobQueue, Place, Waiting};
use crate::{
    events::JobEvents,
    jobs::{
        JobView, Record, Status,
        handle::{Cancelling, gone},
        job::Priority,
        record::Entry,
    },
    lane::{Cancelled, LaneError, LaneHandle},
};

impl JobQueue {
    pub(super) fn cancel(&mut self, target: &Arc<str>, attempt: Option<u32>, done: Cancelling) {
        let Some((seq, item)) = self.find(target) else {
            done.send(Err(self.not_found(target))).ok();
            return;
        };
        self.note_cancel(seq, item, attempt);
        if let Some((_, place)) = self.place_of(seq) {
            let Some(waiting) = self.waiting.get_mut(&place) else { return };
            if !item && attempt.is_some_and(|attempt| attempt != waiting.attempt) {
                done.send(Err(self.not_found(target))).ok();
            } else if item {
                waiting.cancels.push((target.clone(), done));
            } else if let Some(waiting) = self.take(place) {
                let failure = Failure::new(ErrorCode::Cancelled, "cancelled before it began");
                self.end_waiting(seq, waiting, failure);
                done.send(Ok("queued")).ok();
            }
            return;
        }
        let Some(running) = self.running.get_mut(&seq) else { return };
        if !item && attempt.is_some_and(|attempt| attempt != running.attempt) {
            done.send(Err(self.not_found(target))).ok();
            return;
        }
        // A worker that dies before the cancel reaches it, or after, must not bring back what was cancelled.
        if item {
            running.items_cancelled.insert(target.clone());
        } else {
            running.cancelled = true;
        }
        let lane = self.lane_loads[running.lane].lane.clone();
        let (holder, events) = (running.work.job.request_id().clone(), running.work.events.clone());
        self.forward_cancel(lane, holder, target.clone(), (!item).then_some(events), done);
    }

    /// Notes in the record of a job, once, that a cancel of it was asked for.
    fn note_cancel(&mut self, seq: u64, item: bool, attempt: Option<u32>) {
        if let Some(Entry { record, .. }) = self.records.get_mut(&seq)
            && !item
            && attempt.is_none_or(|attempt| attempt == record.attempt)
        {
            record.cancel_requested_at.get_or_insert_with(Utc::now);
        }
    }

    /// Cancels a job whose clients have all left.
    pub(super) fn give_up(&mut self, seq: u64) {
        if let Some((_, place)) = self.place_of(seq) {
            if let Some(waiting) = self.take(place) {
                tracing::info!(
                    request_id = &**waiting.work.job.request_id(),
                    trace_id = waiting.work.job.trace_id(),
                    was = "queued",
                    "cancelled: its client left"
                );
                self.end_waiting(seq, waiting, client_left());
            }
            return;
        }
        self.note_cancel(seq, false, None);
        let Some(running) = self.running.get_mut(&seq) else { return };
        running.given_up = true;
        running.cancelled = true;
        let id = running.work.job.request_id().clone();
        let lane = self.lane_loads[running.lane].lane.clone();
        let trace_id = running.work.job.trace_id();
        tracing::info!(request_id = &*id, trace_id, was = "running", gpu = %lane.gpu, "cancelled: its client left");
        // Nobody waits for the answer to this cancel: the job's own end is in its record.
        let (done, _) = oneshot::channel();
        self.forward_cancel(lane, id.clone(), id, None, done);
    }

    /// The command of an id; or the batch that holds it, and `true`.
    fn find(&self, target: &str) -> Option<(u64, bool)> {
        if let Some(seq) = self.active.get(target) {
            return Some((*seq, false));
        }
        let (batch, index) = target.rsplit_once('.')?;
        let seq = *self.active.get(batch)?;
        let index: usize = index.parse().ok()?;
        let size =
            self.place_of(seq).map(|(size, _)| size).or_else(|| Some(self.running.get(&seq)?.work.job.batch));
        (index < size?).then_some((seq, true))
    }

    /// Size as a batch, and place, of what waits.
    pub(super) fn place_of(&self, seq: u64) -> Option<(usize, Place)> {
        [Priority::High, Priority::Normal, Priority::Low].into_iter().find_map(|priority| {
            let place = (priority, seq);
            Some((self.waiting.get(&place)?.work.job.batch, place))
        })
    }

    /// Ends what waits, and answers whoever cancelled a request of it.
    pub(super) fn end_waiting(&mut self, seq: u64, waiting: Waiting, failure: Failure) {
        let reply = waiting.work.job.context.failure(failure);
        self.end(seq, &waiting.work, reply);
        for (_, done) in waiting.cancels {
            done.send(Ok("queued")).ok();
        }
    }

    pub(super) fn forward_cancel(
        &mut self,
        lane: LaneHandle,
        holder: Arc<str>,
        target: Arc<str>,
        events: Option<JobEvents>,
        done: Cancelling,
    ) {
        self.errands.spawn(async move {
            let cancelled = lane.cancel(holder, target.clone()).await;
            // Answered after the target's own terminal reply.
            let status = match events {
                Some(events) => Some(Status::of(&*events.reply().await)),
                None => None,
            };
            let not_found = || {
                let failure = Failure::new(ErrorCode::JobNotFound, format!("{target} has ended already"));
                Box::new(match status {
                    Some(status) => failure.detail("status", status.as_str()),
                    None => failure,
                })
            };
            let answer = match cancelled {
                Cancelled::Replaced => Ok("running"),
                Cancelled::Waiting => Ok("queued"),
                // The lane had it no more, and the job queue ended it for the cancel.
                Cancelled::NotHere if status == Some(Status::Cancelled) => Ok("running"),
                Cancelled::Unanswered(seconds) => Err(Box::new(LaneError::TimedOut { seconds }.failure())),
                Cancelled::NotHere => Err(not_found()),
                Cancelled::Answered(line) => match contracts::unique(&line) {
                    Err(err) => Err(Box::new(LaneError::Protocol { what: err.to_string() }.failure())),
                    Ok(reply) if reply["success"] == true && reply["data"]["was"] == "queued" => Ok("queued"),
                    Ok(reply) if reply["success"] == true => Ok("running"),
                    Ok(_) => Err(not_found()),
                },
            };
            done.send(answer).ok();
        });
    }

    pub(super) fn cancel_session(
        &mut self,
        session_id: &str,
        done: oneshot::Sender<Result<JobView, Box<Failure>>>,
    ) {
        self.forget_sessions();
        let job = self.sessions.record(session_id).and_then(|seq| Some((seq, self.view(seq)?)));
        let Some((seq, job)) = job else {
            let message = format!("no session {session_id}");
            done.send(Err(Box::new(Failure::new(ErrorCode::SessionNotFound, message)))).ok();
            return;
        };
        if job.record.status.is_end() {
            let failure =
                Failure::new(ErrorCode::Conflict, format!("session {session_id} has ended already"));
            done.send(Err(Box::new(failure.detail("status", job.record.status.as_str())))).ok();
            return;
        }
        let (cancelled, was) = oneshot::channel();
        self.cancel(&job.record.request_id, None, cancelled);
        let own = self.ended_view(seq, job);
        self.errands.spawn(async move {
            let answer = match was.await {
                Ok(Ok(_)) => Ok(own.await),
                Ok(Err(failure)) => Err(failure),
                Err(_) => Err(gone()),
            };
            done.send(answer).ok();
        });
    }

    /// The job as it is once it has ended.
    fn ended_view(&self, seq: u64, job: JobView) -> impl Future<Output = JobView> + use<> {
        let gpu = self.running.get(&seq).map(|running| self.lane_loads[running.lane].lane.gpu.clone());
        let cancel_requested_at = self.records.get(&seq).and_then(|entry| entry.record.cancel_requested_at);
        async move {
            let reply = job.events.reply().await;
            let gpu = gpu.or(job.record.gpu);
            let status = Status::of(&reply);
            let completed_at = Some(Utc::now());
            let record = Record { status, cancel_requested_at, completed_at, gpu, ..job.record };
            JobView { record, events: job.events, queue_position: None }
        }
    }

    fn not_found(&self, target: &str) -> Box<Failure> {
        let failure = Failure::new(ErrorCode::JobNotFound, format!("no job {target} waits or runs"));
        Box::new(match self.newest.get(target).and_then(|seq| self.records.get(seq)) {
            Some(Entry { record: job, .. }) => {
                failure.detail("status", job.status.as_str()).detail("attempt", job.attempt)
            }
            None => failure,
        })
    }
}

/// The end of a job whose clients have left.
pub(super) fn client_left() -> Failure {
    Failure::new(ErrorCode::Cancelled, "cancelled: its client left before the reply")
        .hint("send it again, with `on_disconnect=finish` or `Prefer: respond-async` where it is to go on alone")
        .detail("reason", "client_left")
}
