//! HTTP: the routes of the registry, built from it at start. The only room that knows HTTP.

mod accept;
mod access;
mod body;
mod commands;
mod connection;
mod descriptors;
mod entry;
mod guard;
mod health;
mod jobs;
mod openapi;
mod pictures;
mod place;
mod problem;
mod query;
mod serve;
mod trace;
mod uploads;
mod wire;

use std::collections::BTreeMap;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{Method, Response, Uri},
    middleware,
    routing::{MethodFilter, MethodRouter, get, on, post},
};
use contracts::{
    Action, Dialect, ErrorCode, Failure,
    registry::{RESOURCES, Resource},
    shorten,
};

use crate::dispatch::Dispatcher;
pub use serve::{ServeError, serve};

/// The router of a dispatcher.
///
/// # Panics
/// If the registry has a resource that no file here serves, or a verb that is none of HTTP. Every test of HTTP would
/// show that.
fn router(dispatcher: Dispatcher) -> Router {
    let mut paths: BTreeMap<&'static str, MethodRouter<Dispatcher>> = BTreeMap::new();
    let mut add = |path: &'static str, route: MethodRouter<Dispatcher>| {
        let at = paths.remove(path).unwrap_or_default();
        paths.insert(path, at.merge(route));
    };
    for action in Action::ALL {
        for route in action.info().routes {
            let handler = move |State(dispatcher): State<Dispatcher>, request: Request| async move {
                commands::on_route(dispatcher, action, route, request).await
            };
            add(route.path, on(filter(route.verb), handler));
        }
    }
    for resource in &RESOURCES {
        add(resource.path, route_of(resource));
    }
    let mut router = Router::new();
    for (path, route) in paths {
        router = router.route(path, route);
    }
    router.fallback(no_route).method_not_allowed_fallback(no_method).with_state(dispatcher)
}

fn filter(verb: &str) -> MethodFilter {
    let method = Method::from_bytes(verb.as_bytes()).expect("a verb of the registry");
    MethodFilter::try_from(method).expect("a verb that is routed")
}

fn route_of(resource: &Resource) -> MethodRouter<Dispatcher> {
    let route = match (resource.verb, resource.path) {
        ("POST", "/v1/commands") => return post(commands::any),
        ("GET", "/v1/jobs/{id}/events") => get(jobs::events),
        ("GET", "/v1/jobs/{id}/images/{n}") => get(pictures::image),
        ("POST", "/v1/uploads") => post(uploads::keep),
        ("GET", "/health/live") => get(health::live),
        ("GET", "/health/ready") => get(health::ready),
        ("GET", "/openapi.json") => get(openapi::document),
        (verb, path) => panic!("the registry has {verb} {path}, which nothing here serves"),
    };
    route.route_layer(middleware::from_fn(query::checked))
}

async fn no_route(request: Request) -> Response<Body> {
    let path = request.uri().path();
    let failure = Failure::new(ErrorCode::RouteNotFound, format!("there is no {}", shorten(path)));
    let shorter = path.trim_end_matches('/');
    let failure = if shorter != path && is_route(shorter) {
        failure.hint(format!("there is {shorter}, without the slash at its end"))
    } else {
        failure.hint("GET /openapi.json names every route; POST /v1/commands takes any action")
    };
    nothing(&request, failure)
}

/// Whether a path matches one of the registry's.
fn is_route(path: &str) -> bool {
    let of_actions = Action::ALL.into_iter().flat_map(|action| action.info().routes).map(|route| route.path);
    let fits = |pattern: &str| {
        let mut parts = path.split('/');
        pattern.split('/').all(|known| {
            parts.next().is_some_and(|part| part == known || (known.starts_with('{') && !part.is_empty()))
        }) && parts.next().is_none()
    };
    of_actions.chain(RESOURCES.iter().map(|resource| resource.path)).any(fits)
}

async fn no_method(request: Request) -> Response<Body> {
    let message = format!("{} takes no {}", request.uri().path(), request.method());
    nothing(&request, Failure::new(ErrorCode::MethodNotAllowed, message))
}

/// Answers an unknown route or method, which takes precedence over faults in the query.
fn nothing(request: &Request, failure: Failure) -> Response<Body> {
    problem::refuse(failure, dialect(request.uri()), request.uri().path())
}

/// The dialect of failures before a command exists: that of the query if it has a valid one, else snake.
fn dialect(uri: &Uri) -> Dialect {
    query::dialect_of_query(uri).unwrap_or(Dialect::Snake)
}
