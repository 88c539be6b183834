//! The pool: all lanes, and which of them a command goes to.

pub(crate) mod merge;
pub(crate) mod seat;

use std::sync::Arc;

use contracts::{Action, Class, ErrorCode, Failure};
use serde_json::{Value, json};
use tokio::{sync::Notify, task::JoinSet, time::Instant};

use crate::{
    jobs::{Load, Ticket},
    lane::{self, GpuId, LaneError, LaneHandle, LaneState, Launch, News, Policy},
};
use seat::{Seat, Vacancy};

/// All lanes.
#[derive(Clone, Debug)]
pub struct Pool {
    lanes: Arc<[LaneHandle]>,
    news: News,
}

/// Events of no command that a slow listener may be behind.
const NEWS_MAX: usize = 256;

impl Pool {
    /// Starts a lane for each GPU on `tasks`; `changed` is told whenever one changes.
    pub fn start(
        workers: Vec<(GpuId, Launch)>,
        policy: &Arc<Policy>,
        changed: &Arc<Notify>,
        tasks: &mut JoinSet<()>,
    ) -> Self {
        let news = News::new(NEWS_MAX);
        let lanes = workers
            .into_iter()
            .map(|(gpu, launch)| {
                lane::start(gpu, launch, policy.clone(), changed.clone(), news.clone(), tasks)
            })
            .collect();
        Self { lanes, news }
    }

    /// Events of no command, from now on.
    #[must_use]
    pub fn news(&self) -> tokio::sync::broadcast::Receiver<Arc<serde_json::Value>> {
        self.news.subscribe()
    }

    /// The lanes, in the order of their GPUs.
    #[must_use]
    pub fn lanes(&self) -> &[LaneHandle] {
        &self.lanes
    }

    /// The lane of a GPU.
    #[must_use]
    pub fn lane(&self, gpu: &str) -> Option<&LaneHandle> {
        self.lanes.iter().find(|lane| lane.gpu.as_str() == gpu)
    }

    /// The lane of a device of a prompt submission (`cuda:N`, `cpu`).
    #[must_use]
    pub fn lane_of_device(&self, device: &str) -> Option<&LaneHandle> {
        self.lanes.iter().find(|lane| lane.gpu.is_device(device))
    }

    /// Waits until every lane is ready or has failed to be.
    pub async fn settled(&self) {
        for lane in self.lanes.iter() {
            let mut views = lane.views();
            // An error means that the lane is gone, and settled so.
            views.wait_for(|view| view.state != LaneState::Starting).await.ok();
        }
    }

    /// Stops the workers that train, as [`Self::stop`] does: they save where they are.
    pub async fn stop_trainings(&self, kill_at: Instant) {
        let train = self.lanes.iter().filter(|lane| lane.view().worker_state == "training");
        futures::future::join_all(train.map(|lane| lane.stop(kill_at))).await;
    }

    /// Stops all workers: stdin closed now, killed at `kill_at`.
    pub async fn stop(&self, kill_at: Instant) {
        futures::future::join_all(self.lanes.iter().map(|lane| lane.stop(kill_at))).await;
    }
}

/// The first command of a queue that a lane could begin now, and that lane. Each is its place, its ticket and the lane
/// that it avoids. Where no lane could begin anything, no command is looked at: the queue may be long, and every event
/// of the desk comes here.
pub(crate) fn next<'t, P>(
    seats: &[Seat],
    queue: impl IntoIterator<Item = (P, &'t Ticket, Option<usize>)>,
) -> Option<(P, usize)> {
    let vacancies: Vec<Vacancy> = seats.iter().map(Seat::vacancy).collect();
    if vacancies.iter().all(|vacancy| vacancy.is_none()) {
        return None;
    }
    queue
        .into_iter()
        .find_map(|(place, ticket, avoid)| Some((place, choose(seats, &vacancies, ticket, avoid)?)))
}

/// The lane that a command should go to now, if one is free: pinned; else one that has the model; else the one that
/// was idle longest.
fn choose(seats: &[Seat], vacancies: &[Vacancy], ticket: &Ticket, avoid: Option<usize>) -> Option<usize> {
    if !vacancies.iter().any(|vacancy| vacancy.takes(ticket.action)) {
        return None;
    }
    let uses_current = ticket.model.is_none() && needs_model(ticket);
    // What is in the RAM of one worker can be loaded only there.
    let some_cached = ticket.action == Action::LoadFromCache
        && ticket.model.as_deref().is_some_and(|model| seats.iter().any(|seat| seat.has_cached(model)));
    let some_current = uses_current && seats.iter().any(Seat::has_current);
    seats
        .iter()
        .enumerate()
        .filter(|(_, seat)| ticket.pin.as_ref().is_none_or(|pin| *pin == seat.lane.gpu))
        // A job without a model means the one that is loaded: on another lane there would be none.
        .filter(|(_, seat)| !some_current || ticket.pin.is_some() || seat.has_current())
        .filter(|(_, seat)| {
            !some_cached
                || ticket.pin.is_some()
                || ticket.model.as_deref().is_some_and(|model| seat.has_cached(model))
        })
        .filter(|(index, _)| vacancies[*index].takes(ticket.action))
        .min_by_key(|(index, seat)| {
            let has_model = ticket.model.as_deref().is_some_and(|model| seat.has_model(model));
            (avoid == Some(*index), !has_model, seat.last_begun, *index)
        })
        .map(|(index, _)| index)
}

/// The lane where a job would go now, whether it is free or not.
pub(crate) fn best(lanes: &[LaneHandle], loads: &[Load], model: Option<&str>) -> usize {
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

/// The failure of a command that waits for no lane: every lane that could take it is open, and either it is no job, or
/// all of them are configured wrong. `None` where it waits.
pub(crate) fn hopeless(seats: &[Seat], ticket: &Ticket) -> Option<Failure> {
    let mut open = Vec::new();
    for seat in able(seats, ticket) {
        open.push(seat.lane.open()?);
    }
    let misconfigured = open.iter().all(LaneError::is_misconfigured);
    if ticket.repeatable && !misconfigured {
        return None;
    }
    open_failure(&open)
}

/// The failure where these lanes, which are all that there are, are open.
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

/// Why each lane that could have taken a command did not.
pub(crate) fn why_it_waits(seats: &[Seat], ticket: &Ticket) -> Value {
    able(seats, ticket)
        .map(|seat| {
            let reason = seat.lane.unready().unwrap_or_else(|| "it was busy".to_owned());
            json!({"gpu_id": seat.lane.gpu.as_str(), "reason": reason})
        })
        .collect()
}

fn able<'a>(seats: &'a [Seat], ticket: &'a Ticket) -> impl Iterator<Item = &'a Seat> {
    seats.iter().filter(|seat| ticket.pin.as_ref().is_none_or(|pin| *pin == seat.lane.gpu))
}

fn needs_model(ticket: &Ticket) -> bool {
    ticket.action.info().class == Class::Job && ticket.uses_model
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, sync::Arc};

    use tokio::{sync::Notify, task::JoinSet};

    use super::{next, seat::Seat};
    use crate::{
        cli::{PoolFlags, WorkerKind},
        config::Config,
        lane::{self, News},
    };

    /// Seats of two lanes whose tasks never run: their workers stay `starting`.
    fn starting(tasks: &mut JoinSet<()>) -> Vec<Seat> {
        let dir = tempfile::tempdir().unwrap();
        let output_dir = Some(dir.path().to_owned());
        let flags = PoolFlags { workers: Some(WorkerKind::Sim), output_dir, ..PoolFlags::default() };
        let config = Config::decide(&flags, &[], None).unwrap();
        let (changed, news) = (Arc::new(Notify::new()), News::new(1));
        let mut start = |(gpu, launch)| {
            lane::start(gpu, launch, config.policy.clone(), changed.clone(), news.clone(), tasks)
        };
        config.workers.clone().into_iter().map(|worker| Seat::new(start(worker))).collect()
    }

    #[tokio::test]
    async fn no_command_is_looked_at_while_no_lane_can_begin_one() {
        let mut tasks = JoinSet::new();
        let mut seats = starting(&mut tasks);
        assert_eq!(seats.len(), 2);
        seats[0].begin(7);
        let looked = Cell::new(0);
        let queue = std::iter::from_fn(|| {
            looked.set(looked.get() + 1);
            None
        });
        assert_eq!(next::<u64>(&seats, queue), None);
        assert_eq!(looked.get(), 0, "one lane is busy, the other has no worker yet");
    }
}
