//! The contract held to what real .NET wrote, to fixtures and to properties.

mod data;
mod fast;
mod fixtures;
mod generated;
mod oracle;
mod parties;
