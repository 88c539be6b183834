//! Mutants of valid documents: the types and the validator must agree about every one.

use serde_json::json;

use super::{documents::documents, read};
use crate::mutated::{VALIDATORS, mutants::mutate, typed};

#[test]
fn the_types_and_the_validator_refuse_the_same_mutants() {
    let (mut refused, mut accepted) = (0_usize, 0_usize);
    let mut disagreements: Vec<String> = Vec::new();
    let mut seen: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for &(name, ref document) in documents() {
        let round = seen.entry(name).or_default();
        *round += 1;
        // The first few documents of each definition; of the prompt submission more, as everything hangs on it.
        if *round > if name == "PromptSubmission" { 8 } else { 2 } {
            continue;
        }
        let schema = typed().find(|(typed, _)| *typed == name).map(|(_, schema)| schema).unwrap();
        mutate(schema, document, &mut |mutant| {
            let valid = VALIDATORS[name].is_valid(mutant);
            let read = read(name, mutant);
            if valid {
                accepted += 1;
            } else {
                refused += 1;
            }
            if valid != read.is_ok() {
                let verdict =
                    read.err().map_or_else(|| "accepts".to_owned(), |error| format!("refuses ({error})"));
                let text: String = mutant.to_string().chars().take(400).collect();
                disagreements.push(format!("{name} {verdict}, the validator does not: {text}"));
            }
        });
    }
    eprintln!(
        "{refused} mutants refused by both, {accepted} accepted by both, {} disagreements",
        disagreements.len()
    );
    assert!(
        disagreements.is_empty(),
        "{} disagreements:\n{}",
        disagreements.len(),
        disagreements[..disagreements.len().min(20)].join("\n")
    );
    assert!(refused >= 30_000, "only {refused} mutants were refused");
    assert!(accepted >= 1_000, "only {accepted} mutants stood on a limit");
}

#[test]
fn the_longest_lists_and_strings_end_where_the_schema_says() {
    let path = "x".repeat(16_777_216);
    assert!(read("ImageRef", &json!(path)).is_ok());
    assert!(read("ImageRef", &json!(path + "x")).is_err());
    let limits = contracts::types::TrainingHistoryRows::LIMITS;
    assert!(limits.check(&[0_u8; 1_000_000]).is_ok());
    assert!(limits.check(&[0_u8; 1_000_001]).is_err());
}
