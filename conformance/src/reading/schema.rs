//! The schema as a party: an independent validator, which reads the names of the schemas and no other.

use super::{ENVELOPE, Outcome, Remark, Subject, refused};
use crate::contract::Contract;

/// Faults that are listed; the others are counted.
const LISTED_MAX: usize = 20;

/// Judges the bytes by the schema.
pub(super) fn read(bytes: &[u8], contract: &Contract, subject: &Subject) -> Outcome {
    let document = match contracts::unique(bytes) {
        Ok(document) => document,
        Err(err) => return refused("", err.to_string()),
    };
    // The envelope first, then the data of its action.
    let parts = match subject {
        Subject::Definition(name) => vec![(name.as_str(), "", Some(&document))],
        Subject::Reply { data: definition, .. } if contract.schema(ENVELOPE).is_some() => {
            let data = document.get("data").filter(|data| !data.is_null());
            vec![(ENVELOPE, "", Some(&document)), (definition.as_str(), "/data", data)]
        }
        Subject::Reply { data: definition, .. } => vec![(definition.as_str(), "", Some(&document))],
    };
    let mut reasons = Vec::new();
    for (definition, place, part) in parts {
        let Some(part) = part else { continue };
        let Some(schema) = contract.schema(definition) else {
            return Outcome::Skipped { why: format!("the schemas have no definition {definition}") };
        };
        let validator = match jsonschema::validator_for(&schema) {
            Ok(validator) => validator,
            Err(err) => return Outcome::Skipped { why: format!("the schemas do not compile: {err}") },
        };
        let remark = |fault: jsonschema::ValidationError<'_>| Remark {
            at: format!("{place}{}", fault.instance_path()),
            why: fault.to_string(),
        };
        reasons.extend(validator.iter_errors(part).take(LISTED_MAX).map(remark));
    }
    if !reasons.is_empty() {
        return Outcome::Refused { reasons };
    }
    Outcome::Read { value: None, ignored: Vec::new(), filled_in: Vec::new(), warnings: Vec::new() }
}
