//! Definitions, and the shapes and limits of their values.

use serde_json::{Map, Value};

use super::{DefId, Table, object::ObjectSpec, rule::Rule};
use crate::{
    checked::{IntegerLimits, ListLimits, MapLimits, NumberLimits, TextLimits},
    generated::warning_code::WarningCode,
};

/// One named definition.
#[derive(Debug)]
pub struct Def {
    /// Its name under `$defs`.
    pub name: String,
    /// The shape of its values.
    pub shape: Shape,
    /// The value of an absent property that refers to it and has no default of its own.
    pub default: Option<Value>,
    /// A value that it allows.
    pub example: Option<Value>,
    /// Its rules over several fields.
    pub rules: Vec<Rule>,
}

/// The shape of a value.
#[derive(Debug)]
pub enum Shape {
    /// Another definition.
    Ref(DefId),
    /// A closed object.
    Object(Box<ObjectSpec>),
    /// A list.
    List(Box<ListSpec>),
    /// A map: its keys are data.
    Map(Box<MapSpec>),
    /// An integer.
    Integer(IntegerLimits),
    /// A number.
    Number(NumberLimits),
    /// A string.
    Text(Box<TextSpec>),
    /// A string of a closed set.
    Enum(Box<EnumSpec>),
    /// A boolean.
    Boolean,
    /// `null` alone.
    Null,
    /// `null`, or the shape.
    Nullable(Box<Shape>),
    /// Any JSON.
    Any,
}

/// A list.
#[derive(Debug)]
pub struct ListSpec {
    /// The shape of each item.
    pub item: Shape,
    /// How many items it has, and whether each stands once.
    pub limits: ListLimits,
    /// Whether order has no meaning: canonical lists are in the enum's order.
    pub sorted: bool,
}

/// A map.
#[derive(Debug)]
pub struct MapSpec {
    /// The shape of each value.
    pub value: Shape,
    /// How many entries it has.
    pub limits: MapLimits,
}

/// A string.
#[derive(Debug)]
pub struct TextSpec {
    /// Its length and form.
    pub limits: TextLimits,
    /// Whether case has no meaning; canonical is lower.
    pub lower_case: bool,
    /// Other forms that are read.
    pub aliases: Vec<TextAlias>,
}

/// Another form of a string.
#[derive(Debug)]
pub struct TextAlias {
    /// The spellings that it matches.
    pub pattern: regex::Regex,
    /// The canonical spelling.
    pub to: String,
    /// The warning.
    pub warning: WarningCode,
}

/// A closed set of strings.
#[derive(Debug)]
pub struct EnumSpec {
    /// The canonical values, in the schema's order.
    pub values: Vec<String>,
    /// The entries of `x-values`, by value.
    pub data: Map<String, Value>,
    /// Lower-case spelling → index, and whether it is an accepted spelling rather than the value itself.
    pub spellings: Table<(usize, bool)>,
}
