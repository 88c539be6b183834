//! What a worker does alone: it is made ready for the worker, and waits at the job queue for a lane.

use chrono::Utc;
use contracts::{Action, Class, ErrorCode, Failure, Trace, Violation};
use serde_json::Value;
use tokio::time::Duration;

use super::{
    Answer, Dispatcher, Failed, ReplyOptions, RoutedCommand,
    context::CommandContext,
    document,
    document::{PlacedImages, SubmissionFacts},
    reply, sent_pointer,
};
use crate::{
    gpu::GpuId,
    jobs::{Job, Priority},
    placement::Need,
    reply::ReplyContext,
    trace,
};

/// What a job is made of.
pub(super) struct Sending<'a> {
    pub(super) action: Action,
    pub(super) class: Class,
    pub(super) fields: &'a Value,
    pub(super) pin: Option<GpuId>,
    pub(super) timeout: Option<Duration>,
    pub(super) wants: SubmissionFacts,
}

impl Dispatcher {
    pub(super) async fn enqueue(
        &self,
        asked: RoutedCommand,
        mut sent: CommandContext,
    ) -> Result<Answer, Failed> {
        let RoutedCommand { action, class, mut fields, pin, timeout, options, .. } = asked;
        let wants = SubmissionFacts::of(action, &fields);
        let pin = match (pin, &wants.device) {
            (None, Some((device, pointer))) => match self.inner.pool.lane_of_device(device) {
                Some(lane) => Some(lane.gpu.clone()),
                None => {
                    let violation = Violation::new(
                        sent_pointer(&sent, pointer),
                        ErrorCode::UnsupportedFeature,
                        format!("no worker here is on `{device}`"),
                    );
                    return Err(Failed(Box::new(sent), Box::new(Failure::of_violations(vec![violation]))));
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
        let PlacedImages { swapped, inputs, mut violations } =
            document::place_images(action, &mut fields, &self.inner.uploads).await;
        if !violations.is_empty() {
            for violation in &mut violations {
                violation.pointer = sent_pointer(&sent, &violation.pointer);
            }
            return Err(Failed(Box::new(sent), Box::new(Failure::of_violations(violations))));
        }
        (sent.swapped, sent.inputs) = (swapped, inputs);
        let recorded = matches!(class, Class::Job | Class::Training);
        let kept = sent.kept();
        // For a refusal, which no job outlives.
        let context = sent.reply.clone();
        let job = job(Sending { action, class, fields: &fields, pin, timeout, wants }, &options, sent.reply);
        let request_id = context.request_id.clone();
        let refused = |failure: Box<Failure>| refused(context.failure(*failure), context.trace.as_ref());
        if let Err(failure) = document::check_frame(frame_bytes(&job)) {
            return Ok(refused(failure));
        }
        match self.inner.queue.submit(job, kept).await {
            Err(failure) => Ok(refused(failure)),
            Ok(accepted) if recorded && !options.wait => Ok(Answer::Queued { request_id, accepted }),
            Ok(accepted) => Ok(Answer::Reply(accepted.events.reply().await)),
        }
    }
}

/// The job of a command that was accepted now.
pub(super) fn job(sending: Sending<'_>, options: &ReplyOptions, context: ReplyContext) -> Job {
    let Sending { action, class, fields, pin, timeout, wants } = sending;
    Job {
        need: Need {
            action,
            pin,
            model: wants.model,
            uses_model: wants.uses_model,
            repeatable: class == Class::Job,
        },
        payload: crate::json::to_text(fields).into(),
        priority: wants.priority.unwrap_or(Priority::Normal),
        accepted_at: Utc::now(),
        timeout,
        compiles: wants.compiles,
        recorded: matches!(class, Class::Job | Class::Training),
        batch: wants.batch,
        dialect: options.dialect,
        tags: wants.tags.into(),
        context,
    }
}

/// What never came to the job queue.
fn refused(failed: contracts::Reply, trace: Option<&Trace>) -> Answer {
    crate::log::refused(&failed, trace);
    reply(failed)
}

/// The bytes of a job's frame at its longest: in the attempt with the most digits, without its LF.
pub(super) fn frame_bytes(job: &Job) -> usize {
    let session_id = job.context.session_id.as_deref();
    let envelope = crate::jobs::frame(job.action(), job.request_id(), session_id, u32::MAX, "");
    envelope.len() - 1 + job.payload.len() + trace::member_bytes(job.trace())
}
