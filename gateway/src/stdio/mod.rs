//! Stdio: the same commands over stdin and stdout. A drop-in for `python main.py --worker pipeline_manager`.
//!
//! Without `out_of_order` there is exactly one line per command, in the order of the commands, however many lanes there
//! are. Jobs run side by side, and each reply waits until those before it are written. A command that is not a job starts
//! when all commands before it are done, so that it sees their effects.

mod client;
mod connection;
mod events;
mod lines;
mod pipes;
mod read_ahead;
mod reply_order;

use std::process::ExitCode;

use contracts::limits;
use futures::future::BoxFuture;
use tokio::{
    sync::watch,
    time::{Duration, Instant, sleep_until},
};

use crate::{app::App, cli::OnEof};
use connection::{Connection, Stops};
use pipes::StdoutQueue;
use worker_sim::null_device::is_null;

/// What is left of the whole time for the process to exit: the runtime ends within some milliseconds, and a busy
/// machine is some ten times slower.
const LAST_LINES_MARGIN: Duration = Duration::from_millis(150);

/// A timer that is later than this was held up by a stall of the whole process: it was stopped, or its machine was. A busy
/// machine delays it by some 100 ms.
const STALL: Duration = Duration::from_millis(250);

/// How long the end may take after a stall: enough to read the workers' replies and to write them.
const AFTER_STALL: Duration = Duration::from_secs(1);

/// How long the end of a gateway whose client reads everything may be overdue: as long as the whole time.
const OVERDUE_MAX: Duration = limits::STOP_TOTAL;

/// The error of a stdout that no reply can be read from.
#[derive(Debug, thiserror::Error)]
#[error(
    "stdout is closed, or the null device: no client could read a reply\nhint: give it a pipe, a file or a terminal"
)]
pub struct NullStdout;

/// Checks the pipes of this process before anything is started. A null stdin ends at once, and is only warned about:
/// nothing is lost by it.
///
/// # Errors
/// [`NullStdout`].
pub fn check_pipes() -> Result<(), NullStdout> {
    if is_null(&std::io::stdout()) {
        return Err(NullStdout);
    }
    if is_null(&std::io::stdin()) {
        tracing::warn!("stdin is closed, or the null device: no command can come");
    }
    Ok(())
}

/// Serves this process's stdin and stdout until their end, or until it is `terminated`.
pub async fn serve(app: App, on_eof: OnEof, terminated: BoxFuture<'static, ()>) -> ExitCode {
    let input = pipes::read_stdin();
    let (output, written) = pipes::write_stdout();
    let stops = Stops { terminated, hung_up: pipes::stdin_hung_up() };
    let alarm = watch::Sender::new(None);
    let mut ring = alarm.subscribe();
    let mut last_alarm = alarm.subscribe();
    let stdout = output.clone();
    let code = tokio::select! {
        // The connection first: after a stall of this process both are due, and the workers' replies are written.
        biased;
        code = Connection::new(app, on_eof, input, output, stops, alarm).run() => code,
        // A client that does not read must not keep the process: the C# bridge kills it after 5 s, with its workers.
        () = watchdog(&mut ring, &stdout) => {
            tracing::error!(unwritten = stdout.backlog(), "the end is overdue; unwritten replies are lost");
            return ExitCode::FAILURE;
        }
    };
    // The writer ends when the last queue is dropped.
    drop(stdout);
    // The last lines must reach the pipe, but a client that does not read them gets no longer than the whole time.
    let total = limits::STOP_TOTAL - limits::STOP_KILL;
    let kill_at = *last_alarm.borrow_and_update();
    let until = kill_at.unwrap_or_else(Instant::now) + total - LAST_LINES_MARGIN;
    tokio::select! {
        // The writer first: lines that were written at the last moment are not reported as lost.
        biased;
        // An error means that stdout broke, which the writer has logged.
        written = written => if written.is_ok() { code } else { ExitCode::FAILURE },
        () = running_until(until) => {
            tracing::error!("the client does not read; the last lines are lost");
            ExitCode::FAILURE
        }
    }
}

/// Waits until half of the time between the kill of the workers and the whole time is over: then nothing should be
/// left.
///
/// While the client leaves no bytes unread the gateway itself is late, and replies would be lost: it gets
/// [`OVERDUE_MAX`] more.
async fn watchdog(ring: &mut watch::Receiver<Option<Instant>>, stdout: &StdoutQueue) {
    let margin = (limits::STOP_TOTAL - limits::STOP_KILL) / 2;
    loop {
        let at = *ring.borrow_and_update();
        let overdue = async {
            let Some(at) = at else { return std::future::pending().await };
            running_until(at + margin).await;
            let last = Instant::now() + OVERDUE_MAX;
            while stdout.backlog() == 0 && Instant::now() < last {
                running_until(Instant::now() + margin).await;
            }
        };
        tokio::select! {
            () = overdue => return,
            changed = ring.changed() => if changed.is_err() { return std::future::pending().await },
        }
    }
}

/// Waits until then. If this process did not run at that time, it waits until the process has run for a while again:
/// work that was ready meanwhile is not late.
async fn running_until(mut until: Instant) {
    loop {
        sleep_until(until).await;
        if until.elapsed() < STALL {
            return;
        }
        until = Instant::now() + AFTER_STALL;
    }
}
