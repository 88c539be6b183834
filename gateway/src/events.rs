//! The events of one job, numbered, kept for replay; its clients; and its end.

use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
};

use contracts::{Dialect, Reply, Trace};
use serde_json::Value;
use tokio::sync::{oneshot, watch};

/// What has been heard of a job so far.
#[derive(Debug, Default)]
pub struct EventLog {
    /// `(sequence, event)`, oldest first; as the lines that the worker wrote, for most are never looked at.
    events: VecDeque<(u64, Vec<u8>)>,
    /// Bytes of these events.
    bytes: usize,
    next: u64,
    /// The trace of the job, under our own span: its events say it, whether or not its worker knows of traces.
    trace: Option<Trace>,
    reply: Option<Kept>,
    /// Who waits for the reply alone: no event wakes them.
    waiters: Vec<oneshot::Sender<Arc<Reply>>>,
    /// Clients that wait for the reply over a connection.
    clients: usize,
    /// A client was told that the job goes on without it.
    keeps_running: bool,
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
        Self { head: Arc::new(head), data: Some(crate::json::to_text(data).into()) }
    }

    /// Bytes of its text.
    fn bytes(&self) -> usize {
        let head = &self.head;
        // Most replies are successes without warnings, and their heads are short.
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

    /// An event with its place among those of its job, and the job's trace.
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
        self.reply.as_ref().map(Kept::reply)
    }
}

/// The events of one job; a cheap clone.
#[derive(Clone, Debug)]
pub struct JobEvents {
    log: Arc<watch::Sender<EventLog>>,
    bytes_max: usize,
}

/// A job's events that may be gone.
#[derive(Debug)]
pub(crate) struct WeakJobEvents(Weak<watch::Sender<EventLog>>);

impl WeakJobEvents {
    /// Keeps the last event alone: what came before has had its time.
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
    /// Nothing heard yet. At most so many bytes of events are kept, and always the last one; the oldest are dropped
    /// first, and a gap in `sequence` says so.
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

    /// One client more waits for the reply; whether the job goes on when it leaves.
    pub(crate) fn add_client(&self, keeps_running: bool) {
        self.log.send_if_modified(|log| {
            log.clients += 1;
            log.keeps_running |= keeps_running;
            false
        });
    }

    /// The command goes on, whichever clients leave.
    pub(crate) fn keep_running(&self) {
        self.log.send_if_modified(|log| {
            log.keeps_running = true;
            false
        });
    }

    /// A client has left before the reply. Whether nobody wants the job any more: it was the last, and no client was
    /// told that the job goes on.
    pub(crate) fn remove_client(&self) -> bool {
        let mut abandoned = false;
        self.log.send_if_modified(|log| {
            log.clients = log.clients.saturating_sub(1);
            abandoned = log.clients == 0 && !log.keeps_running && log.reply.is_none();
            false
        });
        abandoned
    }

    /// Adds an event, a JSON object; its `sequence` becomes the job's own, which goes on over retries.
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

    /// Ends the job's events with the terminal reply; the bytes that are kept of it. What comes later is no event of this job.
    pub(crate) fn end(&self, reply: Reply) -> usize {
        let kept = Kept::of(&reply);
        let bytes = kept.bytes();
        self.log.send_modify(|log| {
            log.reply = Some(kept);
            let waiters = std::mem::take(&mut log.waiters);
            if !waiters.is_empty() {
                let reply = Arc::new(reply);
                for waiter in waiters {
                    // One that has gone does not mind.
                    waiter.send(reply.clone()).ok();
                }
            }
        });
        bytes
    }

    /// A receiver that sees what has been heard and what comes.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<EventLog> {
        self.log.subscribe()
    }

    /// Waits for the terminal reply.
    ///
    /// # Cancel safety
    /// Nothing is lost.
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
                Err(_) => unreachable!("the events is held while it is waited for"),
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
