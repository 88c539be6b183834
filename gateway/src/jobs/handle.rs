//! The handle of the job queue: a cheap clone through which the rest of the gateway sends it mail.

use std::sync::Arc;

use contracts::{Failure, Reply};
use serde_json::Value;
use tokio::{
    sync::{Notify, mpsc, oneshot},
    task::JoinSet,
    time::Instant,
};

use super::{Cursor, Filter, Job, JobView, Page, QueueConfig, queue::JobQueue};
use crate::{
    events::JobEvents,
    gpu::GpuId,
    lane::{LaneHandle, ResourceGuard},
    outputs::Outputs,
    placement::LaneLoadView,
};

/// Messages that wait for the queue's task. The task handles one in microseconds, so that these are some 20 ms of work;
/// a full mailbox means that clients send faster than that, and they get `queue_full`.
const MAILBOX_MAX: usize = 4096;

/// The place of a command that the queue has accepted.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Its place in the order of acceptance; no other command of this run has the same.
    pub seq: u64,
    /// Its position in the queue: 1 and the jobs that wait before it; 0 once it runs.
    pub queue_position: usize,
    /// Its events and its reply.
    pub events: JobEvents,
}

impl Accepted {
    /// Adds a client that waits for the reply; `keeps_running`: the job goes on when this client leaves.
    pub(crate) fn add_client(&self, keeps_running: bool) {
        self.events.add_client(keeps_running);
    }

    /// Removes a client that left before the reply. Returns whether the job has no client left and is to be cancelled.
    pub(crate) fn remove_client(&self) -> bool {
        self.events.remove_client()
    }
}

/// The caller of a cancel; it gets what the target `was`.
pub(super) type Cancelling = oneshot::Sender<Result<&'static str, Box<Failure>>>;

pub(super) enum Mail {
    Submit(Box<Job>, ResourceGuard, oneshot::Sender<Result<Accepted, Box<Failure>>>),
    Cancel {
        target: Arc<str>,
        attempt: Option<u32>,
        done: Cancelling,
    },
    /// Cancels the job of this place, because its clients have left.
    Abandon(u64),
    Accepted(u64, oneshot::Sender<Option<Accepted>>),
    CancelSession {
        session_id: String,
        done: oneshot::Sender<Result<JobView, Box<Failure>>>,
    },
    Job(Arc<str>, oneshot::Sender<Option<JobView>>),
    Jobs {
        filter: Filter,
        before: Option<u64>,
        limit: usize,
        answer: oneshot::Sender<Found>,
    },
    Session(String, oneshot::Sender<Option<JobView>>),
    Sessions(oneshot::Sender<Vec<JobView>>),
    Queue(oneshot::Sender<Value>),
    Loads(oneshot::Sender<Vec<LaneLoadView>>),
    Training(String, oneshot::Sender<Option<GpuId>>),
    Drain {
        until: Instant,
        done: oneshot::Sender<()>,
    },
    Close,
}

/// The answer to a query for a page.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) jobs: Vec<JobView>,
    pub(super) total: usize,
    /// The place of the last of `jobs`, if there are more behind it.
    pub(super) next: Option<u64>,
}

/// The handle of the job queue; a cheap clone.
#[derive(Clone, Debug)]
pub struct JobQueueHandle {
    mailbox: mpsc::Sender<Mail>,
    /// A random number of this run: a cursor of another run is refused, because places are counted anew.
    run: u32,
}

/// Starts the job queue on `tasks`. The lanes notify `changed` whenever the view of one changes.
pub fn start(
    lanes: Vec<LaneHandle>,
    config: QueueConfig,
    outputs: Outputs,
    changed: Arc<Notify>,
    tasks: &mut JoinSet<()>,
) -> JobQueueHandle {
    let (mailbox, mail) = mpsc::channel(MAILBOX_MAX);
    tasks.spawn(JobQueue::new(lanes, config, outputs, changed, mail).run());
    let (run, ..) = uuid::Uuid::new_v4().as_fields();
    JobQueueHandle { mailbox, run }
}

impl JobQueueHandle {
    /// Queues a command. Its reply arrives by its events, even if the worker or its lane dies. `guard` is dropped after
    /// the reply.
    ///
    /// # Errors
    /// `queue_full` if as many commands wait as may, `conflict` if the session has a job that has not ended,
    /// `shutting_down` during a drain. A command that no lane will ever take is accepted and fails at once, by its
    /// events.
    pub async fn submit(&self, job: Job, guard: ResourceGuard) -> Result<Accepted, Box<Failure>> {
        let (answer, accepted) = oneshot::channel();
        match self.mailbox.try_send(Mail::Submit(Box::new(job), guard, answer)) {
            Ok(()) => accepted.await.unwrap_or_else(|_| Err(gone())),
            Err(mpsc::error::TrySendError::Full(_)) => Err(full(self.mailbox.max_capacity())),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(gone()),
        }
    }

    /// Queues a command and waits for its reply.
    ///
    /// # Errors
    /// Those of [`Self::submit`]. A later failure is in the reply.
    pub async fn run(&self, job: Job, guard: ResourceGuard) -> Result<Arc<Reply>, Box<Failure>> {
        Ok(self.submit(job, guard).await?.events.reply().await)
    }

    /// Cancels a command that waits or runs. Returns what it `was`, after its own reply.
    ///
    /// # Errors
    /// `job_not_found` if no such command waits or runs, or `attempt` is not its present one; `timeout` if the worker
    /// does not answer the cancel of one request of a batch.
    pub async fn cancel(&self, target: Arc<str>, attempt: Option<u32>) -> Result<&'static str, Box<Failure>> {
        self.ask(|done| Mail::Cancel { target, attempt, done }).await?
    }

    /// Cancels a job whose clients have left, whether it waits or runs.
    pub(crate) async fn abandon(&self, seq: u64) {
        if self.mailbox.send(Mail::Abandon(seq)).await.is_err() {
            tracing::debug!(seq, "the queue is gone, and the job with it");
        }
    }

    /// Returns the job of a place; `None` if its record is gone.
    ///
    /// # Errors
    /// Those of [`Self::job`].
    pub(crate) async fn accepted(&self, seq: u64) -> Result<Option<Accepted>, Box<Failure>> {
        self.ask(|answer| Mail::Accepted(seq, answer)).await
    }

    /// Cancels the job of a session. Returns the job after its end.
    ///
    /// # Errors
    /// `session_not_found` if there is no such session, `conflict` if its job has ended; those of [`Self::cancel`].
    pub async fn cancel_session(&self, session_id: String) -> Result<JobView, Box<Failure>> {
        self.ask(|done| Mail::CancelSession { session_id, done }).await?
    }

    /// Returns the newest job of an id.
    ///
    /// # Errors
    /// Here and below: `shutting_down` if the queue's task has ended.
    pub async fn job(&self, id: Arc<str>) -> Result<Option<JobView>, Box<Failure>> {
        self.ask(|answer| Mail::Job(id, answer)).await
    }

    /// Reads the cursor of an earlier page; `None` if this run did not write it.
    #[must_use]
    pub fn cursor(&self, text: &str) -> Option<Cursor> {
        Cursor::read(text, self.run)
    }

    /// Returns at most `limit` jobs, newest first, from a cursor on.
    ///
    /// # Errors
    /// Those of [`Self::job`].
    pub async fn jobs(
        &self,
        filter: Filter,
        from: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, Box<Failure>> {
        let before = from.map(|cursor| cursor.before);
        let found = self.ask(|answer| Mail::Jobs { filter, before, limit, answer }).await?;
        let next = found.next.map(|before| Cursor::new(self.run, before));
        Ok(Page { jobs: found.jobs, total: found.total, next })
    }

    /// Returns the newest job of a session.
    ///
    /// # Errors
    /// Those of [`Self::job`].
    pub async fn session(&self, session_id: String) -> Result<Option<JobView>, Box<Failure>> {
        self.ask(|answer| Mail::Session(session_id, answer)).await
    }

    /// Returns the job of each session, newest first.
    ///
    /// # Errors
    /// Those of [`Self::job`].
    pub async fn sessions(&self) -> Result<Vec<JobView>, Box<Failure>> {
        self.ask(Mail::Sessions).await
    }

    /// Returns the `QueueStatus` of the contract.
    ///
    /// # Errors
    /// Those of [`Self::job`].
    pub async fn queue(&self) -> Result<Value, Box<Failure>> {
        self.ask(Mail::Queue).await
    }

    /// Returns the load of each lane, in the order of the lanes.
    ///
    /// # Errors
    /// Those of [`Self::job`].
    pub async fn loads(&self) -> Result<Vec<LaneLoadView>, Box<Failure>> {
        self.ask(Mail::Loads).await
    }

    /// Returns the GPU that runs or ran a training; `None` if this gateway did not start it.
    ///
    /// # Errors
    /// Those of [`Self::job`].
    pub async fn training(&self, training_id: String) -> Result<Option<GpuId>, Box<Failure>> {
        self.ask(|answer| Mail::Training(training_id, answer)).await
    }

    /// Accepts no more commands, and returns when every accepted one has its reply. Commands that have not ended at
    /// `until` are cancelled and end with `shutting_down`. Queries are still answered. Of two calls the earlier `until`
    /// holds.
    ///
    /// # Errors
    /// Those of [`Self::job`].
    pub async fn drain(&self, until: Instant) -> Result<(), Box<Failure>> {
        self.ask(|done| Mail::Drain { until, done }).await
    }

    /// Ends the job queue's task.
    pub async fn close(&self) {
        // An error means that it has ended already.
        self.mailbox.send(Mail::Close).await.ok();
    }

    async fn ask<T>(&self, mail: impl FnOnce(oneshot::Sender<T>) -> Mail) -> Result<T, Box<Failure>> {
        let (answer, answered) = oneshot::channel();
        self.mailbox.send(mail(answer)).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())
    }
}

/// The failure of a command that comes during or after the drain.
pub(crate) fn gone() -> Box<Failure> {
    Box::new(Failure::new(contracts::ErrorCode::ShuttingDown, "the gateway is shutting down"))
}

pub(super) fn full(capacity: usize) -> Box<Failure> {
    let message = format!("the queue is full: {capacity} commands wait");
    let failure = Failure::new(contracts::ErrorCode::QueueFull, message);
    Box::new(Failure { retry_after_seconds: Some(1.0), ..failure })
}
