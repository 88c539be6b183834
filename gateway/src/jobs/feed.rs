//! The events of one job, numbered, kept for replay; and its end.

use std::{collections::VecDeque, sync::Arc};

use contracts::Reply;
use serde_json::Value;
use tokio::sync::{oneshot, watch};

/// Events of one job that are kept; older ones are dropped first, and a gap in `sequence` says so.
const EVENTS_MAX: usize = 4096;

/// What has been heard of a job so far.
#[derive(Debug, Default)]
pub struct Heard {
    /// `(sequence, event)`, oldest first; as the lines that the worker wrote, for most are never looked at.
    events: VecDeque<(u64, Vec<u8>)>,
    next: u64,
    reply: Option<Kept>,
    /// Who waits for the reply alone: no event wakes them.
    waiters: Vec<oneshot::Sender<Arc<Reply>>>,
}

/// A terminal reply as it is kept: text takes a fifth of the room of a tree, and most are never looked at again.
#[derive(Debug)]
struct Kept {
    /// Without the `data` of a success.
    head: Arc<Reply>,
    /// The `data` of a success, as JSON.
    data: Option<Box<str>>,
}

impl Kept {
    fn of(reply: &Reply) -> Self {
        let Ok(data) = &reply.outcome else { return Self { head: Arc::new(reply.clone()), data: None } };
        let head = Reply {
            action: reply.action,
            request_id: reply.request_id.clone(),
            session_id: reply.session_id.clone(),
            outcome: Ok(Value::Null),
            warnings: reply.warnings.clone(),
            more_warnings: reply.more_warnings,
        };
        Self { head: Arc::new(head), data: Some(crate::front::document::to_json(data).into()) }
    }

    fn reply(&self) -> Arc<Reply> {
        let Some(data) = &self.data else { return self.head.clone() };
        let data = serde_json::from_str(data).expect("we wrote it");
        Arc::new(Reply { outcome: Ok(data), ..(*self.head).clone() })
    }
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

    /// The sequence of the terminal reply, which comes after all events.
    #[must_use]
    pub fn end(&self) -> Option<u64> {
        self.reply.as_ref().map(|_| self.next)
    }

    /// The terminal reply.
    #[must_use]
    pub fn reply(&self) -> Option<Arc<Reply>> {
        self.reply.as_ref().map(Kept::reply)
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
    pub(crate) fn push(&self, line: Vec<u8>) {
        self.0.send_if_modified(|heard| {
            if heard.events.len() == EVENTS_MAX {
                heard.events.pop_front();
            }
            heard.events.push_back((heard.next, line));
            heard.next += 1;
            self.0.receiver_count() > 0
        });
    }

    /// Ends the feed with the terminal reply. What comes later is no event of this job.
    pub(crate) fn end(&self, reply: Reply) {
        self.0.send_modify(|heard| {
            heard.reply = Some(Kept::of(&reply));
            let waiters = std::mem::take(&mut heard.waiters);
            if !waiters.is_empty() {
                let reply = Arc::new(reply);
                for waiter in waiters {
                    // One that has gone does not mind.
                    waiter.send(reply.clone()).ok();
                }
            }
        });
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
        let (waiter, reply) = oneshot::channel();
        let mut ended = None;
        self.0.send_if_modified(|heard| {
            ended = heard.reply();
            if ended.is_none() {
                heard.waiters.retain(|waiter| !waiter.is_closed());
                heard.waiters.push(waiter);
            }
            false
        });
        match ended {
            Some(reply) => reply,
            None => match reply.await {
                Ok(reply) => reply,
                Err(_) => unreachable!("the feed is held while it is waited for"),
            },
        }
    }
}
