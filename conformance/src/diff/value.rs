//! Values and types of JSON Schema, where 1 and 1.0 are one value.

use serde_json::{Value, json};

/// A set of types. `number` is integers and fractions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Types(u8);

const NAMES: [(&str, u8); 7] = [
    ("null", 1),
    ("boolean", 2),
    ("object", 4),
    ("array", 8),
    ("string", 16),
    ("integer", 32),
    ("number", 32 | 64),
];

impl Types {
    pub(super) const NONE: Self = Self(0);
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOLEAN: Self = Self(2);
    pub(super) const OBJECT: Self = Self(4);
    pub(super) const ARRAY: Self = Self(8);
    pub(super) const STRING: Self = Self(16);
    pub(super) const INTEGER: Self = Self(32);
    pub(super) const FRACTION: Self = Self(64);
    pub(super) const NUMBER: Self = Self(32 | 64);
    pub(super) const ALL: Self = Self(127);

    pub(super) fn of_keyword(value: &Value) -> Self {
        let one = |name: &Value| {
            let found = NAMES.iter().find(|(known, _)| name.as_str() == Some(known));
            found.map_or(Self::NONE, |(_, bits)| Self(*bits))
        };
        match value {
            Value::Array(names) => names.iter().fold(Self::NONE, |types, name| types.or(one(name))),
            name => one(name),
        }
    }

    pub(super) fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Object(_) => Self::OBJECT,
            Value::Array(_) => Self::ARRAY,
            Value::String(_) => Self::STRING,
            Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => {
                Self::INTEGER
            }
            Value::Number(_) => Self::FRACTION,
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// As the value of `type`.
    pub(super) fn keyword(self) -> Value {
        let names = NAMES.iter().filter(|(name, bits)| match *name {
            "integer" => self.and(Self::NUMBER) == Self::INTEGER,
            _ => self.0 & bits == *bits,
        });
        let names: Vec<&str> = names.map(|(name, _)| *name).collect();
        match names.as_slice() {
            [one] => json!(one),
            names => json!(names),
        }
    }
}

/// A value in which a whole number has no fraction.
pub(super) fn canonical_number(value: &Value) -> Value {
    match value {
        Value::Number(number) if !number.is_i64() && !number.is_u64() => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() < 9e15 => json!(float as i64),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(canonical_number).collect(),
        Value::Object(object) => {
            object.iter().map(|(name, value)| (name.clone(), canonical_number(value))).collect()
        }
        other => other.clone(),
    }
}

/// Whether two values are one for a validator.
pub(super) fn equal(one: &Value, other: &Value) -> bool {
    one == other || canonical_number(one) == canonical_number(other)
}
