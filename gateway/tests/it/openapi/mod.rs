//! `/openapi.json`: it has nothing that generators of clients cannot read. `answers` has the tests that the gateway does
//! what it says.

mod answers;

use std::collections::BTreeSet;

use contracts::Action;
use serde_json::{Value, json};

use crate::rig::Rig;

/// The JSON Schema of OpenAPI 3.1 itself (spec.openapis.org, 2022-10-07, Apache-2.0).
const OPENAPI: &str = include_str!("../data/openapi-3.1.json");

async fn document() -> Value {
    let rig = Rig::with(1, "", &[]).await;
    let document = rig.get("/openapi.json").await.body;
    rig.stop().await;
    document
}

/// Calls with every schema below a value, and its pointer.
fn each_schema(at: &str, value: &Value, visit: &mut dyn FnMut(&str, &Value)) {
    let Some(members) = value.as_object() else { return };
    visit(at, value);
    for (key, member) in members {
        let below = format!("{at}/{key}");
        match key.as_str() {
            "properties" => {
                for (name, property) in member.as_object().into_iter().flatten() {
                    each_schema(&format!("{below}/{name}"), property, visit);
                }
            }
            "items" | "additionalProperties" => each_schema(&below, member, visit),
            "oneOf" | "anyOf" | "allOf" => {
                for (number, one) in member.as_array().into_iter().flatten().enumerate() {
                    each_schema(&format!("{below}/{number}"), one, visit);
                }
            }
            _ => {}
        }
    }
}

/// Calls with the path, the verb and the description of every operation.
fn each_operation(document: &Value, visit: &mut dyn FnMut(&str, &str, &Value)) {
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (verb, operation) in item.as_object().expect("operations") {
            visit(path, verb, operation);
        }
    }
}

fn components(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    document["components"]["schemas"].as_object().expect("components").iter()
}

/// Every schema of the components.
fn schemas(document: &Value, visit: &mut dyn FnMut(&str, &Value)) {
    for (name, component) in components(document) {
        each_schema(name, component, visit);
    }
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '_')
}

#[tokio::test]
async fn it_is_a_document_of_openapi_3_1() {
    let document = document().await;
    let meta: Value = serde_json::from_str(OPENAPI).expect("JSON");
    let validator = jsonschema::validator_for(&meta).expect("the schema of OpenAPI compiles");
    let faults: Vec<String> =
        validator.iter_errors(&document).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert_eq!(faults, Vec::<String>::new());
    for (name, component) in components(&document) {
        assert!(jsonschema::meta::is_valid(component), "{name} is no schema of JSON Schema 2020-12");
    }
}

#[tokio::test]
async fn operations_have_names_that_are_identifiers_and_say_what_readers_ask() {
    let document = document().await;
    let tags: BTreeSet<&str> =
        document["tags"].as_array().expect("tags").iter().filter_map(|tag| tag["name"].as_str()).collect();
    let mut ids = BTreeSet::new();
    each_operation(&document, &mut |path, verb, operation| {
        let at = format!("{verb} {path}");
        let id = operation["operationId"].as_str().expect("an id");
        assert!(is_identifier(id), "{at}: {id:?} is no identifier");
        assert!(ids.insert(id.to_owned()), "{at}: {id} names two operations");
        let own = operation["tags"].as_array().expect("tags");
        assert!(own.len() == 1 && own[0].as_str().is_some_and(|tag| tags.contains(tag)), "{at}: {own:?}");
        for text in ["summary", "description"] {
            assert!(operation[text].as_str().is_some_and(|text| !text.is_empty()), "{at}: no {text}");
        }
        let responses = operation["responses"].as_object().expect("responses");
        assert!(responses.keys().any(|status| status.starts_with('4')), "{at}: no answer of 4xx");
        assert!(responses.contains_key("default"), "{at}: no default");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{at}: {parameter}");
            assert_ne!(
                parameter["name"], "dialect",
                "{at}: replies of another dialect are not described here"
            );
        }
    });
    assert!(document["servers"].as_array().is_some_and(|servers| !servers.is_empty()));
    assert_eq!(document["security"], json!([]), "there are no keys yet, and the document says so");
}

#[tokio::test]
async fn every_reply_is_one_closed_component() {
    let document = document().await;
    each_operation(&document, &mut |path, verb, operation| {
        let Some(action) = operation["x-action"].as_str() else { return };
        let at = format!("{verb} {path}");
        let reply = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        if operation["x-pending"] == true {
            assert!(reply.is_null(), "{at}: what is not there yet has no success");
            return;
        }
        let name = reply["$ref"].as_str().and_then(|to| to.strip_prefix("#/components/schemas/"));
        let name = name.unwrap_or_else(|| panic!("{at}: {reply} is no component"));
        let reply = &document["components"]["schemas"][name];
        assert_eq!(reply["type"], "object", "{name}");
        assert_eq!(reply["additionalProperties"], false, "{name} is closed");
        let data =
            Action::ALL.into_iter().find(|one| one.as_str() == action).expect("an action").info().reply;
        assert_eq!(reply["properties"]["data"]["$ref"], format!("#/components/schemas/{data}"), "{name}");
        for member in ["error", "error_details"] {
            assert!(reply["properties"][member].get("const").is_some_and(Value::is_null), "{name}: {member}");
        }
    });
    schemas(&document, &mut |at, schema| {
        for choice in ["allOf", "anyOf"] {
            assert!(schema.get(choice).is_none(), "{at}: generators make nothing of {choice}");
        }
    });
}

#[tokio::test]
async fn components_are_such_that_generators_keep_them() {
    let document = document().await;
    for (name, component) in components(&document) {
        assert!(component.get("oneOf").is_none(), "{name} is nothing but a choice");
        let scalar = matches!(component["type"].as_str(), Some("string" | "integer" | "number" | "boolean"));
        assert!(!scalar || component.get("enum").is_some(), "{name}: a scalar stands where it is used");
    }
    schemas(&document, &mut |at, schema| {
        if schema["type"] == "null" {
            assert!(at.ends_with("/oneOf/1"), "{at}: a bare null has no type in most languages");
        }
        let wide =
            |bound: &str| schema[bound].as_f64().is_some_and(|bound| bound.abs() > f64::from(i32::MAX));
        let integer = match &schema["type"] {
            Value::Array(types) => types.iter().any(|kind| kind == "integer"),
            kind => kind == "integer",
        };
        if integer {
            let expected = if wide("maximum") || wide("minimum") { json!("int64") } else { Value::Null };
            assert_eq!(schema["format"], expected, "{at}");
        }
        if schema.get("default").is_some() {
            // A type that is inlined beside it, or a choice of an enum and null.
            assert!(schema.get("$ref").is_none(), "{at}: a default beside a reference is dropped");
        }
    });
}

#[tokio::test]
async fn what_a_request_leaves_out_is_never_sent_as_zero() {
    let document = document().await;
    let hyper = &document["components"]["schemas"]["Hyperparameters"]["properties"];
    assert_eq!(hyper["guidance_scale"]["default"], 7.5);
    assert_eq!(hyper["seed"]["default"], -1);
    assert_eq!(hyper["batch_size"]["default"], 1);
    // Every optional field of a request may be null, so that a number in a typed language need not be 0.
    let mut next: Vec<String> = Vec::new();
    each_operation(&document, &mut |_, _, operation| {
        collect(&operation["requestBody"], &mut next);
    });
    let mut seen = BTreeSet::new();
    while let Some(name) = next.pop() {
        let component = &document["components"]["schemas"][&name];
        if !seen.insert(name.clone()) {
            continue;
        }
        collect(component, &mut next);
        let required: Vec<&str> =
            component["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (field, property) in component["properties"].as_object().into_iter().flatten() {
            let types =
                property["type"].as_array().is_some_and(|types| types.iter().any(|kind| kind == "null"));
            let choice = property["oneOf"]
                .as_array()
                .is_some_and(|forms| forms.iter().any(|one| one["type"] == "null"));
            let anything = property.get("type").is_none() && property.get("$ref").is_none() && !choice;
            assert!(
                required.contains(&field.as_str()) || types || choice || anything,
                "{name}.{field} is optional and not nullable"
            );
        }
    }
    assert!(seen.contains("PromptSubmission"), "{seen:?}");
}

fn collect(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match (key.as_str(), member.as_str()) {
                    ("$ref", Some(to)) => into.push(to.rsplit('/').next().unwrap_or_default().to_owned()),
                    _ => collect(member, into),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
        _ => {}
    }
}

#[tokio::test]
async fn every_component_is_reached_and_every_reference_resolves() {
    let document = document().await;
    let mut reached = Vec::new();
    collect(&document["paths"], &mut reached);
    collect(&document["components"], &mut reached);
    for (name, _) in components(&document) {
        assert!(reached.contains(name), "{name} is used by nothing");
    }
    for name in reached {
        let there =
            ["schemas", "responses"].iter().any(|kind| !document["components"][kind][&name].is_null());
        assert!(there, "{name} is nowhere");
    }
}

#[tokio::test]
async fn bytes_go_up_and_down_with_a_schema() {
    let document = document().await;
    for (at, content) in [
        ("upload", &document["paths"]["/v1/uploads"]["post"]["requestBody"]["content"]),
        ("picture", &document["paths"]["/v1/jobs/{id}/images/{n}"]["get"]["responses"]["200"]["content"]),
    ] {
        let types: Vec<&String> = content.as_object().expect("types").keys().collect();
        assert_eq!(types, ["image/png", "image/jpeg", "image/webp"], "{at}");
        for kind in types {
            assert_eq!(content[kind]["schema"], json!({"type": "string", "format": "binary"}), "{at}");
        }
    }
}

/// Every command may have its trace in a header, and the document describes it.
#[tokio::test]
async fn every_command_takes_a_traceparent() {
    let document = document().await;
    let mut commands = 0;
    each_operation(&document, &mut |path, verb, operation| {
        let is_command = path == "/v1/commands"
            || contracts::Action::ALL
                .iter()
                .flat_map(|action| action.info().routes)
                .any(|route| route.path == path && route.verb.eq_ignore_ascii_case(verb));
        let parameters = operation["parameters"].as_array().expect("a list");
        let header = parameters.iter().find(|one| one["name"] == "traceparent");
        assert_eq!(header.is_some(), is_command, "{verb} {path}");
        let Some(header) = header else { return };
        commands += 1;
        assert_eq!((&header["in"], &header["required"]), (&json!("header"), &json!(false)), "{path}");
        assert!(
            header["description"].as_str().is_some_and(|text| text.contains("`tracestate` is dropped")),
            "{path}"
        );
        // A malformed header is not an error of the request, and a later version is not malformed.
        assert_eq!(header["schema"].get("pattern"), None, "{path}");
        assert!(header["schema"]["examples"][0].is_string(), "{header}");
    });
    assert!(commands > 10, "{commands}");
}

#[tokio::test]
async fn bodies_are_closed_and_leave_out_what_the_route_says() {
    let document = document().await;
    each_operation(&document, &mut |path, verb, operation| {
        let Some(body) = operation["requestBody"]["content"].get("application/json") else { return };
        if path == "/v1/commands" {
            return;
        }
        let name = body["schema"]["$ref"]
            .as_str()
            .unwrap_or_else(|| panic!("{verb} {path}: its body is no component"));
        let name = name.rsplit('/').next().expect("a name");
        let component = &document["components"]["schemas"][name];
        assert_eq!(component["additionalProperties"], false, "{verb} {path}: {name} is closed");
        if path.starts_with("/v1/tests/") {
            assert!(component["properties"].get("scope").is_none(), "{path} says the scope: {name}");
        }
        if path.contains("{gpu_id}") {
            assert!(component["properties"].get("gpu_id").is_none(), "{path} says the GPU: {name}");
        }
    });
    let key = document["paths"]["/v1/generate"]["post"]["parameters"]
        .as_array()
        .and_then(|parameters| parameters.iter().find(|one| one["name"] == "Idempotency-Key"))
        .expect("the header");
    assert_eq!((&key["schema"]["minLength"], &key["schema"]["maxLength"]), (&json!(1), &json!(255)));
}
