//! Errors of an exchange with a target: the target's own, and the tool's.
//!
//! Causes stand in the sentences and are not sources: reports and the program print one sentence, never a chain.

use contracts::Action;
use nix::unistd::Pid;
use std::{io, path::PathBuf, process::ExitStatus, sync::Arc, time::Duration};

use super::{gateway::BODY_BYTES_MAX, launch::ADDRESS};
use crate::display::seconds;

/// Causes of a missing answer.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The process has ended.
    #[error("the process ended ({}) instead of answering; the end of its stderr: {stderr}", ended(*.status))]
    Ended {
        /// Its exit status; `None` if it closed stdout and runs on.
        status: Option<ExitStatus>,
        /// The end of its stderr.
        stderr: String,
    },
    /// No answer came in time.
    #[error("no answer to {what} within {}", seconds(*.within))]
    Silent {
        /// The command or event that was waited for.
        what: String,
        /// The wait.
        within: Duration,
    },
    /// It has answered before, and now refuses connections.
    #[error("the target is gone: {0}")]
    Gone(ToolError),
    /// A line is not a frame.
    #[error("a line that is no frame: {0}")]
    NoFrame(FrameError),
    /// The answer is not a reply.
    #[error(transparent)]
    NoReply(ReplyError),
    /// The tool failed, or the target was never reached.
    #[error(transparent)]
    Tool(#[from] ToolError),
}

fn ended(status: Option<ExitStatus>) -> String {
    status.map_or_else(|| "stdout closed, still running".to_owned(), |status| status.to_string())
}

/// Causes for which a line is not a frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// It is longer than a frame may be.
    #[error("over the limit ({bytes} bytes)")]
    TooLong {
        /// Its bytes.
        bytes: usize,
    },
    /// It is JSON, and no object.
    #[error("no JSON object: {line}")]
    NoObject {
        /// The line, shortened.
        line: String,
    },
    /// It is not JSON.
    #[error("{cause}: {line}")]
    NoJson {
        /// The error of the reader.
        cause: serde_json::Error,
        /// The line, shortened.
        line: String,
    },
}

/// Causes for which an answer is not a reply.
#[derive(Debug, thiserror::Error)]
pub enum ReplyError {
    /// The frame is not a reply to the command.
    #[error("{action} is answered with {frame}, which is no reply to it")]
    OtherFrame {
        /// The action of the command.
        action: Action,
        /// The frame, shortened.
        frame: String,
    },
    /// The worker sends too many other frames.
    #[error("no answer to {what} among more than {bytes} bytes of other frames")]
    OtherFrames {
        /// The command or event that was waited for.
        what: String,
        /// The limit.
        bytes: usize,
    },
    /// The body of an HTTP response is not a JSON object.
    #[error("{status} with a body that is no reply: {}: {body}", no_object(.cause.as_ref()))]
    Body {
        /// The HTTP status.
        status: u16,
        /// The error of the reader; `None` if the body is JSON, and no object.
        cause: Option<serde_json::Error>,
        /// The body, shortened.
        body: String,
    },
    /// The body of an HTTP response is longer than any that is read.
    #[error("{verb} {path}: a body of more than {BODY_BYTES_MAX} bytes")]
    LongBody {
        /// The method of the request.
        verb: String,
        /// The path of the request.
        path: String,
    },
    /// An HTTP exchange broke off.
    #[error("{verb} {path}: {}", causes(.cause))]
    BrokenOff {
        /// The method of the request.
        verb: String,
        /// The path of the request.
        path: String,
        /// The error of the client.
        cause: reqwest::Error,
    },
}

fn no_object(cause: Option<&serde_json::Error>) -> String {
    cause.map_or_else(|| "no JSON object".to_owned(), ToString::to_string)
}

/// Failures of the tool, and targets that were never reached.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// The command line of the worker is empty.
    #[error("no command was given")]
    NoCommand,
    /// The worker's program does not start.
    #[error("cannot start {}: {cause}", .program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// The error of the system.
        cause: io::Error,
    },
    /// A pipe without room cannot be made.
    #[error("cannot fill a pipe: {0}")]
    FullPipe(io::Error),
    /// The system does not tell how a process ended.
    #[error("the end of process {pid} is unknown: {cause}")]
    Wait {
        /// The process.
        pid: Pid,
        /// The error of the system.
        cause: Arc<io::Error>,
    },
    /// The tool's thread that waits for a process ended before the process did.
    #[error("the end of process {pid} is unknown: nothing waits for it any more")]
    NoWaiter {
        /// The process.
        pid: Pid,
    },
    /// The system does not list its processes.
    #[error("processes cannot be listed: {0}")]
    Processes(io::Error),
    /// No port is free for a gateway.
    #[error("no free port: {0}")]
    NoPort(io::Error),
    /// The command line of a gateway has no place for the address.
    #[error(
        "no argument has {ADDRESS}, which the tool replaces by an address with a free port\nhint: -- gateway serve --listen {ADDRESS}"
    )]
    NoAddress,
    /// No temporary folder can be made.
    #[error("no folder for pictures: {0}")]
    NoScratch(io::Error),
    /// A file or folder of the tool cannot be written.
    #[error("{}: {cause}", .path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        cause: io::Error,
    },
    /// The runtime of the HTTP client does not start.
    #[error("no runtime for HTTP: {0}")]
    NoRuntime(io::Error),
    /// There is no HTTP client.
    #[error("no HTTP client: {0}")]
    NoClient(reqwest::Error),
    /// The address cannot be a gateway's.
    #[error("{url:?} is no address of a gateway: {cause}\nhint: http://127.0.0.1:8080")]
    Address {
        /// The address.
        url: String,
        /// Its fault.
        cause: AddressError,
    },
    /// The server is not a gateway.
    #[error("no gateway at {base}: GET /health/live is answered with status {status}\nhint: {}", way_out(.base))]
    NoGateway {
        /// Its address.
        base: String,
        /// The status of its answer.
        status: u16,
    },
    /// No connection, or it broke off.
    #[error("{base}: {cause}")]
    Connection {
        /// The address.
        base: String,
        /// The error of the system.
        cause: io::Error,
    },
    /// A request did not reach the server.
    #[error("{verb} {url}: {}", causes(.cause))]
    Request {
        /// The method of the request.
        verb: String,
        /// The URL of the request.
        url: String,
        /// The error of the client.
        cause: reqwest::Error,
    },
    /// A connection that the tool cuts has no TLS.
    #[error("only a connection without TLS can be cut here")]
    Tls,
    /// A request has no known method.
    #[error("{0:?} is no verb")]
    Verb(String),
    /// A request in the background panicked.
    #[error("a request in the background failed: {0}")]
    Background(tokio::task::JoinError),
}

/// Faults of an address.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It is not a URL.
    #[error("{0}")]
    Url(<reqwest::Url as std::str::FromStr>::Err),
    /// It names no host.
    #[error("it names no host")]
    NoHost,
    /// It has another scheme than HTTP.
    #[error("it begins with neither http:// nor https://")]
    Scheme,
    /// It has more than a path.
    #[error("it has a query or a fragment, and the tool adds paths to it")]
    Query,
}

/// The address of a gateway that has `base` for one of its paths.
fn way_out(base: &str) -> String {
    match base.find("/v1") {
        Some(at) => format!("leave the path off: {}", &base[..at]),
        None => "give the address that the gateway printed when it started".to_owned(),
    }
}

/// An error with all its causes: the sentence of reqwest does not give the reason.
fn causes(err: &reqwest::Error) -> String {
    let mut text = err.to_string();
    let mut source = std::error::Error::source(err);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
