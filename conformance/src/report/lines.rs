//! The lines of reports for people: a word in a column of its own, and what belongs to it below, as far to the right.

use std::{
    fmt::Display,
    io::{self, Write},
};

/// Width of the column: the longest words are `undecided` and `dangerous`.
const WIDTH: usize = 9;

/// Writes the first line of an entry.
pub(crate) fn first(out: &mut dyn Write, word: &str, text: impl Display) -> io::Result<()> {
    writeln!(out, "{word:<WIDTH$} {}", plain(&text.to_string()))
}

/// A text in one line: a name of a contract could otherwise write a line of its own, or move the cursor.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            plain.extend(character.escape_default());
        } else {
            plain.push(character);
        }
    }
    plain
}

/// Writes a further line of an entry.
pub(crate) fn further(out: &mut dyn Write, text: impl Display) -> io::Result<()> {
    first(out, "", text)
}
