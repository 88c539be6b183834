//! Conditions on a document, as the schemas write them: when a value takes effect, when a rule holds.

use serde_json::Value;

use crate::dictionary::{Dictionary, Shape};

/// A condition; pointers are relative to the document that it is asked of.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// The value is there.
    Present(String),
    /// The value is not there.
    Absent(String),
    /// The value is one of these.
    In(String, Vec<Value>),
    /// The value is there and none of these.
    NotIn(String, Vec<Value>),
    /// The number is greater.
    Above(String, f64),
    /// What the schema says of the enum's value has this entry.
    ValueHas(String, String),
    /// What the schema says of the enum's value has this entry with this value.
    ValueIs(String, String, Value),
    /// All of them.
    All(Vec<Condition>),
}

impl Condition {
    /// Reads a condition of a schema.
    ///
    /// # Panics
    /// On a form that the lint of the schemas refuses.
    #[must_use]
    pub fn of(schema: &Value) -> Self {
        let (kind, of) = schema
            .as_object()
            .and_then(|condition| condition.iter().next())
            .unwrap_or_else(|| panic!("a condition is an object: {schema}"));
        let pointer = || of.as_str().or_else(|| of[0].as_str()).expect("a pointer").to_owned();
        let values = || of[1].as_array().expect("values").clone();
        let key = || of[1].as_str().expect("a key").to_owned();
        match kind.as_str() {
            "present" => Self::Present(pointer()),
            "absent" => Self::Absent(pointer()),
            "in" => Self::In(pointer(), values()),
            "not_in" => Self::NotIn(pointer(), values()),
            "equals" => Self::In(pointer(), vec![of[1].clone()]),
            "above" => Self::Above(pointer(), of[1].as_f64().expect("a number")),
            "value_has" => Self::ValueHas(pointer(), key()),
            "value_is" => Self::ValueIs(pointer(), key(), of[2].clone()),
            "all" => Self::All(of.as_array().expect("conditions").iter().map(Self::of).collect()),
            other => panic!("unknown condition `{other}`"),
        }
    }

    /// Whether it holds for a document of a shape, with its defaults applied.
    #[must_use]
    pub fn holds(&self, document: &Value, shape: &Shape, dictionary: &Dictionary) -> bool {
        let data = |pointer: &str| {
            let shape = dictionary.resolve(dictionary.shape_at(shape, pointer)?);
            match shape {
                Shape::Enum(spec) => spec.data.get(document.pointer(pointer)?.as_str()?),
                _ => None,
            }
        };
        match self {
            Self::Present(pointer) => document.pointer(pointer).is_some(),
            Self::Absent(pointer) => document.pointer(pointer).is_none(),
            Self::In(pointer, values) => {
                document.pointer(pointer).is_some_and(|value| values.contains(value))
            }
            Self::NotIn(pointer, values) => {
                document.pointer(pointer).is_some_and(|value| !values.contains(value))
            }
            Self::Above(pointer, bound) => {
                document.pointer(pointer).and_then(Value::as_f64).is_some_and(|number| number > *bound)
            }
            Self::ValueHas(pointer, key) => data(pointer).is_some_and(|of| of.get(key).is_some()),
            Self::ValueIs(pointer, key, value) => data(pointer).is_some_and(|of| of.get(key) == Some(value)),
            Self::All(conditions) => {
                conditions.iter().all(|condition| condition.holds(document, shape, dictionary))
            }
        }
    }
}
