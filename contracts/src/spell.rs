//! Canonical documents written in any dialect.

use serde_json::{Map, Value};

use crate::{
    dialect::Dialect,
    dictionary::{Property, Shape, dictionary},
};

impl Dialect {
    /// How it spells a property.
    #[must_use]
    pub fn name(self, property: &Property) -> &str {
        match self {
            Self::Snake => &property.snake,
            Self::Pascal => &property.csharp,
            Self::Camel => &property.camel,
        }
    }

    /// A canonical document of a definition, spelt in this dialect. Keys of maps, values that the schema calls verbatim, and
    /// members that the schema does not know stay as they are.
    ///
    /// ```
    /// use contracts::Dialect;
    /// let document = serde_json::json!({"conditioning": {"prompt": "a pier", "loras": []}});
    /// let spelt = Dialect::Pascal.spell("PromptSubmission", &document);
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
