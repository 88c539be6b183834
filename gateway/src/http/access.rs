//! The access log, with one line per request; and the answer to a request whose handler panics.

use std::{sync::Arc, time::Instant};

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::{Method, Response, Uri},
};
use contracts::Trace;

use super::{problem::refuse, trace};

/// The command that a response answers, as an extension of the response.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub(super) request_id: String,
}

/// The line of a request. It is logged when it is dropped, so that a request whose client left has a line, too.
pub(super) struct Line {
    method: Method,
    uri: Uri,
    /// Its address, as text.
    client: Arc<str>,
    since: Instant,
    status: Option<u16>,
    bytes: Option<u64>,
    request_id: Option<String>,
    /// The trace of the header.
    trace: Option<Trace>,
}

impl Line {
    pub(super) fn new(request: &Request, client: Arc<str>) -> Self {
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            client,
            since: Instant::now(),
            status: None,
            bytes: None,
            request_id: None,
            trace: trace::of_headers(request.headers()),
        }
    }

    /// The trace that the request's header names.
    pub(super) fn trace(&self) -> Option<&Trace> {
        self.trace.as_ref()
    }

    /// Logs a response. A stream of events is logged when it begins.
    pub(super) fn answered(mut self, response: &Response<Body>) {
        self.status = Some(response.status().as_u16());
        self.bytes = response.body().size_hint().exact();
        self.request_id = response.extensions().get::<Answered>().map(|answered| answered.request_id.clone());
    }

    /// The response to a request whose handler panicked.
    pub(super) fn panicked(&self) -> Response<Body> {
        refuse(crate::log::internal_failure(), super::dialect(&self.uri), self.uri.path())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let duration_ms = self.since.elapsed().as_secs_f64() * 1e3;
        let request_id = self.request_id.as_deref();
        let trace_id = self.trace.as_ref().map(Trace::id);
        tracing::info!(
            target: "access",
            method = self.method.as_str(),
            path = self.uri.path(),
            status = self.status,
            bytes = self.bytes,
            duration_ms,
            request_id,
            trace_id,
            client = %self.client,
            "{}",
            if self.status.is_some() { "answered" } else { "the connection ended before the answer" },
        );
    }
}
