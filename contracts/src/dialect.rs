//! Dialects: how property names are spelt, and canonical documents written in any of them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::dictionary::{Property, Shape, dictionary};

/// How property names are spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// Python, the schemas, the documented envelope: `guidance_scale`. Canonical.
    Snake,
    /// System.Text.Json with default options: `GuidanceScale`.
    Pascal,
    /// System.Text.Json with web defaults: `guidanceScale`.
    Camel,
}

impl Dialect {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Snake, Self::Pascal, Self::Camel];

    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Snake => "snake",
            Self::Pascal => "pascal",
            Self::Camel => "camel",
        }
    }

    /// How it spells a property.
    #[must_use]
    pub fn name(self, property: &Property) -> &str {
        match self {
            Self::Snake => &property.snake,
            Self::Pascal => &property.csharp,
            Self::Camel => &property.camel,
        }
    }

    /// A canonical document of a definition, spelt in this dialect. Keys of maps, and what the schema calls verbatim,
    /// stay as they are; so do members that the schema does not know.
    ///
    /// ```
    /// use contracts::Dialect;
    /// let said = serde_json::json!({"conditioning": {"prompt": "a pier", "loras": []}});
    /// let spelt = Dialect::Pascal.spell("PromptSubmission", &said);
    /// assert_eq!(spelt["Conditioning"]["LoRAs"], serde_json::json!([]));
    /// ```
    #[must_use]
    pub fn spell(self, definition: &str, document: &Value) -> Value {
        self.value(document.clone(), &dictionary().named(definition).shape)
    }

    pub(crate) fn value(self, value: Value, shape: &Shape) -> Value {
        if self == Self::Snake {
            return value;
        }
        match (dictionary().resolve(shape), value) {
            (Shape::Nullable(inner), value) => self.value(value, inner),
            (Shape::List(list), Value::Array(items)) => {
                items.into_iter().map(|item| self.value(item, &list.item)).collect()
            }
            (Shape::Object(object), Value::Object(members)) => members
                .into_iter()
                .map(|(name, value)| match object.property(&name) {
                    Some(property) if property.verbatim => (self.name(property).to_owned(), value),
                    Some(property) => (self.name(property).to_owned(), self.value(value, &property.shape)),
                    None => (name, value),
                })
                .collect::<Map<_, _>>()
                .into(),
            (_, value) => value,
        }
    }
}

/// How many names of a document each dialect alone spells so.
///
/// Only the numbers count: JSON objects have no order, and some writers sort their members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spelt {
    snake: usize,
    pascal: usize,
    camel: usize,
}

impl Spelt {
    /// Counts a name, by the only dialect that spells it so.
    pub(crate) fn count(&mut self, only: Option<Dialect>) {
        match only {
            Some(Dialect::Snake) => self.snake += 1,
            Some(Dialect::Pascal) => self.pascal += 1,
            Some(Dialect::Camel) => self.camel += 1,
            None => {}
        }
    }

    /// The dialect of the most names; of several, the first of pascal, camel, snake. None where no name tells.
    pub(crate) fn most(self) -> Option<Dialect> {
        let counts =
            [(Dialect::Pascal, self.pascal), (Dialect::Camel, self.camel), (Dialect::Snake, self.snake)];
        let most = counts.iter().map(|(_, count)| *count).max().filter(|most| *most > 0)?;
        counts.iter().find(|(_, count)| *count == most).map(|(dialect, _)| *dialect)
    }
}

impl std::fmt::Display for Dialect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Dialect {
    type Err = UnknownDialect;
    fn from_str(name: &str) -> Result<Self, UnknownDialect> {
        Self::ALL
            .into_iter()
            .find(|dialect| dialect.as_str() == name)
            .ok_or_else(|| UnknownDialect(name.to_owned()))
    }
}

/// A dialect that there is not.
#[derive(Debug, thiserror::Error)]
#[error("unknown dialect `{0}`; snake, pascal and camel are known")]
pub struct UnknownDialect(String);
