//! Limits of lists and maps.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::LimitError;

/// Limits of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListLimits {
    /// Fewest items.
    pub minimum: u64,
    /// Most items.
    pub maximum: u64,
    /// No item may stand in it twice.
    pub unique: bool,
}

impl ListLimits {
    /// Whether a list is within the limits.
    ///
    /// # Errors
    /// [`LimitError::Count`] or [`LimitError::Twice`].
    pub fn check<T: PartialEq>(&self, items: &[T]) -> Result<(), LimitError> {
        self.count(items.len())?;
        if self.unique
            && let Some(index) = (1..items.len()).find(|index| items[..*index].contains(&items[*index]))
        {
            return Err(LimitError::Twice { index });
        }
        Ok(())
    }

    /// Whether a list of so many items is within the limits.
    ///
    /// # Errors
    /// [`LimitError::Count`].
    pub fn count(&self, count: usize) -> Result<(), LimitError> {
        let (count, Self { minimum, maximum, .. }) = (count as u64, *self);
        if count < minimum || count > maximum {
            return Err(LimitError::Count { count, minimum, maximum });
        }
        Ok(())
    }

    pub(crate) fn schema(&self, item: &schemars::Schema) -> schemars::Schema {
        let mut schema = schemars::json_schema!({
            "type": "array", "items": item, "minItems": self.minimum, "maxItems": self.maximum,
        });
        if self.unique {
            schema.insert("uniqueItems".to_owned(), true.into());
        }
        schema
    }
}

/// Reads a list within limits; stops at the first item too many.
pub(crate) fn read_list<'de, D, T>(deserializer: D, limits: &ListLimits) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + PartialEq,
{
    deserializer.deserialize_seq(ListVisitor(limits, PhantomData))
}

struct ListVisitor<'a, T>(&'a ListLimits, PhantomData<T>);

impl<'de, T: Deserialize<'de> + PartialEq> Visitor<'de> for ListVisitor<'_, T> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a list of {}..={} items", self.0.minimum, self.0.maximum)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<T>()? {
            if self.0.unique && list.contains(&item) {
                return Err(de::Error::custom(LimitError::Twice { index: list.len() }));
            }
            list.push(item);
            if list.len() as u64 > self.0.maximum {
                break;
            }
        }
        self.0.count(list.len()).map_err(de::Error::custom)?;
        Ok(list)
    }
}

/// Limits of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MapLimits {
    /// Most entries.
    pub maximum: u64,
}

impl MapLimits {
    /// Whether a map of so many entries is within the limits.
    ///
    /// # Errors
    /// [`LimitError::Count`].
    pub fn check(&self, count: usize) -> Result<(), LimitError> {
        let (count, maximum) = (count as u64, self.maximum);
        if count > maximum {
            return Err(LimitError::Count { count, minimum: 0, maximum });
        }
        Ok(())
    }

    pub(crate) fn schema(&self, value: &schemars::Schema) -> schemars::Schema {
        schemars::json_schema!({
            "type": "object", "additionalProperties": value, "maxProperties": self.maximum,
        })
    }
}

/// Reads a map within limits, each key once; stops at the first entry too many.
pub(crate) fn read_map<'de, D, T>(
    deserializer: D,
    limits: &MapLimits,
) -> Result<BTreeMap<String, T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_map(MapVisitor(limits, PhantomData))
}

struct MapVisitor<'a, T>(&'a MapLimits, PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for MapVisitor<'_, T> {
    type Value = BTreeMap<String, T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an object of at most {} entries", self.0.maximum)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = BTreeMap::new();
        while let Some((key, value)) = entries.next_entry::<String, T>()? {
            if map.contains_key(&key) {
                return Err(de::Error::custom(format_args!("duplicate key {key:?}")));
            }
            map.insert(key, value);
            self.0.check(map.len()).map_err(de::Error::custom)?;
        }
        Ok(map)
    }
}
