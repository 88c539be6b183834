//! The paths that callers cannot choose, for tests and the fuzzer: they compare them with the ones callers take.

use serde_json::{Map, Value};

use crate::{Body, Incoming, Refusal, canonical, envelope};

/// Whether the quick look vouches for a canonical document of a definition. `false` also where rules over several
/// fields apply: those are the reading's.
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
    body: Body<'_>,
    given: &Map<String, Value>,
) -> Result<Incoming, Refusal> {
    envelope::read_body_slowly(bytes, body, given)
}
