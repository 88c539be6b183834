//! Commands that wait for a lane: by priority, then in the order of acceptance; and when each of them times out.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use tokio::time::Instant;

use super::Work;
use crate::jobs::{handle::Cancelling, job::Priority};

/// Place in the queue: priority, then order of acceptance.
pub(super) type Place = (Priority, u64);

/// A command that waits.
pub(super) struct Waiting {
    pub(super) work: Work,
    pub(super) attempt: u32,
    /// Index of the lane whose worker crashed on this command; any other lane is preferred.
    pub(super) avoid: Option<usize>,
    /// Requests of a batch that were cancelled before the batch began.
    pub(super) cancels: Vec<(Arc<str>, Cancelling)>,
}

/// All commands that wait.
#[derive(Default)]
pub(super) struct WaitQueue {
    waiting: BTreeMap<Place, Waiting>,
    /// The deadlines of these, earliest first, so that a wake-up reads none that is not due.
    deadlines: BTreeSet<(Instant, Place)>,
}

impl WaitQueue {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn insert(&mut self, place: Place, waiting: Waiting) {
        if let Some(at) = waiting.work.deadline {
            self.deadlines.insert((at, place));
        }
        self.waiting.insert(place, waiting);
    }

    pub(super) fn remove(&mut self, place: Place) -> Option<Waiting> {
        let waiting = self.waiting.remove(&place)?;
        if let Some(at) = waiting.work.deadline {
            self.deadlines.remove(&(at, place));
        }
        Some(waiting)
    }

    /// Removes a command whose deadline is over; `None` when there is none left.
    pub(super) fn remove_expired(&mut self, now: Instant) -> Option<(Place, Waiting)> {
        let (_, place) = *self.deadlines.first().filter(|(at, _)| *at <= now)?;
        Some((place, self.remove(place)?))
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    pub(super) fn get_mut(&mut self, place: Place) -> Option<&mut Waiting> {
        self.waiting.get_mut(&place)
    }

    /// In the order in which they are offered to lanes.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Place, &Waiting)> {
        self.waiting.iter().map(|(place, waiting)| (*place, waiting))
    }

    pub(super) fn first(&self) -> Option<Place> {
        self.waiting.first_key_value().map(|(place, _)| *place)
    }

    /// The jobs that wait, each with its position as the contract counts: 0 runs, 1 is next. Queries and loads wait here too,
    /// and are no jobs.
    pub(super) fn positions(&self) -> impl Iterator<Item = (u64, usize)> {
        let jobs = self.waiting.iter().filter(|(_, waiting)| waiting.work.job.recorded);
        jobs.zip(1..).map(|((place, _), position)| (place.1, position))
    }

    /// The position of a command at this place, whether it waits there or not.
    pub(super) fn position(&self, place: Place) -> usize {
        1 + self.waiting.range(..place).filter(|(_, waiting)| waiting.work.job.recorded).count()
    }

    /// Finds a command by its sequence. The priority is the first part of the key, so there are three keys to try.
    pub(super) fn find(&self, seq: u64) -> Option<(Place, &Waiting)> {
        [Priority::High, Priority::Normal, Priority::Low].into_iter().find_map(|priority| {
            let place = (priority, seq);
            Some((place, self.waiting.get(&place)?))
        })
    }
}
