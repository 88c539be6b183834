//! Replies: the one terminal answer to a command, in any dialect, and as problem details over HTTP.

mod fast;
mod read;
mod write;

use serde_json::Value;

use crate::{
    generated::action::Action,
    violation::{Failure, Warning},
};

pub use read::{ReadReply, ReplyError, ReplyJsonError};

/// Whether the fast path reads a reply.
#[cfg(feature = "testing")]
pub(crate) fn reads_quickly(action: Action, bytes: &[u8]) -> bool {
    fast::read(action, bytes).is_some()
}

/// The one terminal answer to a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The command's action; decides the definition of `data`. `None` if the command has no known one.
    pub action: Option<Action>,
    /// The command's id; `null` on the wire if `None`.
    pub request_id: Option<String>,
    /// The command's session; absent on the wire if `None`.
    pub session_id: Option<String>,
    /// `data` in snake, or the failure.
    pub outcome: Result<Value, Box<Failure>>,
    /// All warnings; the first `limits::WARNINGS_MAX` are written.
    pub warnings: Vec<Warning>,
    /// Number of further warnings that are not in `warnings`.
    pub more_warnings: usize,
}

impl Reply {
    /// A successful reply without session or warnings; `data` is in snake.
    ///
    /// ```
    /// use contracts::{Action, Dialect, Reply};
    /// let reply = Reply::succeeded(Action::Cancel, Some("r1".into()), serde_json::json!({"was": "queued"}));
    /// assert_eq!(reply.to_value(Dialect::Pascal)["Data"]["Was"], "queued");
    /// ```
    #[must_use]
    pub fn succeeded(action: Action, request_id: Option<String>, data: Value) -> Self {
        let (action, outcome) = (Some(action), Ok(data));
        Self { action, request_id, session_id: None, outcome, warnings: Vec::new(), more_warnings: 0 }
    }

    /// A failed reply without session or warnings.
    ///
    /// ```
    /// use contracts::{ErrorCode, Failure, Reply};
    /// let reply = Reply::failed(None, Some("r1".into()), Failure::new(ErrorCode::JobNotFound, "no job r1"));
    /// assert!(reply.outcome.is_err());
    /// ```
    #[must_use]
    pub fn failed(action: Option<Action>, request_id: Option<String>, failure: Failure) -> Self {
        let outcome = Err(Box::new(failure));
        Self { action, request_id, session_id: None, outcome, warnings: Vec::new(), more_warnings: 0 }
    }
}
