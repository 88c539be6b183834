//! How a run came out, and the forms in which it is printed.

pub mod human;
pub mod json;
pub mod model;

pub use model::{Report, Row, Verdict};
