//! Limits of strings: lengths in code points, forms, blankness.

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;
use serde::de::{self, Deserializer, Visitor};

use super::LimitError;

/// Limits of a string.
#[derive(Debug)]
pub struct TextLimits {
    /// Fewest code points.
    pub minimum: u64,
    /// Most code points.
    pub maximum: u64,
    /// Something other than white space must be in it.
    pub not_blank: bool,
    /// Its form.
    pub form: Form,
}

/// The form of a string.
#[derive(Debug)]
pub enum Form {
    /// Anything.
    Any,
    /// One of some rows of pieces; with the pattern that says the same.
    Pieces(&'static str, &'static [&'static [Piece]]),
    /// A regular expression.
    Pattern(&'static str, &'static LazyRegex),
    /// The same, compiled already.
    Compiled(&'static Regex),
}

impl Form {
    /// The form as a regular expression; `None` where any text has it.
    #[must_use]
    pub fn pattern(&self) -> Option<&'static str> {
        match self {
            Self::Any => None,
            Self::Pieces(pattern, _) | Self::Pattern(pattern, _) => Some(pattern),
            Self::Compiled(regex) => Some(regex.as_str()),
        }
    }
}

/// A regular expression that is compiled when it is first needed.
pub type LazyRegex = LazyLock<Regex>;

/// Compiles a pattern of the schemas. They are compiled by the tests, so that a broken one is found before it is used.
pub(crate) fn compile(pattern: &str) -> Regex {
    Regex::new(pattern)
        .unwrap_or_else(|error| panic!("a pattern in schemas/ is no regular expression: {error}"))
}

/// So many ASCII characters out of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    class: u128,
    minimum: u32,
    maximum: u32,
}

impl Piece {
    /// A piece of `minimum..=maximum` characters out of a class, written as in a pattern, a `-` of its own last:
    /// `A-Za-z0-9._-`.
    pub(crate) const fn new(class: &str, minimum: u32, maximum: u32) -> Self {
        let bytes = class.as_bytes();
        let mut bits = 0_u128;
        let mut index = 0;
        while index < bytes.len() {
            let range = index + 2 < bytes.len() && bytes[index + 1] == b'-';
            let high = if range { bytes[index + 2] } else { bytes[index] };
            let mut byte = bytes[index];
            while byte <= high {
                bits |= 1 << byte;
                byte += 1;
            }
            index += if range { 3 } else { 1 };
        }
        Self { class: bits, minimum, maximum }
    }

    /// The rest of the text after this piece, which takes as much as it can.
    fn strip(self, text: &[u8]) -> Option<&[u8]> {
        let takes = |byte: &&u8| byte.is_ascii() && self.class >> **byte & 1 == 1;
        let count = text.iter().take(self.maximum as usize).take_while(takes).count();
        (count >= self.minimum as usize).then(|| &text[count..])
    }
}

impl TextLimits {
    /// Whether a text is within the limits.
    ///
    /// # Errors
    /// [`LimitError::Length`], [`LimitError::Blank`] or [`LimitError::Form`].
    pub fn check(&self, text: &str) -> Result<(), LimitError> {
        let bytes = text.len() as u64;
        // A code point is one byte at least: most texts are short enough without counting.
        if bytes < self.minimum || bytes > self.maximum || self.minimum > 1 {
            let length = text.chars().count() as u64;
            if length < self.minimum || length > self.maximum {
                return Err(LimitError::Length { length, minimum: self.minimum, maximum: self.maximum });
            }
        }
        if self.not_blank && text.chars().all(char::is_whitespace) {
            return Err(LimitError::Blank);
        }
        let (pattern, matches) = match self.form {
            Form::Any => return Ok(()),
            Form::Pieces(pattern, rows) => (pattern, rows.iter().any(|row| row_matches(row, text))),
            Form::Pattern(pattern, regex) => (pattern, regex.is_match(text)),
            Form::Compiled(regex) => (regex.as_str(), regex.is_match(text)),
        };
        if matches { Ok(()) } else { Err(LimitError::Form { pattern }) }
    }

    pub(crate) fn schema(&self) -> schemars::Schema {
        let mut schema = schemars::json_schema!({ "type": "string" });
        if self.minimum > 0 {
            schema.insert("minLength".to_owned(), self.minimum.into());
        }
        if self.maximum < u64::MAX {
            schema.insert("maxLength".to_owned(), self.maximum.into());
        }
        if let Some(pattern) = self.form.pattern() {
            schema.insert("pattern".to_owned(), pattern.into());
        }
        schema
    }
}

fn row_matches(row: &[Piece], text: &str) -> bool {
    row.iter().try_fold(text.as_bytes(), |rest, piece| piece.strip(rest)).is_some_and(<[u8]>::is_empty)
}

/// Reads a string within limits.
pub(crate) fn read_text<'de, D>(deserializer: D, limits: &TextLimits) -> Result<String, D::Error>
where
    D: Deserializer<'de>,
{
    deserializer.deserialize_string(TextVisitor(limits))
}

struct TextVisitor<'a>(&'a TextLimits);

impl Visitor<'_> for TextVisitor<'_> {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        self.0.check(text).map(|()| text.to_owned()).map_err(E::custom)
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<String, E> {
        self.0.check(&text).map(|()| text).map_err(E::custom)
    }
}
