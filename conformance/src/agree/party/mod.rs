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

use super::{answer::Answer, payload::Payload};

/// A party.
pub(super) trait Party: Send {
    /// Its name in reports.
    fn name(&self) -> &'static str;

    /// What it says of a payload; `None` where it has no word for what the payload does.
    ///
    /// # Errors
    /// Why it cannot be asked any more.
    fn ask(&mut self, payload: &Payload) -> Result<Option<Answer>, String>;
}
