//! Limits of integers and numbers.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::LimitError;

/// Limits of an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntegerLimits {
    /// The least.
    pub minimum: i64,
    /// The greatest.
    pub maximum: i64,
    /// It must be a multiple of this; 1 for any integer.
    pub multiple_of: i64,
}

impl IntegerLimits {
    /// Whether a value is within the limits.
    ///
    /// # Errors
    /// [`LimitError::Integer`] or [`LimitError::Multiple`].
    pub fn check(&self, value: i128) -> Result<(), LimitError> {
        let Self { minimum, maximum, multiple_of } = *self;
        if value < i128::from(minimum) || value > i128::from(maximum) {
            return Err(LimitError::Integer { value, minimum, maximum });
        }
        // Within 64 bits now, which divide faster than 128 do.
        if value as i64 % multiple_of != 0 {
            return Err(LimitError::Multiple { value, multiple_of });
        }
        Ok(())
    }

    pub(crate) fn schema(&self) -> schemars::Schema {
        let Self { minimum, maximum, multiple_of } = *self;
        let mut schema =
            schemars::json_schema!({ "type": "integer", "minimum": minimum, "maximum": maximum });
        if multiple_of != 1 {
            schema.insert("multipleOf".to_owned(), multiple_of.into());
        }
        schema
    }
}

impl fmt::Display for IntegerLimits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "within {}..={}", self.minimum, self.maximum)?;
        if self.multiple_of != 1 {
            write!(formatter, ", a multiple of {}", self.multiple_of)?;
        }
        Ok(())
    }
}

/// Reads an integer within limits.
pub(crate) fn read_integer<'de, D, T>(deserializer: D, limits: &IntegerLimits) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128>,
{
    let value = deserializer.deserialize_i64(IntegerVisitor(limits))?;
    T::try_from(value).map_err(|_| de::Error::custom(format_args!("{value} is not {limits}")))
}

struct IntegerVisitor<'a>(&'a IntegerLimits);

impl Visitor<'_> for IntegerVisitor<'_> {
    type Value = i128;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an integer {}", self.0)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<i128, E> {
        self.0.check(value.into()).map(|()| value.into()).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<i128, E> {
        self.0.check(value.into()).map(|()| value.into()).map_err(E::custom)
    }
}

/// One end of a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Edge {
    /// The end itself is allowed.
    At(f64),
    /// The end itself is not allowed.
    Beyond(f64),
}

impl Edge {
    /// The end itself.
    #[must_use]
    pub fn value(self) -> f64 {
        match self {
            Self::At(edge) | Self::Beyond(edge) => edge,
        }
    }

    /// Whether the end itself is not allowed.
    #[must_use]
    pub fn is_exclusive(self) -> bool {
        matches!(self, Self::Beyond(_))
    }
}

/// Limits of a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumberLimits {
    /// The lower end.
    pub minimum: Edge,
    /// The upper end.
    pub maximum: Edge,
}

impl NumberLimits {
    /// Whether a value is within the limits.
    ///
    /// # Errors
    /// [`LimitError::Number`], of NaN and the infinities too.
    pub fn check(&self, value: f64) -> Result<(), LimitError> {
        let above = match self.minimum {
            Edge::At(edge) => value >= edge,
            Edge::Beyond(edge) => value > edge,
        };
        let below = match self.maximum {
            Edge::At(edge) => value <= edge,
            Edge::Beyond(edge) => value < edge,
        };
        if above && below { Ok(()) } else { Err(LimitError::Number { value, limits: *self }) }
    }

    pub(crate) fn schema(&self) -> schemars::Schema {
        let mut schema = schemars::json_schema!({ "type": "number" });
        let (name, edge) = match self.minimum {
            Edge::At(edge) => ("minimum", edge),
            Edge::Beyond(edge) => ("exclusiveMinimum", edge),
        };
        schema.insert(name.to_owned(), edge.into());
        let (name, edge) = match self.maximum {
            Edge::At(edge) => ("maximum", edge),
            Edge::Beyond(edge) => ("exclusiveMaximum", edge),
        };
        schema.insert(name.to_owned(), edge.into());
        schema
    }
}

impl fmt::Display for NumberLimits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.minimum {
            Edge::At(edge) => write!(formatter, "≥ {edge} and ")?,
            Edge::Beyond(edge) => write!(formatter, "> {edge} and ")?,
        }
        match self.maximum {
            Edge::At(edge) => write!(formatter, "≤ {edge}"),
            Edge::Beyond(edge) => write!(formatter, "< {edge}"),
        }
    }
}

/// Reads a number within limits.
pub(crate) fn read_number<'de, D>(deserializer: D, limits: &NumberLimits) -> Result<f64, D::Error>
where
    D: Deserializer<'de>,
{
    let value = f64::deserialize(deserializer)?;
    limits.check(value).map(|()| value).map_err(de::Error::custom)
}
