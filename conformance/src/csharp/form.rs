//! The JSON that a member takes and gives, as far as its type tells it.

use serde::Deserialize;

use super::{
    LISTS, MAPS,
    declaration::{Attribute, Declaration, Kind, attribute},
    expression::Expression,
    kind,
    members::last,
    project::{Names, Project},
    type_name::TypeName,
};
use crate::dotnet::{
    Options,
    clr::Integer,
    options::{Enums, Policy},
};

/// Types within types that are followed: a list of lists of … ends somewhere.
const DEPTH_MAX: usize = 16;

/// The JSON of a member.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Form {
    /// An integer of a type of C#.
    Integer {
        /// The keyword.
        name: String,
    },
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A string.
    Text {
        /// The type of C#, whose own grammar it may have: `Guid`.
        name: String,
    },
    /// A string of an enum's names.
    Enum {
        /// The enum.
        name: String,
        /// Its names in JSON.
        values: Vec<String>,
    },
    /// The number of an enum's member.
    NumberOfEnum {
        /// The enum.
        name: String,
    },
    /// A list.
    List {
        /// Its items.
        of: Box<Form>,
    },
    /// An object whose names are data.
    Map {
        /// Its values.
        of: Box<Form>,
    },
    /// An object of a type.
    Object {
        /// The type.
        name: String,
    },
    /// Any JSON.
    Any,
    /// What a converter makes of it, or a type that is in no source.
    Unknown {
        /// The converter or the type.
        name: String,
    },
}

impl Form {
    /// The type of the objects in it, without its type arguments.
    pub(super) fn object(&self) -> Option<&str> {
        match self {
            Self::Object { name } => name.split('<').next(),
            Self::List { of } | Self::Map { of } => of.object(),
            _ => None,
        }
    }

    /// What is not known of it.
    pub(super) fn unknown(&self) -> Option<&str> {
        match self {
            Self::Unknown { name } => Some(name),
            Self::List { of } | Self::Map { of } => of.unknown(),
            _ => None,
        }
    }
}

/// Reads the forms of a type's members in sources.
pub(super) struct Forms<'p> {
    pub(super) project: &'p Project,
    pub(super) options: &'p Options,
    /// The type, whose open type parameters may be anything.
    pub(super) owner: &'p Declaration,
}

impl Forms<'_> {
    /// The form of a member with its attributes.
    pub(super) fn member(&self, attributes: &[Attribute], of: &TypeName) -> Form {
        let numbers = attribute(attributes, "JsonNumberHandling")
            .or_else(|| attribute(&self.owner.attributes, "JsonNumberHandling"));
        let as_text =
            numbers.and_then(|one| one.values.first()).map_or(self.options.numbers.as_string, writes_text);
        match attribute(attributes, "JsonConverter").map(converter) {
            Some(name) if name == "JsonStringEnumConverter" => {
                self.of(of, as_text, Some(Enums::Names(Policy::None)), 0)
            }
            Some(name) if name == "JsonNumberEnumConverter" => self.of(of, as_text, Some(Enums::Numbers), 0),
            Some(name) => Form::Unknown { name },
            None => self.of(of, as_text, None, 0),
        }
    }

    fn of(&self, of: &TypeName, as_text: bool, enums: Option<Enums>, depth: usize) -> Form {
        let within = |of: &TypeName| Box::new(self.of(of, as_text, enums, depth + 1));
        let unknown = || Form::Unknown { name: self.project.show(of) };
        if depth > DEPTH_MAX {
            return unknown();
        }
        match of {
            TypeName::Nullable(of) => self.of(of, as_text, enums, depth),
            TypeName::Array(of, 0) if of.head() == "byte" => text("byte[]"),
            TypeName::Array(of, 0) => Form::List { of: within(of) },
            TypeName::Named(name, _) if self.owner.type_parameters.contains(name) => Form::Any,
            TypeName::Named(name, arguments) => match (scalar(name), arguments.last()) {
                (Some(Form::Integer { .. } | Form::Number), _) if as_text => text(name),
                (Some(form), _) => form,
                (None, Some(last)) if MAPS.contains(&name.as_str()) => Form::Map { of: within(last) },
                (None, Some(last)) if LISTS.contains(&name.as_str()) => Form::List { of: within(last) },
                (None, Some(last)) if name.ends_with("Memory") && last.head() == "byte" => text("byte[]"),
                _ => match self.project.named(name, arguments.len()) {
                    Some(declared) => self.declared(declared, arguments, enums, &within),
                    None => unknown(),
                },
            },
            TypeName::Array(..) | TypeName::Other(_) => unknown(),
        }
    }

    fn declared(
        &self,
        of: &Declaration,
        arguments: &[TypeName],
        enums: Option<Enums>,
        within: &dyn Fn(&TypeName) -> Box<Form>,
    ) -> Form {
        if of.kind == Kind::Enum {
            return self.enumeration(of, enums);
        }
        let name = of.name.clone();
        match kind(self.project, of) {
            "None" => Form::Unknown { name },
            "Object" => Form::Object { name },
            derived => {
                let names: Names =
                    of.type_parameters.iter().cloned().zip(arguments.iter().cloned()).collect();
                let (hierarchy, _) = self.project.hierarchy(of);
                let bases = hierarchy.iter().flat_map(|(one, above)| {
                    one.bases.iter().map(|base| base.with(above).with(&names)).collect::<Vec<_>>()
                });
                let mut elements = bases.filter_map(|base| match base {
                    TypeName::Named(name, arguments)
                        if LISTS.contains(&name.as_str()) || MAPS.contains(&name.as_str()) =>
                    {
                        arguments.last().cloned()
                    }
                    _ => None,
                });
                match (elements.next(), derived) {
                    (Some(element), "Dictionary") => Form::Map { of: within(&element) },
                    (Some(element), _) => Form::List { of: within(&element) },
                    (None, _) => Form::Unknown { name },
                }
            }
        }
    }

    /// An enum by the converter of its member, else by its own, else by the options.
    fn enumeration(&self, of: &Declaration, by_member: Option<Enums>) -> Form {
        let name = of.name.clone();
        let own = match attribute(&of.attributes, "JsonConverter").map(converter) {
            Some(name) if name == "JsonStringEnumConverter" => Some(Enums::Names(Policy::None)),
            Some(name) if name == "JsonNumberEnumConverter" => Some(Enums::Numbers),
            Some(name) if by_member.is_none() => return Form::Unknown { name },
            _ => None,
        };
        match by_member.or(own).unwrap_or(self.options.enums) {
            Enums::Numbers => Form::NumberOfEnum { name },
            Enums::Names(policy) => {
                let values = of.values.iter();
                let values = values.map(|(name, json)| json.clone().unwrap_or_else(|| policy.of(name)));
                Form::Enum { name, values: values.collect() }
            }
        }
    }
}

fn text(name: &str) -> Form {
    Form::Text { name: name.to_owned() }
}

/// The form of a type of the base library.
fn scalar(name: &str) -> Option<Form> {
    if Integer::of_keyword(name).is_some() {
        return Some(Form::Integer { name: name.to_owned() });
    }
    Some(match name {
        "float" | "double" | "decimal" | "Half" => Form::Number,
        "bool" => Form::Boolean,
        "string" | "char" | "DateTime" | "DateTimeOffset" | "DateOnly" | "TimeOnly" | "TimeSpan" | "Guid"
        | "Uri" | "Version" => text(name),
        "object" | "JsonElement" | "JsonNode" | "JsonDocument" | "JsonValue" => Form::Any,
        "JsonObject" => Form::Map { of: Box::new(Form::Any) },
        "JsonArray" => Form::List { of: Box::new(Form::Any) },
        _ => return None,
    })
}

/// The name of the converter of a `[JsonConverter]`.
fn converter(found: &Attribute) -> String {
    let of = match found.values.first() {
        Some(Expression::TypeOf(of)) => Some(of),
        _ => found.types.first(),
    };
    of.map_or_else(|| "a converter".to_owned(), |of| of.head().to_owned())
}

fn writes_text(handling: &Expression) -> bool {
    match handling {
        Expression::Both(left, right) => writes_text(left) || writes_text(right),
        one => last(one) == "WriteAsString",
    }
}
