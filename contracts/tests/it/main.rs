//! The contract held to what real .NET wrote, to fixtures and to properties.

mod added;
mod bodies;
mod bound;
mod data;
mod dialect;
mod fast;
mod fixtures;
mod framing;
mod generated;
mod hostile;
mod image_refs;
mod messages;
mod model_ids;
mod mutated;
mod oracle;
mod parties;
mod python_worker;
mod replies;
mod schema_files;
mod sentences;
mod serializers;
mod spelt;
mod trace;
