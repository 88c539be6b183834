//! The state of a reading while it walks a document: the [`Reader`] and its place.

use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

use super::Writer;
use crate::{
    dialect::Spelt,
    dictionary::{Def, Dictionary, ObjectSpec},
    places::Places,
    pointer::escape,
    tally::Tally,
    violation::Warning,
};

pub(super) struct Reader<'d> {
    pub(super) dictionary: &'d Dictionary,
    pub(super) writer: Writer,
    pub(super) violations: Tally,
    /// Unknown members of a canonical document: a newer version may have written them, so they are counted apart.
    pub(super) unknown: Tally,
    pub(super) warnings: Vec<Warning>,
    pub(super) places: Places,
    /// Whether something could not be read at all.
    pub(super) unread: bool,
    /// The dialects of the command's own names, and of those around it.
    pub(super) fields: Spelt,
    pub(super) envelope: Spelt,
    /// Whether the names that are read now count for them.
    pub(super) spelt: bool,
    /// Canonical pointers of values that have a violation of their own. Rules do not compare them.
    pub(super) faulty: BTreeSet<String>,
    pub(super) moved: Vec<Moved>,
    pub(super) visited: Vec<Visited<'d>>,
}

impl<'d> Reader<'d> {
    pub(super) fn new(dictionary: &'d Dictionary, writer: Writer) -> Self {
        Self {
            dictionary,
            writer,
            violations: Tally::default(),
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

    /// Whether the reading may stop: a canonical document is refused by its first violations.
    pub(super) fn is_done(&self) -> bool {
        self.writer == Writer::Canonical && self.violations.is_full()
    }

    /// Whether the value, or one inside it, has a violation of its own.
    pub(super) fn is_faulty(&self, canonical: &str) -> bool {
        if self.faulty.contains(canonical) {
            return true;
        }
        // The set is ordered, so all pointers below one stand together behind it.
        let below = format!("{canonical}/");
        self.faulty.range(below.clone()..).next().is_some_and(|faulty| faulty.starts_with(&below))
    }
}

/// Where the reader stands: canonically, and in the sender's document.
#[derive(Clone)]
pub(super) struct At<'d> {
    pub(super) canonical: String,
    pub(super) sender: String,
    /// Canonical pointer and definition of the document that accepted places are relative to.
    pub(super) document: (String, &'d Def),
    /// A value that the schema gives as an example here.
    pub(super) example: Option<&'d Value>,
}

impl At<'_> {
    pub(super) fn down(&self, canonical: &str, sender: &str) -> Self {
        Self {
            canonical: format!("{}/{canonical}", self.canonical),
            sender: format!("{}/{}", self.sender, escape(sender)),
            document: self.document.clone(),
            example: None,
        }
    }
}

/// A value that was written at an accepted place.
pub(super) struct Moved {
    pub(super) to: String,
    pub(super) value: Value,
    pub(super) from: String,
}

/// An object that was read; its missing properties are searched afterwards.
pub(super) struct Visited<'d> {
    pub(super) spec: &'d ObjectSpec,
    pub(super) at: String,
    /// The definition that rules are stated for.
    pub(super) rules: Option<&'d Def>,
}

#[derive(Default)]
pub(super) struct Members {
    /// By the index of the property: its value and where it stood.
    pub(super) values: HashMap<usize, (Value, String)>,
    /// Items that flags add to lists.
    pub(super) adds: Vec<Added>,
}

/// An item that was written as a member of its own.
pub(super) struct Added {
    /// The index of its list.
    pub(super) list: usize,
    pub(super) value: String,
    pub(super) from: String,
}
