//! Our own contract: itself, its mutants, its tables.

use conformance::diff::{Comparison, Direction, Profile, Settings, Side, compare};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path, sync::LazyLock};

use super::{is_long, random::Random};

/// The files of our contract.
pub(crate) static FILES: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|suffix| suffix == "json"));
    files
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
        })
        .collect()
});

/// The contract after an edit.
pub(crate) fn side(name: &str, files: &BTreeMap<String, Value>) -> Side {
    let texts = files.iter().map(|(file, value)| (file.clone(), value.to_string()));
    Side::of_texts(name, texts, Direction::Both).unwrap()
}

fn judged(files: &BTreeMap<String, Value>, profile: Profile) -> Comparison {
    let settings = Settings { profile, ..Settings::default() };
    compare(&side("old", &FILES), &side("new", files), &settings).unwrap()
}

/// The rules and severities after an edit of one file.
fn after(file: &str, edit: impl FnOnce(&mut Value)) -> Vec<(String, &'static str)> {
    let mut files = FILES.clone();
    edit(files.get_mut(file).unwrap());
    let compared = judged(&files, Profile::Meaning);
    compared.findings.iter().map(|it| (it.rule.id.clone(), it.severity.as_str())).collect()
}

#[test]
fn our_contract_and_itself_find_nothing() {
    let compared = judged(&FILES, Profile::Strict);
    assert!(compared.findings.is_empty());
    assert!(compared.messages > 100 && compared.schemas > 800, "{} {}", compared.messages, compared.schemas);
}

#[test]
fn edits_that_validation_does_not_see_have_their_rules() {
    let has = |found: &[(String, &str)], rule: &str, severity: &str| {
        assert!(found.iter().any(|(id, is)| id == rule && *is == severity), "{rule} {severity}: {found:?}");
    };
    let submission = "prompt_submission_schema.json";
    let property = |of: &'static str, name: &'static str| {
        move |file: &mut Value, keyword: &str, value: Value| {
            file["$defs"][of]["properties"][name][keyword] = value;
        }
    };
    let strength = property("Hyperparameters", "strength");
    has(&after(submission, |file| strength(file, "default", json!(0.5))), "V07", "breaking");
    has(&after(submission, |file| strength(file, "x-csharp", json!("Power"))), "N01", "breaking");
    has(&after(submission, |file| strength(file, "x-effect", json!("record"))), "A09", "dangerous");
    has(&after(submission, |file| strength(file, "x-accepted", json!(["power"]))), "A02", "info");
    has(&after("errors.json", |file| file["errors"][0]["retryable"] = true.into()), "M08", "breaking");
    has(&after("errors.json", |file| file["errors"][0]["status"] = 418.into()), "M06", "breaking");
    has(
        &after("errors.json", |file| drop(file["errors"].as_array_mut().unwrap().remove(0))),
        "M06",
        "breaking",
    );
    has(
        &after("registry.json", |file| drop(file["actions"].as_array_mut().unwrap().remove(4))),
        "M01",
        "breaking",
    );
    has(&after("registry.json", |file| file["actions"][4]["class"] = "job".into()), "M11", "breaking");
    has(&after("registry.json", |file| file["parameters"][0]["in"] = "header".into()), "M12", "breaking");
    has(&after("limits.json", |file| file["frame_bytes_max"]["value"] = 9.into()), "M09", "breaking");
    has(&after("limits.json", |file| file["protocol_versions"] = json!(["2"])), "M10", "breaking");
    has(&after("rules.json", |file| file["rules"][0]["maximum"] = 9.into()), "R03", "breaking");
    has(&after("rules.json", |file| drop(file["rules"].as_array_mut().unwrap().remove(0))), "R02", "info");
    has(
        &after("warnings.json", |file| drop(file["warnings"].as_array_mut().unwrap().remove(0))),
        "M18",
        "dangerous",
    );
    has(
        &after("events_schema.json", |file| {
            drop(file["$defs"].as_object_mut().unwrap().remove("HeartbeatEvent"));
        }),
        "M04",
        "breaking",
    );
}

#[test]
fn a_definition_that_many_extend_has_one_finding() {
    let found = after("replies_schema.json", |file| {
        file["$defs"]["SdxlResult"]["properties"]["novelty"] =
            json!({"type": "boolean", "description": "New."});
    });
    assert_eq!(found, [("P03".to_owned(), "dangerous")]);
}

/// Mutants of our schemas of one run of the tests; `xtask long` has all.
const MUTANTS: usize = 12;

#[test]
fn each_mutant_of_our_schemas_is_seen() {
    let mut mutants = mutants();
    if !is_long() {
        let mut random = Random::new(10);
        mutants = (0..MUTANTS).map(|_| random.pick(&mutants).clone()).collect();
    }
    let old = side("old", &FILES);
    let missed: Vec<String> = mutants
        .iter()
        .filter(|(file, pointer, value)| {
            let mut files = FILES.clone();
            apply(files.get_mut(file).unwrap(), pointer, value.as_ref());
            let settings = Settings { profile: Profile::Source, ..Settings::default() };
            compare(&old, &side("new", &files), &settings).unwrap().findings.is_empty()
        })
        .map(|(file, pointer, value)| format!("{file}#{pointer} {value:?}"))
        .collect();
    eprintln!("{} mutants", mutants.len());
    assert!(missed.is_empty(), "{} not seen: {}", missed.len(), missed.join("\n"));
}

type Mutant = (String, String, Option<Value>);

fn apply(file: &mut Value, pointer: &str, value: Option<&Value>) {
    let (owner, name) = pointer.rsplit_once('/').unwrap();
    let name = name.replace("~1", "/").replace("~0", "~");
    match (file.pointer_mut(owner).unwrap(), value) {
        (Value::Object(owner), Some(value)) => drop(owner.insert(name, value.clone())),
        (Value::Object(owner), None) => drop(owner.shift_remove(&name)),
        (Value::Array(owner), Some(value)) => owner[name.parse::<usize>().unwrap()] = value.clone(),
        (Value::Array(owner), None) => drop(owner.remove(name.parse().unwrap())),
        _ => {}
    }
}

/// One mutant for each keyword of each schema that says something of values or of their meaning.
fn mutants() -> Vec<Mutant> {
    fn walk(value: &Value, at: &str, file: &str, found: &mut Vec<Mutant>) {
        let Value::Object(schema) = value else { return };
        for (name, value) in schema {
            let here = format!("{at}/{name}");
            let mut mutant = |value: Option<Value>| found.push((file.to_owned(), here.clone(), value));
            match (name.as_str(), value) {
                (
                    "minimum" | "maximum" | "minLength" | "maxLength" | "minItems" | "maxItems",
                    Value::Number(number),
                ) => {
                    mutant(Some(json!(number.as_f64().unwrap() + 1.0)));
                }
                ("required", Value::Array(list)) if !list.is_empty() => mutant(Some(json!(list[1..]))),
                ("enum", Value::Array(list)) => {
                    let mut more = list.clone();
                    more.push("another".into());
                    mutant(Some(more.into()));
                }
                ("default", Value::Bool(is)) => mutant(Some((!is).into())),
                (
                    "default"
                    | "x-unit"
                    | "pattern"
                    | "x-accepted"
                    | "x-synonyms"
                    | "x-effect"
                    | "x-takes-effect-when"
                    | "x-not-blank"
                    | "x-default-by",
                    _,
                ) => {
                    mutant(None);
                }
                ("x-csharp", _) => mutant(Some("Renamed".into())),
                ("additionalProperties", Value::Bool(false)) => mutant(None),
                ("properties" | "$defs", Value::Object(inner)) => {
                    for (name, value) in inner {
                        let at = format!("{here}/{}", name.replace('~', "~0").replace('/', "~1"));
                        walk(value, &at, file, found);
                    }
                }
                ("items", _) => walk(value, &here, file, found),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    for (file, value) in FILES.iter().filter(|(file, _)| file.ends_with("_schema.json")) {
        walk(value, "", file, &mut found);
    }
    found
}

/// The witnesses of a rule after an edit of one file: who refuses the document, and who says so.
fn witnesses(file: &str, rule: &str, edit: impl FnOnce(&mut Value)) -> Vec<(bool, Value, Vec<&'static str>)> {
    let mut files = FILES.clone();
    edit(files.get_mut(file).unwrap());
    let compared = judged(&files, Profile::Meaning);
    let found = compared.findings.into_iter().filter(|finding| finding.rule.id == rule);
    let witnesses = found.flat_map(|finding| finding.witnesses);
    witnesses.map(|it| (it.old_takes, it.document, it.confirmed_by)).collect()
}

#[test]
fn classes_of_both_versions_show_a_changed_name() {
    let renamed = |file: &mut Value| {
        file["$defs"]["Hyperparameters"]["properties"]["strength"]["x-csharp"] = "Power".into();
    };
    let found = witnesses("prompt_submission_schema.json", "N01", renamed);
    let (old_takes, document, confirmed_by) = &found[0];
    assert!(*old_takes && document.get("Strength").is_some(), "{found:?}");
    assert_eq!(confirmed_by, &["System.Text.Json"]);
    let renamed = |file: &mut Value| {
        file["$defs"]["SdxlResult"]["properties"]["memory_used_mb"]["x-csharp"] = "MemoryUsedMiB".into();
    };
    let found = witnesses("replies_schema.json", "N01", renamed);
    let (old_takes, document, confirmed_by) = &found[0];
    assert!(!*old_takes && document.get("MemoryUsedMiB").is_some(), "{found:?}");
    assert_eq!(confirmed_by, &["System.Text.Json"]);
}

#[test]
fn classes_of_both_versions_show_a_changed_type() {
    let found = witnesses("prompt_submission_schema.json", "T01", |file| {
        let of_steps = json!({"$ref": "#/$defs/Steps", "description": "How much.", "x-effect": "picture"});
        file["$defs"]["Postprocessing"]["properties"]["auto_contrast"] = of_steps;
    });
    assert!(!found.is_empty());
    assert!(found.iter().all(|(.., by)| by.contains(&"System.Text.Json")), "{found:?}");
    // A class knows no bounds.
    let found = witnesses("common_schema.json", "B02", |file| {
        let (_, schema) = file["$defs"]
            .as_object_mut()
            .unwrap()
            .iter_mut()
            .find(|(_, schema)| {
                schema["type"] == "integer" && schema["maximum"].as_i64().is_some_and(|most| most > 1)
            })
            .expect("an integer with a maximum");
        schema["maximum"] = json!(schema["maximum"].as_i64().unwrap() - 1);
    });
    assert!(!found.is_empty());
    assert!(found.iter().all(|(.., by)| !by.contains(&"System.Text.Json")), "{found:?}");
}
