//! The trace of a command, and the gateway's span in it. A client that names no trace gets none: the request id is
//! enough to follow its command, and each event stays shorter.

use std::num::{NonZeroU64, NonZeroU128};

use contracts::{Incoming, Trace, Warning, WarningCode};
use uuid::Uuid;

/// Begins a new trace.
pub(crate) fn begin() -> Trace {
    let id = NonZeroU128::new(Uuid::new_v4().as_u128()).expect("its version is not zero");
    Trace::begin(id, span())
}

/// The trace that is sent on with a command: its trace id, with a new span of the gateway as the parent.
pub(crate) fn ours(trace: &Trace) -> Trace {
    trace.with_parent(span())
}

fn span() -> NonZeroU64 {
    NonZeroU64::new(Uuid::new_v4().as_u64_pair().1).expect("its variant is not zero")
}

/// Settles on one trace: the header's takes precedence over the envelope's, and a warning says so if they differ.
pub(crate) fn settle(incoming: &mut Incoming, header: Option<Trace>) {
    let Some(header) = header else { return };
    let head = &mut incoming.head;
    if head.trace.replace(header.clone()).is_some_and(|written| written.id() != header.id()) {
        let pointer = head.pointer("traceparent");
        incoming.reading.warnings.push(Warning {
            code: WarningCode::NoEffect,
            message: format!("`{}` takes no effect: the header is of another trace", &pointer[1..]),
            pointer: Some(pointer),
            hint: Some("say it in one place".to_owned()),
        });
    }
}

/// The trace as the first member of an envelope, with the comma behind it.
pub(crate) fn member(trace: &Trace) -> String {
    format!("\"traceparent\":\"{trace}\",")
}

/// The bytes of that member; 0 without a trace.
pub(crate) fn member_bytes(trace: Option<&Trace>) -> usize {
    trace.map_or(0, |trace| member(trace).len())
}
