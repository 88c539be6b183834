//! The answer of one party to one payload: whether it refuses it, why, and the value that it read.

use serde_json::Value;
use std::collections::BTreeSet;

/// An answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Answer {
    /// Whether it refuses the document.
    pub(super) refuses: bool,
    /// Why, for people.
    pub(super) why: String,
    /// The violations that it names; `None` of a party that names none.
    pub(super) found: Option<BTreeSet<Found>>,
    /// Whether these are all: a party that cannot bind a document knows nothing of its rules.
    pub(super) is_all: bool,
    /// The warnings of values without effect, where the party has them.
    pub(super) warnings: Option<BTreeSet<(String, String)>>,
    /// The canonical document that the party read; `None` if the party only judges.
    pub(super) value: Option<Value>,
    /// The same with every default, where the party has them.
    pub(super) effective: Option<Value>,
}

/// One violation, as parties compare it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// Its place; the same for every spelling of names.
    pub(super) at: String,
    /// Its code.
    pub(super) code: String,
    /// The rule that is broken; `None` of a value's own limits.
    pub(super) rule: Option<String>,
}

impl Answer {
    /// Whether a violation is of the schema: of no rule over several fields.
    pub(super) fn breaks_schema(&self) -> bool {
        self.found.iter().flatten().any(|found| found.rule.is_none())
    }
}

/// A pointer without the marks of a dialect.
pub(super) fn plain(pointer: &str) -> String {
    pointer.chars().filter(|letter| *letter != '_').flat_map(char::to_lowercase).collect()
}

/// Violations and warnings of an answer in JSON.
pub(super) fn found_in(list: &Value) -> BTreeSet<Found> {
    let text = |row: &Value, key: &str| row[key].as_str().map_or_else(String::new, str::to_owned);
    let rows = list.as_array().into_iter().flatten();
    rows.map(|row| Found {
        at: plain(&text(row, "pointer")),
        code: text(row, "code"),
        rule: row["rule"].as_str().map(str::to_owned),
    })
    .collect()
}

/// The warnings that a typed document gives by itself.
pub(super) fn warnings_in(list: &Value) -> BTreeSet<(String, String)> {
    let text = |row: &Value, key: &str| row[key].as_str().map_or_else(String::new, str::to_owned);
    let rows = list.as_array().into_iter().flatten();
    rows.map(|row| (text(row, "code"), plain(&text(row, "pointer"))))
        .filter(|(code, _)| matches!(code.as_str(), "no_effect" | "weight_zero"))
        .collect()
}
