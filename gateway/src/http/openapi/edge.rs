//! What HTTP adds to an operation: the headers that it reads, and answers that are not replies.

use serde_json::{Value, json};

use super::{
    components::Components,
    operations::{parameter, pictures},
    problem,
};

/// Adds it to an operation, by verb and path.
pub(super) fn add(components: &Components, verb: &str, path: &str, operation: &mut Value) {
    match (verb, path) {
        ("GET", "/v1/jobs") => {
            let mut session = components.parameter("EnvelopeHead", Some("session_id"));
            session["description"] = "Only jobs of this session.".into();
            push(operation, parameter("session_id", "query", false, session));
        }
        ("GET", "/v1/jobs/{id}/events") => events(operation),
        ("GET", "/v1/jobs/{id}/images/{n}") => picture(operation),
        ("POST", "/v1/generate") => generate(operation),
        _ => {}
    }
}

fn events(operation: &mut Value) {
    let last = json!({
        "type": "integer", "minimum": 0, "maximum": 9_007_199_254_740_991_u64, "format": "int64", "examples": [17],
        "description": "The id of the last event that was heard: what came later follows.",
    });
    header(operation, "Last-Event-ID", last);
    operation["responses"]["204"] = bare("The reply has been heard: nothing more comes.");
    let buffering = described_header("`no`: a proxy passes each event on at once.");
    let cache = described_header("`no-cache`: events are not kept.");
    operation["responses"]["200"]["headers"] =
        json!({"X-Accel-Buffering": buffering, "Cache-Control": cache});
    operation["responses"]["204"]["headers"] = json!({"X-Accel-Buffering": buffering});
}

/// A header of a response.
fn described_header(means: &str) -> Value {
    json!({"description": means, "schema": {"type": "string"}})
}

/// The headers of a picture, or of a part of one.
fn of_a_picture() -> Value {
    json!({
        "ETag": described_header("The SHA-256 of the picture, in quotes."),
        "Cache-Control": described_header("`private, no-cache`: a request_id may be used again."),
        "Accept-Ranges": described_header("`bytes`: a part may be asked for by `Range`, at the picture's own path."),
    })
}

fn picture(operation: &mut Value) {
    for (name, means, example) in [
        ("Range", "One part of the picture; several at once are answered with all of it.", "bytes=0-1023"),
        ("If-Range", "The ETag of the picture that Range is about.", "\"0f23e513\""),
        ("If-None-Match", "ETags of pictures that the client has.", "\"0f23e513\""),
    ] {
        let text = json!({"type": "string", "minLength": 1, "maxLength": 1024, "description": means, "examples": [example]});
        header(operation, name, text);
    }
    let headers = of_a_picture();
    let responses = &mut operation["responses"];
    responses["200"]["headers"] = headers.clone();
    responses["206"] = responses["200"].clone();
    responses["206"]["description"] = "The part that Range asks for.".into();
    responses["304"] = bare("The client has it.");
    responses["304"]["headers"] = headers.clone();
    responses["416"] = bare("The picture has no such part; `Content-Range` says how long it is.");
    responses["416"]["headers"] = headers;
    for status in ["206", "416"] {
        responses[status]["headers"]["Content-Range"] =
            described_header("Which bytes these are, and of how many.");
    }
}

fn generate(operation: &mut Value) {
    let about = operation["description"].as_str().unwrap_or_default();
    operation["description"] = format!(
        "{about} With `Accept: image/png` (an image type, and not JSON) a success is the picture itself, with \
         `X-Request-Id`, `X-Seed`, `X-Warnings` and `Link`; failures stay problems."
    )
    .into();
    operation["responses"]["406"] = problem(Some(406));
    let success = &mut operation["responses"]["200"];
    // JSON stays the first, because a generator that supports one type of success takes that.
    if let (Some(content), Value::Object(pictures)) = (success["content"].as_object_mut(), pictures()) {
        content.extend(pictures);
    }
    let mut headers = of_a_picture();
    for (name, means) in [
        ("X-Request-Id", "Of a picture: the job's id."),
        ("X-Seed", "Of a picture: the seed that it was made with."),
        ("X-Warnings", "Of a picture: the codes of the reply's warnings, with commas between them."),
        ("Link", "Of a picture: the job, as `describedby`."),
    ] {
        headers[name] = described_header(means);
    }
    success["headers"] = headers;
}

fn header(operation: &mut Value, name: &str, schema: Value) {
    push(operation, parameter(name, "header", false, schema));
}

fn push(operation: &mut Value, parameter: Value) {
    if let Some(parameters) = operation["parameters"].as_array_mut() {
        parameters.push(parameter);
    }
}

/// A response without a body.
fn bare(means: &str) -> Value {
    json!({"description": means})
}
