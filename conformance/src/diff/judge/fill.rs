//! The least document of a schema, and a document in which one value stands at its place.

use serde_json::{Map, Value, json};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

use super::{Judge, below, pool};
use crate::diff::{
    value::Types,
    view::View,
    walk::{Node, Step},
};

/// How deep required values are nested at most; a deeper schema refers to itself.
const DEPTH_MAX: usize = 24;

/// How deep lists are made inside each other.
const LISTS_MAX: usize = 4;

/// Makes documents of one side.
pub(super) struct Filler<'j, 's> {
    pub(super) judge: &'j Judge<'s>,
    least: RefCell<HashMap<String, Option<Value>>>,
    /// Schemas whose least value is being made: none of them is in its own least value.
    making: RefCell<Vec<String>>,
    /// Lists that are being made inside each other.
    lists: Cell<usize>,
    pub(super) is_old: bool,
}

/// Keywords that a document built from the others may break.
const HARD: [&str; 9] =
    ["allOf", "anyOf", "oneOf", "$ref", "not", "if", "contains", "dependentRequired", "dependentSchemas"];

impl<'j, 's> Filler<'j, 's> {
    pub(super) fn new(judge: &'j Judge<'s>, is_old: bool) -> Self {
        Self { judge, least: RefCell::default(), making: RefCell::default(), lists: Cell::new(0), is_old }
    }

    pub(super) fn view(&self, location: &str) -> View<'s> {
        View::of(self.judge.side, location)
    }

    /// The least value that the schema takes.
    pub(super) fn least(&self, location: &str) -> Option<Value> {
        self.least_at(location, 0)
    }

    fn least_at(&self, location: &str, depth: usize) -> Option<Value> {
        if let Some(known) = self.least.borrow().get(location) {
            return known.clone();
        }
        if depth > DEPTH_MAX || self.making.borrow().iter().any(|made| made == location) {
            return None;
        }
        self.making.borrow_mut().push(location.to_owned());
        let found = self.made(location, depth);
        self.making.borrow_mut().pop();
        // Inside another one a schema may have none because that one is cut.
        if found.is_some() || self.making.borrow().is_empty() {
            self.least.borrow_mut().insert(location.to_owned(), found.clone());
        }
        found
    }

    fn made(&self, location: &str, depth: usize) -> Option<Value> {
        let view = self.view(location);
        let mut candidates = self.candidates(&view, depth);
        for name in ["examples", "default"] {
            match view.get(name) {
                Some(Value::Array(examples)) if name == "examples" => {
                    candidates.extend(examples.iter().cloned());
                }
                Some(value) if name == "default" => candidates.push(value.clone()),
                _ => {}
            }
        }
        candidates.into_iter().find(|value| self.judge.takes(location, value) == Some(true))
    }

    fn candidates(&self, view: &View<'s>, depth: usize) -> Vec<Value> {
        if let Some(values) = view.values() {
            return values;
        }
        let types = view.types();
        let mut found = Vec::new();
        if types.has(Types::OBJECT) {
            found.extend(self.object(view, depth));
        }
        if types.has(Types::NUMBER) {
            found.extend(pool::numbers(view));
        }
        if types.has(Types::STRING) {
            found.extend(pool::texts(view).into_iter().map(Value::from));
        }
        if types.has(Types::ARRAY) {
            let count = view.get("minItems").and_then(Value::as_u64).unwrap_or(0);
            found.extend(self.list(view, usize::try_from(count).unwrap_or(usize::MAX), None, depth));
            found.extend(self.list(view, 1, None, depth));
        }
        found.extend([json!(true), json!(null)]);
        if HARD.iter().any(|name| view.get(name).is_some()) {
            let branches = self.branches(view, depth);
            found.splice(0..0, branches);
        }
        found
    }

    /// Values of the branches of unions; objects together with what the schema itself requires.
    fn branches(&self, view: &View<'s>, depth: usize) -> Vec<Value> {
        let mut found = Vec::new();
        let base = self.object(view, depth);
        for keyword in ["anyOf", "oneOf", "allOf"] {
            let Some(Value::Array(branches)) = view.get(keyword) else { continue };
            let place = view.place(keyword);
            let mut whole = base.clone();
            for index in 0..branches.len() {
                let Some(value) = self.least_at(&format!("{place}/{index}"), depth + 1) else { continue };
                let joined = with(base.clone(), &value);
                whole = whole.map(|whole| with(Some(whole), &value));
                found.extend([value, joined]);
            }
            found.extend(whole);
        }
        found
    }

    /// An object of what is required.
    pub(super) fn object(&self, view: &View<'s>, depth: usize) -> Option<Value> {
        let mut members = Map::new();
        for name in view.required.keys() {
            let value = match view.properties.get(name) {
                Some(place) => self.least_at(place, depth + 1)?,
                None => json!(1),
            };
            members.insert((*name).to_owned(), value);
        }
        let least = view.get("minProperties").and_then(Value::as_u64).unwrap_or(0);
        let mut more = view.properties.iter();
        let mut further = 0;
        while (members.len() as u64) < least.min(1000) {
            match more.next() {
                Some((name, _)) if members.contains_key(*name) => {}
                Some((name, place)) => {
                    if let Some(value) = self.least_at(place, depth + 1) {
                        members.insert((*name).to_owned(), value);
                    }
                }
                None => {
                    further += 1;
                    members.insert(format!("further_{further}"), self.further(view));
                }
            }
        }
        Some(members.into())
    }

    /// The value of a further name.
    pub(super) fn further(&self, view: &View<'s>) -> Value {
        match view.keywords.get("additionalProperties") {
            Some(rest) if rest.value.is_object() => self.least(&rest.location).unwrap_or(json!(1)),
            _ => json!(1),
        }
    }

    /// A list of so many items; a given one comes first.
    pub(super) fn list(
        &self,
        view: &View<'s>,
        count: usize,
        first: Option<Value>,
        depth: usize,
    ) -> Option<Value> {
        if self.lists.get() > LISTS_MAX {
            return None;
        }
        self.lists.set(self.lists.get() + 1);
        let list = self.items(view, count, first, depth);
        self.lists.set(self.lists.get() - 1);
        list
    }

    fn items(&self, view: &View<'s>, count: usize, first: Option<Value>, depth: usize) -> Option<Value> {
        let mut items: Vec<Value> = first.into_iter().collect();
        let prefix = view.get("prefixItems").and_then(Value::as_array).map_or(0, Vec::len);
        let place = view.keywords.get("items").map(|keyword| keyword.location.clone());
        let unique = view.get("uniqueItems") == Some(&Value::Bool(true));
        let mut others = match &place {
            Some(place) if unique => {
                let item = self.view(place);
                pool::many(self, &item, &item, count)
                    .into_iter()
                    .filter(|value| self.judge.takes(place, value) == Some(true))
                    .collect()
            }
            _ => Vec::new(),
        };
        others.retain(|value| !items.contains(value));
        let mut others = others.into_iter();
        while items.len() < count.min(10_000) {
            let index = items.len();
            let item = if index < prefix {
                self.least_at(&format!("{}/{index}", view.place("prefixItems")), depth + 1)?
            } else {
                match &place {
                    Some(_) if unique => others.next()?,
                    Some(place) => self.least_at(place, depth + 1)?,
                    None => json!(index),
                }
            };
            items.push(item);
        }
        Some(items.into())
    }

    /// A document of a message in which a value stands at the end of a way.
    pub(super) fn embed(
        &self,
        nodes: &[Node],
        location: &str,
        way: &[(Step, usize)],
        value: &Value,
    ) -> Option<Value> {
        let Some(((step, child), rest)) = way.split_first() else { return Some(value.clone()) };
        let node = &nodes[*child];
        let inner = self.embed(nodes, if self.is_old { &node.old } else { &node.new }, rest, value)?;
        let view = self.view(location);
        let member = |name: &str| {
            let mut object = match self.least(location) {
                Some(object @ Value::Object(_)) => object,
                _ => self.object(&view, 0)?,
            };
            object.as_object_mut()?.insert(name.to_owned(), inner.clone());
            Some(object)
        };
        match step {
            Step::Same => Some(inner),
            Step::Branch => Some(if inner.is_object() { with(self.object(&view, 0), &inner) } else { inner }),
            Step::Property(name) => member(name),
            Step::Renamed(old, new) => member(if self.is_old { old } else { new }),
            Step::AnyProperty => member("further_1"),
            Step::Item => {
                let prefix = view.get("prefixItems").and_then(Value::as_array).map_or(0, Vec::len);
                let least = view
                    .get("minItems")
                    .and_then(Value::as_u64)
                    .and_then(|least| usize::try_from(least).ok());
                let count = least.unwrap_or(0).max(1);
                if prefix == 0 {
                    return self.list(&view, count, Some(inner), 0);
                }
                let mut list = self.list(&view, prefix, None, 0)?;
                list.as_array_mut()?.push(inner);
                Some(list)
            }
            Step::Position(index) => {
                let mut list = self.list(&view, index + 1, None, 0)?;
                list.as_array_mut()?[*index] = inner;
                Some(list)
            }
        }
    }
}

/// The pointer of the value at the end of a way.
pub(in crate::diff) fn pointer(way: &[(Step, usize)], is_old: bool) -> String {
    way.iter().fold(String::new(), |at, (step, _)| match step {
        Step::Same | Step::Branch => at,
        Step::Property(name) => below(&at, name),
        Step::Renamed(old, new) => below(&at, if is_old { old } else { new }),
        Step::AnyProperty => format!("{at}/further_1"),
        Step::Item => format!("{at}/0"),
        Step::Position(index) => format!("{at}/{index}"),
    })
}

/// Whether one of two pointers leads to the other; items and further names are one.
pub(in crate::diff) fn on_one_way(edit: &str, at: &str) -> bool {
    let is_any = |token: &str| token == "further_1" || token.bytes().all(|byte| byte.is_ascii_digit());
    // A schema that refers to itself has its edit on longer ways too, which end in the same name.
    let last = |pointer: &str| pointer.rsplit('/').next().filter(|token| !is_any(token)).map(str::to_owned);
    let ends_alike = last(edit).is_some_and(|name| Some(name) == last(at));
    let mut pairs = edit.split('/').zip(at.split('/'));
    pairs.all(|(one, other)| one == other || is_any(one) || is_any(other)) || ends_alike
}

fn with(base: Option<Value>, more: &Value) -> Value {
    match (base, more) {
        (Some(Value::Object(mut base)), Value::Object(more)) => {
            base.extend(more.clone());
            base.into()
        }
        (_, more) => more.clone(),
    }
}
