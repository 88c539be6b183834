//! The registry: names, classes, and that each route fills fields that are there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::Lint;
use crate::schemas::reference_name;

/// Fields that the envelope has for every command.
const ENVELOPE: [&str; 2] = ["gpu_id", "session_id"];

/// Looks at `registry.json`.
pub(super) fn lint(lint: &mut Lint<'_>) {
    let registry = lint.bundle.registry.clone();
    let rows = |list: &str| registry.get(list).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut names = BTreeSet::new();
    let mut routes: BTreeMap<String, String> = BTreeMap::new();
    for (index, row) in rows("actions").iter().enumerate() {
        let place = format!("/actions/{index}");
        let action = text(row, "action");
        let aliases = row.get("aliases").and_then(Value::as_array).into_iter().flatten();
        for name in aliases.filter_map(Value::as_str).chain([action]) {
            if !names.insert(name.to_owned()) {
                let what = format!("{name} names two actions");
                lint.find("registry.json", &place, what, "give each action names of its own");
            }
        }
        let gateways_own = text(row, "class") == "gateway";
        if gateways_own == row.get("worker_module").is_some() {
            let what = format!("{action}: only the gateway's own actions have no worker_module");
            lint.find("registry.json", &place, what, "name the module, or make it class gateway");
        }
        fields(lint, &place, row, &mut routes);
    }
    parameters(lint, &rows("parameters"));
    for (index, row) in rows("resources").iter().enumerate() {
        let place = format!("/resources/{index}");
        take_route(lint, &place, row, "a resource", &mut routes);
        if !names.insert(text(row, "id").to_owned()) {
            let what = format!("{} names two things", text(row, "id"));
            lint.find("registry.json", &format!("{place}/id"), what, "give each resource a name of its own");
        }
    }
    families(lint, &rows("tags"), routes.keys());
}

/// Each path belongs to exactly one tag, and each tag to a path.
fn families<'r>(lint: &mut Lint<'_>, tags: &[Value], routes: impl Iterator<Item = &'r String>) {
    let mut unused: BTreeMap<String, String> = BTreeMap::new();
    for (index, tag) in tags.iter().enumerate() {
        for family in tag.get("families").and_then(Value::as_array).into_iter().flatten() {
            let family = family.as_str().unwrap_or_default().to_owned();
            let place = format!("/tags/{index}/families");
            if unused.insert(family.clone(), place.clone()).is_some() {
                let what = format!("{family} belongs to two tags");
                lint.find("registry.json", &place, what, "leave it to one of them");
            }
        }
    }
    let known: BTreeSet<String> = unused.keys().cloned().collect();
    for route in routes {
        let path = route.split_once(' ').map_or("", |(_, path)| path);
        let path = path.strip_prefix("/v1").unwrap_or(path).trim_start_matches('/');
        let family = path.split('/').next().unwrap_or(path);
        unused.remove(family);
        if !known.contains(family) {
            let what = format!("no tag has the family {family} of {route}");
            lint.find("registry.json", "/tags", what, "add it to the families of a tag");
        }
    }
    for (family, place) in unused {
        let what = format!("{family} is the family of no route");
        lint.find("registry.json", &place, what, "take it away");
    }
}

/// A parameter of the query has a name that no field has: fields stand in the query too.
fn parameters(lint: &mut Lint<'_>, rows: &[Value]) {
    for (index, row) in rows.iter().enumerate() {
        let place = format!("/parameters/{index}");
        let name = text(row, "name");
        let has = |definition: &Value| definition.pointer(&format!("/properties/{name}")).is_some();
        let actions = lint.bundle.registry.get("actions").and_then(Value::as_array);
        let clash = actions.into_iter().flatten().find(|action| {
            let request = reference_name(text(action, "request"));
            let definition = request.and_then(|request| lint.bundle.definitions.get(request));
            // `initialize` has a dialect too: it has no route.
            let routed =
                action.get("routes").and_then(Value::as_array).is_some_and(|routes| !routes.is_empty());
            routed && definition.is_some_and(&has)
        });
        if let Some(action) = clash {
            let what = format!("{name} is a field of {} too", text(action, "action"));
            lint.find("registry.json", &place, what, "choose another name");
        }
    }
}

/// Fields that the row names are properties of the action's request.
fn fields(lint: &mut Lint<'_>, place: &str, row: &Value, routes: &mut BTreeMap<String, String>) {
    let action = text(row, "action").to_owned();
    let request = reference_name(text(row, "request")).and_then(|name| lint.bundle.definitions.get(name));
    let Some(properties) = request.and_then(|request| request.get("properties")).and_then(Value::as_object)
    else {
        lint.find("registry.json", place, format!("{action}: its request is no object"), "name an object");
        return;
    };
    let properties = properties.clone();
    let reply = reference_name(text(row, "reply")).and_then(|name| lint.bundle.definitions.get(name));
    if reply.and_then(|reply| reply.get("properties")).is_none() {
        lint.find("registry.json", place, format!("{action}: its reply is no object"), "name an object");
    }
    if let Some(field) = row.pointer("/class_when/field").and_then(Value::as_str)
        && properties.get(field).and_then(|schema| schema.get("type")).and_then(Value::as_str)
            != Some("boolean")
    {
        let what = format!("{action}: class_when looks at {field}, which is no boolean of its request");
        lint.find("registry.json", place, what, "name a boolean of the request");
    }
    if let Some(wrapper) = row.get("wrapped_in").and_then(Value::as_str)
        && properties.contains_key(wrapper)
    {
        let what = format!("{action}: wrapped_in {wrapper} is a field of the request too");
        lint.find("registry.json", place, what, "choose another name");
    }
    for (index, route) in row.get("routes").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let place = format!("{place}/routes/{index}");
        take_route(lint, &place, route, &action, routes);
        route_fields(lint, &place, route, &action, &properties);
    }
}

fn take_route(
    lint: &mut Lint<'_>,
    place: &str,
    row: &Value,
    owner: &str,
    routes: &mut BTreeMap<String, String>,
) {
    // Two paths that differ in the name of a parameter alone are one path.
    let path: Vec<&str> = text(row, "path")
        .split('/')
        .map(|segment| if segment.starts_with('{') { "{}" } else { segment })
        .collect();
    let route = format!("{} {}", text(row, "verb"), path.join("/"));
    if let Some(other) = routes.insert(route.clone(), owner.to_owned()) {
        let what = format!("{route} is a route of {other} already");
        lint.find("registry.json", place, what, "give one of them another path or verb");
    }
}

fn route_fields(
    lint: &mut Lint<'_>,
    place: &str,
    route: &Value,
    action: &str,
    properties: &Map<String, Value>,
) {
    let known = |field: &str| properties.contains_key(field) || ENVELOPE.contains(&field);
    let params = route.get("params").and_then(Value::as_object);
    let segments = text(route, "path").split('/');
    let parameters: Vec<&str> =
        segments.filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}')).collect();
    for parameter in &parameters {
        let field =
            params.and_then(|params| params.get(*parameter)).and_then(Value::as_str).unwrap_or(parameter);
        if !known(field) {
            let what = format!("{{{parameter}}} fills {field}, which {action} does not have");
            lint.find("registry.json", place, what, "map it with params to a field of the request");
        }
    }
    for parameter in params.into_iter().flat_map(Map::keys) {
        if !parameters.contains(&parameter.as_str()) {
            let what = format!("params names {parameter}, which is not in the path");
            lint.find("registry.json", place, what, "take it away");
        }
    }
    let bare = route.get("bare").and_then(Value::as_str);
    let fixed =
        route.get("fixed").and_then(Value::as_object).into_iter().flat_map(Map::keys).map(String::as_str);
    for field in fixed.chain(bare) {
        if !properties.contains_key(field) {
            let what = format!("the route gives {field}, which {action} does not have");
            lint.find("registry.json", place, what, "name a field of the request");
        }
    }
}

fn text<'a>(row: &'a Value, member: &str) -> &'a str {
    row.get(member).and_then(Value::as_str).unwrap_or_default()
}
