//! `initialize`: starts the lanes that rest, waits for their workers, and describes the one that answers.

use contracts::{
    Action, Dialect, ErrorCode, Failure, Incoming, Reply, Violation, protocol_version, schedule,
};
use futures::{StreamExt, stream::FuturesUnordered};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, timeout_at};

use super::{
    Dispatcher, RoutedCommand,
    ask::{left_out, share},
    context::CommandContext,
    sender_pointer,
};
use crate::{
    gpu::GpuId,
    lane::{LaneHandle, LaneState},
    placement,
};

impl Dispatcher {
    /// Over HTTP: starts the lanes that rest. There is nothing to negotiate, because a connection has no state.
    pub(super) async fn initialize_http(
        &self,
        command: &RoutedCommand,
        context: &mut CommandContext,
    ) -> Result<Value, Box<Failure>> {
        for field in ["features", "dialect"] {
            let value = command.fields.get(field).filter(|value| **value != json!([]));
            if value.is_some() {
                let message = format!("`{field}` cannot be negotiated over HTTP");
                let pointer = sender_pointer(context, &format!("/{field}"));
                let violation = Violation::new(pointer, ErrorCode::UnsupportedFeature, message);
                let failure = Failure::of_violations(vec![violation]);
                return Err(Box::new(
                    failure.hint("use the `dialect` query parameter, and events by `jobs/{id}/events`"),
                ));
            }
        }
        let wanted = self.wanted(&command.fields, context, command.pin.as_ref())?;
        self.initialize(&command.fields, wanted, context, &[], command.options.dialect).await
    }

    /// Over stdio: the same, and the reply has what was negotiated.
    pub(crate) async fn initialize_stdio(
        &self,
        incoming: &Incoming,
        features: &[&str],
        dialect: Dialect,
    ) -> Reply {
        let mut context = self.context(incoming, None);
        let fields = incoming.reading.document().cloned().unwrap_or_default();
        let outcome = match self.wanted_by(incoming, &fields, &context) {
            Ok(wanted) => self.initialize(&fields, wanted, &mut context, features, dialect).await,
            Err(failure) => Err(failure),
        };
        context.with(outcome)
    }

    /// Checks an `initialize` as far as that is possible without a worker.
    ///
    /// # Errors
    /// Its violations; `unsupported_value` if there is no common version; `unsupported_feature` or `gpu_not_found` if its
    /// GPU is not in this pool.
    pub(crate) fn check_initialize(&self, incoming: &Incoming) -> Result<(), Box<Failure>> {
        if let Some(failure) = incoming.failure() {
            return Err(Box::new(failure));
        }
        let fields = incoming.reading.document().cloned().unwrap_or_default();
        self.wanted_by(incoming, &fields, &self.context(incoming, None)).map(|_| ())
    }

    fn wanted_by(
        &self,
        incoming: &Incoming,
        fields: &Value,
        context: &CommandContext,
    ) -> Result<Option<usize>, Box<Failure>> {
        self.wanted(fields, context, self.pinned(&incoming.head)?.as_ref())
    }

    /// Returns the index of the lane that `device_index` or the envelope's `gpu_id` names; `None` if neither names one.
    fn wanted(
        &self,
        fields: &Value,
        context: &CommandContext,
        pin: Option<&GpuId>,
    ) -> Result<Option<usize>, Box<Failure>> {
        let violation = |field: &str, code, message| {
            let pointer = sender_pointer(context, field);
            Box::new(Failure::of_violations(vec![Violation::new(pointer, code, message)]))
        };
        protocol_version(fields)
            .map_err(|failure| violation("/protocol_versions", failure.code, failure.message))?;
        let place = |gpu: &str| self.pool().lanes().iter().position(|lane| lane.gpu.as_str() == gpu);
        let Some(index) = fields["device_index"].as_u64() else {
            return Ok(pin.and_then(|pin| place(pin.as_str())));
        };
        let gpu = format!("gpu_{index}");
        let unsupported = |why: &str| {
            violation("/device_index", ErrorCode::UnsupportedFeature, format!("{gpu} is not {why}"))
        };
        match (place(&gpu), pin) {
            (None, _) => Err(unsupported("of this pool")),
            (Some(_), Some(pin)) if pin.as_str() != gpu => Err(unsupported(pin.as_str())),
            (lane, _) => Ok(lane),
        }
    }

    /// Starts the lanes that rest, and describes the worker that answers. Warns about GPUs whose workers are not up.
    async fn initialize(
        &self,
        fields: &Value,
        wanted: Option<usize>,
        context: &mut CommandContext,
        features: &[&str],
        dialect: Dialect,
    ) -> Result<Value, Box<Failure>> {
        let lanes = self.pool().lanes();
        wait_for_starts(lanes, wanted).await;
        let lane = match wanted {
            Some(index) => &lanes[index],
            None => &lanes[placement::best(lanes, &self.queue().loads().await?, None)],
        };
        // The view keeps the facts of a dead worker, so that the state decides whether there is one.
        let facts = lane.view().facts.clone().filter(|_| is_up(lane));
        let Some(facts) = facts else {
            return Err(self.no_lane_failure());
        };
        if wanted.is_none() {
            let down = lanes.iter().filter(|lane| !is_up(lane));
            let warnings =
                down.filter_map(|lane| Some(left_out(&lane.gpu, "it is not up", &lane.unready()?)));
            context.add_warnings(warnings.collect(), 0);
        }
        Ok(json!({
            "worker": "gateway",
            "worker_version": env!("CARGO_PKG_VERSION"),
            "protocol_version": protocol_version(fields).map_err(Box::new)?,
            "features": features,
            "dialect": dialect.as_str(),
            "gpu_id": lane.gpu.as_str(),
            "device_name": facts.device_name,
            "pid": std::process::id(),
        }))
    }
}

/// Starts the lanes that rest now, and waits for the starts of all. A start that never ends must not hide a worker that is
/// up: the lane that is `wanted` is waited for alone; without one the others have, once a first is up, the time that one of
/// several lanes has for a query.
async fn wait_for_starts(lanes: &[LaneHandle], wanted: Option<usize>) {
    let half_of = |action| share(schedule(action, None).1).unwrap_or(Duration::MAX);
    let others = if wanted.is_some() { Duration::ZERO } else { half_of(Action::GetStatus) };
    let mut until = Instant::now() + half_of(Action::Initialize);
    let start = |(index, lane)| async move {
        started(lane).await;
        index
    };
    let mut starts: FuturesUnordered<_> = lanes.iter().enumerate().map(start).collect();
    while let Ok(Some(index)) = timeout_at(until, starts.next()).await {
        if wanted.is_none_or(|wanted| wanted == index) && is_up(&lanes[index]) {
            until = until.min(Instant::now() + others);
        }
    }
}

/// Waits for the end of a lane's start. One that rests is tried now, and that start is waited for.
async fn started(lane: &LaneHandle) {
    let rests = matches!(lane.view().state, LaneState::Open(_) | LaneState::Resting(_));
    if rests {
        return lane.try_now().await;
    }
    // An error means that the lane has stopped, so that it is not starting.
    lane.views().wait_for(|view| view.state != LaneState::Starting).await.ok();
}

fn is_up(lane: &LaneHandle) -> bool {
    lane.view().state == LaneState::Ready
}
