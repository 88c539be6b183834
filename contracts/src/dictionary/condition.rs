//! Conditions on a document, as the schemas write them: when a value takes effect, when a rule applies.

use serde_json::Value;

/// A condition on a document; pointers are relative to that document.
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
    /// The entry of the enum's value in `x-values` has this key.
    ValueHas(String, String),
    /// The entry of the enum's value in `x-values` has this key with this value.
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
    pub(crate) fn of(schema: &Value) -> Self {
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
}
