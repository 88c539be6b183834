//! The rules: what an edit is called, whom it breaks and how it is avoided. They are data (`data/diff_rules.json`).

use serde::Deserialize;
use std::{collections::HashMap, sync::LazyLock};

use crate::contract::Direction;

/// What an edit does to the set of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Some values are none any more.
    Narrows,
    /// There are more values.
    Widens,
    /// Some are none any more, and others are new.
    Both,
    /// A search decides.
    Unknown,
    /// Validation does not see it.
    None,
}

/// How bad an edit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nobody notices.
    Info,
    /// Legal on the wire, and somebody may read it otherwise.
    Dangerous,
    /// It cannot be told.
    Undecided,
    /// Somebody breaks.
    Breaking,
    /// Breaking for readers that refuse what they do not know, dangerous for those that drop it.
    Policy,
}

impl Severity {
    /// Its name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Dangerous => "dangerous",
            Self::Undecided => "undecided",
            Self::Breaking | Self::Policy => "breaking",
        }
    }
}

/// Which kind of agreement an edit touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Which documents are valid.
    Wire,
    /// What they mean, and what the protocol promises.
    Meaning,
    /// Names in generated code.
    Source,
    /// Wording.
    Note,
}

/// Whom an edit breaks, by the direction of the message.
#[derive(Debug, Deserialize)]
pub struct Who {
    /// Of a request.
    pub request: Vec<String>,
    /// Of a reply or an event.
    pub response: Vec<String>,
}

/// A rule.
#[derive(Debug, Deserialize)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// The edit.
    pub title: String,
    /// The agreement that it touches.
    pub layer: Layer,
    /// What it does to the set of values.
    pub effect: Effect,
    /// Severity in a request.
    pub request: Severity,
    /// Severity in a reply or an event.
    pub response: Severity,
    /// The rule of the opposite edit.
    pub mirror: Option<String>,
    /// Whom it breaks.
    pub who: Who,
    /// `keyword:edit` that it is the rule of.
    pub covers: Vec<String>,
    /// The sentence of a finding, with `{name}`, `{before}` and `{after}`.
    pub what: String,
    /// The way out.
    pub fix: String,
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../data/diff_rules.json")).expect("the table is tested")
});

static BY_EDIT: LazyLock<HashMap<&'static str, &'static Rule>> = LazyLock::new(|| {
    RULES.iter().flat_map(|rule| rule.covers.iter().map(move |edit| (edit.as_str(), rule))).collect()
});

/// All rules.
#[must_use]
pub fn all() -> &'static [Rule] {
    &RULES
}

/// The rule of an edit, if there is one.
pub(super) fn of_edit(keyword: &str, edit: &str) -> Option<&'static Rule> {
    BY_EDIT.get(format!("{keyword}:{edit}").as_str()).copied()
}

/// The rule of an edit; that of unknown keywords, if there is none.
pub(super) fn of_any(keyword: &str, edit: &str) -> &'static Rule {
    let unknown = || BY_EDIT.get("*:changed").copied();
    of_edit(keyword, edit).or_else(unknown).expect("the table has a rule for unknown keywords")
}

impl Rule {
    /// Its severity for a direction; where it is both, the worse one.
    pub(super) fn severity(&self, direction: Direction, refuses_unknown: bool) -> Severity {
        let settled = |severity| match (severity, refuses_unknown) {
            (Severity::Policy, true) => Severity::Breaking,
            (Severity::Policy, false) => Severity::Dangerous,
            (other, _) => other,
        };
        match direction {
            Direction::Request => settled(self.request),
            Direction::Response => settled(self.response),
            Direction::Both => settled(self.request).max(settled(self.response)),
        }
    }
}
