//! The report of a run, and its printed forms.

mod cause;
pub mod github;
pub mod human;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod model;
pub mod trace;

pub use model::{Report, Row, Verdict};
