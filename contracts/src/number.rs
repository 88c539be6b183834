//! Numbers as their sender wrote them: a message quotes `1.50`, `3e1` and `18446744073709551616`, not the `f64` that they
//! are read as.

use serde_json::Value;
use std::fmt;

use crate::shown::SHOWN;

/// A number with a fraction or an exponent, `-0`, or an integer beyond 64 bits; always finite.
#[derive(Clone, Debug)]
pub struct Number {
    value: f64,
    /// The text that a message quotes, if it differs from the value's own. Boxed, so that a tree of numbers stays small.
    written: Option<Box<Written>>,
}

/// At most [`SHOWN`] characters and a sign that there were more: a number may be as long as a frame.
#[derive(Clone, Debug)]
struct Written(String);

impl Number {
    /// A number that did not come from text.
    #[must_use]
    pub fn of(value: f64) -> Self {
        Self { value, written: None }
    }

    /// Its value.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Keeps how it was written. Most numbers are written as they are shown, and need no allocation.
    pub(crate) fn set_written(&mut self, text: &str) {
        if is_shown_so(text) {
            return;
        }
        // A number is ASCII.
        let written = match text.get(..SHOWN) {
            Some(start) if text.len() > SHOWN => format!("{start}…"),
            _ => text.to_owned(),
        };
        self.written = Some(Box::new(Written(written)));
    }
}

/// Equal as values: `1.50` and `1.5` are.
impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.written {
            Some(written) => f.write_str(&written.0),
            None => Value::from(self.value).fmt(f),
        }
    }
}

/// Digits of a decimal that an `f64` certainly gives back.
const EXACT_MAX: usize = 15;

/// Whether the value of a number's text is shown as this text. A false `false` costs an allocation, a false `true` would
/// misquote the sender.
fn is_shown_so(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    // Below 0.0001 a value is shown with an exponent.
    let is_small = digits.starts_with("0.000");
    let is_decimal = digits.contains('.') && !digits.contains(['e', 'E']);
    let is_short = !digits.ends_with('0') || digits.ends_with(".0");
    digits.len() <= EXACT_MAX && is_decimal && is_short && !is_small
}

/// The texts of a document's numbers, in its order. The document has been parsed: it is JSON.
pub(crate) struct Texts<'t> {
    rest: &'t str,
}

impl<'t> Texts<'t> {
    pub(crate) fn of(document: &'t str) -> Self {
        Self { rest: document }
    }
}

impl<'t> Iterator for Texts<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        loop {
            let at = self.rest.bytes().position(|byte| matches!(byte, b'"' | b'-' | b'0'..=b'9'))?;
            let found = &self.rest[at..];
            if let Some(string) = found.strip_prefix('"') {
                self.rest = behind_string(string);
                continue;
            }
            let is_part = |byte: u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
            let end = found.bytes().position(|byte| !is_part(byte)).unwrap_or(found.len());
            let (text, rest) = found.split_at(end);
            self.rest = rest;
            return Some(text);
        }
    }
}

/// The text after the end of a string whose beginning has been read.
fn behind_string(mut rest: &str) -> &str {
    loop {
        let Some(at) = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\')) else { return "" };
        // An escape is two bytes at least, and its second one is ASCII.
        let is_end = rest.as_bytes()[at] == b'"';
        // Both lie within the text, as the document has been parsed: a string has its end, and an escape its second byte.
        rest = &rest[at + if is_end { 1 } else { 2 }..];
        if is_end {
            return rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_numbers_are_found_in_order() {
        let document = r#"{"1":"2\"3","a\\":[-0, 4e+1,{"é\\\"5":6.50}],"b":true,"":-7.0}"#;
        assert_eq!(Texts::of(document).collect::<Vec<_>>(), ["-0", "4e+1", "6.50", "-7.0"]);
        assert_eq!(Texts::of("12").collect::<Vec<_>>(), ["12"]);
        assert_eq!(Texts::of(r#""12""#).count(), 0);
    }

    #[test]
    fn a_number_is_shown_as_it_was_written() {
        let digits = "9".repeat(400);
        let long = format!("0.{digits}");
        let texts = [
            "-0",
            "-0.0",
            "0.0",
            "1.5",
            "1.50",
            "3e1",
            "3E+1",
            "30.0",
            "0.0001",
            "0.00010",
            "0.00001",
            "1e-7",
            "1e300",
            "7.25",
            "123456789012.5",
            "1234567890123456.5",
            "18446744073709551616",
            "0.1000000000000000055511151231257827",
        ];
        for text in texts {
            let mut number = Number::of(text.parse().expect("a number"));
            number.set_written(text);
            assert_eq!(number.to_string(), text);
        }
        let mut number = Number::of(1.0);
        number.set_written(&long);
        assert_eq!(number.to_string(), format!("{}…", &long[..SHOWN]));
    }

    #[test]
    fn what_needs_no_text_is_shown_alike_without_it() {
        let mut plain = 0;
        for whole in [0, 1, 7, 10, 100, 4096, 123_456_789_i64] {
            for fraction in ["0", "5", "25", "05", "001", "0001", "00001", "125", "10", "999999"] {
                for sign in ["", "-"] {
                    let text = format!("{sign}{whole}.{fraction}");
                    if is_shown_so(&text) {
                        plain += 1;
                        assert_eq!(Value::from(text.parse::<f64>().expect("a number")).to_string(), text);
                    }
                }
            }
        }
        assert!(plain > 80, "{plain}");
    }
}
