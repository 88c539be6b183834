//! The access log, one line a request; and what becomes of a request whose handler panics.

use std::{net::SocketAddr, panic::AssertUnwindSafe, time::Instant};

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::{Method, Response},
    middleware::Next,
};
use contracts::Trace;
use futures::FutureExt;

use super::{
    place::Peer,
    problem::refuse,
    trace::{self, Traced},
};

/// The command that a response answers.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub(super) request_id: String,
}

/// Serves a request and logs it.
pub(super) async fn log(mut request: Request, next: Next) -> Response<Body> {
    let trace = trace::of_headers(request.headers());
    if let Some(trace) = &trace {
        request.extensions_mut().insert(Traced(trace.clone()));
    }
    let (path, dialect) = (request.uri().path().to_owned(), super::dialect(&request));
    let mut line = Line {
        method: request.method().clone(),
        client: request.extensions().get::<Peer>().map(|client| client.0),
        path,
        since: Instant::now(),
        status: None,
        bytes: None,
        request_id: None,
        trace,
    };
    let served = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let response = served.unwrap_or_else(|_| refuse(crate::log::bug(), dialect, &line.path));
    line.status = Some(response.status().as_u16());
    // A stream ends when its events do; it is logged as it begins.
    line.bytes = response.body().size_hint().exact();
    line.request_id = response.extensions().get::<Answered>().map(|answered| answered.request_id.clone());
    response
}

/// Logs itself as it is dropped: also where the client left and the handler with it.
struct Line {
    method: Method,
    path: String,
    client: Option<SocketAddr>,
    since: Instant,
    status: Option<u16>,
    bytes: Option<u64>,
    request_id: Option<String>,
    /// Of the header.
    trace: Option<Trace>,
}

impl Drop for Line {
    fn drop(&mut self) {
        let client = self.client.map(tracing::field::display);
        let duration_ms = self.since.elapsed().as_secs_f64() * 1e3;
        let request_id = self.request_id.as_deref();
        let trace_id = self.trace.as_ref().map(Trace::id);
        tracing::info!(
            target: "access",
            method = self.method.as_str(),
            path = self.path,
            status = self.status,
            bytes = self.bytes,
            duration_ms,
            request_id,
            trace_id,
            client,
            "{}",
            if self.status.is_some() { "answered" } else { "the client left before the answer" },
        );
    }
}
