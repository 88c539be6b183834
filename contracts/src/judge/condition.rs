//! Whether a condition holds for a document.

use serde_json::Value;

use crate::{
    dictionary::{Condition, Dictionary, Shape},
    pointer,
};

impl Condition {
    /// Whether it holds for a document of a shape, with its defaults applied.
    #[must_use]
    pub fn holds(&self, document: &Value, shape: &Shape, dictionary: &Dictionary) -> bool {
        let data = |pointer: &str| {
            let shape = dictionary.resolve(dictionary.shape_at(shape, pointer)?);
            match shape {
                Shape::Enum(spec) => spec.data.get(pointer::get(document, pointer)?.as_str()?),
                _ => None,
            }
        };
        match self {
            Self::Present(pointer) => pointer::get(document, pointer).is_some(),
            Self::Absent(pointer) => pointer::get(document, pointer).is_none(),
            Self::In(pointer, values) => {
                pointer::get(document, pointer).is_some_and(|value| values.contains(value))
            }
            Self::NotIn(pointer, values) => {
                pointer::get(document, pointer).is_some_and(|value| !values.contains(value))
            }
            Self::Above(pointer, bound) => {
                pointer::get(document, pointer).and_then(Value::as_f64).is_some_and(|number| number > *bound)
            }
            Self::ValueHas(pointer, key) => data(pointer).is_some_and(|of| of.get(key).is_some()),
            Self::ValueIs(pointer, key, value) => data(pointer).is_some_and(|of| of.get(key) == Some(value)),
            Self::All(conditions) => {
                conditions.iter().all(|condition| condition.holds(document, shape, dictionary))
            }
        }
    }
}
