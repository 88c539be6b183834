//! The loop over one pair of pipes: reads lines, writes replies and events, and ends.

use std::process::ExitCode;

use contracts::{framing::Decoder, limits};
use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, Fuse},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Duration, Instant, sleep_until},
};

use super::{
    STALL,
    client::StdioClient,
    events::UnsolicitedEvents,
    lines::{Input, Lines},
    pipes::{CHUNKS_MAX, Chunk, StdoutQueue},
};
use crate::{
    app::{self, App, TaskFailure},
    cli::OnEof,
};

/// What ends a connection from outside.
pub(super) struct Stops {
    pub(super) terminated: BoxFuture<'static, ()>,
    /// Resolves when every writer of stdin is gone.
    pub(super) hung_up: oneshot::Receiver<()>,
}

/// The end of a connection, once it has begun.
#[derive(Clone, Copy, Default)]
struct Ending {
    /// When commands that have not ended are cancelled. `None`: they are waited for, however long they take.
    until: Option<Instant>,
    /// Whether that time is over.
    is_over: bool,
}

impl Ending {
    /// Of two times the earlier holds.
    fn shorten(&mut self, grace: Duration) {
        let until = Instant::now() + grace;
        self.until = Some(self.until.map_or(until, |at| at.min(until)));
    }

    fn kill_at(self) -> Instant {
        let margin = limits::STOP_KILL - limits::STOP_GRACE;
        // Without a time every command has ended, and idle workers get the usual grace to leave.
        self.until.unwrap_or_else(|| Instant::now() + limits::STOP_GRACE) + margin
    }
}

/// Where stdin stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stdin {
    Open,
    /// It has ended, and its last lines may not be commands yet.
    Ended,
    /// After `shutdown`: what comes is dropped, and its end shortens the grace.
    Dropped,
    /// Nothing more is read from it.
    Closed,
}

/// One client, its pipes, and the end of both.
pub(super) struct Connection {
    app: App,
    on_eof: OnEof,
    client: StdioClient,
    events: UnsolicitedEvents,
    input: mpsc::Receiver<Chunk>,
    stdin: Stdin,
    output: StdoutQueue,
    decoder: Decoder,
    lines: Lines,
    terminated: Fuse<BoxFuture<'static, ()>>,
    hung_up: Fuse<oneshot::Receiver<()>>,
    stdout_broke: Fuse<BoxFuture<'static, ()>>,
    ending: Option<Ending>,
    /// Refuses and cancels what is left after the grace, and then stops the workers.
    drained: BoxFuture<'static, ()>,
    /// A task of the gateway has failed, and the exit code says so.
    is_broken: bool,
    /// No reply can be written, and the exit code says so.
    output_failed: bool,
    /// A read of stdin failed, and the exit code says so: commands may be lost.
    input_failed: bool,
    /// When everything must have ended, for the watchdog.
    alarm: watch::Sender<Option<Instant>>,
}

impl Connection {
    pub(super) fn new(
        app: App,
        on_eof: OnEof,
        input: mpsc::Receiver<Chunk>,
        output: StdoutQueue,
        stops: Stops,
        alarm: watch::Sender<Option<Instant>>,
    ) -> Self {
        let dispatcher = app.dispatcher().clone();
        let client = StdioClient::new(dispatcher.clone(), output.clone());
        Self {
            events: UnsolicitedEvents::new(dispatcher, client.writer.clone()),
            decoder: Decoder::new(client.frame_bytes_max),
            client,
            app,
            on_eof,
            input,
            stdin: Stdin::Open,
            stdout_broke: output.clone().broken().boxed().fuse(),
            output,
            lines: Lines::default(),
            terminated: stops.terminated.fuse(),
            hung_up: stops.hung_up.fuse(),
            ending: None,
            drained: std::future::pending().boxed(),
            is_broken: false,
            output_failed: false,
            input_failed: false,
            alarm,
        }
    }

    /// Serves the client until it leaves or the gateway is stopped, and ends the gateway.
    pub(super) async fn run(mut self) -> ExitCode {
        loop {
            if self.stdin == Stdin::Ended && self.lines.is_empty() {
                // Only now, because the last lines are commands like all others.
                self.on_end_of_input();
            }
            if self.is_done() {
                break;
            }
            self.set_alarm();
            self.step().await;
        }
        self.finish().await
    }

    /// Waits for the first thing that happens, and handles it.
    async fn step(&mut self) {
        let is_over = self.ending.is_some_and(|ending| ending.is_over);
        let until = self.ending.filter(|ending| !ending.is_over).and_then(|ending| ending.until);
        let is_open = self.stdin == Stdin::Open;
        // After the grace commands are refused at once, so that they need no room.
        let may_read = match self.stdin {
            Stdin::Open => self.lines.is_empty() && (self.client.has_room() || is_over),
            Stdin::Dropped => true,
            Stdin::Ended | Stdin::Closed => false,
        };
        // A client that does not read stops its own replies alone: time, signals and stdin are still served.
        let may_write = self.output.has_room();
        tokio::select! {
            // The grace and its end first, so that no flood of lines delays them. Lines that were read come before
            // replies, because a cancel may be among them; and stdin comes last, so that a client cannot fill the queue
            // faster than it is served.
            biased;
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => self.on_grace_over(),
            () = &mut self.drained => self.drained = std::future::pending().boxed(),
            failure = self.app.failed(), if !is_over && !self.is_broken => self.on_task_failed(&failure),
            () = &mut self.stdout_broke => self.on_stdout_broke(),
            line = self.lines.next(), if !self.lines.is_empty() => self.on_line(line),
            Some(reply) = self.client.ordered.next(), if may_write && !self.client.ordered.is_empty() => {
                self.client.reply_order.next();
                self.client.write(reply);
            }
            Some(reply) = self.client.unordered.next(), if may_write && !self.client.unordered.is_empty() => {
                self.client.write(reply);
            }
            () = &mut self.terminated => self.on_terminated(),
            // An error means that the hang-up cannot be noticed: then the end of stdin is.
            Ok(()) = &mut self.hung_up, if is_open && self.on_eof == OnEof::Stop => self.end_within(limits::STOP_GRACE),
            chunk = self.input.recv(), if may_read => self.on_chunk(chunk),
            () = self.events.write_next(), if may_write => {}
            // Wakes the loop when the client reads again.
            () = self.output.wait_for_room(), if !may_write => {}
        }
    }

    fn is_done(&self) -> bool {
        self.ending.is_some() && self.stdin != Stdin::Open && self.client.is_done() && self.lines.is_empty()
    }

    /// Shows the watchdog when everything must have ended.
    fn set_alarm(&self) {
        let kill_at = self.ending.filter(|ending| ending.until.is_some()).map(Ending::kill_at);
        self.alarm.send_if_modified(|at| std::mem::replace(at, kill_at) != kill_at);
    }

    fn end_within(&mut self, grace: Duration) {
        self.ending.get_or_insert_default().shorten(grace);
    }

    /// Reads no more commands, but handles those that were read.
    fn close_input(&mut self) {
        if self.stdin == Stdin::Open {
            self.stdin = Stdin::Closed;
        }
    }

    fn on_end_of_input(&mut self) {
        self.stdin = Stdin::Closed;
        match (self.on_eof, self.ending) {
            (OnEof::Finish, None) => self.ending = Some(Ending::default()),
            _ => self.end_within(limits::STOP_GRACE),
        }
    }

    fn on_grace_over(&mut self) {
        let Some(ending) = &mut self.ending else { return };
        ending.is_over = true;
        let late = ending.until.map(|until| until.elapsed()).filter(|late| *late > STALL);
        if let Some(late) = late {
            tracing::warn!(?late, "this process did not run for a while; its end is later by that");
            // The workers did not get their time to leave either.
            ending.until = Some(Instant::now());
        }
        let (dispatcher, kill_at) = (self.app.dispatcher().clone(), ending.kill_at());
        self.drained = async move { app::end(&dispatcher, Instant::now(), kill_at).await }.boxed();
    }

    fn on_task_failed(&mut self, failure: &TaskFailure) {
        tracing::error!(
            error = failure as &dyn std::error::Error,
            "the gateway ends; commands that were read are answered"
        );
        self.is_broken = true;
        self.close_input();
        self.end_within(limits::STOP_GRACE);
    }

    /// No command can be answered: what runs is cancelled at once, and lines that were read are not begun.
    fn on_stdout_broke(&mut self) {
        self.output_failed = true;
        self.lines.clear();
        self.stdin = Stdin::Closed;
        self.end_within(Duration::ZERO);
    }

    /// A signal ends stdin where it was read to. A line that had begun is treated as at the end of the pipe, so that its
    /// reply is the same whichever of the two is seen first.
    fn on_terminated(&mut self) {
        if self.stdin == Stdin::Open {
            // As many as the channel has: a client that writes without end must not keep the loop here.
            for _ in 0..CHUNKS_MAX {
                let Ok(chunk) = self.input.try_recv() else { break };
                self.on_chunk(Some(chunk));
            }
            if self.stdin == Stdin::Open {
                self.on_chunk(None);
            }
        }
        self.end_within(limits::STOP_GRACE);
    }

    fn on_line(&mut self, line: Input) {
        if let Some(grace) = self.client.on_line(line) {
            // `shutdown` is the last command.
            self.lines.clear();
            if self.stdin == Stdin::Open {
                self.stdin = Stdin::Dropped;
            }
            self.end_within(grace);
        }
    }

    /// Splits a chunk of stdin into lines; `None` is its end. After an error a last line without its end is dropped: it
    /// may be the half of a command.
    fn on_chunk(&mut self, chunk: Option<Chunk>) {
        if self.stdin == Stdin::Dropped {
            if !matches!(chunk, Some(Ok(_))) {
                // Nobody writes any more, so nobody waits for a longer grace.
                self.stdin = Stdin::Closed;
                self.end_within(limits::STOP_GRACE);
            }
            return;
        }
        let lines = match chunk {
            Some(Ok(chunk)) => self.decoder.push(&chunk),
            Some(Err(err)) => {
                tracing::error!(%err, "stdin cannot be read: the gateway ends when what was read is answered");
                self.input_failed = true;
                self.stdin = Stdin::Ended;
                return;
            }
            None => {
                self.stdin = Stdin::Ended;
                self.decoder.finish().into_iter().collect()
            }
        };
        lines.into_iter().for_each(|line| self.lines.push(line));
    }

    async fn finish(mut self) -> ExitCode {
        let kill_at = self.ending.unwrap_or_default().kill_at();
        self.app.dispatcher().pool().stop(kill_at).await;
        // The contract: the reply to `shutdown` follows the end of the workers.
        if let Some(shutdown_reply) = self.client.shutdown_reply.take() {
            self.client.write(shutdown_reply);
        }
        self.app.stop(Duration::ZERO).await;
        match (self.is_broken, self.output_failed || self.input_failed) {
            (true, _) => ExitCode::from(app::BROKEN),
            (false, true) => ExitCode::FAILURE,
            (false, false) => ExitCode::SUCCESS,
        }
    }
}
