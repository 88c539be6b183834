//! Commands that a worker runs alone: their document is made ready for the worker, and the job queue gets them.

use chrono::Utc;
use contracts::{Action, Class, ErrorCode, Failure, Trace, Violation};
use serde_json::Value;
use tokio::time::Duration;

use super::{
    Answer, Dispatcher, Failed, ReplyOptions, RoutedCommand,
    context::CommandContext,
    document,
    document::{PlacedImages, SubmissionFacts},
    reply, sender_pointer,
};
use crate::{
    gpu::GpuId,
    jobs::{Job, Priority},
    placement::Need,
    reply::ReplyContext,
    trace,
};

/// The parts of a job that do not come from its client's options.
pub(super) struct NewJob<'a> {
    pub(super) action: Action,
    pub(super) class: Class,
    pub(super) fields: &'a Value,
    pub(super) pin: Option<GpuId>,
    pub(super) timeout: Option<Duration>,
    pub(super) facts: SubmissionFacts,
}

impl Dispatcher {
    pub(super) async fn enqueue(
        &self,
        command: RoutedCommand,
        mut context: CommandContext,
    ) -> Result<Answer, Failed> {
        let RoutedCommand { action, class, mut fields, pin, timeout, options, .. } = command;
        let facts = SubmissionFacts::of(action, &fields);
        let pin = match (pin, &facts.device) {
            (None, Some((device, pointer))) => match self.inner.pool.lane_of_device(device) {
                Some(lane) => Some(lane.gpu.clone()),
                None => {
                    let violation = Violation::new(
                        sender_pointer(&context, pointer),
                        ErrorCode::UnsupportedFeature,
                        format!("no worker here is on `{device}`"),
                    );
                    return Err(Failed(Box::new(context), Box::new(Failure::of_violations(vec![violation]))));
                }
            },
            (pin, _) => pin,
        };
        if class == Class::Job {
            if action == Action::StructuredInference {
                context.normalized = fields.get("prompt_submission").cloned();
            }
            context.seeded = document::choose_seeds(action, &mut fields);
        }
        let PlacedImages { swapped, inputs, mut violations } =
            document::place_images(action, &mut fields, &self.inner.uploads).await;
        if !violations.is_empty() {
            for violation in &mut violations {
                violation.pointer = sender_pointer(&context, &violation.pointer);
            }
            return Err(Failed(Box::new(context), Box::new(Failure::of_violations(violations))));
        }
        (context.swapped, context.inputs) = (swapped, inputs);
        let recorded = matches!(class, Class::Job | Class::Training);
        let guard = context.guard();
        // The job owns the context; a refusal of the job needs a copy.
        let refusal = context.reply.clone();
        let job =
            job(NewJob { action, class, fields: &fields, pin, timeout, facts }, &options, context.reply);
        let request_id = refusal.request_id.clone();
        let refuse = |failure: Box<Failure>| refused(refusal.failure(*failure), refusal.trace.as_ref());
        if let Err(failure) = document::check_frame(frame_bytes(&job)) {
            return Ok(refuse(failure));
        }
        match self.inner.queue.submit(job, guard).await {
            Err(failure) => Ok(refuse(failure)),
            Ok(accepted) if recorded && !options.wait => Ok(Answer::Queued { request_id, accepted }),
            Ok(accepted) => Ok(Answer::Reply(accepted.events.reply().await)),
        }
    }
}

/// Makes the job of a command that is accepted now.
pub(super) fn job(new: NewJob<'_>, options: &ReplyOptions, context: ReplyContext) -> Job {
    let NewJob { action, class, fields, pin, timeout, facts } = new;
    Job {
        need: Need {
            action,
            pin,
            model: facts.model,
            uses_model: facts.uses_model,
            repeatable: class == Class::Job,
        },
        payload: crate::json::to_text(fields).into(),
        priority: facts.priority.unwrap_or(Priority::Normal),
        accepted_at: Utc::now(),
        timeout,
        compiles: facts.compiles,
        recorded: matches!(class, Class::Job | Class::Training),
        batch: facts.batch,
        dialect: options.dialect,
        tags: facts.tags.into(),
        context,
    }
}

/// Logs and answers a command that never came to the job queue, which logs all others.
fn refused(failed: contracts::Reply, trace: Option<&Trace>) -> Answer {
    crate::log::refused(&failed, trace);
    reply(failed)
}

/// The bytes of a job's longest frame, without its LF: that of the attempt with the most digits.
pub(super) fn frame_bytes(job: &Job) -> usize {
    let session_id = job.context.session_id.as_deref();
    let envelope = crate::jobs::frame(job.action(), job.request_id(), session_id, u32::MAX, "");
    envelope.len() - 1 + job.payload.len() + trace::member_bytes(job.trace())
}
