//! Cancels: of a command that waits or runs, of one request of a batch, of a session's job.

use std::{pin::pin, sync::Arc};

use chrono::Utc;
use contracts::{Action, ErrorCode, Failure, Reply};
use tokio::{
    sync::oneshot,
    time::{Duration, timeout},
};

use super::{JobQueue, Place, Waiting};
use crate::{
    events::JobEvents,
    jobs::{
        JobView, Record, Status,
        handle::{Cancelling, gone},
        record::Entry,
    },
    lane::{Cancelled, LaneError, LaneHandle, ProtocolBreach},
    reply::unlike,
};

impl JobQueue {
    pub(super) fn cancel(&mut self, target: &Arc<str>, attempt: Option<u32>, done: Cancelling) {
        let Some((seq, item)) = self.find(target) else {
            done.send(Err(self.not_found(target))).ok();
            return;
        };
        if !item {
            self.records.request_cancel(seq, attempt);
        }
        // A request of a batch is at the attempt of its batch.
        let is_another = |present: u32| attempt.is_some_and(|attempt| attempt != present);
        if let Some((place, waiting)) = self.waiting.find(seq) {
            if is_another(waiting.attempt) {
                done.send(Err(self.not_found(target))).ok();
            } else {
                self.cancel_waiting(place, item.then_some(target), done);
            }
            return;
        }
        let Some(running) = self.running.get_mut(&seq) else { return };
        if is_another(running.attempt) {
            done.send(Err(self.not_found(target))).ok();
            return;
        }
        // Noted first: a worker that dies before or after the cancel reaches it must not bring the command back.
        if item {
            running.items_cancelled.insert(target.clone());
        } else {
            running.cancelled = true;
        }
        let lane = self.lane_loads[running.lane].lane.clone();
        let (holder, events) = (running.work.job.request_id().clone(), running.work.events.clone());
        self.forward_cancel(lane, holder, target.clone(), (!item).then_some(events), done);
    }

    /// Cancels a command that waits, or one `item` of a batch that waits.
    fn cancel_waiting(&mut self, place: Place, item: Option<&Arc<str>>, done: Cancelling) {
        if let Some(target) = item {
            if let Some(waiting) = self.waiting.get_mut(place) {
                waiting.cancels.push((target.clone(), done));
            }
        } else if let Some(waiting) = self.waiting.remove(place) {
            let failure = Failure::new(ErrorCode::Cancelled, "cancelled before it began");
            self.end_waiting(place.1, waiting, failure);
            done.send(Ok("queued")).ok();
        }
    }

    /// Cancels a job whose clients have all left.
    pub(super) fn abandon(&mut self, seq: u64) {
        if let Some((place, _)) = self.waiting.find(seq) {
            if let Some(waiting) = self.waiting.remove(place) {
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
        self.records.request_cancel(seq, None);
        let Some(running) = self.running.get_mut(&seq) else { return };
        running.abandoned = true;
        running.cancelled = true;
        let id = running.work.job.request_id().clone();
        let lane = self.lane_loads[running.lane].lane.clone();
        let trace_id = running.work.job.trace_id();
        tracing::info!(request_id = &*id, trace_id, was = "running", gpu = %lane.gpu, "cancelled: its client left");
        // The answer to this cancel has no receiver: the end of the job is in its record.
        let (done, _) = oneshot::channel();
        self.forward_cancel(lane, id.clone(), id, None, done);
    }

    /// The command of an id; or the batch that has it as a request, and `true`.
    fn find(&self, target: &str) -> Option<(u64, bool)> {
        if let Some(seq) = self.active.get(target) {
            return Some((*seq, false));
        }
        let (batch, index) = contracts::batch_and_index(target)?;
        let seq = *self.active.get(batch)?;
        let job = match self.waiting.find(seq) {
            Some((_, waiting)) => &waiting.work.job,
            None => &self.running.get(&seq)?.work.job,
        };
        (index < job.batch).then_some((seq, true))
    }

    /// Ends a command that waits, and answers the cancels of its requests.
    pub(super) fn end_waiting(&mut self, seq: u64, waiting: Waiting, failure: Failure) {
        let reply = waiting.work.job.context.failure(failure);
        self.end(seq, &waiting.work, reply, None);
        for (_, done) in waiting.cancels {
            done.send(Ok("queued")).ok();
        }
    }

    /// Sends a cancel to a lane; `events` are those of the target, if it is the whole command.
    pub(super) fn forward_cancel(
        &mut self,
        lane: LaneHandle,
        holder: Arc<str>,
        target: Arc<str>,
        events: Option<JobEvents>,
        done: Cancelling,
    ) {
        self.cancels.spawn(async move {
            let cancel = lane.cancel(holder, target.clone());
            let (cancelled, status) = match events {
                Some(events) => {
                    let (cancelled, status) = after_reply(cancel, &events).await;
                    (cancelled, Some(status))
                }
                None => (cancel.await, None),
            };
            // The worker may not answer, or know the command no more: the target's own reply decides.
            let no_longer_there = || {
                if status == Some(Status::Cancelled) {
                    return Ok("running");
                }
                let failure = Failure::new(ErrorCode::JobNotFound, format!("{target} has ended already"));
                Err(Box::new(match status {
                    Some(status) => failure.detail("status", status.as_str()),
                    None => failure,
                }))
            };
            let answer = match cancelled {
                Cancelled::Replaced => Ok("running"),
                Cancelled::Waiting => Ok("queued"),
                Cancelled::Unanswered(seconds) => Err(Box::new(LaneError::TimedOut { seconds }.failure())),
                Cancelled::NotHere => no_longer_there(),
                Cancelled::Answered(line) => match read_answer(&line, &target) {
                    Err(breach) => Err(Box::new(LaneError::Protocol { breach }.failure())),
                    Ok(Some(was)) => Ok(was),
                    Ok(None) => no_longer_there(),
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
        self.records.expire_sessions();
        let job = self.records.session(session_id).and_then(|seq| Some((seq, self.view(seq)?)));
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
        self.cancels.spawn(async move {
            let answer = match was.await {
                Ok(Ok(_)) => Ok(own.await),
                Ok(Err(failure)) => Err(failure),
                Err(_) => Err(gone()),
            };
            done.send(answer).ok();
        });
    }

    /// Waits for the end of a job, and returns it.
    fn ended_view(&self, seq: u64, job: JobView) -> impl Future<Output = JobView> + use<> {
        let gpu = self.running.get(&seq).map(|running| self.lane_loads[running.lane].lane.gpu.clone());
        let cancel_requested_at = self.records.get(seq).and_then(|entry| entry.record.cancel_requested_at);
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
        Box::new(match self.records.newest(target).and_then(|seq| self.records.get(seq)) {
            Some(Entry { record: job, .. }) => {
                failure.detail("status", job.status.as_str()).detail("attempt", job.attempt)
            }
            None => failure,
        })
    }
}

/// What the target was when the cancel met it; `None` if the worker refuses the cancel.
fn read_answer(line: &[u8], target: &str) -> Result<Option<&'static str>, ProtocolBreach> {
    let reply = Reply::from_json(Action::Cancel, line)?.reply;
    let Ok(data) = reply.outcome else { return Ok(None) };
    match unlike("/data/target_request_id", data.get("target_request_id"), target) {
        Some(breach) => Err(breach),
        None => Ok(Some(if data["was"] == "queued" { "queued" } else { "running" })),
    }
}

/// How long a worker may take to answer a cancel after its target has ended. It answers right then; 5 s is the time that
/// it has to obey one.
const CANCEL_ANSWER_MAX: Duration = Duration::from_secs(5);

/// The outcome of the cancel of a whole command, and how the command ended. The contract has the answer to a cancel follow
/// the target's own reply. A worker that never answers the cancel does not hold it up: the target has ended.
async fn after_reply(cancel: impl Future<Output = Cancelled>, events: &JobEvents) -> (Cancelled, Status) {
    let mut cancel = pin!(cancel);
    tokio::select! {
        // Biased: where both are there, the worker's answer says more.
        biased;
        cancelled = &mut cancel => (cancelled, Status::of(&*events.reply().await)),
        reply = events.reply() => {
            let cancelled = timeout(CANCEL_ANSWER_MAX, cancel).await;
            (cancelled.unwrap_or(Cancelled::NotHere), Status::of(&reply))
        }
    }
}

/// The failure of a job whose clients have left.
pub(super) fn client_left() -> Failure {
    Failure::new(ErrorCode::Cancelled, "cancelled: its client left before the reply")
        .hint("send it again, with `on_disconnect=finish` or `Prefer: respond-async` where it is to go on alone")
        .detail("reason", "client_left")
}
