//! Values as reports show them: as JSON, never in the format of Rust for debugging.

use contracts::framing::Line;
use serde::Serialize;
use std::{fmt::Display, time::Duration};

/// Characters of a text in a message, three lines of a terminal. A longer text is cut.
const SHOWN: usize = 240;

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

/// The value or the error of a result.
pub(crate) fn result<T: Display, E: Display>(result: &Result<T, E>) -> String {
    match result {
        Ok(value) => value.to_string(),
        Err(why) => why.to_string(),
    }
}

/// A duration in seconds.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// A text as a message shows it.
pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
