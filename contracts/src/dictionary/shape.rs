//! What a definition is and what its values must be: shapes and their limits.

use serde_json::{Map, Value};
use std::collections::HashMap;

use super::{DefId, object::ObjectSpec, rule::Rule};
use crate::generated::warning_code::WarningCode;

/// One named definition.
#[derive(Debug)]
pub struct Def {
    /// Its name under `$defs`.
    pub name: String,
    /// What it allows.
    pub shape: Shape,
    /// What absence means, where a property that refers to it does not say otherwise.
    pub default: Option<Value>,
    /// A value that it allows.
    pub example: Option<Value>,
    /// Its rules over several fields.
    pub rules: Vec<Rule>,
}

/// What a value must be.
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
    Integer(IntegerSpec),
    /// A number.
    Number(NumberSpec),
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
    /// What each item must be.
    pub item: Shape,
    /// Fewest items.
    pub min: usize,
    /// Most items.
    pub max: usize,
    /// Whether no item may stand twice.
    pub unique: bool,
    /// Whether order has no meaning: canonical lists are in the enum's order.
    pub sorted: bool,
}

/// A map.
#[derive(Debug)]
pub struct MapSpec {
    /// What each value must be.
    pub value: Shape,
    /// Most entries.
    pub max: usize,
}

/// Bounds of an integer.
#[derive(Clone, Copy, Debug)]
pub struct IntegerSpec {
    /// Least.
    pub min: i64,
    /// Greatest.
    pub max: i64,
    /// It must be a multiple of this.
    pub multiple_of: i64,
}

/// Bounds of a number.
#[derive(Clone, Copy, Debug)]
pub struct NumberSpec {
    /// Least.
    pub min: f64,
    /// Whether the least itself is refused.
    pub min_exclusive: bool,
    /// Greatest.
    pub max: f64,
    /// Whether the greatest itself is refused.
    pub max_exclusive: bool,
}

/// Bounds of a string.
#[derive(Debug)]
pub struct TextSpec {
    /// Fewest code points.
    pub min: usize,
    /// Most code points.
    pub max: usize,
    /// What it must match.
    pub pattern: Option<regex::Regex>,
    /// Whether white space alone is refused.
    pub not_blank: bool,
    /// Whether case has no meaning; canonical is lower.
    pub lower_case: bool,
    /// Other forms that are read.
    pub aliases: Vec<TextAlias>,
}

/// Another form of a string.
#[derive(Debug)]
pub struct TextAlias {
    /// What it matches.
    pub pattern: regex::Regex,
    /// What it becomes.
    pub to: String,
    /// The warning.
    pub warning: WarningCode,
}

/// A closed set of strings.
#[derive(Debug)]
pub struct EnumSpec {
    /// The canonical values, in the schema's order.
    pub values: Vec<String>,
    /// What the schema says of each, where it does.
    pub data: Map<String, Value>,
    /// Lower-case spelling → index, and whether it is an accepted spelling rather than the value itself.
    pub spellings: HashMap<String, (usize, bool)>,
}
