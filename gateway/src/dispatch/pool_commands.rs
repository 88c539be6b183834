//! Commands that concern more than one worker: queries of the pool, and freeing memory on every GPU.

use std::sync::Arc;

use chrono::Utc;
use contracts::{Action, ErrorCode, Failure, Reply, Violation};
use futures::{StreamExt, future::join_all, stream::FuturesUnordered};
use serde_json::{Value, json};

use super::{
    Answer, Dispatcher, Failed, RoutedCommand,
    ask::{is_of_lane, left_out, rows},
    context::CommandContext,
    document,
    document::SubmissionFacts,
    enqueue::{self, NewJob},
    merge::merge,
    reply,
};
use crate::{
    gpu::GpuId,
    jobs::timestamp,
    lane::{LaneError, LaneHandle, LaneState},
    placement::{self, LaneLoadView},
    reply::ReplyContext,
};

impl Dispatcher {
    /// Answers a query about one lane, about the pool, or about the job queue.
    pub(super) async fn query(
        &self,
        command: RoutedCommand,
        mut context: CommandContext,
    ) -> Result<Answer, Failed> {
        match command.action {
            Action::GetQueueStatus => {
                let queue = self.inner.queue.queue().await;
                return Ok(reply(context.with(queue)));
            }
            Action::GetStatus
            | Action::GetCapabilities
            | Action::GetPerformanceMetrics
            | Action::GetModelInfo
                if command.pin.is_none() =>
            {
                return Ok(reply(self.ask_pool(&command, context).await));
            }
            Action::GetTrainingStatus | Action::GetTrainingHistory | Action::StopTraining => {
                let answer = self.ask_training_lane(&command, &context);
                return Ok(reply(match command.timeout {
                    Some(limit) => tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| {
                        let seconds = limit.as_secs_f64();
                        context.failure(LaneError::TimedOut { seconds }.failure())
                    }),
                    None => answer.await,
                }));
            }
            _ => {}
        }
        let mut fields = command.fields.clone();
        context.normalized = fields.get("prompt_submission").cloned();
        // Violations of images are not reported here: the worker reports them among all others.
        let placed = document::place_images(command.action, &mut fields, &self.inner.uploads).await;
        (context.swapped, context.inputs) = (placed.swapped, placed.inputs);
        let lane = match self.best_lane(&command).await {
            Ok(lane) => lane,
            Err(error) => return Err(Failed(Box::new(context), error)),
        };
        Ok(reply(self.ask(&lane, &command, &fields.to_string(), &context).await))
    }

    /// Returns the lane that a job with this document would get now.
    async fn best_lane(&self, command: &RoutedCommand) -> Result<LaneHandle, Box<Failure>> {
        let lanes = self.inner.pool.lanes();
        if let Some(pin) = &command.pin
            && let Some(lane) = self.inner.pool.lane(pin.as_str())
        {
            return Ok(lane.clone());
        }
        if let [lane] = lanes {
            return Ok(lane.clone());
        }
        let facts = SubmissionFacts::of(command.action, &command.fields);
        if let Some((device, _)) = &facts.device
            && let Some(lane) = self.inner.pool.lane_of_device(device)
        {
            return Ok(lane.clone());
        }
        let loads = self.inner.queue.loads().await?;
        Ok(lanes[placement::best(lanes, &loads, facts.model.as_deref())].clone())
    }

    /// Asks every lane that can answer, and merges the answers.
    async fn ask_pool(&self, command: &RoutedCommand, context: CommandContext) -> Reply {
        let lanes = self.inner.pool.lanes();
        let asked = self.askable(command);
        let replies = self.ask_each(&asked, command, &context).await;
        let mut warnings = context.warnings.clone();
        let mut more_warnings = 0;
        let mut answers: Vec<(&LaneHandle, Value)> = Vec::with_capacity(lanes.len());
        let mut failed: Vec<(&LaneHandle, Box<Failure>)> = Vec::new();
        for (lane, reply) in asked.into_iter().zip(replies) {
            match reply.outcome {
                Ok(data) => {
                    warnings.extend(reply.warnings.into_iter().skip(context.warnings.len()));
                    more_warnings += reply.more_warnings;
                    answers.push((lane, data));
                }
                Err(failure) => {
                    tracing::warn!(gpu = %lane.gpu, action = %command.action, %failure, "a worker of the pool did not answer");
                    failed.push((lane, failure));
                }
            }
        }
        if answers.is_empty() && command.action != Action::GetStatus {
            return context.with(Err(self.unanswered(failed)));
        }
        for lane in lanes {
            if answers.iter().any(|(answered, _)| answered.gpu == lane.gpu) {
                continue;
            }
            let asked = failed.iter().find(|(failed, _)| failed.gpu == lane.gpu);
            let why = match asked {
                Some((_, failure)) => failure.message.clone(),
                None => lane.unready().unwrap_or_else(|| "its worker takes no commands".to_owned()),
            };
            if command.action == Action::GetStatus {
                // Its row says all of it.
                answers.push((lane, self.status_of(lane, why)));
            } else {
                warnings.push(left_out(&lane.gpu, "it is left out", &why));
            }
        }
        answers.sort_by_key(|(lane, _)| lanes.iter().position(|one| one.gpu == lane.gpu));
        let data = self.merged(command, answers).await;
        Reply { warnings, more_warnings, ..context.with(data) }
    }

    /// The lanes that can answer. If none is ready, those that start: the query's own timeout bounds that wait.
    fn askable(&self, command: &RoutedCommand) -> Vec<&LaneHandle> {
        let lanes = self.inner.pool.lanes();
        let state = |lane: &LaneHandle| lane.view().state.clone();
        let some_ready = lanes.iter().any(|lane| state(lane) == LaneState::Ready);
        let waits = !some_ready && command.action != Action::GetStatus;
        let can_answer = |lane: &&LaneHandle| match state(lane) {
            LaneState::Ready => true,
            LaneState::Starting | LaneState::Resting(_) => waits,
            LaneState::Open(_) | LaneState::Stopped => false,
        };
        lanes.iter().filter(can_answer).collect()
    }

    /// The replies of lanes, in their order. Several of them have a share of the command's time each.
    async fn ask_each(
        &self,
        lanes: &[&LaneHandle],
        command: &RoutedCommand,
        context: &CommandContext,
    ) -> Vec<Reply> {
        let payload = command.fields.to_string();
        match lanes {
            [lane] => vec![self.ask(lane, command, &payload, context).await],
            lanes => {
                join_all(lanes.iter().map(|lane| self.ask_share(lane, command, &payload, context))).await
            }
        }
    }

    async fn merged(
        &self,
        command: &RoutedCommand,
        answers: Vec<(&LaneHandle, Value)>,
    ) -> Result<Value, Box<Failure>> {
        let lanes: Vec<LaneHandle> = answers.iter().map(|(lane, _)| (*lane).clone()).collect();
        let best = match lanes.as_slice() {
            [_] => 0,
            _ => {
                let loads = self.inner.queue.loads().await?;
                let all = self.inner.pool.lanes();
                let loads: Vec<LaneLoadView> = lanes
                    .iter()
                    .filter_map(|lane| loads.get(all.iter().position(|one| one.gpu == lane.gpu)?).cloned())
                    .collect();
                placement::best(&lanes, &loads, None)
            }
        };
        let mut data: Vec<Value> = Vec::with_capacity(answers.len());
        for (lane, mut answer) in answers {
            if command.action == Action::GetModelInfo {
                for model in answer["models"].as_array_mut().into_iter().flatten() {
                    model["gpu_id"] = lane.gpu.as_str().into();
                }
            }
            data.push(answer);
        }
        let mut merged = match data.as_slice() {
            [one] => one.clone(),
            all => merge(command.action.info().reply, all, best),
        };
        merged["gpus"] = data.into();
        Ok(merged)
    }

    /// The failure of a query that no lane has answered.
    fn unanswered(&self, mut failed: Vec<(&LaneHandle, Box<Failure>)>) -> Box<Failure> {
        let reasons = failed.iter().map(|(lane, failure)| (&lane.gpu, failure.message.as_str()));
        let lanes = rows(reasons);
        match failed.pop() {
            Some((_, failure)) => Box::new(failure.detail("lanes", lanes)),
            None => self.no_lane_failure(),
        }
    }

    /// The status of a lane whose worker gave no answer.
    fn status_of(&self, lane: &LaneHandle, why: String) -> Value {
        let state = match lane.view().state {
            LaneState::Starting | LaneState::Resting(_) => "starting",
            LaneState::Ready | LaneState::Open(_) | LaneState::Stopped => "error",
        };
        json!({
            "gpu_id": lane.gpu.as_str(),
            "state": state,
            "is_initialized": false,
            "has_model_loaded": false,
            "active_inference_sessions": 0,
            "last_activity": timestamp(Utc::now() - lane.silent_for()),
            "uptime_seconds": 0.0,
            "error_message": why,
        })
    }

    /// The failure of a command that no lane can answer.
    pub(super) fn no_lane_failure(&self) -> Box<Failure> {
        let lanes = self.inner.pool.lanes();
        let open: Vec<LaneError> = lanes.iter().filter_map(LaneHandle::open).collect();
        if open.len() == lanes.len()
            && let Some(failure) = placement::open_failure(&open)
        {
            return Box::new(failure);
        }
        let lanes: Value = lanes
            .iter()
            .filter_map(|lane| Some(json!({"gpu_id": lane.gpu.as_str(), "reason": self.lane_trouble(lane)?})))
            .collect();
        let failure = Failure::new(ErrorCode::WorkerBusy, "no worker takes commands now");
        Box::new(Failure { retry_after_seconds: Some(1.0), ..failure.detail("lanes", lanes) })
    }

    /// Asks the lane of a training. If this gateway did not start it, asks all lanes at once, and takes the first that knows it.
    async fn ask_training_lane(&self, command: &RoutedCommand, context: &CommandContext) -> Reply {
        let id = command.fields["training_id"].as_str().unwrap_or_default().to_owned();
        let payload = command.fields.to_string();
        let known = match self.inner.queue.training(id.clone()).await {
            Ok(known) => known,
            Err(failure) => return context.failure(*failure),
        };
        let known = match (known, &command.pin) {
            (Some(gpu), Some(pin)) if gpu != *pin => {
                return context.failure(on_another_gpu(&id, &gpu, pin, &command.pin_pointer));
            }
            (known, pin) => known.or_else(|| pin.clone()),
        };
        if let Some(gpu) = known
            && let Some(lane) = self.inner.pool.lane(gpu.as_str())
        {
            return self.ask(lane, command, &payload, context).await;
        }
        let ask = |lane| {
            let answer = self.ask_share(lane, command, &payload, context);
            async move { (lane, answer.await) }
        };
        let mut replies: FuturesUnordered<_> = self.inner.pool.lanes().iter().map(ask).collect();
        let (mut not_found, mut failed) = (None, Vec::new());
        while let Some((lane, reply)) = replies.next().await {
            match reply.outcome {
                Err(failure) if failure.code == ErrorCode::TrainingNotFound => not_found = Some(failure),
                // This lane may have the training, so that another lane's `training_not_found` is not the answer.
                Err(failure) if is_of_lane(&failure) => failed.push((lane, failure)),
                _ => return reply,
            }
        }
        context.with(Err(match not_found {
            Some(failure) if failed.is_empty() => failure,
            _ => self.unanswered(failed),
        }))
    }

    /// Frees memory on every GPU, as a job of each lane. Lists are united, bytes summed.
    pub(super) async fn free_all(
        &self,
        command: RoutedCommand,
        mut context: CommandContext,
    ) -> Result<Answer, Failed> {
        let lanes = self.inner.pool.lanes();
        let replies = join_all(lanes.iter().map(|lane| self.free(lane, &command, &context))).await;
        let mut data = Vec::new();
        let (mut freed, mut not_found, mut failed) = (Vec::new(), None, Vec::new());
        for (lane, answer) in lanes.iter().zip(replies) {
            context.add_warnings(answer.warnings, answer.more_warnings);
            match answer.outcome {
                Ok(answer) => {
                    freed.push(lane.gpu.as_str());
                    data.push(answer);
                }
                // A model that is not loaded on one GPU may be loaded on another.
                Err(failure) if failure.code == ErrorCode::ModelNotFound => not_found = Some(failure),
                Err(failure) => {
                    tracing::debug!(gpu = %lane.gpu, %failure, "nothing was freed");
                    failed.push((lane, failure));
                }
            }
        }
        let outcome = match not_found {
            _ if !failed.is_empty() => Err(Box::new(self.unanswered(failed).detail("freed_gpu_ids", freed))),
            Some(failure) if data.is_empty() => Err(failure),
            _ => Ok(merge(command.action.info().reply, &data, 0)),
        };
        Ok(reply(context.with(outcome)))
    }

    async fn free(&self, lane: &LaneHandle, command: &RoutedCommand, context: &CommandContext) -> Reply {
        let own = ReplyContext {
            trace: context.trace.clone(),
            places: context.places.clone(),
            ..ReplyContext::new(context.action, uuid::Uuid::now_v7().to_string().into())
        };
        if let LaneState::Open(reason) = &lane.view().state {
            // It has no worker, which could hold memory.
            tracing::debug!(gpu = %lane.gpu, %reason, "nothing to free on an open lane");
            let empty = match command.action {
                Action::UnloadModel if command.fields.get("model_id").is_some() => {
                    return own.failure(Failure::new(ErrorCode::ModelNotFound, "it is loaded nowhere"));
                }
                Action::UnloadModel => json!({"model_ids": [], "freed_bytes": 0}),
                _ => json!({"freed_gpu_bytes": 0, "freed_ram_bytes": 0}),
            };
            return own.with(Ok(empty));
        }
        let new = NewJob {
            action: command.action,
            class: contracts::Class::Control,
            fields: &command.fields,
            pin: Some(lane.gpu.clone()),
            timeout: command.timeout,
            facts: SubmissionFacts::of(command.action, &command.fields),
        };
        let job = enqueue::job(new, &command.options, own.clone());
        if let Err(failure) = document::check_frame(enqueue::frame_bytes(&job)) {
            return own.failure(*failure);
        }
        match self.inner.queue.run(job, context.guard()).await {
            Ok(reply) => Arc::unwrap_or_clone(reply),
            Err(failure) => own.failure(*failure),
        }
    }
}

/// The failure of a command about a training that names another GPU than the training's: that GPU's worker, which has no
/// such training, would answer the same.
fn on_another_gpu(id: &str, gpu: &GpuId, pin: &GpuId, pointer: &str) -> Failure {
    let message = format!("training {id} is on {gpu}, and not on {pin}");
    let violation = Violation::new(pointer, ErrorCode::TrainingNotFound, message);
    Failure::of_violations(vec![violation])
        .hint(format!("ask without it, or for {gpu}"))
        .detail("gpu_id", gpu.as_str())
}
