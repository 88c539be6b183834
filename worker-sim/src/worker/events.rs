//! Events: words on the way, only where `initialize` agreed on them.

use contracts::{Dialect, Trace, event, generated::limits::HEARTBEAT};
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

/// The command that an event is about.
#[derive(Clone, Copy)]
struct About<'c> {
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
        let mut said = json!({
            "event": "progress",
            "stage": progress.stage,
            "step": progress.step,
            "total_steps": progress.total,
            "progress": progress.share.clamp(0.0, 1.0),
            "image_index": progress.image,
        });
        if let Some(eta) = progress.eta {
            said["eta_seconds"] = eta.into();
        }
        self.event_of(command, said, now);
    }

    /// An event of a command that has an id.
    pub(super) fn event_of(&mut self, command: &Command, said: Value, now: Now) {
        if let Some(id) = &command.head.request_id {
            let dropped = self.faults.strike(Kind::DroppedTrace, command.moment()).is_some();
            let trace = command.head.trace.as_ref().filter(|_| !dropped);
            self.event(said, Some(About { id, attempt: command.head.attempt, trace }), now);
        }
    }

    /// An event of nobody's.
    pub(super) fn event_of_none(&mut self, said: Value, now: Now) {
        self.event(said, None, now);
    }

    fn event(&mut self, said: Value, about: Option<About<'_>>, now: Now) {
        if !(self.features.events || self.features.previews && said["event"] == "preview") {
            return;
        }
        let mut event = json!({
            "event": said["event"], "request_id": about.map(|about| about.id),
            "attempt": about.map_or(1, |about| about.attempt), "sequence": self.sequence, "timestamp": now.stamp(),
        });
        if self.features.trace
            && let Some(About { trace: Some(trace), .. }) = about
        {
            event["traceparent"] = trace.as_str().into();
        }
        self.sequence += 1;
        if let (Value::Object(event), Value::Object(said)) = (&mut event, said) {
            event.extend(said);
        }
        if self.event_dialect != Dialect::Snake {
            event = event::spell(&event, self.event_dialect);
        }
        let mut bytes = event.to_string().into_bytes();
        bytes.push(b'\n');
        self.effects.push(Effect::Write(bytes));
    }

    /// The heartbeat, every second since events were agreed on.
    pub(super) fn beat(&mut self, now: Now) {
        if self.next_beat.is_none_or(|due| now.mono < due) {
            return;
        }
        self.next_beat = Some(now.mono + HEARTBEAT);
        let mut said = json!({
            "event": "heartbeat",
            "state": self.state(),
            "last_progress_seconds": now.seconds_since(self.last_progress),
            "memory_used_mb": mebibytes(self.gpu.used()),
        });
        if let Some(running) = &self.running {
            if let Some(stage) = self.stage {
                said["stage"] = stage.into();
            }
            if let Some(id) = &running.command.head.request_id {
                said["running_request_id"] = id.as_str().into();
            }
        } else if !self.trainings.is_busy() {
            // An idle worker that answers makes all the progress there is.
            said["last_progress_seconds"] = 0.0.into();
        }
        self.event_of_none(said, now);
    }

    pub(super) fn agree_on_events(&mut self, dialect: Dialect, now: Now) {
        self.event_dialect = dialect;
        let first = now.mono + HEARTBEAT;
        self.next_beat = self.features.events.then_some(self.next_beat.unwrap_or(first));
    }

    /// The fault `event_storm`.
    pub(super) fn storm(&mut self, command: &Command, now: Now) {
        let Some(count) = self.faults.strike(Kind::EventStorm, command.moment()) else { return };
        let count = count.and_then(|count| count.parse().ok()).unwrap_or(10_000u32);
        for i in 0..count {
            let said = json!({"event": "log", "level": "debug", "message": format!("storm {i}")});
            self.event_of(command, said, now);
        }
    }

    /// The fault `event_after_reply`.
    pub(super) fn event_after_reply(&mut self, id: &str, moment: Moment, now: Now) {
        if self.faults.strike(Kind::EventAfterReply, moment).is_some() {
            self.flush(now);
            let said = json!({
                "event": "progress", "stage": "saving", "step": 1, "total_steps": 1, "progress": 1.0,
                "image_index": 0,
            });
            self.event(said, Some(About { id, attempt: moment.attempt, trace: None }), now);
        }
    }
}
