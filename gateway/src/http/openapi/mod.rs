//! `/openapi.json`: OpenAPI 3.1, made of the registry and the bundle of schemas.
//!
//! It is written for generators of clients: each reply is one closed component, scalars are inlined (a generator drops
//! a default beside a reference), an optional field of a request may be null, and each component is reached by some
//! path. `gateway/tests/it/openapi.rs` checks these rules.

mod components;
mod edge;
mod operations;

use std::sync::LazyLock;

use axum::{
    body::Body,
    http::{Response, StatusCode},
};
use contracts::{ErrorCode, registry::TAGS};
use serde_json::{Map, Value, json};

use self::components::Components;
use super::problem::with;
use crate::pending::PENDING;

const ABOUT: &str = "Pictures from SDXL over a pool of GPU workers.\n\n\
    Names here are snake, and a generated client needs no other. Any body may be written in pascal or camel too; the \
    reply is then in that dialect, or in the one that the query parameter `dialect` names. That parameter is left out \
    of this document, because the replies described here are those in snake.\n\n\
    In a body null means absent. A failure is `application/problem+json` (RFC 9457), which also has the members of a \
    failed reply.\n\n\
    Every answer has `X-Content-Type-Options`: nosniff. `Vary` names the headers of the request that an answer depends on.";

/// Serves the document.
pub(crate) async fn document() -> Response<Body> {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| openapi().to_string());
    with(StatusCode::OK, "application/json", DOCUMENT.as_str())
}

/// The whole document.
fn openapi() -> Value {
    let mut components = Components::read();
    let mut paths = Map::new();
    for (verb, path, operation) in operations::all(&mut components) {
        let at = paths.entry(path).or_insert_with(|| json!({}));
        at[verb.to_lowercase()] = operation;
    }
    let pending = PENDING.iter().map(|one| json!({"what": one.what, "meanwhile": one.meanwhile}));
    let responses = components.responses();
    let paths = Value::Object(paths);
    let schemas = components.reached(&[&paths, &responses]);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Concord gateway",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": "/", "description": "Where this document was read."}],
        // No API keys yet.
        "security": [],
        "tags": TAGS.iter().map(|tag| json!({"name": tag.name, "description": tag.description})).collect::<Vec<_>>(),
        "paths": paths,
        "components": {"schemas": schemas, "responses": responses},
        "x-pending": pending.collect::<Vec<_>>(),
    })
}

/// A reference to a component.
fn schema(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// A response in JSON.
fn answer(means: &str, schema: &Value) -> Value {
    json!({"description": means, "content": {"application/json": {"schema": schema}}})
}

/// A reference to the shared response of a status; `None`: that of all other statuses.
fn problem(status: Option<u16>) -> Value {
    let name = status.map_or_else(|| "Problem".to_owned(), |status| format!("Problem{status}"));
    json!({"$ref": format!("#/components/responses/{name}")})
}

/// A sentence with the codes of a status.
fn codes(status: Option<u16>) -> String {
    let of = |code: &ErrorCode| status.is_none_or(|status| code.status() == status);
    let codes: Vec<&str> = ErrorCode::ALL.iter().filter(|code| of(code)).map(|code| code.as_str()).collect();
    format!("A failure: {}.", codes.join(", "))
}

/// The component name of a name in the registry.
fn camel(name: &str) -> String {
    contracts::naming::pascal(name)
}
