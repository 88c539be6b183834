//! Readings: any dialect in, the canonical document out, with every violation, every warning and every place.
//!
//! A document is walked once (`walk`, `collections`, `extras`, `moved`); then `missing`, `rules` and `effect` judge the
//! canonical document as a whole.

mod collections;
mod effect;
mod extras;
mod missing;
mod moved;
mod reader;
mod report;
mod rules;
mod walk;

use serde_json::Value;

use crate::{
    canonical,
    dialect::{Dialect, Spelt},
    dictionary::{Dictionary, dictionary},
    places::Places,
    tally::Tally,
    tree::Tree,
    violation::{Violation, Warning},
};
use reader::Reader;

/// The result of reading a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Private, because it also holds values that break a limit: `document` gives it out only if nothing is violated.
    document: Option<Value>,
    /// The first violations, at most `limits::ERRORS_MAX`, in the order of the document.
    pub violations: Vec<Violation>,
    /// Number of all violations; more than `violations` has where only the first are kept.
    pub violations_total: usize,
    /// All warnings, in the order of the document.
    pub warnings: Vec<Warning>,
    /// Where each canonical value stood in the sender's document.
    pub places: Places,
    /// The dialect that the names of the fields tell, else those of the envelope. `None` if all are spelt alike in each
    /// dialect.
    pub dialect: Option<Dialect>,
}

impl Reading {
    /// Whether there is no violation.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.violations.is_empty()
    }

    /// The canonical document without defaults, to run a command by. `None` if there is any violation.
    #[must_use]
    pub fn document(&self) -> Option<&Value> {
        self.document.as_ref().filter(|_| self.violations.is_empty())
    }

    /// As [`document`](Self::document), owned.
    #[must_use]
    pub fn into_document(self) -> Option<Value> {
        self.document.filter(|_| self.violations.is_empty())
    }

    /// The canonical document even if it has violations: values may be out of bounds, missing, or against each other.
    /// `None` if a name or a value could not be read at all.
    ///
    /// For reports (`normalized`) only; run commands by [`document`](Self::document).
    #[must_use]
    pub fn reported(&self) -> Option<&Value> {
        self.document.as_ref()
    }

    /// As [`reported`](Self::reported), owned.
    #[must_use]
    pub fn into_reported(self) -> Option<Value> {
        self.document
    }

    /// A reading without violation or warning.
    pub(crate) fn faultless(document: Value, places: Places, dialect: Option<Dialect>) -> Self {
        let (violations, warnings) = (Vec::new(), Vec::new());
        Self { document: Some(document), violations, violations_total: 0, warnings, places, dialect }
    }

    /// Takes a prefix off every pointer of the sender: the document stood at the root itself.
    pub(crate) fn lift(&mut self, prefix: &str) {
        let lift = |pointer: &mut String| {
            if let Some(rest) = pointer.strip_prefix(prefix)
                && (rest.is_empty() || rest.starts_with('/'))
            {
                *pointer = rest.to_owned();
            }
        };
        self.violations.iter_mut().for_each(|violation| lift(&mut violation.pointer));
        self.warnings.iter_mut().filter_map(|warning| warning.pointer.as_mut()).for_each(lift);
        self.places.lift(&lift);
    }
}

/// The writer of a document; decides how lenient its reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// A client: any dialect, nulls, accepted spellings.
    Sender,
    /// The gateway or a worker: the canonical form alone.
    Canonical,
}

/// Reads a document of a definition of the schemas (`PromptSubmission`). Pointers begin at the document.
///
/// ```
/// use contracts::{Writer, read, tree};
/// let body = br#"{"Model":{"Base":"sdxl_base","Refiner":null},"Conditioning":{"Prompt":"a pier"}}"#;
/// let reading = read("PromptSubmission", &tree::parse(body).unwrap().tree, Writer::Sender);
/// assert!(reading.is_valid());
/// assert_eq!(reading.into_document().unwrap()["model"], serde_json::json!({"base": "sdxl_base"}));
/// ```
///
/// # Panics
/// If there is no definition of that name, or it is not an object.
#[must_use]
pub fn read(definition: &str, tree: &Tree, writer: Writer) -> Reading {
    read_by(dictionary(), definition, tree, writer)
}

/// As [`read`], by the tables of another version of the contract, or of another contract.
///
/// # Panics
/// If there is no definition of that name, or it is not an object.
#[must_use]
pub fn read_by(dictionary: &Dictionary, definition: &str, tree: &Tree, writer: Writer) -> Reading {
    let sources = [Source::written(tree, String::new())];
    read_sources_by(dictionary, definition, &sources, writer, Tally::default(), Spelt::default())
}

/// The first violations of a canonical document: of its schema, and of members that the schema does not know.
pub(crate) fn violations_of(definition: &str, document: &Value) -> (Tally, Tally) {
    if canonical::is_faultless(definition, document) {
        return (Tally::default(), Tally::default());
    }
    let tree = Tree::of(document);
    let mut reader = Reader::new(dictionary(), Writer::Canonical);
    let def = dictionary().named(definition);
    let root = reader.root(def, &[Source::written(&tree, String::new())]);
    reader.find_missing(def, &root);
    reader.apply_rules(def, &root);
    (reader.violations, reader.unknown)
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
    violations: Tally,
    envelope: Spelt,
) -> Reading {
    read_sources_by(dictionary(), definition, sources, writer, violations, envelope)
}

fn read_sources_by(
    dictionary: &Dictionary,
    definition: &str,
    sources: &[Source<'_>],
    writer: Writer,
    mut violations: Tally,
    envelope: Spelt,
) -> Reading {
    let def = dictionary.named(definition);
    let mut reader = Reader::new(dictionary, writer);
    reader.envelope = envelope;
    let mut root = reader.root(def, sources);
    reader.place_moved(def, &mut root);
    reader.find_missing(def, &root);
    reader.apply_rules(def, &root);
    violations.append(reader.violations);
    violations.append(reader.unknown);
    Reading {
        document: (!reader.unread).then_some(root),
        violations_total: violations.total(),
        violations: violations.into_kept(),
        warnings: reader.warnings,
        places: reader.places,
        dialect: reader.fields.most().or(reader.envelope.most()),
    }
}
