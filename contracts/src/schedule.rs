//! The class and the timeout of a command, by its row of the registry and by its valid fields.

use serde_json::Value;
use std::time::Duration;

use crate::generated::{
    action::{Action, Class},
    limits,
};

/// The class and the timeout of a command; no timeout is `None`.
///
/// `fields` are those of a valid reading ([`Reading::document`](crate::Reading::document)); without them the registry
/// alone decides.
///
/// ```
/// use contracts::{Action, Class, schedule};
/// use std::time::Duration;
///
/// let fields = serde_json::json!({"prompt_submission": {"metadata": {"timeout_seconds": 30}}});
/// let at_most = Some(Duration::from_secs(30));
/// assert_eq!(schedule(Action::GenerateSdxl, Some(&fields)), (Class::Job, at_most));
/// assert_eq!(schedule(Action::GetStatus, None), (Class::Query, Some(Duration::from_secs(10))));
/// ```
#[must_use]
pub fn schedule(action: Action, fields: Option<&Value>) -> (Class, Option<Duration>) {
    let info = action.info();
    let fields = fields.unwrap_or(&Value::Null);
    let (class, timeout) = match info.class_when {
        Some(when) if fields[when.field] == when.equals => (when.class, when.timeout_seconds),
        _ => (info.class, info.timeout_seconds),
    };
    let said = match action {
        Action::BatchGenerate => seconds(&fields["timeout_seconds"]).or_else(|| {
            let requests = fields["requests"].as_array().map_or(1, Vec::len);
            limits::BATCH_REQUEST.checked_mul(u32::try_from(requests).ok()?)
        }),
        _ if class == Class::Job => seconds(&fields["prompt_submission"]["metadata"]["timeout_seconds"]),
        _ => None,
    };
    (class, said.or_else(|| timeout.and_then(|timeout| Duration::try_from_secs_f64(timeout).ok())))
}

/// The duration that a field gives, in seconds.
///
/// `None` if the field is absent, or if no duration has its value: it is negative, or too large for a clock. No valid
/// document has such a number.
///
/// ```
/// use contracts::seconds;
/// assert_eq!(seconds(&serde_json::json!(1.5)), Some(std::time::Duration::from_millis(1500)));
/// assert_eq!(seconds(&serde_json::json!(-5)), None);
/// assert_eq!(seconds(&serde_json::json!(1e300)), None);
/// ```
#[must_use]
pub fn seconds(field: &Value) -> Option<Duration> {
    Duration::try_from_secs_f64(field.as_f64()?).ok()
}
