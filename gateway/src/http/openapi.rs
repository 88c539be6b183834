//! `/openapi.json`: OpenAPI 3.1, made of the registry and the bundle of schemas.

use std::sync::LazyLock;

use axum::{
    body::Body,
    http::{Response, StatusCode},
};
use contracts::{
    Action, ErrorCode,
    dictionary::{Shape, dictionary},
    generated::{
        BUNDLE,
        action::{RESOURCES, Resource, Route},
    },
};
use serde_json::{Map, Value, json};

use super::problem::with;
use crate::pending::PENDING;

/// Serves the document.
pub(crate) async fn document() -> Response<Body> {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| openapi().to_string());
    with(StatusCode::OK, "application/json", DOCUMENT.as_str())
}

fn openapi() -> Value {
    let mut paths = Map::new();
    for action in Action::ALL {
        for (number, route) in action.info().routes.iter().enumerate() {
            let at = paths.entry(route.path).or_insert_with(|| json!({}));
            at[route.verb.to_lowercase()] = operation(action, route, number);
        }
    }
    for resource in &RESOURCES {
        let at = paths.entry(resource.path).or_insert_with(|| json!({}));
        at[resource.verb.to_lowercase()] = resource_operation(resource);
    }
    let pending = PENDING.iter().map(|one| json!({"what": one.what, "meanwhile": one.meanwhile}));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Concord gateway",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Any body may be written in snake, pascal or camel; replies are in the dialect of the request, or of the `dialect` parameter. Names here are snake.",
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "paths": paths,
        "components": {"schemas": schemas()},
        "x-pending": pending.collect::<Vec<_>>(),
    })
}

/// The bundle's definitions, their references moved to where OpenAPI keeps them.
fn schemas() -> Value {
    let mut bundle: Value = serde_json::from_str(BUNDLE).expect("the bundle is generated and tested");
    let mut schemas = bundle["$defs"].take();
    move_references(&mut schemas);
    schemas
}

fn move_references(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match (name.as_str(), &member) {
                    ("$ref", Value::String(to)) => {
                        *member = to.replace("#/$defs/", "#/components/schemas/").into();
                    }
                    _ => move_references(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(move_references),
        _ => {}
    }
}

fn schema(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn operation(action: Action, route: &Route, number: usize) -> Value {
    let info = action.info();
    let id = if number == 0 { action.as_str().to_owned() } else { format!("{action}_{}", number + 1) };
    let mut operation = json!({
        "operationId": id,
        "summary": info.summary,
        "x-action": action.as_str(),
        "x-service-methods": info.service_methods,
        "parameters": parameters(action, route),
        "responses": {
            "200": answer("The reply.", json!({"allOf": [schema("Reply"), {"properties": {"data": schema(info.reply)}}]})),
            "default": problem(),
        },
    });
    if matches!(info.class, contracts::Class::Job | contracts::Class::Training) {
        operation["responses"]["202"] = answer("Queued: `Prefer: respond-async`.", schema("Accepted"));
    }
    if route.verb == "POST" {
        operation["requestBody"] = body(action, route);
    }
    if PENDING.iter().any(|pending| pending.action == Some(action)) {
        operation["x-pending"] = true.into();
    }
    operation
}

fn body(action: Action, route: &Route) -> Value {
    let request = action.info().request;
    let spec = dictionary().object(request);
    let mut forms = vec![schema(request)];
    if let Some(bare) = route.bare
        && let Some(Shape::Ref(id)) = spec.property(bare).map(|property| &property.shape)
    {
        forms.insert(0, schema(&dictionary().def(*id).name));
    }
    forms.push(json!({
        "type": "object",
        "description": "The documented envelope.",
        "properties": {"action": {"const": action.as_str()}, "payload": schema(request)},
        "required": ["action", "payload"],
    }));
    let required =
        spec.properties.iter().any(|property| property.required && !is_given(route, &property.snake));
    json!({"required": required, "content": {"application/json": {"schema": {"anyOf": forms}}}})
}

fn is_given(route: &Route, field: &str) -> bool {
    route.fixed.iter().any(|(name, _)| *name == field) || params(route).any(|(_, name)| name == field)
}

/// `(path parameter, field)`.
fn params(route: &Route) -> impl Iterator<Item = (&'static str, &'static str)> {
    let named = route.params;
    route.path.split('/').filter_map(move |part| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        Some((name, named.iter().find(|(param, _)| *param == name).map_or(name, |(_, field)| *field)))
    })
}

fn parameters(action: Action, route: &Route) -> Value {
    let spec = dictionary().object(action.info().request);
    let head = dictionary().object("EnvelopeHead");
    let bundle = &*SHAPES;
    let shape_of = |field: &str| {
        let owner = if spec.property(field).is_some() { action.info().request } else { "EnvelopeHead" };
        bundle[owner]["properties"][field].clone()
    };
    let mut parameters: Vec<Value> = params(route)
        .filter(|(_, field)| spec.property(field).is_some() || head.property(field).is_some())
        .map(|(name, field)| json!({"name": name, "in": "path", "required": true, "schema": shape_of(field)}))
        .collect();
    if route.verb != "POST" {
        for property in &spec.properties {
            if !is_given(route, &property.snake) {
                parameters.push(json!({
                    "name": property.snake, "in": "query", "required": property.required,
                    "schema": shape_of(&property.snake),
                }));
            }
        }
    }
    parameters.push(dialect());
    if matches!(action.info().class, contracts::Class::Job | contracts::Class::Training) {
        for (name, means) in [
            ("Prefer", "`respond-async` answers 202 at once."),
            ("Idempotency-Key", "Kept 24 h: the same key and request are one job."),
        ] {
            parameters.push(
                json!({"name": name, "in": "header", "description": means, "schema": {"type": "string"}}),
            );
        }
    }
    parameters.into()
}

static SHAPES: LazyLock<Value> = LazyLock::new(schemas);

fn dialect() -> Value {
    json!({"name": "dialect", "in": "query", "description": "The dialect of the reply.", "schema": schema("DialectName")})
}

fn resource_operation(resource: &Resource) -> Value {
    let path: Vec<Value> = resource
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .chain([dialect()])
        .collect();
    let ok = match (resource.path, resource.reply) {
        (_, Some(reply)) => answer("Done.", schema(reply)),
        ("/v1/commands", _) => answer("The reply.", schema("Reply")),
        ("/v1/jobs/{id}/events", _) => {
            json!({"description": "Server-sent events; the last is `reply`.", "content": {"text/event-stream": {}}})
        }
        ("/v1/jobs/{id}/images/{n}", _) => {
            json!({"description": "The picture.", "content": {"image/png": {}, "image/jpeg": {}, "image/webp": {}}})
        }
        _ => answer("Done.", json!({"type": "object"})),
    };
    let mut operation = json!({
        "operationId": format!("{} {}", resource.verb.to_lowercase(), resource.path),
        "summary": resource.summary,
        "parameters": path,
        "responses": {"200": ok, "default": problem()},
    });
    match resource.path {
        "/v1/commands" => {
            operation["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": {
                "type": "object", "properties": {"action": schema("Action")}, "required": ["action"],
            }}}});
        }
        "/v1/uploads" => {
            operation["requestBody"] = json!({"required": true, "content": {"image/*": {}}});
        }
        _ => {}
    }
    operation
}

fn answer(means: &str, schema: Value) -> Value {
    json!({"description": means, "content": {"application/json": {"schema": schema}}})
}

fn problem() -> Value {
    let codes: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "description": format!("A failure: {}.", codes.join(", ")),
        "content": {"application/problem+json": {"schema": schema("Problem")}},
    })
}
