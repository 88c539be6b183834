//! The status, the history and the events of a training, against what was asked, the clock, the files and each other.

use contracts::{Action, event};
use serde_json::{Value, json};

use super::{
    alone::{Alone, poll},
    each,
    interview::{Moment, is, lies, within},
};
use crate::{
    case,
    check::ScenarioEnd,
    class::Class,
    context::Context,
    display,
    live::training::has_ended,
    member,
    party::worker::{Worker, is_event},
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

const STEPS: u64 = 3;
const RATE: f64 = 2e-4;

/// The checks of its events.
const EVENTS: [&str; 9] = [
    "event-training_id",
    "event-state",
    "event-step",
    "event-total_steps",
    "event-epoch",
    "event-loss",
    "event-timestamp",
    "event-sequence",
    "event-schema",
];

pub(super) fn scenario() -> Scenario {
    let status = [
        "training_id",
        "training_type",
        "state",
        "progress",
        "epoch",
        "total_epochs",
        "step",
        "total_steps",
        "loss",
        "learning_rate",
        "started_at",
        "updated_at",
        "completed_at",
        "output_path",
        "absent",
    ];
    let rows = ["row-step", "row-epoch", "row-loss", "row-learning_rate", "row-recorded_at"];
    let checks = [
        each(Class::Unit, Sentence::TrainingProgress, &status),
        each(Class::Unit, Sentence::TrainingHistory, &rows),
        each(Class::Unit, Sentence::TrainingStates, &EVENTS),
    ];
    Scenario::new("members.training", checks.concat(), |context, checks| {
        let mut fields = case::fields(Action::StartTraining, context, "")?;
        fields["hyperparameters"]["max_steps"] = STEPS.into();
        fields["hyperparameters"]["learning_rate"] = RATE.into();
        let mut target = Alone::begin(context, &["events"])?;
        let begun = Moment::now();
        let started = target.ask(context, Action::StartTraining, fields)?.data;
        let id = member::text(&started, "/training_id")?.to_owned();
        let about = json!({"training_id": id});
        let seen = match &mut target {
            Alone::Worker(worker) => Some(until_it_ends(worker, context, &id)?),
            Alone::Gateway => {
                let is_over = |status: &Value| status["state"] == "completed" || status["state"] == "failed";
                poll(context, "the end of a training", Action::GetTrainingStatus, &about, is_over)?;
                None
            }
        };
        let status = target.ask(context, Action::GetTrainingStatus, about.clone())?;
        let history = target.ask(context, Action::GetTrainingHistory, about)?.data;
        let rows = member::list(&history, "/rows")?;
        told(checks, &started, &status.data);
        times(checks, &status.data, rows, begun, status.answered);
        of_history(checks, &status.data, rows)?;
        let Some(mut seen) = seen else {
            EVENTS.iter().for_each(|check| {
                checks.skip(check, "over HTTP a training sends no events: its status is asked for");
            });
            return Ok(());
        };
        let sequences: Vec<Option<u64>> = seen.iter().map(|event| event["sequence"].as_u64()).collect();
        let counted =
            sequences.windows(2).all(|pair| pair[0].is_some_and(|number| pair[1] == Some(number + 1)));
        checks.hold("event-sequence", counted, || display::json(&sequences));
        seen.retain(|event| event["event"] == "training_progress");
        for event in &seen {
            checks.decide("event-timestamp", within(event, "/timestamp", begun, status.answered));
        }
        of_events(checks, &seen, &status.data, rows)
    })
}

/// The events of the training until one says that it has ended, and what the worker sends of itself between them.
fn until_it_ends(worker: &mut Worker, context: &Context, id: &str) -> Result<Vec<Value>, ScenarioEnd> {
    let mut seen = Vec::new();
    let last = worker.frame_that(context.options.timeout, "the end of a training", &mut |frame| {
        if is_event(frame) {
            seen.push(frame.clone());
        }
        !is_event(frame) || (frame["event"] == "training_progress" && has_ended(frame))
    })?;
    if is_event(&last) {
        return Ok(seen);
    }
    Err(ScenarioEnd::Broken(format!("a reply that nobody asked for while training {id} runs: {last}")))
}

fn told(checks: &mut Checks<'_>, started: &Value, status: &Value) {
    checks.decide("training_id", is(status, "/training_id", &started["training_id"]));
    checks.decide("training_type", is(status, "/training_type", &json!("LoRA")));
    checks.decide("state", is(status, "/state", &json!("completed")));
    checks.decide("progress", is(status, "/progress", &json!(1.0)));
    checks.decide("step", is(status, "/step", &json!(STEPS)));
    checks.decide("total_steps", is(status, "/total_steps", &json!(STEPS)));
    checks.decide("learning_rate", is(status, "/learning_rate", &json!(RATE)));
    checks.decide("output_path", is(status, "/output_path", &started["output_path"]));
    let left = ["error", "checkpoint_path"].into_iter().find(|name| {
        status.get(*name).is_some_and(|value| {
            // A checkpoint that is kept is a file.
            *name == "error" || !value.as_str().is_some_and(|path| std::path::Path::new(path).exists())
        })
    });
    checks.hold("absent", left.is_none(), || {
        format!("it completed, and {left} is there: {status}", left = display::json(&left))
    });
}

fn times(checks: &mut Checks<'_>, status: &Value, rows: &[Value], begun: Moment, ended: Moment) {
    for name in ["started_at", "updated_at", "completed_at"] {
        checks.decide(name, within(status, &format!("/{name}"), begun, ended));
    }
    let at = |name: &str| status[name].as_str().map(str::to_owned);
    checks.hold("started_at", at("started_at") <= at("completed_at"), || status.to_string());
    checks.hold("updated_at", at("completed_at") <= at("updated_at"), || status.to_string());
    for row in rows {
        checks.decide("row-recorded_at", within(row, "/recorded_at", begun, ended));
    }
    let recorded: Vec<&str> = rows.iter().filter_map(|row| row["recorded_at"].as_str()).collect();
    checks.hold("row-recorded_at", recorded.is_sorted() && !rows.is_empty(), || display::json(&recorded));
}

fn of_history(checks: &mut Checks<'_>, status: &Value, rows: &[Value]) -> Result<(), ScenarioEnd> {
    let steps: Vec<Option<u64>> = rows.iter().map(|row| row["step"].as_u64()).collect();
    let each_step: Vec<Option<u64>> = (1..=STEPS).map(Some).collect();
    checks.hold("row-step", steps == each_step, || display::json(&steps));
    let last = rows.last().ok_or_else(|| ScenarioEnd::Broken("a history without rows".to_owned()))?;
    let epochs: Vec<u64> = rows.iter().filter_map(|row| row["epoch"].as_u64()).collect();
    checks.hold("row-epoch", epochs.is_sorted() && epochs.len() == rows.len(), || display::json(&epochs));
    checks.decide("epoch", is(status, "/epoch", &last["epoch"]));
    // Two pictures in batches of one: the third step is of the second round.
    checks.decide("epoch", is(status, "/epoch", &json!(2)));
    checks.decide("total_epochs", is(status, "/total_epochs", &json!(2)));
    checks.decide("loss", is(status, "/loss", &last["loss"]));
    for row in rows {
        checks.decide("row-learning_rate", is(row, "/learning_rate", &json!(RATE)));
        checks.decide("row-loss", lies(row, "/loss", 0.0, 1e6));
    }
    Ok(())
}

fn of_events(
    checks: &mut Checks<'_>,
    seen: &[Value],
    status: &Value,
    rows: &[Value],
) -> Result<(), ScenarioEnd> {
    let last = seen.last().ok_or_else(|| ScenarioEnd::Broken("a training without an event".to_owned()))?;
    checks.decide("event-state", is(last, "/state", &json!("completed")));
    for (check, name) in [("event-epoch", "epoch"), ("event-loss", "loss"), ("event-step", "step")] {
        checks.decide(check, is(last, &format!("/{name}"), &status[name]));
    }
    for event in seen {
        let violations = event::violations(event);
        checks.hold("event-schema", violations.as_ref().is_some_and(Vec::is_empty), || {
            format!("{event}: {}", display::json(&violations))
        });
        checks.decide("event-training_id", is(event, "/training_id", &status["training_id"]));
        checks.decide("event-total_steps", is(event, "/total_steps", &json!(STEPS)));
        let row = rows.iter().find(|row| row["step"] == event["step"]);
        if let (Some(row), Some(loss)) = (row, event.get("loss")) {
            checks.decide("event-loss", is(row, "/loss", loss));
        }
    }
    let steps: Vec<u64> = seen.iter().filter_map(|event| event["step"].as_u64()).collect();
    checks.hold("event-step", steps.is_sorted(), || display::json(&steps));
    Ok(())
}
