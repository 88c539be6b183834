//! Replies in: read in snake, and held to the schema.

use serde_json::Value;

use super::{Reply, fast};
use crate::{
    generated::{action::Action, error_code::ErrorCode},
    reading::violations_of,
    tally::Tally,
    unique::unique,
    violation::{Failure, Violation, Warning},
};

/// A reply, and its members that the schema does not know.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadReply {
    /// The reply.
    pub reply: Reply,
    /// Pointers of the first members that the schema does not know.
    pub unknown_members: Vec<String>,
    /// Number of all of them.
    pub unknown_total: usize,
}

/// A document that is not a valid reply.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the reply breaks the contract at {}: {}", violations[0].pointer, violations[0].message)]
pub struct ReplyError {
    /// The first violations; at least one.
    pub violations: Vec<Violation>,
}

/// Bytes that are not a valid reply.
#[derive(Debug, thiserror::Error)]
pub enum ReplyJsonError {
    /// They are not JSON, or an object has a name twice.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// The reply breaks the schema.
    #[error(transparent)]
    Reply(#[from] ReplyError),
}

impl Reply {
    /// Reads a reply in snake to a command of an action.
    ///
    /// Members that the schema does not know may be a newer version's: they are listed, and no error.
    ///
    /// # Errors
    /// [`ReplyError`] if it breaks the schema in any other way.
    pub fn read(action: Action, reply: &Value) -> Result<ReadReply, ReplyError> {
        Self::take(action, reply.clone())
    }

    /// As [`read`](Self::read), from JSON in which a name must not stand twice.
    ///
    /// ```
    /// use contracts::{Action, Reply};
    /// let line = br#"{"request_id":"r1","success":true,"data":{"freed_gpu_bytes":1,"freed_ram_bytes":2},"error":null,"error_details":null,"warnings":[],"warning_details":[]}"#;
    /// let read = Reply::from_json(Action::CleanupMemory, line).unwrap();
    /// assert_eq!(read.reply.outcome.unwrap()["freed_ram_bytes"], 2);
    /// ```
    ///
    /// # Errors
    /// [`ReplyJsonError::Json`] if the bytes are not JSON or an object has a name twice, [`ReplyJsonError::Reply`] if the
    /// reply breaks the schema.
    pub fn from_json(action: Action, bytes: &[u8]) -> Result<ReadReply, ReplyJsonError> {
        if let Some(reply) = fast::read(action, bytes) {
            return Ok(ReadReply { reply, unknown_members: Vec::new(), unknown_total: 0 });
        }
        Ok(Self::take(action, unique(bytes)?)?)
    }

    /// As [`read`](Self::read), of an owned reply: its data is moved, not copied.
    ///
    /// # Errors
    /// As [`Reply::read`].
    pub fn take(action: Action, mut reply: Value) -> Result<ReadReply, ReplyError> {
        let (broken, unknown) = violations(action, &reply);
        if !broken.is_empty() {
            return Err(ReplyError { violations: broken.into_kept() });
        }
        let text = |name: &str| reply[name].as_str().map(str::to_owned);
        let (request_id, session_id) = (text("request_id"), text("session_id"));
        let broken = |pointer: &str, err: &dyn std::fmt::Display| ReplyError {
            violations: vec![contradiction(pointer, &err.to_string())],
        };
        let outcome = if reply["success"] == true {
            Ok(reply["data"].take())
        } else {
            let Some(error) = reply["error"].as_str() else {
                let missing = contradiction("/error", "a failure must have an error");
                return Err(ReplyError { violations: vec![missing] });
            };
            let failure = Failure::of_reply(error, &reply["error_details"]);
            Err(Box::new(failure.map_err(|err| broken("/error_details", &err))?))
        };
        let warnings: Vec<Warning> = serde_json::from_value(reply["warning_details"].take())
            .map_err(|err| broken("/warning_details", &err))?;
        let total = reply["warnings_total"].as_u64().and_then(|total| usize::try_from(total).ok());
        let more_warnings = total.map_or(0, |total| total.saturating_sub(warnings.len()));
        Ok(ReadReply {
            reply: Self { action: Some(action), request_id, session_id, outcome, warnings, more_warnings },
            unknown_total: unknown.total(),
            unknown_members: unknown.into_kept().into_iter().map(|violation| violation.pointer).collect(),
        })
    }
}

/// The first violations of a reply in snake: of the contract, and of members that the schema does not know.
fn violations(action: Action, reply: &Value) -> (Tally, Tally) {
    let (mut violations, mut unknown) = violations_of("Reply", reply);
    if reply["success"] == true {
        let (inside, unknown_inside) = violations_of(action.info().reply, &reply["data"]);
        violations.append_below("/data", inside);
        unknown.append_below("/data", unknown_inside);
        if !reply["error"].is_null() || !reply["error_details"].is_null() {
            violations.add(|| contradiction("/error", "a success must not have an error"));
        }
    } else if !reply["data"].is_null() {
        violations.add(|| contradiction("/data", "a failure must not have data"));
    }
    if count(&reply["warnings"]) != count(&reply["warning_details"]) {
        violations.add(|| {
            contradiction("/warning_details", "`warnings` and `warning_details` have different lengths")
        });
    }
    (violations, unknown)
}

fn contradiction(pointer: &str, message: &str) -> Violation {
    Violation::new(pointer, ErrorCode::ValidationFailed, message)
}

fn count(list: &Value) -> usize {
    list.as_array().map_or(0, Vec::len)
}
