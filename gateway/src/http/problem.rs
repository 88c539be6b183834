//! Replies as HTTP: a success is the reply, a failure `application/problem+json` that carries the reply's members.

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};
use contracts::{Dialect, ErrorCode, Failure, Reply};

use super::access::Answered;

/// Writes a reply as a response. A reply without an id gets one here, so that the answer and its line in the log can be
/// matched.
pub(crate) fn respond(reply: &Reply, dialect: Dialect, instance: &str) -> Response<Body> {
    let Some(request_id) = reply.request_id.clone() else {
        let request_id = uuid::Uuid::now_v7().to_string();
        return respond(&Reply { request_id: Some(request_id), ..reply.clone() }, dialect, instance);
    };
    let mut response = spell(reply, dialect, instance);
    response.extensions_mut().insert(Answered { request_id });
    response
}

fn spell(reply: &Reply, dialect: Dialect, instance: &str) -> Response<Body> {
    match &reply.outcome {
        Ok(_) => with(StatusCode::OK, "application/json", reply.to_json(dialect)),
        Err(failure) => {
            let problem = reply.to_problem(dialect, instance).expect("it is a failure");
            let body = serde_json::to_vec(&problem).expect("a problem has string keys");
            let status =
                StatusCode::from_u16(failure.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = with(status, "application/problem+json", body);
            if failure.code.retry_after() || failure.retry_after_seconds.is_some() {
                let seconds = failure.retry_after_seconds.unwrap_or(1.0).ceil().max(1.0);
                if let Ok(value) = HeaderValue::from_str(&format!("{seconds:.0}")) {
                    response.headers_mut().insert(header::RETRY_AFTER, value);
                }
            }
            response
        }
    }
}

/// Answers a request that is not a command with a failure.
pub(crate) fn refuse(failure: Failure, dialect: Dialect, instance: &str) -> Response<Body> {
    respond(&Reply::failed(None, None, failure), dialect, instance)
}

/// The failure of a path whose parameters are not UTF-8.
pub(crate) fn unreadable(err: &impl std::fmt::Display) -> Box<Failure> {
    Box::new(Failure::new(ErrorCode::BadRequest, format!("the path cannot be read: {err}")))
}

pub(crate) fn with(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
