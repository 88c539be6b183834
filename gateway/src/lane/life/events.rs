//! Events of a worker: progress and logs of its jobs, its trainings, and heartbeats.

use std::{sync::Arc, time::Duration};

use contracts::Trace;
use serde_json::Value;
use tokio::time::Instant;

use super::{Exit, Life, known::holder};
use crate::lane::{LaneError, ProtocolBreach, RunningJob, silence::Activity};

/// An event of a job, as far as the lane reads it.
pub(super) struct JobEvent<'e> {
    pub(super) name: &'e str,
    pub(super) id: &'e str,
    pub(super) attempt: u64,
    /// Its stage, and whether the first step of that is still to come.
    pub(super) progress: Option<(&'e str, bool)>,
    /// The text of a log event.
    pub(super) message: Option<&'e str>,
}

impl Life<'_> {
    pub(super) fn on_event(&mut self, name: &str, line: Vec<u8>) -> Option<Exit> {
        let event = match contracts::unique(&line) {
            Ok(event) => event,
            Err(err) => {
                if self.may_log() {
                    tracing::warn!(gpu = %self.actor.gpu, %err, "the worker wrote an event that cannot be read");
                }
                return self.on_unusable(&err.to_string());
            }
        };
        if let Some(fault) = self.fault_of(name, &event) {
            return self.on_unusable(&fault);
        }
        match name {
            "heartbeat" => {
                if let Some(id) = event["running_request_id"].as_str().filter(|id| !self.may_run(id)) {
                    return self.on_stray_event(name, id);
                }
                self.unusable = 0;
                self.on_heartbeat(&event)
            }
            "training_progress" => {
                if let Some(id) = event["training_id"].as_str().filter(|id| !self.may_train(id)) {
                    return self.on_stray_event(name, id);
                }
                self.unusable = 0;
                // Of a job that hangs this is no progress.
                if self.liveness.activity == Activity::Training {
                    self.liveness.last_progress = Instant::now();
                }
                // An error means that no client listens.
                self.actor.pool_events.send(Arc::new(event)).ok();
                None
            }
            _ => {
                let text = |name: &str| event[name].as_str().unwrap_or_default();
                let event = JobEvent {
                    name,
                    id: text("request_id"),
                    attempt: event["attempt"].as_u64().unwrap_or_default(),
                    progress: (name == "progress").then(|| (text("stage"), event["step"] == 0)),
                    message: event["message"].as_str(),
                };
                self.on_job_event(&event, line)
            }
        }
    }

    /// How an event breaks the contract, if it does; logged.
    fn fault_of(&mut self, name: &str, event: &Value) -> Option<String> {
        match contracts::event::violations(event) {
            Some(violations) => {
                let violation = violations.first()?;
                if self.may_log() {
                    tracing::warn!(gpu = %self.actor.gpu, event = name, pointer = violation.pointer, fault = violation.message, "the worker wrote an event that breaks the contract; it is dropped");
                }
                Some(violation.message.clone())
            }
            None => {
                if self.may_log() {
                    tracing::warn!(gpu = %self.actor.gpu, event = name, "the worker wrote an unknown event; it is dropped");
                }
                Some("an unknown event".to_owned())
            }
        }
    }

    pub(super) fn on_job_event(&mut self, event: &JobEvent<'_>, line: Vec<u8>) -> Option<Exit> {
        let id = event.id;
        // An event of one request of a batch belongs to the batch, which is in flight.
        let entry = holder(&self.in_flight, id).filter(|entry| event.attempt == u64::from(entry.attempt));
        let Some(entry) = entry else {
            return self.on_stray_event(event.name, id);
        };
        self.unusable = 0;
        if let Some((stage, first)) = event.progress {
            self.liveness.last_progress = Instant::now();
            self.liveness.idle_since = None;
            self.liveness.note_stage(stage, first);
        }
        let trace_id = entry.trace.as_ref().map(Trace::id);
        match (&entry.events, event.message) {
            (Some(events), _) => events.push(line),
            (None, Some(message)) => {
                let suppressed = self.log_meter.roll(Instant::now());
                self.log_suppressed(suppressed);
                if self.log_meter.passes() {
                    let gpu = &self.actor.gpu;
                    tracing::info!(target: "worker", %gpu, request_id = id, trace_id, "{message:?}");
                }
            }
            (None, None) => {}
        }
        None
    }

    /// Drops an event about a command or a training that the worker does not have.
    fn on_stray_event(&mut self, event: &str, id: &str) -> Option<Exit> {
        if self.may_log() {
            let gpu = &self.actor.gpu;
            tracing::warn!(%gpu, event, id, "the worker wrote an event of nothing that it has; it is dropped");
        }
        self.on_unusable("an event of nothing that it has")
    }

    fn on_heartbeat(&mut self, event: &Value) -> Option<Exit> {
        let now = Instant::now();
        let state = event["state"].as_str().unwrap_or_default();
        let stalled = event["last_progress_seconds"].as_f64().unwrap_or_default();
        let text = |name: &str| event.get(name).and_then(Value::as_str);
        let running = text("running_request_id")
            .map(|id| RunningJob { request_id: id.to_owned(), stage: text("stage").map(str::to_owned) });
        let runs = running.is_some();
        let memory = event["memory_used_mb"].as_f64().unwrap_or_default();
        self.actor.update(|view| {
            let changed = view.worker_state != state;
            if changed {
                state.clone_into(&mut view.worker_state);
            }
            view.running = running;
            view.memory_used_mb = memory;
            view.last_progress_seconds = stalled;
            changed
        });
        self.note_activity(event, state, runs);
        // Checked arithmetic: a broken worker may send any number.
        if self.liveness.activity != Activity::Idle
            && let Ok(stalled) = Duration::try_from_secs_f64(stalled)
            && let Some(last_progress) = now.checked_sub(stalled)
        {
            self.liveness.last_progress = self.liveness.last_progress.max(last_progress);
        }
        self.find_lost_reply(now, state == "ready" && !runs)
    }

    fn note_activity(&mut self, event: &Value, state: &str, runs: bool) {
        self.liveness.activity = match (state, event.get("stage").and_then(Value::as_str)) {
            (_, Some(stage)) => {
                let first = match &self.liveness.activity {
                    Activity::Stage(known, first) if known == stage => *first,
                    _ => true,
                };
                Activity::Stage(stage.to_owned(), first)
            }
            ("training", None) => Activity::Training,
            ("loading", None) => Activity::Stage("loading".to_owned(), false),
            _ if runs || self.in_flight.values().any(|entry| entry.exclusive) => Activity::Unknown,
            _ => Activity::Idle,
        };
    }

    /// Ends a worker that has a command and reports for the idle limit that it does nothing: it has lost its reply.
    fn find_lost_reply(&mut self, now: Instant, idle: bool) -> Option<Exit> {
        let oldest = self.in_flight.values().filter(|entry| entry.exclusive).map(|entry| entry.sent).min();
        let (true, Some(sent)) = (idle, oldest) else {
            self.liveness.idle_since = None;
            return None;
        };
        let since = *self.liveness.idle_since.get_or_insert(now);
        let limit = self.actor.policy.limits.idle_seconds.duration();
        if now.saturating_duration_since(since) < limit || now.saturating_duration_since(sent) < limit {
            return None;
        }
        let breach = ProtocolBreach::LostReply {
            seconds: now.saturating_duration_since(sent).as_secs_f64(),
            unreadable: self.unreadable.take(),
        };
        let lost: Vec<Arc<str>> =
            self.in_flight.iter().filter(|(_, entry)| entry.exclusive).map(|(id, _)| id.clone()).collect();
        for id in lost {
            if let Some(entry) = self.in_flight.remove(&id) {
                self.finish(entry, Err(LaneError::Protocol { breach: breach.clone() }));
            }
        }
        Some(Exit::kill(breach.to_string()))
    }
}
