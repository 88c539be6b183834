//! HTTP: every route of the registry, built from it at start. The only room that knows HTTP.

mod commands;
mod health;
mod jobs;
mod openapi;
mod problem;
mod query;
mod serve;
mod uploads;

use std::collections::BTreeMap;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{Method, Response},
    middleware,
    routing::{MethodFilter, MethodRouter, get, on, post},
};
use contracts::{
    Action, Dialect, ErrorCode, Failure,
    generated::action::{RESOURCES, Resource},
};

use crate::front::Front;
pub use serve::serve;

/// The routes over a front.
///
/// # Panics
/// Where the registry has a resource that no room here serves, or a verb that HTTP does not have: a test would say so.
pub fn router(front: Front) -> Router {
    let mut paths: BTreeMap<&'static str, MethodRouter<Front>> = BTreeMap::new();
    let mut add = |path: &'static str, route: MethodRouter<Front>| {
        let at = paths.remove(path).unwrap_or_default();
        paths.insert(path, at.merge(route));
    };
    for action in Action::ALL {
        for route in action.info().routes {
            let handler = move |State(front): State<Front>, request: Request| async move {
                commands::on_route(front, action, route, request).await
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
    router.fallback(no_route).method_not_allowed_fallback(no_method).with_state(front)
}

fn filter(verb: &str) -> MethodFilter {
    let method = Method::from_bytes(verb.as_bytes()).expect("a verb of the registry");
    MethodFilter::try_from(method).expect("a verb that is routed")
}

fn route_of(resource: &Resource) -> MethodRouter<Front> {
    let route = match (resource.verb, resource.path) {
        ("POST", "/v1/commands") => return post(commands::any),
        ("GET", "/v1/jobs/{id}/events") => get(jobs::events),
        ("GET", "/v1/jobs/{id}/images/{n}") => get(jobs::image),
        ("POST", "/v1/uploads") => post(uploads::keep),
        ("GET", "/health/live") => get(health::live),
        ("GET", "/health/ready") => get(health::ready),
        ("GET", "/openapi.json") => get(openapi::document),
        (verb, path) => panic!("the registry has {verb} {path}, which nothing here serves"),
    };
    route.route_layer(middleware::from_fn(query::checked))
}

async fn no_route(request: Request) -> Response<Body> {
    let message = format!("there is no {}", request.uri().path());
    let failure = Failure::new(ErrorCode::RouteNotFound, message)
        .hint("GET /openapi.json names every route; POST /v1/commands takes any action");
    nothing(&request, failure)
}

async fn no_method(request: Request) -> Response<Body> {
    let message = format!("{} takes no {}", request.uri().path(), request.method());
    nothing(&request, Failure::new(ErrorCode::MethodNotAllowed, message))
}

/// No such route or method: that outweighs whatever the query says.
fn nothing(request: &Request, failure: Failure) -> Response<Body> {
    problem::refuse(failure, dialect(request), request.uri().path())
}

/// The dialect of the query, where it is one; failures before a command exists are in it, else in snake.
fn dialect(request: &Request) -> Dialect {
    query::told(request).unwrap_or(Dialect::Snake)
}
