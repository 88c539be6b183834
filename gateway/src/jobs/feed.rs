//! The events of one job, numbered, kept for replay; and its end.

use std::sync::Arc;

use contracts::Reply;
use serde_json::Value;
use tokio::sync::watch;

/// Events of one job that are kept; older ones are dropped first, and a gap in `sequence` says so.
const EVENTS_MAX: usize = 4096;

/// What has been heard of a job so far.
#[derive(Debug, Default)]
pub struct Heard {
    /// `(sequence, event)`, oldest first; as the lines that the worker wrote, for most are never looked at.
    events: std::collections::VecDeque<(u64, Arc<[u8]>)>,
    next: u64,
    /// The terminal reply.
    pub reply: Option<Arc<Reply>>,
}

impl Heard {
    /// The events from a sequence on.
    pub fn since(&self, sequence: u64) -> impl Iterator<Item = (u64, Value)> {
        self.events.iter().filter(move |(at, _)| *at >= sequence).map(|(at, line)| (*at, event(*at, line)))
    }

    /// The last event.
    #[must_use]
    pub fn last(&self) -> Option<Value> {
        self.events.back().map(|(at, line)| event(*at, line))
    }
}

/// An event with its place among those of its job.
fn event(sequence: u64, line: &[u8]) -> Value {
    let mut event: Value = serde_json::from_slice(line).expect("the lane has read it");
    event["sequence"] = sequence.into();
    event
}

/// The events of one job; a cheap clone.
#[derive(Clone, Debug)]
pub struct Feed(Arc<watch::Sender<Heard>>);

impl Default for Feed {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Heard::default())))
    }
}

impl Feed {
    /// Adds an event, a JSON object; its `sequence` becomes the job's own, which goes on over retries.
    pub(crate) fn push(&self, line: &[u8]) {
        self.0.send_modify(|heard| {
            if heard.events.len() == EVENTS_MAX {
                heard.events.pop_front();
            }
            heard.events.push_back((heard.next, line.into()));
            heard.next += 1;
        });
    }

    /// Ends the feed with the terminal reply. What comes later is no event of this job.
    pub(crate) fn end(&self, reply: Arc<Reply>) {
        self.0.send_modify(|heard| heard.reply = Some(reply));
    }

    /// A receiver that sees what has been heard and what comes.
    #[must_use]
    pub fn listen(&self) -> watch::Receiver<Heard> {
        self.0.subscribe()
    }

    /// Waits for the terminal reply.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn reply(&self) -> Arc<Reply> {
        let mut listener = self.listen();
        loop {
            if let Some(reply) = &listener.borrow_and_update().reply {
                return reply.clone();
            }
            if listener.changed().await.is_err() {
                unreachable!("the feed holds its own sender");
            }
        }
    }
}
