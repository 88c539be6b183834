//! `serde_json` values of documents in which each name stands once; `serde_json` itself silently keeps the last.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Error, Map, Number, Value};
use std::fmt;

/// Reads JSON as `serde_json::from_slice` does and at its cost, but refuses a name that stands twice in one object.
///
/// ```
/// assert!(contracts::unique(br#"{"data":[{"a":1,"b":2}]}"#).is_ok());
/// assert!(contracts::unique(br#"{"data":[{"a":1,"a":2}]}"#).is_err());
/// ```
///
/// # Errors
/// [`serde_json::Error`] if the bytes are not JSON, or an object has a name twice, at any depth.
pub fn unique(bytes: &[u8]) -> Result<Value, Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Seed.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// A value in which each name stands once in its object.
pub(crate) struct Unique(pub(crate) Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Seed.deserialize(deserializer).map(Self)
    }
}

struct Seed;

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
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Seed)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let entry = match members.entry(name) {
                serde_json::map::Entry::Vacant(entry) => entry,
                serde_json::map::Entry::Occupied(entry) => {
                    return Err(A::Error::custom(format_args!("the name {:?} stands twice", entry.key())));
                }
            };
            entry.insert(map.next_value_seed(Seed)?);
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
