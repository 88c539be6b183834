//! Several prompt submissions, one after another.

use contracts::{ErrorCode, Failure, effective};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::{
    Command, Outcome, Worker,
    control::cancelled,
    job::{Job, Place},
};
use crate::clock::Now;

/// A batch that runs.
pub(super) struct Batch {
    /// The request that runs.
    pub(super) job: Option<Box<Job>>,
    /// `BatchItem`s of those that ended.
    items: Vec<Value>,
    /// Those that are cancelled before their turn.
    cancelled: Vec<bool>,
    /// The one that runs is to end.
    end: bool,
}

impl Batch {
    pub(super) fn new(requests: &[Value]) -> Self {
        // A request that was cancelled while the batch waited is null here.
        let cancelled = requests.iter().map(Value::is_null).collect();
        Self { job: None, items: Vec::new(), cancelled, end: false }
    }

    /// Cancels one request. Returns its state before, or as error the status that it had ended with.
    pub(super) fn cancel(
        &mut self,
        part: usize,
        ignored: bool,
        halt: &AtomicBool,
    ) -> Result<&'static str, &'static str> {
        if let Some(item) = self.items.get(part) {
            let code = item["error_details"]["code"].as_str();
            return Err(match code {
                None => "completed",
                Some("cancelled") => "cancelled",
                Some(_) => "failed",
            });
        }
        if part == self.items.len() && self.job.is_some() {
            self.end |= !ignored;
            halt.store(self.end, Ordering::Relaxed);
            return Ok("running");
        }
        if self.cancelled[part] {
            return Err("cancelled");
        }
        self.cancelled[part] = !ignored;
        Ok("queued")
    }

    fn count(&self, is_it: impl Fn(Option<&str>) -> bool) -> usize {
        self.items.iter().filter(|item| is_it(item["error_details"]["code"].as_str())).count()
    }
}

impl Worker {
    /// Goes on with a batch as far as it can; its outcome, once every request has ended.
    pub(super) fn step_batch(
        &mut self,
        command: &mut Command,
        batch: &mut Batch,
        halt: &Arc<AtomicBool>,
        now: Now,
    ) -> Option<Outcome> {
        loop {
            if let Some(mut job) = batch.job.take() {
                let ended = if batch.end && !job.is_executing() {
                    Some(Err(cancelled()))
                } else {
                    self.step_job(command, &mut job, halt, now)
                };
                match ended {
                    Some(outcome) => self.end_request(command, batch, &job, outcome, halt, now),
                    None => {
                        batch.job = Some(job);
                        return None;
                    }
                }
            }
            let index = batch.items.len();
            let Some(request) = command.fields["requests"].get(index).cloned() else {
                return Some(Ok(json!({
                    "results": batch.items,
                    "succeeded": batch.count(|code| code.is_none()),
                    "failed": batch.count(|code| code.is_some_and(|code| code != "cancelled")),
                    "cancelled": batch.count(|code| code == Some("cancelled")),
                })));
            };
            self.begin_request(command, batch, index, request, now);
        }
    }

    fn begin_request(
        &mut self,
        command: &mut Command,
        batch: &mut Batch,
        index: usize,
        request: Value,
        now: Now,
    ) {
        let goes_on = command.fields["continue_on_error"].as_bool().unwrap_or(true);
        let failed = batch.count(|code| code.is_some()) > 0;
        let opened = if batch.cancelled[index] {
            Err(cancelled())
        } else if failed && !goes_on {
            Err(Box::new(Failure::new(ErrorCode::Cancelled, "a request before this one failed")))
        } else {
            let whole = effective(&request, self.settings.device.kind());
            let name = request_name(command, index);
            self.open_job(command, whole, Place::Request(index), name, now)
        };
        match opened {
            Ok(job) => batch.job = Some(Box::new(job)),
            Err(failure) => self.note_end(command, batch, Err(failure), now),
        }
    }

    /// One request has ended.
    pub(super) fn end_request(
        &mut self,
        command: &mut Command,
        batch: &mut Batch,
        job: &Job,
        outcome: Outcome,
        halt: &AtomicBool,
        now: Now,
    ) {
        let ended_by_us = std::mem::take(&mut batch.end);
        halt.store(false, Ordering::Relaxed);
        let outcome = outcome.map(|mut data| {
            data["warnings"] =
                job.warnings.iter().map(|warning| Value::from(warning.message.clone())).collect();
            data
        });
        command.warnings.extend(job.warnings.iter().cloned());
        let outcome = if ended_by_us && outcome.is_err() { Err(cancelled()) } else { outcome };
        self.note_end(command, batch, outcome, now);
    }

    fn note_end(&mut self, command: &Command, batch: &mut Batch, outcome: Outcome, now: Now) {
        let index = batch.items.len();
        let id = request_name(command, index);
        let (data, error, details) = match &outcome {
            Ok(data) => (data.clone(), Value::Null, Value::Null),
            Err(failure) => (Value::Null, failure.message.clone().into(), failure.to_details()),
        };
        batch.items.push(json!({
            "index": index, "request_id": id, "success": outcome.is_ok(), "data": data, "error": error,
            "error_details": details,
        }));
        if let Some(id) = id {
            self.answer_cancels(&id, now);
        }
    }
}

/// `<id>.<index>`; none for a batch without an id.
fn request_name(command: &Command, index: usize) -> Option<String> {
    command.head.request_id.as_ref().map(|id| format!("{id}.{index}"))
}
