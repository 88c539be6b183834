//! Writes documents as JSON text.

use serde_json::Value;

/// The capacity to begin with: most documents fit, so that their text is not moved as it grows.
const TEXT_BYTES: usize = 1024;

/// Writes a document as JSON.
pub(crate) fn to_text(document: &Value) -> String {
    let mut text = Vec::with_capacity(TEXT_BYTES);
    serde_json::to_writer(&mut text, document).expect("a tree has string keys and finite numbers");
    String::from_utf8(text).expect("JSON is UTF-8")
}
