//! The one command that has the device: begun, moved on, ended.

use contracts::{Action, Class, ErrorCode, Failure, WarningCode, shorten};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::{Activity, Command, Effect, Outcome, Running, Worker, batch::Batch, job::Place, read::warning};
use crate::{
    clock::Now,
    executor::{Output, Task},
    faults::Kind,
    files, self_test,
};

impl Worker {
    /// Gives a command the device.
    pub(super) fn begin(&mut self, mut command: Command, now: Now) {
        if self.strikes_run(&command) {
            return;
        }
        if self.trainings.is_busy() && command.class != Class::Training {
            let failure = Failure::new(ErrorCode::WorkerBusy, "a training has the device");
            self.answer(
                command,
                Err(Box::new(failure.hint("wait for it, stop it, or use another GPU"))),
                now,
            );
            return;
        }
        self.last_progress = now;
        self.stage = None;
        let halt = Arc::new(AtomicBool::new(false));
        let stuck = self.faults.strike_at(Kind::Hang, "job", "all", command.moment());
        let activity = if stuck { Ok(Some(Activity::Stuck)) } else { self.open(&mut command, &halt, now) };
        match activity {
            Ok(Some(activity)) => {
                self.running = Some(Running { command, started: now, end: None, halt, activity });
                self.advance(now);
            }
            Ok(None) => {
                let outcome = match command.action() {
                    Action::UnloadModel => self.unload(&command),
                    _ => self.cleanup(&command),
                };
                self.answer(command, outcome, now);
            }
            Err(failure) => self.answer(command, Err(failure), now),
        }
    }

    /// The work of a command; `None` if it is done at once.
    fn open(
        &mut self,
        command: &mut Command,
        halt: &Arc<AtomicBool>,
        now: Now,
    ) -> Result<Option<Activity>, Box<Failure>> {
        Ok(Some(match command.action() {
            Action::UnloadModel | Action::CleanupMemory => return Ok(None),
            Action::BatchGenerate => {
                let requests = command.fields["requests"].as_array().map_or(&[][..], Vec::as_slice);
                Activity::Batch(Box::new(Batch::new(requests)))
            }
            Action::ValidateModelFiles => {
                let (paths, registry) = (self.files_of(command)?, self.registry.clone());
                let halt = Arc::clone(halt);
                self.execute(command, move || {
                    let mut results = Vec::new();
                    for path in &paths {
                        if halt.load(Ordering::Relaxed) {
                            return Err(super::control::cancelled());
                        }
                        results.push(files::inspect(&registry, path, true));
                    }
                    Ok(Output::Data(json!({"results": results})))
                });
                Activity::Executing
            }
            Action::RunSelfTest => {
                self.self_test(command, now);
                Activity::Executing
            }
            Action::StartTraining | Action::StartSdxlTraining => {
                self.open_training(command)?;
                Activity::Executing
            }
            _ if command.class == Class::Control => Activity::Load(self.open_load(command, now)?),
            _ => {
                let (submission, whole) = self.whole(command)?;
                let name = command.head.request_id.clone();
                Activity::Picture(Box::new(self.open_job(
                    command,
                    whole,
                    Place::Command(submission),
                    name,
                    now,
                )?))
            }
        }))
    }

    pub(super) fn execute(
        &mut self,
        command: &Command,
        run: impl FnOnce() -> Result<Output, Box<Failure>> + Send + 'static,
    ) {
        self.effects.push(Effect::Run(Task { ticket: command.ticket, run: Box::new(run) }));
    }

    /// The files or folders that a validation names, with the fields that named them.
    pub(super) fn files_of(&self, command: &Command) -> Result<Vec<String>, Box<Failure>> {
        if let Some(name) = command.text("suite") {
            let suite = self.suites.get(name).ok_or_else(|| {
                let failure = Failure::new(
                    ErrorCode::ModelNotFound,
                    format!("no suite {} was loaded or cached", shorten(name)),
                );
                command.fail_at(failure, "suite")
            })?;
            return Ok(suite
                .models()
                .iter()
                .map(|model| model.path.to_string_lossy().into_owned())
                .collect());
        }
        let paths = command.fields["model_paths"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for (i, path) in paths.clone().enumerate() {
            // A missing file is a finding of the report; a path outside the roots fails the command.
            if let Err(failure) = self.registry.find(path, "sdxl")
                && failure.code == ErrorCode::PathNotAllowed
            {
                return Err(command.fail_at(failure, &format!("model_paths/{i}")));
            }
        }
        Ok(paths.map(str::to_owned).collect())
    }

    fn self_test(&mut self, command: &Command, now: Now) {
        let scope = command.required("scope").to_owned();
        let checks = if scope == "commands" { self.ask_everything(command, now) } else { Vec::new() };
        let registry = self.registry.clone();
        let step = self.settings.step;
        self.execute(command, move || Ok(Output::Data(self_test::report(&scope, checks, &registry, step))));
    }

    /// Asks every query that needs no fields, and reads the replies as a client would.
    fn ask_everything(&self, command: &Command, now: Now) -> Vec<Value> {
        let actions = Action::ALL.iter().copied().filter(|action| {
            action.info().class == Class::Query && action.info().request == "Nothing"
                || *action == Action::GetModelInfo
        });
        actions
            .map(|action| {
                let mut asked = command.clone();
                asked.head.action = action;
                asked.fields = json!({});
                let begun = std::time::Instant::now();
                let outcome = self.asked(&asked, now);
                let reply = contracts::Reply {
                    action: Some(action),
                    request_id: None,
                    session_id: None,
                    outcome,
                    warnings: Vec::new(),
                    more_warnings: 0,
                };
                let read = contracts::Reply::read(action, &reply.to_value(contracts::Dialect::Snake));
                let problem = match read {
                    Err(err) => Some(err.to_string()),
                    Ok(read) => read.reply.outcome.err().map(|failure| failure.to_string()),
                };
                self_test::check(&format!("commands.{action}"), action.info().summary, problem, begun)
            })
            .collect()
    }

    /// Moves the running command on, as far as its time has come.
    pub(super) fn advance(&mut self, now: Now) {
        let Some(mut running) = self.running.take() else { return };
        let Running { command, activity, halt, end, .. } = &mut running;
        let in_hands = match activity {
            Activity::Executing | Activity::Stuck => true,
            Activity::Picture(job) => job.is_executing(),
            Activity::Batch(batch) => batch.job.as_ref().is_some_and(|job| job.is_executing()),
            Activity::Load(_) => false,
        };
        if let Some(failure) = end.take_if(|_| !in_hands) {
            if let Activity::Load(loading) = activity {
                self.roll_back(loading);
            }
            self.answer(running.command, Err(failure), now);
            return;
        }
        if end.is_some() {
            halt.store(true, Ordering::Relaxed);
        }
        let ended = match activity {
            Activity::Load(loading) => self.step_load(command, loading, now),
            Activity::Picture(job) => self.step_job(command, job, halt, now),
            Activity::Batch(batch) => self.step_batch(command, batch, halt, now),
            Activity::Executing | Activity::Stuck => None,
        };
        match ended {
            Some(outcome) => self.end(running, outcome, now),
            None => self.running = Some(running),
        }
    }

    /// The executor has finished a part of the running command, or all of it.
    pub(super) fn take_finished(
        &mut self,
        mut running: Running,
        done: Result<Output, Box<Failure>>,
        now: Now,
    ) {
        let Running { command, activity, halt, end, .. } = &mut running;
        let ended = match activity {
            Activity::Picture(job) => self.job_finished(command, job, done, now),
            Activity::Batch(batch) => {
                let job = batch.job.take();
                if let Some(mut job) = job {
                    match self.job_finished(command, &mut job, done, now) {
                        Some(outcome) => self.end_request(command, batch, &job, outcome, halt, now),
                        None => batch.job = Some(job),
                    }
                }
                None
            }
            Activity::Executing => Some(match done {
                Ok(Output::Data(data)) => Ok(data),
                Ok(Output::DataSet(data_set)) => self.accept_training(command, data_set, end.is_some(), now),
                Ok(_) => Err(Box::new(Failure::new(
                    ErrorCode::Internal,
                    "the executor returned the output of another task",
                ))),
                // A data set's faults have canonical pointers.
                Err(failure) => Err(super::training::at_sender(command, *failure)),
            }),
            Activity::Load(_) | Activity::Stuck => None,
        };
        match ended {
            Some(outcome) => self.end(running, outcome, now),
            None => {
                self.running = Some(running);
                self.advance(now);
            }
        }
    }

    /// The running command has come to its end.
    fn end(&mut self, running: Running, outcome: Outcome, now: Now) {
        let Running { mut command, activity, end, .. } = running;
        if let Activity::Picture(job) = &activity {
            command.warnings.extend(job.warnings.iter().cloned());
        }
        let outcome = match (outcome, end) {
            // A command that finished in spite of its cancel is done.
            (Ok(data), _) => Ok(data),
            (Err(_), Some(why)) => Err(why),
            (Err(failure), None) => Err(failure),
        };
        let outcome = outcome.map(|mut data| {
            if command.action() == Action::StructuredInference {
                data["validation"] = self.validation(&command);
            }
            data
        });
        self.answer(command, outcome, now);
    }

    /// A warning on the running command's own account.
    pub(super) fn warn(command: &mut Command, code: WarningCode, pointer: String, message: String) {
        command.warnings.push(warning(code, Some(pointer), message));
    }
}
