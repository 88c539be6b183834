//! Stdio: the same commands over stdin and stdout. A drop-in for `python main.py --worker pipeline_manager`.
//!
//! Without `out_of_order` exactly one line per command, in the order of the commands, however many lanes there are:
//! jobs run side by side and their lines wait for their turn; whatever is no job waits until all before it is done, so
//! that it sees what the commands before it did.

mod events;
mod pipes;
mod turns;

use std::{collections::HashMap, process::ExitCode, sync::Arc};

use contracts::{
    Action, Class, Dialect, ErrorCode, Failure, Fault, Incoming, Refusal, Reply,
    framing::{Decoder, Line},
    generated::limits,
    read_frame,
};
use futures::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{FuturesOrdered, FuturesUnordered},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Duration, Instant, sleep_until},
};

use crate::{
    app::{App, end},
    cli::OnEof,
    front::{Answer, Front, Manner},
};
use events::{Breath, Voice};
use turns::{Turn, Turns};

/// Commands that are read ahead; more are left in the pipe.
const READ_AHEAD_MAX: usize = 1024;

/// A reply and the dialect that it is written in; none: that of the reply before it.
struct Spoken {
    reply: Reply,
    dialect: Option<Dialect>,
}

/// One client, on stdin and stdout.
struct Talk {
    front: Front,
    voice: Voice,
    frame_bytes_max: usize,
    /// What `initialize` chose.
    dialect: Option<Dialect>,
    /// Of the last reply: a line that is no frame is answered so.
    last: Dialect,
    out_of_order: bool,
    ordered: FuturesOrdered<BoxFuture<'static, Spoken>>,
    unordered: FuturesUnordered<BoxFuture<'static, Spoken>>,
    turns: Turns,
    /// Jobs that wait for their turn, and how to cancel them.
    waiting: HashMap<String, oneshot::Sender<()>>,
    /// Jobs that have not ended, this one too.
    jobs: Arc<()>,
    /// The last word, once `shutdown` was read.
    farewell: Option<Spoken>,
}

/// When what is not done is cancelled, and when the workers are killed.
#[derive(Clone, Copy)]
struct Clock {
    until: Option<Instant>,
}

impl Clock {
    fn after(grace: Duration) -> Self {
        Self { until: Some(Instant::now() + grace) }
    }

    /// The end of stdin shortens a longer grace.
    fn shorten(&mut self, grace: Duration) {
        let until = Instant::now() + grace;
        self.until = Some(self.until.map_or(until, |at| at.min(until)));
    }

    fn kill_at(self) -> Instant {
        let margin = Duration::from_secs_f64(limits::STOP_KILL_SECONDS - limits::STOP_GRACE_SECONDS);
        // Without an end, workers that have nothing to do get the usual grace to leave.
        self.until.unwrap_or_else(|| Instant::now() + Duration::from_secs_f64(limits::STOP_GRACE_SECONDS))
            + margin
    }
}

fn stop_grace() -> Duration {
    Duration::from_secs_f64(limits::STOP_GRACE_SECONDS)
}

/// Serves this process's stdin and stdout until their end.
pub async fn serve(app: App, on_eof: OnEof) -> ExitCode {
    let input = pipes::read_stdin();
    let (output, written) = pipes::write_stdout();
    let terminated = crate::signals::terminated();
    let alarm = watch::Sender::new(None);
    let mut ring = alarm.subscribe();
    let code = tokio::select! {
        code = converse(app, on_eof, input, output, terminated, alarm) => code,
        // A client that reads nothing more must not keep the process: the C# bridge kills after 5 s.
        () = watchdog(&mut ring) => {
            tracing::error!("the client does not read; its lines are lost");
            ExitCode::SUCCESS
        }
    };
    // The last lines must reach the pipe; a client that does not read them is not waited for.
    let left = Duration::from_secs_f64(limits::STOP_TOTAL_SECONDS - limits::STOP_KILL_SECONDS);
    if tokio::time::timeout(left, written).await.is_err() {
        tracing::warn!("the last lines were not read");
    }
    code
}

/// Waits until all should have ended.
async fn watchdog(ring: &mut watch::Receiver<Option<Instant>>) {
    let margin = Duration::from_secs_f64((limits::STOP_TOTAL_SECONDS - limits::STOP_KILL_SECONDS) / 2.0);
    loop {
        let at = *ring.borrow_and_update();
        tokio::select! {
            () = sleep_until(at.unwrap_or_else(Instant::now) + margin), if at.is_some() => return,
            changed = ring.changed() => if changed.is_err() { return std::future::pending().await },
        }
    }
}

/// Serves any pair of pipes; `alarm` is told when all must have ended.
async fn converse(
    app: App,
    on_eof: OnEof,
    mut input: mpsc::Receiver<Vec<u8>>,
    output: mpsc::Sender<Vec<u8>>,
    terminated: impl Future<Output = ()>,
    alarm: watch::Sender<Option<Instant>>,
) -> ExitCode {
    let front = app.front().clone();
    let mut talk = Talk::new(front.clone(), output);
    let mut breath = Breath::new(front.clone(), talk.voice.clone());
    let mut decoder = Decoder::new(talk.frame_bytes_max);
    let mut clock: Option<Clock> = None;
    let mut open = true;
    let mut over = false;
    let mut terminated = std::pin::pin!(terminated.fuse());
    let mut ending: BoxFuture<'static, ()> = std::future::pending().boxed();
    loop {
        if clock.is_some() && talk.is_done() {
            break;
        }
        let until = clock.and_then(|clock| clock.until);
        alarm.send_if_modified(|at| {
            let kill_at = until.and(clock).map(Clock::kill_at);
            std::mem::replace(at, kill_at) != kill_at
        });
        let room = talk.room();
        tokio::select! {
            biased;
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() && !over => {
                over = true;
                let (front, kill_at) = (front.clone(), clock.map_or_else(Instant::now, Clock::kill_at));
                // Refuses what waits, cancels what runs, and then the workers leave.
                ending = async move { end(&front, Instant::now(), kill_at).await }.boxed();
            }
            () = &mut ending => ending = std::future::pending().boxed(),
            Some(spoken) = talk.ordered.next(), if !talk.ordered.is_empty() => {
                talk.turns.next();
                talk.say(spoken).await;
            }
            Some(spoken) = talk.unordered.next(), if !talk.unordered.is_empty() => talk.say(spoken).await,
            () = &mut terminated => {
                clock.get_or_insert(Clock { until: None }).shorten(stop_grace());
                open = false;
            }
            chunk = input.recv(), if open && room => match chunk {
                Some(chunk) => {
                    for line in decoder.push(&chunk) {
                        if clock.is_none() && let Some(grace) = talk.hear(line).await {
                            clock = Some(Clock::after(grace));
                        }
                    }
                }
                None => {
                    open = false;
                    if clock.is_none() && let Some(line) = decoder.finish() {
                        talk.hear(line).await;
                    }
                    match (on_eof, &mut clock) {
                        (OnEof::Finish, None) => clock = Some(Clock { until: None }),
                        (_, clock) => clock.get_or_insert(Clock { until: None }).shorten(stop_grace()),
                    }
                }
            },
            () = breath.breathe() => {}
        }
    }
    let clock = clock.unwrap_or(Clock { until: None });
    front.pool().stop(clock.kill_at()).await;
    if let Some(farewell) = talk.farewell.take() {
        talk.say(farewell).await;
    }
    app.stop(Duration::ZERO).await;
    ExitCode::SUCCESS
}

impl Talk {
    fn new(front: Front, output: mpsc::Sender<Vec<u8>>) -> Self {
        let frame_bytes_max = front.config().frame_bytes_max;
        Self {
            voice: Voice::new(output),
            front,
            frame_bytes_max,
            dialect: None,
            last: Dialect::Pascal,
            out_of_order: false,
            ordered: FuturesOrdered::new(),
            unordered: FuturesUnordered::new(),
            turns: Turns::default(),
            waiting: HashMap::new(),
            jobs: Arc::default(),
            farewell: None,
        }
    }

    fn is_done(&self) -> bool {
        self.ordered.is_empty() && self.unordered.is_empty()
    }

    fn room(&self) -> bool {
        self.ordered.len() + self.unordered.len() < READ_AHEAD_MAX
    }

    async fn say(&mut self, Spoken { reply, dialect }: Spoken) {
        let dialect = dialect.unwrap_or(self.last);
        self.last = dialect;
        self.voice.reply(reply, dialect).await;
    }

    /// Takes a line; the grace, where it was `shutdown`.
    async fn hear(&mut self, line: Line) -> Option<Duration> {
        let read = match line {
            Line::Text(line) => read_frame(&line),
            Line::TooLarge { bytes } => {
                let message =
                    format!("a line of more than {bytes} bytes; the limit is {}", self.frame_bytes_max);
                let failure = Box::new(Failure::new(ErrorCode::FrameTooLarge, message));
                Err(Refusal { request_id: None, session_id: None, form: None, dialect: None, failure })
            }
        };
        match read {
            Err(refusal) => {
                let dialect = self.dialect.or(refusal.stdio_dialect());
                let mut reply = bare(None, refusal.request_id, *refusal.failure);
                reply.session_id = refusal.session_id;
                self.put(std::future::ready(Spoken { reply, dialect }).boxed());
                None
            }
            Ok(incoming) => self.command(incoming),
        }
    }

    fn put(&mut self, answer: BoxFuture<'static, Spoken>) {
        if self.out_of_order {
            self.unordered.push(answer);
        } else {
            self.turns.count();
            self.ordered.push_back(answer);
        }
    }

    fn command(&mut self, incoming: Incoming) -> Option<Duration> {
        let dialect = self.dialect.unwrap_or_else(|| incoming.stdio_dialect());
        if self.out_of_order && incoming.head.request_id.is_none() && incoming.reading.is_valid() {
            let fault = Fault::new(
                "/request_id",
                ErrorCode::MissingField,
                "with out_of_order every command needs a request_id",
            );
            let reply = bare(Some(incoming.head.action), None, Failure::of_faults(vec![fault]));
            self.put(std::future::ready(Spoken { reply, dialect: Some(dialect) }).boxed());
            return None;
        }
        match incoming.head.action {
            Action::Initialize => self.initialize(incoming),
            Action::Shutdown if incoming.reading.is_valid() => {
                return Some(self.shutdown(&incoming, dialect));
            }
            Action::Cancel => self.cancel(incoming, dialect),
            Action::StopTraining => {
                let front = self.front.clone();
                self.put(
                    async move { answer(front.take(incoming, Manner::plain(dialect)).await, dialect).await }
                        .boxed(),
                );
            }
            _ => self.do_in_turn(incoming, dialect),
        }
        None
    }

    fn initialize(&mut self, incoming: Incoming) {
        let before = self.dialect.unwrap_or_else(|| incoming.stdio_dialect());
        let fail = |failure: Failure| {
            let mut reply = bare(Some(Action::Initialize), incoming.head.request_id.clone(), failure);
            reply.session_id.clone_from(&incoming.head.session_id);
            reply.warnings.clone_from(&incoming.reading.warnings);
            std::future::ready(Spoken { reply, dialect: Some(before) }).boxed()
        };
        if Arc::strong_count(&self.jobs) > 1 {
            let failure = Failure::new(ErrorCode::Conflict, "a job runs; initialize again when it has ended");
            return self.put(fail(failure));
        }
        if let Err(failure) = self.front.check_initialize(&incoming) {
            return self.put(fail(*failure));
        }
        let fields = incoming.reading.document.clone().unwrap_or_default();
        let wants = |feature: &str| {
            fields["features"].as_array().is_some_and(|all| all.iter().any(|one| one == feature))
        };
        let chosen = fields["dialect"].as_str().and_then(|name| name.parse().ok());
        let dialect = chosen.unwrap_or(before);
        let mut features = Vec::new();
        for feature in ["events", "out_of_order"] {
            if wants(feature) {
                features.push(feature);
            }
        }
        let front = self.front.clone();
        // Its own line keeps its place among those before it; what follows has the new features.
        self.put(
            async move {
                Spoken {
                    reply: front.initialize_stdio(&incoming, &features, dialect).await,
                    dialect: Some(dialect),
                }
            }
            .boxed(),
        );
        self.dialect = chosen.or(self.dialect);
        self.out_of_order = wants("out_of_order");
        self.voice.set_events(wants("events").then_some(dialect));
    }

    fn shutdown(&mut self, incoming: &Incoming, dialect: Dialect) -> Duration {
        let said = incoming.reading.document.as_ref().and_then(|fields| fields["grace_seconds"].as_f64());
        self.farewell = Some(Spoken {
            reply: Reply {
                action: Some(Action::Shutdown),
                request_id: incoming.head.request_id.clone(),
                session_id: incoming.head.session_id.clone(),
                outcome: Ok(serde_json::json!({})),
                warnings: incoming.reading.warnings.clone(),
            },
            dialect: Some(dialect),
        });
        said.map_or_else(stop_grace, Duration::from_secs_f64)
    }

    fn cancel(&mut self, incoming: Incoming, dialect: Dialect) {
        let fields = incoming.reading.document.as_ref();
        let target = fields.and_then(|fields| fields["target_request_id"].as_str());
        let attempt = fields.and_then(|fields| fields["attempt"].as_u64()).unwrap_or(1);
        if let Some(target) = target
            && attempt == 1
            && incoming.reading.is_valid()
            && let Some(cancel) = self.waiting.remove(target)
            && cancel.send(()).is_ok()
        {
            let reply = Reply {
                action: Some(Action::Cancel),
                request_id: incoming.head.request_id.clone(),
                session_id: incoming.head.session_id.clone(),
                outcome: Ok(serde_json::json!({"target_request_id": target, "was": "queued"})),
                warnings: incoming.reading.warnings.clone(),
            };
            return self.put(std::future::ready(Spoken { reply, dialect: Some(dialect) }).boxed());
        }
        let front = self.front.clone();
        self.put(
            async move { answer(front.take(incoming, Manner::plain(dialect)).await, dialect).await }.boxed(),
        );
    }

    fn do_in_turn(&mut self, incoming: Incoming, dialect: Dialect) {
        let action = incoming.head.action;
        let class = incoming
            .reading
            .document
            .as_ref()
            .map_or(action.info().class, |fields| crate::front::document::class(action, fields).0);
        let is_job = class == Class::Job;
        let turn = if self.out_of_order { Turn::now() } else { self.turns.turn(is_job) };
        let job = is_job.then(|| self.jobs.clone());
        let (cancel, cancelled) = oneshot::channel();
        self.waiting.retain(|_, cancel| !cancel.is_closed());
        if let (true, Some(id)) = (is_job, &incoming.head.request_id) {
            self.waiting.entry(id.clone()).or_insert(cancel);
        }
        let front = self.front.clone();
        let voice = self.voice.clone();
        self.put(
            async move {
                let _job = job;
                if is_job && turn.or_cancelled(cancelled).await {
                    let failure = Failure::new(ErrorCode::Cancelled, "cancelled before it began");
                    let mut reply = bare(Some(action), incoming.head.request_id, failure);
                    reply.session_id = incoming.head.session_id;
                    reply.warnings = incoming.reading.warnings;
                    return Spoken { reply, dialect: Some(dialect) };
                }
                turn.come().await;
                let manner = Manner { wait: false, ..Manner::plain(dialect) };
                match front.take(incoming, manner).await {
                    Answer::Queued { accepted, .. } => {
                        let reply = voice.follow(&accepted.feed).await;
                        Spoken { reply: Arc::unwrap_or_clone(reply), dialect: Some(dialect) }
                    }
                    other => answer(other, dialect).await,
                }
            }
            .boxed(),
        );
    }
}

async fn answer(answer: Answer, dialect: Dialect) -> Spoken {
    let reply = match answer {
        Answer::Reply(reply) => reply,
        Answer::Queued { accepted, .. } => accepted.feed.reply().await,
    };
    Spoken { reply: Arc::unwrap_or_clone(reply), dialect: Some(dialect) }
}

fn bare(action: Option<Action>, request_id: Option<String>, failure: Failure) -> Reply {
    Reply { action, request_id, session_id: None, outcome: Err(Box::new(failure)), warnings: Vec::new() }
}
