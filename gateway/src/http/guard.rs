//! Refuses strangers: requests to hosts that are not this gateway's, and requests of unknown pages in a browser.
//!
//! Every web page that a user opens can reach a gateway on the user's loopback address: it may send without a
//! preflight, or let its own name point there (DNS rebinding). Its requests carry its `Origin`, and the name that it
//! used as `Host`.

use std::net::SocketAddr;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, Uri, Version, header},
};
use contracts::{ErrorCode, Failure, shorten};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::config::{Edge, Host, Origin};

/// Headers that a page may send, beside those that CORS always allows.
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
/// Headers that a page may read, beside those that CORS always allows.
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

/// A host, and its port if one is named.
pub(super) type Site = (Host, Option<u16>);

/// The hosts and origins that are allowed.
pub(super) struct Guard {
    /// The listener's address; `None` if it is every address of the host.
    listener: Option<Host>,
    hosts: Vec<Host>,
    origins: Vec<Origin>,
}

impl Guard {
    /// The guard of a listener.
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

    /// Returns the host that a request names.
    ///
    /// # Errors
    /// `bad_request` if it names none or several, `forbidden` if it is not a name of this gateway.
    pub(super) fn host(&self, request: &Request) -> Result<Option<Site>, Box<Failure>> {
        let named = named(request.version(), request.headers(), request.uri())?;
        if is_health(request.uri()) {
            return Ok(named.into_iter().next());
        }
        match named.iter().find(|(host, _)| !self.is_known(host)) {
            None => Ok(named.into_iter().next()),
            Some((host, _)) => {
                let message = format!("Host: this gateway is not known as {}", shorten(&host.to_string()));
                Err(Box::new(Failure::new(ErrorCode::Forbidden, message).hint(
                    "use the address that the gateway listens on, or name the host in allowed_hosts or public_url",
                )))
            }
        }
    }

    fn is_known(&self, host: &Host) -> bool {
        host.is_localhost() || self.listener.as_ref() == Some(host) || self.hosts.contains(host)
    }

    /// Checks the page that sends a request to `site`. A request that only reads passes, and one of no page, of a known
    /// origin, or of the gateway's own.
    ///
    /// # Errors
    /// `forbidden` for any other page.
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
        // The host was checked before, so that a page at the same name and port is the gateway's own.
        let own = site.map(|(host, port)| Origin::http(host, port));
        for origin in origins {
            let known = origin
                .to_str()
                .ok()
                .and_then(|origin| origin.parse::<Origin>().ok())
                .is_some_and(|origin| own.as_ref() == Some(&origin) || self.origins.contains(&origin));
            if !known {
                let origin = String::from_utf8_lossy(origin.as_bytes());
                return refuse(format!("Origin: pages of {} may not send here", shorten(&origin)));
            }
        }
        Ok(())
    }
}

/// Whether a request is for health. Probes use any name for the host, and the answer has nothing to protect.
fn is_health(uri: &Uri) -> bool {
    uri.path().starts_with("/health/")
}

/// The hosts that a request names: by its target, and by its header.
fn named(version: Version, headers: &HeaderMap, uri: &Uri) -> Result<Vec<Site>, Box<Failure>> {
    let wrong = |message: &str| Err(Box::new(Failure::new(ErrorCode::BadRequest, message)));
    let mut hosts = headers.get_all(header::HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    if second.is_some() {
        return wrong("Host appears twice");
    }
    // HTTP/1.0 requires no Host.
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

/// Whether a request only reads: GET, HEAD, and the preflight of a browser.
fn is_read(request: &Request) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD) || is_preflight(request)
}

/// Whether a browser asks what a page may send: an OPTIONS with the page's origin and the method that it wants.
pub(super) fn is_preflight(request: &Request) -> bool {
    let headers = request.headers();
    *request.method() == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// CORS for the configured origins. Without any, no reply has a header of CORS, so that a browser shows it to no other
/// page.
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
