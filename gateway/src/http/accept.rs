//! `Accept` on `POST /v1/generate`: a client that accepts images and not JSON gets the picture itself.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Response, header},
};
use contracts::{ErrorCode, Failure, Incoming, Reply, Violation, dictionary::dictionary};
use serde_json::Value;

use super::{
    pictures::{Picture, details, media_type},
    place::Base,
};
use crate::dispatch::Dispatcher;

/// The only route that makes one picture and nothing else.
const ROUTE: &str = "/v1/generate";

/// The media ranges of an `Accept`. A part that is none is ignored, as RFC 9110 allows.
#[derive(Clone, Debug)]
pub(super) struct Accept(Vec<MediaRange>);

#[derive(Clone, Debug)]
struct MediaRange {
    kind: String,
    subtype: String,
    admitted: bool,
}

impl MediaRange {
    fn of(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(|part| part.trim().to_ascii_lowercase());
        let (kind, subtype) = parts.next()?.split_once('/').map(|(a, b)| (a.to_owned(), b.to_owned()))?;
        let quality = parts.find_map(|part| part.strip_prefix("q=")?.trim().parse::<f64>().ok());
        Some(Self { kind, subtype, admitted: quality.is_none_or(|quality| quality > 0.0) })
    }

    /// Whether it names the media type of a reply. `application/problem+json` does not count: failures have it anyway.
    fn is_json(&self) -> bool {
        matches!(
            (self.kind.as_str(), self.subtype.as_str()),
            ("application", "json" | "*") | ("text", "json")
        )
    }

    /// How closely it names a media type, from 0 for `*/*` to 2; `None` if it does not.
    fn closeness(&self, kind: &str, subtype: &str) -> Option<u8> {
        match (self.kind.as_str(), self.subtype.as_str()) {
            ("*", "*") => Some(0),
            (own, "*") if own == kind => Some(1),
            (own, of) if own == kind && of == subtype => Some(2),
            _ => None,
        }
    }
}

impl Accept {
    /// Returns the `Accept` of a request that wants a picture; `None` if it wants a reply.
    pub(super) fn picture(route: &str, headers: &HeaderMap) -> Option<Self> {
        if route != ROUTE {
            return None;
        }
        let accept = Self::of(headers);
        let image = accept.0.iter().any(|range| range.admitted && range.kind == "image");
        let json = accept.0.iter().any(|range| range.admitted && range.is_json());
        (image && !json).then_some(accept)
    }

    fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        Self(values.flat_map(|value| value.split(',')).filter_map(MediaRange::of).collect())
    }

    /// Whether it admits a media type. The range that names it most closely decides.
    fn admits(&self, media_type: &str) -> bool {
        let Some((kind, subtype)) = media_type.split_once('/') else { return false };
        let close = self.0.iter().filter_map(|range| Some((range.closeness(kind, subtype)?, range.admitted)));
        close.max_by_key(|(closeness, _)| *closeness).is_some_and(|(_, admitted)| admitted)
    }

    /// Checks that a job makes exactly one picture, of an admitted type. Other faults of the job are found elsewhere.
    pub(super) fn check(&self, incoming: &Incoming) -> Result<(), Box<Failure>> {
        let Some(document) = incoming.reading.document() else { return Ok(()) };
        let batch = "/prompt_submission/hyperparameters/batch_size";
        if document.pointer(batch).and_then(Value::as_u64).is_some_and(|count| count > 1) {
            let shape = &dictionary().named(incoming.head.action.info().request).shape;
            let pointer = incoming.reading.places.sender(batch, shape);
            let message = "a reply that is a picture has room for one: `batch_size` is 1 with this Accept";
            let violation = Violation::new(pointer, ErrorCode::ValidationFailed, message.to_owned());
            let failure = Failure::of_violations(vec![violation]);
            return Err(Box::new(failure.hint("accept application/json, and fetch each picture by its url")));
        }
        let format =
            document.pointer("/prompt_submission/postprocessing/output_format").and_then(Value::as_str);
        let made = media_type(format);
        if self.admits(made) {
            return Ok(());
        }
        let message = format!("Accept: the job makes {made}, which is not admitted");
        Err(Box::new(Failure::new(ErrorCode::NotAcceptable, message)))
    }
}

/// Whether the replies of a route depend on `Accept`.
pub(super) fn varies(route: &str) -> bool {
    route == ROUTE
}

/// Answers a success with its picture, and with members of its reply as headers.
///
/// # Errors
/// `worker_protocol_error` if the reply names no picture; those of [`Picture::open`].
pub(super) async fn picture(
    dispatcher: &Dispatcher,
    reply: &Reply,
    base: &Base,
) -> Result<Response<Body>, Box<Failure>> {
    let details = details(reply);
    let Some(detail) = details.first() else {
        return Err(Box::new(Failure::new(ErrorCode::WorkerProtocolError, "the reply names no picture")));
    };
    let mut response = Picture::open(dispatcher, detail).await?.whole();
    let mut put = |name: HeaderName, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    };
    if let Some(id) = &reply.request_id {
        put(header::LINK, format!("<{}>; rel=\"describedby\"", base.job(id)));
        put(HeaderName::from_static("x-request-id"), id.clone());
    }
    if let Some(seed) = reply.outcome.as_ref().ok().and_then(|data| data["seed_used"].as_u64()) {
        put(HeaderName::from_static("x-seed"), seed.to_string());
    }
    if !reply.warnings.is_empty() {
        let codes: Vec<&str> = reply.warnings.iter().map(|warning| warning.code.as_str()).collect();
        put(HeaderName::from_static("x-warnings"), codes.join(", "));
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::{Accept, ROUTE};

    fn admitted(accept: &str) -> Option<Vec<&'static str>> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
        let accept = Accept::picture(ROUTE, &headers)?;
        Some(
            ["image/png", "image/jpeg", "image/webp"]
                .into_iter()
                .filter(|kind| accept.admits(kind))
                .collect(),
        )
    }

    #[test]
    fn a_picture_is_asked_for_by_name_and_without_json() {
        let all = || Some(vec!["image/png", "image/jpeg", "image/webp"]);
        for (accept, expected) in [
            ("image/*", all()),
            ("IMAGE/PNG", Some(vec!["image/png"])),
            ("image/png, image/webp;q=0.5", Some(vec!["image/png", "image/webp"])),
            ("image/*, image/png;q=0", Some(vec!["image/jpeg", "image/webp"])),
            ("image/jpeg, */*;q=0.1", all()),
            ("image/avif", Some(vec![])),
            ("image/png, application/json;q=0", Some(vec!["image/png"])),
            ("*/*", None),
            ("", None),
            (";;, garbage, /", None),
            ("application/json", None),
            ("image/png, application/json", None),
            ("image/png, application/*", None),
            ("image/png, application/problem+json", Some(vec!["image/png"])),
            ("image/png;q=0", None),
            ("text/html", None),
        ] {
            assert_eq!(admitted(accept), expected, "{accept}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("image/png"));
        assert!(Accept::picture("/v1/batches", &headers).is_none());
    }
}
