//! Types as a source writes them.

use std::collections::HashMap;
use tree_sitter::Node;

use super::syntax::{children, field, text_of};

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TypeName {
    /// A name without its namespace, with the arguments of a generic.
    Named(String, Vec<TypeName>),
    /// One with `?`.
    Nullable(Box<TypeName>),
    /// An array, with the commas of its rank.
    Array(Box<TypeName>, usize),
    /// What the serialiser does not take: pointers, references.
    Other(String),
}

/// Value types of the base library.
const VALUES: [&str; 27] = [
    "bool",
    "sbyte",
    "byte",
    "short",
    "ushort",
    "int",
    "uint",
    "long",
    "ulong",
    "IntPtr",
    "UIntPtr",
    "float",
    "double",
    "decimal",
    "char",
    "DateTime",
    "DateTimeOffset",
    "DateOnly",
    "TimeOnly",
    "TimeSpan",
    "Guid",
    "JsonElement",
    "Half",
    "Int128",
    "UInt128",
    "ValueTuple",
    "KeyValuePair",
];

impl TypeName {
    /// Reads a type.
    pub(super) fn of(node: Node<'_>, source: &str) -> Self {
        match node.kind() {
            "nullable_type" => {
                let of = field(node, "type").map(|of| Self::of(of, source));
                of.map_or_else(|| Self::Other(text_of(node, source)), |of| Self::Nullable(Box::new(of)))
            }
            "array_type" => {
                let rank = field(node, "rank").map_or(0, |rank| text_of(rank, source).matches(',').count());
                let of = field(node, "type").map(|of| Self::of(of, source));
                of.map_or_else(|| Self::Other(text_of(node, source)), |of| Self::Array(Box::new(of), rank))
            }
            "tuple_type" => {
                let elements = children(node).into_iter().filter(|child| child.kind() == "tuple_element");
                let types =
                    elements.filter_map(|element| field(element, "type")).map(|of| Self::of(of, source));
                Self::Named("ValueTuple".to_owned(), types.collect())
            }
            "generic_name" => {
                let mut parts = children(node).into_iter();
                let name = parts.next().map_or_else(String::new, |name| text_of(name, source));
                let arguments = parts.next().map(children).into_iter().flatten();
                Self::named(&name, arguments.map(|of| Self::of(of, source)).collect())
            }
            "qualified_name" | "alias_qualified_name" => field(node, "name")
                .map_or_else(|| Self::Other(text_of(node, source)), |name| Self::of(name, source)),
            "predefined_type" | "identifier" => Self::named(&text_of(node, source), Vec::new()),
            "primary_constructor_base_type" => field(node, "type")
                .map_or_else(|| Self::Other(text_of(node, source)), |of| Self::of(of, source)),
            _ => Self::Other(text_of(node, source)),
        }
    }

    fn named(name: &str, mut arguments: Vec<Self>) -> Self {
        let name = name.trim_start_matches('@');
        if name == "Nullable" && arguments.len() == 1 {
            return Self::Nullable(Box::new(arguments.remove(0)));
        }
        let keyword = match name {
            "Boolean" => "bool",
            "SByte" => "sbyte",
            "Byte" => "byte",
            "Int16" => "short",
            "UInt16" => "ushort",
            "Int32" => "int",
            "UInt32" => "uint",
            "Int64" => "long",
            "UInt64" => "ulong",
            "Single" => "float",
            "Double" => "double",
            "Decimal" => "decimal",
            "String" => "string",
            "Char" => "char",
            "Object" | "dynamic" => "object",
            "nint" => "IntPtr",
            "nuint" => "UIntPtr",
            other => other,
        };
        Self::Named(keyword.to_owned(), arguments)
    }

    /// It with aliases and type parameters replaced.
    pub(super) fn with(&self, names: &HashMap<String, Self>) -> Self {
        match self {
            Self::Named(name, arguments) => match names.get(name) {
                Some(of) if arguments.is_empty() => of.clone(),
                _ => Self::Named(name.clone(), arguments.iter().map(|of| of.with(names)).collect()),
            },
            Self::Nullable(of) => match of.with(names) {
                already @ Self::Nullable(_) => already,
                of => Self::Nullable(Box::new(of)),
            },
            Self::Array(of, rank) => Self::Array(Box::new(of.with(names)), *rank),
            Self::Other(text) => Self::Other(text.clone()),
        }
    }

    /// Its name without arguments.
    pub(super) fn head(&self) -> &str {
        match self {
            Self::Named(name, _) => name,
            Self::Nullable(of) => of.head(),
            Self::Array(..) => "[]",
            Self::Other(text) => text,
        }
    }

    /// Whether null is none of its values.
    pub(super) fn is_value(&self, is_own_value: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::Named(name, _) => VALUES.contains(&name.as_str()) || is_own_value(name),
            _ => false,
        }
    }

    /// Whether it is a value type with `?`.
    pub(super) fn is_nullable_value(&self, is_own_value: &dyn Fn(&str) -> bool) -> bool {
        matches!(self, Self::Nullable(of) if of.is_value(is_own_value))
    }

    /// It as the runtime names it: `?` stands only where it makes another type.
    pub(super) fn show(&self, is_own_value: &dyn Fn(&str) -> bool) -> String {
        match self {
            Self::Named(name, arguments) if arguments.is_empty() => name.clone(),
            Self::Named(name, arguments) => {
                let arguments: Vec<String> = arguments.iter().map(|of| of.show(is_own_value)).collect();
                format!("{name}<{}>", arguments.join(", "))
            }
            Self::Nullable(of) if of.is_value(is_own_value) => format!("{}?", of.show(is_own_value)),
            Self::Nullable(of) => of.show(is_own_value),
            Self::Array(of, rank) => format!("{}[{}]", of.show(is_own_value), ",".repeat(*rank)),
            Self::Other(text) => text.clone(),
        }
    }
}
