//! What can be wrong with a document, and what is worth a warning.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    generated::{error_code::ErrorCode, warning_code::WarningCode},
    shown::{ERRORS_MAX, pointed},
};

/// One fault of a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// RFC 6901, from the frame or the body, as the sender spelt it.
    pub pointer: String,
    /// What.
    pub code: ErrorCode,
    /// One sentence: what, and what would be right.
    pub message: String,
    /// The values allowed, for an enum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<String>>,
    /// The lower limit of a number, length or count.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "as_in_the_schema")]
    pub minimum: Option<f64>,
    /// The upper limit of a number, length or count.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "as_in_the_schema")]
    pub maximum: Option<f64>,
    /// The nearest known name or value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
    /// What to write instead, where that is more than the code's own hint: `error_details.hint` of a failure that begins
    /// with this fault. The entries of `errors[]` have no such member.
    #[serde(skip)]
    pub hint: Option<String>,
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

impl Fault {
    /// A fault without bounds.
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
        }
    }

    /// The same with a hint of its own.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// One warning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    /// What.
    pub code: WarningCode,
    /// RFC 6901, as the sender spelt it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// One sentence.
    pub message: String,
    /// The way out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Why a command failed: the `error` and `error_details` of its reply.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What.
    pub code: ErrorCode,
    /// One sentence.
    pub message: String,
    /// The first fault's pointer.
    pub field: Option<String>,
    /// When to try again; seconds.
    pub retry_after_seconds: Option<f64>,
    /// The way out; the code's own where absent.
    pub hint: Option<String>,
    /// Numbers and names of the case.
    pub details: Option<Map<String, Value>>,
    /// One per fault, the first of them.
    pub errors: Vec<Fault>,
    /// How many faults there are, where it is more than stand in `errors`; else it may be 0.
    pub errors_total: usize,
}

impl Failure {
    /// A failure of one kind, with the hint of its code.
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

    /// All faults of a document as one failure: one fault keeps its own code, several are `validation_failed`.
    ///
    /// # Panics
    /// Where there is no fault.
    #[must_use]
    pub fn of_faults(faults: Vec<Fault>) -> Self {
        let total = faults.len();
        Self::of_first_faults(faults, total)
    }

    /// The same of a document that has so many faults, of which these are the first.
    ///
    /// # Panics
    /// Where there is no fault.
    #[must_use]
    pub fn of_first_faults(faults: Vec<Fault>, total: usize) -> Self {
        let first = faults.first().expect("a failure has a fault");
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
            errors: faults,
            errors_total: total,
            ..Self::new(code, message)
        }
    }

    /// The same at a field.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.field = Some(pointer.into());
        self
    }

    /// The same with another hint than the code's own.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with one more detail.
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
            let errors = self.errors.iter().take(ERRORS_MAX).map(|fault| {
                serde_json::to_value(fault).expect("a fault has string keys and finite numbers")
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
    /// Where `error_details` is none.
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
            errors: Vec<Fault>,
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
