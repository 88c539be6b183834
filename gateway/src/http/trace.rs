//! The header `traceparent`.

use axum::http::HeaderMap;
use contracts::{Trace, types::TraceparentHeader};

use crate::trace;

/// The trace that a request belongs to, for its handlers.
#[derive(Clone, Debug)]
pub(super) struct Traced(pub(super) Trace);

/// What the header says. A malformed one, or several, begin a new trace, as W3C has it; none is no trace.
pub(super) fn of_headers(headers: &HeaderMap) -> Option<Trace> {
    let mut values = headers.get_all("traceparent").iter();
    let value = values.next()?;
    let said = if values.next().is_some() { None } else { value.to_str().ok().and_then(read) };
    Some(said.unwrap_or_else(trace::begin))
}

fn read(value: &str) -> Option<Trace> {
    let header: TraceparentHeader = value.parse().ok()?;
    Trace::of_header(header.as_ref())
}
