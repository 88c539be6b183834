//! Judges a document by the conditions and rules of the [dictionary](crate::dictionary), and fills in its defaults.

mod condition;
mod effective;
mod rule;

pub(crate) use effective::with_defaults;
pub use effective::{DeviceKind, effective, effective_by, effective_of};
pub(crate) use rule::Breach;
