//! Generated from schemas/*.json by cargo xtask codegen; edit the schema instead.
//!
//! Types, the registry of actions, the tables of errors and warnings, limits, and the bundle of all schemas.

pub mod action;
pub mod checked;
pub mod command;
pub mod definition;
pub mod error_code;
pub mod limits;
mod rules;
pub mod types;
pub mod warning_code;
/// The bundle of all schemas and tables: `{"$defs", "registry", "errors", "warnings", "rules", "limits"}`.
pub const BUNDLE: &str = include_str!("bundle.json");
