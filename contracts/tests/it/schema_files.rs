//! The files under `schemas/` as they lie there: a validator that knows nothing of ours finds every reference.

use jsonschema::Registry;
use serde_json::{Value, json};

/// `(file name, document)`.
fn files() -> Vec<(String, Value)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if name.ends_with("_schema.json") {
            let text = std::fs::read_to_string(&path).expect("it can be read");
            files.push((name, serde_json::from_str(&text).expect("JSON")));
        }
    }
    assert!(files.len() >= 7, "the schemas are there");
    files
}

#[test]
fn every_reference_resolves_by_the_id_of_its_file() {
    let files = files();
    // As a standard resolver does: `$id` against the address that a file was read from, references against `$id`.
    for base in ["https://example.org/schemas/", "file:///anywhere/schemas/"] {
        let mut registry = Registry::new();
        for (name, document) in &files {
            assert_eq!(document["$id"], name.as_str());
            registry = registry.add(format!("{base}{name}"), document).expect("it registers");
        }
        let registry = registry.prepare().expect("every reference is found");
        for (name, document) in &files {
            for definition in document["$defs"].as_object().expect("definitions").keys() {
                let reference = json!({"$ref": format!("{base}{name}#/$defs/{definition}")});
                jsonschema::options()
                    .with_registry(&registry)
                    .build(&reference)
                    .unwrap_or_else(|err| panic!("{name}#/$defs/{definition}: {err}"));
            }
        }
    }
}

#[test]
fn a_submission_is_validated_by_the_file() {
    let files = files();
    let mut registry = Registry::new();
    for (name, document) in &files {
        registry = registry.add(format!("https://example.org/{name}"), document).expect("it registers");
    }
    let registry = registry.prepare().expect("every reference is found");
    let validator = jsonschema::options()
        .with_registry(&registry)
        .build(&json!({"$ref": "https://example.org/prompt_submission_schema.json"}))
        .expect("it compiles");
    let right = json!({"model": {"base": "sdxl_base"}, "conditioning": {"prompt": "a pier"}});
    assert!(validator.is_valid(&right));
    let mut wrong = right.clone();
    wrong["conditioning"]["prompt"] = 1.into();
    assert!(!validator.is_valid(&wrong));
    wrong = right;
    wrong["scheduler"] = json!({"steps": 0});
    assert!(!validator.is_valid(&wrong), "what another file defines holds too");
}
