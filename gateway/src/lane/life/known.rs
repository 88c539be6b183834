//! The commands and trainings of a worker, against which the lane checks what the worker reports about them.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use contracts::Action;
use serde::Deserialize;

use super::{InFlight, Life};
use crate::lane::ProtocolBreach;

/// Accepted trainings that are remembered. A worker has seventeen that run or wait; events of one are dropped only when a
/// thousand were started after it.
const TRAININGS_MAX: usize = 1024;

/// The members of a reply that the lane reads: of a status, and of the start of a training.
#[derive(Deserialize)]
struct Peek<'l> {
    #[serde(default, borrow)]
    data: Option<PeekData<'l>>,
}

#[derive(Deserialize)]
struct PeekData<'l> {
    #[serde(default, borrow)]
    running_request_id: Option<Cow<'l, str>>,
    #[serde(default, borrow)]
    training_id: Option<Cow<'l, str>>,
}

/// The command in flight that has this id, or the batch that has a request of this id.
pub(super) fn holder<'l>(in_flight: &'l HashMap<Arc<str>, InFlight>, id: &str) -> Option<&'l InFlight> {
    in_flight.get(id).or_else(|| {
        let (batch, index) = contracts::batch_and_index(id)?;
        in_flight.get(batch).filter(|entry| index < entry.requests)
    })
}

fn starts_training(action: Action) -> bool {
    matches!(action, Action::StartTraining | Action::StartSdxlTraining)
}

impl Life<'_> {
    /// Reads what a reply says about the worker's commands and trainings. Returns how that contradicts what is known.
    pub(super) fn learn(&mut self, action: Action, line: &[u8]) -> Option<ProtocolBreach> {
        if action != Action::GetStatus && !starts_training(action) {
            return None;
        }
        // A reply that cannot be read is refused where it is read whole.
        let data = serde_json::from_slice::<Peek<'_>>(line).ok()?.data?;
        if starts_training(action) {
            if let Some(id) = data.training_id {
                if self.trainings.len() == TRAININGS_MAX {
                    self.trainings.pop_front();
                }
                self.trainings.push_back(id.into());
            }
            return None;
        }
        let id = data.running_request_id.filter(|id| !self.may_run(id))?;
        Some(ProtocolBreach::NotRunning { id: id.into_owned() })
    }

    /// Whether the worker may say that it runs this command: it has it, or has just answered it. A heartbeat may be made
    /// before a reply and written after it.
    pub(super) fn may_run(&self, id: &str) -> bool {
        let has_ended = |id: &str| self.ended.iter().any(|ended| &**ended == id);
        holder(&self.in_flight, id).is_some_and(|entry| entry.exclusive)
            || has_ended(id)
            || contracts::batch_and_index(id).is_some_and(|(batch, _)| has_ended(batch))
    }

    /// Whether the worker may have this training. Its first event may come before the reply to its start.
    pub(super) fn may_train(&self, id: &str) -> bool {
        self.trainings.iter().any(|known| &**known == id)
            || self.in_flight.values().any(|entry| starts_training(entry.action))
    }
}
