//! Properties, tried on documents and on sequences of commands that proptest makes from the schemas and from a state machine.
//! What fails shrinks, and the reason has the lines that show it.

use std::cell::RefCell;

use contracts::{Action, ErrorCode};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner},
};
use serde_json::{Value, json};

use crate::{
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::Context,
    display,
    exchange::Command,
    member,
    scenario::Scenario,
    schema,
    sentence::Sentence,
    strategy,
};

/// Documents that are tried: each costs a report.
const DOCUMENTS: u32 = 192;

/// Sequences that are tried: each costs a few loads and small jobs.
const SEQUENCES: u32 = 12;

/// Commands of a sequence.
const LENGTH_MAX: usize = 8;

/// Of so many values one is odd: half of the documents are then whole.
const SOUND: u32 = 60;

pub(super) fn scenarios(seed: u64) -> Vec<Scenario> {
    vec![documents(seed), states(seed)]
}

/// A runner whose cases the seed decides, and which writes no file of failures.
fn runner(cases: u32, seed: u64) -> TestRunner {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// Runs a property. A case that ends the scenario for another reason than a broken sentence ends it here, too.
fn hold<S: Strategy>(
    context: &mut Context,
    mut runner: TestRunner,
    strategy: &S,
    property: impl Fn(&mut Context, &S::Value) -> Result<Result<(), String>, ScenarioEnd>,
    shown: impl Fn(&S::Value) -> String,
) -> Result<Result<(), String>, ScenarioEnd> {
    let context = RefCell::new(context);
    let end = RefCell::new(None);
    let outcome = runner.run(strategy, |value| {
        if end.borrow().is_some() {
            return Ok(());
        }
        match property(&mut context.borrow_mut(), &value) {
            Ok(verdict) => verdict.map_err(TestCaseError::fail),
            Err(ScenarioEnd::Broken(why)) => Err(TestCaseError::fail(why)),
            Err(other) => {
                *end.borrow_mut() = Some(other);
                Ok(())
            }
        }
    });
    if let Some(end) = end.into_inner() {
        return Err(end);
    }
    match outcome {
        Ok(()) => Ok(Ok(())),
        Err(TestError::Fail(why, value)) => Ok(Err(format!("{why}; send: {}", shown(&value)))),
        Err(TestError::Abort(why)) => Err(ScenarioEnd::Undecided(why.to_string())),
    }
}

fn report_of(document: &Value) -> Command {
    Command::new(Action::ValidateRequest, json!({"prompt_submission": document}))
}

/// The validator of JSON Schema, which no target links, and the target agree on each document.
fn documents(seed: u64) -> Scenario {
    let checks = vec![
        CheckDef::new("refused", Class::Names, Sentence::AllFaultsAtOnce),
        CheckDef::new("read", Class::Names, Sentence::NormalizedIsWhatWasRead),
    ];
    Scenario::new("properties.documents", checks, move |context, checks| {
        let schema = schema::validator("PromptSubmission")?;
        let strategy = strategy::documents("PromptSubmission", SOUND);
        let shown = |document: &Value| report_of(document).frame().to_string();
        let refused = |context: &mut Context, document: &Value| {
            // Null is unset, and unset is no fault: the validator reads the document as it is meant.
            if schema.is_valid(&without_nulls(document)) {
                return Ok(Ok(()));
            }
            let report = report(context, document)?;
            Ok(match &report["valid"] {
                Value::Bool(false) => Ok(()),
                _ => Err("a document that the schema refuses is valid".to_owned()),
            })
        };
        let verdict = hold(context, runner(DOCUMENTS, seed), &strategy, refused, shown)?;
        checks.decide("refused", verdict);
        let read = |context: &mut Context, document: &Value| {
            let report = report(context, document)?;
            Ok(match &report["normalized"] {
                // What is read is a document of the schema, whatever its bounds: names and types are right.
                Value::Object(_) => {
                    let again = self::report(context, &report["normalized"])?;
                    crate::exchange::difference(&report["normalized"], &again["normalized"], "/normalized")
                        .map_or(Ok(()), |why| Err(format!("what was normalized is read otherwise: {why}")))
                }
                _ if report["valid"] == true => Err("a valid document has no normalized".to_owned()),
                _ => Ok(()),
            })
        };
        let verdict = hold(context, runner(DOCUMENTS / 2, seed ^ 1), &strategy, read, shown)?;
        checks.decide("read", verdict);
        Ok(())
    })
}

fn report(context: &mut Context, document: &Value) -> Result<Value, ScenarioEnd> {
    let id = context.fresh_id();
    let reading = context.ask(&report_of(document).id(id))?;
    match reading.data() {
        Ok(data) => Ok(data.clone()),
        // Without a document there is nothing to report: what stands around it is at fault, and nothing else may be.
        Err(_) if is_of_the_document(&reading.snake["error_details"]) => Ok(json!({"valid": false})),
        Err(why) => Err(ScenarioEnd::Broken(why)),
    }
}

/// Codes of a document that cannot be read, or is none.
const OF_THE_DOCUMENT: [ErrorCode; 8] = [
    ErrorCode::BadFrame,
    ErrorCode::BadRequest,
    ErrorCode::DuplicateField,
    ErrorCode::UnknownField,
    ErrorCode::MissingField,
    ErrorCode::UnsupportedValue,
    ErrorCode::OutOfRange,
    ErrorCode::ValidationFailed,
];

/// Whether a failure blames the bytes that were sent.
fn is_of_the_document(details: &Value) -> bool {
    OF_THE_DOCUMENT.iter().any(|code| details["code"] == code.as_str())
}

/// The document without members that are null or, where they are optional, empty.
fn without_nulls(document: &Value) -> Value {
    match document {
        Value::Object(members) => members
            .iter()
            .filter(|(_, value)| !value.is_null() && *value != "")
            .map(|(name, value)| (name.clone(), without_nulls(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items
            .iter()
            .map(|item| match item {
                Value::Null => Value::Null,
                item => without_nulls(item),
            })
            .collect(),
        other => other.clone(),
    }
}

/// A step of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
enum Step {
    Load,
    Unload,
    UnloadAll,
    Cache,
    TakeFromCache,
    Generate,
    GenerateWrong,
    CancelUnknown,
}

const STEPS: [Step; 8] = [
    Step::Load,
    Step::Unload,
    Step::UnloadAll,
    Step::Cache,
    Step::TakeFromCache,
    Step::Generate,
    Step::GenerateWrong,
    Step::CancelUnknown,
];

/// What a worker must be after the steps so far.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// The base is on the device.
    loaded: bool,
    /// It is in the cache, for sure. What evicts it is not known: only that a fresh entry is there.
    cached: bool,
}

impl Step {
    fn command(self, context: &Context) -> Command {
        let model = &context.options.model_path;
        let id = json!({"model_id": "conf-states"});
        let file = json!({"model_path": model, "model_type": "sdxl", "model_id": "conf-states"});
        match self {
            Self::Load => Command::new(Action::LoadModel, file),
            Self::Unload => Command::new(Action::UnloadModel, id),
            Self::UnloadAll => Command::new(Action::UnloadModel, json!({})),
            Self::Cache => Command::new(Action::LoadModelToCache, file),
            Self::TakeFromCache => Command::new(Action::LoadFromCache, id),
            Self::Generate => {
                let mut submission = context.small_submission();
                submission["scheduler"]["steps"] = 1.into();
                submission["model"]["base"] = "conf-states".into();
                Command::new(Action::GenerateSdxl, json!({"prompt_submission": submission}))
            }
            Self::GenerateWrong => {
                let mut submission = context.small_submission();
                submission["scheduler"]["steps"] = 0.into();
                Command::new(Action::GenerateSdxl, json!({"prompt_submission": submission}))
            }
            Self::CancelUnknown => Command::new(Action::Cancel, json!({"target_request_id": "conf-nobody"})),
        }
    }

    /// The code that the step must fail with, none where it succeeds, and the state after it.
    fn after(self, state: State) -> (Option<&'static str>, State) {
        match self {
            Self::Load | Self::Generate => (None, State { loaded: true, ..state }),
            Self::Unload if state.loaded => (None, State { loaded: false, ..state }),
            Self::Unload => (Some("model_not_found"), state),
            Self::UnloadAll => (None, State { loaded: false, ..state }),
            Self::Cache => (None, State { cached: true, ..state }),
            Self::TakeFromCache => (None, State { loaded: true, ..state }),
            Self::GenerateWrong => (Some("out_of_range"), state),
            Self::CancelUnknown => (Some("job_not_found"), state),
        }
    }
}

/// Sequences of loads, jobs and unloads, each against the state machine.
fn states(seed: u64) -> Scenario {
    let checks = vec![CheckDef::new("machine", Class::Effect, Sentence::SuccessMeansDone)];
    Scenario::new("properties.states", checks, move |context, checks| {
        context.need_no_other_worker("a pool of several workers spreads loads over them")?;
        let strategy = vec(proptest::sample::select(STEPS.to_vec()), 1..=LENGTH_MAX);
        let base = context.small_submission();
        let shown = |steps: &Vec<Step>| {
            format!(
                "{steps} from an empty device, with {}",
                base["model"]["base"],
                steps = display::json(&steps)
            )
        };
        let verdict =
            hold(context, runner(SEQUENCES, seed), &strategy, |context, steps| run(context, steps), shown)?;
        checks.decide("machine", verdict);
        Ok(())
    })
}

fn run(context: &mut Context, steps: &[Step]) -> Result<Result<(), String>, ScenarioEnd> {
    // A worker of its own would start for each sequence: this one is emptied.
    context.get(Action::UnloadModel, json!({}))?;
    context.get(Action::CleanupMemory, json!({}))?;
    let mut state = State::default();
    for step in steps {
        // The contract does not say whether a cleanup empties the cache: what it holds is known once a step has filled it.
        if *step == Step::TakeFromCache && !state.cached {
            continue;
        }
        // A job names the model by the id that a load or a cache gave it.
        if *step == Step::Generate && !(state.loaded || state.cached) {
            continue;
        }
        let (code, next) = step.after(state);
        let id = context.fresh_id();
        let reading = context.ask(&step.command(context).id(id))?;
        let is = match reading.data() {
            Ok(_) => None,
            Err(_) => reading.snake["error_details"]["code"].as_str(),
        };
        if is != code {
            return Ok(Err(format!(
                "{step} ends with {is}, and {code} is wanted",
                step = display::json(&step),
                is = display::json(&is),
                code = display::json(&code)
            )));
        }
        state = next;
        let status = context.get(Action::GetStatus, json!({}))?;
        if status["has_model_loaded"] != state.loaded {
            return Ok(Err(format!(
                "after {step} has_model_loaded is {}",
                status["has_model_loaded"],
                step = display::json(&step)
            )));
        }
        let models = context.get(Action::GetModelInfo, json!({}))?;
        let on_gpu = member::list(&models, "/models")?
            .iter()
            .any(|model| model["model_id"] == "conf-states" && model["location"] == "gpu");
        if on_gpu != state.loaded {
            return Ok(Err(format!(
                "after {step} models[] has conf-states on the device: {on_gpu}",
                step = display::json(&step)
            )));
        }
    }
    Ok(Ok(()))
}
