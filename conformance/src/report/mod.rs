//! The report of a run, and its printed forms.

mod cause;
pub mod github;
pub mod html;
pub mod human;
pub mod json;
pub mod junit;
pub(crate) mod lines;
pub mod markdown;
pub mod model;
pub mod sarif;
pub mod trace;

pub(crate) use model::ENDS_THE_RUN;
pub use model::{Report, Row};
