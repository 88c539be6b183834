//! A number for what a schema takes: schemas that are one but for their form and their words have the same.

use contracts::pointer::escape;
use serde_json::Value;
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use super::{
    value::canonical_number,
    view::{View, is_annotation, is_everything},
};
use crate::contract::Side;

/// Shapes of the schemas of one side.
pub(super) struct Shapes<'s> {
    side: &'s Side,
    known: HashMap<String, u64>,
}

/// Keywords whose value is one schema.
pub(super) const ONE: [&str; 12] = [
    "additionalProperties",
    "items",
    "contains",
    "not",
    "if",
    "then",
    "else",
    "propertyNames",
    "unevaluatedProperties",
    "unevaluatedItems",
    "contentSchema",
    "$ref",
];

/// Keywords whose value is a list of schemas, in which order has no meaning.
pub(super) const LISTS: [&str; 3] = ["anyOf", "oneOf", "allOf"];

/// Keywords whose value is schemas by name.
const NAMED: [&str; 2] = ["patternProperties", "dependentSchemas"];

impl<'s> Shapes<'s> {
    pub(super) fn new(side: &'s Side) -> Self {
        Self { side, known: HashMap::new() }
    }

    /// The shape of the schema at a pointer of the bundle.
    pub(super) fn of(&mut self, location: &str) -> u64 {
        self.at(location, &mut Vec::new()).0
    }

    /// The shape, and how far up the way it refers to: the length of the way, if nowhere.
    fn at(&mut self, location: &str, way: &mut Vec<String>) -> (u64, usize) {
        if let Some(known) = self.known.get(location) {
            return (*known, usize::MAX);
        }
        if let Some(at) = way.iter().position(|known| known == location) {
            let mut hasher = DefaultHasher::new();
            ("circle", way.len() - at).hash(&mut hasher);
            return (hasher.finish(), at);
        }
        way.push(location.to_owned());
        let view = View::of(self.side, location);
        let (shape, up) = match &view.reference {
            // A reference is what it refers to.
            Some(target) => self.at(&target.clone(), way),
            None => self.flat(&view, way),
        };
        way.pop();
        if up >= way.len() {
            self.known.insert(location.to_owned(), shape);
        }
        (shape, if up >= way.len() { usize::MAX } else { up })
    }

    fn flat(&mut self, view: &View<'s>, way: &mut Vec<String>) -> (u64, usize) {
        let mut hasher = DefaultHasher::new();
        let mut up = usize::MAX;
        (view.never, view.types().keyword().to_string()).hash(&mut hasher);
        let mut inner = |shapes: &mut Self, location: &str| {
            let (shape, inner_up) = shapes.at(location, way);
            up = up.min(inner_up);
            shape
        };
        for (name, location) in &view.properties {
            (name, inner(self, location)).hash(&mut hasher);
        }
        view.required.keys().for_each(|name| name.hash(&mut hasher));
        if let Some(values) = view.values() {
            let mut texts: Vec<String> = values.iter().map(Value::to_string).collect();
            texts.sort();
            texts.hash(&mut hasher);
        }
        for (name, keyword) in &view.keywords {
            if says_nothing(name, &keyword.value) {
                continue;
            }
            name.hash(&mut hasher);
            let at = &keyword.location;
            match &*keyword.value {
                _ if *name == "$ref" => inner(self, at.trim_end_matches("/$ref")).hash(&mut hasher),
                _ if ONE.contains(name) => inner(self, at).hash(&mut hasher),
                Value::Array(list) if LISTS.contains(name) || *name == "prefixItems" => {
                    let mut shapes: Vec<u64> =
                        (0..list.len()).map(|index| inner(self, &format!("{at}/{index}"))).collect();
                    if *name != "prefixItems" {
                        shapes.sort_unstable();
                    }
                    shapes.hash(&mut hasher);
                }
                Value::Object(named) if NAMED.contains(name) => {
                    for name in named.keys() {
                        (name, inner(self, &format!("{at}/{}", escape(name)))).hash(&mut hasher);
                    }
                }
                value => canonical_number(value).to_string().hash(&mut hasher),
            }
        }
        (hasher.finish(), up)
    }
}

/// A keyword that takes every value, or that is in the shape already.
pub(super) fn says_nothing(name: &str, value: &Value) -> bool {
    match name {
        "type" | "enum" | "const" => true,
        "minLength" | "minItems" | "minProperties" => value.as_f64() == Some(0.0),
        "uniqueItems" => *value == false,
        "additionalProperties" | "items" | "unevaluatedProperties" | "unevaluatedItems" | "propertyNames" => {
            is_everything(value)
        }
        name => is_annotation(name),
    }
}
