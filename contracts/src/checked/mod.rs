//! Limits that a type enforces; the newtypes in [`types`](crate::types) are made of them.
//!
//! Each newtype has `LIMITS`, `new` (which names the limit that a value breaks), `get` or `Deref`, and reads from JSON
//! only what is within its limits. A string is checked where it lies and copied once.

mod collection;
mod newtype;
mod number;
mod text;

pub use collection::{ListLimits, MapLimits};
pub use number::{Edge, IntegerLimits, NumberLimits};
pub use text::{Form, LazyRegex, Piece, TextLimits};

pub(crate) use collection::{read_list, read_map};
pub(crate) use newtype::{impls, integer, list, map, number, text};
pub(crate) use number::{read_integer, read_number};
pub(crate) use text::{compile, read_text};

/// A limit that a value breaks.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LimitError {
    /// An integer outside its limits.
    #[error("{value} is not within {minimum}..={maximum}")]
    Integer {
        /// The value.
        value: i128,
        /// The least.
        minimum: i64,
        /// The greatest.
        maximum: i64,
    },
    /// An integer that the divisor does not divide.
    #[error("{value} is not a multiple of {multiple_of}")]
    Multiple {
        /// The value.
        value: i128,
        /// The divisor.
        multiple_of: i64,
    },
    /// A number outside its limits, or not finite.
    #[error("{value} is not {limits}")]
    Number {
        /// The value.
        value: f64,
        /// The limits.
        limits: NumberLimits,
    },
    /// A string with too few or too many code points.
    #[error("{length} code points are not within {minimum}..={maximum}")]
    Length {
        /// Its code points.
        length: u64,
        /// The fewest.
        minimum: u64,
        /// The most.
        maximum: u64,
    },
    /// A string of nothing but white space.
    #[error("the text is blank")]
    Blank,
    /// A string that does not match.
    #[error("the text does not match {pattern}")]
    Form {
        /// The pattern.
        pattern: &'static str,
    },
    /// A list or map with too few or too many entries.
    #[error("{count} entries are not within {minimum}..={maximum}")]
    Count {
        /// Its entries; in a list that is read, no more than one above the most.
        count: u64,
        /// The fewest.
        minimum: u64,
        /// The most.
        maximum: u64,
    },
    /// An item that stands in a unique list twice.
    #[error("item {index} stands in the list already")]
    Twice {
        /// The place of the second one, from 0.
        index: usize,
    },
}
