//! The picture of an effective request: a pure function, from recipe to file bytes.

pub(crate) mod encode;
pub(crate) mod file;
mod finish;
mod noise;
mod paint;
pub(crate) mod prompt;
pub(crate) mod recipe;
pub(crate) mod record;
pub(crate) mod rng;

pub(crate) use finish::finish;
pub(crate) use noise::noise;
pub(crate) use paint::paint;
pub(crate) use recipe::Recipe;
