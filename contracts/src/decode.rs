//! Bytes straight into checked types, in any dialect: the fast path.
//!
//! The canonical form needs nothing but `serde_json`. For the other dialects the deserializer is wrapped: names of
//! structs are mapped to snake on the way, and null counts as absent. What it refuses may still be readable (accepted
//! spellings, names written twice with equal values): only [`crate::read_frame`] says what is wrong, and where.

use foldhash::fast::FixedState;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, Visitor, value::BorrowedStrDeserializer,
};
use serde::{Deserialize, forward_to_deserialize_any};
use std::{collections::HashMap, fmt, sync::LazyLock};

use crate::{
    dialect::Dialect,
    dictionary::{Shape, dictionary},
};

/// Reads a generated type from JSON whose names may be of any dialect; null means absent.
///
/// ```
/// use contracts::{decode, types::PromptSubmission};
/// let body = br#"{"Model":{"Base":"sdxl_base","Vae":null},"Conditioning":{"Prompt":"a pier","LoRAs":[]}}"#;
/// let submission: PromptSubmission = decode(body).unwrap();
/// assert!(submission.conditioning.loras.is_some_and(|loras| loras.is_empty()));
/// ```
///
/// # Errors
/// [`serde_json::Error`] if the type refuses the document, or if no dialect spells a name so; the message does not say
/// which name.
pub fn decode<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, serde_json::Error> {
    decode_with(names(None), bytes)
}

/// The same for one dialect alone; names that all dialects share are of each.
pub(crate) fn decode_in<'de, T: Deserialize<'de>>(
    dialect: Dialect,
    bytes: &'de [u8],
) -> Result<T, serde_json::Error> {
    decode_with(names(Some(dialect)), bytes)
}

fn decode_with<'de, T: Deserialize<'de>>(
    names: &'static Names,
    bytes: &'de [u8],
) -> Result<T, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = T::deserialize(AnyDialect { inner: &mut deserializer, names })?;
    deserializer.end()?;
    Ok(value)
}

type Names = HashMap<&'static str, &'static str, FixedState>;

/// The names of all properties in one dialect or in any, and the snake name that each means.
fn names(dialect: Option<Dialect>) -> &'static Names {
    static ANY: LazyLock<Names> = LazyLock::new(|| collect(&Dialect::ALL));
    static SNAKE: LazyLock<Names> = LazyLock::new(|| collect(&[Dialect::Snake]));
    static PASCAL: LazyLock<Names> = LazyLock::new(|| collect(&[Dialect::Pascal]));
    static CAMEL: LazyLock<Names> = LazyLock::new(|| collect(&[Dialect::Camel]));
    match dialect {
        None => &ANY,
        Some(Dialect::Snake) => &SNAKE,
        Some(Dialect::Pascal) => &PASCAL,
        Some(Dialect::Camel) => &CAMEL,
    }
}

fn collect(dialects: &[Dialect]) -> Names {
    let mut names = Names::default();
    for def in dictionary().defs() {
        let Shape::Object(spec) = &def.shape else { continue };
        for property in &spec.properties {
            for dialect in dialects {
                names.insert(dialect.name(property), &property.snake);
            }
        }
    }
    names
}

/// A name that no property has.
const NO_NAME: &str = "\u{0}";

/// A deserializer of which names and nulls are read in any dialect.
#[derive(Clone, Copy)]
struct AnyDialect<D> {
    inner: D,
    names: &'static Names,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for AnyDialect<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_option(AnyDialect { inner: visitor, names: self.names })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_struct(name, fields, AnyDialect { inner: visitor, names: self.names })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_newtype_struct(name, AnyDialect { inner: visitor, names: self.names })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_seq(AnyDialect { inner: visitor, names: self.names })
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_str(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_string(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_i64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_f64(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_bool(visitor)
    }

    // Keys of maps are data: a map is read as it stands.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u32 u64 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
        ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for AnyDialect<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(formatter)
    }

    /// `strict::present` refuses none and takes a unit as absent.
    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(AnyDialect { inner: deserializer, names: self.names })
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(AnyDialect { inner: deserializer, names: self.names })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        self.inner.visit_seq(AnyDialect { inner: seq, names: self.names })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(AnyDialect { inner: map, names: self.names })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(data)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for AnyDialect<A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        self.inner.next_element_seed(AnyDialect { inner: seed, names: self.names })
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for AnyDialect<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.inner.next_key_seed(Key { seed, names: self.names })
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.inner.next_value_seed(AnyDialect { inner: seed, names: self.names })
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for AnyDialect<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(AnyDialect { inner: deserializer, names: self.names })
    }
}

/// The name of a struct's member, mapped to snake.
struct Key<K> {
    seed: K,
    names: &'static Names,
}

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for Key<K> {
    type Value = K::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<K::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, K: DeserializeSeed<'de>> Visitor<'de> for Key<K> {
    type Value = K::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<K::Value, E> {
        match self.names.get(name) {
            Some(snake) => self.seed.deserialize(BorrowedStrDeserializer::new(snake)),
            // A name of another dialect must not pass as the snake name that it may happen to be.
            None => self.seed.deserialize(BorrowedStrDeserializer::new(NO_NAME)),
        }
    }
}
