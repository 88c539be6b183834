//! Replies out: as a document, as JSON, as a frame, as problem details.

use serde::Serialize;
use serde_json::{Map, Value};

use super::Reply;
use crate::{
    dialect::Dialect,
    dictionary::{Shape, dictionary},
    framing::{EncodeError, framed},
    generated::{error_code::ErrorCode, limits},
    violation::{Failure, Warning},
};

impl Reply {
    /// The reply as a document in a dialect. If the action's `data` has `warnings`, they repeat those of the reply.
    ///
    /// ```
    /// use contracts::{Action, Dialect, Reply};
    /// let reply = Reply {
    ///     action: Some(Action::CleanupMemory),
    ///     request_id: Some("r1".into()),
    ///     session_id: None,
    ///     outcome: Ok(serde_json::json!({"freed_gpu_bytes": 1, "freed_ram_bytes": 2})),
    ///     warnings: vec![],
    ///     more_warnings: 0,
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
            .shown()
            .iter()
            .map(|warning| serde_json::to_value(warning).expect("a warning has string keys"));
        put("warning_details", warnings.collect());
        if let Some(total) = self.warnings_total() {
            put("warnings_total", total.into());
        }
        Value::Object(reply)
    }

    /// As [`to_value`](Self::to_value), as JSON text. In snake `data` is written without a copy.
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
                    warnings: self.shown().iter().map(|warning| warning.message.as_str()).collect(),
                    warning_details: self.shown(),
                    warnings_total: self.warnings_total(),
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
        spec.property("warnings").is_none()
            || (data.get("warnings") == Some(&self.sentences()) && self.warnings_total().is_none())
    }

    /// The warnings that the reply has room for.
    fn shown(&self) -> &[Warning] {
        const MAX: usize = limits::WARNINGS_MAX as usize;
        &self.warnings[..self.warnings.len().min(MAX)]
    }

    /// Number of all warnings. `None` if all are written.
    #[must_use]
    pub fn warnings_total(&self) -> Option<usize> {
        let total = self.warnings.len() + self.more_warnings;
        (total > self.shown().len()).then_some(total)
    }

    fn sentences(&self) -> Value {
        self.shown().iter().map(|warning| Value::from(warning.message.clone())).collect()
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
            if let Some(total) = self.warnings_total() {
                members.insert("warnings_total".to_owned(), total.into());
            }
        }
        dialect.value(data, &def.shape)
    }

    /// The reply as a frame, with its LF.
    ///
    /// # Errors
    /// [`EncodeError::TooLarge`] if it is longer than [`FRAME_BYTES_MAX`](crate::framing::FRAME_BYTES_MAX).
    pub fn to_frame(&self, dialect: Dialect) -> Result<Vec<u8>, EncodeError> {
        framed(self.to_json(dialect))
    }

    /// The reply as a frame; one that is longer than a frame may be is replaced by a failure that says so.
    ///
    /// A failure holds nothing that a sender could make longer than a frame: ids are short, and the warnings go.
    #[must_use]
    pub fn to_frame_or_failure(&self, dialect: Dialect) -> Vec<u8> {
        self.to_frame(dialect).unwrap_or_else(|err| {
            let message = format!("the reply cannot be written: {err}");
            let failure = match err {
                EncodeError::TooLarge { .. } => Failure::new(ErrorCode::FrameTooLarge, message)
                    .hint("send images as paths or uploads: a reply repeats what was sent"),
                _ => Failure::new(ErrorCode::Internal, message),
            };
            let short = Self {
                session_id: self.session_id.clone(),
                more_warnings: self.more_warnings,
                ..Self::failed(self.action, self.request_id.clone(), failure)
            };
            let mut frame = short.to_json(dialect);
            frame.push(b'\n');
            frame
        })
    }

    /// A failed reply as `application/problem+json` (RFC 9457) that also carries the reply's own members in its dialect.
    /// `None` for a success.
    ///
    /// `instance` is the URI of the request.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings_total: Option<usize>,
}
