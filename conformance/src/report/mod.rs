//! The report of a run, and its printed forms.

pub mod human;
pub mod json;
pub mod model;

pub use model::{Report, Row, Verdict};
