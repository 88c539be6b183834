//! Commands that the gateway answers itself.

use std::sync::Arc;

use contracts::{Action, DeviceKind, ErrorCode, Failure, Violation, effective_of};
use serde_json::{Value, json};
use tokio::time::{Duration, timeout};

use super::{Answer, Dispatcher, Failed, RoutedCommand, context::CommandContext, reply, sender_pointer};
use crate::{
    jobs::{Filter, JobView, Status, timestamp},
    lane::{LaneError, LaneHandle},
    placement,
};

/// Points a `job_not_found` at the field that names the job; at `attempt` if the job exists and only its attempt
/// differs.
fn at_target(failure: Box<Failure>, command: &RoutedCommand, context: &CommandContext) -> Box<Failure> {
    let named = command.fields.get("target_request_id").is_some();
    if failure.code != ErrorCode::JobNotFound || failure.field.is_some() || !named {
        return failure;
    }
    let known = |name: &str| failure.details.as_ref().and_then(|details| details.get(name));
    let lives = known("status").is_some_and(|status| status == "queued" || status == "running");
    let another = command.fields.get("attempt").is_some_and(|attempt| known("attempt") != Some(attempt));
    let field = if lives && another { "/attempt" } else { "/target_request_id" };
    let pointer = sender_pointer(context, field);
    let violation = Violation::new(&pointer, failure.code, failure.message.clone());
    Box::new(Failure { errors: vec![violation], ..failure.at(pointer) })
}

impl Dispatcher {
    pub(super) async fn answer_locally(
        &self,
        command: RoutedCommand,
        mut context: CommandContext,
    ) -> Result<Answer, Failed> {
        // Some of these wait for a start or for the end of a job: the timeout of their class bounds that.
        let outcome = in_time(command.timeout, self.local_outcome(&command, &mut context)).await;
        Ok(reply(context.with(outcome.map_err(|failure| at_target(failure, &command, &context)))))
    }

    async fn local_outcome(
        &self,
        command: &RoutedCommand,
        context: &mut CommandContext,
    ) -> Result<Value, Box<Failure>> {
        match command.action {
            Action::Initialize => self.initialize_http(command, context).await,
            Action::Shutdown => Ok(self.shut_down(&command.fields)),
            Action::Cancel => self.cancel(command).await,
            Action::FindBestGpu => self.find_best_gpu(&command.fields).await,
            Action::GetSdxlReadiness => Ok(self.readiness()),
            Action::ListSessions => self.list_sessions().await,
            Action::GetSession => self.session(context).await,
            Action::CancelSession => self.cancel_session(context).await,
            Action::GetJob => self.job(&command.fields).await,
            Action::ListJobs => self.list_jobs(&command.fields, context).await,
            Action::DeleteUpload => self.delete_upload(&command.fields).await,
            Action::ListDevices => Ok(self.devices(command.timeout, context).await),
            other => {
                Err(Box::new(Failure::new(ErrorCode::Internal, format!("{other} has no one who answers it"))))
            }
        }
    }

    // ---- shutdown, jobs and sessions ----

    fn shut_down(&self, fields: &Value) -> Value {
        self.stop(contracts::seconds(&fields["grace_seconds"]));
        json!({})
    }

    async fn cancel(&self, command: &RoutedCommand) -> Result<Value, Box<Failure>> {
        let target: Arc<str> = command.fields["target_request_id"].as_str().unwrap_or_default().into();
        let attempt = command.fields["attempt"].as_u64().and_then(|attempt| u32::try_from(attempt).ok());
        let was = self.queue().cancel(target.clone(), attempt).await?;
        Ok(json!({"target_request_id": &*target, "was": was}))
    }

    async fn job(&self, fields: &Value) -> Result<Value, Box<Failure>> {
        let id: Arc<str> = fields["target_request_id"].as_str().unwrap_or_default().into();
        match self.queue().job(id.clone()).await? {
            Some(job) => Ok(job.to_value()),
            None => Err(Box::new(Failure::new(ErrorCode::JobNotFound, format!("no job {id}")))),
        }
    }

    async fn list_jobs(&self, fields: &Value, context: &CommandContext) -> Result<Value, Box<Failure>> {
        let status = match fields.get("status") {
            Some(status) => Some(serde_json::from_value::<Status>(status.clone()).map_err(|err| {
                Box::new(Failure::new(ErrorCode::Internal, format!("a status that is not known here: {err}")))
            })?),
            None => None,
        };
        let from = match fields["cursor"].as_str() {
            Some(text) => Some(self.queue().cursor(text).ok_or_else(|| {
                let pointer = sender_pointer(context, "/cursor");
                let message = "`cursor` is no `next_cursor` of this run of the gateway";
                let violation = Violation::new(pointer, ErrorCode::UnsupportedValue, message);
                Box::new(Failure::of_violations(vec![violation]).hint("begin again without a cursor"))
            })?),
            None => None,
        };
        let tags = fields["tags"].as_object().into_iter().flatten();
        let tags = tags.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        let filter = Filter { status, session_id: context.session_id.clone(), tags: tags.collect() };
        let limit = page_size(fields)?;
        let page = self.queue().jobs(filter, from, limit).await?;
        let jobs: Vec<Value> = page.jobs.iter().map(JobView::to_value).collect();
        let mut data = json!({"jobs": jobs, "total": page.total});
        if let Some(next) = page.next {
            data["next_cursor"] = next.to_text().into();
        }
        Ok(data)
    }

    async fn delete_upload(&self, fields: &Value) -> Result<Value, Box<Failure>> {
        let id = fields["upload_id"].as_str().unwrap_or_default().to_owned();
        let uploads = self.uploads().clone();
        let deleted = tokio::task::spawn_blocking(move || uploads.delete(&id)).await;
        deleted.unwrap_or_else(|err| std::panic::resume_unwind(err.into_panic()))?;
        Ok(json!({}))
    }

    async fn list_sessions(&self) -> Result<Value, Box<Failure>> {
        let sessions = self.queue().sessions().await?;
        Ok(json!({"sessions": sessions.iter().map(JobView::to_value).collect::<Vec<_>>()}))
    }

    async fn session(&self, context: &CommandContext) -> Result<Value, Box<Failure>> {
        let id = session_id(context)?;
        match self.queue().session(id.clone()).await? {
            Some(session) => Ok(session.to_value()),
            None => Err(Box::new(Failure::new(ErrorCode::SessionNotFound, format!("no session {id}")))),
        }
    }

    async fn cancel_session(&self, context: &CommandContext) -> Result<Value, Box<Failure>> {
        Ok(self.queue().cancel_session(session_id(context)?).await?.to_value())
    }

    // ---- the pool ----

    async fn find_best_gpu(&self, fields: &Value) -> Result<Value, Box<Failure>> {
        let lanes = self.pool().lanes();
        let model = fields["model_id"].as_str();
        let loads = self.queue().loads().await?;
        let index = placement::best(lanes, &loads, model);
        let (lane, load) = (&lanes[index], &loads[index]);
        if self.lane_trouble(lane).is_some() {
            return Err(self.no_lane_failure());
        }
        let mut reasons =
            vec![if load.busy { "all are busy; it did least so far" } else { "it is idle" }.to_owned()];
        if let Some(model) = model {
            let has = load.models.iter().any(|one| one == model);
            reasons.push(format!("it {} {model}", if has { "has" } else { "would load" }));
        } else if let Some(kind) = fields["model_type"].as_str() {
            reasons.push(format!("every worker here loads {kind} models"));
        }
        reasons.push(format!("{:.0} MiB of its memory are in use", lane.view().memory_used_mb));
        Ok(json!({"gpu_id": lane.gpu.as_str(), "reasons": reasons}))
    }

    fn readiness(&self) -> Value {
        let lanes = self.pool().lanes();
        let unready: Vec<Option<String>> = lanes.iter().map(|lane| self.lane_trouble(lane)).collect();
        let ready = unready.iter().filter(|why| why.is_none()).count();
        let gpus: Vec<Value> = lanes
            .iter()
            .zip(&unready)
            .map(|(lane, why)| {
                let reasons: Vec<&str> = vec![why.as_deref().unwrap_or("its worker was heard in time")];
                let breaker = lane.view().breaker;
                let mut gpu = json!({
                    "gpu_id": lane.gpu.as_str(),
                    "ready": why.is_none(),
                    "reasons": reasons,
                    "breaker": breaker.state.as_str(),
                    "starts_failed": breaker.starts_failed,
                });
                if let Some((_, at)) = breaker.next_try {
                    gpu["next_try_at"] = timestamp(at).into();
                }
                gpu
            })
            .collect();
        let percent = 100.0 * small(ready) / small(lanes.len().max(1));
        json!({"total_gpus": lanes.len(), "sdxl_ready_gpus": ready, "readiness_percent": percent, "gpus": gpus})
    }

    /// Why a lane makes no picture now: its worker is not ready, or the output folder cannot be written.
    #[must_use]
    pub fn lane_trouble(&self, lane: &LaneHandle) -> Option<String> {
        self.inner.outputs.trouble().map(|why| why.to_string()).or_else(|| lane.unready())
    }

    /// The time since the gateway started.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.inner.started.elapsed()
    }
}

/// Awaits an outcome; `timeout` if it takes longer than the limit.
async fn in_time(
    limit: Option<Duration>,
    outcome: impl Future<Output = Result<Value, Box<Failure>>>,
) -> Result<Value, Box<Failure>> {
    let Some(limit) = limit else { return outcome.await };
    timeout(limit, outcome).await.unwrap_or_else(|_| {
        let seconds = limit.as_secs_f64();
        Err(Box::new(LaneError::TimedOut { seconds }.failure()))
    })
}

fn session_id(context: &CommandContext) -> Result<String, Box<Failure>> {
    context.session_id.clone().ok_or_else(|| {
        let violation = Violation::new("/session_id", ErrorCode::MissingField, "`session_id` is missing");
        Box::new(Failure::of_violations(vec![violation]))
    })
}

fn small(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The longest list: the sender's `limit`, or the default of the schema.
fn page_size(fields: &Value) -> Result<usize, Box<Failure>> {
    let limit = &effective_of("ListJobs", fields, DeviceKind::Cpu)["limit"];
    limit.as_u64().and_then(|limit| usize::try_from(limit).ok()).ok_or_else(|| {
        Box::new(Failure::new(ErrorCode::Internal, format!("a `limit` that is no number here: {limit}")))
    })
}

#[cfg(test)]
mod tests {
    use contracts::{Action, Class, schedule};
    use serde_json::json;
    use tokio::time::Duration;

    use super::in_time;

    #[tokio::test]
    async fn what_the_gateway_answers_by_itself_comes_in_time_or_is_a_timeout() {
        let limit = Duration::from_millis(1);
        let late = in_time(Some(limit), std::future::pending()).await.unwrap_err();
        assert_eq!(late.code.as_str(), "timeout");
        for limit in [None, Some(limit)] {
            assert_eq!(in_time(limit, std::future::ready(Ok(json!(1)))).await.unwrap(), 1);
        }
    }

    #[test]
    fn every_control_command_and_every_one_of_the_gateway_has_a_time() {
        for action in Action::ALL {
            let (class, timeout) = schedule(action, None);
            if matches!(class, Class::Query | Class::Control | Class::Gateway) {
                assert!(timeout.is_some(), "{action}");
            }
        }
    }
}
