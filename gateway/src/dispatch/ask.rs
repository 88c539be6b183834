//! Questions to workers, past the job queue: to one lane, and to several lanes that answer as one.

use std::sync::Arc;

use contracts::{Action, ErrorCode, Failure, Reply, Warning, WarningCode};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, timeout};

use super::{Dispatcher, RoutedCommand, context::CommandContext, document};
use crate::{
    gpu::GpuId,
    lane::{LaneError, LaneHandle, Order},
    reply::{Known, ReplyContext},
    trace,
};

/// How long one of several lanes may take: half of the command's time, so that the answers of the others are not lost
/// with it.
pub(super) fn share(limit: Option<Duration>) -> Option<Duration> {
    Some(limit? / 2)
}

/// Warns that a lane gave no answer, and what the reply lacks for it.
pub(super) fn left_out(gpu: &GpuId, lacks: &str, why: &str) -> Warning {
    Warning {
        code: WarningCode::GpuLeftOut,
        pointer: None,
        message: format!("{gpu}: {lacks}: {why}"),
        hint: Some("ask again, or ask for that GPU alone with its gpu_id".to_owned()),
    }
}

/// One row for each lane that gave no answer, for the details of a failure.
pub(super) fn rows<'r>(lanes: impl Iterator<Item = (&'r GpuId, &'r str)>) -> Value {
    lanes.map(|(gpu, reason)| json!({"gpu_id": gpu.as_str(), "reason": reason})).collect()
}

/// Awaits the answer of one of several lanes. The lane itself ends a question at its limit, but cannot while it waits
/// for the end of its worker's process.
async fn unless_stuck<T>(
    limit: Option<Duration>,
    answer: impl Future<Output = T>,
    late: impl FnOnce(LaneError) -> T,
) -> T {
    let Some(limit) = limit else { return answer.await };
    let answered = timeout(limit + limit / 2, answer).await;
    answered.unwrap_or_else(|_| late(LaneError::TimedOut { seconds: limit.as_secs_f64() }))
}

impl Dispatcher {
    /// Sends a query to the only lane that is asked.
    pub(super) async fn ask(
        &self,
        lane: &LaneHandle,
        command: &RoutedCommand,
        payload: &str,
        context: &CommandContext,
    ) -> Reply {
        self.ask_within(lane, command, payload, context, command.timeout).await
    }

    /// Sends a query to one of several lanes.
    pub(super) async fn ask_share(
        &self,
        lane: &LaneHandle,
        command: &RoutedCommand,
        payload: &str,
        context: &CommandContext,
    ) -> Reply {
        let limit = share(command.timeout);
        let answer = self.ask_within(lane, command, payload, context, limit);
        unless_stuck(limit, answer, |late| context.failure(late.failure())).await
    }

    async fn ask_within(
        &self,
        lane: &LaneHandle,
        command: &RoutedCommand,
        payload: &str,
        context: &CommandContext,
        limit: Option<Duration>,
    ) -> Reply {
        let frame = crate::jobs::frame(
            command.action,
            &context.request_id,
            context.session_id.as_deref(),
            1,
            payload,
        );
        let bytes = frame.len() - 1 + trace::member_bytes(context.trace.as_ref());
        if let Err(failure) = document::check_frame(bytes) {
            return context.failure(*failure);
        }
        let order = Order {
            trace: context.trace.clone(),
            guard: Some(context.guard()),
            ..query(command.action, context.request_id.clone(), frame, limit)
        };
        let answer = lane.run(order).await;
        let training_id = command.fields["training_id"].as_str();
        let known = Known { training_id, ..Known::of(&lane.gpu) };
        let reply = context.reply.reply(known, answer.as_deref());
        if reply.outcome.as_ref().is_err_and(|failure| failure.code == ErrorCode::StorageFull) {
            self.inner.outputs.recheck();
        }
        reply
    }

    /// Sends one of several lanes a query of the gateway's own.
    pub(super) async fn ask_own(&self, lane: &LaneHandle, action: Action, limit: Option<Duration>) -> Reply {
        let context = ReplyContext::new(action, uuid::Uuid::now_v7().to_string().into());
        let frame = crate::jobs::frame(action, &context.request_id, None, 1, "{}");
        let order = query(action, context.request_id.clone(), frame, limit);
        let answer = unless_stuck(limit, lane.run(order), Err).await;
        context.reply(Known::of(&lane.gpu), answer.as_deref())
    }
}

/// A query for a lane, without trace.
fn query(action: Action, request_id: Arc<str>, frame: Vec<u8>, limit: Option<Duration>) -> Order {
    Order {
        action,
        request_id,
        // The same as in the frame: the gateway counts attempts, and a query has one.
        attempt: 1,
        frame,
        trace: None,
        deadline: limit.map(|limit| (Instant::now() + limit, limit)),
        exclusive: false,
        compiles: false,
        events: None,
        requests: 0,
        guard: None,
    }
}

/// Whether the failure says that a lane could not be asked, and nothing about the question.
pub(super) fn is_of_lane(failure: &Failure) -> bool {
    matches!(
        failure.code,
        ErrorCode::NoGpuAvailable
            | ErrorCode::QueueFull
            | ErrorCode::ShuttingDown
            | ErrorCode::Timeout
            | ErrorCode::WorkerBusy
            | ErrorCode::WorkerCrashed
            | ErrorCode::WorkerProtocolError
    )
}

#[cfg(test)]
mod tests {
    use tokio::time::Duration;

    use super::unless_stuck;

    #[tokio::test]
    async fn a_lane_that_cannot_even_time_out_is_left() {
        let limit = Some(Duration::from_millis(2));
        let late = unless_stuck(limit, std::future::pending(), |late| late.to_string()).await;
        assert_eq!(late, "no answer within 0.002 s");
        for limit in [None, limit] {
            assert_eq!(unless_stuck(limit, std::future::ready("here"), |_| "late").await, "here");
        }
    }
}
