//! What the queue keeps of ended work, bounded: the events of ended jobs, and the lane of each training.

use std::collections::{HashMap, VecDeque};

use crate::events::{JobEvents, WeakJobEvents};

/// The events of ended jobs, for clients that subscribe late. Bounded by bytes, not by age: an idle gateway keeps them,
/// and a busy one stays small.
#[derive(Debug, Default)]
pub(super) struct Histories {
    /// The events of each job and their bytes, in the order in which the jobs ended.
    ended: VecDeque<(WeakJobEvents, usize)>,
    bytes: usize,
}

impl Histories {
    pub(super) fn add(&mut self, events: &JobEvents, bytes_max: usize, jobs_max: usize) {
        let bytes = events.bytes();
        if bytes == 0 {
            return;
        }
        self.ended.push_back((events.downgrade(), bytes));
        self.bytes += bytes;
        while (self.bytes > bytes_max || self.ended.len() > jobs_max)
            && let Some((oldest, bytes)) = self.ended.pop_front()
        {
            oldest.truncate();
            self.bytes -= bytes;
        }
    }
}

/// The index of the lane of each training. A training that is forgotten is found by asking every lane.
#[derive(Debug, Default)]
pub(super) struct Trainings {
    lanes: HashMap<String, usize>,
    order: VecDeque<String>,
}

impl Trainings {
    pub(super) fn note(&mut self, id: &str, lane: usize, max: usize) {
        // A resumed training keeps its place in `order`, which must not have it twice.
        if self.lanes.insert(id.to_owned(), lane).is_none() {
            self.order.push_back(id.to_owned());
        }
        while self.order.len() > max
            && let Some(oldest) = self.order.pop_front()
        {
            self.lanes.remove(&oldest);
        }
    }

    pub(super) fn lane(&self, id: &str) -> Option<usize> {
        self.lanes.get(id).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::{Histories, JobEvents, Trainings};

    #[test]
    fn the_job_that_ended_first_is_cut_first() {
        let event = br#"{"event":"log"}"#;
        let all_events: Vec<JobEvents> = (0..3).map(|_| JobEvents::new(1024, None)).collect();
        let mut histories = Histories::default();
        for events in &all_events {
            (0..4).for_each(|_| events.push(event.to_vec()));
            histories.add(events, 9 * event.len(), 10);
        }
        let kept: Vec<usize> = all_events.iter().map(|events| events.bytes() / event.len()).collect();
        assert_eq!(kept, [1, 4, 4]);
        (0..20).for_each(|_| histories.add(&JobEvents::new(1024, None), 1, 10));
        assert!(histories.ended.len() <= 10);
    }

    #[test]
    fn trainings_are_bounded_and_the_oldest_goes_first() {
        let mut trainings = Trainings::default();
        for id in ["a", "b", "a", "c"] {
            trainings.note(id, 1, 2);
        }
        assert_eq!([trainings.lane("a"), trainings.lane("b"), trainings.lane("c")], [None, Some(1), Some(1)]);
    }
}
