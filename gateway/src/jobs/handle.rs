//! A cheap clone through which the rest of the gateway reaches the job queue.

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
    lane::{Kept, LaneHandle},
    outputs::Outputs,
    placement::LaneLoadView,
};

/// Messages that wait for the job queue to look at them.
const MAILBOX_MAX: usize = 4096;

/// A command was taken into the queue.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Its place in the order of acceptance, which no other command ever has.
    pub seq: u64,
    /// Commands before it.
    pub queue_position: usize,
    /// Its events and its reply.
    pub events: JobEvents,
}

impl Accepted {
    /// One client more waits for the reply; `goes_on`: the job goes on when it leaves.
    pub(crate) fn add_client(&self, keeps_running: bool) {
        self.events.add_client(keeps_running);
    }

    /// A client has left before the reply; whether nobody wants the job any more.
    pub(crate) fn remove_client(&self) -> bool {
        self.events.remove_client()
    }
}

/// Who waits for a cancel: what the target `was`.
pub(super) type Cancelling = oneshot::Sender<Result<&'static str, Box<Failure>>>;

pub(super) enum Mail {
    Submit(Box<Job>, Kept, oneshot::Sender<Result<Accepted, Box<Failure>>>),
    Cancel {
        target: Arc<str>,
        attempt: Option<u32>,
        done: Cancelling,
    },
    /// Nobody wants the job of this place any more.
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
    Leave,
}

/// What the job queue found for a page.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) jobs: Vec<JobView>,
    pub(super) total: usize,
    /// The place of the last of `jobs`, where there are more.
    pub(super) next: Option<u64>,
}

/// The job queue, as others see it.
#[derive(Clone, Debug)]
pub struct JobQueueHandle {
    mailbox: mpsc::Sender<Mail>,
    /// Which run this is, for cursors.
    run: u32,
}

/// Starts the job queue on `tasks`; `changed` is told by the lanes whenever one changes.
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
    /// Queues a command. The reply comes by the job's events, whatever dies; `kept` is dropped after it.
    ///
    /// # Errors
    /// `queue_full`, `conflict` (a session whose job has not ended), `shutting_down`. That no lane can ever take it is told
    /// by the job's events.
    pub async fn submit(&self, job: Job, kept: Kept) -> Result<Accepted, Box<Failure>> {
        let (answer, accepted) = oneshot::channel();
        match self.mailbox.try_send(Mail::Submit(Box::new(job), kept, answer)) {
            Ok(()) => accepted.await.unwrap_or_else(|_| Err(gone())),
            Err(mpsc::error::TrySendError::Full(_)) => Err(full(self.mailbox.max_capacity())),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(gone()),
        }
    }

    /// Queues a command and waits for its reply.
    ///
    /// # Errors
    /// As [`Self::submit`]; what happens later is in the reply.
    pub async fn run(&self, job: Job, kept: Kept) -> Result<Arc<Reply>, Box<Failure>> {
        Ok(self.submit(job, kept).await?.events.reply().await)
    }

    /// Cancels a command that waits or runs, and answers after its own reply: what it `was`.
    ///
    /// # Errors
    /// `job_not_found`.
    pub async fn cancel(&self, target: Arc<str>, attempt: Option<u32>) -> Result<&'static str, Box<Failure>> {
        self.ask(|done| Mail::Cancel { target, attempt, done }).await?
    }

    /// Cancels a job that nobody wants any more, waiting or running: its clients have left.
    pub(crate) async fn abandon(&self, seq: u64) {
        if self.mailbox.send(Mail::Abandon(seq)).await.is_err() {
            tracing::debug!(seq, "the queue is gone, and the job with it");
        }
    }

    /// What was accepted in a place; `None` where its record is gone.
    ///
    /// # Errors
    /// As [`Self::job`].
    pub(crate) async fn accepted(&self, seq: u64) -> Result<Option<Accepted>, Box<Failure>> {
        self.ask(|answer| Mail::Accepted(seq, answer)).await
    }

    /// Cancels the job of a session and answers after its end.
    ///
    /// # Errors
    /// `session_not_found`, `conflict` where the job has ended.
    pub async fn cancel_session(&self, session_id: String) -> Result<JobView, Box<Failure>> {
        self.ask(|done| Mail::CancelSession { session_id, done }).await?
    }

    /// The newest job of an id.
    ///
    /// # Errors
    /// Here and below: `shutting_down` where the job queue is gone.
    pub async fn job(&self, id: Arc<str>) -> Result<Option<JobView>, Box<Failure>> {
        self.ask(|answer| Mail::Job(id, answer)).await
    }

    /// Where a page begins, as an earlier page of this run said it.
    #[must_use]
    pub fn cursor(&self, text: &str) -> Option<Cursor> {
        Cursor::read(text, self.run)
    }

    /// Jobs, newest first: at most `limit`, from a cursor on.
    ///
    /// # Errors
    /// As [`Self::job`].
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

    /// The newest job of a session.
    ///
    /// # Errors
    /// As [`Self::job`].
    pub async fn session(&self, session_id: String) -> Result<Option<JobView>, Box<Failure>> {
        self.ask(|answer| Mail::Session(session_id, answer)).await
    }

    /// Sessions, newest first.
    ///
    /// # Errors
    /// As [`Self::job`].
    pub async fn sessions(&self) -> Result<Vec<JobView>, Box<Failure>> {
        self.ask(Mail::Sessions).await
    }

    /// The `QueueStatus` of the contract.
    ///
    /// # Errors
    /// As [`Self::job`].
    pub async fn queue(&self) -> Result<Value, Box<Failure>> {
        self.ask(Mail::Queue).await
    }

    /// What each lane has to do, in the order of the lanes.
    ///
    /// # Errors
    /// As [`Self::job`].
    pub async fn loads(&self) -> Result<Vec<LaneLoadView>, Box<Failure>> {
        self.ask(Mail::Loads).await
    }

    /// The GPU that runs or ran a training, where this gateway started it.
    ///
    /// # Errors
    /// As [`Self::job`].
    pub async fn training(&self, training_id: String) -> Result<Option<GpuId>, Box<Failure>> {
        self.ask(|answer| Mail::Training(training_id, answer)).await
    }

    /// Takes nothing more, and returns when all is answered; what is not done `until` then is cancelled and ends with
    /// `shutting_down`. What became of each command can still be asked. Told again, the earlier end holds.
    ///
    /// # Errors
    /// As [`Self::job`].
    pub async fn drain(&self, until: Instant) -> Result<(), Box<Failure>> {
        self.ask(|done| Mail::Drain { until, done }).await
    }

    /// Ends the job queue's task.
    pub async fn leave(&self) {
        // An error means that it has ended.
        self.mailbox.send(Mail::Leave).await.ok();
    }

    async fn ask<T>(&self, mail: impl FnOnce(oneshot::Sender<T>) -> Mail) -> Result<T, Box<Failure>> {
        let (answer, asked) = oneshot::channel();
        self.mailbox.send(mail(answer)).await.map_err(|_| gone())?;
        asked.await.map_err(|_| gone())
    }
}

/// The failure of whatever comes too late.
pub(crate) fn gone() -> Box<Failure> {
    Box::new(Failure::new(contracts::ErrorCode::ShuttingDown, "the gateway is shutting down"))
}

pub(super) fn full(capacity: usize) -> Box<Failure> {
    let message = format!("the queue is full: {capacity} commands wait");
    let failure = Failure::new(contracts::ErrorCode::QueueFull, message);
    Box::new(Failure { retry_after_seconds: Some(1.0), ..failure })
}
