//! Readings: what each party understood in given bytes. A party is the schema (by an independent validator), Rust
//! (`contracts`), C# under named options (the model of System.Text.Json, and real .NET where it is asked for) and Python (the
//! workers' own reading).
//!
//! `contracts` is linked into the gateway and worker-sim, so it alone would not be a judge.

pub(crate) mod csharp;
mod python;
pub mod report;
mod rust;
mod schema;

use contracts::{Action, dictionary::dictionary};
use serde::Serialize;
use serde_json::Value;
use std::path::PathBuf;

use crate::{dotnet::Options, verdict::Verdict};

/// What the bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A document of a definition.
    Definition(String),
    /// A reply to an action, in its envelope.
    Reply(Action),
}

impl Subject {
    /// The definition of a name.
    ///
    /// # Errors
    /// A sentence with the nearest names, if there is none.
    pub fn definition(name: &str) -> Result<Self, String> {
        if dictionary().defs().any(|def| def.name == name) {
            return Ok(Self::Definition(name.to_owned()));
        }
        let folded = name.to_lowercase();
        let near = dictionary().defs().map(|def| def.name.as_str());
        let near: Vec<&str> = near.filter(|other| other.to_lowercase().contains(&folded)).collect();
        Err(match near.as_slice() {
            [] => format!("the schemas have no definition {name}"),
            near => format!("the schemas have no definition {name}; hint: {}", near.join(", ")),
        })
    }

    /// It, for people.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Definition(name) => format!("as {name}"),
            Self::Reply(action) => format!("as a reply to {}", action.as_str()),
        }
    }
}

/// Which further parties read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The built `Peer.dll`, to ask real .NET too.
    pub dotnet: Option<PathBuf>,
    /// The Python that has the workers' package.
    pub python: Option<PathBuf>,
}

/// What one party did with the bytes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reading {
    /// The party: `schema`, `rust`, `csharp:web`, `dotnet:web`, `python`.
    pub party: String,
    /// Its outcome.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// The outcome of a reading.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It read a value.
    Read {
        /// The value, with the party's own names; none of a party that only judges.
        #[serde(skip_serializing_if = "Option::is_none")]
        value: Option<Value>,
        /// Places whose values it dropped without a word.
        ignored: Vec<String>,
        /// Places that the bytes lack, with the values that stand there now.
        filled_in: Vec<Filled>,
        /// What it warns of.
        warnings: Vec<Remark>,
    },
    /// It refused the bytes.
    Refused {
        /// Why, with the places.
        reasons: Vec<Remark>,
    },
    /// It was not asked.
    Skipped {
        /// Why.
        why: String,
    },
}

/// A value that a party filled in.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Filled {
    /// The place.
    pub at: String,
    /// The value.
    pub value: Value,
}

/// A sentence about a place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Remark {
    /// The place; empty for the document.
    pub at: String,
    /// The sentence.
    pub why: String,
}

/// The readings of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Readings {
    /// The file's name.
    pub file: String,
    /// What it was read as.
    pub subject: Subject,
    /// Of each party.
    pub readings: Vec<Reading>,
}

impl Readings {
    /// The verdict: whether the contract allows the bytes.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let judges = self.readings.iter().filter(|reading| reading.party == "rust");
        match judges.map(|reading| &reading.outcome).next() {
            Some(Outcome::Read { .. }) => Verdict::Ok,
            Some(Outcome::Refused { .. }) => Verdict::Broken,
            Some(Outcome::Skipped { .. }) | None => Verdict::Undecided,
        }
    }
}

/// Asks each party.
#[must_use]
pub fn read(file: &str, bytes: &[u8], subject: &Subject, choice: &Choice) -> Readings {
    let mut readings =
        vec![party("schema", schema::read(bytes, subject)), party("rust", rust::read(bytes, subject))];
    let classes = csharp::Classes::of(subject);
    for options in Options::all() {
        readings.push(party(&format!("csharp:{}", options.name), classes.read(bytes, &options)));
    }
    if let Some(program) = &choice.dotnet {
        readings.extend(classes.by_dotnet(bytes, program));
    }
    readings.push(party("python", python::read(bytes, subject, choice.python.as_deref())));
    Readings { file: file.to_owned(), subject: subject.clone(), readings }
}

fn party(name: &str, outcome: Outcome) -> Reading {
    Reading { party: name.to_owned(), outcome }
}

/// A refusal for one reason.
fn refused(at: impl Into<String>, why: impl Into<String>) -> Outcome {
    Outcome::Refused { reasons: vec![Remark { at: at.into(), why: why.into() }] }
}
