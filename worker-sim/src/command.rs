//! A command that was read and is good.

use contracts::{Action, Class};
use contracts::{Dialect, Failure, Head, Places, Submission, Violation, Warning, dictionary::dictionary};
use serde_json::Value;
use std::time::Duration;

use crate::{clock::Now, faults::Moment};

/// A command on its way to its reply.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    /// Counts commands; the place of its line.
    pub(crate) ticket: u64,
    /// Which frame it was, from 0.
    pub(crate) index: u64,
    pub(crate) head: Head,
    pub(crate) class: Class,
    pub(crate) dialect: Dialect,
    /// Whether its line keeps its place among the others.
    pub(crate) ordered: bool,
    /// Canonical.
    pub(crate) fields: Value,
    /// Faults of the document: only `validate_request` gets that far with any.
    pub(crate) violations: Vec<Violation>,
    /// How many there are.
    pub(crate) violations_total: usize,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) places: Places,
    pub(crate) received: Now,
    pub(crate) deadline: Option<Duration>,
}

impl Command {
    pub(crate) fn action(&self) -> Action {
        self.head.action
    }

    pub(crate) fn moment(&self) -> Moment {
        Moment { index: self.index, action: Some(self.head.action), attempt: self.head.attempt }
    }

    /// A canonical pointer of its fields, as the sender spelt it.
    pub(crate) fn sender(&self, canonical: &str) -> String {
        self.places.sender(canonical, &dictionary().named(self.head.action.info().request).shape)
    }

    /// The prompt submission that it carries.
    pub(crate) fn submission(&self) -> Option<Submission> {
        Submission::of(&self.fields)
    }

    /// Where a value of its prompt submission stands in the sender's document.
    pub(crate) fn of_submission(&self, submission: &Submission, pointer: &str) -> String {
        self.sender(&submission.pointer(pointer))
    }

    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.as_str()
    }

    pub(crate) fn required(&self, field: &str) -> &str {
        self.text(field).unwrap_or_default()
    }

    /// A failure at a field of the command.
    pub(crate) fn fail_at(&self, failure: Failure, field: &str) -> Box<Failure> {
        let pointer = self.sender(&format!("/{field}"));
        let violation = Violation::new(&pointer, failure.code, failure.message.clone());
        Box::new(Failure { errors: vec![violation], ..failure.at(pointer) })
    }
}

/// The outcome of a command: `data` in snake, or its failure.
pub(crate) type Outcome = Result<Value, Box<Failure>>;
