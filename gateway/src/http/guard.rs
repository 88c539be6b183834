//! Who may ask: hosts that a request may name, and pages of browsers that may send.
//!
//! A gateway on loopback is reached by every web page that its user opens: a page sends without a preflight, or has its
//! own name point here (DNS rebinding). What a page sends carries its `Origin`, and the name that it used as `Host`.

use std::net::SocketAddr;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, Uri, Version, header},
};
use contracts::{ErrorCode, Failure};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::config::{Edge, Host, Origin};

/// What a browser may send besides the headers that it always may.
const REQUEST_HEADERS: [&str; 8] = [
    "content-type",
    "prefer",
    "idempotency-key",
    "if-none-match",
    "last-event-id",
    "range",
    "traceparent",
    "tracestate",
];
/// What a page may read besides the headers that it always may.
const RESPONSE_HEADERS: [&str; 10] = [
    "accept-ranges",
    "content-range",
    "etag",
    "link",
    "location",
    "preference-applied",
    "retry-after",
    "x-request-id",
    "x-seed",
    "x-warnings",
];

/// A host and its port, where one is named.
pub(super) type Site = (Host, Option<u16>);

/// Who may ask.
pub(super) struct Guard {
    /// The listener's address; `None` where it is every address of the host.
    listener: Option<Host>,
    hosts: Vec<Host>,
    origins: Vec<Origin>,
}

impl Guard {
    /// A listener's guard.
    pub(super) fn new(edge: &Edge, listener: SocketAddr) -> Self {
        let address = listener.ip().to_canonical();
        let public = edge.public_url.as_ref().map(|url| url.origin().clone());
        Self {
            listener: (!address.is_unspecified()).then_some(Host::Address(address)),
            hosts: public
                .iter()
                .map(|origin| origin.host().clone())
                .chain(edge.allowed_hosts.clone())
                .collect(),
            origins: public.into_iter().chain(edge.cors_origins.iter().cloned()).collect(),
        }
    }

    /// The host that a request names, if this gateway is known by it.
    ///
    /// # Errors
    /// `bad_request` for none or several, `forbidden` for another.
    pub(super) fn host(&self, request: &Request) -> Result<Option<Site>, Box<Failure>> {
        let named = named(request.version(), request.headers(), request.uri())?;
        if is_health(request.uri()) {
            return Ok(named.into_iter().next());
        }
        match named.iter().find(|(host, _)| !self.is_known(host)) {
            None => Ok(named.into_iter().next()),
            Some((host, _)) => {
                let message = format!("Host: this gateway is not known as {host}");
                Err(Box::new(Failure::new(ErrorCode::Forbidden, message).hint(
                    "use the address that the gateway listens on, or name the host in allowed_hosts or public_url",
                )))
            }
        }
    }

    fn is_known(&self, host: &Host) -> bool {
        host.is_localhost() || self.listener.as_ref() == Some(host) || self.hosts.contains(host)
    }

    /// Lets through what only reads, and what our own pages, known ones, or no page at all send; `site` is where it is
    /// sent to.
    ///
    /// # Errors
    /// `forbidden` for another page.
    pub(super) fn sender(&self, request: &Request, site: Option<Site>) -> Result<(), Box<Failure>> {
        if is_read(request) {
            return Ok(());
        }
        let headers = request.headers();
        let refuse = |message: String| {
            let failure = Failure::new(ErrorCode::Forbidden, message);
            Err(Box::new(failure.hint("name the page's origin in cors_origins, if it may use this gateway")))
        };
        let mut origins = headers.get_all(header::ORIGIN).iter().peekable();
        if origins.peek().is_none() {
            let cross_site = headers
                .get_all("sec-fetch-site")
                .iter()
                .any(|site| site.as_bytes().eq_ignore_ascii_case(b"cross-site"));
            return if cross_site {
                refuse("Sec-Fetch-Site: a page of another site may not send here".to_owned())
            } else {
                Ok(())
            };
        }
        // The host has been checked: a page at the very name and port that it asks for is our own.
        let own = site.map(|(host, port)| Origin::http(host, port));
        for origin in origins {
            let known = origin
                .to_str()
                .ok()
                .and_then(|origin| origin.parse::<Origin>().ok())
                .is_some_and(|origin| own.as_ref() == Some(&origin) || self.origins.contains(&origin));
            if !known {
                let origin = String::from_utf8_lossy(origin.as_bytes());
                return refuse(format!("Origin: pages of {origin} may not send here"));
            }
        }
        Ok(())
    }
}

/// Health is asked for by whatever name a probe uses: it says nothing that anybody could use.
fn is_health(uri: &Uri) -> bool {
    uri.path().starts_with("/health/")
}

/// The hosts that a request names: by its target, and by its header.
fn named(version: Version, headers: &HeaderMap, uri: &Uri) -> Result<Vec<Site>, Box<Failure>> {
    let wrong = |message: &str| Err(Box::new(Failure::new(ErrorCode::BadRequest, message)));
    let mut said = headers.get_all(header::HOST).iter();
    let (first, second) = (said.next(), said.next());
    if second.is_some() {
        return wrong("Host stands twice");
    }
    // HTTP/1.0 has none.
    if first.is_none() && version == Version::HTTP_11 {
        return wrong("Host is missing, which HTTP/1.1 asks for");
    }
    let mut named = Vec::new();
    if let Some(authority) = uri.authority() {
        let Some(host) = Host::with_port(authority.as_str()) else {
            return wrong("the target of the request names no host");
        };
        named.push(host);
    }
    if let Some(first) = first {
        let Some(host) = first.to_str().ok().and_then(Host::with_port) else {
            return wrong("Host is neither a name nor an address");
        };
        named.push(host);
    }
    Ok(named)
}

/// GET, HEAD, and the question of a browser whether it may send.
fn is_read(request: &Request) -> bool {
    let asks = || {
        let headers = request.headers();
        headers.contains_key(header::ORIGIN) && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
    };
    match *request.method() {
        Method::GET | Method::HEAD => true,
        Method::OPTIONS => asks(),
        _ => false,
    }
}

/// CORS for the configured origins; without any, no reply has a header of CORS and a browser keeps it to itself.
pub(super) fn cors(edge: &Edge) -> Option<CorsLayer> {
    if edge.cors_origins.is_empty() {
        return None;
    }
    let known = edge.cors_origins.clone();
    let is_known = move |origin: &HeaderValue, _: &axum::http::request::Parts| {
        let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Origin>().ok());
        origin.is_some_and(|origin| known.contains(&origin))
    };
    Some(
        CorsLayer::new()
            .allow_origin(AllowOrigin::predicate(is_known))
            .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::DELETE])
            .allow_headers(REQUEST_HEADERS.map(axum::http::HeaderName::from_static))
            .expose_headers(RESPONSE_HEADERS.map(axum::http::HeaderName::from_static)),
    )
}
