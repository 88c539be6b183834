//! Cases: the fields of every command, made from its definition in the dictionary.
//!
//! The name of a property decides its value. The registry lists the actions and the properties of each.

use contracts::{
    Action, Class, ErrorCode,
    dictionary::{ObjectSpec, dictionary},
};
use serde_json::{Map, Value, json};

use crate::{check::ScenarioEnd, context::Context};

/// The actions that a worker answers.
pub fn worker_actions() -> impl Iterator<Item = Action> {
    Action::ALL.iter().copied().filter(|action| action.info().class != Class::Gateway)
}

/// Fields that make a command succeed; `target` is the job or training that it is about.
///
/// # Errors
/// [`ScenarioEnd::Skip`] if the target lacks a model or a folder for it.
pub fn fields(action: Action, context: &mut Context, target: &str) -> Result<Value, ScenarioEnd> {
    let spec = dictionary().object(action.info().request);
    let mut fields = Map::new();
    for property in &spec.properties {
        if property.required || chosen(spec, &property.snake) {
            fields.insert(property.snake.clone(), value(&property.snake, context, target)?);
        }
    }
    Ok(fields.into())
}

/// Optional properties of which the schema requires one of several.
fn chosen(spec: &ObjectSpec, name: &str) -> bool {
    match name {
        "model_paths" | "training_type" | "base_model" | "training_data" => true,
        "model_id" => spec.property("parameters").is_some(),
        "hyperparameters" => spec.property("training_type").is_some(),
        _ => false,
    }
}

fn value(name: &str, context: &mut Context, target: &str) -> Result<Value, ScenarioEnd> {
    let options = &context.options;
    Ok(match name {
        "prompt_submission" => context.small_submission(),
        "requests" => json!([context.small_submission()]),
        "parameters" => json!({
            "prompt": "a lighthouse at dusk", "width": 64, "height": 64, "steps": 2, "seed": 7, "model_id": options.model,
        }),
        "model_path" | "base_model_path" => options.model_path.clone().into(),
        "model_paths" => json!([options.model_path]),
        "base_model" | "model_id" => options.model.clone().into(),
        "model_type" => "sdxl".into(),
        "suite_name" => "conformance".into(),
        "target_request_id" | "training_id" | "upload_id" => target.into(),
        "scope" => "commands".into(),
        "training_type" => "LoRA".into(),
        "training_data" => context.training_data()?.into(),
        "hyperparameters" => json!({"max_steps": 3, "resolution": 64, "rank": 4, "alpha": 4, "seed": 7}),
        other => {
            return Err(ScenarioEnd::Undecided(format!("the tool does not know what to put into `{other}`")));
        }
    })
}

/// A job that takes seconds, so that commands reach the target while it runs.
#[must_use]
pub fn long_submission(context: &Context) -> Value {
    let mut submission = context.small_submission();
    submission["scheduler"]["steps"] = 150.into();
    submission["hyperparameters"]["batch_size"] = 4.into();
    submission["hyperparameters"]["dimensions"] = json!({"width": 128, "height": 128});
    submission
}

/// The document with one value set. Missing objects and list items on the way are added.
#[must_use]
pub fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    let mut at = &mut document;
    for token in pointer.split('/').skip(1) {
        if at.is_null() && token.parse::<usize>().is_ok() {
            *at = json!([]);
        }
        at = match at {
            Value::Array(items) => {
                let index: usize = token.parse().expect("an index");
                while items.len() <= index {
                    items.push(json!({}));
                }
                &mut items[index]
            }
            other => {
                if !other.is_object() {
                    *other = json!({});
                }
                other.as_object_mut().expect("an object").entry(token).or_insert(Value::Null)
            }
        };
    }
    *at = value;
    document
}

/// Whether a document alone decides that it has a violation of this code. The other codes depend on the target.
#[must_use]
pub fn is_of_the_document(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::UnknownField
            | ErrorCode::MissingField
            | ErrorCode::UnsupportedValue
            | ErrorCode::OutOfRange
            | ErrorCode::ValidationFailed
            | ErrorCode::DuplicateField
    )
}
