//! Declarations of types and members, as the sources write them.

use super::{expression::Expression, type_name::TypeName};
use crate::source::Place;

/// The kind of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Class,
    Struct,
    Interface,
    Enum,
}

/// An attribute of `System.Text.Json.Serialization` or of the compiler.
#[derive(Clone, Debug)]
pub(super) struct Attribute {
    /// Its name without namespace and without `Attribute`.
    pub(super) name: String,
    /// `property`, `field` and so on, if it is written.
    pub(super) target: Option<String>,
    /// Arguments without a name.
    pub(super) values: Vec<Expression>,
    /// Arguments with a name.
    pub(super) named: Vec<(String, Expression)>,
    /// Type arguments.
    pub(super) types: Vec<TypeName>,
    pub(super) line: usize,
}

/// A type.
#[derive(Clone, Debug)]
pub(super) struct Declaration {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) kind: Kind,
    pub(super) is_record: bool,
    /// Whether it is declared in another type.
    pub(super) is_nested: bool,
    pub(super) modifiers: Vec<String>,
    pub(super) type_parameters: Vec<String>,
    /// Those of them that are structs by their constraint.
    pub(super) structs: Vec<String>,
    /// Those that are never null by their constraint.
    pub(super) never_null: Vec<String>,
    pub(super) bases: Vec<TypeName>,
    pub(super) attributes: Vec<Attribute>,
    /// Of a record or a primary constructor.
    pub(super) parameters: Option<Vec<Parameter>>,
    pub(super) members: Vec<Property>,
    pub(super) constructors: Vec<Constructor>,
    pub(super) constants: Vec<(String, Expression)>,
    /// Names of an enum, with their names in JSON.
    pub(super) values: Vec<(String, Option<String>)>,
}

/// A property or a field.
#[derive(Clone, Debug)]
pub(super) struct Property {
    pub(super) name: String,
    pub(super) type_name: TypeName,
    pub(super) place: Place,
    pub(super) attributes: Vec<Attribute>,
    pub(super) modifiers: Vec<String>,
    pub(super) is_field: bool,
    /// Whether it has an accessor, and whether that one is public.
    pub(super) getter: Option<bool>,
    pub(super) setter: Option<bool>,
    /// Whether nullable annotations mean something there.
    pub(super) nullable: bool,
    /// Its value in a new instance, as written.
    pub(super) initial: Option<String>,
}

/// A parameter of a constructor.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) type_name: TypeName,
    pub(super) has_default: bool,
    /// Its default, as written.
    pub(super) default: Option<String>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) nullable: bool,
    pub(super) place: Place,
}

/// A constructor.
#[derive(Clone, Debug)]
pub(super) struct Constructor {
    pub(super) is_public: bool,
    pub(super) attributes: Vec<Attribute>,
    pub(super) parameters: Vec<Parameter>,
}

/// The attribute of a name.
pub(super) fn attribute<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes.iter().find(|attribute| attribute.name == name)
}

impl Declaration {
    pub(super) fn is(&self, modifier: &str) -> bool {
        self.modifiers.iter().any(|other| other == modifier)
    }
}

impl Property {
    pub(super) fn is(&self, modifier: &str) -> bool {
        self.modifiers.iter().any(|other| other == modifier)
    }
}
