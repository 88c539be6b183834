//! The trace that a command belongs to, and this gateway's own span in it. Who names no trace gets none: ids of requests
//! are enough for that, and an event costs no more than before.

use std::num::{NonZeroU64, NonZeroU128};

use contracts::{Incoming, Trace, Warning, WarningCode};
use uuid::Uuid;

/// A trace that nobody began before.
pub(crate) fn begin() -> Trace {
    let id = NonZeroU128::new(Uuid::new_v4().as_u128()).expect("its version is not zero");
    Trace::begin(id, span())
}

/// What is sent on for a command: its trace, under a span of ours.
pub(crate) fn ours(trace: &Trace) -> Trace {
    trace.with_parent(span())
}

fn span() -> NonZeroU64 {
    NonZeroU64::new(Uuid::new_v4().as_u64_pair().1).expect("its variant is not zero")
}

/// A header wins over the envelope; an envelope's of another trace is said to take no effect.
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

/// The member of an envelope that says it, with the comma that parts it from the next.
pub(crate) fn member(trace: &Trace) -> String {
    format!("\"traceparent\":\"{trace}\",")
}

/// The bytes of that member; 0 without a trace.
pub(crate) fn member_bytes(trace: Option<&Trace>) -> usize {
    trace.map_or(0, |trace| member(trace).len())
}
