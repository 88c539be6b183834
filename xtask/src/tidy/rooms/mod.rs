//! The graph of rooms: which top-level module of a crate names which other, and the circles in it.
//!
//! A room is a module that `lib.rs` or `main.rs` declares, with all below it. Tests (`#[cfg(test)]`) are left out.
//! A name that a module re-exports counts for the room that re-exports it and for the room that declares it; the
//! re-exports of `lib.rs` itself count for the latter alone.

mod circles;
mod graph;
mod module;
mod package;
mod paths;
mod resolve;

pub(super) use circles::{check, print};
pub(super) use graph::Graph;
pub(super) use module::{Mention, Module, attributes, is_test};
pub(super) use package::Package;
