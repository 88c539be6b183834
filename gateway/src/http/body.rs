//! Bodies of requests: their media types, their length, and how slowly they may arrive; and how the rest of a refused
//! body is read.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header},
};
use contracts::{ErrorCode, Failure, limits, shorten};
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::{
    sync::mpsc,
    time::{Instant, Sleep, sleep},
};

/// Refuses a body that is coded for its way, but for the pieces that HTTP itself makes of it.
///
/// # Errors
/// `unsupported_feature` (501, RFC 9112 §6.1) for another transfer coding than `chunked`: hyper takes the pieces apart and
/// hands on what is still compressed.
pub(super) fn check_coding(headers: &HeaderMap) -> Result<(), Box<Failure>> {
    let codings = headers
        .get_all(header::TRANSFER_ENCODING)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii);
    let unknown =
        codings.filter(|coding| !coding.is_empty()).find(|coding| !coding.eq_ignore_ascii_case(b"chunked"));
    let Some(unknown) = unknown else { return Ok(()) };
    let message =
        format!("Transfer-Encoding: {} is not decoded here", shorten(&String::from_utf8_lossy(unknown)));
    Err(Box::new(
        Failure::new(ErrorCode::UnsupportedFeature, message).hint("send the body as it is, or chunked"),
    ))
}

/// A body arrived too slowly.
#[derive(Debug, thiserror::Error)]
#[error("fewer than {} bytes of the body came within {} s", limits::HTTP_BODY_STEP_BYTES, .0.as_secs_f64())]
struct TooSlow(Duration);

/// The channel to the connection for bodies that were not read to their end.
#[derive(Clone, Debug)]
pub(super) struct Unread(pub(super) mpsc::Sender<Body>);

/// A body that must arrive in time. The rest that its reader leaves goes to the connection, which reads and drops it: a
/// client that sends its whole body before it reads would else see a broken pipe instead of the refusal.
struct Paced {
    body: Option<Body>,
    each: Duration,
    due: Pin<Box<Sleep>>,
    /// The bytes since `due` was set.
    step: u64,
    /// Whether it has ended or failed.
    over: bool,
    /// Whether its sender waits for `100 Continue` before it sends.
    waits: bool,
    unread: Option<Unread>,
}

impl Paced {
    fn new(body: Body, each: Duration) -> Self {
        let due = Box::pin(sleep(each));
        Self { body: Some(body), each, due, step: 0, over: false, waits: false, unread: None }
    }
}

impl http_body::Body for Paced {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        // The first poll makes hyper send `100 Continue`.
        self.waits = false;
        let Some(body) = self.body.as_mut() else { return Poll::Ready(None) };
        match Pin::new(body).poll_frame(cx) {
            Poll::Pending => {
                if self.due.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                self.over = true;
                Poll::Ready(Some(Err(Box::new(TooSlow(self.each)))))
            }
            Poll::Ready(Some(Ok(frame))) => {
                self.step += frame.data_ref().map_or(0, |data| data.len() as u64);
                if self.step >= limits::HTTP_BODY_STEP_BYTES {
                    self.step = 0;
                    let due = Instant::now() + self.each;
                    self.due.as_mut().reset(due);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(err))) => {
                self.over = true;
                Poll::Ready(Some(Err(err.into())))
            }
            Poll::Ready(None) => {
                self.over = true;
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, http_body::Body::size_hint)
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        let Some(body) = self
            .body
            .take()
            .filter(|body| !self.over && !self.waits && !http_body::Body::is_end_stream(body))
        else {
            return;
        };
        if let Some(Unread(unread)) = &self.unread
            && unread.try_send(body).is_err()
        {
            // An error means that the connection has ended.
            tracing::trace!("a body is dropped with its connection");
        }
    }
}

/// Gives the body of a request its time limit.
pub(super) fn pace(request: Request, each: Duration, unread: Unread) -> Request {
    if http_body::Body::is_end_stream(request.body()) {
        return request;
    }
    let (parts, body) = request.into_parts();
    let mut paced = Paced::new(body, each);
    paced.waits = parts.headers.contains_key(header::EXPECT);
    paced.unread = Some(unread);
    Request::from_parts(parts, Body::new(paced))
}

/// Closes the connection of a request whose body was cut: its next bytes belong to that body.
pub(super) fn close_if_cut(response: &mut Response<Body>) {
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE || response.extensions().get::<Cut>().is_some() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
}

/// Marks the reply to a request whose body was cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut;

/// Reads the rest of a refused body, up to a limit, and drops it.
pub(super) async fn drop_unread(body: Body, each: Duration) {
    let mut body = Limited::new(Paced::new(body, each), size(limits::HTTP_UNREAD_BYTES_MAX));
    while let Some(frame) = body.frame().await {
        if let Err(err) = frame {
            tracing::debug!(%err, "a refused body is not read to its end");
            return;
        }
    }
}

fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// Reads the body of a command: uncompressed JSON in UTF-8, up to the limit.
pub(super) async fn json(
    request: Request,
    headers: &HeaderMap,
    bytes_max: usize,
) -> Result<Bytes, Box<Failure>> {
    plain(headers)?;
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return typed(request, headers, bytes_max).await;
    }
    if let Some(kind) = headers.get(header::CONTENT_TYPE) {
        json_in_utf8(&String::from_utf8_lossy(kind.as_bytes()))?;
    }
    typed(request, headers, bytes_max).await
}

/// Reads a body that has a `Content-Type`. A page in a browser may send a body without one to any host, without a
/// preflight.
pub(super) async fn typed(
    request: Request,
    headers: &HeaderMap,
    bytes_max: usize,
) -> Result<Bytes, Box<Failure>> {
    let untyped = || {
        let message = "Content-Type is missing: what is the body?";
        let failure = Failure::new(ErrorCode::UnsupportedMediaType, message);
        Box::new(failure.hint("say what it is, as `Content-Type: application/json`"))
    };
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter();
    let says = kinds.next().is_some();
    if kinds.next().is_some() {
        let failure = Failure::new(ErrorCode::UnsupportedMediaType, "Content-Type appears twice");
        return Err(Box::new(failure.hint("say once what the body is")));
    }
    if !says && length(headers).is_some_and(|length| length > 0) {
        return Err(untyped());
    }
    let body = raw(request, headers, bytes_max).await?;
    // The length of a chunked body is known only now.
    if says || body.is_empty() { Ok(body) } else { Err(untyped()) }
}

/// The `Content-Length` of a body.
fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn json_in_utf8(kind: &str) -> Result<(), Box<Failure>> {
    let mut parts = kind.split(';').map(|part| part.trim().to_ascii_lowercase());
    let media = parts.next().unwrap_or_default();
    let json = media == "application/json"
        || media == "text/json"
        || (media.starts_with("application/") && media.ends_with("+json"));
    if !json {
        let message = format!("the body is {kind}, not application/json");
        return Err(Box::new(Failure::new(ErrorCode::UnsupportedMediaType, message)));
    }
    let charset = parts.find_map(|part| Some(part.strip_prefix("charset=")?.trim_matches('"').to_owned()));
    match charset {
        Some(charset) if !matches!(&*charset, "utf-8" | "utf8" | "us-ascii") => {
            let message = format!("Content-Type: the body is in {charset}, not in utf-8");
            let failure = Failure::new(ErrorCode::UnsupportedMediaType, message);
            Err(Box::new(failure.hint("send the body in UTF-8, as `Content-Type: application/json`")))
        }
        _ => Ok(()),
    }
}

/// Refuses a body that is compressed.
pub(super) fn plain(headers: &HeaderMap) -> Result<(), Box<Failure>> {
    let codings = headers.get_all(header::CONTENT_ENCODING).iter();
    match codings.into_iter().find(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        None => Ok(()),
        Some(coding) => {
            let coding = String::from_utf8_lossy(coding.as_bytes());
            let message = format!("Content-Encoding: the body is in {coding}, which is not read here");
            let failure = Failure::new(ErrorCode::UnsupportedMediaType, message);
            Err(Box::new(failure.hint("send the body as it is, without Content-Encoding")))
        }
    }
}

/// Reads the body, up to the limit. A body whose `Content-Length` is over it is not read at all: its sender may still
/// wait for `100 Continue`.
async fn raw(request: Request, headers: &HeaderMap, bytes_max: usize) -> Result<Bytes, Box<Failure>> {
    let too_large = || {
        let message = format!("the body is over {bytes_max} bytes");
        Box::new(Failure::new(ErrorCode::FrameTooLarge, message).detail("maximum_bytes", bytes_max))
    };
    if length(headers).is_some_and(|length| length > bytes_max as u64) {
        return Err(too_large());
    }
    match Limited::new(request.into_body(), bytes_max).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(err) if err.downcast_ref::<LengthLimitError>().is_some() => Err(too_large()),
        Err(err) => Err(Box::new(match slow(&*err) {
            Some(slow) => Failure::new(ErrorCode::Timeout, slow.to_string())
                .hint("send it again, without pauses; a body may be sent in pieces, but not for ever"),
            None => Failure::new(ErrorCode::BadRequest, format!("the body broke off: {err}"))
                .hint("send the whole body, as its Content-Length or its chunks say"),
        })),
    }
}

/// Finds a [`TooSlow`] among the sources of an error.
fn slow<'e>(err: &'e (dyn std::error::Error + 'static)) -> Option<&'e TooSlow> {
    std::iter::successors(Some(err), |err| err.source()).find_map(|err| err.downcast_ref())
}
