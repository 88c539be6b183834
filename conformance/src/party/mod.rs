//! The target under test: a worker or a gateway, its process, its answers and its errors.

mod error;
pub mod gateway;
pub mod launch;
mod pipe;
pub mod process;
pub mod tap;
pub mod transcript;
pub mod tree;
pub mod worker;

pub use error::{AddressError, FrameError, ReplyError, TargetError, ToolError};

/// The answer to one command.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The document with the names that its sender wrote.
    pub value: serde_json::Value,
    /// The HTTP status and content type.
    pub http: Option<(u16, String)>,
}
