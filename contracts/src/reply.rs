//! Replies: the one terminal answer to a command, in any dialect, and as problem details over HTTP.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    dialect::Dialect,
    dictionary::{Shape, dictionary},
    fault::{Failure, Fault, Warning},
    framing::{EncodeError, framed},
    generated::{action::Action, error_code::ErrorCode},
    reading::faults_of,
};

/// The one terminal answer to a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The command's action; decides what `data` is. `None` where the command had no known one.
    pub action: Option<Action>,
    /// The command's id.
    pub request_id: Option<String>,
    /// The command's session.
    pub session_id: Option<String>,
    /// `data` in snake, or why not.
    pub outcome: Result<Value, Box<Failure>>,
    /// Warnings, one sentence each.
    pub warnings: Vec<Warning>,
}

impl Reply {
    /// The reply as a document in a dialect. Where the action's `data` has `warnings`, they repeat the reply's.
    ///
    /// ```
    /// use contracts::{Action, Dialect, Reply};
    /// let reply = Reply {
    ///     action: Some(Action::CleanupMemory),
    ///     request_id: Some("r1".into()),
    ///     session_id: None,
    ///     outcome: Ok(serde_json::json!({"freed_gpu_bytes": 1, "freed_ram_bytes": 2})),
    ///     warnings: vec![],
    /// };
    /// assert_eq!(reply.to_value(Dialect::Pascal)["Data"]["FreedGpuBytes"], 1);
    /// ```
    #[must_use]
    pub fn to_value(&self, dialect: Dialect) -> Value {
        let head = dictionary().object("Reply");
        let mut reply = Map::new();
        let mut put = |name: &str, value: Value| {
            let property = head.property(name).expect("a member of the reply");
            reply.insert(dialect.name(property).to_owned(), dialect.value(value, &property.shape));
        };
        put("request_id", self.request_id.clone().into());
        if let Some(session_id) = &self.session_id {
            put("session_id", session_id.clone().into());
        }
        put("success", self.outcome.is_ok().into());
        let (data, error, details) = match &self.outcome {
            Ok(data) => (self.data(data.clone(), dialect), Value::Null, Value::Null),
            Err(failure) => (Value::Null, failure.message.clone().into(), failure.to_details()),
        };
        put("data", data);
        put("error", error);
        put("error_details", details);
        put("warnings", self.sentences());
        let warnings = self
            .warnings
            .iter()
            .map(|warning| serde_json::to_value(warning).expect("a warning has string keys"));
        put("warning_details", warnings.collect());
        Value::Object(reply)
    }

    /// The same as JSON text; in snake nothing is copied on the way.
    ///
    /// # Panics
    /// Never: a reply has string keys and finite numbers.
    #[must_use]
    pub fn to_json(&self, dialect: Dialect) -> Vec<u8> {
        let text = match &self.outcome {
            Ok(data) if dialect == Dialect::Snake && self.repeats_warnings(data) => {
                serde_json::to_vec(&Success {
                    request_id: self.request_id.as_deref(),
                    session_id: self.session_id.as_deref(),
                    success: true,
                    data,
                    error: None,
                    error_details: None,
                    warnings: self.warnings.iter().map(|warning| warning.message.as_str()).collect(),
                    warning_details: &self.warnings,
                })
            }
            _ => serde_json::to_vec(&self.to_value(dialect)),
        };
        text.expect("a reply has string keys and finite numbers")
    }

    /// Whether `data` has the warnings already that it is to have.
    fn repeats_warnings(&self, data: &Value) -> bool {
        let Some(action) = self.action else { return true };
        let Shape::Object(spec) = &dictionary().named(action.info().reply).shape else { return true };
        spec.property("warnings").is_none() || data.get("warnings") == Some(&self.sentences())
    }

    fn sentences(&self) -> Value {
        self.warnings.iter().map(|warning| Value::from(warning.message.clone())).collect()
    }

    fn data(&self, mut data: Value, dialect: Dialect) -> Value {
        let Some(action) = self.action else {
            return data;
        };
        let def = dictionary().named(action.info().reply);
        if let (Shape::Object(spec), Value::Object(members)) = (&def.shape, &mut data)
            && spec.property("warnings").is_some()
        {
            members.insert("warnings".to_owned(), self.sentences());
        }
        dialect.value(data, &def.shape)
    }

    /// The reply as a frame.
    ///
    /// # Errors
    /// Where it is longer than a frame may be.
    pub fn to_frame(&self, dialect: Dialect) -> Result<Vec<u8>, EncodeError> {
        framed(self.to_json(dialect))
    }

    /// A failed reply as `application/problem+json` (RFC 9457) that also carries the reply's own members in its dialect.
    /// `None` for a success.
    #[must_use]
    pub fn to_problem(&self, dialect: Dialect, instance: &str) -> Option<Value> {
        let failure = self.outcome.as_ref().err()?;
        let Value::Object(members) = self.to_value(dialect) else {
            return None;
        };
        let mut problem = Map::new();
        problem.insert("type".into(), format!("urn:concord:error:{}", failure.code).into());
        problem.insert("title".into(), failure.code.meaning().into());
        problem.insert("status".into(), failure.code.status().into());
        problem.insert("detail".into(), failure.message.clone().into());
        problem.insert("instance".into(), instance.into());
        problem.extend(members);
        Some(problem.into())
    }

    /// Reads a reply that one of us wrote in snake, to a command of an action.
    ///
    /// # Errors
    /// [`ReplyError`] where it is no reply, or breaks the schema otherwise than by unknown members, which are listed.
    pub fn read(action: Action, reply: &Value) -> Result<ReadReply, ReplyError> {
        Self::take(action, reply.clone())
    }

    /// The same of a reply that nobody else needs: nothing is copied.
    ///
    /// # Errors
    /// As [`Reply::read`].
    pub fn take(action: Action, mut reply: Value) -> Result<ReadReply, ReplyError> {
        let (unknown, broken): (Vec<_>, Vec<_>) =
            faults(action, &reply).into_iter().partition(|fault| fault.code == ErrorCode::UnknownField);
        if !broken.is_empty() {
            return Err(ReplyError { faults: broken });
        }
        let text = |name: &str| reply[name].as_str().map(str::to_owned);
        let (request_id, session_id) = (text("request_id"), text("session_id"));
        let broken = |pointer: &str, err: &dyn std::fmt::Display| ReplyError {
            faults: vec![contradiction(pointer, &err.to_string())],
        };
        let outcome = if reply["success"] == true {
            Ok(reply["data"].take())
        } else {
            let error = reply["error"].as_str().unwrap_or_default();
            let failure = Failure::of_reply(error, &reply["error_details"]);
            Err(Box::new(failure.map_err(|err| broken("/error_details", &err))?))
        };
        let warnings = serde_json::from_value(reply["warning_details"].take())
            .map_err(|err| broken("/warning_details", &err))?;
        Ok(ReadReply {
            reply: Self { action: Some(action), request_id, session_id, outcome, warnings },
            unknown_members: unknown.into_iter().map(|fault| fault.pointer).collect(),
        })
    }
}

/// Every fault of a reply in snake.
fn faults(action: Action, reply: &Value) -> Vec<Fault> {
    let mut faults = faults_of("Reply", reply);
    if reply["success"] == true {
        let inside = faults_of(action.info().reply, &reply["data"]);
        faults.extend(
            inside.into_iter().map(|fault| Fault { pointer: format!("/data{}", fault.pointer), ..fault }),
        );
        if !reply["error"].is_null() || !reply["error_details"].is_null() {
            faults.push(contradiction("/error", "a success has no error"));
        }
    } else if !reply["data"].is_null() {
        faults.push(contradiction("/data", "a failure has no data"));
    }
    if count(&reply["warnings"]) != count(&reply["warning_details"]) {
        faults.push(contradiction("/warning_details", "there is one for each of `warnings`"));
    }
    faults
}

/// A success in snake, as [`Reply::to_value`] orders it.
#[derive(Serialize)]
struct Success<'r> {
    request_id: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<&'r str>,
    success: bool,
    data: &'r Value,
    error: Option<()>,
    error_details: Option<()>,
    warnings: Vec<&'r str>,
    warning_details: &'r [Warning],
}

/// A reply and what it carries beside the schema.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadReply {
    /// The reply.
    pub reply: Reply,
    /// Pointers of members that the schema does not know.
    pub unknown_members: Vec<String>,
}

/// Why a document is no reply.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the reply breaks the contract at {}: {}", faults[0].pointer, faults[0].message)]
pub struct ReplyError {
    /// All of it.
    pub faults: Vec<Fault>,
}

fn contradiction(pointer: &str, message: &str) -> Fault {
    Fault::new(pointer, ErrorCode::ValidationFailed, message)
}

fn count(list: &Value) -> usize {
    list.as_array().map_or(0, Vec::len)
}
