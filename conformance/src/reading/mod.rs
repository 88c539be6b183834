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
mod subject;

use serde::Serialize;
use serde_json::Value;
use std::path::PathBuf;

pub use subject::{Subject, SubjectError};

use crate::{contract::Contract, dotnet::Options, verdict::Verdict};

/// The definition of a reply's envelope; a contract without it has none.
const ENVELOPE: &str = "Reply";

/// Which further parties read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The built `Peer.dll`, to ask real .NET too.
    pub dotnet: Option<PathBuf>,
    /// The Python that has the workers' package.
    pub python: Option<PathBuf>,
}

/// The result of one party's reading.
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
    /// The subject that it was read as.
    pub subject: Subject,
    /// Of each party.
    pub readings: Vec<Reading>,
}

impl Readings {
    /// The verdict: whether the contract allows the bytes. Rust decides, which also knows the rules over several fields; where
    /// it was not asked, the schema.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let decided = ["rust", "schema"].into_iter().find_map(|party| {
            let judge = self.readings.iter().find(|reading| reading.party == party)?;
            match &judge.outcome {
                Outcome::Read { .. } => Some(Verdict::Ok),
                Outcome::Refused { .. } => Some(Verdict::Broken),
                Outcome::Skipped { .. } => None,
            }
        });
        decided.unwrap_or(Verdict::Undecided)
    }
}

/// Asks each party.
#[must_use]
pub fn read(file: &str, bytes: &[u8], contract: &Contract, subject: &Subject, choice: &Choice) -> Readings {
    let mut readings = vec![party("schema", schema::read(bytes, contract, subject))];
    match contract.tables() {
        Ok(tables) => {
            readings.push(party("rust", rust::read(bytes, tables, subject)));
            let classes = csharp::Classes::of(tables, subject);
            for options in Options::all() {
                readings.push(party(&format!("csharp:{}", options.name), classes.read(bytes, &options)));
            }
            if let Some(program) = &choice.dotnet {
                readings.extend(classes.by_dotnet(bytes, program));
            }
            let python = match tables.is_own {
                true => python::read(bytes, subject, choice.python.as_deref()),
                false => skipped("the workers' package has Concord's contract alone"),
            };
            readings.push(party("python", python));
        }
        Err(_) => {
            for name in ["rust", "csharp", "python"] {
                readings.push(party(name, skipped("plain schemas say nothing of names and readings")));
            }
        }
    }
    Readings { file: file.to_owned(), subject: subject.clone(), readings }
}

fn skipped(why: &str) -> Outcome {
    Outcome::Skipped { why: why.to_owned() }
}

fn party(name: &str, outcome: Outcome) -> Reading {
    Reading { party: name.to_owned(), outcome }
}

/// A refusal for one reason.
fn refused(at: impl Into<String>, why: impl Into<String>) -> Outcome {
    Outcome::Refused { reasons: vec![Remark { at: at.into(), why: why.into() }] }
}
