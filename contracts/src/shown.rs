//! How much of a sender's document a message repeats: a document may be 16 MiB, and a message is read by people.

use serde_json::Value;
use std::borrow::Cow;

use crate::generated::limits;

/// So many characters of a name or a value.
pub(crate) const SHOWN: usize = limits::SHOWN_CHARACTERS_MAX as usize;
/// A pointer tells more than a value does, so more of it is shown.
const POINTER_SHOWN: usize = limits::SHOWN_POINTER_CHARACTERS_MAX as usize;
/// The pattern of a trace is longer than anybody reads.
const PATTERN_SHOWN: usize = limits::SHOWN_PATTERN_CHARACTERS_MAX as usize;

/// So many places of a document a reply has room for.
pub(crate) const ERRORS_MAX: usize = limits::ERRORS_MAX as usize;
/// So many bytes the pointers of these places have together.
pub(crate) const POINTER_BYTES_MAX: usize = limits::POINTER_BYTES_MAX as usize;

/// The pointer that a reply has for a place. One name may be as long as the document, and a pointer that is cut leads
/// nowhere: instead of one that is too long this is that of the nearest container whose pointer is not.
pub(crate) fn reachable(mut pointer: &str) -> &str {
    while pointer.len() > POINTER_BYTES_MAX {
        pointer = pointer.rsplit_once('/').map_or("", |(container, _)| container);
    }
    pointer
}

/// A string as a message shows it: at most a line of a sender's data, escaped as JSON is.
///
/// ```
/// assert_eq!(contracts::shorten("a\tb"), r#""a\tb""#);
/// assert!(contracts::shorten(&"x".repeat(1000)).ends_with("x\"…"));
/// ```
#[must_use]
pub fn shorten(text: &str) -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", quoted(&text[..end])),
        None => quoted(text),
    }
}

/// A value of any type as a message shows it.
pub(crate) fn valued(value: &Value) -> String {
    match value {
        Value::String(text) => shorten(text),
        other => cut(&other.to_string(), SHOWN).into_owned(),
    }
}

/// A name as a message shows it.
pub(crate) fn named(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("`{}…`", &name[..end]).into(),
        None => format!("`{name}`").into(),
    }
}

/// A pointer as a message shows it.
pub(crate) fn pointed(pointer: &str) -> Cow<'_, str> {
    cut(pointer, POINTER_SHOWN)
}

/// A number as a message shows it.
pub(crate) fn numeral(number: &str) -> Cow<'_, str> {
    cut(number, SHOWN)
}

/// A pattern as a message shows it.
pub(crate) fn brief(pattern: &str) -> Cow<'_, str> {
    cut(pattern, PATTERN_SHOWN)
}

fn cut(text: &str, characters: usize) -> Cow<'_, str> {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}
