//! What the lane sends to its worker: commands, and cancels of them.

use std::{sync::Arc, time::Duration};

use contracts::Action;
use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use super::{Ending, InFlight, Life, Waiter};
use crate::lane::{
    Cancelled, LaneError, Order,
    actor::answer,
    message::{Answer, Cancelling, HeldOrder, Mail},
    silence::Activity,
};

impl Life<'_> {
    pub(super) fn on_mail(&mut self, mail: Mail) {
        match mail {
            // Commands that wait already go first.
            Mail::Run(order, waiter) if !self.ready || !self.actor.held.is_empty() => {
                self.actor.hold(order, waiter);
            }
            Mail::Run(order, waiter) => {
                match self.process.frames().and_then(|frames| frames.clone().try_reserve_owned().ok()) {
                    Some(permit) => self.send(order, waiter, |frame| _ = permit.send(frame)),
                    None => self.actor.hold(order, waiter),
                }
            }
            Mail::Cancel { holder, target, done } => self.cancel(&holder, &target, done),
            // The worker runs already: the caller waits for its handshake by the view.
            Mail::Try(starting) => drop(starting),
        }
    }

    fn send(&mut self, mut order: Order, waiter: oneshot::Sender<Answer>, write: impl FnOnce(Vec<u8>)) {
        if self.in_flight.contains_key(&order.request_id) {
            return answer(waiter, Err(LaneError::InFlight { id: order.request_id }));
        }
        write(order.take_frame(self.sends_trace));
        let now = Instant::now();
        if order.exclusive {
            self.liveness.idle_since = None;
            self.liveness.last_progress = now;
            self.unreadable = None;
            if self.liveness.activity == Activity::Idle {
                self.liveness.activity = Activity::Unknown;
            }
        }
        let entry = InFlight {
            action: order.action,
            waiter: Waiter::Order(waiter),
            attempt: order.attempt,
            exclusive: order.exclusive,
            compiles: order.compiles,
            requests: order.requests,
            events: order.events,
            trace: order.trace,
            sent: now,
            deadline: order.deadline,
            ending: None,
            guard: order.guard,
        };
        self.in_flight.insert(order.request_id, entry);
    }

    fn cancel(&mut self, holder: &Arc<str>, target: &Arc<str>, done: Cancelling) {
        let Some(entry) = self.in_flight.get_mut(holder) else {
            if let Some(done) = self.actor.cancel_held(holder, target, done) {
                done.send(Cancelled::NotHere).ok();
            }
            return;
        };
        let mut payload = json!({"target_request_id": &**target});
        let mut deadline = None;
        if holder == target {
            payload["attempt"] = entry.attempt.into();
            if entry.ending.is_none() {
                let kill_at = Instant::now() + self.actor.policy.cancel_grace;
                entry.ending = Some(Ending { kill_at, error: LaneError::Cancelled });
            }
        } else {
            // A request of a batch that ignores its cancel must not cost the others their worker: the cancel alone
            // times out.
            let answer_within = self.actor.policy.cancel_answer;
            deadline = answer_within.map(|timeout| (Instant::now() + timeout, timeout));
        }
        self.send_own(Action::Cancel, &payload, Waiter::Cancel(done), deadline);
    }

    pub(super) fn send_own(
        &mut self,
        action: Action,
        payload: &Value,
        waiter: Waiter,
        deadline: Option<(Instant, Duration)>,
    ) {
        let id: Arc<str> = uuid::Uuid::now_v7().to_string().into();
        let frame = json!({"action": action, "request_id": &*id, "attempt": 1, "payload": payload});
        let mut frame = frame.to_string().into_bytes();
        frame.push(b'\n');
        let entry = InFlight {
            action,
            waiter,
            attempt: 1,
            exclusive: false,
            compiles: false,
            requests: 0,
            events: None,
            trace: None,
            sent: Instant::now(),
            deadline,
            ending: None,
            guard: None,
        };
        self.in_flight.insert(id, entry);
        // It must not be lost because the writer is busy: it is sent as soon as there is room.
        let sent = self.unsent.is_empty()
            && self.process.frames().is_some_and(|frames| match frames.try_reserve() {
                Ok(permit) => {
                    permit.send(std::mem::take(&mut frame));
                    true
                }
                Err(_) => false,
            });
        if !sent {
            self.unsent.push_back(frame);
        }
    }

    /// Sends the next frame that waits: frames of the lane itself first.
    pub(super) fn send_next(&mut self, permit: mpsc::OwnedPermit<Vec<u8>>) {
        if let Some(frame) = self.unsent.pop_front() {
            permit.send(frame);
        } else if let Some(HeldOrder { order, waiter, cancels }) = self.actor.held.pop_front() {
            let id = order.request_id.clone();
            self.send(order, waiter, |frame| _ = permit.send(frame));
            for (target, done) in cancels {
                self.cancel(&id, &target, done);
            }
        }
    }
}
