//! Values that are one token.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    clr::{Clr, Enumeration, Integer},
    date,
    fault::Stop,
    number,
    options::{Enums, Numbers, Options},
    text,
    token::{Reader, Token},
    value::Value,
};

/// Reads a `bool`.
pub(super) fn boolean(reader: &Reader<'_>) -> Result<Value, Stop> {
    match reader.token() {
        Token::True => Ok(Value::Bool(true)),
        Token::False => Ok(Value::Bool(false)),
        _ => Err(unlike(reader, "true or false")),
    }
}

/// Reads an integer.
pub(super) fn integer(reader: &Reader<'_>, kind: Integer, numbers: Numbers) -> Result<Value, Stop> {
    let text = numeral(reader, numbers.from_string)?;
    let value = number::integer(&text, kind);
    value.map(Value::Integer).ok_or_else(|| Stop::format(format!("{text} is no {}", kind.keyword())))
}

/// Reads a `decimal`.
pub(super) fn decimal(reader: &Reader<'_>, numbers: Numbers) -> Result<Value, Stop> {
    let text = numeral(reader, numbers.from_string)?;
    let value = Some(&text).filter(|text| number::is_number(text)).and_then(|text| number::decimal(text));
    value.map(Value::Decimal).ok_or_else(|| Stop::format(format!("{text} is no decimal")))
}

/// Reads a `double`.
pub(super) fn double(reader: &Reader<'_>, numbers: Numbers) -> Result<Value, Stop> {
    floating(reader, numbers, f64::is_finite).map(Value::Double)
}

/// Reads a `float`.
pub(super) fn single(reader: &Reader<'_>, numbers: Numbers) -> Result<Value, Stop> {
    floating(reader, numbers, f32::is_finite).map(Value::Single)
}

fn floating<F: std::str::FromStr + Copy + From<f32>>(
    reader: &Reader<'_>,
    numbers: Numbers,
    is_finite: impl Fn(F) -> bool,
) -> Result<F, Stop> {
    let text = numeral(reader, numbers.from_string || numbers.named_floats)?;
    let no_number = || Stop::format(format!("{text} is no number"));
    if reader.token() == Token::String {
        let named = match text.as_str() {
            "NaN" => Some(f32::NAN),
            "Infinity" => Some(f32::INFINITY),
            "-Infinity" => Some(f32::NEG_INFINITY),
            _ => None,
        };
        if let Some(named) = named {
            return Ok(named.into());
        }
        if !numbers.from_string || !number::is_number(&text) {
            return Err(no_number());
        }
        return text.parse().ok().filter(|value| is_finite(*value)).ok_or_else(no_number);
    }
    text.parse().map_err(|_| no_number())
}

/// The text of a number; of a string too, if the options read numbers from strings.
fn numeral(reader: &Reader<'_>, from_string: bool) -> Result<String, Stop> {
    match reader.token() {
        Token::Number => Ok(reader.raw().to_owned()),
        Token::String if from_string => text::unescape(reader.raw()),
        _ => Err(unlike(reader, "a number")),
    }
}

/// Reads a `string`.
pub(super) fn string(reader: &Reader<'_>) -> Result<String, Stop> {
    match reader.token() {
        Token::String => text::unescape(reader.raw()),
        _ => Err(unlike(reader, "a string")),
    }
}

/// Reads a `Uri`, relative or absolute. Of the ways in which `Uri.TryCreate` refuses a text, those of the authority of an
/// address on the web are known here.
pub(super) fn uri(reader: &Reader<'_>) -> Result<Value, Stop> {
    let text = string(reader)?;
    let authority = ["http://", "https://", "ftp://", "ws://", "wss://"].iter().find_map(|scheme| {
        let head = text.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| &text[scheme.len()..])
    });
    if authority.is_some_and(|rest| !is_authority(rest.split(['/', '?', '#']).next().unwrap_or(rest))) {
        return Err(Stop::json("it is no address"));
    }
    Ok(Value::Text(text))
}

/// A host, and perhaps a port.
fn is_authority(authority: &str) -> bool {
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, rest)| rest);
    let (host, port) = match host_and_port.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (host_and_port, ""),
    };
    let is_closed = host.starts_with('[') == host.ends_with(']') && host != "[";
    !host.is_empty() && is_closed && (port.is_empty() || port.parse::<u16>().is_ok())
}

/// Reads a `char`: a string of one UTF-16 unit.
pub(super) fn char(reader: &Reader<'_>) -> Result<Value, Stop> {
    let text = string(reader)?;
    match text.encode_utf16().count() {
        1 => Ok(Value::Text(text)),
        _ => Err(Stop::kind("a string of one character is needed")),
    }
}

/// Reads a type that is written as a string of its own form.
pub(super) fn formed(reader: &Reader<'_>, clr: &Clr) -> Result<Value, Stop> {
    if reader.token() != Token::String {
        return Err(unlike(reader, "a string"));
    }
    let raw = reader.raw();
    let no = || Stop::format(format!("{raw:?} has not the form of a {}", form_name(clr)));
    // The length as written is looked at before the escapes are.
    let (least, most, within_escapes) = match clr {
        Clr::DateTime | Clr::DateTimeOffset => (10, 42, 252),
        Clr::DateOnly => (10, 10, 60),
        Clr::Guid => (0, 36, 216),
        _ => (1, 26, 156),
    };
    let most = if raw.contains('\\') { within_escapes } else { most };
    if raw.len() < least || raw.len() > most {
        return Err(no());
    }
    let text = text::unescape(raw)?;
    let value = match clr {
        Clr::DateTime => date::date_time(&text),
        Clr::DateTimeOffset => date::date_time_offset(&text),
        Clr::DateOnly => date::date_only(&text),
        Clr::Guid => guid(&text),
        _ => date::time_span(&text),
    };
    value.map(Value::Formed).ok_or_else(no)
}

fn form_name(clr: &Clr) -> &'static str {
    match clr {
        Clr::DateTime => "DateTime",
        Clr::DateTimeOffset => "DateTimeOffset",
        Clr::DateOnly => "DateOnly",
        Clr::Guid => "Guid",
        _ => "TimeSpan",
    }
}

/// A `Guid` with its dashes.
fn guid(text: &str) -> Option<String> {
    let dashes = [8, 13, 18, 23];
    let is_right = |(i, byte): (usize, u8)| {
        if dashes.contains(&i) { byte == b'-' } else { byte.is_ascii_hexdigit() }
    };
    (text.len() == 36 && text.bytes().enumerate().all(is_right)).then(|| text.to_ascii_lowercase())
}

/// Reads `byte[]`: base64, in which blanks may stand.
pub(super) fn bytes(reader: &Reader<'_>) -> Result<Value, Stop> {
    let mut text = string(reader)?;
    text.retain(|c| !matches!(c, ' ' | '\t' | '\n' | '\r'));
    let bytes = STANDARD.decode(&text).map_err(|_| Stop::format("it is no base64"))?;
    Ok(Value::Bytes(bytes))
}

/// Reads an enum: by its number, and by its names if a converter is there.
pub(super) fn enumeration(
    reader: &Reader<'_>,
    (index, kind): (usize, &Enumeration),
    options: &Options,
) -> Result<Value, Stop> {
    let no = || Stop::json(format!("it is no value of {}", kind.name));
    match (reader.token(), kind.converter.unwrap_or(options.enums)) {
        (Token::Number, _) => {
            let value = number::integer(reader.raw(), Integer::INT).ok_or_else(no)?;
            Ok(Value::Enum(index, i64::try_from(value).map_err(|_| no())?))
        }
        (Token::String, Enums::Names(policy)) => {
            let text = text::unescape(reader.raw())?;
            let named = |name: &str| {
                let matches = |spelt: &str| contracts::naming::ordinal_ignore_case(spelt, name);
                let members = kind.members.iter();
                let found = members.clone().find(|(csharp, _)| policy.of(csharp) == name);
                let found = found.or_else(|| members.clone().find(|(csharp, _)| matches(&policy.of(csharp))));
                found.map(|(_, value)| *value)
            };
            let numbered = |text: &str| {
                number::integer(text.trim(), Integer::INT).and_then(|value| i64::try_from(value).ok())
            };
            let list = text.trim_end().strip_suffix(',').unwrap_or(&text);
            let parts: Option<Vec<i64>> = list.split(',').map(|part| named(part.trim())).collect();
            let value = parts.map(|parts| parts.iter().fold(0, |all, part| all | part));
            value.or_else(|| numbered(&text)).map(|value| Value::Enum(index, value)).ok_or_else(no)
        }
        _ => Err(no()),
    }
}

fn unlike(reader: &Reader<'_>, wanted: &str) -> Stop {
    let found = match reader.token() {
        Token::StartObject | Token::EndObject => "an object",
        Token::StartArray | Token::EndArray => "a list",
        Token::Name | Token::String => "a string",
        Token::Number => "a number",
        Token::True => "true",
        Token::False => "false",
        Token::Null => "null",
    };
    Stop::kind(format!("{wanted} is needed, and {found} stands there"))
}
