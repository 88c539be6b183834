//! The dispatcher: the way of a command from its reading to its reply, over HTTP and stdio alike.

mod ask;
mod clients;
mod context;
mod devices;
pub(crate) mod document;
mod enqueue;
mod idempotency;
mod in_flight_ids;
mod initialize;
mod local;
mod merge;
mod pool_commands;
mod unused;

use std::sync::Arc;

use contracts::{
    Action, Class, Dialect, ErrorCode, Failure, Head, Incoming, Places, Reply, Trace, Violation,
    dictionary::dictionary, schedule,
};
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{Duration, Instant, timeout},
};

use crate::{
    aside::ReadingBudget,
    config::Config,
    gpu::{GpuId, Gpus},
    jobs::{Accepted, JobQueueHandle},
    outputs::Outputs,
    pending,
    pool::Pool,
    reply::{ReplyContext, set_total},
    trace,
    uploads::Uploads,
};
pub use clients::OnDisconnect;
pub(crate) use clients::may_run;
use context::CommandContext;
pub(crate) use context::{in_flight, refused};
use idempotency::Keys;
use in_flight_ids::InFlightIds;
use tokio_util::task::TaskTracker;
use unused::unused_on_disconnect;
pub(crate) use unused::warnings_of;

/// The job queue answers in microseconds. A queue that takes this long has ended or hangs.
const QUEUE_ANSWERS_WITHIN: Duration = Duration::from_secs(1);

/// What became of a command.
#[derive(Debug)]
pub enum Answer {
    /// Its reply.
    Reply(Arc<Reply>),
    /// It was queued, and its sender does not wait.
    Queued {
        /// Its id.
        request_id: Arc<str>,
        /// Its place in the queue, and its events.
        accepted: Accepted,
    },
}

/// How a client wants its reply.
#[derive(Clone, Debug)]
pub struct ReplyOptions {
    /// The dialect of the reply.
    pub dialect: Dialect,
    /// Whether it waits for jobs and trainings.
    pub wait: bool,
    /// Its `Idempotency-Key`, and the bytes that it stands for.
    pub key: Option<(String, [u8; 32])>,
    /// What becomes of the job when the client leaves; `None`: the configured default.
    pub on_disconnect: Option<OnDisconnect>,
    /// The trace in its `traceparent` header.
    pub trace: Option<Trace>,
}

impl ReplyOptions {
    /// Options of a client that waits and has no key.
    #[must_use]
    pub fn plain(dialect: Dialect) -> Self {
        Self { dialect, wait: true, key: None, on_disconnect: None, trace: None }
    }
}

/// The dispatcher; a cheap clone.
#[derive(Clone)]
pub struct Dispatcher {
    inner: Arc<Inner>,
}

struct Inner {
    config: Config,
    pool: Pool,
    queue: JobQueueHandle,
    uploads: Uploads,
    outputs: Outputs,
    reading_budget: ReadingBudget,
    gpus: Option<Arc<dyn Gpus>>,
    in_flight_ids: InFlightIds,
    keys: Keys,
    /// One task for each client of a job; it outlives the connection.
    clients: TaskTracker,
    started: Instant,
    /// The end of the grace, once the gateway stops.
    stop: watch::Sender<Option<Instant>>,
}

impl Dispatcher {
    /// A dispatcher in front of a pool and its job queue.
    #[must_use]
    pub fn new(
        config: Config,
        pool: Pool,
        queue: JobQueueHandle,
        outputs: Outputs,
        gpus: Option<Arc<dyn Gpus>>,
    ) -> Self {
        let uploads = Uploads::new(&config.output_dir, &config.keep, outputs.clone());
        let keys = Keys::new(config.keep.keys_max.size());
        let reading_budget = ReadingBudget::new(config.edge.reading_bytes_max);
        Self {
            inner: Arc::new(Inner {
                config,
                pool,
                queue,
                uploads,
                outputs,
                reading_budget,
                gpus,
                in_flight_ids: InFlightIds::default(),
                keys,
                clients: TaskTracker::new(),
                started: Instant::now(),
                stop: watch::Sender::new(None),
            }),
        }
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// The pool.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.inner.pool
    }

    /// The job queue.
    #[must_use]
    pub fn queue(&self) -> &JobQueueHandle {
        &self.inner.queue
    }

    /// The uploads.
    #[must_use]
    pub fn uploads(&self) -> &Uploads {
        &self.inner.uploads
    }

    /// The output folder.
    #[must_use]
    pub fn outputs(&self) -> &Outputs {
        &self.inner.outputs
    }

    /// The budget for long commands that are being read.
    pub(crate) fn reading_budget(&self) -> &ReadingBudget {
        &self.inner.reading_budget
    }

    /// Begins to stop the gateway: it drains and exits. Of two calls the earlier end holds.
    pub fn stop(&self, grace: Option<Duration>) {
        let until = Instant::now() + grace.unwrap_or(self.inner.config.drain);
        self.inner.stop.send_if_modified(|stop| {
            let is_sooner = stop.is_none_or(|before| until < before);
            if is_sooner {
                *stop = Some(until);
            }
            is_sooner
        });
    }

    /// Whether the gateway stops.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.inner.stop.borrow().is_some()
    }

    /// Why the gateway takes no job, whatever its workers could do; `None` if it takes jobs.
    pub(crate) async fn unready(&self) -> Option<String> {
        if self.is_stopping() {
            return Some("the gateway is shutting down".to_owned());
        }
        if let Some(trouble) = self.inner.outputs.trouble() {
            return Some(trouble.to_string());
        }
        // A question to the queue's task shows that it lives: without it every job fails, even with healthy workers.
        let answer = timeout(QUEUE_ANSWERS_WITHIN, self.queue().loads()).await;
        (!matches!(answer, Ok(Ok(_))))
            .then(|| "the queue, which gives out the jobs, does not answer".to_owned())
    }

    /// Waits until the gateway stops. Returns the end of the grace.
    pub async fn stopped(&self) -> Instant {
        self.stop_time(|_| true).await
    }

    /// Waits until the grace ends earlier than this.
    pub(crate) async fn stops_sooner(&self, than: Instant) {
        self.stop_time(|until| until < than).await;
    }

    async fn stop_time(&self, wanted: impl Fn(Instant) -> bool) -> Instant {
        let mut stop = self.inner.stop.subscribe();
        match stop.wait_for(|until| until.is_some_and(&wanted)).await.as_deref() {
            Ok(Some(until)) => *until,
            Ok(None) | Err(_) => unreachable!("the dispatcher holds the sender, and an end was waited for"),
        }
    }

    /// Takes a command and answers it.
    ///
    /// # Cancel safety
    /// Dropping the future gives up a query. A command that may become a job has a task of its own, which decides what
    /// becomes of the job.
    pub async fn take(&self, mut incoming: Incoming, mut options: ReplyOptions) -> Answer {
        trace::settle(&mut incoming, options.trace.take());
        // Before anything can refuse it, because every reply to a command carries an id.
        incoming.head.request_id.get_or_insert_with(|| uuid::Uuid::now_v7().to_string());
        // A client that neither waits nor has a key needs no task. Without one its command is in the queue when this
        // returns, and commands that follow on the same connection stay behind it.
        if may_run(incoming.head.action) && (options.wait || options.key.is_some()) {
            self.take_job(incoming, options).await
        } else {
            self.take_once(incoming, options).await
        }
    }

    async fn take_once(&self, mut incoming: Incoming, options: ReplyOptions) -> Answer {
        let id = incoming.head.request_id.clone();
        let request_id: Arc<str> = id.unwrap_or_else(|| uuid::Uuid::now_v7().to_string()).into();
        incoming.head.request_id = Some((*request_id).to_owned());
        let Some(claim) = self.inner.in_flight_ids.claim(&request_id) else {
            let context = self.context(&incoming, None);
            return Answer::Reply(Arc::new(
                context.failure(context::in_flight(&request_id, incoming.reading.dialect)),
            ));
        };
        // From here on only violations need the places.
        let reading = &mut incoming.reading;
        let places =
            if reading.is_valid() { std::mem::take(&mut reading.places) } else { reading.places.clone() };
        let context = self.context_at(&incoming, places, Some(claim));
        crate::faults::strike(crate::faults::FaultPoint::Dispatcher, &request_id);
        match self.route(incoming, context, options).await {
            Ok(answer) => answer,
            Err(failed) => {
                let reply = failed.0.failure(*failed.1);
                crate::log::refused(&reply, failed.0.trace.as_ref());
                Answer::Reply(Arc::new(reply))
            }
        }
    }

    fn context(&self, incoming: &Incoming, claim: Option<Arc<in_flight_ids::InFlightId>>) -> CommandContext {
        self.context_at(incoming, incoming.reading.places.clone(), claim)
    }

    fn context_at(
        &self,
        incoming: &Incoming,
        places: Places,
        claim: Option<Arc<in_flight_ids::InFlightId>>,
    ) -> CommandContext {
        let request_id = incoming.head.request_id.clone().unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
        let reply = ReplyContext {
            session_id: incoming.head.session_id.clone(),
            trace: incoming.head.trace.as_ref().map(trace::ours),
            places,
            warnings: warnings_of(incoming),
            ..ReplyContext::new(incoming.head.action, request_id.into())
        };
        CommandContext { reply, inputs: Vec::new(), claim, more_warnings: 0 }
    }

    async fn route(
        &self,
        incoming: Incoming,
        mut context: CommandContext,
        options: ReplyOptions,
    ) -> Result<Answer, Failed> {
        let action = incoming.head.action;
        if let Some(failure) = incoming.refusal() {
            return Err(Failed(Box::new(context), Box::new(failure)));
        }
        context.violations.clone_from(&incoming.reading.violations);
        context.violations_total = incoming.reading.violations_total;
        if incoming.reading.reported().is_none() {
            return Ok(reply(context.with(Ok(unread_report(&incoming)))));
        }
        if let Some(failure) = pending::refusal(action) {
            return Err(Failed(Box::new(context), Box::new(failure)));
        }
        if self.is_stopping() && begins_work(action, incoming.reading.document()) {
            return Err(Failed(Box::new(context), crate::jobs::gone()));
        }
        let pin = match self.pinned(&incoming.head) {
            Ok(pin) => pin,
            Err(failure) => return Err(Failed(Box::new(context), failure)),
        };
        let (class, timeout) = schedule(action, incoming.reading.document());
        // A document with violations gets this far only if it is to be reported on; a worker checks it and does not run
        // it.
        let fields = incoming.reading.into_reported().unwrap_or_else(|| json!({}));
        if options.on_disconnect.is_some() && class != Class::Job {
            context.warnings.push(unused_on_disconnect(action));
        }
        let pin_pointer = incoming.head.pointer("gpu_id");
        let command = RoutedCommand { action, class, fields, pin, pin_pointer, timeout, options };
        let trace = context.trace.clone();
        let log = |answer: &Answer| log_refusal(answer, trace.as_ref());
        // Boxed: the future of a command has room for the largest of these, and is moved on its way to its task.
        match class {
            Class::Gateway => Box::pin(self.answer_locally(command, context)).await.inspect(log),
            Class::Query => Box::pin(self.query(command, context)).await.inspect(log),
            Class::Job | Class::Training => Box::pin(self.enqueue(command, context)).await,
            Class::Control if is_answered_here(action) => {
                Box::pin(self.answer_locally(command, context)).await.inspect(log)
            }
            Class::Control if action == Action::StopTraining => {
                Box::pin(self.query(command, context)).await.inspect(log)
            }
            Class::Control => Box::pin(self.control(command, context)).await,
        }
    }

    /// Checks that the GPU of an envelope is in this pool.
    ///
    /// # Errors
    /// `gpu_not_found`.
    pub(crate) fn check_gpu(&self, head: &Head) -> Result<(), Box<Failure>> {
        self.pinned(head).map(|_| ())
    }

    fn pinned(&self, head: &Head) -> Result<Option<GpuId>, Box<Failure>> {
        let Some(gpu_id) = head.gpu_id.as_deref() else { return Ok(None) };
        match self.inner.pool.lane(gpu_id) {
            Some(lane) => Ok(Some(lane.gpu.clone())),
            None => {
                let known: Vec<&str> = self.inner.pool.lanes().iter().map(|lane| lane.gpu.as_str()).collect();
                let pointer = head.pointer("gpu_id");
                let violation = Violation::new(pointer, ErrorCode::GpuNotFound, format!("no {gpu_id} here"));
                Err(Box::new(
                    Failure::of_violations(vec![violation])
                        .hint(format!("there are {}", known.join(", ")))
                        .detail("gpu_ids", known),
                ))
            }
        }
    }

    async fn control(&self, command: RoutedCommand, context: CommandContext) -> Result<Answer, Failed> {
        match command.action {
            Action::UnloadModel | Action::CleanupMemory if command.pin.is_none() => {
                self.free_all(command, context).await
            }
            _ => self.enqueue(command, context).await,
        }
    }
}

/// A command that has passed the checks of the dispatcher.
struct RoutedCommand {
    action: Action,
    class: Class,
    fields: Value,
    pin: Option<GpuId>,
    /// Where the sender wrote the GPU.
    pin_pointer: String,
    timeout: Option<Duration>,
    options: ReplyOptions,
}

/// The failure of a command, and its context.
struct Failed(Box<CommandContext>, Box<Failure>);

/// Whether a command begins new work. During a drain only queries, cancels and stops are served.
fn begins_work(action: Action, fields: Option<&Value>) -> bool {
    let (class, _) = schedule(action, fields);
    match class {
        Class::Gateway | Class::Query => false,
        Class::Job | Class::Training => true,
        Class::Control => !matches!(action, Action::Cancel | Action::Shutdown | Action::StopTraining),
    }
}

/// Whether the gateway itself answers a control command, without a worker.
fn is_answered_here(action: Action) -> bool {
    matches!(action, Action::Initialize | Action::Shutdown | Action::Cancel)
}

/// Logs the failure of a command that did not go through the job queue, which logs those of its own.
fn log_refusal(answer: &Answer, trace: Option<&Trace>) {
    if let Answer::Reply(reply) = answer {
        crate::log::refused(reply, trace);
    }
}

fn reply(reply: Reply) -> Answer {
    Answer::Reply(Arc::new(reply))
}

fn sender_pointer(context: &CommandContext, canonical: &str) -> String {
    context.places.sender(canonical, &dictionary().named(context.action.info().request).shape)
}

/// The report on a document that cannot be read as a whole. No worker could find more in it.
fn unread_report(incoming: &Incoming) -> Value {
    let violations = &incoming.reading.violations;
    let mut report = json!({
        "valid": false,
        "error": violations.first().map(|violation| violation.message.clone()),
        "errors": violations,
        "warnings": [],
        "normalized": null,
        "effective": null,
        "validation_details": {},
    });
    set_total(&mut report, incoming.reading.violations_total);
    report
}
