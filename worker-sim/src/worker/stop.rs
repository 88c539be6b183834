//! Ends: late commands, the end of stdin, `shutdown`.

use contracts::{ErrorCode, Failure, limits::STOP_GRACE};
use serde_json::json;
use std::sync::atomic::Ordering;

use super::{Command, Effect, Running, Stopping, Worker};
use crate::{
    clock::Now,
    faults::Kind,
    settings::{LogLevel, OnEof},
};

impl Worker {
    /// The end of stdin gives its grace from now on, and waits for no work: a signal has come.
    pub(crate) fn stop_within_grace(&mut self) {
        self.settings.on_eof = OnEof::Stop;
    }

    /// stdin has ended: every command that was read is answered, within the grace.
    pub(crate) fn eof(&mut self, now: Now) {
        let deadline = now.mono + STOP_GRACE;
        match &mut self.stopping {
            Some(stopping) => {
                stopping.deadline = Some(stopping.deadline.map_or(deadline, |own| own.min(deadline)));
                // Those that `--on-eof finish` waited for.
                self.pause_trainings(now);
            }
            None => {
                let stop = self.settings.on_eof == OnEof::Stop;
                self.stopping = Some(Stopping { deadline: stop.then_some(deadline), shutdown: None });
                if stop {
                    self.pause_trainings(now);
                }
            }
        }
        self.lose_at_stop();
        self.pump(now);
        self.end_stopping(now);
    }

    /// The fault `lost_at_stop`: what waits and what runs is forgotten.
    fn lose_at_stop(&mut self) {
        if self.faults.at_start(Kind::LostAtStop).is_some() {
            self.queue.clear();
            self.running = None;
        }
    }

    pub(super) fn shutdown(&mut self, command: Command, now: Now) {
        self.reserve_slot(&command);
        if self.strikes_run(&command) {
            return;
        }
        let grace = contracts::seconds(&command.fields["grace_seconds"]).unwrap_or(STOP_GRACE);
        let deadline = Some(now.mono + grace);
        self.lose_at_stop();
        self.stopping = Some(Stopping { deadline, shutdown: Some(command) });
        self.pause_trainings(now);
    }

    /// Ends the process once everything is answered, or the grace is over.
    pub(super) fn end_stopping(&mut self, now: Now) {
        let Some(stopping) = &self.stopping else { return };
        let pending = usize::from(stopping.shutdown.as_ref().is_some_and(|command| command.ordered));
        let done = self.queue.is_empty()
            && self.running.is_none()
            && self.delayed.is_empty()
            && self.slots.len() <= pending
            && !self.trainings.is_busy();
        if !done && stopping.deadline.is_none_or(|deadline| now.mono < deadline) {
            return;
        }
        if !done {
            self.cancel_all(now);
        }
        if let Some(command) = self.stopping.as_mut().and_then(|stopping| stopping.shutdown.take()) {
            self.answer(command, Ok(json!({})), now);
        }
        self.flush(now);
        self.effects.push(Effect::Exit);
        // Asked again, it would say the same again.
        self.stopping = Some(Stopping { deadline: None, shutdown: None });
    }

    fn cancel_all(&mut self, now: Now) {
        let failure =
            || Box::new(Failure::new(ErrorCode::ShuttingDown, "the worker stopped before this was done"));
        if let Some(Running { command, halt, .. }) = self.running.take() {
            halt.store(true, Ordering::Relaxed);
            self.answer(command, Err(failure()), now);
        }
        for command in std::mem::take(&mut self.queue) {
            self.answer(command, Err(failure()), now);
        }
        for note in self.trainings.abandon(now) {
            self.log(LogLevel::Error, note);
        }
        for (_, ticket, ordered, bytes) in std::mem::take(&mut self.delayed) {
            self.deliver(ticket, ordered, bytes);
        }
        self.flush(now);
    }

    /// Cancels the commands whose time is over.
    pub(super) fn end_late(&mut self, now: Now) {
        let is_late = |command: &Command| command.deadline.is_some_and(|deadline| deadline <= now.mono);
        let failure = |command: &Command| {
            let seconds =
                command.deadline.unwrap_or_default().saturating_sub(command.received.mono).as_secs_f64();
            Box::new(Failure::new(ErrorCode::Timeout, format!("not done within {seconds} s")))
        };
        while let Some(at) = self.queue.iter().position(is_late) {
            if let Some(command) = self.queue.remove(at) {
                let failure = failure(&command);
                self.answer(command, Err(failure), now);
            }
        }
        if let Some(running) = self.running.as_mut().filter(|running| is_late(&running.command)) {
            let failure = failure(&running.command);
            running.command.deadline = None;
            running.end.get_or_insert(failure);
        }
    }
}
