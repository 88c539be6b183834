//! `JsonSerializer.Serialize`: the bytes that a value is written as.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    clr::{Class, Types},
    fault::Stop,
    number,
    options::{Encoder, Enums, Numbers, Options},
    text,
    value::Value,
};

/// Why a value cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteFault {
    /// JSON has no number for it: `ArgumentException`.
    #[error("JSON has no number for NaN and the infinities")]
    NoNumber,
    /// A string of a `JsonElement` cannot be read: `JsonException`.
    #[error("a string has half of a surrogate pair")]
    BadText,
}

impl WriteFault {
    /// The exception of .NET.
    #[must_use]
    pub fn exception(self) -> &'static str {
        match self {
            Self::NoNumber => "ArgumentException",
            Self::BadText => "JsonException",
        }
    }
}

/// Writes a value.
///
/// # Errors
/// The exception.
pub fn write(types: &Types, value: &Value, options: &Options) -> Result<String, WriteFault> {
    let mut writer = Writer { types, options, out: String::new() };
    writer.value(value, options.numbers)?;
    Ok(writer.out)
}

/// Writes a string of C#, which is made of UTF-16 units: half of a surrogate pair becomes U+FFFD.
#[must_use]
pub fn write_units(units: &[u16], options: &Options) -> String {
    let mut out = String::new();
    text::escape_units(units, options.encoder, &mut out);
    out
}

struct Writer<'t> {
    types: &'t Types,
    options: &'t Options,
    out: String,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value, numbers: Numbers) -> Result<(), WriteFault> {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(true) => self.out.push_str("true"),
            Value::Bool(false) => self.out.push_str("false"),
            Value::Integer(number) => self.number(&number.to_string(), numbers),
            Value::Decimal(number) => self.number(number, numbers),
            Value::Double(number) if number.is_finite() => self.number(&number::double(*number), numbers),
            Value::Single(number) if number.is_finite() => self.number(&number::single(*number), numbers),
            Value::Double(number) => self.no_number(*number, numbers)?,
            Value::Single(number) => self.no_number(f64::from(*number), numbers)?,
            Value::Text(text) => text::escape(text, self.options.encoder, &mut self.out),
            Value::Formed(text) => self.out.push_str(&format!("\"{text}\"")),
            Value::Bytes(bytes) => self.out.push_str(&format!("\"{}\"", STANDARD.encode(bytes))),
            Value::Enum(index, number) => self.enumeration(*index, *number),
            Value::Element(element) => {
                let written = element.write(self.options.encoder, &mut self.out);
                written.map_err(|_: Stop| WriteFault::BadText)?;
            }
            Value::List(items) => {
                self.out.push('[');
                for (i, item) in items.iter().enumerate() {
                    self.out.push_str(if i == 0 { "" } else { "," });
                    self.value(item, numbers)?;
                }
                self.out.push(']');
            }
            Value::Map(entries) => {
                self.out.push('{');
                for (i, (key, value)) in entries.iter().enumerate() {
                    self.name(key, i == 0);
                    self.value(value, numbers)?;
                }
                self.out.push('}');
            }
            Value::Object(index, values) => {
                self.out.push('{');
                self.members(&self.types.classes[*index], values)?;
                self.out.push('}');
            }
        }
        Ok(())
    }

    fn members(&mut self, class: &Class, values: &[Value]) -> Result<(), WriteFault> {
        let mut is_first = true;
        for (member, value) in class.members.iter().zip(values) {
            let is_left_out = (member.ignore_null || self.options.ignore_null) && *value == Value::Null;
            if !member.write || is_left_out {
                continue;
            }
            if member.extension {
                if let Value::Map(entries) = value {
                    for (key, value) in entries {
                        self.name(key, is_first);
                        is_first = false;
                        self.value(value, self.options.numbers)?;
                    }
                }
                continue;
            }
            self.name(&member.json_name(self.options), is_first);
            is_first = false;
            self.value(value, member.numbers.or(class.numbers).unwrap_or(self.options.numbers))?;
        }
        Ok(())
    }

    fn name(&mut self, name: &str, is_first: bool) {
        self.out.push_str(if is_first { "" } else { "," });
        text::escape(name, self.options.encoder, &mut self.out);
        self.out.push(':');
    }

    fn number(&mut self, digits: &str, numbers: Numbers) {
        let quote = if numbers.as_string { "\"" } else { "" };
        self.out.push_str(&format!("{quote}{digits}{quote}"));
    }

    fn no_number(&mut self, number: f64, numbers: Numbers) -> Result<(), WriteFault> {
        if !numbers.named_floats && !numbers.as_string {
            return Err(WriteFault::NoNumber);
        }
        let name = if number.is_nan() {
            "NaN"
        } else if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        };
        self.out.push_str(&format!("\"{name}\""));
        Ok(())
    }

    fn enumeration(&mut self, index: usize, number: i64) {
        let kind = &self.types.enums[index];
        let member = kind.members.iter().find(|(_, value)| *value == number);
        match (kind.converter.unwrap_or(self.options.enums), member) {
            (Enums::Names(policy), Some((name, _))) => {
                text::escape(&policy.of(name), self.options.encoder, &mut self.out);
            }
            _ => self.out.push_str(&number.to_string()),
        }
    }
}

/// The options that reports write bound values with: relaxed escapes, names for what is no number, names of C#.
#[must_use]
pub fn report_options() -> Options {
    let numbers = Numbers { named_floats: true, ..Numbers::default() };
    Options { encoder: Encoder::Relaxed, numbers, ..Options::new("report") }
}
