//! The C# party: an exact model of System.Text.Json of .NET 10, so that no .NET is needed to know what C# reads and writes.
//!
//! A [`clr::Types`] describes classes, [`Options`] the serialiser. [`bind::bind`] reads a JSON text as
//! `JsonSerializer.Deserialize` does, [`write::write`] writes a value as `JsonSerializer.Serialize` does, [`line::read_lines`]
//! splits bytes as `StreamReader.ReadLine` does. Each is held to rows that real .NET wrote (the oracle) and to real .NET
//! itself, where one is found ([`peer`]).
//!
//! The time zone of the model is UTC: a `DateTime` with an offset becomes local time in C#, whatever that is there.

pub mod bind;
pub mod clr;
mod date;
mod element;
pub mod fault;
pub mod line;
mod name;
mod number;
pub mod options;
mod path;
pub mod peer;
mod scalar;
mod text;
mod token;
pub mod value;
pub mod write;

pub use fault::Fault;
pub use options::Options;
pub use value::Value;
