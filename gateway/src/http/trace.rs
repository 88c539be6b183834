//! The header `traceparent`.

use axum::http::HeaderMap;
use contracts::{Trace, types::TraceparentHeader};

use crate::trace;

/// The trace of a request, for its handlers.
#[derive(Clone, Debug)]
pub(super) struct Traced(pub(super) Trace);

/// Returns the trace of the header; `None` without one. A malformed header, or several, begin a new trace, as W3C
/// requires.
pub(super) fn of_headers(headers: &HeaderMap) -> Option<Trace> {
    let mut values = headers.get_all("traceparent").iter();
    let value = values.next()?;
    let trace = if values.next().is_some() { None } else { value.to_str().ok().and_then(read) };
    Some(trace.unwrap_or_else(trace::begin))
}

fn read(value: &str) -> Option<Trace> {
    let header: TraceparentHeader = value.parse().ok()?;
    Trace::of_header(header.as_ref())
}
