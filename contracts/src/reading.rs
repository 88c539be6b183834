//! Readings: any dialect in, the canonical document out, with every fault, every warning and where each value stood.

use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};

use crate::{
    canonical,
    dialect::{Dialect, Spelt},
    dictionary::{Def, Dictionary, Extra, ListSpec, MapSpec, Name, ObjectSpec, Shape, Spelling, dictionary},
    effective::with_defaults,
    fault::{Fault, Warning},
    generated::{error_code::ErrorCode, warning_code::WarningCode},
    hint::Hints,
    places::Places,
    rules::Outcome,
    scalar::{self, ScalarFault},
    tally::Tally,
    tree::{Tree, escape},
};

/// What was understood from a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Private: a value that breaks a bound stands here too, and must not be used before the bound is looked at.
    document: Option<Value>,
    /// The first faults (`limits.json`: `errors_max`), as the sender spelt their places.
    pub faults: Vec<Fault>,
    /// How many faults there are.
    pub faults_total: usize,
    /// All warnings, as the sender spelt their places.
    pub warnings: Vec<Warning>,
    /// Where each value stood.
    pub places: Places,
    /// The dialect that alone spells the most of the fields' names; where they tell nothing, of the envelope's.
    pub dialect: Option<Dialect>,
}

impl Reading {
    /// Whether there is no fault.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.faults.is_empty()
    }

    /// What the sender said, canonical: snake, no nulls, canonical spellings, every value at its place, no defaults.
    /// `None` where there is any fault: what a command is run by.
    #[must_use]
    pub fn document(&self) -> Option<&Value> {
        self.document.as_ref().filter(|_| self.faults.is_empty())
    }

    /// The same, owned.
    #[must_use]
    pub fn into_document(self) -> Option<Value> {
        self.document.filter(|_| self.faults.is_empty())
    }

    /// What was read of a document that may be full of faults: values in it may be out of bounds, missing, or against
    /// each other. `None` where a name or a value could not be read at all.
    ///
    /// Only to be reported (`normalized`), never to be acted on.
    #[must_use]
    pub fn reported(&self) -> Option<&Value> {
        self.document.as_ref()
    }

    /// The same, owned.
    #[must_use]
    pub fn into_reported(self) -> Option<Value> {
        self.document
    }

    /// A reading without fault or warning.
    pub(crate) fn faultless(document: Value, places: Places, dialect: Option<Dialect>) -> Self {
        let (faults, warnings) = (Vec::new(), Vec::new());
        Self { document: Some(document), faults, faults_total: 0, warnings, places, dialect }
    }
}

/// Who wrote the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// A client: any dialect, nulls, accepted spellings.
    Sender,
    /// One of us: the canonical form and nothing else.
    Canonical,
}

/// Reads a document of a definition; pointers begin at the document.
///
/// ```
/// use contracts::{Writer, read, tree};
/// let body = br#"{"Model":{"Base":"sdxl_base","Refiner":null},"Conditioning":{"Prompt":"a pier"}}"#;
/// let reading = read("PromptSubmission", &tree::parse(body).unwrap().tree, Writer::Sender);
/// assert!(reading.is_valid());
/// assert_eq!(reading.into_document().unwrap()["model"], serde_json::json!({"base": "sdxl_base"}));
/// ```
#[must_use]
pub fn read(definition: &str, tree: &Tree, writer: Writer) -> Reading {
    read_sources(
        definition,
        &[Source::written(tree, String::new())],
        writer,
        Tally::default(),
        Spelt::default(),
    )
}

/// The first faults of a document that one of us wrote: what breaks the schema, and members that it does not know.
pub(crate) fn faults_of(definition: &str, document: &Value) -> (Tally, Tally) {
    if canonical::is_faultless(definition, document) {
        return (Tally::default(), Tally::default());
    }
    let tree = Tree::of(document);
    let mut reader = Reader::new(Writer::Canonical);
    let def = dictionary().named(definition);
    let root = reader.root(def, &[Source::written(&tree, String::new())]);
    reader.find_missing(def, &root);
    reader.apply_rules(def, &root);
    (reader.faults, reader.unknown)
}

/// A part of the sender's document that belongs to the one that is read.
pub(crate) struct Source<'t> {
    pub(crate) tree: &'t Tree,
    pub(crate) pointer: String,
    /// Whether the sender chose its names: those of a path and a query are the route's.
    pub(crate) spelt: bool,
}

impl<'t> Source<'t> {
    pub(crate) fn written(tree: &'t Tree, pointer: String) -> Self {
        Self { tree, pointer, spelt: true }
    }
}

pub(crate) fn read_sources(
    definition: &str,
    sources: &[Source<'_>],
    writer: Writer,
    mut faults: Tally,
    envelope: Spelt,
) -> Reading {
    let def = dictionary().named(definition);
    let mut reader = Reader::new(writer);
    reader.envelope = envelope;
    let mut root = reader.root(def, sources);
    reader.place_moved(def, &mut root);
    reader.find_missing(def, &root);
    reader.apply_rules(def, &root);
    faults.append(reader.faults);
    faults.append(reader.unknown);
    Reading {
        document: (!reader.unread).then_some(root),
        faults_total: faults.total(),
        faults: faults.into_kept(),
        warnings: reader.warnings,
        places: reader.places,
        dialect: reader.fields.most().or(reader.envelope.most()),
    }
}

struct Reader {
    dictionary: &'static Dictionary,
    writer: Writer,
    faults: Tally,
    /// Of one of us: members that the schema does not know, which may be a newer version's.
    unknown: Tally,
    warnings: Vec<Warning>,
    places: Places,
    /// Whether something could not be read at all.
    unread: bool,
    /// The dialects of the command's own names, and of those around it.
    fields: Spelt,
    envelope: Spelt,
    /// Whether what is read now counts for them.
    spelt: bool,
    /// Canonical pointers of values that are no good by themselves.
    faulty: BTreeSet<String>,
    moved: Vec<Moved>,
    visited: Vec<Visited>,
}

/// A value that was written at an accepted place.
struct Moved {
    to: String,
    value: Value,
    from: String,
}

/// An object that was read, to look for what is missing in it.
struct Visited {
    spec: &'static ObjectSpec,
    at: String,
    /// The definition that rules are stated for.
    rules: Option<&'static Def>,
}

/// Where the reader stands: canonically, and in the sender's document.
#[derive(Clone)]
struct At {
    canonical: String,
    sender: String,
    /// Canonical pointer and definition of the document that accepted places are relative to.
    document: (String, &'static Def),
    /// A value that the schema gives as an example here.
    example: Option<&'static Value>,
}

impl At {
    fn down(&self, canonical: &str, sender: &str) -> Self {
        Self {
            canonical: format!("{}/{canonical}", self.canonical),
            sender: format!("{}/{}", self.sender, escape(sender)),
            document: self.document.clone(),
            example: None,
        }
    }
}

impl Reader {
    fn new(writer: Writer) -> Self {
        Self {
            dictionary: dictionary(),
            writer,
            faults: Tally::default(),
            unknown: Tally::default(),
            warnings: Vec::new(),
            places: Places::default(),
            unread: false,
            fields: Spelt::default(),
            envelope: Spelt::default(),
            spelt: true,
            faulty: BTreeSet::new(),
            moved: Vec::new(),
            visited: Vec::new(),
        }
    }

    /// Whether nothing more is wanted: what one of us wrote is refused by its first faults.
    fn is_done(&self) -> bool {
        self.writer == Writer::Canonical && self.faults.is_full()
    }

    fn root(&mut self, def: &'static Def, sources: &[Source<'_>]) -> Value {
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

    fn visit(&mut self, spec: &'static ObjectSpec, def: &'static Def, at: &str) {
        let rules = (!def.rules.is_empty()).then_some(def);
        self.visited.push(Visited { spec, at: at.to_owned(), rules });
    }

    /// Reads a value; `None` where it is absent or no good.
    fn value(&mut self, shape: &'static Shape, tree: &Tree, at: &At) -> Option<Value> {
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

    fn definition(&mut self, def: &'static Def, tree: &Tree, at: &At) -> Option<Value> {
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

    fn members(&mut self, spec: &'static ObjectSpec, map: &[(String, Tree)], at: &At, members: &mut Members) {
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

    fn admits(&self, spelling: Spelling) -> bool {
        self.writer == Writer::Sender || spelling.snake
    }

    #[expect(clippy::too_many_arguments, reason = "one place of the sender's document, and one of ours")]
    fn property(
        &mut self,
        spec: &'static ObjectSpec,
        index: usize,
        spelling: Spelling,
        name: &str,
        tree: &Tree,
        at: &At,
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
            Some((known, first)) => {
                let (same, first) = (*known == value, first.clone());
                self.twice(same, &first, &at);
            }
        }
    }

    /// What means "not there": null, and for a string the empty one too.
    fn is_absent(&self, shape: &Shape, tree: &Tree) -> bool {
        match tree {
            Tree::Null => self.writer == Writer::Sender && !matches!(shape, Shape::Nullable(_) | Shape::Any),
            Tree::Text(text) if text.is_empty() => {
                self.writer == Writer::Sender && matches!(shape, Shape::Text(_) | Shape::Enum(_))
            }
            _ => false,
        }
    }

    fn place(&mut self, to: &str, name: &str, tree: &Tree, at: &At) {
        let sender = format!("{}/{}", at.sender, escape(name));
        let (base, def) = at.document.clone();
        let shape = self
            .dictionary
            .shape_at(&def.shape, to)
            .unwrap_or_else(|| panic!("`{to}` is no place of `{}`", def.name));
        let example = self.dictionary.property_at(&def.shape, to).and_then(|at| self.dictionary.example(at));
        let to =
            At { canonical: format!("{base}{to}"), sender: sender.clone(), document: (base, def), example };
        if self.is_absent(self.dictionary.resolve(shape), tree) {
            return;
        }
        self.accepted(name, &to.canonical, &to.canonical, &sender);
        if let Some(value) = self.value(shape, tree, &to) {
            self.moved.push(Moved { to: to.canonical, value, from: sender });
        } else {
            self.places.set(&to.canonical, &sender);
        }
    }

    fn neutral(&mut self, extra: &Extra, name: &str, tree: &Tree, at: &At, members: &mut Members) {
        let at = at.down(&extra.snake, name);
        if let Tree::Text(text) = tree
            && let Some((list, value)) = extra.adds.get(&text.to_lowercase())
        {
            self.accepted(name, value, value, &at.sender);
            members.adds.push(Added { list: *list, value: value.clone(), from: at.sender });
        } else if !is_neutral(tree) {
            self.unread = true;
            self.fault(
                &at,
                ErrorCode::UnsupportedFeature,
                format!("`{name}` has no meaning to any worker; leave it out, or null, false, 0, empty or \"none\""),
                format!("leave `{name}` out"),
            );
        }
    }

    fn flag(&mut self, extra: &Extra, name: &str, tree: &Tree, at: &At, members: &mut Members) {
        let at = at.down(&extra.snake, name);
        match tree {
            Tree::Null | Tree::Bool(false) => {}
            Tree::Bool(true) => {
                let (list, value) = &extra.adds["true"];
                self.accepted(name, value, value, &at.sender);
                members.adds.push(Added { list: *list, value: value.clone(), from: at.sender });
            }
            other => {
                let message = format!("`{name}` is true or false, not {}", other.kind());
                self.unreadable(&at, message, self.hints(&at).of_type(&Shape::Boolean, other));
            }
        }
    }

    fn unknown(&mut self, spec: &ObjectSpec, name: &str, at: &At, dialect: Option<Dialect>) {
        self.unread = true;
        let faults = if self.writer == Writer::Canonical { &mut self.unknown } else { &mut self.faults };
        faults.add(|| {
            let pointer = format!("{}/{}", at.sender, escape(name));
            if let Some(why) = scalar::written_by(name) {
                return Fault::new(
                    pointer,
                    ErrorCode::UnknownField,
                    format!("{} is unknown here; {why}", scalar::named(name)),
                )
                .hint(why);
            }
            let near = scalar::nearest(name, spec.names.keys().map(String::as_str));
            let nearest = near.map(|near| match &spec.names[near] {
                Name::Property { index, .. } => {
                    dialect.unwrap_or(Dialect::Snake).name(&spec.properties[*index]).to_owned()
                }
                _ => near.to_owned(),
            });
            let name = scalar::named(name);
            let message = match &nearest {
                Some(near) => format!("{name} is unknown here; the nearest known name is `{near}`"),
                None => format!("{name} is unknown here"),
            };
            Fault { nearest, ..Fault::new(pointer, ErrorCode::UnknownField, message) }
        });
    }

    /// A value of another type in the place of a list.
    fn no_list(&mut self, shape: &Shape, tree: &Tree, at: &At) {
        let why = match tree {
            Tree::Map(members) => members.iter().find_map(|(name, _)| scalar::written_by(name)),
            _ => None,
        };
        let message = format!("a list is wanted here, not {}", tree.kind());
        match why {
            Some(why) => self.unreadable(at, format!("{message}; {why}"), why.to_owned()),
            None => self.unreadable(at, message, self.hints(at).of_type(shape, tree)),
        }
    }

    fn list(&mut self, shape: &Shape, spec: &'static ListSpec, tree: &Tree, at: &At) -> Option<Value> {
        let Tree::List(trees) = tree else {
            self.no_list(shape, tree, at);
            return None;
        };
        if trees.len() > spec.max {
            return self.too_many(at, trees.len(), spec.min, spec.max, "items");
        }
        let mut items = Vec::with_capacity(trees.len());
        let order = match self.dictionary.resolve(&spec.item) {
            Shape::Enum(of) if spec.sorted => Some(of),
            _ => None,
        };
        let mut stood = Vec::new();
        for (i, tree) in trees.iter().enumerate() {
            if self.is_done() {
                return None;
            }
            let at = At {
                example: self.dictionary.example_of(&spec.item),
                ..at.down(&i.to_string(), &i.to_string())
            };
            if order.is_none() {
                self.places.set(&at.canonical, &at.sender);
            }
            if *tree == Tree::Null && !matches!(spec.item, Shape::Any) {
                let message = "null is no item of a list".to_owned();
                self.unreadable(&at, message, "leave it out of the list".to_owned());
            } else if let Some(item) = self.value(&spec.item, tree, &at) {
                if spec.unique && items.contains(&item) {
                    let message = format!("{item} stands twice");
                    self.unreadable(&at, message, "write each item once".to_owned());
                }
                if let Some(order) = order {
                    stood.push((order.values.iter().position(|value| item == *value), at.sender));
                }
                items.push(item);
            }
        }
        if let Some(fault) = scalar::count(trees.len(), spec.min, spec.max, "items") {
            self.scalar_fault(at, fault);
        }
        if let Some(order) = order {
            items.sort_by_key(|item| order.values.iter().position(|value| item == value));
            stood.sort_by_key(|(position, _)| *position);
            for (i, (_, sender)) in stood.iter().enumerate() {
                self.places.set(&format!("{}/{i}", at.canonical), sender);
            }
        }
        Some(items.into())
    }

    fn map(&mut self, shape: &Shape, spec: &'static MapSpec, tree: &Tree, at: &At) -> Option<Value> {
        let Tree::Map(members) = tree else {
            self.another_type(shape, "an object", tree, at);
            return None;
        };
        if members.len() > spec.max {
            return self.too_many(at, members.len(), 0, spec.max, "entries");
        }
        let mut map = Map::new();
        for (key, tree) in members {
            let at = at.down(&escape(key), key);
            self.places.set(&at.canonical, &at.sender);
            if let Some(value) = self.value(&spec.value, tree, &at) {
                map.insert(key.clone(), value);
            }
        }
        Some(map.into())
    }

    /// A list or map that is too long is one fault, and is not looked into: what stands in it could cost more than
    /// the contract has room for.
    fn too_many(&mut self, at: &At, length: usize, min: usize, max: usize, of: &str) -> Option<Value> {
        if let Some(fault) = scalar::count(length, min, max, of) {
            self.unread = true;
            self.scalar_fault(at, fault);
        }
        None
    }

    fn scalar(&mut self, shape: &Shape, tree: &Tree, at: &At) -> Option<Value> {
        let lenient = self.writer == Writer::Sender;
        let read = scalar::read(shape, tree, lenient, self.hints(at));
        if let Some((code, said, meant)) = read.respelt {
            let message = format!("`{said}` was read as `{meant}`");
            self.warn(code, &at.sender, message, Some(format!("write `{meant}`")));
        }
        if let Some(fault) = read.fault {
            // Without it the document would be another one than the sender wrote.
            self.unread |= read.value.is_none();
            self.scalar_fault(at, fault);
        }
        read.value
    }

    fn scalar_fault(&mut self, at: &At, fault: ScalarFault) {
        self.unread |= fault.code == ErrorCode::UnsupportedValue;
        self.faulty.insert(at.canonical.clone());
        self.faults.add(|| Fault {
            pointer: at.sender.clone(),
            code: fault.code,
            message: fault.message,
            allowed: fault.allowed,
            minimum: fault.minimum,
            maximum: fault.maximum,
            nearest: fault.nearest,
            hint: fault.hint,
        });
    }

    fn fault(&mut self, at: &At, code: ErrorCode, message: String, hint: String) {
        self.faulty.insert(at.canonical.clone());
        self.faults.add(|| Fault::new(at.sender.clone(), code, message).hint(hint));
    }

    fn unreadable(&mut self, at: &At, message: String, hint: String) {
        self.unread = true;
        self.fault(at, ErrorCode::UnsupportedValue, message, hint);
    }

    fn hints(&self, at: &At) -> Hints<'static> {
        Hints { example: at.example, is_json: self.spelt }
    }

    fn another_type(&mut self, shape: &Shape, wanted: &str, tree: &Tree, at: &At) {
        let message = format!("{wanted} is wanted here, not {}", tree.kind());
        self.unreadable(at, message, self.hints(at).of_type(shape, tree));
    }

    fn warn(&mut self, code: WarningCode, sender: &str, message: String, hint: Option<String>) {
        self.warnings.push(Warning { code, pointer: Some(sender.to_owned()), message, hint });
    }

    fn accepted(&mut self, name: &str, csharp: &str, canonical: &str, sender: &str) {
        let meant = if name.starts_with(char::is_uppercase) { csharp } else { canonical };
        let message = format!("`{name}` was read as `{meant}`");
        self.warn(WarningCode::AcceptedSpelling, sender, message, Some(format!("write `{meant}`")));
    }

    fn twice(&mut self, same: bool, first: &str, at: &At) {
        let (sender, canonical) = (&at.sender, &at.canonical);
        let (one, other) = below_their_parent(first, sender);
        if same {
            let message = format!("`{one}` and `{other}` are one property, with equal values");
            self.warn(WarningCode::DuplicateEqual, sender, message, Some("write it once".to_owned()));
        } else {
            self.unread = true;
            self.faulty.insert(canonical.clone());
            let message = format!("`{one}` and `{other}` are one property, with unequal values");
            self.faults.add(|| Fault::new(sender.clone(), ErrorCode::DuplicateField, message));
        }
    }

    /// Counts a name for the dialects. A wrapper's tells as the envelope's names do.
    fn count(&mut self, spec: &ObjectSpec, name: &str) {
        let of_wrapper = matches!(spec.names.get(name), Some(Name::Property { index, .. }) if spec.properties[*index].wrapper);
        let only = spec.only_dialect(name);
        if !self.spelt {
        } else if of_wrapper {
            self.envelope.count(only);
        } else {
            self.fields.count(only);
        }
    }

    /// The canonical object, in the schema's order.
    fn collect(&mut self, spec: &'static ObjectSpec, mut members: Members, at: &str) -> Value {
        for added in std::mem::take(&mut members.adds) {
            self.add(spec, &mut members, added, at);
        }
        let mut object = Map::new();
        for (index, property) in spec.properties.iter().enumerate() {
            if let Some((value, _)) = members.values.remove(&index) {
                object.insert(property.snake.clone(), value);
            }
        }
        object.into()
    }

    /// Adds an item to its list; one that stands there already keeps its place.
    fn add(&mut self, spec: &'static ObjectSpec, members: &mut Members, added: Added, at: &str) {
        let property = &spec.properties[added.list];
        let canonical = format!("{at}/{}", property.snake);
        let (list, written) =
            members.values.entry(added.list).or_insert_with(|| (Value::Array(Vec::new()), String::new()));
        if written.is_empty() {
            // Nobody wrote the list: what is wrong with it as a whole is told where its last item was written.
            self.places.replace(canonical.clone(), added.from.clone());
        }
        let Value::Array(items) = list else { return };
        if items.iter().any(|item| *item == added.value) {
            return;
        }
        let noted = |i: usize| {
            self.places.noted(&format!("{canonical}/{i}")).expect("a list notes each of its items").to_owned()
        };
        let mut placed: Vec<(Value, String)> =
            std::mem::take(items).into_iter().enumerate().map(|(i, item)| (item, noted(i))).collect();
        placed.push((added.value.into(), added.from));
        if let Shape::List(list) = self.dictionary.resolve(&property.shape)
            && let Shape::Enum(of) = self.dictionary.resolve(&list.item)
        {
            placed.sort_by_key(|(item, _)| of.values.iter().position(|value| item == value));
        }
        for (i, (item, from)) in placed.into_iter().enumerate() {
            self.places.replace(format!("{canonical}/{i}"), from);
            items.push(item);
        }
    }

    fn place_moved(&mut self, def: &'static Def, root: &mut Value) {
        for Moved { to, value, from } in std::mem::take(&mut self.moved) {
            let at = At {
                canonical: to.clone(),
                sender: from.clone(),
                document: (String::new(), def),
                example: None,
            };
            if let Some(known) = root.pointer(&to) {
                let same = *known == value;
                let first = self.places.sender(&to, &def.shape);
                self.twice(same, &first, &at);
                continue;
            }
            self.places.set(&to, &from);
            insert(root, &to, value, &def.shape, self.dictionary);
        }
    }

    fn find_missing(&mut self, def: &'static Def, root: &Value) {
        let visited = std::mem::take(&mut self.visited);
        for Visited { spec, at, .. } in &visited {
            if self.is_done() {
                break;
            }
            for property in spec.properties.iter().filter(|property| property.required) {
                let canonical = format!("{at}/{}", property.snake);
                if root.pointer(&canonical).is_some() || self.is_faulty(&canonical) {
                    continue;
                }
                self.faults.add(|| {
                    let pointer = self.places.sender(&canonical, &def.shape);
                    let name = pointer.rsplit('/').next().unwrap_or(&property.snake);
                    let message = format!("`{name}` is missing");
                    Fault::new(pointer, ErrorCode::MissingField, message)
                });
                self.faulty.insert(canonical);
            }
        }
        self.visited = visited;
    }

    /// Whether the value, or one inside it, is no good by itself.
    fn is_faulty(&self, canonical: &str) -> bool {
        if self.faulty.contains(canonical) {
            return true;
        }
        // What is below stands together in the order of the set.
        let below = format!("{canonical}/");
        self.faulty.range(below.clone()..).next().is_some_and(|faulty| faulty.starts_with(&below))
    }

    fn apply_rules(&mut self, def: &'static Def, root: &Value) {
        for Visited { at, rules, .. } in std::mem::take(&mut self.visited) {
            let Some(document_def) = rules else { continue };
            let Some(said) = root.pointer(&at) else {
                continue;
            };
            let shape = &document_def.shape;
            let effective = with_defaults(said, shape, self.dictionary, None);
            let mut blamed_by_rules = Vec::new();
            for rule in &document_def.rules {
                let is_faulty = |field: &str| self.is_faulty(&format!("{at}{field}"));
                for breach in rule.breaches(&effective, shape, self.dictionary, &is_faulty) {
                    let blamed = breach
                        .fields
                        .iter()
                        .rev()
                        .find(|field| said.pointer(field).is_some())
                        .unwrap_or(&breach.fields[0]);
                    let canonical = format!("{at}{blamed}");
                    let pointer = self.places.sender(&canonical, &def.shape);
                    let last = breach.fields.last().is_some_and(|field| said.pointer(field).is_some());
                    match breach.outcome {
                        // A default is no one's fault: only what was said is warned of.
                        Outcome::Warning(_) if !last => {}
                        Outcome::Warning(code) => self.warn(code, &pointer, breach.message, None),
                        Outcome::Fault(code) => {
                            blamed_by_rules.push(canonical);
                            self.faults.add(|| Fault {
                                minimum: breach.minimum,
                                maximum: breach.maximum,
                                ..Fault::new(pointer, code, breach.message)
                            });
                        }
                    }
                }
            }
            // What a rule refuses is no good by itself from here on; a warning beside the fault would only be noise.
            self.faulty.extend(blamed_by_rules);
            if self.writer == Writer::Sender {
                self.find_no_effect(def, &at, said, &effective, shape);
            }
        }
    }

    /// Warns of what was set where it can take no effect, unless it equals its default.
    fn find_no_effect(
        &mut self,
        def: &'static Def,
        at: &str,
        said: &Value,
        effective: &Value,
        shape: &'static Shape,
    ) {
        let mut idle = Vec::new();
        walk(said, shape, self.dictionary, &mut String::new(), &mut |pointer, property, value| {
            let Some(condition) = &property.takes_effect_when else {
                return;
            };
            let default = property.default.clone().or_else(|| self.dictionary.default_of(&property.shape));
            let is_default = default.is_some_and(|default| scalar::equal(&default, value));
            if !condition.holds(effective, shape, self.dictionary) && !is_default {
                idle.push((pointer.to_owned(), property.snake.clone()));
            }
        });
        for (pointer, name) in idle {
            let canonical = format!("{at}{pointer}");
            if self.is_faulty(&canonical) {
                continue;
            }
            let sender = self.places.sender(&canonical, &def.shape);
            self.warn(
                WarningCode::NoEffect,
                &sender,
                format!("`{name}` takes no effect here"),
                Some("leave it out".to_owned()),
            );
        }
    }
}

#[derive(Default)]
struct Members {
    /// By the index of the property: its value and where it stood.
    values: HashMap<usize, (Value, String)>,
    /// Items that flags add to lists.
    adds: Vec<Added>,
}

/// An item that was written as a member of its own.
struct Added {
    /// The index of its list.
    list: usize,
    value: String,
    from: String,
}

/// The dialect that alone spells the most names of one object.
fn own_dialect(spec: &ObjectSpec, map: &[(String, Tree)]) -> Option<Dialect> {
    let mut spelt = Spelt::default();
    for (name, _) in map {
        spelt.count(spec.only_dialect(name));
    }
    spelt.most()
}

/// The values that a neutral-only property may have.
fn is_neutral(tree: &Tree) -> bool {
    match tree {
        Tree::Null | Tree::Bool(false) | Tree::Integer(0) => true,
        Tree::Number(number) => number.value() == 0.0,
        Tree::Text(text) => text.is_empty() || text.eq_ignore_ascii_case("none"),
        Tree::List(items) => items.is_empty(),
        Tree::Map(members) => members.is_empty(),
        _ => false,
    }
}

/// Sets a value at a pointer, making the objects on the way, each in the schema's order.
fn insert(value: &mut Value, pointer: &str, new: Value, shape: &Shape, dictionary: &Dictionary) {
    let Some(rest) = pointer.strip_prefix('/') else {
        *value = new;
        return;
    };
    let (token, rest) = rest.find('/').map_or((rest, ""), |end| rest.split_at(end));
    if let Value::Array(items) = value {
        if let (Some(item), Some(inner)) =
            (token.parse::<usize>().ok().and_then(|i| items.get_mut(i)), dictionary.shape_at(shape, "/0"))
        {
            insert(item, rest, new, inner, dictionary);
        }
        return;
    }
    let (Value::Object(members), Shape::Object(spec)) = (value, dictionary.resolve(shape)) else {
        return;
    };
    let Some(property) = spec.property(token) else {
        return;
    };
    let member = members.entry(token).or_insert_with(|| Value::Object(Map::new()));
    insert(member, rest, new, &property.shape, dictionary);
    let mut ordered = Map::new();
    for property in &spec.properties {
        if let Some(member) = members.remove(&property.snake) {
            ordered.insert(property.snake.clone(), member);
        }
    }
    *members = ordered;
}

fn walk<'d>(
    value: &Value,
    shape: &'d Shape,
    dictionary: &'d Dictionary,
    pointer: &mut String,
    found: &mut dyn FnMut(&str, &'d crate::dictionary::Property, &Value),
) {
    let length = pointer.len();
    match (dictionary.resolve(shape), value) {
        (Shape::Object(spec), Value::Object(members)) => {
            for property in &spec.properties {
                if let Some(member) = members.get(&property.snake) {
                    pointer.push('/');
                    pointer.push_str(&property.snake);
                    found(pointer, property, member);
                    walk(member, &property.shape, dictionary, pointer, found);
                    pointer.truncate(length);
                }
            }
        }
        (Shape::List(list), Value::Array(items)) => {
            for (i, item) in items.iter().enumerate() {
                pointer.push_str(&format!("/{i}"));
                walk(item, &list.item, dictionary, pointer, found);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

impl Reading {
    /// Takes a prefix off every pointer of the sender: the document stood at the root itself.
    pub(crate) fn lift(&mut self, prefix: &str) {
        let lift = |pointer: &mut String| {
            if let Some(rest) = pointer.strip_prefix(prefix)
                && (rest.is_empty() || rest.starts_with('/'))
            {
                *pointer = rest.to_owned();
            }
        };
        self.faults.iter_mut().for_each(|fault| lift(&mut fault.pointer));
        self.warnings.iter_mut().filter_map(|warning| warning.pointer.as_mut()).for_each(lift);
        self.places.lift(&lift);
    }
}

/// Two places below what both stand in: where that lies is the pointer's to say, which a body's reader rebases.
fn below_their_parent<'p>(one: &'p str, other: &'p str) -> (&'p str, &'p str) {
    let common = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let parent = one[..common].rfind('/').map_or(0, |at| at + 1);
    (&one[parent..], &other[parent..])
}
