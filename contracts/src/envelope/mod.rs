//! Envelopes: the object around a command, in its documented and its direct form, and bodies over HTTP.
//!
//! The door is here. Most commands take the `fast` path; the others are opened, their members sorted into the
//! envelope's own and the command's, and the fields read.

mod action;
mod fast;
mod fields;
mod head;
mod members;
mod opened;
mod route;

use serde_json::{Map, Value};

use crate::command::{Incoming, Refusal, RouteBody};
use opened::Opened;
use route::Route;

pub use fast::READ_AT_ONCE_BYTES_MAX;

/// Reads one frame: a command in its documented or its direct form, in any dialect.
///
/// ```
/// let frame = br#"{"action":"load_model","model_path":"/models/sdxl_base.safetensors","model_type":"SDXL"}"#;
/// let incoming = contracts::read_frame(frame).unwrap();
/// assert_eq!(incoming.head.action, contracts::Action::LoadModel);
/// assert_eq!(incoming.reading.into_document().unwrap()["model_type"], "sdxl");
/// ```
///
/// # Errors
/// [`Refusal`], whose failure has the code
/// - `bad_frame` if the line is not one JSON object;
/// - `duplicate_field` if a name stands twice in one object;
/// - `missing_field`, `unsupported_value` or `unknown_action` if `action` names no action.
///
/// Violations in the fields are not an error here: they stand in [`Incoming::reading`].
pub fn read_frame(bytes: &[u8]) -> Result<Incoming, Refusal> {
    match fast::read(bytes) {
        Some(incoming) => Ok(incoming),
        None => read_frame_slowly(bytes),
    }
}

/// [`read_frame`] without its fast path, for tests that compare the two.
///
/// # Errors
/// As [`read_frame`].
pub(crate) fn read_frame_slowly(bytes: &[u8]) -> Result<Incoming, Refusal> {
    Opened::of(bytes)?.command(None)
}

/// Reads the body of a route: any envelope of its action, the action's fields, or the bare value of one field.
///
/// `given` are canonical fields from the path and the query; they count as written beside the body's.
///
/// # Errors
/// As [`read_frame`], and `unsupported_value` if the envelope has another action than the route.
pub fn read_body(bytes: &[u8], body: RouteBody<'_>, given: &Map<String, Value>) -> Result<Incoming, Refusal> {
    match given.is_empty().then(|| fast::read_body(bytes, body)).flatten() {
        Some(incoming) => Ok(incoming),
        None => read_body_slowly(bytes, body, given),
    }
}

/// [`read_body`] without its fast path, for tests that compare the two.
///
/// # Errors
/// As [`read_body`].
pub(crate) fn read_body_slowly(
    bytes: &[u8],
    body: RouteBody<'_>,
    given: &Map<String, Value>,
) -> Result<Incoming, Refusal> {
    Opened::of_body(bytes, body, given)?.command(Some(Route { body, given }))
}
