//! The log: what is written about the gateway's work, and how it stays harmless to that work.
//!
//! Lines go through a [`Sink`]: a bounded queue and a thread that alone touches the file or the pipe. Nobody who logs
//! waits, fails or panics, whatever has become of stderr or the disk; what was lost is counted, and said once it can be.
//!
//! `tracing-appender` is not used: it counts no failed writes, bounds lines and not bytes, opens no file again by our signal,
//! and its guard prints where it cannot flush, which may block, panic, or break the frames on stdout.

mod batch;
mod ended;
mod sink;
mod text;

use std::{
    error::Error,
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

/// What is said to a person at the terminal.
static CONSOLE: OnceLock<Sink> = OnceLock::new();
/// Where the log goes, if not to the console.
static FILE: OnceLock<Sink> = OnceLock::new();

/// How long the last lines may take: a pipe that nobody reads must not keep the process.
const FLUSH_MAX: Duration = Duration::from_millis(200);

/// How a line of the log is written.
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
    /// `RUST_LOG` is no filter.
    #[error("RUST_LOG={filter:?} is no filter")]
    Filter {
        /// Its value.
        filter: String,
        /// Where it is wrong.
        #[source]
        source: ParseError,
    },
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
    let filter = filter(level, std::env::var("RUST_LOG").ok().as_deref())?;
    let sink = match path {
        Some(path) => file(path)?,
        None => console(),
    };
    // Its own errors would go to stderr, past the sink.
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

/// Says something to the person at the terminal: on stderr, whatever the log's level, and without waiting for it.
pub fn print(text: &str) {
    console().line(format!("{text}\n").as_bytes());
}

/// Opens the log file again by its name, as after a rotation. A log on stderr stays where it is.
pub fn reopen() {
    match FILE.get() {
        Some(sink) => sink.reopen(),
        None => tracing::info!("SIGHUP: the log is on stderr, there is no file to open again"),
    }
}

/// Waits a moment until what was said is written.
pub fn flush() {
    for sink in [FILE.get(), CONSOLE.get()].into_iter().flatten() {
        sink.flush(FLUSH_MAX);
    }
}

/// Sends panics through the log. The hook of the standard library prints to stderr, which may block or panic itself.
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

/// The failure of a command in which a bug of ours struck; the log has said where.
pub(crate) fn internal_failure() -> contracts::Failure {
    contracts::Failure::new(contracts::ErrorCode::Internal, "a bug of the gateway struck; its log says where")
}

/// What a panic said.
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
