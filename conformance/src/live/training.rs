//! Training: started, watched, stopped; its record can be read.

use contracts::Action;
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    case,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::{Context, picture_bytes},
    display,
    exchange::Command,
    member,
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![whole(), stopped(), resumed(), refusals()]
}

const ENDED: [&str; 4] = ["paused", "completed", "failed", "cancelled"];

/// Whether a status or an event says that its training runs no more.
pub(super) fn has_ended(status: &Value) -> bool {
    status["state"].as_str().is_some_and(|state| ENDED.contains(&state))
}

/// Waits until a training is in an ended state; asked again and again, as a client without events has to.
pub(super) fn wait_for_end(context: &mut Context, training_id: &str) -> Result<Value, ScenarioEnd> {
    let until = Instant::now() + context.options.timeout;
    loop {
        let status = context.get(Action::GetTrainingStatus, json!({"training_id": training_id}))?;
        if has_ended(&status) {
            return Ok(status);
        }
        if Instant::now() > until {
            return Err(ScenarioEnd::Broken(format!("the training does not end: {status}")));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Ends a training however it stands, and waits until the worker takes jobs again.
pub(super) fn end(context: &mut Context, training_id: &str) -> Result<(), ScenarioEnd> {
    let status = context.get(Action::GetTrainingStatus, json!({"training_id": training_id}))?;
    if !has_ended(&status) {
        let request_id = context.fresh_id();
        // It may end by itself just now: then there is nothing to stop, which is as good.
        context.ask(
            &Command::new(
                Action::StopTraining,
                json!({"training_id": training_id, "save_checkpoint": false}),
            )
            .id(request_id),
        )?;
    }
    wait_for_end(context, training_id)?;
    wait_for_ready(context)
}

pub(super) fn wait_for_ready(context: &mut Context) -> Result<(), ScenarioEnd> {
    let until = Instant::now() + context.options.timeout;
    loop {
        let status = context.get(Action::GetStatus, json!({}))?;
        if status["state"] == "ready" {
            return Ok(());
        }
        if Instant::now() > until {
            return Err(ScenarioEnd::Broken(format!(
                "the worker is not ready again after a training: {status}"
            )));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn start(context: &mut Context, steps: u64) -> Result<Value, ScenarioEnd> {
    let mut fields = case::fields(Action::StartTraining, context, "")?;
    fields["hyperparameters"]["max_steps"] = steps.into();
    context.get(Action::StartTraining, fields)
}

fn whole() -> Scenario {
    let checks = vec![
        CheckDef::new("accepted", Class::Effect, Sentence::TrainingTakesItsTurn),
        CheckDef::new("completes", Class::Effect, Sentence::TrainingStates),
        CheckDef::new("progress", Class::Unit, Sentence::TrainingProgress),
        CheckDef::new("output", Class::Asset, Sentence::TrainingOutput),
        CheckDef::new("history", Class::Effect, Sentence::TrainingHistory),
    ];
    Scenario::new("training.whole", checks, |context, checks| {
        let started = start(context, 3)?;
        let id = member::text(&started, "/training_id")?.to_owned();
        let state = started["state"].as_str();
        checks.hold("accepted", matches!(state, Some("queued" | "preparing" | "running")), || {
            started.to_string()
        });
        let status = wait_for_end(context, &id)?;
        checks.hold("completes", status["state"] == "completed", || status.to_string());
        checks.hold(
            "progress",
            status["progress"].as_f64() == Some(1.0) && status["step"] == 3 && status["total_steps"] == 3,
            || status.to_string(),
        );
        let output = status["output_path"].as_str().filter(|path| path.ends_with(".safetensors"));
        let file = output.map(std::fs::metadata);
        checks.hold("output", matches!(file, Some(Ok(file)) if file.len() > 0), || {
            format!("{} is no file that this host can open", status["output_path"])
        });
        let history = context.get(Action::GetTrainingHistory, json!({"training_id": id}))?;
        let steps: Vec<u64> =
            history["rows"].as_array().into_iter().flatten().filter_map(|row| row["step"].as_u64()).collect();
        checks.hold("history", !steps.is_empty() && steps.is_sorted() && steps.last() == Some(&3), || {
            format!("steps {}", display::json(&steps))
        });
        wait_for_ready(context)
    })
}

fn stopped() -> Scenario {
    let checks = vec![
        CheckDef::new("saved", Class::Life, Sentence::StopSavedOrNot),
        CheckDef::new("not-saved", Class::Life, Sentence::StopSavedOrNot),
        CheckDef::new("checkpoint", Class::Asset, Sentence::StopSavedOrNot),
    ];
    Scenario::new("training.stopped", checks, |context, checks| {
        for (check, save, wanted) in [("saved", true, "paused"), ("not-saved", false, "cancelled")] {
            let started = start(context, 2000)?;
            let id = member::text(&started, "/training_id")?.to_owned();
            // Stopped before its first step it has nothing to save.
            wait_for_a_step(context, &id)?;
            let stop =
                context.get(Action::StopTraining, json!({"training_id": id, "save_checkpoint": save}))?;
            let status = wait_for_end(context, &id)?;
            // A gateway may stand on another host.
            let path = stop["checkpoint_path"].as_str().map(std::path::Path::new);
            let is_true = path.map_or(!save, |path| save && (path.exists() || context.is_gateway()));
            checks.hold("checkpoint", is_true, || format!("saved: {save}; {stop}"));
            checks.hold(check, stop["state"] == wanted && status["state"] == wanted, || {
                format!("answered {stop}, then {status}")
            });
            wait_for_ready(context)?;
        }
        Ok(())
    })
}

/// A training that was stopped and resumed is one: its history has the steps before and after.
fn resumed() -> Scenario {
    let checks = vec![
        CheckDef::new("busy", Class::Life, Sentence::TrainingTakesItsTurn),
        CheckDef::new("completes", Class::Life, Sentence::StopSavedOrNot),
        CheckDef::new("history", Class::Effect, Sentence::TrainingHistory),
    ];
    Scenario::new("training.resumed", checks, |context, checks| {
        let started = start(context, 2000)?;
        let id = member::text(&started, "/training_id")?.to_owned();
        let step = wait_for_a_step(context, &id)?;
        busy(context, checks)?;
        context.get(Action::StopTraining, json!({"training_id": id, "save_checkpoint": true}))?;
        let stopped = wait_for_end(context, &id)?;
        let reached = member::integer(&stopped, "/step")?;
        if reached >= 2000 || reached < step {
            return Err(ScenarioEnd::Undecided(format!("it was stopped at step {reached} of 2000")));
        }
        let hyperparameters = json!({"max_steps": reached + 2});
        context.get(Action::StartTraining, json!({"resume_from": id, "hyperparameters": hyperparameters}))?;
        let status = wait_for_end(context, &id)?;
        checks.hold("completes", status["state"] == "completed" && status["step"] == reached + 2, || {
            status.to_string()
        });
        let history = context.get(Action::GetTrainingHistory, json!({"training_id": id}))?;
        let steps: Vec<u64> =
            history["rows"].as_array().into_iter().flatten().filter_map(|row| row["step"].as_u64()).collect();
        let whole = steps.first().is_some_and(|first| *first <= step) && steps.last() == Some(&(reached + 2));
        checks.hold("history", whole && steps.is_sorted_by(|one, two| one < two), || {
            format!("of {} steps the rows are {}", reached + 2, display::json(&steps))
        });
        wait_for_ready(context)
    })
}

/// Waits for the first step of a training.
fn wait_for_a_step(context: &mut Context, training_id: &str) -> Result<u64, ScenarioEnd> {
    let until = Instant::now() + context.options.timeout;
    loop {
        let status = context.get(Action::GetTrainingStatus, json!({"training_id": training_id}))?;
        let step = member::integer(&status, "/step")?;
        if step > 0 {
            return Ok(step);
        }
        if Instant::now() > until || has_ended(&status) {
            return Err(ScenarioEnd::Broken(format!("the training has no step: {status}")));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A load while a worker trains is refused as busy, and may be sent again; a pool may have another worker for it.
fn busy(context: &mut Context, checks: &mut Checks<'_>) -> Result<(), ScenarioEnd> {
    if context.is_pool()? {
        checks.skip("busy", "a pool waits for a worker, or has another");
        return Ok(());
    }
    let path = context.options.model_path.clone();
    let id = context.fresh_id();
    let fields = json!({"model_path": path, "model_type": "sdxl"});
    let reading = context.ask(&Command::new(Action::LoadModel, fields).id(id))?;
    checks.hold("busy", reading.code() == Ok("worker_busy"), || display::result(&reading.code()));
    Ok(())
}

fn refusals() -> Scenario {
    let about = [Action::GetTrainingStatus, Action::GetTrainingHistory, Action::StopTraining];
    let mut checks: Vec<CheckDef> = about
        .iter()
        .map(|action| CheckDef::new(action.as_str(), Class::Cmd, Sentence::TrainingNotFound))
        .collect();
    for id in ["empty-data", "broken-picture"] {
        checks.push(CheckDef::new(id, Class::Effect, Sentence::TrainingDataFaults));
    }
    Scenario::new("training.refusals", checks, move |context, checks| {
        for action in about {
            let request_id = context.fresh_id();
            let reading = context
                .ask(&Command::new(action, json!({"training_id": "conf-no-such-training"})).id(request_id))?;
            checks.hold(action.as_str(), reading.code() == Ok("training_not_found"), || {
                display::result(&reading.code())
            });
        }
        let Some(root) = context.options.input_root.clone() else {
            return Err(ScenarioEnd::Skip("needs --input-root".to_owned()));
        };
        let folder = root.join("conformance-empty");
        std::fs::create_dir_all(&folder).map_err(|err| ScenarioEnd::Undecided(err.to_string()))?;
        let mut fields = case::fields(Action::StartTraining, context, "")?;
        fields["training_data"] = folder.display().to_string().into();
        let request_id = context.fresh_id();
        let reading = context.ask(&Command::new(Action::StartTraining, fields.clone()).id(request_id))?;
        checks.hold("empty-data", reading.code() == Ok("validation_failed"), || reading.snake.to_string());
        broken_picture(context, checks, fields, &root.join("conformance-broken"))
    })
}

/// One picture of the data is cut: the command has the code of its data set, and the entry that of its picture.
fn broken_picture(
    context: &mut Context,
    checks: &mut Checks<'_>,
    mut fields: Value,
    folder: &Path,
) -> Result<(), ScenarioEnd> {
    let whole = picture_bytes(90);
    let write = || {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("cut.png"), &whole[..whole.len() / 2])?;
        fs::write(folder.join("cut.txt"), "a red mill")
    };
    write().map_err(|err| ScenarioEnd::Undecided(err.to_string()))?;
    fields["training_data"] = folder.display().to_string().into();
    let id = context.fresh_id();
    let reading = context.ask(&Command::new(Action::StartTraining, fields).id(id))?;
    let entries = reading.snake["error_details"]["errors"].as_array().cloned();
    let codes: Option<Vec<&Value>> =
        entries.as_ref().map(|all| all.iter().map(|entry| &entry["code"]).collect());
    let is_so = reading.code() == Ok("validation_failed") && codes == Some(vec![&json!("image_invalid")]);
    checks.hold("broken-picture", is_so, || reading.snake.to_string());
    Ok(())
}
