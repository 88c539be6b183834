//! Commands that act as soon as they are read: `initialize` and `cancel`.

use contracts::{Class, Dialect, ErrorCode, Failure, protocol_version};
use serde_json::{Value, json};

use super::{Activity, Command, Worker};
use crate::{clock::Now, faults::Kind};

/// A cancel that waits for its target's end.
pub(super) struct Cancelling {
    pub(super) command: Command,
    /// The id of the command that it waits for.
    waits_for: String,
    was: &'static str,
}

impl Worker {
    pub(super) fn initialize(&mut self, mut command: Command, now: Now) {
        self.reserve_slot(&command);
        if self.strikes_run(&command) {
            return;
        }
        let outcome = self.agree(&mut command, now);
        self.answer(command, outcome, now);
    }

    fn agree(&mut self, command: &mut Command, now: Now) -> super::Outcome {
        if self.running.as_ref().is_some_and(|running| running.command.class == Class::Job) {
            return Err(Box::new(Failure::new(
                ErrorCode::Conflict,
                "a job runs; initialize before or after it",
            )));
        }
        if let Some(index) = command.fields["device_index"].as_u64()
            && self.settings.device.index() != Some(index)
        {
            let message = format!("this worker is {}, not gpu_{index}", self.settings.device.gpu_id);
            return Err(command.fail_at(Failure::new(ErrorCode::UnsupportedFeature, message), "device_index"));
        }
        let version = protocol_version(&command.fields)
            .map_err(|failure| command.fail_at(failure, "protocol_versions"))?;
        let features = command.fields["features"].as_array().into_iter().flatten();
        let features: Vec<String> = features.filter_map(Value::as_str).map(str::to_owned).collect();
        if let Some(at) = features.iter().position(|feature| feature == "trace")
            && self.faults.strike(Kind::NoTrace, command.moment()).is_some()
        {
            // A worker that is older than the feature refuses its name so.
            let failure = Failure::new(ErrorCode::UnsupportedValue, "there is no feature `trace` here");
            return Err(command.fail_at(failure, &format!("features/{at}")));
        }
        let has = |name: &str| features.iter().any(|feature| feature == name);
        self.features.events = has("events");
        self.features.out_of_order = has("out_of_order");
        self.features.previews = has("previews");
        self.features.trace = has("trace");
        if let Some(dialect) = command.text("dialect").and_then(|dialect| dialect.parse::<Dialect>().ok()) {
            self.dialect = Some(dialect);
            command.dialect = dialect;
        }
        self.is_initialized = true;
        self.agree_on_events(command.dialect, now);
        Ok(json!({
            "worker": "worker-sim",
            "worker_version": env!("CARGO_PKG_VERSION"),
            "protocol_version": version,
            "features": features,
            "dialect": command.dialect.as_str(),
            "gpu_id": self.settings.device.gpu_id,
            "device_name": self.settings.device.name(),
            "pid": std::process::id(),
        }))
    }

    pub(super) fn cancel(&mut self, command: Command, now: Now) {
        self.reserve_slot(&command);
        if self.strikes_run(&command) {
            return;
        }
        let target = command.required("target_request_id").to_owned();
        let attempt = command.fields["attempt"].as_u64();
        let is_it = |other: &Command, id: &str| {
            other.head.request_id.as_deref() == Some(id)
                && attempt.is_none_or(|attempt| u64::from(other.head.attempt) == attempt)
        };
        if let Some(at) = self.queue.iter().position(|queued| is_it(queued, &target)) {
            if let Some(queued) = self.queue.remove(at) {
                self.answer(queued, Err(cancelled()), now);
            }
            self.answer(command, Ok(json!({"target_request_id": target, "was": "queued"})), now);
            return;
        }
        if let Some(running) = self.running.as_mut().filter(|running| is_it(&running.command, &target)) {
            if self.faults.strike(Kind::IgnoredCancel, running.command.moment()).is_none() {
                running.end.get_or_insert_with(cancelled);
            }
            self.cancels.push(Cancelling { command, waits_for: target, was: "running" });
            self.advance(now);
            return;
        }
        if let Some((batch, part)) = contracts::batch_and_index(&target)
            && self.cancel_part(&command, &target, batch, part, &is_it, now)
        {
            return;
        }
        let failure = self.not_found(&command, &target);
        self.answer(command, Err(failure), now);
    }

    /// One request of a batch; whether there is such a batch.
    fn cancel_part(
        &mut self,
        command: &Command,
        target: &str,
        batch: &str,
        part: usize,
        is_it: &dyn Fn(&Command, &str) -> bool,
        now: Now,
    ) -> bool {
        let is_batch = |other: &Command| is_it(other, batch) && other.fields["requests"].get(part).is_some();
        if let Some(queued) = self.queue.iter_mut().find(|queued| is_batch(queued)) {
            // The batch skips a null request when its turn comes.
            queued.fields["requests"][part] = Value::Null;
            let was = json!({"target_request_id": target, "was": "queued"});
            self.answer(command.clone(), Ok(was), now);
            return true;
        }
        let Some(running) = self.running.as_mut().filter(|running| is_batch(&running.command)) else {
            return false;
        };
        let Activity::Batch(batch) = &mut running.activity else { return false };
        let ignored = self.faults.strike(Kind::IgnoredCancel, running.command.moment()).is_some();
        match batch.cancel(part, ignored, &running.halt) {
            Ok("queued") => {
                let was = json!({"target_request_id": target, "was": "queued"});
                self.answer(command.clone(), Ok(was), now);
            }
            Ok(was) => {
                let waits_for = target.to_owned();
                self.cancels.push(Cancelling { command: command.clone(), waits_for, was });
                self.advance(now);
            }
            Err(status) => {
                let failure = Failure::new(ErrorCode::JobNotFound, format!("{target} has ended"));
                let failure = command.fail_at(failure.detail("status", status), "target_request_id");
                self.answer(command.clone(), Err(failure), now);
            }
        }
        true
    }

    /// Where the job is here under another attempt, that is the fault.
    fn not_found(&self, command: &Command, target: &str) -> Box<Failure> {
        let failure = Failure::new(ErrorCode::JobNotFound, format!("no job {target} waits or runs here"));
        let failure = match self.metrics.status_of(target) {
            Some(status) => failure.detail("status", status),
            None => failure,
        };
        let running = self.running.as_ref().map(|running| &running.command);
        let lives =
            self.queue.iter().chain(running).any(|job| job.head.request_id.as_deref() == Some(target));
        command.fail_at(failure, if lives { "attempt" } else { "target_request_id" })
    }

    /// Answers the cancels of a command that has had its reply.
    pub(super) fn answer_cancels(&mut self, id: &str, now: Now) {
        while let Some(at) = self.cancels.iter().position(|cancel| cancel.waits_for == id) {
            let Cancelling { command, waits_for, was } = self.cancels.remove(at);
            self.answer(command, Ok(json!({"target_request_id": waits_for, "was": was})), now);
        }
    }
}

pub(super) fn cancelled() -> Box<Failure> {
    Box::new(Failure::new(ErrorCode::Cancelled, "the job was cancelled"))
}
