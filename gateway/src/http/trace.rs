//! The header `traceparent`.

use axum::http::HeaderMap;
use contracts::Trace;

use crate::trace;

/// The trace that a request belongs to, for its handlers.
#[derive(Clone, Debug)]
pub(super) struct Traced(pub(super) Trace);

/// What the header says. A malformed one, or several, begin a new trace, as W3C has it; none is no trace.
pub(super) fn of_headers(headers: &HeaderMap) -> Option<Trace> {
    let mut values = headers.get_all("traceparent").iter();
    let value = values.next()?;
    let said = values.next().is_none().then(|| value.to_str().ok().and_then(Trace::of_header)).flatten();
    Some(said.unwrap_or_else(trace::begin))
}
