//! The frames on stdout: replies, and events if they were negotiated.

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

/// How events are written.
#[derive(Clone, Copy)]
pub(super) struct EventOptions {
    pub(super) dialect: Dialect,
    /// Whether an event has the trace of its job.
    pub(super) trace: bool,
}

/// What `initialize` agreed on events.
#[derive(Clone, Copy, Default)]
struct Agreement {
    /// How they are written; `None` if they were not negotiated.
    options: Option<EventOptions>,
    /// The number of the `initialize` whose reply is not written yet: its client reads that first.
    waits_for: Option<u64>,
}

/// Writes frames to stdout; all commands in flight share it.
#[derive(Clone)]
pub(super) struct FrameWriter {
    output: StdoutQueue,
    events: Arc<watch::Sender<Agreement>>,
    /// The next sequence number. `Relaxed`, because it only has to be unique and to grow: the queue of stdout orders the lines.
    sequence: Arc<AtomicU64>,
}

/// The events that belong to no command: heartbeats, and the progress of trainings.
pub(super) struct UnsolicitedEvents {
    dispatcher: Dispatcher,
    writer: FrameWriter,
    heartbeats: Interval,
    pool_events: broadcast::Receiver<Arc<Value>>,
}

impl FrameWriter {
    pub(super) fn new(output: StdoutQueue) -> Self {
        Self { output, events: Arc::new(watch::Sender::new(Agreement::default())), sequence: Arc::default() }
    }

    /// Notes what the `initialize` of a number asks for. Events are written after its reply.
    pub(super) fn agree(&self, options: Option<EventOptions>, number: u64) {
        self.events.send_replace(Agreement { options, waits_for: Some(number) });
    }

    /// The reply to the command of a number is written.
    pub(super) fn replied(&self, number: u64) {
        self.events.send_if_modified(|agreed| {
            let is_it = agreed.waits_for == Some(number);
            if is_it {
                agreed.waits_for = None;
            }
            is_it
        });
    }

    /// Writes a reply. One that is too long for a frame becomes a failure that says so.
    pub(super) fn reply(&self, reply: &Reply, dialect: Dialect) {
        self.write(reply.to_frame_or_failure(dialect));
    }

    fn write(&self, frame: Vec<u8>) {
        if !self.output.send(frame) {
            tracing::debug!("a line is lost: stdout broke, which is logged once");
        }
    }

    /// Writes the events of a job until its reply, and returns the reply.
    pub(super) async fn follow(&self, events: &JobEvents) -> Arc<Reply> {
        let mut log = events.subscribe();
        let mut next = 0;
        // A job that was sent behind `initialize` may begin before the reply to that; its events are kept meanwhile.
        let agreed = self.events.subscribe().wait_for(|agreed| agreed.waits_for.is_none()).await.is_ok();
        debug_assert!(agreed, "this writer holds the sender");
        loop {
            self.output.wait_for_room().await;
            let (events, reply) = {
                let log = log.borrow_and_update();
                (log.since(next).collect::<Vec<_>>(), log.reply())
            };
            for (sequence, event) in events {
                next = sequence + 1;
                self.event(event);
            }
            if let Some(reply) = reply {
                return reply;
            }
            if log.changed().await.is_err() {
                unreachable!("`events` is borrowed by this function, so its sender lives");
            }
        }
    }

    fn event(&self, mut event: Value) {
        let Agreement { options: Some(EventOptions { dialect, trace }), waits_for: None } =
            *self.events.borrow()
        else {
            return;
        };
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
        let mut heartbeats = interval(limits::HEARTBEAT);
        heartbeats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let pool_events = dispatcher.pool().pool_events();
        Self { dispatcher, writer, heartbeats, pool_events }
    }

    /// Waits for the next event, and writes it.
    ///
    /// # Cancel safety
    /// An event is written without a further await, so that none is lost and no sequence number is skipped.
    pub(super) async fn write_next(&mut self) {
        let event = tokio::select! {
            _ = self.heartbeats.tick() => self.heartbeat(),
            pool_events = self.pool_events.recv() => match pool_events {
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
        let mut heartbeat = json!({
            "event": "heartbeat",
            "request_id": null,
            "attempt": 1,
            "sequence": 0,
            "timestamp": timestamp(Utc::now()),
            "state": state,
            "last_progress_seconds": stalled,
            "memory_used_mb": views.iter().map(|view| view.memory_used_mb).sum::<f64>(),
        });
        // Of several the first: an event has room for one.
        if let Some(running) = views.iter().find_map(|view| view.running.as_ref()) {
            heartbeat["running_request_id"] = running.request_id.clone().into();
            if let Some(stage) = &running.stage {
                heartbeat["stage"] = stage.clone().into();
            }
        }
        heartbeat
    }
}
