//! The operations: one for each route of an action, and one for each resource.

use contracts::{
    Action,
    dictionary::{Property, Shape, dictionary},
    registry::{PARAMETERS, Parameter, RESOURCES, Resource, Route, Tag},
};
use serde_json::{Value, json};

use super::{answer, components::Components, edge, problem, schema};
use crate::pending::PENDING;

/// Returns `(verb, path, operation)` of every route.
pub(super) fn all(components: &mut Components) -> Vec<(&'static str, &'static str, Value)> {
    let mut all = Vec::new();
    for action in Action::ALL {
        for (number, route) in action.info().routes.iter().enumerate() {
            all.push((route.verb, route.path, of_action(components, action, route, number)));
        }
    }
    for resource in &RESOURCES {
        all.push((resource.verb, resource.path, of_resource(components, resource)));
    }
    for (verb, path, operation) in &mut all {
        edge::add(components, verb, path, operation);
        if is_there(operation) && takes(operation, "Prefer") {
            operation["responses"]["202"] = accepted();
        }
    }
    all
}

fn of_action(components: &mut Components, action: Action, route: &Route, number: usize) -> Value {
    let info = action.info();
    let id = if number == 0 { action.as_str().to_owned() } else { format!("{action}_{}", number + 1) };
    let has_body = route.verb == "POST";
    let mut operation = json!({
        "operationId": id,
        "tags": tags(route.path),
        "summary": info.summary,
        "description": about(components, action, route),
        "x-action": action.as_str(),
        "x-service-methods": info.service_methods,
        "parameters": parameters(components, action, route),
    });
    let mut responses = json!({});
    if PENDING.iter().any(|pending| pending.action == Some(action)) {
        operation["x-pending"] = true.into();
        operation["description"] = format!("The action `{action}` is not there yet: 501.").into();
    } else {
        responses["200"] = answer("The reply.", &components.reply(info.reply));
    }
    failures(&mut responses, has_body, route.path.contains('{'));
    operation["responses"] = responses;
    if has_body {
        let given: Vec<&str> = params(route)
            .map(|(_, field)| field)
            .chain(route.fixed.iter().map(|(field, _)| *field))
            .collect();
        let spec = dictionary().object(info.request);
        let required = spec
            .properties
            .iter()
            .any(|property| property.required && !given.contains(&property.snake.as_str()));
        operation["requestBody"] = json!({
            "required": required,
            "content": {"application/json": {"schema": components.body(info, route.bare, &given)}},
        });
    }
    operation
}

fn about(components: &Components, action: Action, route: &Route) -> String {
    let class = action.info().class.as_str();
    let envelope = " An envelope of it, `{action, request_id, session_id, payload}`, is a body too.";
    let mut about = format!("The action `{action}`, of class {class}.");
    if route.verb == "POST" {
        about.push_str(envelope);
        return about;
    }
    let request = dictionary().object(action.info().request);
    for property in request.properties.iter().filter(|property| is_map(property)) {
        let means = components.parameter(action.info().request, Some(&property.snake));
        about.push_str(&format!(
            " `{}`: {}",
            property.snake,
            means["description"].as_str().unwrap_or_default()
        ));
    }
    about
}

/// Whether a property is a map. OpenAPI cannot express how a query has it, so that the description says it.
fn is_map(property: &Property) -> bool {
    matches!(dictionary().resolve(&property.shape), Shape::Map(_))
}

fn tags(path: &str) -> Value {
    Tag::of(path).map(|tag| tag.name).into_iter().collect()
}

/// Whether the gateway has an operation, which is not pending.
fn is_there(operation: &Value) -> bool {
    operation["x-pending"].is_null()
}

/// Whether an operation has a parameter.
fn takes(operation: &Value, name: &str) -> bool {
    operation["parameters"].as_array().into_iter().flatten().any(|parameter| parameter["name"] == name)
}

fn accepted() -> Value {
    let mut accepted = answer(
        "Queued: `Prefer: respond-async`. Some generators (openapi-generator's typescript-fetch, NSwag) make a client that \
         knows one type for the success of an operation, and reads this one as a failure although the job runs: such a \
         client sends no `Prefer`, or reads this answer by hand.",
        &schema("Accepted"),
    );
    accepted["headers"] = json!({
        "Location": {"description": "The job.", "required": true, "schema": {"type": "string"}},
        "Preference-Applied": {"description": "`respond-async`.", "required": true, "schema": {"type": "string"}},
    });
    accepted
}

/// Adds the failures that depend on the request; all others are under `default`.
fn failures(responses: &mut Value, has_body: bool, has_parameters: bool) {
    let mut statuses = vec![400, 422];
    if has_parameters || has_body {
        statuses.push(404);
    }
    if has_body {
        statuses.extend([413, 415]);
    }
    statuses.sort_unstable();
    for status in statuses {
        responses[status.to_string()] = problem(Some(status));
    }
    responses["default"] = problem(None);
}

/// `(path parameter, field)`.
fn params(route: &Route) -> impl Iterator<Item = (&'static str, &'static str)> {
    let named = route.params;
    names(route.path).map(move |name| {
        (name, named.iter().find(|(param, _)| *param == name).map_or(name, |(_, field)| *field))
    })
}

fn names(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn parameters(components: &Components, action: Action, route: &Route) -> Value {
    let info = action.info();
    let spec = dictionary().object(info.request);
    let shape = |field: &str| {
        let owner = if spec.property(field).is_some() { info.request } else { "EnvelopeHead" };
        components.parameter(owner, Some(field))
    };
    let mut parameters: Vec<Value> =
        params(route).map(|(name, field)| parameter(name, "path", true, shape(field))).collect();
    if route.verb != "POST" {
        let given: Vec<&str> = params(route).map(|(_, field)| field).collect();
        let in_query = |property: &&Property| !given.contains(&property.snake.as_str()) && !is_map(property);
        for property in spec.properties.iter().filter(in_query) {
            parameters.push(parameter(&property.snake, "query", property.required, shape(&property.snake)));
        }
    }
    parameters.extend(beside(components, |one| one.concerns(info)));
    parameters.into()
}

/// The parameters beside a command. `dialect` is left out; the description of the document says why.
fn beside(components: &Components, is_meant: impl Fn(&Parameter) -> bool) -> Vec<Value> {
    let meant = PARAMETERS.iter().filter(|one| one.name != "dialect" && is_meant(one));
    meant
        .map(|one| {
            let mut shape = components.parameter(one.schema, None);
            shape["description"] = one.description.into();
            parameter(one.name, one.place, false, shape)
        })
        .collect()
}

/// A parameter. The description of its schema moves to the parameter, where readers expect it.
pub(super) fn parameter(name: &str, place: &str, required: bool, mut schema: Value) -> Value {
    let means = schema.as_object_mut().and_then(|members| members.remove("description"));
    json!({"name": name, "in": place, "required": required, "description": means, "schema": schema})
}

fn of_resource(components: &mut Components, resource: &Resource) -> Value {
    let mut parameters: Vec<Value> = names(resource.path)
        .map(|name| {
            let definition = if name == "n" { "Count" } else { "Id" };
            let mut shape = components.parameter(definition, None);
            if name == "n" {
                shape["description"] = "Which picture, from 0.".into();
            }
            parameter(name, "path", true, shape)
        })
        .collect();
    // Any command may be a job; no other resource is.
    parameters.extend(beside(components, |_| resource.id == "run_command"));
    let has_body = resource.verb == "POST";
    let mut responses = json!({"200": success(components, resource)});
    if resource.id == "get_readiness" {
        responses["503"] = answer("No worker would take a job now.", &schema("Readiness"));
    }
    failures(&mut responses, has_body, resource.path.contains('{'));
    let mut operation = json!({
        "operationId": resource.id,
        "tags": tags(resource.path),
        "summary": resource.summary,
        "description": resource.summary,
        "parameters": parameters,
        "responses": responses,
    });
    let content = match resource.id {
        "run_command" => Some(json!({"application/json": {"schema": any_command(components)}})),
        "upload_image" => Some(pictures()),
        _ => None,
    };
    if let Some(content) = content {
        operation["requestBody"] = json!({"required": true, "content": content});
    }
    operation
}

/// Any action, with its fields or `payload` beside the members of the envelope.
fn any_command(components: &Components) -> Value {
    json!({
        "type": "object",
        "description": "An action with its fields beside it, or in `payload`.",
        "properties": {"action": components.parameter("Action", None)},
        "required": ["action"],
        "additionalProperties": true,
    })
}

fn success(components: &mut Components, resource: &Resource) -> Value {
    match (resource.id, resource.reply) {
        ("run_command", _) => answer("The reply.", &components.reply("ReplyData")),
        (_, Some(reply)) => answer("Done.", &schema(reply)),
        ("follow_job", _) => json!({
            "description": "Server-sent events; the last is `reply`.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }),
        ("get_job_image", _) => json!({"description": "The picture.", "content": pictures()}),
        _ => answer("Done.", &json!({"type": "object", "additionalProperties": true})),
    }
}

/// The media types of pictures, as bytes.
pub(super) fn pictures() -> Value {
    // Generators take this schema for bytes. OpenAPI 3.1 wants none here, which they do not understand.
    let bytes = json!({"schema": {"type": "string", "format": "binary"}});
    dictionary()
        .enumeration("OutputFormat")
        .values
        .iter()
        .map(|format| (format!("image/{format}"), bytes.clone()))
        .collect::<serde_json::Map<String, Value>>()
        .into()
}
