//! The log. A log that blocks or fails must not stop the gateway.
//!
//! Lines go through a [`Sink`]: a bounded queue, and a thread that alone writes to the file or the pipe. Code that logs
//! never waits, fails or panics, whatever happens to stderr or the disk. Lost lines are counted, and the count is
//! logged when a write succeeds again.
//!
//! `tracing-appender` is not used, for four reasons: it counts no failed writes, bounds lines and not bytes, cannot
//! open its file again, and its guard prints when it cannot flush, which may block, panic, or break the frames on
//! stdout.

mod batch;
mod ended;
mod sink;
mod text;

use std::{
    error::Error,
    ffi::OsString,
    io, panic,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::{Duration, SystemTime},
};

use clap::ValueEnum;
use tracing_subscriber::{EnvFilter, filter::ParseError, fmt};

pub(crate) use ended::{ended, refused};
use sink::Sink;
use text::Text;

/// The sink of messages for the person at the terminal: stderr.
static CONSOLE: OnceLock<Sink> = OnceLock::new();
/// The sink of the log, if it goes to a file.
static FILE: OnceLock<Sink> = OnceLock::new();

/// How long the last lines may take. A pipe that no process reads must not keep this one from its exit.
const FLUSH_MAX: Duration = Duration::from_millis(200);

/// How long the line of an error may take, as nothing else says why the program ended. No client waits for this exit, and
/// on a busy machine the writer's thread may not run for as long as [`FLUSH_MAX`].
const FLUSH_ERROR_MAX: Duration = Duration::from_secs(1);

/// The format of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Why the log does not start.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// An unknown level.
    #[error("--log-level is error, warning, info, debug or trace, not {level:?}")]
    Level {
        /// What was given.
        level: String,
    },
    /// `RUST_LOG` is not a filter.
    #[error("RUST_LOG={filter:?} is not a filter")]
    Filter {
        /// Its value.
        filter: String,
        /// Where it is wrong.
        #[source]
        source: ParseError,
    },
    /// `RUST_LOG` is not UTF-8.
    #[error("RUST_LOG={} is no UTF-8", .0.display())]
    NotText(OsString),
    /// The file cannot be opened.
    #[error("--log-file {}", .path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: io::Error,
    },
    /// It was started before.
    #[error("the log cannot be started")]
    Started {
        /// The error of `tracing`.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Starts the log at a level, in a file or on stderr.
///
/// # Errors
/// [`LogError`].
pub fn start(level: &str, path: Option<&Path>, format: LogFormat) -> Result<(), LogError> {
    let variable = std::env::var_os("RUST_LOG").map(OsString::into_string).transpose();
    let variable = variable.map_err(LogError::NotText)?;
    let filter = filter(level, variable.as_deref())?;
    let sink = match path {
        Some(path) => file(path)?,
        None => console(),
    };
    // `tracing_subscriber` would print its own errors to stderr, past the sink.
    let builder = fmt().with_env_filter(filter).with_ansi(false).log_internal_errors(false).with_writer(sink);
    let started = match format {
        LogFormat::Text => builder.event_format(Text { now: SystemTime::now }).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|source| LogError::Started { source })
}

fn filter(level: &str, variable: Option<&str>) -> Result<EnvFilter, LogError> {
    if let Some(filter) = variable.filter(|filter| !filter.is_empty()) {
        let failed = |source| LogError::Filter { filter: filter.to_owned(), source };
        return EnvFilter::builder().parse(filter).map_err(failed);
    }
    let level = match level.to_ascii_lowercase().as_str() {
        "error" | "critical" => "error",
        "warning" | "warn" => "warn",
        "info" => "info",
        "debug" => "debug",
        "trace" => "trace",
        _ => return Err(LogError::Level { level: level.to_owned() }),
    };
    Ok(EnvFilter::new(level))
}

fn file(path: &Path) -> Result<&'static Sink, LogError> {
    let sink = Sink::file(path).map_err(|source| LogError::File { path: path.to_owned(), source })?;
    Ok(FILE.get_or_init(|| sink))
}

fn console() -> &'static Sink {
    CONSOLE.get_or_init(Sink::stderr)
}

/// Prints a line for the person at the terminal: on stderr, whatever the log's level. Does not wait for the write.
pub fn print(text: &str) {
    console().line(format!("{text}\n").as_bytes());
}

/// Opens the log file again by its name, after a rotation. A log on stderr is left as it is.
pub fn reopen() {
    match FILE.get() {
        Some(sink) => sink.reopen(),
        None => tracing::info!("SIGHUP: the log is on stderr, there is no file to open again"),
    }
}

/// Waits until queued lines are written, [`FLUSH_MAX`] at most for each sink.
pub fn flush() {
    flush_within(FLUSH_MAX);
}

/// The same before an exit by an error, [`FLUSH_ERROR_MAX`] at most for each sink.
pub fn flush_error() {
    flush_within(FLUSH_ERROR_MAX);
}

fn flush_within(at_most: Duration) {
    for sink in [FILE.get(), CONSOLE.get()].into_iter().flatten() {
        sink.flush(at_most);
    }
}

/// Sends panics to the log. The hook of the standard library prints to stderr, which may block, or panic itself.
pub fn on_panic() {
    panic::set_hook(Box::new(|info| {
        let what = message(info.payload());
        let at = info.location().map(ToString::to_string).unwrap_or_default();
        let trace = std::backtrace::Backtrace::capture();
        let trace = match trace.status() {
            std::backtrace::BacktraceStatus::Captured => format!("\n{trace}"),
            _ => String::new(),
        };
        if tracing::dispatcher::has_been_set() {
            tracing::error!(target: text::PANIC, at, "a bug of the gateway: {what}{trace}");
        } else {
            print(&format!("a bug of the gateway: {what}, at {at}{trace}"));
        }
    }));
}

/// The failure of a command that met a bug of the gateway. The log has the place of the bug.
pub(crate) fn internal_failure() -> contracts::Failure {
    contracts::Failure::new(contracts::ErrorCode::Internal, "a bug of the gateway struck; its log says where")
}

/// The message of a panic.
pub(crate) fn message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".to_owned())
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn a_level_or_filter_that_is_none_is_refused() {
        assert!(filter("banana", None).unwrap_err().to_string().contains("trace"));
        assert!(filter("info", Some("gateway=banana")).unwrap_err().to_string().contains("RUST_LOG"));
        assert_eq!(filter("Critical", None).unwrap().to_string(), "error");
        assert_eq!(filter("trace", None).unwrap().to_string(), "trace");
        assert_eq!(filter("error", Some("access=off,info")).unwrap().to_string(), "access=off,info");
        assert_eq!(filter("error", Some("")).unwrap().to_string(), "error");
    }
}
