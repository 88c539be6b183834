//! The parties that are asked.

mod dotnet;
mod model;
mod python;
mod rust;
mod schema;

pub(super) use dotnet::Dotnet;
pub(super) use model::Model;
pub(super) use python::Python;
pub(super) use rust::read as rust_answer;
pub(super) use schema::Schema;

use std::{io, path::PathBuf};
use thiserror::Error;

use super::{answer::Answer, payload::Payload};

/// Why a party cannot be asked.
#[derive(Debug, Error)]
pub enum PartyError {
    /// Its program does not start.
    #[error("{party} does not start from {}", program.display())]
    NotStarted {
        /// The party.
        party: &'static str,
        /// The program.
        program: PathBuf,
        /// The error of the operating system.
        #[source]
        source: io::Error,
    },
    /// Its program gave no answer that can be read.
    #[error("{party} gave no answer")]
    NoAnswer {
        /// The party.
        party: &'static str,
        /// Why no answer was read: the end of its output, or text that is no JSON.
        #[source]
        source: io::Error,
    },
    /// The validator takes a definition for no schema.
    #[error("the validator refuses the schema of {definition}")]
    NoSchema {
        /// The definition.
        definition: String,
        /// Its fault.
        #[source]
        source: Box<jsonschema::ValidationError<'static>>,
    },
    /// The model of System.Text.Json has no such options or class.
    #[error("the model of System.Text.Json has no {what}")]
    NotInModel {
        /// The name of the missing part.
        what: String,
    },
    /// Its thread ended.
    #[error("{party} panicked")]
    Panicked {
        /// The party.
        party: &'static str,
    },
}

/// A party.
pub(super) trait Party: Send {
    /// Its name in reports.
    fn name(&self) -> &'static str;

    /// Its answer to a payload; `None` if it has no notion of what the payload does.
    ///
    /// # Errors
    /// Why it cannot be asked any more.
    fn ask(&mut self, payload: &Payload) -> Result<Option<Answer>, PartyError>;
}
