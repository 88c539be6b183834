//! The tap: a stage between the suite and its workers, which notes or changes frames.

use std::{fmt, sync::Arc};

use contracts::framing::Line;

/// Edits or notes what the workers of a run write, or what they are sent.
pub trait Tap: fmt::Debug + Send + Sync {
    /// The tap of one worker, which has not begun to talk.
    fn conversation(self: Arc<Self>) -> Box<dyn Conversation>;
}

/// The tap of one worker.
pub trait Conversation: fmt::Debug + Send {
    /// Takes note of bytes that are sent to the worker. What it gets instead; `None`: these.
    fn sent(&mut self, bytes: &[u8]) -> Option<Vec<u8>>;

    /// A line of the worker as the suite reads it.
    fn received(&mut self, line: Line) -> Line;
}
