//! Generated from schemas/*.json by cargo xtask codegen; edit the schema instead.
//!
//! Types, the registry of actions, the tables of errors and warnings, limits, and the bundle of all schemas.

pub(crate) mod action;
pub(crate) mod checked;
pub(crate) mod command;
#[cfg(feature = "testing")]
pub mod definition;
pub(crate) mod error_code;
pub mod limits;
mod rules;
pub mod types;
pub(crate) mod warning_code;
/// The bundle of all schemas and tables: `{"$defs", "registry", "errors", "warnings", "rules", "limits"}`.
pub const BUNDLE: &str = include_str!("bundle.json");
