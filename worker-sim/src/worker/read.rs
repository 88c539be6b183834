//! Lines in: bad lines are refused, `initialize`, `cancel` and the like act at once, all other commands are queued.

use contracts::{
    Action, Class, ErrorCode, Failure, Incoming, Refusal, Violation, WarningCode, framing::Line,
    head_pointer, read_frame, schedule,
};
use serde_json::Value;

use super::{Command, Effect, PendingReply, Slot, Worker};
use crate::{clock::Now, faults::Kind};

impl Worker {
    /// A line of stdin.
    pub(crate) fn line(&mut self, line: Line, now: Now) {
        if self.stopping.is_some() {
            // Nothing is read after `shutdown`.
            return;
        }
        self.last_activity = now;
        let index = self.frames;
        self.frames += 1;
        if self.settings.heal_after.is_some_and(|after| index >= after) {
            self.faults.heal();
        }
        match line {
            Line::Text(bytes) => match read_frame(&bytes) {
                Ok(incoming) => self.incoming(incoming, index, now),
                Err(refusal) => self.refuse(index, refusal),
            },
            Line::TooLarge { bytes } => {
                let message = format!(
                    "a frame of {bytes} bytes or more is over the limit of {}",
                    self.settings.frame_bytes_max
                );
                let failure = Box::new(Failure::new(ErrorCode::FrameTooLarge, message));
                let refusal =
                    Refusal { request_id: None, session_id: None, form: None, dialect: None, failure };
                self.refuse(index, refusal);
            }
        }
        self.pump(now);
        self.end_stopping(now);
    }

    fn refuse(&mut self, index: u64, mut refusal: Refusal) {
        self.tickets += 1;
        if let Some(id) = refusal.request_id.as_deref().filter(|id| self.is_in_flight(id)) {
            // Whoever waits for the command of that id must not take this for its reply.
            let (at, message) =
                (head_pointer("request_id", refusal.dialect), format!("{id} is in flight already"));
            refusal.failure =
                Box::new(Failure::of_violations(vec![Violation::new(at, ErrorCode::Conflict, message)]));
        }
        if self.features.out_of_order || self.slots.is_empty() {
            let bytes = self.refusal_bytes(index, &refusal);
            self.deliver(self.tickets, false, bytes);
        } else {
            self.slots.push_back(Slot {
                ticket: self.tickets,
                pending: PendingReply::Refusal(index, Box::new(refusal)),
            });
        }
    }

    fn incoming(&mut self, incoming: Incoming, index: u64, now: Now) {
        self.tickets += 1;
        let dialect = self.dialect.unwrap_or(incoming.stdio_dialect());
        let failure = self.failure_of(&incoming);
        let is_report = incoming.is_report();
        let Incoming { head, mut reading, .. } = incoming;
        let (class, timeout) = schedule(head.action, reading.document());
        let (violations, warnings) = (reading.violations.clone(), std::mem::take(&mut reading.warnings));
        let (places, reading_total) = (std::mem::take(&mut reading.places), reading.violations_total);
        // A report is about a document that may have violations; any other document is used only if it is valid.
        let fields = if is_report { reading.into_reported() } else { reading.into_document() };
        // Queries are never late: they are computed at once when their line is due.
        let timed = !matches!(class, Class::Query | Class::Training | Class::Gateway);
        let command = Command {
            ticket: self.tickets,
            index,
            head,
            class,
            dialect,
            ordered: !self.features.out_of_order,
            fields: fields.unwrap_or(Value::Null),
            violations,
            violations_total: reading_total,
            warnings,
            places,
            received: now,
            deadline: timeout.filter(|_| timed).map(|timeout| now.mono + timeout),
        };
        if self.faults.strike_at(Kind::Crash, "read", "run", command.moment()) {
            self.effects.push(Effect::Crash);
            return;
        }
        if let Some(failure) = failure {
            self.reserve_slot(&command);
            self.reply(command, Err(failure), now);
            return;
        }
        self.route(command, now);
    }

    fn route(&mut self, command: Command, now: Now) {
        match (command.action(), command.class) {
            (Action::Initialize, _) => self.initialize(command, now),
            (Action::Cancel, _) => self.cancel(command, now),
            (Action::StopTraining, _) => self.stop_training(command, now),
            (Action::Shutdown, _) => self.shutdown(command, now),
            (_, Class::Query) if command.ordered && !(self.slots.is_empty() && self.faults.is_empty()) => {
                self.slots.push_back(Slot {
                    ticket: command.ticket,
                    pending: PendingReply::Query(Box::new(command)),
                });
            }
            (_, Class::Query) => self.query(command, now),
            _ => {
                self.reserve_slot(&command);
                self.queue.push_back(command);
            }
        }
    }

    /// Keeps the place of a command's line.
    pub(super) fn reserve_slot(&mut self, command: &Command) {
        if command.ordered {
            self.slots.push_back(Slot { ticket: command.ticket, pending: PendingReply::Running });
        }
    }

    /// Why a command cannot be taken, if it cannot.
    fn failure_of(&self, incoming: &Incoming) -> Option<Box<Failure>> {
        let head = &incoming.head;
        let info = head.action.info();
        let envelope = |name: &str| head_pointer(name, incoming.reading.dialect);
        let fail = |name: &str, code, message: String| {
            Some(Box::new(Failure::of_violations(vec![Violation::new(envelope(name), code, message)])))
        };
        if info.class == Class::Gateway {
            let message = format!("`{}` is the gateway's own; a worker does not answer it", head.action);
            return fail("action", ErrorCode::UnknownAction, message);
        }
        let id = head.request_id.as_deref();
        if self.features.out_of_order && id.is_none() && incoming.reading.is_valid() {
            let message = "with out_of_order every command needs a request_id".to_owned();
            return fail("request_id", ErrorCode::MissingField, message);
        }
        if let Some(id) = id.filter(|id| self.is_in_flight(id)) {
            return fail("request_id", ErrorCode::Conflict, format!("{id} is in flight already"));
        }
        if let Some(gpu_id) = head.gpu_id.as_deref().filter(|gpu_id| !self.settings.device.is_own_id(gpu_id))
        {
            let message = format!("this worker is {}, not {gpu_id}", self.settings.device.gpu_id);
            return fail("gpu_id", ErrorCode::UnsupportedFeature, message);
        }
        if head.trace.is_some() && self.faults.at_start(Kind::NoTrace).is_some() {
            return fail("traceparent", ErrorCode::UnknownField, "`traceparent` is unknown here".to_owned());
        }
        incoming.refusal().map(Box::new)
    }

    /// Whether a command of that id waits or runs.
    pub(super) fn is_in_flight(&self, id: &str) -> bool {
        let is_it = |command: &Command| command.head.request_id.as_deref() == Some(id);
        self.queue.iter().any(is_it)
            || self.running.as_ref().is_some_and(|running| is_it(&running.command))
            || self.cancels.iter().any(|cancel| is_it(&cancel.command))
            || self
                .slots
                .iter()
                .any(|slot| matches!(&slot.pending, PendingReply::Query(query) if is_it(query)))
    }
}

/// A warning at a pointer of the sender.
pub(super) fn warning(code: WarningCode, pointer: Option<String>, message: String) -> contracts::Warning {
    contracts::Warning { code, pointer, message, hint: None }
}
