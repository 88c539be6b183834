//! The events of one job, numbered and kept for replay; its clients; and its reply.

use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
};

use contracts::{Dialect, Reply, Trace};
use serde_json::Value;
use tokio::sync::{oneshot, watch};

/// The events of a job so far, and its reply.
#[derive(Debug, Default)]
pub struct EventLog {
    /// `(sequence, event)`, oldest first. Kept as the lines that the worker wrote, because most are never read.
    events: VecDeque<(u64, Vec<u8>)>,
    /// Bytes of these events.
    bytes: usize,
    next: u64,
    /// The trace of the job, with the gateway's span as the parent. Each event gets it, even if the worker has no
    /// traces.
    trace: Option<Trace>,
    reply: Option<StoredReply>,
    /// Those that wait for the reply. Channels of their own, so that no event wakes them.
    waiters: Vec<oneshot::Sender<Arc<Reply>>>,
    /// Clients that wait for the reply over a connection.
    clients: usize,
    /// Whether the job goes on when all clients have left: a client asked for it, or waits for nothing.
    keeps_running: bool,
}

/// A terminal reply as it is kept: as text, which takes a fifth of the memory of a tree. Most are never read again.
#[derive(Debug)]
struct StoredReply {
    /// The reply without the `data` of a success.
    head: Arc<Reply>,
    /// The `data` of a success, as JSON.
    data: Option<Box<str>>,
}

impl StoredReply {
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
        Self { head: Arc::new(head), data: Some(crate::json::to_text(data).into()) }
    }

    /// Bytes of its text.
    fn bytes(&self) -> usize {
        let head = &self.head;
        // Most replies are successes without warnings: their heads are short, and need not be written to be counted.
        let head = match head.outcome.is_err() || !head.warnings.is_empty() {
            true => crate::json::to_text(&head.to_value(Dialect::Snake)).len(),
            false => 0,
        };
        head + self.data.as_ref().map_or(0, |data| data.len())
    }

    fn reply(&self) -> Arc<Reply> {
        let Some(data) = &self.data else { return self.head.clone() };
        let data = serde_json::from_str(data).expect("we wrote it");
        Arc::new(Reply { outcome: Ok(data), ..(*self.head).clone() })
    }
}

impl EventLog {
    /// The events from a sequence on.
    pub fn since(&self, sequence: u64) -> impl Iterator<Item = (u64, Value)> {
        self.events
            .iter()
            .filter(move |(at, _)| *at >= sequence)
            .map(|(at, line)| (*at, self.event(*at, line)))
    }

    /// The last event.
    #[must_use]
    pub fn last(&self) -> Option<Value> {
        self.events.back().map(|(at, line)| self.event(*at, line))
    }

    /// An event with its sequence and the job's trace.
    fn event(&self, sequence: u64, line: &[u8]) -> Value {
        let mut event: Value = serde_json::from_slice(line).expect("the lane has read it");
        event["sequence"] = sequence.into();
        match &self.trace {
            Some(trace) => event["traceparent"] = trace.as_str().into(),
            None => _ = event.as_object_mut().and_then(|members| members.shift_remove("traceparent")),
        }
        event
    }

    /// The sequence of the terminal reply, which comes after all events.
    #[must_use]
    pub fn end(&self) -> Option<u64> {
        self.reply.as_ref().map(|_| self.next)
    }

    /// The terminal reply.
    #[must_use]
    pub fn reply(&self) -> Option<Arc<Reply>> {
        self.reply.as_ref().map(StoredReply::reply)
    }
}

/// The events of one job; a cheap clone.
#[derive(Clone, Debug)]
pub struct JobEvents {
    log: Arc<watch::Sender<EventLog>>,
    bytes_max: usize,
}

/// A weak reference to the events of a job.
#[derive(Debug)]
pub(crate) struct WeakJobEvents(Weak<watch::Sender<EventLog>>);

impl WeakJobEvents {
    /// Drops all events but the last.
    pub(crate) fn truncate(&self) {
        let Some(log) = self.0.upgrade() else { return };
        log.send_if_modified(|log| {
            if let Some(last) = log.events.pop_back() {
                log.bytes = last.1.len();
                log.events = VecDeque::from([last]);
            }
            false
        });
    }
}

impl JobEvents {
    /// A job without events. At most `bytes_max` of events are kept, and always the last one. The oldest are dropped
    /// first, which a gap in `sequence` shows.
    pub(crate) fn new(bytes_max: usize, trace: Option<Trace>) -> Self {
        Self { log: Arc::new(watch::Sender::new(EventLog { trace, ..EventLog::default() })), bytes_max }
    }

    pub(crate) fn downgrade(&self) -> WeakJobEvents {
        WeakJobEvents(Arc::downgrade(&self.log))
    }

    /// Bytes of the events that are kept.
    pub(crate) fn bytes(&self) -> usize {
        self.log.borrow().bytes
    }

    /// How many clients wait for the reply over a connection.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.log.borrow().clients
    }

    /// Adds a client that waits for the reply; `keeps_running`: the job goes on when this client leaves.
    pub(crate) fn add_client(&self, keeps_running: bool) {
        self.log.send_if_modified(|log| {
            log.clients += 1;
            log.keeps_running |= keeps_running;
            false
        });
    }

    /// Lets the job go on, whichever clients leave.
    pub(crate) fn keep_running(&self) {
        self.log.send_if_modified(|log| {
            log.keeps_running = true;
            false
        });
    }

    /// Removes a client that left before the reply. Returns whether the job is abandoned: it was the last client, and
    /// the job does not go on without one.
    pub(crate) fn remove_client(&self) -> bool {
        let mut abandoned = false;
        self.log.send_if_modified(|log| {
            log.clients = log.clients.saturating_sub(1);
            abandoned = log.clients == 0 && !log.keeps_running && log.reply.is_none();
            false
        });
        abandoned
    }

    /// Adds an event, a JSON object. It gets the job's own `sequence`, which continues over repeated attempts.
    pub(crate) fn push(&self, line: Vec<u8>) {
        self.log.send_if_modified(|log| {
            log.bytes += line.len();
            log.events.push_back((log.next, line));
            log.next += 1;
            while log.bytes > self.bytes_max && log.events.len() > 1 {
                log.bytes -= log.events.pop_front().map_or(0, |(_, line)| line.len());
            }
            self.log.receiver_count() > 0
        });
    }

    /// Ends the job with its reply. Returns the bytes that are kept of it.
    pub(crate) fn end(&self, reply: Reply) -> usize {
        let kept = StoredReply::of(&reply);
        let bytes = kept.bytes();
        self.log.send_modify(|log| {
            log.reply = Some(kept);
            let waiters = std::mem::take(&mut log.waiters);
            if !waiters.is_empty() {
                let reply = Arc::new(reply);
                for waiter in waiters {
                    // A waiter that hung up is ignored.
                    waiter.send(reply.clone()).ok();
                }
            }
        });
        bytes
    }

    /// Subscribes to the events so far and to those that come.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<EventLog> {
        self.log.subscribe()
    }

    /// Waits for the terminal reply.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: the reply is kept.
    pub async fn reply(&self) -> Arc<Reply> {
        let (waiter, reply) = oneshot::channel();
        let mut ended = None;
        self.log.send_if_modified(|log| {
            ended = log.reply();
            if ended.is_none() {
                log.waiters.retain(|waiter| !waiter.is_closed());
                log.waiters.push(waiter);
            }
            false
        });
        match ended {
            Some(reply) => reply,
            None => match reply.await {
                Ok(reply) => reply,
                Err(_) => unreachable!("`events` is borrowed by this function, so its sender lives"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use contracts::{ErrorCode, Failure, Reply};

    use super::JobEvents;

    fn event(text: &str) -> Vec<u8> {
        format!(r#"{{"event":"log","message":"{text}"}}"#).into_bytes()
    }

    fn kept(events: &JobEvents) -> Vec<u64> {
        events.subscribe().borrow().since(0).map(|(sequence, _)| sequence).collect()
    }

    fn reply() -> Reply {
        Reply::failed(None, None, Failure::new(ErrorCode::Cancelled, "x"))
    }

    #[test]
    fn events_are_bounded_by_bytes_and_the_last_is_always_kept() {
        let one = event("0123456789").len();
        let events = JobEvents::new(3 * one, None);
        (0..5).for_each(|_| events.push(event("0123456789")));
        assert_eq!((kept(&events), events.bytes()), (vec![2, 3, 4], 3 * one));
        let long = event(&"x".repeat(1000));
        events.push(long.clone());
        assert_eq!((kept(&events), events.bytes()), (vec![5], long.len()));
    }

    #[tokio::test]
    async fn a_feed_that_is_cut_keeps_its_last_event_and_its_reply() {
        let events = JobEvents::new(1 << 20, None);
        (0..5).for_each(|_| events.push(event("a")));
        events.end(reply());
        events.downgrade().truncate();
        assert_eq!((kept(&events), events.bytes()), (vec![4], event("a").len()));
        assert!(events.reply().await.outcome.is_err());
        let gone = events.downgrade();
        drop(events);
        gone.truncate();
    }

    #[test]
    fn a_job_is_given_up_when_its_last_client_has_left_and_none_was_told_that_it_goes_on() {
        for (clients, abandoned) in
            [(vec![false], true), (vec![false, false], true), (vec![false, true], false), (vec![true], false)]
        {
            let events = JobEvents::new(1024, None);
            clients.iter().for_each(|keeps_running| events.add_client(*keeps_running));
            let left: Vec<bool> = clients.iter().map(|_| events.remove_client()).collect();
            let (last, before) = left.split_last().unwrap();
            assert_eq!((*last, before.contains(&true)), (abandoned, false), "{clients:?}");
        }
        let events = JobEvents::new(1024, None);
        events.add_client(false);
        events.end(reply());
        assert!(!events.remove_client(), "it has ended");
    }
}
