//! What is under test, and what can go wrong while talking to it.

pub mod gateway;
pub mod worker;

use std::time::Duration;

/// Why the target gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The process is gone.
    #[error("the worker ended ({status}) instead of answering; its last words: {stderr}")]
    Ended {
        /// Its exit status.
        status: String,
        /// The end of its stderr.
        stderr: String,
    },
    /// It said nothing in time.
    #[error("no answer to {what} within {}", crate::display::seconds(*.within))]
    Silent {
        /// What was asked.
        what: String,
        /// For how long.
        within: Duration,
    },
    /// It answered before and can not be reached any more.
    #[error("the target is gone: {0}")]
    Gone(String),
    /// It wrote a line that is no frame.
    #[error("a line that is no frame: {0}")]
    NoFrame(String),
    /// It answered something else than a reply.
    #[error("{0}")]
    NoReply(String),
    /// The tool could not talk to it at all.
    #[error("{0}")]
    Tool(String),
}

/// The answer to one command.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The document, as it was spelt.
    pub value: serde_json::Value,
    /// The HTTP status and content type.
    pub http: Option<(u16, String)>,
}
