//! Stdio: the same commands over stdin and stdout. A drop-in for `python main.py --worker pipeline_manager`.
//!
//! Without `out_of_order` exactly one line per command, in the order of the commands, however many lanes there are:
//! jobs run side by side and their lines wait for their turn; whatever is no job waits until all before it is done, so
//! that it sees what the commands before it did.

mod client;
mod events;
mod lines;
mod pipes;
mod read_ahead;
mod reply_order;

use std::process::ExitCode;

use contracts::{framing::Decoder, limits};
use futures::{FutureExt, StreamExt, future::BoxFuture};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Duration, Instant, sleep_until},
};

use crate::{
    app::{App, end},
    cli::OnEof,
};
use client::StdioClient;
use events::UnsolicitedEvents;
use lines::Lines;
use pipes::StdoutQueue;

/// When what is not done is cancelled, and when the workers are killed.
#[derive(Clone, Copy)]
struct Clock {
    until: Option<Instant>,
}

impl Clock {
    /// The end of stdin shortens a longer grace.
    fn shorten(&mut self, grace: Duration) {
        let until = Instant::now() + grace;
        self.until = Some(self.until.map_or(until, |at| at.min(until)));
    }

    fn kill_at(self) -> Instant {
        let margin = limits::STOP_KILL - limits::STOP_GRACE;
        // Without an end, workers that have nothing to do get the usual grace to leave.
        self.until.unwrap_or_else(|| Instant::now() + limits::STOP_GRACE) + margin
    }
}

fn stop_grace() -> Duration {
    limits::STOP_GRACE
}

/// Serves this process's stdin and stdout until their end.
pub async fn serve(app: App, on_eof: OnEof) -> ExitCode {
    let input = pipes::read_stdin();
    let (output, written) = pipes::write_stdout();
    let stops = Stops { terminated: crate::signals::terminated().boxed(), hung_up: pipes::stdin_hung_up() };
    let alarm = watch::Sender::new(None);
    let mut ring = alarm.subscribe();
    let mut heard = alarm.subscribe();
    let code = tokio::select! {
        code = converse(app, on_eof, input, output, stops, alarm) => code,
        // A client that reads nothing more must not keep the process: the C# bridge kills after 5 s.
        () = watchdog(&mut ring) => {
            tracing::error!("the client does not read; its lines are lost");
            return ExitCode::SUCCESS;
        }
    };
    // The last lines must reach the pipe; a client that does not read them is not waited for beyond the whole time.
    let total = limits::STOP_TOTAL - limits::STOP_KILL;
    let kill_at = *heard.borrow_and_update();
    let until = kill_at.unwrap_or_else(Instant::now) + total - LAST_LINES_MARGIN;
    if tokio::time::timeout_at(until, written).await.is_err() {
        tracing::warn!("the last lines were not read");
    }
    code
}

/// What is left of the whole time for leaving itself.
const LAST_LINES_MARGIN: Duration = Duration::from_millis(150);

/// Waits until all should have ended.
async fn watchdog(ring: &mut watch::Receiver<Option<Instant>>) {
    let margin = (limits::STOP_TOTAL - limits::STOP_KILL) / 2;
    loop {
        let at = *ring.borrow_and_update();
        tokio::select! {
            () = sleep_until(at.unwrap_or_else(Instant::now) + margin), if at.is_some() => return,
            changed = ring.changed() => if changed.is_err() { return std::future::pending().await },
        }
    }
}

/// What ends a conversation from outside.
struct Stops {
    terminated: BoxFuture<'static, ()>,
    /// Nobody writes to the input any more.
    hung_up: oneshot::Receiver<()>,
}

/// Serves any pair of pipes; `alarm` is told when all must have ended.
async fn converse(
    mut app: App,
    on_eof: OnEof,
    mut input: mpsc::Receiver<Vec<u8>>,
    output: StdoutQueue,
    stops: Stops,
    alarm: watch::Sender<Option<Instant>>,
) -> ExitCode {
    let dispatcher = app.dispatcher().clone();
    let mut talk = StdioClient::new(dispatcher.clone(), output.clone());
    let mut breath = UnsolicitedEvents::new(dispatcher.clone(), talk.voice.clone());
    let mut decoder = Decoder::new(talk.frame_bytes_max);
    let mut lines = Lines::default();
    let mut clock: Option<Clock> = None;
    let mut open = true;
    let mut ended = false;
    let mut over = false;
    let mut broken = false;
    let mut terminated = stops.terminated.fuse();
    // An error means that nobody can tell: the end is then noticed where it is read.
    let mut hung_up = stops.hung_up.fuse();
    let mut ending: BoxFuture<'static, ()> = std::future::pending().boxed();
    loop {
        if ended && lines.is_empty() {
            // Only now: the last lines are commands like all others.
            ended = false;
            match (on_eof, &mut clock) {
                (OnEof::Finish, None) => clock = Some(Clock { until: None }),
                (_, clock) => clock.get_or_insert(Clock { until: None }).shorten(stop_grace()),
            }
        }
        if clock.is_some() && !open && talk.is_done() && lines.is_empty() {
            break;
        }
        let until = clock.and_then(|clock| clock.until);
        alarm.send_if_modified(|at| {
            let kill_at = until.and(clock).map(Clock::kill_at);
            std::mem::replace(at, kill_at) != kill_at
        });
        // After the grace what is left is refused, and takes no room.
        let room = talk.room() || over;
        // A client that does not read holds up its own replies alone: time, signals and stdin are heard all the same.
        let can_say = output.has_room();
        tokio::select! {
            biased;
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() && !over => {
                over = true;
                let (dispatcher, kill_at) = (dispatcher.clone(), clock.map_or_else(Instant::now, Clock::kill_at));
                // Refuses what waits, cancels what runs, and then the workers leave.
                ending = async move { end(&dispatcher, Instant::now(), kill_at).await }.boxed();
            }
            () = &mut ending => ending = std::future::pending().boxed(),
            what = app.failed(), if !over && !broken => {
                tracing::error!("{what}; what was read is answered, and the gateway ends");
                broken = true;
                open = false;
                clock.get_or_insert(Clock { until: None }).shorten(stop_grace());
            }
            heard = lines.next(), if !lines.is_empty() => {
                if let Some(grace) = talk.hear(heard) {
                    clock.get_or_insert(Clock { until: None }).shorten(grace);
                    // `shutdown` is the last command.
                    lines.clear();
                    open = false;
                }
            }
            Some(spoken) = talk.ordered.next(), if can_say && !talk.ordered.is_empty() => {
                talk.reply_order.next();
                talk.say(spoken);
            }
            Some(spoken) = talk.unordered.next(), if can_say && !talk.unordered.is_empty() => talk.say(spoken),
            () = &mut terminated => {
                clock.get_or_insert(Clock { until: None }).shorten(stop_grace());
                open = false;
            }
            // Told at once, though commands that were written before the end may wait for room; they are still read.
            Ok(()) = &mut hung_up, if open && on_eof == OnEof::Stop => {
                clock.get_or_insert(Clock { until: None }).shorten(stop_grace());
            }
            chunk = input.recv(), if open && room && lines.is_empty() => {
                ended = chunk.is_none();
                open = !ended;
                let last = if ended { decoder.finish() } else { None };
                let read = chunk.iter().flat_map(|chunk| decoder.push(chunk)).chain(last);
                read.for_each(|line| lines.push(line));
            }
            () = breath.breathe(), if can_say => {}
            () = output.room(), if !can_say => {}
        }
    }
    let clock = clock.unwrap_or(Clock { until: None });
    dispatcher.pool().stop(clock.kill_at()).await;
    if let Some(farewell) = talk.farewell.take() {
        talk.say(farewell);
    }
    app.stop(Duration::ZERO).await;
    if broken { ExitCode::from(crate::app::BROKEN) } else { ExitCode::SUCCESS }
}
