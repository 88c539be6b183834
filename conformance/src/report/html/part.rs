//! Small parts of the page: escaped text, numbers with their nouns, folded lists.

use serde_json::Value;
use std::io;

/// Text that stays text in an element and in a quoted attribute. Control characters are written out, and so are those that
/// turn the direction of what follows them.
pub(crate) fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' => escaped.push('\n'),
            other if other.is_control() || turns_direction(other) => escaped.extend(other.escape_unicode()),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Marks of direction, which could show a text in another order than it was written in.
fn turns_direction(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A number with its noun.
pub(super) fn count(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A sentence with a capital letter at its beginning.
pub(super) fn capital(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// A list of ids below its summary, which is markup.
pub(super) fn folded<'i>(
    out: &mut dyn io::Write,
    summary: &str,
    ids: impl Iterator<Item = &'i str>,
) -> io::Result<()> {
    writeln!(out, "<details><summary>{summary}</summary>\n<ul class=\"ids\">")?;
    for id in ids {
        writeln!(out, "<li><code>{}</code></li>", text(id))?;
    }
    writeln!(out, "</ul></details>")
}

/// The value that a reason of the form "this in place of that" asks for.
pub(super) fn expected(why: &str) -> Option<Value> {
    let (_, expected) = why.split_once(" in place of ")?;
    // The reason may go on after the value.
    serde_json::Deserializer::from_str(expected).into_iter().next()?.ok()
}
