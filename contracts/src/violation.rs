//! Violations, warnings and failures, as replies report them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    generated::{error_code::ErrorCode, warning_code::WarningCode},
    shown::{ERRORS_MAX, pointed},
};

/// One way in which a document breaks the contract: an entry of `error_details.errors[]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Violation {
    /// JSON Pointer from the frame or the body, as the sender spelt it; empty for the document itself.
    pub pointer: String,
    /// Its kind.
    pub code: ErrorCode,
    /// One sentence: the mistake, and the allowed values.
    pub message: String,
    /// The allowed values, of an enum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<String>>,
    /// The lower limit of a number, length (characters) or count (entries).
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "as_in_the_schema")]
    pub minimum: Option<f64>,
    /// The upper limit of a number, length (characters) or count (entries).
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "as_in_the_schema")]
    pub maximum: Option<f64>,
    /// The known name or value that is most like the one written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
    /// What to write instead, if that is more than the hint of the code. It becomes `error_details.hint` of a failure
    /// that begins with this violation; the entries of `errors[]` have no such member.
    #[serde(skip)]
    pub hint: Option<String>,
    /// The id of the broken rule over several fields; `None` of a value's own limits. Parties compare it; replies do not
    /// have it.
    #[serde(skip)]
    pub rule: Option<String>,
}

/// Integers up to this are exact in a float.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// Writes a limit as the schema writes it: `1`, not `1.0`.
fn as_in_the_schema<S: serde::Serializer>(limit: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match *limit {
        Some(limit) if limit.fract() == 0.0 && limit.abs() <= EXACT_MAX => {
            serializer.serialize_i64(limit as i64)
        }
        limit => limit.serialize(serializer),
    }
}

impl Violation {
    /// A violation without limits, allowed values or hint.
    pub fn new(pointer: impl Into<String>, code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            message: message.into(),
            allowed: None,
            minimum: None,
            maximum: None,
            nearest: None,
            hint: None,
            rule: None,
        }
    }

    /// Sets the hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Something that was read in spite of how it was written, or that takes no effect: an entry of `warning_details[]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    /// Its kind.
    pub code: WarningCode,
    /// JSON Pointer as the sender spelt it. `None` for the command as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// One sentence.
    pub message: String,
    /// What to write instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Why a command failed: the `error` and `error_details` of its reply.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Its kind; decides `retryable` and the HTTP status.
    pub code: ErrorCode,
    /// One sentence: the reply's `error`.
    pub message: String,
    /// Pointer of the field to blame, as the sender spelt it: that of the first violation.
    pub field: Option<String>,
    /// When to try again, in seconds from now.
    pub retry_after_seconds: Option<f64>,
    /// The way out. `None`: the hint of the code.
    pub hint: Option<String>,
    /// Numbers and names of this case, for programs.
    pub details: Option<Map<String, Value>>,
    /// The first violations, at most `limits::ERRORS_MAX` of which are written.
    pub errors: Vec<Violation>,
    /// Number of all violations if `errors` has only the first; else it may be 0.
    pub errors_total: usize,
}

impl Failure {
    /// A failure without field, details or violations.
    ///
    /// ```
    /// use contracts::{ErrorCode, Failure};
    /// let failure = Failure::new(ErrorCode::JobNotFound, "no job req-1");
    /// assert_eq!(failure.code.status(), 404);
    /// ```
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
            retry_after_seconds: None,
            hint: None,
            details: None,
            errors: Vec::new(),
            errors_total: 0,
        }
    }

    /// All violations of a document as one failure: a single violation gives its own code and sentence, several are
    /// `validation_failed`.
    ///
    /// # Panics
    /// If `violations` is empty.
    #[must_use]
    pub fn of_violations(violations: Vec<Violation>) -> Self {
        let total = violations.len();
        Self::of_first_violations(violations, total)
    }

    /// As [`of_violations`](Self::of_violations), of a document with `total` violations, the first of which are given.
    ///
    /// # Panics
    /// If `violations` is empty.
    #[must_use]
    pub fn of_first_violations(violations: Vec<Violation>, total: usize) -> Self {
        let first = violations.first().expect("a failure has a fault");
        let (code, message) = match total {
            1 => (first.code, first.message.clone()),
            n => (
                ErrorCode::ValidationFailed,
                format!("{n} faults; the first at {}: {}", place(&first.pointer), first.message),
            ),
        };
        Self {
            field: Some(first.pointer.clone()),
            hint: first.hint.clone(),
            errors: violations,
            errors_total: total,
            ..Self::new(code, message)
        }
    }

    /// Sets the field.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.field = Some(pointer.into());
        self
    }

    /// Sets the hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds one member to `details`.
    #[must_use]
    pub fn detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.get_or_insert_default().insert(name.to_owned(), value.into());
        self
    }

    /// `error_details` of the reply, in snake.
    #[must_use]
    pub fn to_details(&self) -> Value {
        let mut details = Map::new();
        details.insert("code".into(), self.code.as_str().into());
        if let Some(field) = &self.field {
            details.insert("field".into(), field.clone().into());
        }
        details.insert("retryable".into(), self.code.retryable().into());
        if let Some(seconds) = self.retry_after_seconds {
            details.insert("retry_after_seconds".into(), seconds.into());
        }
        let hint = self.hint.as_deref().unwrap_or(self.code.hint());
        details.insert("hint".into(), hint.into());
        if let Some(more) = &self.details {
            details.insert("details".into(), more.clone().into());
        }
        if !self.errors.is_empty() {
            let errors = self.errors.iter().take(ERRORS_MAX).map(|violation| {
                serde_json::to_value(violation).expect("a fault has string keys and finite numbers")
            });
            let errors: Vec<Value> = errors.collect();
            let (shown, total) = (errors.len(), self.errors_total.max(self.errors.len()));
            details.insert("errors".into(), errors.into());
            if total > shown {
                details.insert("errors_total".into(), total.into());
            }
        }
        Value::Object(details)
    }

    /// Reads `error` and `error_details` of a reply in snake.
    ///
    /// # Errors
    /// [`serde_json::Error`] if `details` has another shape than `error_details`.
    pub fn of_reply(error: &str, details: &Value) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Details {
            code: ErrorCode,
            #[serde(default)]
            field: Option<String>,
            #[serde(default)]
            retry_after_seconds: Option<f64>,
            #[serde(default)]
            hint: Option<String>,
            #[serde(default)]
            details: Option<Map<String, Value>>,
            #[serde(default)]
            errors: Vec<Violation>,
            #[serde(default)]
            errors_total: usize,
        }
        let read = Details::deserialize(details)?;
        Ok(Self {
            code: read.code,
            message: error.to_owned(),
            field: read.field,
            retry_after_seconds: read.retry_after_seconds,
            hint: read.hint,
            details: read.details,
            errors_total: read.errors_total.max(read.errors.len()),
            errors: read.errors,
        })
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Failure {}

fn place(pointer: &str) -> std::borrow::Cow<'_, str> {
    if pointer.is_empty() { "the document itself".into() } else { pointed(pointer) }
}
