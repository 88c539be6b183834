//! The JSON members of a type: what the metadata of System.Text.Json would hold, by the rules of its resolver.

use super::{
    constructor,
    declaration::{Attribute, Declaration, Property, attribute},
    expression::Expression,
    form::{Form, Forms},
    limits::Limits,
    project::{Names, Project},
    type_name::TypeName,
};
use crate::{dotnet::Options, source::Place};

/// A member of a type in JSON.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Row {
    /// Its name in JSON.
    pub json: String,
    /// Its name in C#.
    pub member: String,
    /// Its type, as the runtime names it.
    pub clr: String,
    /// Whether a value in JSON reaches it.
    pub read: bool,
    /// Whether it is written.
    pub write: bool,
    /// The parameter of the constructor that it is bound through.
    pub by_constructor: Option<String>,
    /// Whether that parameter has a default.
    pub has_default: Option<bool>,
    /// Whether an object without it is refused.
    pub required: bool,
    /// Whether its annotation allows null.
    pub null_to_set: bool,
    /// `[JsonPropertyOrder]`.
    pub order: i64,
    /// Whether it catches unknown names.
    pub extension: bool,
    /// The converter that its attribute names.
    pub converter: Option<String>,
    /// Whether it is not always written.
    pub conditional_write: bool,
    /// The JSON that it is.
    #[serde(skip)]
    pub form: Form,
    /// Whether null is none of its values.
    #[serde(skip)]
    pub never_null: bool,
    /// Whether its attribute fixes its name.
    #[serde(skip)]
    pub named: bool,
    /// Whether the initial value of its type is left out when it is written.
    #[serde(skip)]
    pub skips_default: bool,
    /// The limits of its validation attributes.
    #[serde(skip)]
    pub limits: Limits,
    /// Where it is declared.
    #[serde(skip)]
    pub place: Place,
    /// Its value in a new instance, as written.
    #[serde(skip)]
    pub initial: Option<String>,
}

/// Why the serialiser refuses a type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unserialisable {
    /// A member without null is to be left out when it is null.
    #[error("{member} is never null, and is to be left out when it is")]
    NeverNull {
        /// The member.
        member: String,
    },
    /// A member has a type that has no JSON.
    #[error("{member} has the type {written}")]
    NoJson {
        /// The member.
        member: String,
        /// Its type, as it is written.
        written: String,
    },
    /// A member for unknown names is no dictionary of them.
    #[error("{member} cannot catch unknown names in a {clr}")]
    CannotCatch {
        /// The member.
        member: String,
        /// Its type, as the runtime names it.
        clr: String,
    },
    /// Two members have one name in JSON.
    #[error("{first} and {second} have the JSON name {json:?}")]
    SameName {
        /// The member that is declared first.
        first: String,
        /// The other one.
        second: String,
        /// Their name.
        json: String,
    },
    /// Real .NET says why.
    #[error("{0}")]
    ByDotnet(String),
}

/// The members of a type under options, or the reason why it cannot be serialised.
pub(super) fn members(
    project: &Project,
    of: &Declaration,
    options: &Options,
    undecided: &mut Vec<(Place, String)>,
) -> Result<Vec<Row>, Unserialisable> {
    let (hierarchy, unknown) = project.hierarchy(of);
    if let Some(base) = unknown {
        undecided.push((of.place.clone(), format!("{} has the base {base}, which is in no source", of.name)));
    }
    let mut resolver = Resolver { project, options, rows: Vec::new(), ignored: Vec::new(), undecided };
    for (index, (declaration, names)) in hierarchy.iter().enumerate() {
        let (_, above) = hierarchy.split_at(index + 1);
        resolver.declared_by(declaration, names, above)?;
    }
    let mut rows: Vec<Row> = resolver.rows.into_iter().map(|added| added.row).collect();
    constructor::bind(project, &hierarchy, options, &mut rows);
    if rows.iter().any(|row| row.order != 0) {
        rows.sort_by_key(|row| row.order);
    }
    Ok(rows)
}

struct Added {
    row: Row,
    is_ignored: bool,
}

struct Ignored {
    member: String,
    clr: String,
    is_virtual: bool,
}

struct Resolver<'p> {
    project: &'p Project,
    options: &'p Options,
    rows: Vec<Added>,
    ignored: Vec<Ignored>,
    undecided: &'p mut Vec<(Place, String)>,
}

impl Resolver<'_> {
    fn declared_by(
        &mut self,
        declaration: &Declaration,
        names: &Names,
        above: &[(&Declaration, Names)],
    ) -> Result<(), Unserialisable> {
        let positional = constructor::positional(declaration, above);
        let all: Vec<&Property> = positional.iter().chain(&declaration.members).collect();
        let (fields, properties): (Vec<&Property>, Vec<&Property>) =
            all.into_iter().partition(|one| one.is_field);
        for property in properties.into_iter().chain(fields) {
            if property.is("static") {
                continue;
            }
            let is_included = attribute(&property.attributes, "JsonInclude").is_some();
            let is_public =
                !property.is_field && (property.getter == Some(true) || property.setter == Some(true));
            if is_public || is_included {
                self.add(declaration, property, names, is_included)?;
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        owner: &Declaration,
        property: &Property,
        names: &Names,
        is_included: bool,
    ) -> Result<(), Unserialisable> {
        let clr = self.project.show(&self.project.substituted(owner, &property.type_name, names));
        let is_virtual = property.is("virtual") || property.is("override") || property.is("abstract");
        let overrides_ignored = |ignored: &Ignored| {
            ignored.member == property.name && ignored.clr == clr && ignored.is_virtual && is_virtual
        };
        if self.ignored.iter().any(overrides_ignored) {
            return Ok(());
        }
        let (row, is_ignored) = self.row(owner, property, names, clr.clone(), is_included)?;
        let same = |added: &&mut Added| {
            added.row.json == row.json
                || (self.options.case_insensitive
                    && contracts::naming::ordinal_ignore_case(&added.row.json, &row.json))
        };
        match self.rows.iter_mut().find(same) {
            None => self.rows.push(Added { row, is_ignored }),
            Some(other) if other.is_ignored => *other = Added { row, is_ignored },
            Some(other) => {
                let is_hidden = is_ignored
                    || other.row.member == property.name
                    || self.ignored.iter().any(|ignored| ignored.member == property.name);
                if !is_hidden {
                    return Err(Unserialisable::SameName {
                        first: other.row.member.clone(),
                        second: property.name.clone(),
                        json: row.json,
                    });
                }
            }
        }
        if is_ignored {
            self.ignored.push(Ignored { member: property.name.clone(), clr, is_virtual });
        }
        Ok(())
    }

    fn row(
        &mut self,
        owner: &Declaration,
        property: &Property,
        names: &Names,
        clr: String,
        is_included: bool,
    ) -> Result<(Row, bool), Unserialisable> {
        let attributes = &property.attributes;
        let json = self.json_name(owner, property);
        let condition = attribute(attributes, "JsonIgnore").map(ignore_condition);
        let is_ignored = condition == Some("Always");
        let of = self.project.substituted(owner, &property.type_name, names);
        let is_value = of.is_value(&|name| self.project.is_value(name));
        if condition == Some("WhenWritingNull") && is_value {
            return Err(Unserialisable::NeverNull { member: property.name.clone() });
        }
        if let (TypeName::Other(written), false) = (&of, is_ignored) {
            return Err(Unserialisable::NoJson { member: property.name.clone(), written: written.clone() });
        }
        let extension = attribute(attributes, "JsonExtensionData").is_some();
        if extension && !can_catch(&clr) {
            return Err(Unserialisable::CannotCatch { member: property.name.clone(), clr });
        }
        let usable = |accessor: Option<bool>| accessor.is_some_and(|is_public| is_public || is_included);
        let has_setter = usable(property.setter);
        let populates = attribute(attributes, "JsonObjectCreationHandling")
            .or_else(|| attribute(&owner.attributes, "JsonObjectCreationHandling"));
        let populates =
            populates.and_then(|one| one.values.first()).is_some_and(|value| last(value) == "Populate");
        let is_filled = populates && usable(property.getter) && can_be_filled(&of);
        let row = Row {
            json,
            member: property.name.clone(),
            clr,
            read: !is_ignored && condition != Some("WhenReading") && (has_setter || is_filled || extension),
            write: !is_ignored && usable(property.getter),
            by_constructor: None,
            has_default: None,
            required: property.is("required") && !constructor::sets_required(owner)
                || attribute(attributes, "JsonRequired").is_some(),
            null_to_set: self.null_to_set(owner, property, &of, has_setter),
            order: attribute(attributes, "JsonPropertyOrder").map_or(0, |order| match order.values.first() {
                Some(Expression::Integer(order)) => *order,
                _ => 0,
            }),
            extension,
            converter: self.converter(property),
            // A condition of its own, even `Never`, takes the place of that of the options.
            conditional_write: condition.is_some_and(|condition| condition != "WhenReading"),
            form: Forms { project: self.project, options: self.options, owner }.member(attributes, &of),
            never_null: is_value,
            named: attribute(attributes, "JsonPropertyName").is_some(),
            skips_default: condition == Some("WhenWritingDefault"),
            limits: Limits::of(attributes),
            place: property.place.clone(),
            initial: property.initial.clone(),
        };
        Ok((row, is_ignored))
    }

    fn json_name(&mut self, owner: &Declaration, property: &Property) -> String {
        let by_policy = || self.options.policy.of(&property.name);
        let Some(named) = attribute(&property.attributes, "JsonPropertyName") else { return by_policy() };
        match named.values.first().and_then(|value| self.project.text(value, owner)) {
            Some(json) => json,
            None => {
                let place = Place { line: named.line, ..property.place.clone() };
                let why = format!("the JSON name of {} is a constant of no source", property.name);
                self.undecided.push((place, why));
                by_policy()
            }
        }
    }

    /// Whether null may be set, by the annotation of the type and the attributes of the compiler.
    fn null_to_set(&self, owner: &Declaration, property: &Property, of: &TypeName, has_setter: bool) -> bool {
        let is_value = |name: &str| self.project.is_value(name);
        if of.is_value(&is_value) || of.is_nullable_value(&is_value) {
            return of.is_nullable_value(&is_value);
        }
        let is_open = matches!(&property.type_name, TypeName::Named(name, _)
            if owner.type_parameters.contains(name) && !owner.never_null.contains(name));
        if !has_setter || is_open || attribute(&property.attributes, "AllowNull").is_some() {
            return true;
        }
        if attribute(&property.attributes, "DisallowNull").is_some() {
            return false;
        }
        !property.nullable || matches!(of, TypeName::Nullable(_))
    }

    /// The converter of a member.
    fn converter(&self, property: &Property) -> Option<String> {
        let found = attribute(&property.attributes, "JsonConverter")?;
        let of = match found.values.first() {
            Some(Expression::TypeOf(of)) => of.clone(),
            _ => found.types.first()?.clone(),
        };
        let name = of.head().to_owned();
        let is_value = |name: &str| self.project.is_value(name);
        Some(match &of {
            _ if property.type_name.is_nullable_value(&is_value) => "NullableConverter`1".to_owned(),
            TypeName::Named(_, arguments) if !arguments.is_empty() => format!("{name}`{}", arguments.len()),
            _ => name,
        })
    }
}

/// `JsonIgnore` without a condition is always.
fn ignore_condition(ignore: &Attribute) -> &str {
    let condition = ignore.named.iter().find(|(name, _)| name == "Condition");
    condition.map_or("Always", |(_, value)| last(value))
}

/// The last name of a path.
pub(super) fn last(expression: &Expression) -> &str {
    match expression {
        Expression::Path(path) => path.last().map_or("", String::as_str),
        _ => "",
    }
}

/// Whether a type can be `[JsonExtensionData]`.
fn can_catch(clr: &str) -> bool {
    let values =
        clr.strip_suffix('>').and_then(|clr| clr.split_once("Dictionary<string, ")).map(|(_, values)| values);
    clr == "JsonObject" || matches!(values, Some("object" | "JsonElement"))
}

/// Whether the serialiser can add to an instance that is there.
fn can_be_filled(of: &TypeName) -> bool {
    !matches!(of, TypeName::Array(..))
        && !matches!(of.head(), "string" | "IEnumerable" | "IReadOnlyList" | "IReadOnlyCollection")
}
