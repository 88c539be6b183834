//! What a worker does alone: it is made ready for the worker, and waits at the desk for a lane.

use std::sync::Arc;

use contracts::{Action, Class, ErrorCode, Failure, Fault, Trace};
use serde_json::Value;
use tokio::time::{Duration, Instant};

use super::{
    Answer, Asked, Failed, Front, Manner, document,
    document::{Placed, Wants},
    reply,
    sent::Sent,
    sent_pointer,
};
use crate::{
    jobs::{Priority, Ticket},
    lane::GpuId,
    trace,
};

/// What a ticket is made of.
pub(super) struct Sending<'a> {
    pub(super) action: Action,
    pub(super) class: Class,
    pub(super) fields: &'a Value,
    pub(super) pin: Option<GpuId>,
    pub(super) timeout: Option<Duration>,
    pub(super) wants: Wants,
}

impl Front {
    pub(super) async fn enqueue(&self, asked: Asked, mut sent: Sent) -> Result<Answer, Failed> {
        let Asked { action, class, mut fields, pin, timeout, manner, .. } = asked;
        let wants = Wants::of(action, &fields);
        let pin = match (pin, &wants.device) {
            (None, Some((device, pointer))) => match self.inner.pool.lane_of_device(device) {
                Some(lane) => Some(lane.gpu.clone()),
                None => {
                    let fault = Fault::new(
                        sent_pointer(&sent, pointer),
                        ErrorCode::UnsupportedFeature,
                        format!("no worker here is on `{device}`"),
                    );
                    return Err(Failed(Box::new(sent), Box::new(Failure::of_faults(vec![fault]))));
                }
            },
            (pin, _) => pin,
        };
        if class == Class::Job {
            if action == Action::StructuredInference {
                sent.normalized = fields.get("prompt_submission").cloned();
            }
            sent.seeded = document::choose_seeds(action, &mut fields);
        }
        let Placed { swapped, inputs, mut faults } =
            document::place_images(action, &mut fields, &self.inner.uploads).await;
        if !faults.is_empty() {
            for fault in &mut faults {
                fault.pointer = sent_pointer(&sent, &fault.pointer);
            }
            return Err(Failed(Box::new(sent), Box::new(Failure::of_faults(faults))));
        }
        (sent.swapped, sent.inputs) = (swapped, inputs);
        let recorded = matches!(class, Class::Job | Class::Training);
        let ticket =
            self.ticket(Sending { action, class, fields: &fields, pin, timeout, wants }, &manner, sent);
        let request_id = ticket.request_id.clone();
        let (finisher, trace) = (ticket.finisher.clone(), ticket.trace.clone());
        let refused = |failure: Box<Failure>| refused(finisher.failure(*failure), trace.as_ref());
        if let Err(failure) = document::check_frame(frame_bytes(&ticket)) {
            return Ok(refused(failure));
        }
        match self.inner.desk.submit(ticket).await {
            Err(failure) => Ok(refused(failure)),
            Ok(accepted) if recorded && !manner.wait => Ok(Answer::Queued { request_id, accepted }),
            Ok(accepted) => Ok(Answer::Reply(accepted.feed.reply().await)),
        }
    }

    pub(super) fn ticket(&self, sending: Sending<'_>, manner: &Manner, sent: Sent) -> Ticket {
        let Sending { action, class, fields, pin, timeout, wants } = sending;
        Ticket {
            action,
            request_id: sent.request_id.clone(),
            session_id: sent.session_id.clone(),
            trace: sent.trace.clone(),
            payload: document::to_json(fields).into(),
            pin,
            model: wants.model,
            priority: wants.priority.unwrap_or(Priority::Normal),
            deadline: timeout.map(|timeout| (Instant::now() + timeout, timeout)),
            compiles: wants.compiles,
            recorded: matches!(class, Class::Job | Class::Training),
            repeatable: class == Class::Job,
            uses_model: wants.uses_model,
            seeded: sent.seeded,
            batch: wants.batch,
            tags: wants.tags.into(),
            dialect: manner.dialect,
            finisher: Arc::new(sent),
        }
    }
}

/// What never came to the desk.
fn refused(failed: contracts::Reply, trace: Option<&Trace>) -> Answer {
    crate::log::refused(&failed, trace);
    reply(failed)
}

/// The bytes of a ticket's frame at its longest: in the attempt with the most digits, without its LF.
pub(super) fn frame_bytes(ticket: &Ticket) -> usize {
    let session_id = ticket.session_id.as_deref();
    let envelope = crate::jobs::frame(ticket.action, &ticket.request_id, session_id, u32::MAX, "");
    envelope.len() - 1 + ticket.payload.len() + trace::member_bytes(ticket.trace.as_ref())
}
