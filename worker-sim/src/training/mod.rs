//! Trainings of one worker: accepted, run one at a time beside the commands, stopped, looked up; none is lost.

pub(crate) mod dataset;
mod run;
pub(crate) mod spec;
mod store;

use contracts::{ErrorCode, Failure};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
    time::Duration,
};

use crate::{clock::Now, picture::file::write_failure};
use run::Run;
use spec::Spec;
use store::Store;

/// Trainings that may wait behind the running one.
const QUEUE_MAX: usize = 16;
/// Steps of one tick, so that a training without delay lets commands through.
const TICK_STEPS_MAX: u64 = 64;

/// How a training is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// With a checkpoint, to be resumed.
    Pause,
    /// For good.
    Cancel,
}

/// The trainings that wait or run here, and the records of all.
#[derive(Debug)]
pub(crate) struct Trainings {
    store: Store,
    runs: VecDeque<Run>,
    /// The status of each training whose end could not be recorded, by its id: its file says that it runs.
    unrecorded: BTreeMap<String, Value>,
}

impl Trainings {
    /// Opens the records. Trainings that a crash cut off become failed, with a log line each.
    pub(crate) fn open(output: &Path, now: Now) -> (Self, Vec<String>) {
        let store = Store::new(output);
        let notes = store.recover(now);
        (Self { store, runs: VecDeque::new(), unrecorded: BTreeMap::new() }, notes)
    }

    /// Whether the device belongs to a training.
    pub(crate) fn is_busy(&self) -> bool {
        !self.runs.is_empty()
    }

    pub(crate) fn due(&self) -> Option<Duration> {
        self.runs.front().map(|run| run.due)
    }

    /// Whether there is room for one more, and its name is free.
    pub(crate) fn check(&self, spec: &Spec) -> Result<(), Failure> {
        if self.runs.len() > QUEUE_MAX {
            let message = format!("{} trainings run or wait already", self.runs.len());
            return Err(Failure {
                retry_after_seconds: Some(1.0),
                ..Failure::new(ErrorCode::QueueFull, message)
            });
        }
        self.store.check_name(spec)
    }

    /// The recorded training that is to go on, with the job as it is now.
    pub(crate) fn recorded(&self, id: &str) -> Result<Value, Failure> {
        if self.runs.iter().any(|run| run.id() == id) {
            return Err(Failure::new(ErrorCode::Conflict, format!("training {id} runs or waits already")));
        }
        let record = self.store.find(id)?;
        record.job().map_err(|err| write_failure(record.folder(), &err))
    }

    /// Takes a training: `TrainingStarted`.
    pub(crate) fn accept(&mut self, spec: Spec, leaving: bool, now: Now) -> Result<Value, Failure> {
        let mut run = Run::start(&self.store, spec, now)?;
        let output = run.output_path();
        let (id, mut state) = (run.id().to_owned(), "queued");
        if leaving {
            run.stop(Stop::Pause, now).map_err(|err| write_failure(run.folder(), &err))?;
            state = "paused";
        } else {
            self.runs.push_back(run);
        }
        self.unrecorded.remove(&id);
        Ok(json!({"training_id": id, "state": state, "output_path": output.to_string_lossy()}))
    }

    /// Takes the steps that are due. Returns the members of each `training_progress` event, and notes for the log.
    pub(crate) fn step(&mut self, step: Duration, now: Now) -> (Vec<Value>, Vec<String>) {
        let (mut events, mut notes) = (Vec::new(), Vec::new());
        let mut taken = 0;
        while let Some(run) = self.runs.front_mut().filter(|run| run.due <= now.mono) {
            if taken == TICK_STEPS_MAX {
                break;
            }
            taken += 1;
            if let Err(err) = run.step(step, now) {
                notes.push(format!("training {} failed: {err}", run.id()));
                notes.extend(fail(run, &err.to_string(), &mut self.unrecorded, now));
            }
            events.push(run.event());
            if run.has_ended() {
                self.runs.pop_front();
                if let Some(next) = self.runs.front_mut() {
                    next.due = now.mono;
                }
            }
        }
        if let Some(run) = self.runs.front_mut()
            && taken > 0
            && let Err(err) = run.flush(now)
        {
            notes.push(format!("training {}: its record cannot be written: {err}", run.id()));
        }
        (events, notes)
    }

    /// Stops a training: `TrainingStopped`, and the members of its event.
    pub(crate) fn stop(&mut self, id: &str, how: Stop, now: Now) -> Result<(Value, Value), Failure> {
        let Some(at) = self.runs.iter().position(|run| run.id() == id) else {
            let status = self.status(id).map_err(|failure| *failure)?;
            let state = status["state"].as_str().unwrap_or_default();
            return Err(Failure::new(ErrorCode::Conflict, format!("training {id} is {state}")));
        };
        let Some(mut run) = self.runs.remove(at) else {
            return Err(Failure::new(ErrorCode::Internal, "the training went away"));
        };
        if let Some(next) = self.runs.front_mut().filter(|_| at == 0) {
            next.due = now.mono;
        }
        if let Err(err) = run.stop(how, now) {
            // Its client gets the error of the stop.
            fail(&mut run, &err.to_string(), &mut self.unrecorded, now);
            return Err(write_failure(run.folder(), &err));
        }
        let mut stopped = json!({"state": run.status()["state"]});
        if let Some(path) = run.status().get("checkpoint_path") {
            stopped["checkpoint_path"] = path.clone();
        }
        Ok((stopped, run.event()))
    }

    /// Pauses everything; what cannot be recorded is named.
    pub(crate) fn pause_all(&mut self, now: Now) -> (Vec<Value>, Vec<String>) {
        let (mut events, mut notes) = (Vec::new(), Vec::new());
        for mut run in std::mem::take(&mut self.runs) {
            if let Err(err) = run.stop(Stop::Pause, now) {
                notes.push(format!("training {}: it cannot be paused: {err}", run.id()));
                notes.extend(fail(&mut run, &err.to_string(), &mut self.unrecorded, now));
            }
            events.push(run.event());
        }
        (events, notes)
    }

    /// Fails what still runs: the grace is over.
    pub(crate) fn abandon(&mut self, now: Now) -> Vec<String> {
        let why = "shutting_down: it was not done in time; the last checkpoint stands";
        let runs = std::mem::take(&mut self.runs);
        runs.into_iter().filter_map(|mut run| fail(&mut run, why, &mut self.unrecorded, now)).collect()
    }

    /// `TrainingStatus`.
    pub(crate) fn status(&self, id: &str) -> Result<Value, Box<Failure>> {
        if let Some(run) = self.runs.iter().find(|run| run.id() == id) {
            return Ok(run.status().clone());
        }
        if let Some(status) = self.unrecorded.get(id) {
            return Ok(status.clone());
        }
        let record = self.store.find(id)?;
        record.status().map_err(|err| Box::new(write_failure(record.folder(), &err)))
    }

    /// `TrainingHistory`.
    pub(crate) fn history(&self, id: &str) -> Result<Value, Box<Failure>> {
        let record = self.store.find(id)?;
        let rows = record.history().map_err(|err| write_failure(record.folder(), &err))?;
        Ok(json!({"rows": rows}))
    }
}

/// Fails a training. If that cannot be recorded, its status is kept, and a note for the log returned.
fn fail(run: &mut Run, why: &str, unrecorded: &mut BTreeMap<String, Value>, now: Now) -> Option<String> {
    let err = run.fail(why, now).err()?;
    unrecorded.insert(run.id().to_owned(), run.status().clone());
    Some(format!("training {}: its failure cannot be recorded: {err}", run.id()))
}
