//! The steps before the route of every request, and after every response.
//!
//! They are plain calls and not `middleware::from_fn` layers: axum wraps each route in each layer, and clones and boxes
//! the whole stack for a request at each of them. Six layers would cost a request 5 µs.

use std::{convert::Infallible, net::SocketAddr, panic::AssertUnwindSafe, pin::Pin, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, Response, header},
};
use contracts::Failure;
use futures::FutureExt;
use tower::{Layer, Service, ServiceExt};
use tower_http::cors::CorsLayer;

use super::{
    access,
    body::{self, Unread},
    guard::{self, Guard, Site},
    place,
    problem::refuse,
    trace::Traced,
};
use crate::config::Edge;

/// The client of a connection.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) address: SocketAddr,
    /// The address as text: written once a connection, logged for each request.
    pub(super) name: Arc<str>,
    pub(super) unread: Unread,
}

/// The routes, and the steps before them; a cheap clone.
#[derive(Clone)]
pub(super) struct Entry(Arc<Inner>);

struct Inner {
    routes: Router,
    guard: Guard,
    /// The headers of CORS; `None` if no origin is configured.
    cors: Option<CorsLayer>,
    edge: Arc<Edge>,
}

impl Entry {
    pub(super) fn new(routes: Router, edge: Arc<Edge>, listener: SocketAddr) -> Self {
        let (guard, cors) = (Guard::new(&edge, listener), guard::cors(&edge));
        Self(Arc::new(Inner { routes, guard, cors, edge }))
    }

    /// Answers a request and logs it. A handler that panics is answered with `internal`.
    pub(super) async fn answer(self, mut request: Request, client: Client) -> Response<Body> {
        let line = access::Line::new(&request, client.name.clone());
        if let Some(trace) = line.trace() {
            let traced = Traced(trace.clone());
            request.extensions_mut().insert(traced);
        }
        let answered = AssertUnwindSafe(self.guarded(request, client)).catch_unwind().await;
        let mut response = answered.unwrap_or_else(|_| line.panicked());
        // Keeps a browser from guessing the type of a reply.
        response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        line.answered(&response);
        response
    }

    async fn guarded(self, request: Request, client: Client) -> Response<Body> {
        let request = body::pace(request, self.0.edge.body, client.unread);
        let checked = body::check_coding(request.headers()).and_then(|()| self.0.guard.host(&request));
        let mut response = match checked {
            Ok(site) => self.shared(request, site, client.address).await,
            Err(failure) => refused(&request, *failure),
        };
        body::close_if_cut(&mut response);
        response
    }

    /// Adds the headers of CORS, for configured origins.
    async fn shared(self, request: Request, site: Option<Site>, client: SocketAddr) -> Response<Body> {
        let entry = self.clone();
        // The layer answers every OPTIONS by itself, before the guard has seen its sender: it gets real preflights alone.
        let takes_layer = request.method() != Method::OPTIONS || guard::is_preflight(&request);
        let Some(cors) = self.0.cors.as_ref().filter(|_| takes_layer) else {
            return entry.routed(request, site, client).await;
        };
        let Ok(response) = cors.layer(Routed { entry, site, client }).oneshot(request).await;
        response
    }

    async fn routed(self, mut request: Request, site: Option<Site>, client: SocketAddr) -> Response<Body> {
        let checked = place::base(&self.0.edge, request.headers(), client)
            .and_then(|base| self.0.guard.sender(&request, site).map(|()| base));
        match checked {
            Ok(base) => base.put(&mut request),
            Err(failure) => return refused(&request, *failure),
        }
        let Ok(response) = self.0.routes.clone().oneshot(request).await;
        response
    }
}

fn refused(request: &Request, failure: Failure) -> Response<Body> {
    refuse(failure, super::dialect(request.uri()), request.uri().path())
}

/// [`Entry::routed`] of one request as a service, which is what a layer takes.
#[derive(Clone)]
struct Routed {
    entry: Entry,
    site: Option<Site>,
    client: SocketAddr,
}

impl Service<Request> for Routed {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Self { entry, site, client } = self.clone();
        Box::pin(async move { Ok(entry.routed(request, site, client).await) })
    }
}
