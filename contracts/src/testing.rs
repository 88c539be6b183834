//! For tests and the fuzzer: the paths that callers cannot choose, to compare them with the ones callers take, and
//! every type by its name.

use serde_json::{Map, Value};

use crate::{Action, Incoming, Refusal, RouteBody, canonical, envelope};

pub use crate::generated::definition;

/// Whether the quick check finds a canonical document of a definition valid. `false` also if rules over several fields
/// apply: only the reading checks those.
///
/// # Panics
/// If there is no such definition.
#[must_use]
pub fn is_faultless(definition: &str, document: &Value) -> bool {
    canonical::is_faultless(definition, document)
}

/// [`read_frame`](crate::read_frame) without its fast path.
///
/// # Errors
/// As [`read_frame`](crate::read_frame).
pub fn read_frame_slowly(bytes: &[u8]) -> Result<Incoming, Refusal> {
    envelope::read_frame_slowly(bytes)
}

/// [`read_body`](crate::read_body) without its fast path.
///
/// # Errors
/// As [`read_body`](crate::read_body).
pub fn read_body_slowly(
    bytes: &[u8],
    body: RouteBody<'_>,
    given: &Map<String, Value>,
) -> Result<Incoming, Refusal> {
    envelope::read_body_slowly(bytes, body, given)
}

/// Whether the fast path of [`Reply::from_json`](crate::Reply::from_json) reads a reply.
#[must_use]
pub fn read_reply_quickly(action: Action, bytes: &[u8]) -> bool {
    crate::reply::reads_quickly(action, bytes)
}
