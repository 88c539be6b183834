//! Strings: the escapes of JSON read and written.

use std::sync::LazyLock;

use super::{fault::Stop, options::Encoder};

/// The text of a string literal without its quotes, whose escapes the tokenizer has found well formed.
pub(super) fn unescape(raw: &str) -> Result<String, Stop> {
    if !raw.contains('\\') {
        return Ok(raw.to_owned());
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let escape = rest.as_bytes()[at + 1];
        rest = &rest[at + 2..];
        match escape {
            b'n' => text.push('\n'),
            b'r' => text.push('\r'),
            b't' => text.push('\t'),
            b'b' => text.push('\u{8}'),
            b'f' => text.push('\u{c}'),
            b'u' => {
                let first = unit(rest);
                rest = &rest[4..];
                if !(0xD800..=0xDFFF).contains(&first) {
                    text.extend(char::from_u32(first));
                    continue;
                }
                let second = rest.strip_prefix("\\u").map(unit);
                let pair = second.filter(|second| first < 0xDC00 && (0xDC00..=0xDFFF).contains(second));
                let Some(second) = pair else {
                    return Err(Stop::kind("half of a surrogate pair stands alone"));
                };
                rest = &rest[6..];
                text.extend(char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)));
            }
            other => text.push(char::from(other)),
        }
    }
    text.push_str(rest);
    Ok(text)
}

/// The number of four hexadecimal digits.
fn unit(text: &str) -> u32 {
    text.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0xFFFD)
}

/// Writes a string with its quotes.
pub(super) fn escape(text: &str, encoder: Encoder, out: &mut String) {
    out.push('"');
    text.chars().for_each(|c| push(c, encoder, out));
    out.push('"');
}

/// Writes a string of C#, in which half of a surrogate pair may stand alone.
pub(super) fn escape_units(units: &[u16], encoder: Encoder, out: &mut String) {
    out.push('"');
    for unit in char::decode_utf16(units.iter().copied()) {
        match unit {
            Ok(c) => push(c, encoder, out),
            Err(_) => out.push_str("\\uFFFD"),
        }
    }
    out.push('"');
}

fn push(c: char, encoder: Encoder, out: &mut String) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\\' => out.push_str("\\\\"),
        '"' if encoder == Encoder::Relaxed => out.push_str("\\\""),
        c if is_plain(c, encoder) => out.push(c),
        c => {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04X}"));
            }
        }
    }
}

fn is_plain(c: char, encoder: Encoder) -> bool {
    match encoder {
        Encoder::Default => {
            (' '..='~').contains(&c) && !matches!(c, '"' | '&' | '\'' | '+' | '<' | '>' | '`' | '\\')
        }
        Encoder::Relaxed => u16::try_from(u32::from(c)).is_ok_and(|unit| !is_escaped_when_relaxed(unit)),
    }
}

/// The ranges of UTF-16 units that `UnsafeRelaxedJsonEscaping` of .NET 10 escapes by their numbers: controls, blanks, the
/// private use area, and what its version of Unicode does not define.
const RELAXED: &str = include_str!("../../data/relaxed_escapes.txt");

fn is_escaped_when_relaxed(unit: u16) -> bool {
    static RANGES: LazyLock<Vec<(u16, u16)>> = LazyLock::new(|| {
        RELAXED.split_whitespace().map(|row| range(row).expect("a test reads the table")).collect()
    });
    let after = RANGES.partition_point(|(first, _)| *first <= unit);
    after.checked_sub(1).is_some_and(|at| unit <= RANGES[at].1)
}

/// A row of the table, `0000-0007`; `None` if it is malformed.
fn range(row: &str) -> Option<(u16, u16)> {
    let number = |hex: &str| u16::from_str_radix(hex, 16).ok();
    let (first, last) = row.split_once('-')?;
    Some((number(first)?, number(last)?)).filter(|(first, last)| first <= last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_a_range_after_the_one_before_it() {
        let rows: Vec<_> = RELAXED.split_whitespace().map(|row| range(row).expect(row)).collect();
        assert!(rows.is_sorted_by(|one, next| one.1 < next.0), "{rows:?}");
        assert_eq!((range("0000"), range("000G-0010"), range("0007-0000")), (None, None, None));
    }
}
