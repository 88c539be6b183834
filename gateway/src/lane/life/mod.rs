//! One worker's life: it starts, shakes hands, takes commands, and ends.

mod deadlines;
mod ends;
mod events;
mod handshake;
mod in_flight;
mod known;
mod orders;
mod output;
mod unreadable;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use tokio::{sync::mpsc, time::Instant};

use super::{
    Cause, ResourceGuard, Verdict,
    actor::Actor,
    breaker::Death,
    message::{Mail, Stop},
    meter::Meter,
    process::{Output, Process, Why},
    silence::Liveness,
    timer::Timer,
};
use in_flight::{Ending, InFlight, Waiter};

/// How a life ended.
pub(super) enum End {
    /// The lane stopped it.
    Stopped,
    Died {
        cause: Arc<Cause>,
        death: Death,
        was_ready: bool,
    },
}

/// Why the loop ended.
struct Exit {
    why: Why,
    /// It is killed because a cancelled command did not stop: that counts against no worker.
    spared: bool,
}

impl Exit {
    fn kill(why: impl Into<String>) -> Self {
        Self { why: Why::Kill(why.into()), spared: false }
    }

    fn closed(pipe: &'static str) -> Self {
        Self { why: Why::Closed(pipe), spared: false }
    }

    fn gone() -> Self {
        Self { why: Why::Gone, spared: false }
    }
}

/// The state of one life; everything in it ends with the worker.
pub(super) struct Life<'a> {
    actor: &'a mut Actor,
    process: Process,
    in_flight: HashMap<Arc<str>, InFlight>,
    /// Ids of commands that ended last, oldest first: a reply to one of these is late or a second one.
    ended: VecDeque<Arc<str>>,
    /// Queries that were given up, oldest first, until the worker answers them after all.
    given_up: VecDeque<(Arc<str>, Option<ResourceGuard>)>,
    /// Ids of the trainings that it has accepted, oldest first.
    trainings: VecDeque<Box<str>>,
    /// Whether it has answered `initialize`.
    ready: bool,
    started: Instant,
    liveness: Liveness,
    /// When it is killed, once the lane stops.
    stopping: Option<Stop>,
    /// Frames of the lane itself that the writer had no room for.
    unsent: VecDeque<Vec<u8>>,
    /// No deadline ends anything before this: after a stall of the gateway the worker's answers may lie in its pipe.
    caught_up: Instant,
    /// Whether `initialize` asks for the feature `trace`. False once the worker has refused it.
    asks_trace: bool,
    /// Whether frames carry their trace: the worker has the feature.
    sends_trace: bool,
    /// Why the last unreadable line could not be read, since the last exclusive command was sent.
    unreadable: Option<String>,
    /// Lines in a row that the lane could not use.
    unusable: u64,
    /// Limits the warnings about its lines.
    log_meter: Meter,
}

enum Input {
    Output(Option<Output>),
    Mail(Option<Mail>),
}

/// Waits for output or mail. Not `biased`, so that a worker that floods its stdout cannot starve the mailbox.
///
/// # Cancel safety
/// Both arms are `recv`, which loses nothing.
async fn next_input(
    output: &mut mpsc::Receiver<Output>,
    mailbox: &mut mpsc::Receiver<Mail>,
    open: bool,
) -> Input {
    tokio::select! {
        output = output.recv() => Input::Output(output),
        mail = mailbox.recv(), if open => Input::Mail(mail),
    }
}

/// Waits for room for a frame, if one is `wanted`; `None` when the worker has closed its stdin.
///
/// # Cancel safety
/// A permit that is dropped goes back to the channel.
async fn room(frames: Option<mpsc::Sender<Vec<u8>>>, wanted: bool) -> Option<mpsc::OwnedPermit<Vec<u8>>> {
    match frames {
        // The lane closed it: nothing more is sent.
        None => std::future::pending().await,
        Some(frames) if wanted => frames.reserve_owned().await.ok(),
        Some(frames) => {
            frames.closed().await;
            None
        }
    }
}

impl<'a> Life<'a> {
    pub(super) fn new(actor: &'a mut Actor, process: Process) -> Self {
        let started = Instant::now();
        let log_meter = Meter::new(actor.policy.stderr_lines_max, started);
        Self {
            actor,
            process,
            in_flight: HashMap::new(),
            ended: VecDeque::new(),
            given_up: VecDeque::new(),
            trainings: VecDeque::new(),
            ready: false,
            started,
            liveness: Liveness::new(started),
            stopping: None,
            unsent: VecDeque::new(),
            caught_up: started,
            asks_trace: true,
            sends_trace: false,
            unreadable: None,
            unusable: 0,
            log_meter,
        }
    }

    pub(super) async fn run(mut self) -> End {
        self.shake_hands();
        let mut timer = Timer::new(self.started);
        let exit = loop {
            timer.arm(self.next_wake());
            let open = self.stopping.is_none();
            let wanted = !self.unsent.is_empty() || (self.ready && !self.actor.held.is_empty());
            let room = room(self.process.frames().cloned(), wanted);
            let inbox = &mut self.actor.inbox;
            tokio::select! {
                biased;
                // Deadlines and stops first, so that no flood of lines delays them.
                due = timer.due() => {
                    if let Some(exit) = self.on_time(due) { break exit }
                }
                Some(stop) = inbox.stops.recv() => self.on_stop(stop),
                // Before the mail: the breaker must know the last job's verdict when the next job arrives.
                Some(verdict) = inbox.verdicts.recv() => {
                    if let Some(exit) = self.on_verdict(verdict) { break exit }
                }
                permit = room => match permit {
                    Some(permit) => self.send_next(permit),
                    None => break Exit::closed("stdin"),
                },
                input = next_input(&mut self.process.output, &mut inbox.mailbox, open) => match input {
                    Input::Output(Some(Output::Lines(lines))) => {
                        if let Some(exit) = self.on_lines(lines) { break exit }
                    }
                    Input::Output(Some(Output::Closed) | None) => break Exit::closed("stdout"),
                    Input::Mail(Some(mail)) => self.on_mail(mail),
                    // Every handle is gone: the gateway is dropping its tasks.
                    Input::Mail(None) => break Exit::kill("the gateway is gone"),
                },
                // Not noticed by its stdout alone: a worker that exits may leave children that hold it open.
                () = self.process.leader.gone() => break Exit::gone(),
            }
        };
        self.end(exit).await
    }

    /// Closes the worker's stdin, which asks it to leave. Of two stops the earlier end holds.
    fn on_stop(&mut self, stop: Stop) {
        self.process.close_stdin();
        let before = self.stopping.as_ref().map_or(stop.kill_at, |before| before.kill_at);
        self.stopping = Some(Stop { kill_at: stop.kill_at.min(before) });
    }

    /// Takes what a job has shown about this worker.
    fn on_verdict(&mut self, verdict: Verdict) -> Option<Exit> {
        let breaker = &mut self.actor.breaker;
        let exit = match verdict {
            Verdict::Good => {
                breaker.on_good_job();
                None
            }
            Verdict::Bad(what) => {
                breaker.on_bad_job().then(|| Exit::kill(format!("its first job after a rest failed: {what}")))
            }
            Verdict::Replace(why) => {
                breaker.on_bad_job();
                Some(Exit::kill(why))
            }
        };
        self.actor.show_breaker();
        exit
    }
}
