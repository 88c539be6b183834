//! The gateway does what `/openapi.json` says.

use std::collections::BTreeSet;

use contracts::registry::RESOURCES;
use serde_json::{Value, json};

use super::{document, each_operation};
use crate::rig::{Rig, job};

/// The gateway's answers match its own document.
#[tokio::test]
async fn answers_are_what_the_document_says() {
    let rig = Rig::start(&[]).await;
    let document = rig.get("/openapi.json").await.body;
    let id = rig.queue(&job("generate_sdxl")).await;
    rig.reply(&id).await;
    let held = |at: &str, status: u16, operation: &Value, body: &Value| {
        let response = &operation["responses"][status.to_string()];
        let response = if response.is_null() { &operation["responses"]["default"] } else { response };
        let response = match response["$ref"].as_str() {
            Some(to) => document.pointer(to.trim_start_matches('#')).expect("a response"),
            None => response,
        };
        let kind =
            if status == 200 || status == 503 { "application/json" } else { "application/problem+json" };
        let schema = &response["content"][kind]["schema"];
        let root = json!({"components": document["components"], "allOf": [schema]});
        let validator = jsonschema::validator_for(&root).expect("it compiles");
        let faults: Vec<String> =
            validator.iter_errors(body).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
        assert_eq!(faults, Vec::<String>::new(), "{at} {status}: {body}");
    };
    let mut tried = 0;
    let mut gets = Vec::new();
    each_operation(&document, &mut |path, verb, _| {
        let raw = RESOURCES.iter().any(|one| one.path == path && path.contains("/{id}/"));
        if verb == "get" && !raw && path != "/openapi.json" {
            gets.push(path.to_owned());
        }
    });
    for path in gets {
        let operation = &document["paths"][&path]["get"];
        let filled = path.replace("{gpu_id}", "gpu_0").replace("{id}", &id).replace("{training_id}", "none");
        let answer = rig.get(&filled.replace("{session_id}", "none")).await;
        held(&path, answer.status, operation, &answer.body);
        tried += 1;
    }
    assert!(tried > 15, "{tried}");
    let submission =
        json!({"model": {"base": "sdxl_base"}, "conditioning": {"prompt": "a pier"}, "scheduler": null});
    let wrong = json!({"model": {"base": "sdxl_base"}, "conditioning": {"prompt": 1}});
    for (path, body) in [
        ("/v1/generate", &submission),
        ("/v1/generate", &wrong),
        ("/v1/validate", &submission),
        ("/v1/estimate", &submission),
    ] {
        let answer = rig.send_request(rig.request("POST", path).json(body)).await;
        held(path, answer.status, &document["paths"][path]["post"], &answer.body);
    }
    rig.stop().await;
}

/// An operation has 202 exactly if it takes `Prefer: respond-async`.
#[tokio::test]
async fn an_operation_says_202_where_it_takes_prefer() {
    let document = document().await;
    let mut takers = 0;
    each_operation(&document, &mut |path, verb, operation| {
        if operation["x-pending"] == true {
            return;
        }
        let takes = operation["parameters"].as_array().unwrap().iter().any(|one| one["name"] == "Prefer");
        let accepted = &operation["responses"]["202"];
        assert_eq!(takes, !accepted.is_null(), "{verb} {path}");
        if takes {
            takers += 1;
            assert_eq!(
                accepted["content"]["application/json"]["schema"]["$ref"], "#/components/schemas/Accepted",
                "{verb} {path}"
            );
        }
    });
    for path in ["/v1/commands", "/v1/models/validate", "/v1/generate"] {
        assert!(document["paths"][path]["post"]["responses"]["202"].is_object(), "{path}");
    }
    assert!(takers > 5, "{takers}");
}

/// Whether a header needs no entry at an operation: the framing of HTTP, and headers that the description of the
/// document covers.
fn is_of_every_answer(document: &Value, header: &str) -> bool {
    let about = document["info"]["description"].as_str().unwrap().to_ascii_lowercase();
    ["content-type", "content-length", "transfer-encoding", "date", "connection"].contains(&header)
        || about.contains(&format!("`{header}`"))
}

/// Checks one answer against its operation in the document.
fn holds(document: &Value, at: &str, operation: &Value, answer: &reqwest::Response) {
    let status = answer.status().as_u16();
    let expected = &operation["responses"][status.to_string()];
    let expected = match expected {
        Value::Null if status >= 400 => &operation["responses"]["default"],
        expected => expected,
    };
    assert!(expected.is_object(), "{at}: {status} is not in the document");
    let expected = match expected["$ref"].as_str() {
        Some(to) => document.pointer(to.trim_start_matches('#')).expect("a response"),
        None => expected,
    };
    let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap());
    if let Some(kind) = kind {
        let kind = kind.split(';').next().unwrap();
        assert!(expected["content"][kind].is_object(), "{at} {status}: {kind} is not in the document");
    }
    let documented: Vec<String> = expected["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    for name in answer.headers().keys() {
        let known = documented.iter().any(|one| one == name.as_str());
        assert!(
            known || is_of_every_answer(document, name.as_str()),
            "{at} {status}: {name} is not in the document"
        );
    }
    for (name, header) in expected["headers"].as_object().into_iter().flatten() {
        assert!(
            header["required"] != true || answer.headers().contains_key(name),
            "{at} {status}: no {name}"
        );
    }
}

/// Verb, path, headers and body.
type Exchange<'a> = (&'a str, &'a str, Vec<(&'a str, &'a str)>, Option<&'a Value>);

/// Walks the routes and what HTTP adds to them: each status, media type and header of an answer is in the document.
#[tokio::test]
async fn statuses_media_types_and_headers_are_in_the_document() {
    let rig = Rig::start(&[]).await;
    let document = rig.get("/openapi.json").await.body;
    let done = rig.command(&job("generate_sdxl")).await;
    let id = done.body["request_id"].as_str().unwrap().to_owned();
    let picture = rig.send_request(rig.request("GET", &format!("/v1/jobs/{id}/images/0"))).await;
    let etag = picture.headers["etag"].to_str().unwrap().to_owned();
    let submission = json!({"model": {"base": "sdxl_base"}, "conditioning": {"prompt": "a pier"}});
    let command = json!({"action": "generate_sdxl", "prompt_submission": submission});
    let deep = json!({"model_paths": ["sdxl_base"], "deep": true});
    let image = "/v1/jobs/{id}/images/{n}";
    let later = ("prefer", "respond-async");
    let mut asked: Vec<Exchange<'_>> = vec![
        ("post", "/v1/commands", vec![], Some(&command)),
        ("post", "/v1/commands", vec![later], Some(&command)),
        ("post", "/v1/commands", vec![], Some(&Value::Null)),
        ("post", "/v1/models/validate", vec![later], Some(&deep)),
        ("post", "/v1/generate", vec![], Some(&submission)),
        ("post", "/v1/generate", vec![later], Some(&submission)),
        ("post", "/v1/generate", vec![("accept", "image/png")], Some(&submission)),
        ("post", "/v1/generate", vec![("accept", "image/avif")], Some(&submission)),
        ("post", "/v1/generate", vec![("accept", "image/png")], Some(&Value::Null)),
        ("get", image, vec![("range", "bytes=0-9")], None),
        ("get", image, vec![("range", "bytes=99999999-")], None),
        ("get", image, vec![("if-none-match", &etag)], None),
        ("get", "/v1/jobs/{id}/events", vec![("last-event-id", "999999")], None),
        ("get", "/v1/jobs/{id}/events", vec![("last-event-id", "x")], None),
    ];
    let mut gets = Vec::new();
    each_operation(&document, &mut |path, verb, _| {
        if verb == "get" && path != "/openapi.json" {
            gets.push(path.to_owned());
        }
    });
    asked.extend(gets.iter().map(|path| ("get", path.as_str(), vec![], None)));
    let mut seen = BTreeSet::new();
    for (verb, path, headers, body) in asked {
        let filled = path.replace("{gpu_id}", "gpu_0").replace("{id}", &id).replace("{n}", "0");
        let filled = filled.replace("{training_id}", "none").replace("{session_id}", "none");
        let request = rig.request(&verb.to_uppercase(), &filled);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = body.into_iter().fold(request, reqwest::RequestBuilder::json);
        let answer = crate::rig::within(request.send()).await.unwrap();
        holds(&document, &format!("{verb} {path} {headers:?}"), &document["paths"][path][verb], &answer);
        seen.insert(answer.status().as_u16());
        // Waits for the end of what a request began, before the next one.
        crate::rig::within(answer.bytes()).await.unwrap();
    }
    for status in [200, 202, 204, 206, 304, 404, 406, 416, 422] {
        assert!(seen.contains(&status), "{status} was never answered: {seen:?}");
    }
    rig.stop().await;
}

#[tokio::test]
async fn what_http_itself_adds_is_said() {
    let document = document().await;
    for (path, verb, parameters, statuses) in [
        ("/v1/jobs", "get", &["session_id", "status", "limit", "cursor"][..], &[][..]),
        ("/v1/jobs/{id}/events", "get", &["Last-Event-ID"][..], &["204"][..]),
        (
            "/v1/jobs/{id}/images/{n}",
            "get",
            &["Range", "If-Range", "If-None-Match"][..],
            &["206", "304", "416"][..],
        ),
        ("/v1/generate", "post", &[][..], &["406"][..]),
    ] {
        let operation = &document["paths"][path][verb];
        let names: Vec<&str> = operation["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|one| one["name"].as_str())
            .collect();
        assert!(parameters.iter().all(|name| names.contains(name)), "{path}: {names:?}");
        for status in statuses {
            assert!(operation["responses"].get(status).is_some(), "{path}: {status}");
        }
    }
    let about = document["paths"]["/v1/jobs"]["get"]["description"].as_str().unwrap();
    assert!(about.contains("tag.<name>"), "{about}");
}
