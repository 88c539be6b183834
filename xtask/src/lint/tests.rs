//! Our schemas have no findings; each lint is shown to find what it is for.

use std::path::Path;

use serde_json::{Value, json};

use super::{Finding, lint, names};
use crate::schemas::Schemas;

fn schemas() -> Schemas {
    Schemas::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas")).expect("the schemas are JSON")
}

/// The findings once one value of one file is another.
fn findings(file: &str, pointer: &str, value: Value) -> Vec<Finding> {
    let mut schemas = schemas();
    let (_, document) = schemas.files.iter_mut().find(|(name, _)| name == file).expect("a file");
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("{file} has nothing at {parent}"));
    match parent {
        Value::Array(items) if key == "-" => items.push(value),
        Value::Array(items) => items[key.parse::<usize>().expect("an index")] = value,
        Value::Object(members) if value == json!("ABSENT") => {
            members.shift_remove(key).unwrap_or_else(|| panic!("{file} has nothing at {pointer}"));
        }
        _ => parent[key] = value,
    }
    lint(&schemas)
}

fn check(file: &str, pointer: &str, value: Value, expected: &str) {
    let findings = findings(file, pointer, value);
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(
        lines.iter().any(|line| line.contains(expected)),
        "{file}{pointer}: no finding says {expected:?} among\n{}",
        lines.join("\n")
    );
}

const COMMON: &str = "common_schema.json";
const SUBMISSION: &str = "prompt_submission_schema.json";
const COMMANDS: &str = "commands_schema.json";

#[test]
fn our_schemas_have_no_findings() {
    assert_eq!(lint(&schemas()), []);
}

#[test]
fn a_finding_says_where_what_and_the_way_out() {
    let findings = findings(SUBMISSION, "/$defs/Lora/required/0", json!("nam"));
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "schemas/prompt_submission_schema.json#/$defs/Lora/required: nam is required, but no property; add the \
          property, or take the name away"
        ]
    );
}

#[test]
fn the_meta_schema_refuses_what_is_outside_the_subset() {
    let steps = "/$defs/Steps";
    let lora = "/$defs/Lora/properties";
    for (file, pointer, value) in [
        // Unknown keywords and forms.
        (SUBMISSION, format!("{steps}/const"), json!(3)),
        (SUBMISSION, format!("{steps}/x-unknown"), json!(true)),
        (SUBMISSION, format!("{steps}/type"), json!(["integer", "null"])),
        (SUBMISSION, format!("{steps}/format"), json!("int32")),
        (SUBMISSION, "/$defs/Model/if".to_owned(), json!({})),
        (SUBMISSION, "/$defs/model".to_owned(), json!({ "type": "boolean", "description": "Small." })),
        (SUBMISSION, format!("{lora}/Weight"), json!({ "type": "boolean", "description": "Large." })),
        (SUBMISSION, format!("{lora}/name/$ref"), json!("#/$defs/Lora/properties/weight")),
        (SUBMISSION, format!("{lora}/name/minLength"), json!(1)),
        ("replies_schema.json", "/$defs/NullableDocument/oneOf/1/type".to_owned(), json!("string")),
        // Nothing without description, bounds and unit.
        (SUBMISSION, format!("{lora}/name/description"), json!("ABSENT")),
        (SUBMISSION, "/$defs/Lora/description".to_owned(), json!("ABSENT")),
        (SUBMISSION, format!("{steps}/minimum"), json!("ABSENT")),
        (SUBMISSION, format!("{steps}/maximum"), json!("ABSENT")),
        (SUBMISSION, format!("{steps}/x-unit"), json!("ABSENT")),
        (SUBMISSION, format!("{steps}/exclusiveMinimum"), json!(0)),
        (COMMON, "/$defs/Text/maxLength".to_owned(), json!("ABSENT")),
        (COMMON, "/$defs/Id/pattern".to_owned(), json!("[a-z]")),
        (SUBMISSION, "/$defs/Conditioning/properties/loras/maxItems".to_owned(), json!("ABSENT")),
        (SUBMISSION, "/$defs/Metadata/properties/tags/maxProperties".to_owned(), json!("ABSENT")),
        (SUBMISSION, "/$defs/Lora/additionalProperties".to_owned(), json!(true)),
        (SUBMISSION, "/$defs/Lora/additionalProperties".to_owned(), json!("ABSENT")),
        // Tables.
        ("errors.json", "/errors/0/status".to_owned(), json!(200)),
        ("errors.json", "/errors/0/hint".to_owned(), json!("ABSENT")),
        ("rules.json", "/rules/0/kind".to_owned(), json!("product_at_least")),
        ("rules.json", "/rules/0/maximum".to_owned(), json!("ABSENT")),
        ("registry.json", "/actions/0/class".to_owned(), json!("q")),
        ("registry.json", "/actions/0/summary".to_owned(), json!("ABSENT")),
        ("limits.json", "/depth_max/unit".to_owned(), json!("ABSENT")),
    ] {
        check(file, &pointer, value, "see schemas/meta/");
    }
}

#[test]
fn references_and_names_of_definitions() {
    check(SUBMISSION, "/$defs/Lora/properties/name/$ref", json!("#/$defs/Nam"), "no definition Nam");
    check(
        SUBMISSION,
        "/$defs/Lora/properties/name/$ref",
        json!("core_schema.json#/$defs/Id"),
        "core_schema.json",
    );
    let twice = json!({ "type": "boolean", "description": "Twice.", "examples": [true] });
    check(SUBMISSION, "/$defs/ModelName", twice.clone(), "another file defines ModelName too");
    // What is hoisted out of a property takes a name as well.
    let hoisted = json!({ "type": "string", "description": "Taken.", "maxLength": 1, "examples": ["a"] });
    check(SUBMISSION, "/$defs/LoraWeight", hoisted, "two types would be called LoraWeight");
    check(
        "registry.json",
        "/actions/0/request",
        json!("commands_schema.json#/$defs/Init"),
        "no definition Init",
    );
    check(
        "replies_schema.json",
        "/$defs/ImageResult/properties/images",
        twice,
        "which it extends, has a property images",
    );
}

#[test]
fn examples_and_defaults() {
    check(SUBMISSION, "/$defs/Steps/examples/0", json!(151), "the example 151 is not valid");
    check(SUBMISSION, "/$defs/Steps/default", json!(0), "the default 0 is not valid");
    check(SUBMISSION, "/$defs/Lora/properties/weight/default", json!(3), "the default 3 is not valid");
    check(SUBMISSION, "/$defs/Lora/properties/weight/examples", json!("ABSENT"), "there is no example");
    check(COMMON, "/$defs/Id/examples", json!("ABSENT"), "there is no example");
    check(SUBMISSION, "/$defs/TextualInversion/examples/0/token", json!(""), "is not valid");
}

#[test]
fn places() {
    check(SUBMISSION, "/$defs/Steps/minimum", json!(151), "the lower limit 151 is above the upper 150");
    check(COMMON, "/$defs/Text/minLength", json!(65_537), "is above the upper 65536");
    check(COMMON, "/$defs/Count/maximum", json!(9_007_199_254_740_992_i64), "beyond 2^53 - 1");
    check(COMMON, "/$defs/Id/pattern", json!("^[a-z$"), "pattern");
    check(
        COMMON,
        "/$defs/OutputFormat/x-values/webp",
        json!("ABSENT"),
        "the keys are not the values of enum",
    );
    check(COMMON, "/$defs/OutputFormat/x-values/jpeg/spellings/0", json!("PNG"), "\"PNG\" means");
}

#[test]
fn the_map_of_names_is_injective() {
    let property = json!({ "type": "boolean", "description": "A name.", "examples": [true] });
    let mut named = property.clone();
    named["x-csharp"] = json!("GuidanceScale");
    check(
        SUBMISSION,
        "/$defs/Lora/properties/scale_of_guidance",
        named.clone(),
        "share the spelling guidancescale",
    );
    named["x-csharp"] = json!("LORAS");
    check(SUBMISSION, "/$defs/Lora/properties/rows", named.clone(), "share the spelling loras");
    check(
        SUBMISSION,
        "/$defs/Lora/properties/memory_used_mb",
        property,
        "memory_used_mb is MemoryUsedMb here",
    );
    named["x-csharp"] = json!("Rows");
    check(SUBMISSION, "/$defs/Lora/properties/rows", named, "is what the rule gives anyway");
}

#[test]
fn camel_case_is_that_of_system_text_json() {
    // The rows of its own documentation, and the irregular names of our schemas.
    for (pascal, camel) in [
        ("URLValue", "urlValue"),
        ("URL", "url"),
        ("ID", "id"),
        ("I", "i"),
        ("Person", "person"),
        ("iPhone", "iPhone"),
        ("IPhone", "iPhone"),
        ("MyURL", "myURL"),
        ("LoRAs", "loRAs"),
        ("MemoryUsedMB", "memoryUsedMB"),
        ("SDXLReadyGpus", "sdxlReadyGpus"),
        ("Prompt2", "prompt2"),
    ] {
        assert_eq!(names::camel(pascal), camel);
    }
}

#[test]
fn accepted_spellings_mean_one_thing() {
    check(SUBMISSION, "/$defs/Lora/properties/weight/x-accepted/0", json!("name"), "name is read as weight");
    check(
        SUBMISSION,
        "/$defs/Lora/properties/weight/x-accepted/0",
        json!("AdapterName"),
        "means adapter_name already",
    );
    check(
        SUBMISSION,
        "/$defs/Performance/x-flags/dtype",
        json!({ "adds": "xformers", "to": "optimizations" }),
        "means dtype already",
    );
    check(
        SUBMISSION,
        "/$defs/Performance/x-flags/xformers/adds",
        json!("xformer"),
        "no value of a list optimizations",
    );
    check(
        SUBMISSION,
        "/$defs/Performance/x-neutral-only/compilation/adds",
        json!({ "compile": "optimizations" }),
        "compile is no value",
    );
    check(
        SUBMISSION,
        "/$defs/Scheduler/x-neutral-only/steps",
        json!({ "description": "Taken." }),
        "means steps already",
    );
    check(
        COMMANDS,
        "/$defs/OptimizeRequest/properties/prompt_submission/x-synonyms/-",
        json!("preferences"),
        "preferences is read as prompt_submission",
    );
}

#[test]
fn rules_and_conditions() {
    check("rules.json", "/rules/1/id", json!("pixels"), "the id pixels is taken");
    check("rules.json", "/rules/0/on", json!("Submission"), "no definition Submission");
    check(
        "rules.json",
        "/rules/0/fields/0",
        json!("/hyperparameters/width"),
        "has nothing at /hyperparameters/width",
    );
    check(
        "rules.json",
        "/rules/2/when/present",
        json!("/conditioning/image"),
        "has nothing at /conditioning/image",
    );
    check("rules.json", "/rules/0/code", json!("no_effect"), "no code of errors.json");
    check("errors.json", "/errors/1/code", json!("bad_frame"), "the code bad_frame is taken");
    check(
        "warnings.json",
        "/warnings/1/code",
        json!("accepted_spelling"),
        "the code accepted_spelling is taken",
    );
    check(
        SUBMISSION,
        "/$defs/Postprocessing/properties/quality/x-takes-effect-when",
        json!({ "present": "/postprocessing/format" }),
        "nothing stands at /postprocessing/format",
    );
    check(
        SUBMISSION,
        "/$defs/Conditioning/x-accepted-places/img2img_strength/to",
        json!("/hyperparameters/power"),
        "nothing stands at /hyperparameters/power",
    );
}

#[test]
fn the_registry() {
    check("registry.json", "/actions/1/action", json!("initialize"), "initialize names two actions");
    check("registry.json", "/actions/0/aliases", json!(["shutdown"]), "shutdown names two actions");
    check("registry.json", "/actions/0/class", json!("gateway"), "only the gateway's own actions");
    check(
        "registry.json",
        "/actions/2/routes/0/path",
        json!("/v1/capabilities"),
        "is a route of get_status already",
    );
    check("registry.json", "/actions/2/routes/0/path", json!("/v1/gpus/{gpu}"), "{gpu} fills gpu");
    check("registry.json", "/resources/0/path", json!("/v1/generate"), "is a route of generate_sdxl already");
    check("registry.json", "/resources/0/id", json!("get_status"), "get_status names two things");
    check(
        "registry.json",
        "/tags/0/families",
        json!(["generate", "batches"]),
        "no tag has the family validate",
    );
    check("registry.json", "/tags/1/families/0", json!("generate"), "generate belongs to two tags");
    check("registry.json", "/tags/0/families/0", json!("nothing"), "nothing is the family of no route");
    check("registry.json", "/actions/2/routes/0/bare", json!("prompt"), "the route gives prompt");
    check("registry.json", "/actions/2/routes/0/params", json!({ "id": "gpu_id" }), "params names id");
    check("registry.json", "/actions/12/wrapped_in", json!("model_path"), "is a field of the request too");
    check("registry.json", "/actions/19/class_when/field", json!("suite"), "no boolean of its request");
    check(
        "registry.json",
        "/actions/2/reply",
        json!("common_schema.json#/$defs/Id"),
        "its reply is no object",
    );
    check(
        "registry.json",
        "/actions/2/request",
        json!("common_schema.json#/$defs/Id"),
        "its request is no object",
    );
}

#[test]
fn a_leaf_of_the_submission_says_what_it_decides_and_nothing_else_does() {
    let numbers = "/$defs/Hyperparameters/properties";
    let leaf = "a leaf of the prompt submission without x-effect";
    check(SUBMISSION, &format!("{numbers}/seed/x-effect"), json!("ABSENT"), leaf);
    check(SUBMISSION, "/$defs/Lora/properties/weight/x-effect", json!("ABSENT"), leaf);
    check(SUBMISSION, "/$defs/Performance/properties/optimizations/x-effect", json!("ABSENT"), leaf);
    let none = "x-effect at what is no leaf";
    check(SUBMISSION, &format!("{numbers}/dimensions/x-effect"), json!("picture"), none);
    check(SUBMISSION, "/$defs/Conditioning/properties/loras/x-effect", json!("picture"), none);
    check(SUBMISSION, "/$defs/Parameters/properties/steps/x-effect", json!("picture"), none);
    let unknown = findings(SUBMISSION, &format!("{numbers}/seed/x-effect"), json!("mood"));
    assert_eq!(unknown.len(), 1, "{unknown:?}");
}
