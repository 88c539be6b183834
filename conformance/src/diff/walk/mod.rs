//! Compares two sides schema by schema, from every message down, and notes each edit once, where it stands.

mod annotations;
mod bounds;
mod composite;
mod lifecycle;
mod lists;
mod objects;
mod values;

pub(super) use bounds::number;

use serde_json::Value;
use std::collections::HashMap;

use super::{
    rule::{self, Rule},
    shape::Shapes,
    view::View,
};
use crate::contract::{Direction, Side};

/// A step of a document on the way from a message to a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The same value, by a reference or another form of the same schema.
    Same,
    /// The value of a property.
    Property(String),
    /// The value of a property that has another name on the new side.
    Renamed(String, String),
    /// The value of any further name.
    AnyProperty,
    /// An item of a list.
    Item,
    /// An item at its place.
    Position(usize),
    /// The same value, by a branch of a union.
    Branch,
}

/// What a witness of an edit should look like.
#[derive(Clone, Debug)]
pub(super) enum Hint {
    /// It has this value.
    Value(Value),
    /// It is an object with this property.
    With(String),
    /// It is an object without this property.
    Without(String),
}

/// An edit at a schema.
#[derive(Clone, Debug)]
pub(super) struct Edit {
    pub(super) rule: &'static Rule,
    /// The keyword, property or value.
    pub(super) name: String,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
    /// Where in the bundles.
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
    /// Where the edit is written, if many places have it by reference.
    pub(super) key: Option<String>,
    /// The pairs of schemas; none for an edit of a table.
    pub(super) nodes: Vec<usize>,
    /// Which way its messages go, for an edit of a table.
    pub(super) told: Option<Direction>,
    /// The keywords that refuse a witness; empty: any.
    pub(super) rejects: &'static [&'static str],
    pub(super) hints: Vec<Hint>,
    /// A direction in which it is known to break nobody.
    pub(super) harmless: Option<Direction>,
}

/// Two schemas that are compared.
pub(super) struct Node {
    pub(super) old: String,
    pub(super) new: String,
    pub(super) children: Vec<(Step, usize)>,
}

/// The comparison of two sides.
pub(super) struct Walk<'s> {
    pub(super) old: &'s Side,
    pub(super) new: &'s Side,
    pub(super) nodes: Vec<Node>,
    pub(super) edits: Vec<Edit>,
    pub(super) old_shapes: Shapes<'s>,
    pub(super) new_shapes: Shapes<'s>,
    /// Today, `2026-11-30`.
    today: &'s str,
    /// Whether the old side announces what will go.
    deprecates: bool,
    known: HashMap<(String, String), usize>,
    /// Pairs that wait for their comparison.
    waiting: Vec<usize>,
}

/// A schema of each side.
struct Pair<'s, 'v> {
    old: &'v View<'s>,
    new: &'v View<'s>,
    node: usize,
}

impl<'s> Walk<'s> {
    pub(super) fn new(old: &'s Side, new: &'s Side, today: &'s str) -> Self {
        Self {
            old,
            new,
            nodes: Vec::new(),
            edits: Vec::new(),
            old_shapes: Shapes::new(old),
            new_shapes: Shapes::new(new),
            today,
            deprecates: lifecycle::deprecates(old),
            known: HashMap::new(),
            waiting: Vec::new(),
        }
    }

    /// Compares two schemas and all below them; the number of their node.
    pub(super) fn pair(&mut self, old: &str, new: &str) -> usize {
        let start = self.node(old, new);
        while let Some(node) = self.waiting.pop() {
            self.compare(node);
        }
        start
    }

    fn node(&mut self, old: &str, new: &str) -> usize {
        let key = (old.to_owned(), new.to_owned());
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let node = self.nodes.len();
        self.nodes.push(Node { old: old.to_owned(), new: new.to_owned(), children: Vec::new() });
        self.known.insert(key, node);
        self.waiting.push(node);
        node
    }

    fn child(&mut self, node: usize, step: Step, old: &str, new: &str) {
        let child = self.node(old, new);
        self.nodes[node].children.push((step, child));
    }

    fn compare(&mut self, node: usize) {
        let old = View::of(self.old, &self.nodes[node].old);
        let new = View::of(self.new, &self.nodes[node].new);
        let pair = Pair { old: &old, new: &new, node };
        self.annotations(&pair);
        if let (Some(old), Some(new)) = (&old.reference, &new.reference) {
            self.child(node, Step::Same, old, new);
            return;
        }
        if self.types(&pair) {
            return;
        }
        self.values(&pair);
        self.bounds(&pair);
        self.objects(&pair);
        self.lists(&pair);
        self.composites(&pair);
    }

    /// Notes an edit of a keyword, at its places.
    fn note(&mut self, pair: &Pair<'_, '_>, keyword: &str, edit: &str) -> &mut Edit {
        let place = |view: &View<'_>| view.keywords.get(keyword).map(|keyword| keyword.location.clone());
        let value = |view: &View<'_>| view.get(keyword).cloned();
        self.edits.push(Edit {
            rule: rule::of_any(keyword, edit),
            name: keyword.to_owned(),
            before: value(pair.old),
            after: value(pair.new),
            old: place(pair.old).or_else(|| Some(pair.old.location.clone())),
            new: place(pair.new).or_else(|| Some(pair.new.location.clone())),
            key: None,
            nodes: vec![pair.node],
            told: None,
            rejects: &[],
            hints: Vec::new(),
            harmless: None,
        });
        let last = self.edits.len() - 1;
        &mut self.edits[last]
    }
}

/// The word for what happened to a keyword that is there or not.
fn edit_of(old: Option<&Value>, new: Option<&Value>) -> &'static str {
    match (old, new) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    }
}
