//! The place of a command in a trace (W3C Trace Context): read from a header, and sent on under a span of the sender.

use std::{
    fmt,
    num::{NonZeroU64, NonZeroU128},
    ops::Range,
};

use serde::{Deserialize, Serialize};

use crate::generated::types::Traceparent;

const VERSION: Range<usize> = 0..2;
const ID: Range<usize> = 3..35;
const PARENT: Range<usize> = 36..52;
const FLAGS: Range<usize> = 53..55;
/// The flags that are sent on: sampled, and random (level 2). The others are reserved, and W3C has them set to zero.
const FLAGS_KNOWN: u8 = 0b11;
/// The one flag that means the same in versions to come.
const SAMPLED: u8 = 0b01;

/// A trace, and the span in it that a command comes from.
///
/// ```
/// let trace = contracts::Trace::of_header("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap();
/// assert_eq!(trace.id(), "4bf92f3577b34da6a3ce929d0e0e4736");
/// let on = trace.with_parent(7.try_into().unwrap());
/// assert_eq!(on.as_str(), "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000007-01");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Trace(Traceparent);

impl Trace {
    /// Reads a header's value as W3C has it. A later version begins as version 00 does, and is read as that; `None` where
    /// it is malformed.
    #[must_use]
    pub fn of_header(value: &str) -> Option<Self> {
        let version = value.get(VERSION)?;
        let known = match version {
            "00" => return Self::of_canonical(value),
            "ff" => return None,
            _ => value.get(..FLAGS.end)?,
        };
        let is_hex = version.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let ends = matches!(value.as_bytes().get(FLAGS.end), None | Some(b'-'));
        let trace = Self::of_canonical(&format!("00{}", known.get(VERSION.end..)?))?;
        (is_hex && ends).then(|| trace.with(trace.parent(), trace.flags() & SAMPLED))
    }

    /// A value that keeps the schema.
    #[must_use]
    pub fn of_canonical(value: &str) -> Option<Self> {
        value.parse().ok().map(Self)
    }

    /// A new trace. It is not sampled, because its beginner records nothing but log lines.
    #[must_use]
    pub fn begin(id: NonZeroU128, parent: NonZeroU64) -> Self {
        Self::of_canonical(&format!("00-{id:032x}-{parent:016x}-00")).expect("neither id is zero")
    }

    /// The same trace with another span as the parent.
    #[must_use]
    pub fn with_parent(&self, parent: NonZeroU64) -> Self {
        self.with(&format!("{parent:016x}"), self.flags() & FLAGS_KNOWN)
    }

    /// The id of the trace.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.as_str()[ID]
    }

    /// The id of the span.
    #[must_use]
    pub fn parent(&self) -> &str {
        &self.as_str()[PARENT]
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    fn flags(&self) -> u8 {
        u8::from_str_radix(&self.as_str()[FLAGS], 16).expect("the schema says two hex digits")
    }

    fn with(&self, parent: &str, flags: u8) -> Self {
        Self::of_canonical(&format!("00-{}-{parent}-{flags:02x}", self.id())).expect("its parts are good")
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
