//! Trainings as commands: started in their turn, stopped at once, run beside the rest.

use contracts::{Failure, Violation, WarningCode, limits::CHOSEN_SEED_MAX};
use serde_json::{Value, json};

use super::{Command, Outcome, Worker};
use crate::{
    clock::Now,
    executor::Output,
    settings::LogLevel,
    training::{
        Stop,
        dataset::{self, Captions, DataSet},
        spec::Spec,
    },
};

impl Worker {
    /// Checks a training and has its data set read.
    pub(super) fn open_training(&mut self, command: &mut Command) -> Result<(), Box<Failure>> {
        let spec = self.spec(command)?;
        for (pointer, message) in unused(&command.fields, &spec) {
            let pointer = command.sender(pointer);
            Self::warn(command, WarningCode::NoEffect, pointer, message);
        }
        let folder = spec.text("training_data").unwrap_or_default();
        let root =
            self.registry.roots.input(folder).map_err(|failure| command.fail_at(failure, "training_data"))?;
        let root = root.ok_or_else(|| at_sender(command, *dataset::absent()))?;
        let captions = match spec.text("training_type") {
            Some("DreamBooth") => {
                Captions { default: spec.text("instance_prompt").map(str::to_owned), must_hold: None }
            }
            Some("Textual Inversion") => {
                let token = spec.text("placeholder_token").unwrap_or_default();
                Captions { default: Some(format!("a photo of {token}")), must_hold: Some(token.to_owned()) }
            }
            _ => Captions::default(),
        };
        self.pending_training = Some(spec);
        self.execute(command, move || dataset::read(&root, &captions).map(Output::DataSet));
        Ok(())
    }

    fn spec(&mut self, command: &Command) -> Result<Spec, Box<Failure>> {
        let fields = &command.fields;
        let mut spec = match fields["resume_from"].as_str() {
            Some(id) => {
                let record =
                    self.trainings.recorded(id).map_err(|failure| command.fail_at(failure, "resume_from"))?;
                Spec::resumed(fields, &record, id.to_owned())
                    .map_err(|failure| at_sender(command, failure))?
            }
            None => {
                let seed = self.seeds.below(CHOSEN_SEED_MAX + 1);
                let id = uuid::Uuid::now_v7().to_string();
                Spec::new(fields, id, seed, self.settings.device.kind())
            }
        };
        self.trainings.check(&spec).map_err(|failure| at_sender(command, failure))?;
        let base = self.registry.resolve(spec.text("base_model").unwrap_or_default(), "sdxl");
        let base = base.map_err(|failure| command.fail_at(failure, "base_model"))?;
        // Base models come through the cache.
        if !self.ram.has(&base) {
            self.ram.make_room(&[], base.bytes, 0)?;
        }
        spec.base = base.path.to_string_lossy().into_owned();
        Ok(spec)
    }

    /// The data set is sound: the training waits for its turn.
    pub(super) fn accept_training(
        &mut self,
        command: &Command,
        data_set: DataSet,
        ended: bool,
        now: Now,
    ) -> Outcome {
        let Some(spec) = self.pending_training.take().filter(|_| !ended) else {
            return Err(super::control::cancelled());
        };
        let spec = spec.with(&data_set).map_err(|failure| at_sender(command, failure))?;
        if let Ok(base) = self.registry.resolve(spec.text("base_model").unwrap_or_default(), "sdxl")
            && !self.ram.has(&base)
        {
            self.ram.put(base.clone(), 1.0, None, now);
            self.registry.loaded_ids.insert(base.id.clone(), base);
        }
        self.last_progress = now;
        let leaving = self.stopping.as_ref().is_some_and(|stopping| stopping.deadline.is_some());
        self.trainings.accept(spec, leaving, now).map_err(|failure| at_sender(command, failure))
    }

    pub(super) fn stop_training(&mut self, command: Command, now: Now) {
        self.reserve_slot(&command);
        if self.strikes_run(&command) {
            return;
        }
        let save = command.fields["save_checkpoint"].as_bool().unwrap_or(true);
        let how = if save { Stop::Pause } else { Stop::Cancel };
        let outcome = match self.trainings.stop(command.required("training_id"), how, now) {
            Ok((stopped, event)) => {
                self.event_of_none(event, now);
                Ok(stopped)
            }
            Err(failure) => Err(command.fail_at(failure, "training_id")),
        };
        self.answer(command, outcome, now);
    }

    pub(super) fn pause_trainings(&mut self, now: Now) {
        let (events, notes) = self.trainings.pause_all(now);
        self.publish(events, notes, now);
    }

    /// Takes the training steps that are due.
    pub(super) fn train(&mut self, now: Now) {
        let (events, notes) = self.trainings.step(self.settings.step, now);
        self.publish(events, notes, now);
    }

    fn publish(&mut self, events: Vec<Value>, notes: Vec<String>, now: Now) {
        if !events.is_empty() {
            self.last_progress = now;
            self.last_activity = now;
        }
        for event in events {
            self.event_of_none(event, now);
        }
        for note in notes {
            self.log(LogLevel::Error, note);
        }
    }
}

/// A failure with canonical pointers, as the sender spelt them.
pub(super) fn at_sender(command: &Command, mut failure: Failure) -> Box<Failure> {
    if let Some(pointer) = failure.field.take() {
        failure.field = Some(command.sender(&pointer));
        if failure.errors.is_empty() {
            failure.errors.push(Violation::new(pointer, failure.code, failure.message.clone()));
        }
    }
    for violation in &mut failure.errors {
        violation.pointer = command.sender(&violation.pointer);
    }
    Box::new(failure)
}

/// Fields that are given and have no effect in this training.
fn unused(written: &Value, spec: &Spec) -> Vec<(&'static str, String)> {
    let kind = spec.text("training_type").unwrap_or_default();
    let mut names: Vec<&'static str> = match kind {
        "LoRA" => vec!["/instance_prompt", "/placeholder_token", "/initializer_token"],
        "DreamBooth" => vec!["/placeholder_token", "/initializer_token"],
        _ => vec!["/instance_prompt"],
    };
    if spec.output_kind() != "lora" {
        names.extend(["/hyperparameters/rank", "/hyperparameters/alpha"]);
    }
    let is_default = |pointer: &str, value: &Value| {
        (pointer == "/hyperparameters/rank" && *value == json!(64))
            || (pointer == "/hyperparameters/alpha" && value.as_f64() == Some(32.0))
    };
    names
        .into_iter()
        .filter(|pointer| written.pointer(pointer).is_some_and(|value| !is_default(pointer, value)))
        .map(|pointer| {
            (pointer, format!("{} has no effect in {kind}", pointer.rsplit('/').next().unwrap_or_default()))
        })
        .collect()
}
