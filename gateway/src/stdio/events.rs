//! What is said on stdout: replies, and events where they were negotiated.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chrono::Utc;
use contracts::{Dialect, Reply, event, framing, limits};
use serde_json::{Value, json};
use tokio::{
    sync::{broadcast, watch},
    time::{Interval, MissedTickBehavior, interval},
};

use super::pipes::StdoutQueue;
use crate::{dispatch::Dispatcher, events::JobEvents, jobs::timestamp, lane::LaneState, pool};

/// How events are told.
#[derive(Clone, Copy)]
pub(super) struct Told {
    pub(super) dialect: Dialect,
    /// Whether an event says the trace of its job.
    pub(super) trace: bool,
}

/// The way to stdout, shared by all commands in flight.
#[derive(Clone)]
pub(super) struct FrameWriter {
    output: StdoutQueue,
    /// How events are told, where they were negotiated.
    events: Arc<watch::Sender<Option<Told>>>,
    sequence: Arc<AtomicU64>,
}

/// What is said without being asked.
pub(super) struct UnsolicitedEvents {
    dispatcher: Dispatcher,
    writer: FrameWriter,
    beat: Interval,
    news: broadcast::Receiver<Arc<Value>>,
}

impl FrameWriter {
    pub(super) fn new(output: StdoutQueue) -> Self {
        Self { output, events: Arc::new(watch::Sender::new(None)), sequence: Arc::default() }
    }

    pub(super) fn set_events(&self, told: Option<Told>) {
        self.events.send_replace(told);
    }

    /// Writes a reply. One that is too long for a frame becomes a failure that says so.
    pub(super) fn reply(&self, reply: &Reply, dialect: Dialect) {
        self.write(reply.to_frame_or_failure(dialect));
    }

    fn write(&self, frame: Vec<u8>) {
        if !self.output.say(frame) {
            tracing::warn!("stdout is closed; a line is lost");
        }
    }

    /// Says the events of a job until its reply, which it returns.
    pub(super) async fn follow(&self, events: &JobEvents) -> Arc<Reply> {
        let mut heard = events.listen();
        let mut next = 0;
        loop {
            self.output.room().await;
            let (events, reply) = {
                let heard = heard.borrow_and_update();
                (heard.since(next).collect::<Vec<_>>(), heard.reply())
            };
            for (sequence, event) in events {
                next = sequence + 1;
                self.event(event);
            }
            if let Some(reply) = reply {
                return reply;
            }
            if heard.changed().await.is_err() {
                unreachable!("the events is held while it is followed");
            }
        }
    }

    fn event(&self, mut event: Value) {
        let Some(Told { dialect, trace }) = *self.events.borrow() else { return };
        if let (false, Value::Object(members)) = (trace, &mut event) {
            members.shift_remove("traceparent");
        }
        event["sequence"] = self.sequence.fetch_add(1, Ordering::Relaxed).into();
        match framing::encode(&event::spell(&event, dialect)) {
            Ok(frame) => self.write(frame),
            Err(err) => tracing::error!(%err, "an event cannot be written"),
        }
    }
}

impl UnsolicitedEvents {
    pub(super) fn new(dispatcher: Dispatcher, writer: FrameWriter) -> Self {
        let mut beat = interval(limits::HEARTBEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let news = dispatcher.pool().news();
        Self { dispatcher, writer, beat, news }
    }

    /// Waits for what is said without being asked, and says it: a heartbeat, the progress of a training.
    ///
    /// # Cancel safety
    /// What was taken is said before anything else is waited for, so nothing is lost and no sequence number skipped.
    pub(super) async fn write_next(&mut self) {
        let event = tokio::select! {
            _ = self.beat.tick() => self.heartbeat(),
            news = self.news.recv() => match news {
                Ok(event) => (*event).clone(),
                Err(broadcast::error::RecvError::Lagged(lost)) => {
                    tracing::warn!(lost, "training events were lost: stdout is too slow");
                    return;
                }
                Err(broadcast::error::RecvError::Closed) => return std::future::pending().await,
            },
        };
        self.writer.event(event);
    }

    fn heartbeat(&self) -> Value {
        let views: Vec<_> = self.dispatcher.pool().lanes().iter().map(|lane| lane.view().clone()).collect();
        let state_of = |view: &crate::lane::LaneView| match view.state {
            LaneState::Ready => view.worker_state.clone(),
            LaneState::Starting | LaneState::Resting(_) => "starting".to_owned(),
            LaneState::Open(_) | LaneState::Stopped => "error".to_owned(),
        };
        let states: Vec<String> = views.iter().map(state_of).collect();
        let state = pool::state_of(states.iter().map(String::as_str)).unwrap_or("error");
        let stalled = views
            .iter()
            .filter(|view| view.worker_state != "ready")
            .map(|view| view.last_progress_seconds)
            .fold(0.0, f64::max);
        json!({
            "event": "heartbeat",
            "request_id": null,
            "attempt": 1,
            "sequence": 0,
            "timestamp": timestamp(Utc::now()),
            "state": state,
            "last_progress_seconds": stalled,
            "memory_used_mb": views.iter().map(|view| view.memory_used_mb).sum::<f64>(),
        })
    }
}
