//! JSON as the contract allows it: a name may stand once in an object, at any depth.
//!
//! `serde_json::Value` silently keeps the last of two equal names, and other readers keep the first: they read another reply.

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Reads a document.
///
/// # Errors
/// The place where the text is not JSON, or the pointer of a name that stands twice.
pub fn read(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = At("").deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// A value at a pointer.
struct At<'p>(&'p str);

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number that is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(At(&format!("{}/{}", self.0, list.len())))? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let pointer = format!("{}/{}", self.0, name.replace('~', "~0").replace('/', "~1"));
            let value = members.next_value_seed(At(&pointer))?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom(format!("{pointer} stands there twice")));
            }
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use serde_json::json;

    #[test]
    fn a_document_is_read_as_it_stands() {
        let text = r#"{"a":[1,-2,2.5,9007199254740993,"x",true,null,{}],"b":{"a":1},"c~/d":[]}"#;
        assert_eq!(read(text.as_bytes()).ok(), serde_json::from_str(text).unwrap());
        assert_eq!(read(b" 1 ").ok(), Some(json!(1)));
    }

    #[test]
    fn a_name_that_stands_twice_is_refused_by_its_pointer() {
        for (text, pointer) in [
            (r#"{"success":false,"success":true}"#, "/success"),
            (r#"{"data":{"gpu_id":"gpu_7","gpu_id":"gpu_0"}}"#, "/data/gpu_id"),
            (r#"{"a":[{},{"x/y":1,"x/y":1}]}"#, "/a/1/x~1y"),
            (r#"{"\u0073uccess":1,"success":1}"#, "/success"),
        ] {
            let why = read(text.as_bytes()).unwrap_err().to_string();
            assert!(why.starts_with(&format!("{pointer} stands there twice")), "{why}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in
            [&b"{\"a\":NaN}"[..], b"{} {}", b"{\"a\":1e400}", b"{\"a\":\"\\ud800\"}", b"\xef\xbb\xbf{}"]
        {
            assert!(read(text).is_err(), "{}", String::from_utf8_lossy(text));
        }
    }
}
