//! The JSON Schema validator as a judge: no target links it.

use contracts::BUNDLE;
use serde_json::Value;

use crate::check::ScenarioEnd;

/// The validator of a definition of the schemas.
///
/// # Errors
/// [`ScenarioEnd::Undecided`] if the schemas do not compile.
pub(crate) fn validator(definition: &str) -> Result<jsonschema::Validator, ScenarioEnd> {
    let undecided = |err: String| ScenarioEnd::Undecided(format!("the schemas do not compile: {err}"));
    let mut bundle: Value = serde_json::from_str(BUNDLE).map_err(|err| undecided(err.to_string()))?;
    bundle["$ref"] = format!("#/$defs/{definition}").into();
    jsonschema::validator_for(&bundle).map_err(|err| undecided(err.to_string()))
}
