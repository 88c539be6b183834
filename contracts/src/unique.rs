//! `serde_json` values of documents in which each name stands once and each integer has 64 bits; `serde_json` itself
//! silently keeps the last of two names, and rounds a longer integer.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Error, Map, Number, Value};
use std::{cell::Cell, fmt};

use crate::{generated::limits::DEPTH_MAX, number::Texts, shown::numeral};

/// Reads JSON as `serde_json::from_slice` does and at its cost, but refuses a name that stands twice in one object, and an
/// integer that would lose digits.
///
/// ```
/// assert!(contracts::unique(br#"{"data":[{"a":1,"b":2}]}"#).is_ok());
/// assert!(contracts::unique(br#"{"data":[{"a":1,"a":2}]}"#).is_err());
/// assert!(contracts::unique(br#"{"a":123456789012345678901234567890}"#).is_err());
/// ```
///
/// # Errors
/// [`serde_json::Error`] if the bytes are not JSON, are nested deeper than [`DEPTH_MAX`], an object has a name twice, or an
/// integer has more than 64 bits, at any depth.
pub fn unique(bytes: &[u8]) -> Result<Value, Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let is_large = Cell::new(false);
    let value = Seed { depth: 0, is_large: &is_large }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    if is_large.get()
        && let Some(integer) = long_integer(bytes)
    {
        return Err(Error::custom(format_args!(
            "the integer {} has more than 64 bits, and would lose digits",
            numeral(integer)
        )));
    }
    Ok(value)
}

/// The first integer of a document that 64 bits do not hold. The parser gives values alone, so that the text is scanned
/// again.
fn long_integer(document: &[u8]) -> Option<&str> {
    let is_integer = |text: &str| !text.contains(['.', 'e', 'E']);
    let fits = |text: &str| text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok();
    Texts::of(std::str::from_utf8(document).ok()?).find(|text| is_integer(text) && !fits(text))
}

/// A value in which each name stands once in its object, and every number is far from 64 bits.
pub(crate) struct Unique(pub(crate) Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let is_large = Cell::new(false);
        // It is a member of an object.
        let value = Seed { depth: 1, is_large: &is_large }.deserialize(deserializer)?;
        if is_large.get() {
            return Err(D::Error::custom("a number that may be an integer of more than 64 bits"));
        }
        Ok(Self(value))
    }
}

/// 2^63: from here on a float may be an integer that was too long for 64 bits.
const LARGE_MIN: f64 = 9_223_372_036_854_775_808.0;

#[derive(Clone, Copy)]
struct Seed<'s> {
    depth: u64,
    /// Set by a float of at least [`LARGE_MIN`].
    is_large: &'s Cell<bool>,
}

impl Seed<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == DEPTH_MAX {
            return Err(E::custom(format_args!("nesting deeper than {DEPTH_MAX} levels")));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, b: bool) -> Result<Value, E> {
        Ok(Value::Bool(b))
    }
    fn visit_i64<E>(self, i: i64) -> Result<Value, E> {
        Ok(Value::Number(i.into()))
    }
    fn visit_u64<E>(self, u: u64) -> Result<Value, E> {
        Ok(Value::Number(u.into()))
    }
    fn visit_f64<E>(self, n: f64) -> Result<Value, E> {
        if n.abs() >= LARGE_MIN {
            self.is_large.set(true);
        }
        Ok(Number::from_f64(n).map_or(Value::Null, Value::Number))
    }
    fn visit_str<E>(self, s: &str) -> Result<Value, E> {
        Ok(Value::String(s.to_owned()))
    }
    fn visit_string<E>(self, s: String) -> Result<Value, E> {
        Ok(Value::String(s))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let entry = match members.entry(name) {
                serde_json::map::Entry::Vacant(entry) => entry,
                serde_json::map::Entry::Occupied(entry) => {
                    return Err(A::Error::custom(format_args!("the name {:?} stands twice", entry.key())));
                }
            };
            entry.insert(map.next_value_seed(inner)?);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::unique;

    #[test]
    fn a_name_may_stand_once_in_each_object() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"success":true,"data":{"x":[{"b":1},{"b":1,"\u0062":2}]}}"#,
            r#"[[{"":1,"":2}]]"#,
        ] {
            let err = unique(text.as_bytes()).expect_err(text).to_string();
            assert!(err.contains("stands twice"), "{err}");
        }
        assert!(unique(br#"{"a":{"a":[{"a":1},{"a":2}]},"A":1}"#).is_ok());
    }

    #[test]
    fn no_reader_of_the_contract_is_asked_for_more_levels_than_it_has() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(unique(nested(64).as_bytes()).is_ok());
        let err = unique(nested(65).as_bytes()).unwrap_err().to_string();
        assert!(err.starts_with("nesting deeper than 64 levels"), "{err}");
    }

    #[test]
    fn an_integer_keeps_its_digits_or_is_refused() {
        for text in ["18446744073709551616", "-9223372036854775809", "123456789012345678901234567890"] {
            for document in [text.to_owned(), format!(r#"{{"a":[{{"b":"7","c":{text}}}]}}"#)] {
                let err = unique(document.as_bytes()).expect_err(&document).to_string();
                assert!(err.starts_with(&format!("the integer {text} has more than 64 bits")), "{err}");
            }
        }
        for text in
            ["18446744073709551615", "-9223372036854775808", "1e300", "123456789012345678901234567890.5"]
        {
            assert!(unique(text.as_bytes()).is_ok(), "{text}");
        }
    }

    #[test]
    fn all_else_is_read_as_serde_json_does() {
        for text in [
            r#"{"a":[1,-1,18446744073709551615,9223372036854775808,1e3,0.1,-0.0,9007199254740991.0]}"#,
            r#"{"b":null,"a":[true,false,"\u00e9\n","x"],"":{}}"#,
            "1 ",
        ] {
            let value = unique(text.as_bytes()).expect(text);
            assert_eq!(value, serde_json::from_str::<Value>(text).expect(text));
            assert_eq!(value.to_string(), serde_json::from_str::<Value>(text).expect(text).to_string());
        }
        for text in ["", "{", "{} {}", r#"{"a":NaN}"#, r#"{"a":1e999}"#, "nul"] {
            let own = unique(text.as_bytes()).expect_err(text).to_string();
            assert_eq!(own, serde_json::from_str::<Value>(text).expect_err(text).to_string());
        }
    }
}
