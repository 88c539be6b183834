//! The bundle lowered to what a type can be: every inline scalar, list, map and enum of a property has a name of
//! its own, so that each language gives it one checked type.

use std::collections::HashSet;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Number, Value};

use crate::schemas::{Bundle, reference_name};

/// Every type, in the order of the bundle; hoisted ones stand before the definition they come from.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    /// The types, each name once.
    pub(crate) types: Vec<Named>,
}

/// One named type.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    /// Its name, in CamelCase.
    pub(crate) name: String,
    /// What it is.
    pub(crate) description: String,
    /// Its unit, of numbers.
    pub(crate) unit: Option<String>,
    /// What it allows.
    pub(crate) shape: Shape,
    /// The table that gives an enum its values.
    pub(crate) enum_from: Option<String>,
}

/// What a type allows.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    /// An object with these members and no other.
    Struct(Vec<Field>),
    /// One of these strings.
    Enum(Vec<String>),
    /// A string.
    Text(Text),
    /// An integer, without fraction or exponent.
    Integer(Integer),
    /// A number.
    Number(Decimal),
    /// A list.
    List {
        /// Its items.
        item: TypeRef,
        /// Fewest items.
        minimum: u64,
        /// Most items.
        maximum: u64,
        /// No item twice.
        unique: bool,
    },
    /// A map from any string.
    Map {
        /// Its values.
        value: TypeRef,
        /// Most entries.
        maximum: u64,
    },
}

/// Limits of a string, in code points.
#[derive(Debug, Clone, Default)]
pub(crate) struct Text {
    /// Fewest code points.
    pub(crate) minimum: u64,
    /// Most code points.
    pub(crate) maximum: Option<u64>,
    /// A pattern that it matches.
    pub(crate) pattern: Option<String>,
    /// Something other than white space is in it.
    pub(crate) not_blank: bool,
}

/// Limits of an integer.
#[derive(Debug, Clone)]
pub(crate) struct Integer {
    /// The least.
    pub(crate) minimum: i64,
    /// The greatest.
    pub(crate) maximum: i64,
    /// A divisor.
    pub(crate) multiple_of: Option<i64>,
}

/// Limits of a number.
#[derive(Debug, Clone)]
pub(crate) struct Decimal {
    /// The least, and whether it is itself left out.
    pub(crate) minimum: (f64, bool),
    /// The greatest, and whether it is itself left out.
    pub(crate) maximum: (f64, bool),
}

/// The type of a member, an item or a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TypeRef {
    /// One of the types.
    Named(String),
    /// A boolean.
    Boolean,
    /// `null`.
    Null,
    /// Any JSON.
    Any,
}

/// One member of an object.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// Its canonical name.
    pub(crate) name: String,
    /// Its name in C#.
    pub(crate) csharp: String,
    /// What it is.
    pub(crate) description: String,
    /// Its type.
    pub(crate) kind: TypeRef,
    /// Whether it must be there.
    pub(crate) presence: Presence,
    /// Its default as JSON, its own or its type's.
    pub(crate) default: Option<Value>,
    /// Whether a default applies whatever else the document says; one that hangs on the device alone does.
    pub(crate) defaults_always: bool,
}

/// Whether a member must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Always, and never null.
    Required,
    /// May be left out, but is never null.
    Optional,
    /// Always, and null says something.
    Nullable,
}

impl Model {
    /// Lowers the bundle.
    ///
    /// # Errors
    /// A schema outside the subset, or a hoisted name that is taken.
    pub(crate) fn of(bundle: &Bundle) -> Result<Self> {
        let mut lowering = Lowering { bundle, types: Vec::new() };
        for (name, schema) in &bundle.definitions {
            if nullable_of(schema).is_none() {
                lowering.define(name, schema).with_context(|| format!("$defs/{name}"))?;
            }
        }
        let mut seen = HashSet::new();
        for named in &lowering.types {
            if !seen.insert(named.name.as_str()) {
                bail!("two types would be called {}: rename a definition or a property", named.name);
            }
        }
        Ok(Self { types: lowering.types })
    }

    /// A type by its name.
    pub(crate) fn get(&self, name: &str) -> Option<&Named> {
        self.types.iter().find(|named| named.name == name)
    }
}

struct Lowering<'a> {
    bundle: &'a Bundle,
    types: Vec<Named>,
}

impl<'a> Lowering<'a> {
    fn define(&mut self, name: &str, schema: &Value) -> Result<()> {
        let shape = self.shape(name, schema)?;
        let text = |member: &str| schema.get(member).and_then(Value::as_str).map(str::to_owned);
        self.types.push(Named {
            name: name.to_owned(),
            description: text("description").context("no description")?,
            unit: text("x-unit"),
            shape,
            enum_from: text("x-enum-from"),
        });
        Ok(())
    }

    fn shape(&mut self, name: &str, schema: &Value) -> Result<Shape> {
        let kind = schema.get("type").and_then(Value::as_str).context("no type")?;
        match kind {
            "string" if schema.get("enum").is_some() => Ok(Shape::Enum(values(schema)?)),
            "string" => Ok(Shape::Text(Text {
                minimum: count(schema, "minLength").unwrap_or(0),
                maximum: count(schema, "maxLength"),
                pattern: schema.get("pattern").and_then(Value::as_str).map(str::to_owned),
                not_blank: schema.get("x-not-blank").and_then(Value::as_bool).unwrap_or(false),
            })),
            "integer" => Ok(Shape::Integer(Integer {
                minimum: integer(schema, "minimum")?.context("an integer without minimum")?,
                maximum: integer(schema, "maximum")?.context("an integer without maximum")?,
                multiple_of: integer(schema, "multipleOf")?,
            })),
            "number" => Ok(Shape::Number(Decimal {
                minimum: bound(schema, "minimum", "exclusiveMinimum")?,
                maximum: bound(schema, "maximum", "exclusiveMaximum")?,
            })),
            "array" => Ok(Shape::List {
                item: self.reference(
                    &format!("{name}Item"),
                    schema.get("items").context("a list without items")?,
                )?,
                minimum: count(schema, "minItems").unwrap_or(0),
                maximum: count(schema, "maxItems").context("a list without maxItems")?,
                unique: schema.get("uniqueItems").and_then(Value::as_bool).unwrap_or(false),
            }),
            "object" => self.object(name, schema),
            other => bail!("type {other} has no name of its own"),
        }
    }

    fn object(&mut self, name: &str, schema: &Value) -> Result<Shape> {
        let additional = schema.get("additionalProperties").context("no additionalProperties")?;
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            if additional != &Value::Bool(false) {
                bail!("an object with properties must be closed (additionalProperties: false)");
            }
            return Ok(Shape::Struct(self.fields(name, schema, properties)?));
        }
        let value = match additional {
            Value::Bool(true) => TypeRef::Any,
            Value::Object(_) => self.reference(&format!("{name}Value"), additional)?,
            _ => bail!("an object without properties, and closed"),
        };
        let maximum = count(schema, "maxProperties").context("a map without maxProperties")?;
        Ok(Shape::Map { value, maximum })
    }

    fn fields(&mut self, name: &str, schema: &Value, properties: &Map<String, Value>) -> Result<Vec<Field>> {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mut fields = Vec::new();
        for (property, schema) in properties {
            let field = self
                .field(name, property, schema, required.contains(&property.as_str()))
                .with_context(|| format!("property {property}"))?;
            fields.push(field);
        }
        Ok(fields)
    }

    fn field(&mut self, owner: &str, property: &str, schema: &Value, required: bool) -> Result<Field> {
        let description = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let target = self.target(schema);
        let nullable = nullable_of(schema).or_else(|| target.and_then(nullable_of));
        let (kind, presence) = match nullable {
            Some(inner) if required => (self.reference("", inner)?, Presence::Nullable),
            Some(_) => bail!("null or absent would mean two things: make it required, or not nullable"),
            None => {
                let presence = if required { Presence::Required } else { Presence::Optional };
                (self.reference(&format!("{owner}{}", pascal(property)), schema)?, presence)
            }
        };
        let default = schema.get("default").or_else(|| target.and_then(|target| target.get("default")));
        let conditional = schema.get("x-takes-effect-when").or_else(|| schema.get("x-default-by")).is_some();
        let defaults_always =
            !conditional && (default.is_some() || schema.get("x-default-by-device").is_some());
        Ok(Field {
            name: property.to_owned(),
            csharp: schema
                .get("x-csharp")
                .and_then(Value::as_str)
                .map_or_else(|| pascal(property), str::to_owned),
            description: description.to_owned(),
            kind,
            presence,
            default: default.cloned(),
            defaults_always,
        })
    }

    fn target(&self, schema: &Value) -> Option<&'a Value> {
        let name = reference_name(schema.get("$ref")?.as_str()?)?;
        self.bundle.definitions.get(name)
    }

    /// The type of a place; an inline one is hoisted under `name`.
    fn reference(&mut self, name: &str, schema: &Value) -> Result<TypeRef> {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let (name, target) = self.bundle.definition(reference)?;
            if nullable_of(target).is_some() {
                bail!("{name} is nullable: only a required property may refer to it");
            }
            return Ok(TypeRef::Named(name.to_owned()));
        }
        match schema.get("type").and_then(Value::as_str) {
            None if schema.get("oneOf").is_none() => Ok(TypeRef::Any),
            Some("boolean") => Ok(TypeRef::Boolean),
            Some("null") => Ok(TypeRef::Null),
            _ if name.is_empty() => bail!("oneOf takes a $ref and null"),
            _ => {
                self.define(name, schema)?;
                Ok(TypeRef::Named(name.to_owned()))
            }
        }
    }
}

/// The other branch of `oneOf: [{$ref}, {type: null}]`.
pub(crate) fn nullable_of(schema: &Value) -> Option<&Value> {
    let branches = schema.get("oneOf")?.as_array()?;
    match branches.as_slice() {
        [inner, null] if null.get("type").and_then(Value::as_str) == Some("null") => Some(inner),
        _ => None,
    }
}

/// `guidance_scale` → `GuidanceScale`: split on `_`, upper-case each first letter.
pub(crate) fn pascal(snake: &str) -> String {
    snake
        .split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
        })
        .collect()
}

fn values(schema: &Value) -> Result<Vec<String>> {
    let list = schema.get("enum").and_then(Value::as_array).context("enum is no list")?;
    list.iter()
        .map(|value| value.as_str().map(str::to_owned).context("an enum value that is no string"))
        .collect()
}

fn count(schema: &Value, keyword: &str) -> Option<u64> {
    schema.get(keyword).and_then(Value::as_u64)
}

fn integer(schema: &Value, keyword: &str) -> Result<Option<i64>> {
    match schema.get(keyword) {
        None => Ok(None),
        Some(value) => {
            Ok(Some(value.as_i64().with_context(|| format!("{keyword} of an integer is {value}"))?))
        }
    }
}

fn bound(schema: &Value, inclusive: &str, exclusive: &str) -> Result<(f64, bool)> {
    let number = |keyword: &str| schema.get(keyword).and_then(Value::as_number).and_then(Number::as_f64);
    match (number(inclusive), number(exclusive)) {
        (Some(bound), None) => Ok((bound, false)),
        (None, Some(bound)) => Ok((bound, true)),
        (None, None) => bail!("a number without {inclusive}"),
        (Some(_), Some(_)) => bail!("{inclusive} and {exclusive} at once"),
    }
}
