//! `serde_json` values of documents in which each name stands once; `serde_json` itself silently keeps the last.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Error, Map, Number, Value};
use std::fmt;

use crate::generated::limits::DEPTH_MAX;

/// Reads JSON as `serde_json::from_slice` does and at its cost, but refuses a name that stands twice in one object.
///
/// ```
/// assert!(contracts::unique(br#"{"data":[{"a":1,"b":2}]}"#).is_ok());
/// assert!(contracts::unique(br#"{"data":[{"a":1,"a":2}]}"#).is_err());
/// ```
///
/// # Errors
/// [`serde_json::Error`] if the bytes are not JSON, are nested deeper than [`DEPTH_MAX`], or an object has a name twice, at
/// any depth.
pub fn unique(bytes: &[u8]) -> Result<Value, Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Seed { depth: 0 }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// A value in which each name stands once in its object.
pub(crate) struct Unique(pub(crate) Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // It is a member of an object.
        Seed { depth: 1 }.deserialize(deserializer).map(Self)
    }
}

#[derive(Clone, Copy)]
struct Seed {
    depth: u64,
}

impl Seed {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == DEPTH_MAX {
            return Err(E::custom(format_args!("nesting deeper than {DEPTH_MAX} levels")));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
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
