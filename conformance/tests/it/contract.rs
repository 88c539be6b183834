//! `--contract`: the gates judge by a contract that is not Concord's (`examples/parcels`), and by plain schemas.

use serde_json::{Value, json};
use std::{fs, path::Path};

use crate::tool;

const PARCELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/parcels");

/// Runs the tool; its exit code and what it printed.
fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = tool(arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout) + &text(output.stderr))
}

/// Writes a file and gives its path.
fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).expect("the file is written");
    path.to_str().expect("a path of the test").to_owned()
}

/// The outcome of a party in a JSON report.
fn outcome(report: &Value, party: &str) -> String {
    let readings = report["readings"].as_array().expect("readings");
    let found = readings.iter().find(|reading| reading["party"] == party);
    found.map_or_else(|| format!("no {party}"), |reading| reading["outcome"].as_str().unwrap().to_owned())
}

fn read(document: &Value, flags: &[&str]) -> (Option<i32>, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = file(folder.path(), "document.json", &document.to_string());
    let (code, text) = run(&[&["read", &path, "--format", "json"], flags].concat());
    (code, serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}")))
}

#[test]
fn a_document_of_another_contract_is_read_by_its_names_defaults_and_rules() {
    let of = |document: Value| read(&document, &["--contract", PARCELS, "--schema", "SendParcel"]);
    let address = json!({"street": "Pier 3", "city": "Kiel"});
    let (code, report) = of(json!({"weight_grams": 900, "to_address": address}));
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(
        (outcome(&report, "schema"), outcome(&report, "rust")),
        ("read".to_owned(), "read".to_owned())
    );
    let rust = &report["readings"][1];
    let filled: Vec<&str> =
        rust["filled_in"].as_array().unwrap().iter().map(|one| one["at"].as_str().unwrap()).collect();
    assert_eq!(filled, ["/speed", "/insured_value"], "{rust:#}");

    // C# names, an irregular one and a spelling of an enum: the schema knows none of them, the reading all.
    let csharp = json!({"WeightGrams": 900, "ToAddress": {"Street": "Pier 3", "City": "Kiel"}, "InsuredFor": 5, "Speed": "standard"});
    let (code, report) = of(csharp);
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(outcome(&report, "schema"), "refused");
    assert_eq!(report["readings"][1]["value"]["speed"], "normal", "{report:#}");
    assert_eq!(report["readings"][1]["value"]["insured_value"], 5.0, "{report:#}");

    // A rule over two fields, with a code that Concord does not have.
    let (code, report) = of(json!({"weight_grams": 900, "to_address": address, "insured_value": 2000}));
    assert_eq!(code, Some(10), "{report:#}");
    assert!(report["readings"][1].to_string().contains("goes express"), "{report:#}");
}

#[test]
fn a_reply_of_another_contract_is_read_by_its_action() {
    let of = |document: Value| read(&document, &["--contract", PARCELS, "--as", "send_parcel"]);
    assert_eq!(of(json!({"tracking_code": "KI123456", "days": 2})).0, Some(0));
    let (code, report) = of(json!({"tracking_code": "KI1", "days": 2}));
    assert_eq!((code, outcome(&report, "schema")), (Some(10), "refused".to_owned()), "{report:#}");
    let (code, text) = run(&["read", "-", "--contract", PARCELS, "--as", "generate_sdxl"]);
    assert!(code == Some(30) && text.contains("it has send_parcel"), "{text}");
}

#[test]
fn sources_are_judged_by_another_contract() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = "using System.Text.Json.Serialization;\npublic class SendParcel {\n  [JsonPropertyName(\"weight_grams\")] public int WeightGrams { get; set; }\n  [JsonPropertyName(\"to_adress\")] public Address ToAddress { get; set; }\n  [JsonPropertyName(\"insured_value\")] public string InsuredFor { get; set; }\n}\npublic class Address {\n  [JsonPropertyName(\"street\")] public string Street { get; set; }\n  [JsonPropertyName(\"city\")] public string City { get; set; }\n}\n";
    let path = file(folder.path(), "Dtos.cs", source);
    let (code, text) = run(&["csharp", &path, "--options", "default", "--contract", PARCELS]);
    assert_eq!(code, Some(10), "{text}");
    for part in
        ["the contract has no \"to_adress\"; it has to_address", "it is a string", "SendParcel as SendParcel"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let source = "def send(payload):\n    weight = payload[\"weight_gram\"]\n    return {\"tracking_code\": \"KI123456\", \"days\": 1, \"steps\": payload[\"steps\"]}\n";
    let path = file(folder.path(), "carrier.py", source);
    let (code, text) = run(&["python", &path, "--contract", PARCELS]);
    assert_eq!(code, Some(10), "{text}");
    for part in ["weight_gram", "\"steps\""] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("tracking_code"), "{text}");
}

#[test]
fn a_command_is_known_by_the_actions_of_its_contract() {
    let folder = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(PARCELS).expect("the example") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a file").replace("\"send_parcel\"", "\"ship\"");
        file(folder.path(), path.file_name().unwrap().to_str().unwrap(), &text);
    }
    let source = "var a = new { action = \"ship\", weight_gram = 900 };\nvar b = new { action = \"initialize\", inner = new { action = \"ship\", citty = 1 } };\n";
    let path = file(folder.path(), "Commands.cs", source);
    let (code, text) = run(&["csharp", &path, "--contract", folder.path().to_str().unwrap()]);
    assert_eq!(code, Some(10), "{text}");
    assert!(text.contains("ship has no \"weight_gram\"") && text.contains("ship has no \"citty\""), "{text}");
    assert!(!text.contains("initialize"), "{text}");
}

#[test]
fn a_change_of_another_contract_breaks_its_clients() {
    let folder = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(PARCELS).expect("the example") {
        let path = entry.expect("an entry").path();
        let text =
            fs::read_to_string(&path).expect("a file").replace("\"maximum\": 30000", "\"maximum\": 20000");
        file(folder.path(), path.file_name().unwrap().to_str().unwrap(), &text);
    }
    let new = folder.path().to_str().unwrap();
    let (code, text) = run(&["diff", PARCELS, "--contract", new, "--format", "json"]);
    assert_eq!(code, Some(10), "{text}");
    let report: Value = serde_json::from_str(&text).expect("JSON");
    let found = report["findings"].as_array().unwrap().iter().find(|it| it["rule"] == "B02").expect("B02");
    assert_eq!(found["messages"][0], "send_parcel command");
    assert_eq!(found["witnesses"][0]["confirmed_by"], json!(["jsonschema", "boon", "readings"]));
}

#[test]
fn plain_schemas_and_openapi_judge_documents_and_no_sources() {
    let folder = tempfile::tempdir().expect("a folder");
    let schema = json!({"type": "object", "properties": {"size": {"type": "integer", "maximum": 9}}});
    let plain = file(folder.path(), "plain.json", &schema.to_string());
    let (code, report) = read(&json!({"size": 9}), &["--contract", &plain]);
    assert_eq!((code, outcome(&report, "rust")), (Some(0), "skipped".to_owned()), "{report:#}");
    assert_eq!(read(&json!({"size": 10}), &["--contract", &plain]).0, Some(10));
    let document = json!({"openapi": "3.1.0", "info": {"title": "a", "version": "1"}, "paths": {}, "components": {"schemas": {"Size": schema}}});
    let openapi = file(folder.path(), "openapi.json", &document.to_string());
    let (code, report) = read(&json!({"size": 10}), &["--contract", &openapi, "--schema", "Size"]);
    assert_eq!((code, outcome(&report, "schema")), (Some(10), "refused".to_owned()), "{report:#}");
    for command in [&["csharp", &plain, "--contract", &plain][..], &["python", &plain, "--contract", &plain]]
    {
        let (code, text) = run(command);
        assert!(code == Some(30) && text.contains("has no registry.json"), "{command:?}: {text}");
    }
}

#[test]
fn a_contract_outside_of_the_subset_is_refused_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(PARCELS).expect("the example") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a file").replace("\"x-unit\": \"grams\"", "\"not\": {}");
        file(folder.path(), path.file_name().unwrap().to_str().unwrap(), &text);
    }
    let contract = folder.path().to_str().unwrap();
    let (code, text) = run(&["python", PARCELS, "--contract", contract]);
    assert_eq!(code, Some(30), "{text}");
    assert!(text.contains("parcels_schema.json#/$defs/Weighed/properties/weight_grams"), "{text}");
}

/// A code that only its own tables know is one of theirs; one that they do not know is a mistake.
#[test]
fn a_rule_has_a_code_of_its_own_contract() {
    let folder = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(PARCELS).expect("the example") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a file");
        // Concord has this code, and the contract of parcels has not.
        let is_rules = path.ends_with("rules.json");
        let text = if is_rules { text.replace("too_valuable", "queue_full") } else { text };
        file(folder.path(), path.file_name().unwrap().to_str().unwrap(), &text);
    }
    let document = file(folder.path(), "parcel.txt", "{}");
    let contract = folder.path().to_str().unwrap();
    let (code, text) = run(&["read", &document, "--contract", contract, "--schema", "SendParcel"]);
    assert_eq!(code, Some(30), "{text}");
    assert!(text.contains("rules.json#/rules/0/code: the code `queue_full` is in no table"), "{text}");
}
