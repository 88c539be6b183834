//! Stdio: the same commands over stdin and stdout. A drop-in for `python main.py --worker pipeline_manager`.
//!
//! Without `out_of_order` there is exactly one line per command, in the order of the commands, however many lanes there
//! are. Jobs run side by side, and each reply waits until those before it are written. A command that is no job starts
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

/// What is left of the whole time for the process to exit: the runtime ends within some milliseconds, and a busy
/// machine is some ten times slower.
const LAST_LINES_MARGIN: Duration = Duration::from_millis(150);

/// Serves this process's stdin and stdout until their end, or until it is `terminated`.
pub async fn serve(app: App, on_eof: OnEof, terminated: BoxFuture<'static, ()>) -> ExitCode {
    let input = pipes::read_stdin();
    let (output, written) = pipes::write_stdout();
    let stops = Stops { terminated, hung_up: pipes::stdin_hung_up() };
    let alarm = watch::Sender::new(None);
    let mut ring = alarm.subscribe();
    let mut last_alarm = alarm.subscribe();
    let code = tokio::select! {
        code = Connection::new(app, on_eof, input, output, stops, alarm).run() => code,
        // A client that does not read must not keep the process: the C# bridge kills it after 5 s, with its workers.
        () = watchdog(&mut ring) => {
            tracing::error!("the client does not read; its lines are lost");
            return ExitCode::SUCCESS;
        }
    };
    // The last lines must reach the pipe, but a client that does not read them gets no longer than the whole time.
    let total = limits::STOP_TOTAL - limits::STOP_KILL;
    let kill_at = *last_alarm.borrow_and_update();
    let until = kill_at.unwrap_or_else(Instant::now) + total - LAST_LINES_MARGIN;
    if tokio::time::timeout_at(until, written).await.is_err() {
        tracing::warn!("the last lines were not read");
    }
    code
}

/// Waits until half of the time between the kill of the workers and the whole time is over: then nothing should be
/// left.
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
