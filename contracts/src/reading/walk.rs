//! The walk through a document: objects and their members, down to single values.

use serde_json::Value;

use super::{
    Source, Writer,
    reader::{At, Members, Reader, Visited},
};
use crate::{
    dialect::{Dialect, Spelt},
    dictionary::{Def, Name, ObjectSpec, Shape, Spelling},
    generated::error_code::ErrorCode,
    nearest::{nearest, written_by},
    pointer::escape,
    scalar,
    shown::named,
    tree::Tree,
    violation::Violation,
};

impl<'d> Reader<'d> {
    pub(super) fn root(&mut self, def: &'d Def, sources: &[Source<'_>]) -> Value {
        let Shape::Object(spec) = self.dictionary.resolve(&def.shape) else {
            panic!("`{}` is no object", def.name);
        };
        self.visit(spec, def, "");
        let mut members = Members::default();
        for source in sources {
            let at = At {
                canonical: String::new(),
                sender: source.pointer.clone(),
                document: (String::new(), def),
                example: None,
            };
            self.places.set("", &source.pointer);
            self.spelt = source.spelt;
            match source.tree {
                Tree::Map(map) => self.members(spec, map, &at, &mut members),
                other => self.another_type(&def.shape, "an object", other, &at),
            }
        }
        self.collect(spec, members, "")
    }

    pub(super) fn visit(&mut self, spec: &'d ObjectSpec, def: &'d Def, at: &str) {
        let rules = (!def.rules.is_empty()).then_some(def);
        self.visited.push(Visited { spec, at: at.to_owned(), rules });
    }

    /// Reads a value; `None` if it is absent or cannot be read.
    pub(super) fn value(&mut self, shape: &'d Shape, tree: &Tree, at: &At<'d>) -> Option<Value> {
        match shape {
            Shape::Ref(id) => {
                let def = self.dictionary.def(*id);
                self.definition(def, tree, at)
            }
            Shape::Nullable(_) if *tree == Tree::Null => Some(Value::Null),
            Shape::Nullable(inner) => self.value(inner, tree, at),
            Shape::Any => Some(tree.to_value()),
            Shape::List(list) => self.list(shape, list, tree, at),
            Shape::Map(map) => self.map(shape, map, tree, at),
            Shape::Object(_) => panic!("objects are definitions of their own"),
            _ => self.scalar(shape, tree, at),
        }
    }

    pub(super) fn definition(&mut self, def: &'d Def, tree: &Tree, at: &At<'d>) -> Option<Value> {
        let Shape::Object(spec) = &def.shape else {
            return self.value(&def.shape, tree, at);
        };
        let Tree::Map(map) = tree else {
            self.another_type(&def.shape, "an object", tree, at);
            return None;
        };
        let mut at = at.clone();
        if !def.rules.is_empty() {
            at.document = (at.canonical.clone(), def);
        }
        self.visit(spec, def, &at.canonical);
        let mut members = Members::default();
        self.members(spec, map, &at, &mut members);
        Some(self.collect(spec, members, &at.canonical))
    }

    pub(super) fn members(
        &mut self,
        spec: &'d ObjectSpec,
        map: &[(String, Tree)],
        at: &At<'d>,
        members: &mut Members,
    ) {
        let inherited = self.places.sender_dialect(&at.canonical);
        let own = if self.spelt { own_dialect(spec, map) } else { None };
        if let Some(dialect) = own.or(inherited) {
            self.places.set_dialect(&at.canonical, dialect);
        }
        for (name, tree) in map {
            if self.is_done() {
                return;
            }
            self.count(spec, name);
            match spec.names.get(name.as_str()) {
                Some(Name::Property { index, spelling }) if self.admits(*spelling) => {
                    self.property(spec, *index, *spelling, name, tree, at, members);
                }
                Some(Name::Place { to }) if self.writer == Writer::Sender => {
                    self.place(to, name, tree, at);
                }
                Some(Name::Neutral { index }) if self.writer == Writer::Sender => {
                    self.neutral(&spec.extras[*index], name, tree, at, members);
                }
                Some(Name::Flag { index }) if self.writer == Writer::Sender => {
                    self.flag(&spec.extras[*index], name, tree, at, members);
                }
                _ => self.unknown(spec, name, at, own.or(inherited)),
            }
        }
    }

    pub(super) fn admits(&self, spelling: Spelling) -> bool {
        self.writer == Writer::Sender || spelling.snake
    }

    #[expect(clippy::too_many_arguments, reason = "one place of the sender's document, and one of ours")]
    pub(super) fn property(
        &mut self,
        spec: &'d ObjectSpec,
        index: usize,
        spelling: Spelling,
        name: &str,
        tree: &Tree,
        at: &At<'d>,
        members: &mut Members,
    ) {
        let property = &spec.properties[index];
        let at = At { example: self.dictionary.example(property), ..at.down(&property.snake, name) };
        self.places.set(&at.canonical, &at.sender);
        let shape = self.dictionary.resolve(&property.shape);
        if self.is_absent(shape, tree) {
            return;
        }
        if spelling.is_accepted() {
            self.accepted(name, &property.csharp, &property.snake, &at.sender);
        }
        let Some(value) = self.value(&property.shape, tree, &at) else {
            return;
        };
        match members.values.get(&index) {
            None => {
                members.values.insert(index, (value, at.sender));
            }
            Some((known, first)) => self.twice(*known == value, first, &at),
        }
    }

    /// Whether a value means "absent": null, and for a string the empty one too.
    pub(super) fn is_absent(&self, shape: &Shape, tree: &Tree) -> bool {
        match tree {
            Tree::Null => self.writer == Writer::Sender && !matches!(shape, Shape::Nullable(_) | Shape::Any),
            Tree::Text(text) if text.is_empty() => {
                self.writer == Writer::Sender && matches!(shape, Shape::Text(_) | Shape::Enum(_))
            }
            _ => false,
        }
    }

    pub(super) fn scalar(&mut self, shape: &Shape, tree: &Tree, at: &At<'d>) -> Option<Value> {
        let lenient = self.writer == Writer::Sender;
        let read = scalar::read(shape, tree, lenient, self.hints(at));
        if let Some((code, said, meant)) = read.respelt {
            let message = format!("`{said}` was read as `{meant}`");
            self.warn(code, &at.sender, message, Some(format!("write `{meant}`")));
        }
        if let Some(violation) = read.violation {
            // Without it the document would be another one than the sender wrote.
            self.unread |= read.value.is_none();
            self.scalar_violation(at, violation);
        }
        read.value
    }

    pub(super) fn unknown(&mut self, spec: &ObjectSpec, name: &str, at: &At<'d>, dialect: Option<Dialect>) {
        self.unread = true;
        let violations =
            if self.writer == Writer::Canonical { &mut self.unknown } else { &mut self.violations };
        violations.add(|| {
            let pointer = format!("{}/{}", at.sender, escape(name));
            if let Some(why) = written_by(name) {
                return Violation::new(
                    pointer,
                    ErrorCode::UnknownField,
                    format!("{} is unknown here; {why}", named(name)),
                )
                .hint(why);
            }
            let near = nearest(name, spec.names.keys().map(String::as_str));
            let nearest = near.map(|near| match &spec.names[near] {
                Name::Property { index, .. } => {
                    dialect.unwrap_or(Dialect::Snake).name(&spec.properties[*index]).to_owned()
                }
                _ => near.to_owned(),
            });
            let name = named(name);
            let message = match &nearest {
                Some(near) => format!("{name} is unknown here; the nearest known name is `{near}`"),
                None => format!("{name} is unknown here"),
            };
            Violation { nearest, ..Violation::new(pointer, ErrorCode::UnknownField, message) }
        });
    }
}

/// The dialect that alone spells the most names of one object.
fn own_dialect(spec: &ObjectSpec, map: &[(String, Tree)]) -> Option<Dialect> {
    let mut spelt = Spelt::default();
    for (name, _) in map {
        spelt.count(spec.only_dialect(name));
    }
    spelt.most()
}
