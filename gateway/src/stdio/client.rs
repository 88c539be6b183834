//! The client of stdio: its commands, what it has negotiated, and the order of its replies.

use std::{
    collections::{HashMap, HashSet},
    panic::AssertUnwindSafe,
    sync::Arc,
};

use contracts::{
    Action, Class, Dialect, ErrorCode, Failure, Incoming, Refusal, Reply, Violation, limits::STOP_GRACE,
    schedule,
};
use futures::{
    FutureExt,
    future::BoxFuture,
    stream::{FuturesOrdered, FuturesUnordered},
};
use tokio::{sync::oneshot, time::Duration};

use super::{
    events::{EventOptions, FrameWriter},
    lines::Input,
    pipes::StdoutQueue,
    read_ahead::{ReadAhead, ReadAheadPermit},
    reply_order::{PendingReply, ReplyOrder},
};
use crate::{
    dispatch::{Answer, Dispatcher, ReplyOptions, in_flight, refused, warnings_of},
    faults,
};

/// Commands that are read ahead of their replies; further ones stay in the pipe, which slows the client down.
const READ_AHEAD_MAX: usize = 1024;

/// A reply, and the dialect that it is written in; `None`: that of the reply before it.
pub(super) struct OutgoingReply {
    reply: Reply,
    dialect: Option<Dialect>,
    /// The number of the command whose reply must be written before this one: the target of a cancel.
    after: Option<u64>,
    /// The share of its command in the bytes that may be read ahead.
    share: Option<ReadAheadPermit>,
    /// The number of its command, in the order of the lines.
    number: u64,
}

impl OutgoingReply {
    /// A reply in the dialect of the reply before it.
    fn undecided(reply: Reply) -> Self {
        Self { reply, dialect: None, after: None, share: None, number: 0 }
    }

    fn new(reply: Reply, dialect: Dialect) -> Self {
        Self { dialect: Some(dialect), ..Self::undecided(reply) }
    }
}

/// The command that is being handled, as far as the reply to a panic needs it.
#[derive(Clone, Default)]
struct CurrentCommand {
    action: Option<Action>,
    request_id: Option<String>,
    session_id: Option<String>,
    dialect: Option<Dialect>,
}

impl CurrentCommand {
    fn failed(self) -> OutgoingReply {
        let mut reply = Reply::failed(self.action, self.request_id, crate::log::internal_failure());
        reply.session_id = self.session_id;
        OutgoingReply { dialect: self.dialect, ..OutgoingReply::undecided(reply) }
    }
}

/// The client.
pub(super) struct StdioClient {
    dispatcher: Dispatcher,
    pub(super) writer: FrameWriter,
    pub(super) frame_bytes_max: usize,
    /// The dialect that `initialize` chose.
    dialect: Option<Dialect>,
    /// The dialect of the last reply; malformed lines are answered in it.
    last: Dialect,
    out_of_order: bool,
    pub(super) ordered: FuturesOrdered<BoxFuture<'static, OutgoingReply>>,
    pub(super) unordered: FuturesUnordered<BoxFuture<'static, OutgoingReply>>,
    pub(super) reply_order: ReplyOrder,
    /// Jobs that wait for the replies before them, and how to cancel each.
    waiting: HashMap<String, oneshot::Sender<()>>,
    /// Ids of commands that were read and have no reply yet, each with the number of its command.
    in_flight: HashMap<String, u64>,
    /// Numbers of commands without a reply, while replies may come out of order.
    open: HashSet<u64>,
    /// Replies to cancels whose targets have no reply yet.
    held: Vec<OutgoingReply>,
    current: CurrentCommand,
    ahead: ReadAhead,
    /// The length of the command that is being handled.
    bytes: usize,
    /// Its number: how many lines were read.
    number: u64,
    /// Counts jobs that have not ended: each holds a clone.
    jobs: Arc<()>,
    /// The reply to `shutdown`, which is written last.
    pub(super) shutdown_reply: Option<OutgoingReply>,
}

impl StdioClient {
    pub(super) fn new(dispatcher: Dispatcher, output: StdoutQueue) -> Self {
        let frame_bytes_max = dispatcher.config().frame_bytes_max;
        let ahead = ReadAhead::new(dispatcher.config().keep.read_ahead_bytes_max.size());
        Self {
            writer: FrameWriter::new(output),
            dispatcher,
            frame_bytes_max,
            dialect: None,
            last: Dialect::Pascal,
            out_of_order: false,
            ordered: FuturesOrdered::new(),
            unordered: FuturesUnordered::new(),
            reply_order: ReplyOrder::default(),
            waiting: HashMap::new(),
            in_flight: HashMap::new(),
            open: HashSet::new(),
            held: Vec::new(),
            current: CurrentCommand::default(),
            ahead,
            bytes: 0,
            number: 0,
            jobs: Arc::default(),
            shutdown_reply: None,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.ordered.is_empty() && self.unordered.is_empty()
    }

    pub(super) fn has_room(&self) -> bool {
        self.ordered.len() + self.unordered.len() < READ_AHEAD_MAX && self.ahead.has_room()
    }

    /// Writes a reply. The reply to a cancel waits until its target's is written.
    pub(super) fn write(&mut self, outgoing: OutgoingReply) {
        if outgoing.after.is_some_and(|target| self.open.contains(&target)) {
            return self.held.push(outgoing);
        }
        let mut next = Some(outgoing);
        while let Some(OutgoingReply { reply, dialect, share: _share, number, .. }) = next.take() {
            let dialect = dialect.unwrap_or(self.last);
            self.last = dialect;
            self.open.remove(&number);
            // A line that was refused because its id is taken does not free the id.
            if let Some(id) = &reply.request_id
                && self.in_flight.get(id) == Some(&number)
            {
                self.in_flight.remove(id);
            }
            self.writer.reply(&reply, dialect);
            self.writer.replied(number);
            let due = |held: &OutgoingReply| held.after.is_none_or(|target| !self.open.contains(&target));
            next = self.held.iter().position(due).map(|index| self.held.swap_remove(index));
        }
    }

    /// Handles a line. Returns the grace if it was `shutdown`.
    pub(super) fn on_line(&mut self, line: Input) -> Option<Duration> {
        self.current = CurrentCommand { dialect: self.dialect, ..CurrentCommand::default() };
        self.bytes = 0;
        self.number += 1;
        let read = match line {
            Input::Read { read, bytes } => {
                self.bytes = bytes;
                *read
            }
            Input::Broken => {
                self.put(std::future::ready(self.current.clone().failed()).boxed());
                return None;
            }
            Input::TooLarge { bytes } => {
                let message =
                    format!("a line of more than {bytes} bytes; the limit is {}", self.frame_bytes_max);
                let failure = Box::new(Failure::new(ErrorCode::FrameTooLarge, message));
                Err(Refusal { request_id: None, session_id: None, form: None, dialect: None, failure })
            }
        };
        match read {
            Err(refusal) => {
                let dialect = self.dialect.or(refusal.stdio_dialect());
                let mut failure = *refusal.failure;
                if let Some(id) = &refusal.request_id
                    && !self.takes_id(id)
                {
                    // Whoever waits for the command of that id must not take this for its reply.
                    failure = in_flight(id, refusal.dialect);
                }
                let mut reply = Reply::failed(None, refusal.request_id, failure);
                reply.session_id = refusal.session_id;
                self.put(
                    std::future::ready(OutgoingReply { dialect, ..OutgoingReply::undecided(reply) }).boxed(),
                );
                None
            }
            Ok(incoming) => self.command(incoming),
        }
    }

    /// Queues an answer. A panic in making it becomes `internal` for this one command.
    fn put(&mut self, answer: BoxFuture<'static, OutgoingReply>) {
        let current = self.current.clone();
        let share = Some(self.ahead.take(self.bytes));
        let number = self.number;
        let answer = AssertUnwindSafe(answer).catch_unwind().map(move |made| OutgoingReply {
            share,
            number,
            ..made.unwrap_or_else(|_| current.failed())
        });
        let answer = answer.boxed();
        if self.out_of_order {
            self.unordered.push(answer);
        } else {
            self.reply_order.count();
            self.ordered.push_back(answer);
        }
    }

    fn command(&mut self, mut incoming: Incoming) -> Option<Duration> {
        let dialect = self.dialect.unwrap_or_else(|| incoming.stdio_dialect());
        self.current = CurrentCommand {
            action: Some(incoming.head.action),
            request_id: incoming.head.request_id.clone(),
            session_id: incoming.head.session_id.clone(),
            dialect: Some(dialect),
        };
        if let Some(id) = &incoming.head.request_id {
            faults::strike(faults::FaultPoint::StdioClient, id);
        }
        if self.out_of_order && incoming.head.request_id.is_none() && incoming.reading.is_valid() {
            let violation = Violation::new(
                "/request_id",
                ErrorCode::MissingField,
                "with out_of_order every command needs a request_id",
            );
            let reply = refused(&incoming, Failure::of_violations(vec![violation]));
            self.put(std::future::ready(OutgoingReply::new(reply, dialect)).boxed());
            return None;
        }
        // Every reply to a command carries an id.
        let id = incoming.head.request_id.get_or_insert_with(|| uuid::Uuid::now_v7().to_string()).clone();
        if !self.takes_id(&id) {
            let reply = refused(&incoming, in_flight(&id, incoming.reading.dialect));
            self.put(std::future::ready(OutgoingReply::new(reply, dialect)).boxed());
            return None;
        }
        // `cancel` and `shutdown` never reach the dispatcher, which checks gpu_id for all other commands.
        if matches!(incoming.head.action, Action::Cancel | Action::Shutdown)
            && incoming.reading.is_valid()
            && let Err(failure) = self.dispatcher.check_gpu(&incoming.head)
        {
            let reply = refused(&incoming, *failure);
            self.put(std::future::ready(OutgoingReply::new(reply, dialect)).boxed());
            return None;
        }
        match incoming.head.action {
            Action::Initialize => self.initialize(incoming),
            Action::Shutdown if incoming.reading.is_valid() => {
                return Some(self.shutdown(&incoming, dialect));
            }
            Action::Cancel => self.cancel(incoming, dialect),
            Action::StopTraining => {
                let dispatcher = self.dispatcher.clone();
                self.put(
                    async move {
                        answer(dispatcher.take(incoming, ReplyOptions::plain(dialect)).await, dialect).await
                    }
                    .boxed(),
                );
            }
            _ => self.run_in_order(incoming, dialect),
        }
        None
    }

    /// Notes the id of the line that is being handled. Returns whether no other command in flight has it.
    fn takes_id(&mut self, id: &str) -> bool {
        let is_free = !self.in_flight.contains_key(id);
        if is_free {
            self.in_flight.insert(id.to_owned(), self.number);
        }
        is_free
    }

    fn initialize(&mut self, incoming: Incoming) {
        let before = self.dialect.unwrap_or_else(|| incoming.stdio_dialect());
        let fail = |failure: Failure| {
            std::future::ready(OutgoingReply::new(refused(&incoming, failure), before)).boxed()
        };
        if Arc::strong_count(&self.jobs) > 1 {
            let failure = Failure::new(ErrorCode::Conflict, "a job runs; initialize again when it has ended");
            return self.put(fail(failure));
        }
        if let Err(failure) = self.dispatcher.check_initialize(&incoming) {
            return self.put(fail(*failure));
        }
        let fields = incoming.reading.document().cloned().unwrap_or_default();
        let asks_for = |feature: &str| {
            fields["features"].as_array().is_some_and(|all| all.iter().any(|one| one == feature))
        };
        let chosen = fields["dialect"].as_str().and_then(|name| name.parse().ok());
        let dialect = chosen.unwrap_or(before);
        let mut features = Vec::new();
        for feature in ["events", "out_of_order", "trace"] {
            if asks_for(feature) {
                features.push(feature);
            }
        }
        let dispatcher = self.dispatcher.clone();
        // Its reply keeps its place among those before it; the commands behind it have the new features.
        self.put(
            async move {
                OutgoingReply::new(dispatcher.initialize_stdio(&incoming, &features, dialect).await, dialect)
            }
            .boxed(),
        );
        self.dialect = chosen.or(self.dialect);
        self.out_of_order = asks_for("out_of_order");
        let options = asks_for("events").then_some(EventOptions { dialect, trace: asks_for("trace") });
        self.writer.agree(options, self.number);
    }

    fn shutdown(&mut self, incoming: &Incoming, dialect: Dialect) -> Duration {
        let grace =
            incoming.reading.document().and_then(|fields| contracts::seconds(&fields["grace_seconds"]));
        let reply = Reply {
            action: Some(Action::Shutdown),
            request_id: incoming.head.request_id.clone(),
            session_id: incoming.head.session_id.clone(),
            outcome: Ok(serde_json::json!({})),
            warnings: warnings_of(incoming),
            more_warnings: 0,
        };
        self.shutdown_reply =
            Some(OutgoingReply { number: self.number, ..OutgoingReply::new(reply, dialect) });
        grace.unwrap_or(STOP_GRACE)
    }

    fn cancel(&mut self, incoming: Incoming, dialect: Dialect) {
        let fields = incoming.reading.document();
        let target = fields.and_then(|fields| fields["target_request_id"].as_str());
        let attempt = fields.and_then(|fields| fields["attempt"].as_u64()).unwrap_or(1);
        // The command that has the id now: another may have it when this reply is ready.
        let after = target.and_then(|target| self.in_flight.get(target).copied());
        if let Some(target) = target
            && attempt == 1
            && let Some(cancel) = self.waiting.remove(target)
            && cancel.send(()).is_ok()
        {
            let reply = Reply {
                action: Some(Action::Cancel),
                request_id: incoming.head.request_id.clone(),
                session_id: incoming.head.session_id.clone(),
                outcome: Ok(serde_json::json!({"target_request_id": target, "was": "queued"})),
                warnings: warnings_of(&incoming),
                more_warnings: 0,
            };
            let outgoing = OutgoingReply { after, ..OutgoingReply::new(reply, dialect) };
            return self.put(std::future::ready(outgoing).boxed());
        }
        let dispatcher = self.dispatcher.clone();
        self.put(
            async move {
                let outgoing =
                    answer(dispatcher.take(incoming, ReplyOptions::plain(dialect)).await, dialect).await;
                // A failed cancel waits for no target, which may run on.
                let after = after.filter(|_| outgoing.reply.outcome.is_ok());
                OutgoingReply { after, ..outgoing }
            }
            .boxed(),
        );
    }

    fn run_in_order(&mut self, incoming: Incoming, dialect: Dialect) {
        let action = incoming.head.action;
        let (class, _) = schedule(action, incoming.reading.document());
        let is_job = class == Class::Job;
        let pending = if self.out_of_order { PendingReply::now() } else { self.reply_order.pending(is_job) };
        // A command that is refused runs no job, and `initialize` need not wait for it.
        let runs = is_job && incoming.refusal().is_none() && incoming.reading.is_valid();
        let job = runs.then(|| self.jobs.clone());
        let (cancel, cancelled) = oneshot::channel();
        self.waiting.retain(|_, cancel| !cancel.is_closed());
        if let (true, Some(id)) = (is_job, &incoming.head.request_id) {
            self.waiting.entry(id.clone()).or_insert(cancel);
        }
        if self.out_of_order {
            self.open.insert(self.number);
        }
        let dispatcher = self.dispatcher.clone();
        let writer = self.writer.clone();
        self.put(
            async move {
                let _job = job;
                if is_job && pending.or_cancelled(cancelled).await {
                    let failure = Failure::new(ErrorCode::Cancelled, "cancelled before it began");
                    return OutgoingReply::new(refused(&incoming, failure), dialect);
                }
                pending.wait().await;
                let options = ReplyOptions { wait: false, ..ReplyOptions::plain(dialect) };
                match dispatcher.take(incoming, options).await {
                    Answer::Queued { accepted, .. } => {
                        let reply = writer.follow(&accepted.events).await;
                        OutgoingReply::new(Arc::unwrap_or_clone(reply), dialect)
                    }
                    other => answer(other, dialect).await,
                }
            }
            .boxed(),
        );
    }
}

async fn answer(answer: Answer, dialect: Dialect) -> OutgoingReply {
    let reply = match answer {
        Answer::Reply(reply) => reply,
        Answer::Queued { accepted, .. } => accepted.events.reply().await,
    };
    OutgoingReply::new(Arc::unwrap_or_clone(reply), dialect)
}
