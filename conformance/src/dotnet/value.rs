//! A bound value.

use super::element::Element;

/// A value of a described type.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// null.
    #[default]
    Null,
    /// `bool`.
    Bool(bool),
    /// An integer.
    Integer(i128),
    /// `float`.
    Single(f32),
    /// `double`.
    Double(f64),
    /// `decimal`, as it is written.
    Decimal(String),
    /// `string`, `Uri` or `char`.
    Text(String),
    /// A date, a time, a `TimeSpan` or a `Guid`, as it is written: no encoder escapes it.
    Formed(String),
    /// `byte[]`.
    Bytes(Vec<u8>),
    /// A value of the enum with this index.
    Enum(usize, i64),
    /// `JsonElement`, or an `object` that was read.
    Element(Element),
    /// A list.
    List(Vec<Value>),
    /// A dictionary, in the order of insertion.
    Map(Vec<(String, Value)>),
    /// An instance of the class with this index: the values of its members, and what its extension data caught.
    Object(usize, Vec<Value>),
}
