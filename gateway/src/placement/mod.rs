//! Placement: which lane a command goes to, and why it waits.

mod lane_load;

use contracts::{Action, Class, ErrorCode, Failure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    gpu::GpuId,
    lane::{LaneError, LaneHandle},
};
use lane_load::Availability;
pub(crate) use lane_load::LaneLoad;

/// What a command needs of a lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Need {
    /// Its action.
    pub action: Action,
    /// The only GPU that may run it.
    pub pin: Option<GpuId>,
    /// The model that it names.
    pub model: Option<String>,
    /// Whether it makes pictures. Such a job uses the loaded model if it names none.
    pub uses_model: bool,
    /// Whether it may be repeated after a crash, as jobs may.
    pub repeatable: bool,
}

/// The load of a lane, as the rest of the gateway sees it.
#[derive(Clone, Debug, Default)]
pub struct LaneLoadView {
    /// Whether it runs a command alone now.
    pub busy: bool,
    /// Commands that have ended there.
    pub ended: u64,
    /// Ids and paths of the models that it was last known to have.
    pub models: Vec<String>,
    /// The base that a job without a model would use.
    pub current_model: Option<String>,
}

/// Returns the first command of a queue that a lane can begin now, and that lane. Each item is a command's place, its
/// need, and the lane to avoid. If no lane can begin anything, the queue is not read: it may be long, and every event
/// of the job queue comes here.
pub(crate) fn next<'t, P>(
    lane_loads: &[LaneLoad],
    queue: impl IntoIterator<Item = (P, &'t Need, Option<usize>)>,
) -> Option<(P, usize)> {
    let availabilities: Vec<Availability> = lane_loads.iter().map(LaneLoad::availability).collect();
    if availabilities.iter().all(|availability| availability.is_none()) {
        return None;
    }
    queue
        .into_iter()
        .find_map(|(place, need, avoid)| Some((place, choose(lane_loads, &availabilities, need, avoid)?)))
}

/// Chooses a free lane for a command: the pinned one; else one that has the model; else the one that has been idle
/// longest.
fn choose(
    lane_loads: &[LaneLoad],
    availabilities: &[Availability],
    need: &Need,
    avoid: Option<usize>,
) -> Option<usize> {
    if !availabilities.iter().any(|availability| availability.takes(need.action)) {
        return None;
    }
    let uses_current = need.model.is_none() && needs_model(need);
    // A model in the RAM of one worker can be loaded only there.
    let some_cached = need.action == Action::LoadFromCache
        && need
            .model
            .as_deref()
            .is_some_and(|model| lane_loads.iter().any(|lane_load| lane_load.has_cached(model)));
    let some_current = uses_current && lane_loads.iter().any(LaneLoad::has_current);
    lane_loads
        .iter()
        .enumerate()
        .filter(|(_, lane_load)| need.pin.as_ref().is_none_or(|pin| *pin == lane_load.lane.gpu))
        // A job without a model uses the loaded one, which a lane without a current model does not have.
        .filter(|(_, lane_load)| !some_current || need.pin.is_some() || lane_load.has_current())
        .filter(|(_, lane_load)| {
            !some_cached
                || need.pin.is_some()
                || need.model.as_deref().is_some_and(|model| lane_load.has_cached(model))
        })
        .filter(|(index, _)| availabilities[*index].takes(need.action))
        .min_by_key(|(index, lane_load)| {
            let has_model = need.model.as_deref().is_some_and(|model| lane_load.has_model(model));
            (avoid == Some(*index), !has_model, lane_load.last_begun, *index)
        })
        .map(|(index, _)| index)
}

/// Returns the lane that a job would get now, free or not.
pub(crate) fn best(lanes: &[LaneHandle], loads: &[LaneLoadView], model: Option<&str>) -> usize {
    let rank = |(index, lane): &(usize, &LaneHandle)| {
        let load = &loads[*index];
        let has_model = match model {
            Some(model) => load.models.iter().any(|one| one == model),
            None => load.current_model.is_some(),
        };
        (!lane.is_ready(), load.busy, !has_model, load.ended, *index)
    };
    lanes.iter().enumerate().min_by_key(rank).map_or(0, |(index, _)| index)
}

/// The failure of a command that must not wait: the breaker of every eligible lane is open, and either it is not a job or
/// all of these lanes are configured wrong. `None` if it waits.
pub(crate) fn refusal(lane_loads: &[LaneLoad], need: &Need) -> Option<Failure> {
    let mut open = Vec::new();
    for lane_load in eligible(lane_loads, need) {
        open.push(lane_load.lane.open()?);
    }
    let misconfigured = open.iter().all(LaneError::is_misconfigured);
    if need.repeatable && !misconfigured {
        return None;
    }
    open_failure(&open)
}

/// The failure of a command whose eligible lanes are all open, with these errors.
pub(crate) fn open_failure(open: &[LaneError]) -> Option<Failure> {
    let rows = open.iter().filter_map(|error| match error {
        LaneError::Open { gpu, reason, .. } => Some(json!({"gpu_id": gpu.as_str(), "reason": &**reason})),
        _ => None,
    });
    let lanes: Value = rows.collect();
    if open.iter().all(LaneError::is_misconfigured) {
        let message = "every worker that could take it is configured wrong";
        return (!open.is_empty())
            .then(|| Failure::new(ErrorCode::NoGpuAvailable, message).detail("lanes", lanes));
    }
    let soonest = open.iter().filter_map(|error| match error {
        LaneError::Open { retry_after, .. } => Some(*retry_after),
        _ => None,
    });
    let retry_after_seconds = soonest.min().map(|soonest| soonest.as_secs_f64().max(1.0));
    let message = "no worker takes commands now: each that could has died too often, and is tried again";
    Some(Failure {
        retry_after_seconds,
        ..Failure::new(ErrorCode::WorkerBusy, message).detail("lanes", lanes)
    })
}

/// The reason of each eligible lane for not taking a command.
pub(crate) fn why_it_waits(lane_loads: &[LaneLoad], need: &Need) -> Value {
    eligible(lane_loads, need)
        .map(|lane_load| {
            let reason = lane_load.lane.unready().unwrap_or_else(|| "it was busy".to_owned());
            json!({"gpu_id": lane_load.lane.gpu.as_str(), "reason": reason})
        })
        .collect()
}

fn eligible<'a>(lane_loads: &'a [LaneLoad], need: &'a Need) -> impl Iterator<Item = &'a LaneLoad> {
    lane_loads.iter().filter(|lane_load| need.pin.as_ref().is_none_or(|pin| *pin == lane_load.lane.gpu))
}

fn needs_model(need: &Need) -> bool {
    need.action.info().class == Class::Job && need.uses_model
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, sync::Arc};

    use tokio::{sync::Notify, task::JoinSet};

    use super::{lane_load::LaneLoad, next};
    use crate::{
        config::{Config, PoolFlags, WorkerKind},
        lane::{self, PoolEvents},
    };

    /// Two lanes whose tasks never run, so that their workers stay `starting`.
    fn starting(tasks: &mut JoinSet<()>) -> Vec<LaneLoad> {
        let dir = tempfile::tempdir().unwrap();
        let output_dir = Some(dir.path().to_owned());
        let flags = PoolFlags { workers: Some(WorkerKind::Sim), output_dir, ..PoolFlags::default() };
        let config = Config::decide(&flags, &[], None).unwrap();
        let (changed, pool_events) = (Arc::new(Notify::new()), PoolEvents::new(1));
        let mut start = |(gpu, launch)| {
            lane::start(gpu, launch, config.policy.clone(), changed.clone(), pool_events.clone(), tasks)
        };
        config.workers.clone().into_iter().map(|worker| LaneLoad::new(start(worker))).collect()
    }

    #[tokio::test]
    async fn no_command_is_looked_at_while_no_lane_can_begin_one() {
        let mut tasks = JoinSet::new();
        let mut lane_loads = starting(&mut tasks);
        assert_eq!(lane_loads.len(), 2);
        lane_loads[0].begin(7);
        let looked = Cell::new(0);
        let queue = std::iter::from_fn(|| {
            looked.set(looked.get() + 1);
            None
        });
        assert_eq!(next::<u64>(&lane_loads, queue), None);
        assert_eq!(looked.get(), 0, "one lane is busy, the other has no worker yet");
    }
}
