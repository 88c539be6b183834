//! Events before a reply, if `initialize` agreed on them.

use contracts::{Dialect, Trace, event, limits::HEARTBEAT};
use serde_json::{Value, json};

use super::{Command, Effect, Worker};
use crate::{
    clock::Now,
    cost::mebibytes,
    faults::{Kind, Moment},
};

/// Where a job is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    pub(super) stage: &'static str,
    pub(super) step: u64,
    pub(super) total: u64,
    /// Of the whole command, 0..1.
    pub(super) share: f64,
    pub(super) image: u64,
    pub(super) eta: Option<f64>,
}

/// The command of an event.
#[derive(Clone, Copy)]
struct EventContext<'c> {
    id: &'c str,
    attempt: u32,
    trace: Option<&'c Trace>,
}

impl Worker {
    /// The job moved; an event says so where they are agreed and the job has an id.
    pub(super) fn progress(&mut self, command: &Command, progress: Progress, now: Now) {
        self.last_progress = now;
        self.last_activity = now;
        self.stage = Some(progress.stage);
        let mut fields = json!({
            "event": "progress",
            "stage": progress.stage,
            "step": progress.step,
            "total_steps": progress.total,
            "progress": progress.share.clamp(0.0, 1.0),
            "image_index": progress.image,
        });
        if let Some(eta) = progress.eta {
            fields["eta_seconds"] = eta.into();
        }
        self.event_of(command, fields, now);
    }

    /// An event of a command that has an id.
    pub(super) fn event_of(&mut self, command: &Command, fields: Value, now: Now) {
        if let Some(id) = &command.head.request_id {
            let dropped = self.faults.strike(Kind::DroppedTrace, command.moment()).is_some();
            let trace = command.head.trace.as_ref().filter(|_| !dropped);
            self.event(fields, Some(EventContext { id, attempt: command.head.attempt, trace }), now);
        }
    }

    /// An event of no command.
    pub(super) fn event_of_none(&mut self, fields: Value, now: Now) {
        self.event(fields, None, now);
    }

    fn event(&mut self, fields: Value, context: Option<EventContext<'_>>, now: Now) {
        if !(self.features.events || self.features.previews && fields["event"] == "preview") {
            return;
        }
        let mut event = json!({
            "event": fields["event"], "request_id": context.map(|context| context.id),
            "attempt": context.map_or(1, |context| context.attempt), "sequence": self.sequence, "timestamp": now.stamp(),
        });
        if self.features.trace
            && let Some(EventContext { trace: Some(trace), .. }) = context
        {
            event["traceparent"] = trace.as_str().into();
        }
        self.sequence += 1;
        if let (Value::Object(event), Value::Object(fields)) = (&mut event, fields) {
            event.extend(fields);
        }
        if self.event_dialect != Dialect::Snake {
            event = event::spell(&event, self.event_dialect);
        }
        let mut bytes = event.to_string().into_bytes();
        bytes.push(b'\n');
        self.effects.push(Effect::Write(bytes));
    }

    /// The heartbeat, every second since events were agreed on.
    pub(super) fn heartbeat(&mut self, now: Now) {
        if self.next_heartbeat.is_none_or(|due| now.mono < due) {
            return;
        }
        self.next_heartbeat = Some(now.mono + HEARTBEAT);
        let mut fields = json!({
            "event": "heartbeat",
            "state": self.state(),
            "last_progress_seconds": now.seconds_since(self.last_progress),
            "memory_used_mb": mebibytes(self.gpu.used()),
        });
        if let Some(running) = &self.running {
            if let Some(stage) = self.stage {
                fields["stage"] = stage.into();
            }
            if let Some(id) = &running.command.head.request_id {
                fields["running_request_id"] = id.as_str().into();
            }
        } else if !self.trainings.is_busy() {
            // An idle worker that answers makes all the progress there is.
            fields["last_progress_seconds"] = 0.0.into();
        }
        self.event_of_none(fields, now);
    }

    pub(super) fn agree_on_events(&mut self, dialect: Dialect, now: Now) {
        self.event_dialect = dialect;
        let first = now.mono + HEARTBEAT;
        self.next_heartbeat = self.features.events.then_some(self.next_heartbeat.unwrap_or(first));
    }

    /// The fault `event_storm`.
    pub(super) fn storm(&mut self, command: &Command, now: Now) {
        let Some(count) = self.faults.strike(Kind::EventStorm, command.moment()) else { return };
        let count = count.and_then(|count| count.parse().ok()).unwrap_or(10_000u32);
        for i in 0..count {
            let fields = json!({"event": "log", "level": "debug", "message": format!("storm {i}")});
            self.event_of(command, fields, now);
        }
    }

    /// The fault `event_after_reply`.
    pub(super) fn event_after_reply(&mut self, id: &str, moment: Moment, now: Now) {
        if self.faults.strike(Kind::EventAfterReply, moment).is_some() {
            self.flush(now);
            let fields = json!({
                "event": "progress", "stage": "saving", "step": 1, "total_steps": 1, "progress": 1.0,
                "image_index": 0,
            });
            self.event(fields, Some(EventContext { id, attempt: moment.attempt, trace: None }), now);
        }
    }
}
