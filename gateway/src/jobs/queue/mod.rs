//! The job queue: the one task that owns the commands that wait or run, and the records of jobs.

mod attempt;
mod cancel;
mod drain;
mod history;
mod judge;
mod outcome;
mod records;
mod replies;
mod views;
mod wait_queue;

use std::{collections::HashMap, sync::Arc, time::Duration};

use contracts::{ErrorCode, Failure, Reply, Violation, head_pointer};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::{
    Accepted, Job,
    handle::{Mail, full, gone},
};
use crate::{
    events::JobEvents,
    lane::{LaneError, LaneHandle, ResourceGuard},
    outputs::Outputs,
    placement::{self, LaneLoad, LaneLoadView},
};
use attempt::{Ran, Running};
use drain::Draining;
use history::Trainings;
use judge::Internals;
use records::Records;
use replies::ReplyReader;
use wait_queue::{Place, WaitQueue, Waiting};

/// Limits of the queue.
#[derive(Clone, Debug)]
pub struct QueueConfig {
    /// Commands that may wait.
    pub queue_max: usize,
    /// Records of ended jobs that are kept.
    pub records_max: usize,
    /// Bytes of the replies in these records. The reply of the job that ended last is kept whatever its size.
    pub records_bytes_max: usize,
    /// Bytes of the events of one job that are kept.
    pub events_bytes_max: usize,
    /// Bytes of the events of all ended jobs that are kept.
    pub events_ended_bytes_max: usize,
}

/// A job with what belongs to this process alone.
#[derive(Clone)]
struct Work {
    job: Arc<Job>,
    events: JobEvents,
    /// When it times out, by the monotonic clock: a change of the wall clock moves no deadline.
    deadline: Option<Instant>,
    /// Input files and the claim of its id; the queue only holds them until the job has ended.
    _guard: ResourceGuard,
}

/// The state of the queue's task.
pub(super) struct JobQueue {
    lane_loads: Vec<LaneLoad>,
    config: QueueConfig,
    /// The lanes notify this when one of them changes.
    changed: Arc<Notify>,
    mailbox: mpsc::Receiver<Mail>,
    waiting: WaitQueue,
    running: HashMap<u64, Running>,
    /// Commands that have not ended, by id.
    active: HashMap<Arc<str>, u64>,
    records: Records,
    /// Index of the lane of each training.
    trainings: Trainings,
    runs: JoinSet<Ran>,
    reply_reader: ReplyReader,
    /// Checked again after a worker could not write its pictures.
    outputs: Outputs,
    /// Cancels on their way to a lane.
    cancels: JoinSet<()>,
    draining: Option<Draining>,
    /// The sequence of the next command.
    next: u64,
    internals: Internals,
    /// The breaker of each lane when the waiting commands were last checked: `None` closed, `Some(true)` open because
    /// its worker is configured wrong.
    breakers: Vec<Option<bool>>,
}

impl JobQueue {
    pub(super) fn new(
        lanes: Vec<LaneHandle>,
        config: QueueConfig,
        outputs: Outputs,
        changed: Arc<Notify>,
        mailbox: mpsc::Receiver<Mail>,
    ) -> Self {
        Self {
            internals: Internals::new(lanes.len()),
            breakers: vec![None; lanes.len()],
            reply_reader: ReplyReader::new(lanes.len(), outputs.clone()),
            outputs,
            lane_loads: lanes.into_iter().map(LaneLoad::new).collect(),
            records: Records::new(config.clone()),
            config,
            changed,
            mailbox,
            waiting: WaitQueue::default(),
            running: HashMap::new(),
            active: HashMap::new(),
            trainings: Trainings::default(),
            runs: JoinSet::new(),
            cancels: JoinSet::new(),
            draining: None,
            next: 0,
        }
    }

    pub(super) async fn run(mut self) {
        loop {
            let wake = self.next_wake();
            let changed = self.changed.clone();
            tokio::select! {
                // Deadlines first, then finished attempts: a flood of mail must neither delay a timeout nor leave a
                // lane idle.
                biased;
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => self.on_time(),
                Some(ran) = self.runs.join_next() => match ran {
                    Ok(ran) => self.on_ran(ran),
                    // `Job::reply` catches panics of its own. Any other panic leaves the state of the queue unknown, so
                    // it ends this task, and with it the gateway.
                    Err(err) => std::panic::resume_unwind(err.into_panic()),
                },
                Some(_) = self.cancels.join_next() => {}
                mail = self.mailbox.recv() => match mail {
                    Some(Mail::Close) | None => return,
                    Some(mail) => self.on_mail(mail),
                },
                () = changed.notified() => {}
            }
            self.dispatch();
            self.settle_drain();
        }
    }

    // ---- mail ----

    fn on_mail(&mut self, mail: Mail) {
        // A failed `send` means that the caller hung up: it needs no answer.
        match mail {
            Mail::Submit(job, guard, answer) => {
                answer.send(self.submit(*job, guard)).ok();
            }
            Mail::Cancel { target, attempt, done } => self.cancel(&target, attempt, done),
            Mail::Abandon(seq) => self.abandon(seq),
            Mail::Accepted(seq, answer) => {
                answer.send(self.accepted(seq)).ok();
            }
            Mail::CancelSession { session_id, done } => self.cancel_session(&session_id, done),
            Mail::Job(id, answer) => {
                answer.send(self.records.newest(&id).and_then(|seq| self.view(seq))).ok();
            }
            Mail::Jobs { filter, before, limit, answer } => {
                answer.send(self.page(&filter, before, limit)).ok();
            }
            Mail::Session(id, answer) => {
                self.records.expire_sessions();
                answer.send(self.records.session(&id).and_then(|seq| self.view(seq))).ok();
            }
            Mail::Sessions(answer) => {
                self.records.expire_sessions();
                answer.send(self.views_of(&self.records.sessions())).ok();
            }
            Mail::Queue(answer) => {
                answer.send(self.status()).ok();
            }
            Mail::Loads(answer) => {
                let loads: Vec<LaneLoadView> = self.lane_loads.iter_mut().map(LaneLoad::load).collect();
                answer.send(loads).ok();
            }
            Mail::Training(id, answer) => {
                let gpu = self.trainings.lane(&id).map(|lane| self.lane_loads[lane].lane.gpu.clone());
                answer.send(gpu).ok();
            }
            Mail::Drain { until, done } => self.drain(until, done),
            // `run` returns on it and passes none on.
            Mail::Close => {}
        }
    }

    fn submit(&mut self, job: Job, guard: ResourceGuard) -> Result<Accepted, Box<Failure>> {
        if self.draining.is_some() {
            return Err(gone());
        }
        if self.waiting.len() >= self.config.queue_max {
            return Err(full(self.config.queue_max));
        }
        self.check_session(&job)?;
        crate::faults::strike(crate::faults::FaultPoint::JobQueue, job.request_id());
        let seq = self.next;
        self.next += 1;
        let events = JobEvents::new(self.config.events_bytes_max, job.trace().cloned());
        if !job.need.repeatable {
            // Loads and trainings go on without their clients.
            events.keep_running();
        }
        if job.recorded {
            self.records.open(seq, &job, events.clone());
        }
        let place = (job.priority, seq);
        self.active.insert(job.request_id().clone(), seq);
        let deadline = job.timeout.map(|timeout| Instant::now() + timeout);
        let work = Work { job: Arc::new(job), events: events.clone(), deadline, _guard: guard };
        self.wait(place, Waiting { work, attempt: 1, avoid: None, cancels: Vec::new() });
        // A command that a lane took at once runs already.
        let waits = self.waiting.find(seq).is_some();
        let queue_position = if waits { self.waiting.position(place) } else { 0 };
        Ok(Accepted { seq, queue_position, events })
    }

    /// Refuses a second job of a session whose job has not ended.
    fn check_session(&self, job: &Job) -> Result<(), Box<Failure>> {
        if let Some(session_id) = &job.context.session_id
            && job.recorded
            && let Some(entry) = self.records.session(session_id).and_then(|seq| self.records.get(seq))
            && !entry.record.status.is_end()
        {
            let message = format!("session {session_id} has a job that has not ended");
            let at = head_pointer("session_id", Some(job.dialect));
            let failure = Failure::of_violations(vec![Violation::new(at, ErrorCode::Conflict, message)]);
            return Err(Box::new(failure.detail("request_id", &*entry.record.request_id)));
        }
        Ok(())
    }

    fn accepted(&self, seq: u64) -> Option<Accepted> {
        let job = self.view(seq)?;
        Some(Accepted { seq, queue_position: job.queue_position.unwrap_or(0), events: job.events })
    }

    /// Queues a command, or refuses it at once where no lane will ever take it.
    fn wait(&mut self, place: Place, waiting: Waiting) {
        let refusal = placement::refusal(&self.lane_loads, &waiting.work.job.need);
        self.waiting.insert(place, waiting);
        if let Some(failure) = refusal {
            self.refuse(place, failure);
        }
    }

    // ---- time ----

    fn next_wake(&self) -> Option<Instant> {
        // A lane that falls silent or speaks again is not among these: it notifies `changed` itself.
        let blocked = self.lane_loads.iter().filter_map(|lane_load| lane_load.blocked_until);
        blocked.chain(self.waiting.next_deadline()).chain(self.drain_deadline()).min()
    }

    fn on_time(&mut self) {
        let now = Instant::now();
        while let Some((place, waiting)) = self.waiting.remove_expired(now) {
            let seconds = waiting.work.job.timeout.unwrap_or_default().as_secs_f64();
            let lanes = placement::why_it_waits(&self.lane_loads, &waiting.work.job.need);
            let failure = LaneError::TimedOut { seconds }.failure().detail("lanes", lanes);
            self.end_waiting(place.1, waiting, failure);
        }
        for lane_load in &mut self.lane_loads {
            lane_load.blocked_until = lane_load.blocked_until.filter(|until| *until > now);
        }
    }

    // ---- placement ----

    /// Gives waiting commands to lanes until no lane can begin any of them.
    fn dispatch(&mut self) {
        self.lane_loads.iter_mut().for_each(LaneLoad::refresh);
        self.refuse_unplaceable();
        loop {
            let queue =
                self.waiting.iter().map(|(place, waiting)| (place, &waiting.work.job.need, waiting.avoid));
            let Some((place, lane)) = placement::next(&self.lane_loads, queue) else { return };
            if let Some(waiting) = self.waiting.remove(place) {
                self.begin(place.1, waiting, lane);
            }
        }
    }

    /// Refuses the commands that no lane will take, each time that a breaker has opened or closed. Only then, because
    /// it reads the whole queue.
    fn refuse_unplaceable(&mut self) {
        let breakers: Vec<Option<bool>> = self
            .lane_loads
            .iter()
            .map(|lane_load| lane_load.lane.open().map(|open| open.is_misconfigured()))
            .collect();
        if std::mem::replace(&mut self.breakers, breakers.clone()) == breakers {
            return;
        }
        let refusals: Vec<(Place, Failure)> = self
            .waiting
            .iter()
            .filter_map(|(place, waiting)| {
                Some((place, placement::refusal(&self.lane_loads, &waiting.work.job.need)?))
            })
            .collect();
        for (place, failure) in refusals {
            self.refuse(place, failure);
        }
    }

    fn refuse(&mut self, place: Place, failure: Failure) {
        if let Some(waiting) = self.waiting.remove(place) {
            self.end_waiting(place.1, waiting, failure);
        }
    }

    /// The one place where a command ends; `ran`: how long its worker took.
    fn end(&mut self, seq: u64, work: &Work, reply: Reply, ran: Option<Duration>) {
        let Work { job, events, .. } = work;
        if self.active.get(job.request_id()) == Some(&seq) {
            self.active.remove(job.request_id());
        }
        self.records.end(seq, events, &reply, ran);
        let record = self.records.get(seq).map(|entry| &entry.record);
        crate::log::ended(
            &reply,
            job.trace(),
            record.and_then(|record| record.gpu.as_ref()),
            record.map(|record| record.attempt),
        );
        if reply.outcome.as_ref().is_err_and(|failure| failure.code == ErrorCode::StorageFull) {
            self.outputs.recheck();
        }
        let bytes = events.end(reply);
        self.records.keep_reply(seq, bytes);
    }
}
