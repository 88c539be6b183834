//! Numbers as `Utf8Parser` reads and `Utf8Formatter` writes them.

use super::clr::Integer;

/// The most digits before the point that are written without an exponent: of a `double`, and of a `float`.
const DOUBLE_DIGITS: i32 = 17;
const SINGLE_DIGITS: i32 = 9;

/// A `decimal` has at most so many places after the point, and this as its largest number without them.
const DECIMAL_SCALE_MAX: usize = 28;
/// The digits that fill the buffer of the parser.
const LONG_DIGITS: usize = 30;
const DECIMAL_MAX: u128 = (1 << 96) - 1;

/// An integer: digits, and a sign where the type has one.
pub(super) fn integer(text: &str, integer: Integer) -> Option<i128> {
    let digits = match text.as_bytes().first()? {
        b'-' | b'+' if integer.signed => &text[1..],
        _ => text,
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    let size: i128 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    let value = if text.starts_with('-') { -size } else { size };
    integer.holds(value).then_some(value)
}

/// Whether a text has the form of a number inside quotes: a sign, digits, a point, an exponent.
pub(super) fn is_number(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_is_one = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent_is_one
}

/// A `decimal` as it is written: its places are kept, and beyond 28 or 29 digits it is rounded. None if it is too large.
pub(super) fn decimal(text: &str) -> Option<String> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = format!("{whole}{fraction}").trim_start_matches('0').to_owned();
    let mut scale = i64::try_from(fraction.len()).ok()? - exponent;
    if digits.is_empty() {
        let places = usize::try_from(scale.max(0)).ok()?.min(DECIMAL_SCALE_MAX);
        return Some(point("0", places));
    }
    while scale < 0 {
        digits.push('0');
        scale += 1;
        if digits.len() > 40 {
            return None;
        }
    }
    let mut scale = usize::try_from(scale).ok()?;
    let mut number = rounded(&digits, &mut scale)?;
    if number == 0 {
        scale = scale.min(DECIMAL_SCALE_MAX);
        number = 0;
    }
    let sign = if negative && number != 0 { "-" } else { "" };
    Some(format!("{sign}{}", point(&number.to_string(), scale)))
}

/// The number of digits, of which the last are rounded away until it is a decimal's.
fn rounded(digits: &str, scale: &mut usize) -> Option<u128> {
    let mut kept = digits.len();
    loop {
        let drop = digits.len() - kept;
        let places = scale.checked_sub(drop);
        if let Some(places) = places
            && places <= DECIMAL_SCALE_MAX
        {
            let head: u128 = if kept == 0 { 0 } else { digits[..kept].parse().ok()? };
            let tail = &digits[kept..];
            let is_long = digits.len() >= LONG_DIGITS;
            let number = head + u128::from(rounds_up(head, tail, is_long));
            if number <= DECIMAL_MAX {
                *scale = places;
                return Some(number);
            }
        }
        if kept == 0 {
            // All digits are beyond the last place.
            return (places.is_some()).then(|| {
                *scale = DECIMAL_SCALE_MAX;
                0
            });
        }
        places?;
        kept -= 1;
    }
}

/// Half goes to the even digit, and upwards in a number that fills the buffer of the parser.
fn rounds_up(head: u128, tail: &str, is_long: bool) -> bool {
    match tail.as_bytes() {
        [] => false,
        [b'5', rest @ ..] if !is_long && rest.iter().all(|digit| *digit == b'0') => head % 2 == 1,
        [first, ..] => *first >= b'5',
    }
}

/// Digits with a point before the last of them.
fn point(digits: &str, places: usize) -> String {
    if places == 0 {
        return digits.to_owned();
    }
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places);
    format!("{whole}.{fraction}")
}

/// A finite `double`.
pub(super) fn double(value: f64) -> String {
    general(&format!("{value:e}"), DOUBLE_DIGITS)
}

/// A finite `float`.
pub(super) fn single(value: f32) -> String {
    general(&format!("{value:e}"), SINGLE_DIGITS)
}

/// The shortest digits that read back as the number, from Rust's scientific form, in the form of .NET.
fn general(scientific: &str, digits_max: i32) -> String {
    let (sign, size) = match scientific.strip_prefix('-') {
        Some(size) => ("-", size),
        None => ("", scientific),
    };
    let (mantissa, exponent) = size.split_once('e').unwrap_or((size, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    if exponent >= digits_max || exponent < -4 {
        let direction = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{mantissa}E{direction}{:02}", exponent.abs());
    }
    if exponent < 0 {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = usize::try_from(exponent).unwrap_or(0) + 1;
    if digits.len() <= whole {
        return format!("{sign}{digits:0<whole$}");
    }
    format!("{sign}{}.{}", &digits[..whole], &digits[whole..])
}
