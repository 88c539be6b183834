//! A schema as one flat set of keywords: references followed, `allOf` joined, a union with null taken apart.
//!
//! Two forms of one schema have one view, so that moving a schema into a definition is no change.

use contracts::pointer::escape;
use serde_json::{Value, json};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use super::value::{Types, canonical_number, equal};
use crate::contract::{Side, target};

/// References and conjunctions that are followed at most; a longer chain is a circle.
const DEPTH_MAX: usize = 64;

/// A keyword and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Keyword<'s> {
    pub(super) value: Cow<'s, Value>,
    pub(super) location: String,
}

/// The view of a schema.
#[derive(Clone)]
pub(super) struct View<'s> {
    pub(super) side: &'s Side,
    pub(super) location: String,
    pub(super) keywords: BTreeMap<&'s str, Keyword<'s>>,
    /// Where the schema of each property is.
    pub(super) properties: BTreeMap<&'s str, String>,
    pub(super) required: BTreeMap<&'s str, String>,
    /// It takes no value.
    pub(super) never: bool,
    /// null is a value beside those of the keywords.
    pub(super) nullable: bool,
    /// Where its one reference leads, if it is no more than a reference with annotations.
    pub(super) reference: Option<String>,
    /// Keywords that stand in the schema itself, not in what it refers to.
    pub(super) own: BTreeSet<&'s str>,
}

/// Keywords that say nothing of values.
pub(super) fn is_annotation(keyword: &str) -> bool {
    const ANNOTATIONS: [&str; 18] = [
        "operationId",
        "title",
        "description",
        "$comment",
        "default",
        "examples",
        "example",
        "deprecated",
        "readOnly",
        "writeOnly",
        "contentEncoding",
        "contentMediaType",
        "contentSchema",
        "$defs",
        "definitions",
        "externalDocs",
        "xml",
        "$vocabulary",
    ];
    ANNOTATIONS.contains(&keyword) || keyword.starts_with("x-")
}

/// Two keywords cannot be one.
struct Conflict;

impl<'s> View<'s> {
    pub(super) fn of(side: &'s Side, location: &str) -> Self {
        let mut view = Self {
            side,
            location: location.to_owned(),
            keywords: BTreeMap::new(),
            properties: BTreeMap::new(),
            required: BTreeMap::new(),
            never: false,
            nullable: false,
            reference: None,
            own: BTreeSet::new(),
        };
        if let Some(Value::Object(schema)) = side.at(location) {
            view.own = schema.keys().map(String::as_str).filter(|name| *name != "$ref").collect();
            if let Some(Value::String(reference)) = schema.get("$ref")
                && view.own.iter().all(|name| is_annotation(name))
            {
                view.reference = Some(target(reference));
            }
        }
        // The schema itself never conflicts with an empty view.
        drop(view.add(location, 0));
        view.close(location);
        view
    }

    fn add(&mut self, location: &str, depth: usize) -> Result<(), Conflict> {
        if depth > DEPTH_MAX {
            return Err(Conflict);
        }
        let schema = match self.side.at(location) {
            Some(Value::Bool(false)) => {
                self.never = true;
                return Ok(());
            }
            Some(Value::Object(schema)) => schema,
            _ => return Ok(()),
        };
        self.check_closed(schema)?;
        for (name, value) in schema {
            let at = || format!("{location}/{}", escape(name));
            match name.as_str() {
                "$ref" | "allOf" | "anyOf" | "oneOf" => {}
                "properties" => {
                    for (inner, schema) in value.as_object().into_iter().flatten() {
                        self.property(inner, schema, format!("{}/{}", at(), escape(inner)))?;
                    }
                }
                "required" => {
                    for inner in value.as_array().into_iter().flatten().filter_map(Value::as_str) {
                        self.required.entry(inner).or_insert_with(at);
                    }
                }
                name => self.put(name, Cow::Borrowed(value), at())?,
            }
        }
        if let Some(Value::String(reference)) = schema.get("$ref") {
            self.add_or_keep("$ref", &schema["$ref"], location, &[target(reference)], depth)?;
        }
        if let Some(Value::Array(parts)) = schema.get("allOf") {
            let parts: Vec<String> =
                (0..parts.len()).map(|index| format!("{location}/allOf/{index}")).collect();
            self.add_or_keep("allOf", &schema["allOf"], location, &parts, depth)?;
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(branches) = schema.get(keyword) {
                self.union(keyword, branches, location, depth)?;
            }
        }
        Ok(())
    }

    /// Joins further schemas; where that cannot be done, the keyword stays as it is.
    fn add_or_keep(
        &mut self,
        keyword: &'s str,
        value: &'s Value,
        location: &str,
        parts: &[String],
        depth: usize,
    ) -> Result<(), Conflict> {
        let before = self.clone();
        if parts.iter().all(|part| self.add(part, depth + 1).is_ok()) {
            return Ok(());
        }
        *self = before;
        self.put(keyword, Cow::Borrowed(value), format!("{location}/{keyword}"))
    }

    /// `oneOf` or `anyOf` of a schema and null is that schema, nullable.
    fn union(
        &mut self,
        keyword: &'s str,
        branches: &'s Value,
        location: &str,
        depth: usize,
    ) -> Result<(), Conflict> {
        let list = branches.as_array().map_or(&[][..], Vec::as_slice);
        if let Some(values) = listed(list) {
            return self.put("enum", Cow::Owned(values), format!("{location}/{keyword}"));
        }
        if let Some(types) = typed(list) {
            return self.put("type", Cow::Owned(types.keyword()), format!("{location}/{keyword}"));
        }
        let null = json!({"type": "null"});
        let at = list.iter().position(|branch| *branch == null);
        if let (2, Some(at)) = (list.len(), at)
            && !self.keywords.keys().any(|name| !is_annotation(name))
            && self.properties.is_empty()
        {
            let before = self.clone();
            if self.add(&format!("{location}/{keyword}/{}", 1 - at), depth + 1).is_ok() {
                // Under oneOf a null that both branches take is refused.
                if keyword == "anyOf" || !self.types().has(Types::NULL) {
                    self.nullable = true;
                    return Ok(());
                }
            }
            *self = before;
        }
        self.put(keyword, Cow::Borrowed(branches), format!("{location}/{keyword}"))
    }

    /// Adds a property. Of two schemas for one name, one that has no more than words says nothing.
    fn property(&mut self, name: &'s str, schema: &Value, at: String) -> Result<(), Conflict> {
        match self.properties.get(name).cloned() {
            Some(known) if known == at || is_of_words(schema) => return Ok(()),
            Some(known) if !self.side.at(&known).is_some_and(is_of_words) => return Err(Conflict),
            _ => {}
        }
        self.properties.insert(name, at);
        Ok(())
    }

    /// `unevaluatedProperties: false` is `additionalProperties: false` where no other keyword could evaluate a member. One that
    /// was joined saw the members of its own schema alone.
    fn close(&mut self, location: &str) {
        const EVALUATE: [&str; 7] =
            ["additionalProperties", "allOf", "anyOf", "oneOf", "$ref", "if", "dependentSchemas"];
        let own = format!("{location}/unevaluatedProperties");
        let closed = self.keywords.get("unevaluatedProperties").filter(|it| it.location == own);
        if closed.is_some_and(|closed| *closed.value == Value::Bool(false))
            && !EVALUATE.iter().any(|name| self.keywords.contains_key(name))
            && let Some(keyword) = self.keywords.remove("unevaluatedProperties")
        {
            self.keywords.insert("additionalProperties", keyword);
        }
    }

    /// `additionalProperties` speaks of the properties beside it: what is joined must have the same.
    fn check_closed(&self, schema: &serde_json::Map<String, Value>) -> Result<(), Conflict> {
        let restricts = |value: Option<&Value>| value.is_some_and(|value| !is_everything(value));
        let mine = self.keywords.get("additionalProperties").map(|keyword| &*keyword.value);
        let names = |name: &str| schema.get("properties").is_some_and(|named| named.get(name).is_some());
        let theirs = schema.get("properties").and_then(Value::as_object);
        let more = theirs
            .is_some_and(|theirs| theirs.keys().any(|name| !self.properties.contains_key(name.as_str())));
        let fewer = self.properties.keys().any(|name| !names(name));
        if (restricts(mine) && more) || (restricts(schema.get("additionalProperties")) && fewer) {
            return Err(Conflict);
        }
        Ok(())
    }

    /// Adds a keyword; one that is there already is joined with it.
    fn put(&mut self, name: &'s str, value: Cow<'s, Value>, location: String) -> Result<(), Conflict> {
        let Some(known) = self.keywords.get_mut(name) else {
            self.keywords.insert(name, Keyword { value, location });
            return Ok(());
        };
        // The schema itself wins over the one that it refers to.
        if is_annotation(name) || equal(&known.value, &value) {
            return Ok(());
        }
        let number = |value: &Value| value.as_f64();
        let takes = match name {
            "minimum" | "exclusiveMinimum" | "minLength" | "minItems" | "minProperties" => {
                number(&value) > number(&known.value)
            }
            "maximum" | "exclusiveMaximum" | "maxLength" | "maxItems" | "maxProperties" => {
                number(&value) < number(&known.value)
            }
            "type" => {
                let both = Types::of_keyword(&known.value).and(Types::of_keyword(&value));
                *known = Keyword { value: Cow::Owned(both.keyword()), location };
                return Ok(());
            }
            "enum" => {
                let theirs = value.as_array().map_or(&[][..], Vec::as_slice);
                let mut both = known.value.as_array().cloned().unwrap_or_else(Vec::new);
                both.retain(|value| theirs.iter().any(|their| equal(their, value)));
                *known = Keyword { value: Cow::Owned(both.into()), location };
                return Ok(());
            }
            _ => return Err(Conflict),
        };
        if takes {
            *known = Keyword { value, location };
        }
        Ok(())
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.keywords.get(name).map(|keyword| &*keyword.value)
    }

    /// Where a keyword stands; the schema itself, if it has none.
    pub(super) fn place(&self, name: &str) -> String {
        self.keywords.get(name).map_or_else(|| self.location.clone(), |keyword| keyword.location.clone())
    }

    /// The values of `enum` or `const`.
    pub(super) fn values(&self) -> Option<Vec<Value>> {
        let listed = match (self.get("enum"), self.get("const")) {
            (Some(Value::Array(values)), Some(one)) => {
                values.iter().filter(|value| equal(value, one)).cloned().collect()
            }
            (Some(Value::Array(values)), None) => values.clone(),
            (_, Some(one)) => vec![one.clone()],
            _ => return None,
        };
        Some(listed.iter().map(canonical_number).collect())
    }

    pub(super) fn types(&self) -> Types {
        self.types_at(0)
    }

    fn types_at(&self, depth: usize) -> Types {
        if self.never {
            return Types::NONE;
        }
        let mut types = self.get("type").map_or(Types::ALL, Types::of_keyword);
        if let Some(values) = self.values() {
            let seen = values.iter().fold(Types::NONE, |seen, value| seen.or(Types::of_value(value)));
            types = types.and(seen);
        }
        // A multiple of a whole number has no fraction.
        if self
            .get("multipleOf")
            .and_then(Value::as_f64)
            .is_some_and(|step| step >= 1.0 && step.fract() == 0.0)
        {
            types = types.without(Types::FRACTION);
        }
        for keyword in ["anyOf", "oneOf"] {
            if let (Some(Value::Array(branches)), true) = (self.get(keyword), depth < 4) {
                let place = self.place(keyword);
                let branch = |index| Self::of(self.side, &format!("{place}/{index}")).types_at(depth + 1);
                types = types.and((0..branches.len()).fold(Types::NONE, |all, index| all.or(branch(index))));
            }
        }
        if self.nullable { types.or(Types::NULL) } else { types }
    }
}

/// The values of a union of which each branch is nothing but values: an enum in another form. Under `oneOf` too, as long as no
/// value stands in two branches.
fn listed(branches: &[Value]) -> Option<Value> {
    let mut values: Vec<Value> = Vec::new();
    for branch in branches {
        let branch = branch.as_object()?;
        let others = branch.keys().filter(|name| !is_annotation(name));
        let own = match others.collect::<Vec<_>>().as_slice() {
            [name] if *name == "const" => vec![branch["const"].clone()],
            [name] if *name == "enum" => branch["enum"].as_array()?.clone(),
            _ => return None,
        };
        if own.iter().any(|value| values.iter().any(|known| equal(known, value))) {
            return None;
        }
        values.extend(own);
    }
    (!values.is_empty()).then(|| values.into())
}

/// The types of a union of which each branch is nothing but types of its own: `type` in another form.
fn typed(branches: &[Value]) -> Option<Types> {
    let mut types = Types::NONE;
    for branch in branches {
        let branch = branch.as_object()?;
        let others: Vec<&String> = branch.keys().filter(|name| !is_annotation(name)).collect();
        if others.as_slice() != ["type"] {
            return None;
        }
        let own = Types::of_keyword(&branch["type"]);
        if types.has(own) {
            return None;
        }
        types = types.or(own);
    }
    (types != Types::NONE).then_some(types)
}

/// A schema that neither asks nor means anything.
fn is_of_words(schema: &Value) -> bool {
    const WORDS: [&str; 3] = ["title", "description", "$comment"];
    match schema {
        Value::Bool(is) => *is,
        Value::Object(object) => object.keys().all(|name| WORDS.contains(&name.as_str())),
        _ => false,
    }
}

/// A schema that takes every value.
pub(super) fn is_everything(schema: &Value) -> bool {
    match schema {
        Value::Bool(is) => *is,
        Value::Object(object) => object.keys().all(|name| is_annotation(name)),
        _ => false,
    }
}
