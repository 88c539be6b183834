//! JSON as its sender wrote it: in order, with duplicate names, integers apart from numbers, and a bounded depth.
//!
//! `serde_json::Value` silently keeps the last of two equal names; a [`Tree`] keeps both and counts them.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::{cell::Cell, collections::HashSet, fmt};

use crate::{
    generated::limits::DEPTH_MAX,
    number::{Number, Texts},
    pointer::escape,
    shown::{ERRORS_MAX, POINTER_BYTES_MAX, reachable},
};

/// One JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without fraction and exponent that fits 64 bits.
    Integer(i64),
    /// Any other number.
    Number(Number),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Tree>),
    /// An object, in the sender's order; equal names may stand twice.
    Map(Vec<(String, Tree)>),
}

/// The error of bytes that are not a [`Tree`]; the sentence names the place.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TreeError {
    /// The bytes are not UTF-8; the offset of the first bad one.
    #[error("invalid UTF-8 at byte {0}")]
    Utf8(usize),
    /// The text is not JSON, is nested deeper than `limits::DEPTH_MAX`, or has a lone surrogate or a number that is not
    /// finite.
    #[error("{0}")]
    Json(String),
}

/// A document, and the names that stand twice in one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The document.
    pub tree: Tree,
    /// Pointers of the first repeated names: of each second and later one.
    pub duplicates: Vec<String>,
    /// Number of all repeated names.
    pub duplicates_total: usize,
}

/// Parses one document.
///
/// ```
/// use contracts::tree::{Tree, parse};
/// let parsed = parse(br#"{"steps":30,"steps":3e1}"#).unwrap();
/// assert_eq!(parsed.duplicates, ["/steps"]);
/// let Tree::Map(members) = parsed.tree else { panic!("it is an object") };
/// assert_eq!((members[0].1.kind(), members[1].1.kind()), ("an integer", "a number"));
/// ```
///
/// # Errors
/// [`TreeError::Utf8`] or [`TreeError::Json`].
pub fn parse(bytes: &[u8]) -> Result<Parsed, TreeError> {
    let text = std::str::from_utf8(bytes).map_err(|err| TreeError::Utf8(err.valid_up_to()))?;
    if text.starts_with('\u{feff}') {
        return Err(TreeError::Json(LATE_BOM.to_owned()));
    }
    let seen = Seen::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let json =
        |err: serde_json::Error| TreeError::Json(comment(text, &err).unwrap_or_else(|| err.to_string()));
    let mut tree = Seed { seen: &seen, depth: 0 }.deserialize(&mut deserializer).map_err(json)?;
    deserializer.end().map_err(json)?;
    if seen.number.get() {
        // The parser gives values alone: the texts are found by scanning the document again.
        set_written(&mut tree, &mut Texts::of(text));
    }
    let mut found = Duplicates::default();
    if seen.duplicate.get() {
        found.find(&tree, &mut String::new());
    }
    Ok(Parsed { tree, duplicates: found.pointers, duplicates_total: found.total })
}

/// The sentence of a byte order mark inside a stream. The decoder of frames takes off the one before the first frame.
const LATE_BOM: &str = "the document begins with a byte order mark (BOM), which only the first frame may have: write UTF-8 without it";

/// The sentence of a comment, where one stands at the place of the error.
fn comment(text: &str, err: &serde_json::Error) -> Option<String> {
    let line = text.split('\n').nth(err.line().checked_sub(1)?)?;
    let at = (err.column().saturating_sub(1)..=err.column())
        .find(|at| line.as_bytes().get(*at..*at + 2).is_some_and(|two| two == b"//" || two == b"/*"))?;
    Some(format!("JSON has no comments: one begins at line {} column {}", err.line(), at + 1))
}

impl Tree {
    /// Its JSON type with an article, for messages: `an integer`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Map(_) => "an object",
        }
    }

    /// As a `serde_json` value; of equal names the last stays.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(b) => Value::Bool(*b),
            Self::Integer(i) => Value::from(*i),
            Self::Number(n) => Value::from(n.value()),
            Self::Text(s) => Value::String(s.clone()),
            Self::List(items) => items.iter().map(Self::to_value).collect(),
            Self::Map(members) => {
                Value::Object(members.iter().map(|(k, v)| (k.clone(), v.to_value())).collect())
            }
        }
    }

    /// From a `serde_json` value.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::Number(n) => n
                .as_i64()
                .map_or_else(|| Self::Number(Number::of(n.as_f64().unwrap_or(f64::MAX))), Self::Integer),
            Value::String(s) => Self::Text(s.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::of).collect()),
            Value::Object(members) => {
                Self::Map(members.iter().map(|(k, v)| (k.clone(), Self::of(v))).collect())
            }
        }
    }
}

/// Up to this many names are compared one by one: that costs less than to hash them.
const COMPARED_MAX: usize = 16;

/// Whether a name stands twice. Asked of every object, so it must be linear.
fn has_duplicate(members: &[(String, Tree)]) -> bool {
    if members.len() <= COMPARED_MAX {
        let twice =
            |(i, (name, _)): (usize, &(String, Tree))| members[..i].iter().any(|(known, _)| known == name);
        return members.iter().enumerate().any(twice);
    }
    let mut known = HashSet::with_capacity(members.len());
    !members.iter().all(|(name, _)| known.insert(name.as_str()))
}

/// Where names stand twice. Pointers are made only for documents that have such names, and only for the first of them.
#[derive(Default)]
struct Duplicates {
    pointers: Vec<String>,
    total: usize,
    bytes: usize,
}

impl Duplicates {
    fn find(&mut self, tree: &Tree, at: &mut String) {
        let length = at.len();
        match tree {
            Tree::List(items) => {
                for (i, item) in items.iter().enumerate() {
                    at.push_str(&format!("/{i}"));
                    self.find(item, at);
                    at.truncate(length);
                }
            }
            Tree::Map(members) => {
                let mut known = HashSet::with_capacity(members.len());
                for (name, value) in members {
                    at.push('/');
                    at.push_str(&escape(name));
                    if !known.insert(name.as_str()) {
                        self.note(at);
                    }
                    self.find(value, at);
                    at.truncate(length);
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, at: &str) {
        self.total += 1;
        let full = self.pointers.len() >= ERRORS_MAX || self.bytes > POINTER_BYTES_MAX;
        if !full {
            let at = reachable(at);
            self.bytes += at.len();
            if self.bytes <= POINTER_BYTES_MAX {
                self.pointers.push(at.to_owned());
            }
        }
    }
}

/// Gives every number the text that it was written as.
fn set_written(tree: &mut Tree, texts: &mut Texts<'_>) {
    match tree {
        Tree::Integer(_) => {
            texts.next();
        }
        Tree::Number(number) => {
            if let Some(text) = texts.next() {
                number.set_written(text);
            }
        }
        Tree::List(items) => items.iter_mut().for_each(|item| set_written(item, texts)),
        Tree::Map(members) => members.iter_mut().for_each(|(_, value)| set_written(value, texts)),
        Tree::Null | Tree::Bool(_) | Tree::Text(_) => {}
    }
}

/// Marks of a document that decide whether it is scanned again.
#[derive(Default)]
struct Seen {
    /// An object with a name that stands twice.
    duplicate: Cell<bool>,
    /// A number that is not an integer of 64 bits.
    number: Cell<bool>,
}

#[derive(Clone, Copy)]
struct Seed<'w> {
    seen: &'w Seen,
    depth: usize,
}

impl Seed<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth as u64 == DEPTH_MAX {
            return Err(E::custom(format_args!("nesting deeper than {DEPTH_MAX} levels")));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn number(self, value: f64) -> Tree {
        self.seen.number.set(true);
        Tree::Number(Number::of(value))
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Tree;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }
    fn visit_bool<E>(self, b: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(b))
    }
    fn visit_i64<E>(self, i: i64) -> Result<Tree, E> {
        Ok(Tree::Integer(i))
    }
    fn visit_u64<E>(self, u: u64) -> Result<Tree, E> {
        // Beyond i64 it is outside every limit of the contract; as a float it stays so.
        Ok(i64::try_from(u).map_or_else(|_| self.number(u as f64), Tree::Integer))
    }
    fn visit_f64<E>(self, n: f64) -> Result<Tree, E> {
        Ok(self.number(n))
    }
    fn visit_str<E>(self, s: &str) -> Result<Tree, E> {
        Ok(Tree::Text(s.to_owned()))
    }
    fn visit_string<E>(self, s: String) -> Result<Tree, E> {
        Ok(Tree::Text(s))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let inner = self.deeper()?;
        let mut members: Vec<(String, Tree)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            members.push((name, map.next_value_seed(inner)?));
        }
        if !self.seen.duplicate.get() && has_duplicate(&members) {
            self.seen.duplicate.set(true);
        }
        Ok(Tree::Map(members))
    }
}
