//! How values look in a report: as JSON, never as Rust prints them for debugging.

use contracts::framing::Line;
use serde::Serialize;
use std::{fmt::Display, process::ExitStatus, time::Duration};

use crate::target::{TargetError, worker::shorten};

/// A value as JSON.
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|err| format!("(not to be shown: {err})"))
}

/// A line of a worker.
pub(crate) fn line(line: Option<&Line>) -> String {
    match line {
        None => "the end of stdout".to_owned(),
        Some(Line::Text(text)) => json(&shorten(&String::from_utf8_lossy(text))),
        Some(Line::TooLarge { bytes }) => format!("a line of {bytes} bytes, over the limit"),
    }
}

/// What came instead of what was wanted.
pub(crate) fn result<T: Display, E: Display>(result: &Result<T, E>) -> String {
    match result {
        Ok(value) => value.to_string(),
        Err(why) => why.to_string(),
    }
}

/// How a process ended.
pub(crate) fn exit(exit: &Result<ExitStatus, TargetError>) -> String {
    match exit {
        Ok(status) => status.to_string(),
        Err(why) => why.to_string(),
    }
}

/// A duration in seconds.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
