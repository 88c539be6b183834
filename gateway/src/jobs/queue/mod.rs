//! The job queue: the one task that owns the queue, the records and who works on what.

mod cancel;
mod history;
mod judge;
mod replies;
mod views;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use chrono::Utc;
use contracts::{Action, ErrorCode, Failure, Reply, limits};
use judge::Internals;
use replies::ReplyReader;
use tokio::{
    sync::{Notify, mpsc, oneshot},
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::{
    Accepted, Job, Record, Status,
    handle::{Cancelling, Mail, full, gone},
    job::Priority,
    record::Entry,
    session::Sessions,
};
use crate::{
    events::JobEvents,
    lane::{Kept, LaneError, LaneHandle, Order},
    outputs::Outputs,
    placement::{self, LaneLoad, LaneLoadView},
};
use history::{Histories, Trainings};

/// Limits of the queue.
#[derive(Clone, Debug)]
pub struct QueueConfig {
    /// Commands that may wait.
    pub queue_max: usize,
    /// Records of ended jobs that are kept.
    pub records_max: usize,
    /// Bytes of their replies; that of the job that ended last is kept, however long it is.
    pub records_bytes_max: usize,
    /// Bytes of the events of one job that are kept.
    pub events_bytes_max: usize,
    /// Bytes of the events of all ended jobs that are kept.
    pub events_ended_bytes_max: usize,
}

/// Place in the queue: priority, then order of acceptance.
type Place = (Priority, u64);

/// A job with what lies beside it in this process.
#[derive(Clone)]
struct Work {
    job: Arc<Job>,
    events: JobEvents,
    /// When it times out, by the clock that never jumps.
    deadline: Option<Instant>,
    /// What is held for it until it has ended; never looked at here.
    _kept: Kept,
}

struct Waiting {
    work: Work,
    attempt: u32,
    /// The lane whose worker crashed with it.
    avoid: Option<usize>,
    /// Requests of a batch that were cancelled before it began.
    cancels: Vec<(Arc<str>, Cancelling)>,
}

struct Running {
    work: Work,
    attempt: u32,
    lane: usize,
    started: Instant,
    /// The grace is over: `cancelled` means `shutting_down`.
    shutting_down: bool,
    /// A cancel is on its way: what would be repeated ends.
    cancelled: bool,
    /// Requests of a batch that were cancelled: a repeated batch leaves them out, too.
    items_cancelled: BTreeSet<Arc<str>>,
    /// It is cancelled because its clients have left.
    given_up: bool,
}

/// The way to the end.
struct Draining {
    until: Instant,
    /// The grace is over.
    over: bool,
    /// Who waits until all is answered.
    done: Option<oneshot::Sender<()>>,
}

/// What came of one run.
struct Ran {
    seq: u64,
    outcome: Outcome,
}

enum Outcome {
    Reply {
        reply: Reply,
        /// What the lane knows by itself about its worker needs no verdict.
        is_judged: bool,
    },
    /// The worker crashed, and the job may be repeated; whether it had started.
    Crashed { reply: Reply, started: bool, is_judged: bool },
    /// The worker is training.
    Busy(Reply),
    /// The lane lost its worker, or opened, before a worker had the command.
    NotTaken(Reply),
}

#[derive(Default)]
struct Counts {
    completed: u64,
    failed: u64,
    cancelled: u64,
    seconds: f64,
}

pub(super) struct JobQueue {
    lane_loads: Vec<LaneLoad>,
    config: QueueConfig,
    changed: Arc<Notify>,
    mailbox: mpsc::Receiver<Mail>,
    waiting: BTreeMap<Place, Waiting>,
    deadlines: BTreeSet<(Instant, Place)>,
    running: HashMap<u64, Running>,
    /// Commands that have not ended, by id.
    active: HashMap<Arc<str>, u64>,
    records: BTreeMap<u64, Entry>,
    newest: HashMap<Arc<str>, u64>,
    ended: usize,
    /// Bytes of the replies of these.
    replies_bytes: usize,
    sessions: Sessions,
    /// Index of the lane of each training.
    trainings: Trainings,
    /// Events of ended jobs.
    histories: Histories,
    runs: JoinSet<Ran>,
    reply_reader: ReplyReader,
    /// Looked at again where a worker could not write its pictures.
    outputs: Outputs,
    /// Cancels on their way to a lane.
    errands: JoinSet<()>,
    draining: Option<Draining>,
    next: u64,
    counts: Counts,
    internals: Internals,
    /// By lane: whether it is open, and configured wrong, when what waits was last looked through.
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
            config,
            changed,
            mailbox,
            waiting: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            running: HashMap::new(),
            active: HashMap::new(),
            records: BTreeMap::new(),
            newest: HashMap::new(),
            ended: 0,
            replies_bytes: 0,
            sessions: Sessions::default(),
            trainings: Trainings::default(),
            histories: Histories::default(),
            runs: JoinSet::new(),
            errands: JoinSet::new(),
            draining: None,
            next: 0,
            counts: Counts::default(),
        }
    }

    pub(super) async fn run(mut self) {
        loop {
            let wake = self.next_wake();
            let changed = self.changed.clone();
            tokio::select! {
                biased;
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => self.on_time(),
                Some(ran) = self.runs.join_next() => match ran {
                    Ok(ran) => self.on_ran(ran),
                    // Finishers cannot: whatever this is, the job queue is no longer to be trusted, and the gateway ends.
                    Err(err) => std::panic::resume_unwind(err.into_panic()),
                },
                Some(_) = self.errands.join_next() => {}
                mail = self.mailbox.recv() => match mail {
                    Some(Mail::Leave) | None => return,
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
        // Those who asked may have gone: then nobody needs the answer.
        match mail {
            Mail::Submit(job, kept, answer) => {
                answer.send(self.submit(*job, kept)).ok();
            }
            Mail::Cancel { target, attempt, done } => self.cancel(&target, attempt, done),
            Mail::GiveUp(seq) => self.give_up(seq),
            Mail::Accepted(seq, answer) => {
                let accepted = self.view(seq).map(|job| Accepted {
                    seq,
                    queue_position: job.queue_position.unwrap_or(0),
                    events: job.events,
                });
                answer.send(accepted).ok();
            }
            Mail::CancelSession { session_id, done } => self.cancel_session(&session_id, done),
            Mail::Job(id, answer) => {
                answer.send(self.newest.get(&id).copied().and_then(|seq| self.view(seq))).ok();
            }
            Mail::Jobs { filter, before, limit, answer } => {
                answer.send(self.page(&filter, before, limit)).ok();
            }
            Mail::Session(id, answer) => {
                self.forget_sessions();
                answer.send(self.sessions.record(&id).and_then(|seq| self.view(seq))).ok();
            }
            Mail::Sessions(answer) => {
                self.forget_sessions();
                let mut places: Vec<u64> = self.sessions.records().collect();
                places.sort_unstable_by(|a, b| b.cmp(a));
                answer.send(self.views_of(&places)).ok();
            }
            Mail::Queue(answer) => {
                answer.send(self.queue()).ok();
            }
            Mail::Loads(answer) => {
                answer
                    .send(self.lane_loads.iter_mut().map(LaneLoad::load).collect::<Vec<LaneLoadView>>())
                    .ok();
            }
            Mail::Training(id, answer) => {
                let gpu = self.trainings.lane(&id).map(|lane| self.lane_loads[lane].lane.gpu.clone());
                answer.send(gpu).ok();
            }
            Mail::Drain { until, done } => {
                // Told again, the earlier end holds; who told it before no longer waits.
                let told = self.draining.take();
                let until = told.as_ref().map_or(until, |told| told.until.min(until));
                let over = told.is_some_and(|told| told.over);
                self.draining = Some(Draining { until, over, done: Some(done) });
            }
            // The loop has looked for it.
            Mail::Leave => {}
        }
    }

    fn submit(&mut self, job: Job, kept: Kept) -> Result<Accepted, Box<Failure>> {
        if self.draining.is_some() {
            return Err(gone());
        }
        if self.waiting.len() >= self.config.queue_max {
            return Err(full(self.config.queue_max));
        }
        if let Some(session_id) = &job.context.session_id
            && job.recorded
            && let Some(job) = self.sessions.record(session_id).and_then(|seq| self.records.get(&seq))
            && !job.record.status.is_end()
        {
            let message = format!("session {session_id} has a job that has not ended");
            let failure = Failure::new(ErrorCode::Conflict, message);
            return Err(Box::new(failure.detail("request_id", &*job.record.request_id)));
        }
        crate::faults::strike(crate::faults::FaultPoint::JobQueue, job.request_id());
        let seq = self.next;
        self.next += 1;
        let events = JobEvents::new(self.config.events_bytes_max, job.trace().cloned());
        if !job.need.repeatable {
            // Loads and trainings go on without their clients.
            events.go_on();
        }
        if job.recorded {
            self.open_record(seq, &job, events.clone());
        }
        let place = (job.priority, seq);
        let queue_position = self.waiting.range(..place).count();
        self.active.insert(job.request_id().clone(), seq);
        let deadline = job.timeout.map(|timeout| Instant::now() + timeout);
        let work = Work { job: Arc::new(job), events: events.clone(), deadline, _kept: kept };
        self.wait(place, Waiting { work, attempt: 1, avoid: None, cancels: Vec::new() });
        Ok(Accepted { seq, queue_position, events })
    }

    fn open_record(&mut self, seq: u64, job: &Job, events: JobEvents) {
        let entry = Entry { record: Record::queued(job), events, ended: None, reply_bytes: 0 };
        self.records.insert(seq, entry);
        self.newest.insert(job.request_id().clone(), seq);
        if let Some(session_id) = &job.context.session_id {
            self.sessions.open(session_id, seq);
        }
    }

    fn wait(&mut self, place: Place, waiting: Waiting) {
        if let Some(at) = waiting.work.deadline {
            self.deadlines.insert((at, place));
        }
        let hopeless = placement::hopeless(&self.lane_loads, &waiting.work.job.need);
        self.waiting.insert(place, waiting);
        if let Some(failure) = hopeless {
            self.refuse(place, failure);
        }
    }

    fn take(&mut self, place: Place) -> Option<Waiting> {
        let waiting = self.waiting.remove(&place)?;
        if let Some(at) = waiting.work.deadline {
            self.deadlines.remove(&(at, place));
        }
        Some(waiting)
    }

    // ---- time ----

    fn next_wake(&self) -> Option<Instant> {
        let expiry = self.deadlines.first().map(|(at, _)| *at);
        let drain = self.draining.as_ref().filter(|drain| !drain.over).map(|drain| drain.until);
        let blocked = self.lane_loads.iter().filter_map(|lane_load| lane_load.blocked_until);
        // A lane that falls silent, or is heard again, changes no view: waiting work looks again.
        blocked.chain(expiry).chain(drain).min()
    }

    fn on_time(&mut self) {
        let now = Instant::now();
        while let Some((at, place)) = self.deadlines.first().copied().filter(|(at, _)| *at <= now) {
            self.deadlines.remove(&(at, place));
            if let Some(waiting) = self.take(place) {
                let seconds = waiting.work.job.timeout.unwrap_or_default().as_secs_f64();
                let lanes = placement::why_it_waits(&self.lane_loads, &waiting.work.job.need);
                let failure = LaneError::TimedOut { seconds }.failure().detail("lanes", lanes);
                self.end_waiting(place.1, waiting, failure);
            }
        }
        for lane_load in &mut self.lane_loads {
            lane_load.blocked_until = lane_load.blocked_until.filter(|until| *until > now);
        }
    }

    // ---- placement ----

    fn dispatch(&mut self) {
        self.lane_loads.iter_mut().for_each(LaneLoad::refresh);
        self.refuse_hopeless();
        loop {
            let queue =
                self.waiting.iter().map(|(place, waiting)| (*place, &waiting.work.job.need, waiting.avoid));
            let Some((place, lane)) = placement::next(&self.lane_loads, queue) else { return };
            if let Some(waiting) = self.take(place) {
                self.begin(place.1, waiting, lane);
            }
        }
    }

    /// Fails what no longer waits for a lane, each time that a breaker has opened or closed.
    fn refuse_hopeless(&mut self) {
        let breakers: Vec<Option<bool>> = self
            .lane_loads
            .iter()
            .map(|lane_load| lane_load.lane.open().map(|open| open.is_misconfigured()))
            .collect();
        if std::mem::replace(&mut self.breakers, breakers.clone()) == breakers {
            return;
        }
        let hopeless: Vec<(Place, Failure)> = self
            .waiting
            .iter()
            .filter_map(|(place, waiting)| {
                Some((*place, placement::hopeless(&self.lane_loads, &waiting.work.job.need)?))
            })
            .collect();
        for (place, failure) in hopeless {
            self.refuse(place, failure);
        }
    }

    fn refuse(&mut self, place: Place, failure: Failure) {
        if let Some(waiting) = self.take(place) {
            self.end_waiting(place.1, waiting, failure);
        }
    }

    fn begin(&mut self, seq: u64, waiting: Waiting, lane: usize) {
        let Waiting { work, attempt, cancels, .. } = waiting;
        let job = work.job.clone();
        let handle = self.lane_loads[lane].lane.clone();
        self.lane_loads[lane].begin(seq);
        if let Some(Entry { record, .. }) = self.records.get_mut(&seq) {
            record.status = Status::Running;
            record.gpu = Some(handle.gpu.clone());
            record.attempt = attempt;
            record.started_at = Some(Utc::now());
        }
        let order = Order {
            action: job.action(),
            request_id: job.request_id().clone(),
            attempt,
            frame: job.frame(attempt),
            trace: job.trace().cloned(),
            deadline: work.deadline.zip(job.timeout),
            exclusive: true,
            compiles: job.compiles,
            events: Some(work.events.clone()),
            // Held beside the job, which stays until the lane has answered.
            kept: None,
        };
        let answer = handle.give(order);
        let items_cancelled = cancels.iter().map(|(target, _)| target.clone()).collect();
        for (target, done) in cancels {
            self.forward_cancel(handle.clone(), job.request_id().clone(), target, None, done);
        }
        let running = Running {
            work,
            attempt,
            lane,
            started: Instant::now(),
            shutting_down: false,
            cancelled: false,
            items_cancelled,
            given_up: false,
        };
        self.running.insert(seq, running);
        let reply_reader = self.reply_reader.clone();
        self.runs.spawn(async move {
            let outcome = reply_reader.outcome(job, attempt, answer.await).await;
            Ran { seq, outcome }
        });
    }

    fn on_ran(&mut self, Ran { seq, outcome }: Ran) {
        let Some(running) = self.running.remove(&seq) else { return };
        let Running { work, attempt, lane, started, shutting_down, cancelled, items_cancelled, given_up } =
            running;
        let job = work.job.clone();
        self.lane_loads[lane].end();
        self.judge(lane, &job, &outcome);
        // What nobody wants any more is not repeated.
        let again = !shutting_down && !cancelled;
        let mut reply = match outcome {
            Outcome::Crashed { reply, started, .. } if again => {
                let why = reply.outcome.err().map(|failure| failure.message);
                let (id, gpu) = (&**job.request_id(), &self.lane_loads[lane].lane.gpu);
                tracing::warn!(request_id = id, trace_id = job.trace_id(), %gpu, why, started, "repeated after a crash");
                // What had not started costs no attempt.
                let attempt = attempt + u32::from(started);
                return self.again(seq, work, attempt, Some(lane), items_cancelled);
            }
            Outcome::Busy(_) if again && work.deadline.is_some() => {
                self.lane_loads[lane].block();
                return self.again(seq, work, attempt, None, items_cancelled);
            }
            // The worker never had it: it waits again, or is refused as what comes now.
            Outcome::NotTaken(_) if again => {
                return self.again(seq, work, attempt, None, items_cancelled);
            }
            Outcome::Crashed { .. } | Outcome::Busy(_) | Outcome::NotTaken(_) if cancelled => {
                let failure =
                    Failure::new(ErrorCode::Cancelled, "cancelled; its worker could not run it to its end");
                job.context.failure(failure)
            }
            // It was not refused for the worker's sake: nothing is repeated any more.
            Outcome::Crashed { .. } | Outcome::Busy(_) | Outcome::NotTaken(_) if shutting_down => {
                job.context.failure(*gone())
            }
            Outcome::Crashed { reply, .. } | Outcome::Reply { reply, .. } => reply,
            Outcome::Busy(reply) | Outcome::NotTaken(reply) => reply,
        };
        if let Err(failure) = &mut reply.outcome {
            if failure.code == ErrorCode::WorkerCrashed {
                let failed = std::mem::replace(&mut **failure, Failure::new(ErrorCode::Internal, ""));
                **failure = failed.detail("attempts", attempt);
            } else if failure.code == ErrorCode::Cancelled && shutting_down {
                **failure = *gone();
            } else if failure.code == ErrorCode::Cancelled && given_up {
                **failure = cancel::client_left();
            }
        }
        self.lane_loads[lane].learn(&job.need, &reply);
        if let (Action::StartTraining | Action::StartSdxlTraining, Ok(data)) = (job.action(), &reply.outcome)
            && let Some(id) = data["training_id"].as_str()
        {
            self.trainings.note(id, lane, self.config.records_max);
        }
        if job.recorded && reply.outcome.is_ok() {
            self.counts.seconds += started.elapsed().as_secs_f64();
        }
        self.end(seq, &work, reply);
    }

    /// Tells the lane what a job said about its worker.
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

    fn again(
        &mut self,
        seq: u64,
        work: Work,
        attempt: u32,
        avoid: Option<usize>,
        items_cancelled: BTreeSet<Arc<str>>,
    ) {
        if let Some(Entry { record, .. }) = self.records.get_mut(&seq) {
            record.status = Status::Queued;
            record.started_at = None;
            record.gpu = None;
            record.attempt = attempt;
        }
        // Its old sequence puts it before all that came later.
        let place = (work.job.priority, seq);
        // Whoever cancelled has the answer by now; the next worker is told again.
        let cancels = items_cancelled.into_iter().map(|item| (item, oneshot::channel().0)).collect();
        self.wait(place, Waiting { work, attempt, avoid, cancels });
    }

    /// The one place where a command ends.
    fn end(&mut self, seq: u64, work: &Work, reply: Reply) {
        let Work { job, events, .. } = work;
        if self.active.get(job.request_id()) == Some(&seq) {
            self.active.remove(job.request_id());
        }
        if let Some(Entry { record, ended, .. }) = self.records.get_mut(&seq) {
            record.status = Status::of(&reply);
            record.completed_at = Some(Utc::now());
            *ended = Some(Instant::now());
            if let (None, Ok(data)) = (&record.model, &reply.outcome) {
                record.model = data["model_id"].as_str().map(str::to_owned);
            }
            match record.status {
                Status::Completed => self.counts.completed += 1,
                Status::Cancelled => self.counts.cancelled += 1,
                _ => self.counts.failed += 1,
            }
            self.ended += 1;
            self.histories.add(events, self.config.events_ended_bytes_max, self.config.records_max);
        }
        let record = self.records.get(&seq).map(|entry| &entry.record);
        crate::log::ended(
            &reply,
            job.trace(),
            record.and_then(|record| record.gpu.as_ref()),
            record.map(|record| record.attempt),
        );
        if reply.outcome.as_ref().is_err_and(|failure| failure.code == ErrorCode::StorageFull) {
            self.outputs.doubt();
        }
        let bytes = events.end(reply);
        if let Some(entry) = self.records.get_mut(&seq) {
            entry.reply_bytes = bytes;
            self.replies_bytes += bytes;
            self.forget_records(seq);
        }
    }

    /// Forgets the oldest of the jobs that have ended, but not the one that has `just` ended: somebody may ask for it.
    fn forget_records(&mut self, just: u64) {
        while self.ended > self.config.records_max || self.replies_bytes > self.config.records_bytes_max {
            let mut ended =
                self.records.iter().filter(|(seq, job)| **seq != just && job.record.status.is_end());
            let Some(oldest) = ended.next().map(|(seq, _)| *seq) else { return };
            if let Some(job) = self.records.remove(&oldest) {
                self.replies_bytes -= job.reply_bytes;
                if self.newest.get(&job.record.request_id) == Some(&oldest) {
                    self.newest.remove(&job.record.request_id);
                }
                if let Some(session_id) = &job.record.session_id {
                    self.sessions.lose(session_id, oldest);
                }
            }
            self.ended -= 1;
        }
    }
}

/// What came of a command that a lane has answered. A job's blocks on the disk.
fn outcome(job: &Job, attempt: u32, answer: Result<Vec<u8>, LaneError>) -> Outcome {
    let repeatable = job.need.repeatable && u64::from(attempt) < limits::ATTEMPTS_MAX;
    let line = match answer {
        Ok(line) => line,
        Err(error) => {
            let reply = job.reply(Err(&error));
            let is_judged = !matches!(error, LaneError::Protocol { .. });
            return match error {
                LaneError::WorkerCrashed { .. } if repeatable => {
                    Outcome::Crashed { reply, started: true, is_judged }
                }
                LaneError::Open { .. } | LaneError::Resting { .. } => Outcome::NotTaken(reply),
                _ => Outcome::Reply { reply, is_judged },
            };
        }
    };
    let reply = job.reply(Ok(&line));
    let crashed = match &reply.outcome {
        Err(failure) if failure.code == ErrorCode::WorkerCrashed => {
            let started = failure.details.as_ref().and_then(|details| details.get("started"));
            Some(started != Some(&serde_json::Value::Bool(false)))
        }
        _ => None,
    };
    match crashed {
        // What its device ended before it started costs no attempt.
        Some(started) if repeatable || (job.need.repeatable && !started) => {
            Outcome::Crashed { reply, started, is_judged: false }
        }
        _ if is_busy(&reply) => Outcome::Busy(reply),
        _ => Outcome::Reply { reply, is_judged: false },
    }
}

fn is_busy(reply: &Reply) -> bool {
    reply.outcome.as_ref().is_err_and(|failure| failure.code == ErrorCode::WorkerBusy)
}
