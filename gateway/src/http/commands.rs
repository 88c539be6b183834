//! Commands over HTTP: bytes and query in, replies out.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header},
};
use contracts::{
    Action, Class, Dialect, ErrorCode, Failure, Incoming, Refusal, envelope, generated::action::Route,
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    problem::{bare, refuse, respond, with},
    query::{Asked, given, query},
};
use crate::{
    front::{Answer, Front, Manner},
    jobs::{Accepted, Status},
};

/// `POST /v1/commands`: any action, in any envelope and dialect.
pub(crate) async fn any(State(front): State<Front>, mut request: Request) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let asked = match query(&request, None) {
        Ok(asked) => asked,
        Err(failure) => return refuse(*failure, super::dialect(&request), &path),
    };
    let headers = std::mem::take(request.headers_mut());
    let body = match body(request, &headers, front.config().frame_bytes_max).await {
        Ok(body) => body,
        Err(failure) => return refuse(*failure, asked.dialect.unwrap_or(Dialect::Snake), &path),
    };
    let read = if body.iter().all(u8::is_ascii_whitespace) {
        let failure = Box::new(Failure::new(ErrorCode::BadFrame, "the body is empty"));
        Err(Refusal { request_id: None, session_id: None, form: None, dialect: None, failure })
    } else {
        envelope::read_frame(strip_bom(&body))
    };
    answer(&front, read, &asked, &headers, &body, &path).await
}

/// A route of an action.
pub(crate) async fn on_route(
    front: Front,
    action: Action,
    route: &'static Route,
    mut request: Request,
) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let told = super::dialect(&request);
    let asked = match given(&mut request, action, route).await {
        Ok(asked) => asked,
        Err(failure) => return refuse(*failure, told, &path),
    };
    let headers = std::mem::take(request.headers_mut());
    let body = match body(request, &headers, front.config().frame_bytes_max).await {
        Ok(body) => body,
        Err(failure) => return refuse(*failure, told, &path),
    };
    let of_route = envelope::Body { action, bare: route.bare };
    let read = envelope::read_body(strip_bom(&body), of_route, &asked.given);
    answer(&front, read, &asked, &headers, &body, &path).await
}

/// Readers accept a BOM.
fn strip_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)
}

async fn answer(
    front: &Front,
    read: Result<Incoming, Refusal>,
    asked: &Asked,
    headers: &HeaderMap,
    body: &[u8],
    path: &str,
) -> Response<Body> {
    let incoming = match read {
        Ok(incoming) => incoming,
        Err(refusal) => {
            let dialect = asked.dialect.or(refusal.dialect).unwrap_or(Dialect::Snake);
            let mut reply = bare(None, refusal.request_id, *refusal.failure);
            reply.session_id = refusal.session_id;
            return respond(&reply, dialect, path);
        }
    };
    let dialect = asked.dialect.or(incoming.reading.dialect).unwrap_or(Dialect::Snake);
    let runs = matches!(incoming.head.action.info().class, Class::Job | Class::Training)
        || incoming.head.action.info().class_when.is_some();
    let action = incoming.head.action;
    let key = match idempotency_key(headers).filter(|_| runs).transpose() {
        Ok(key) => key.map(|key| (key, hash(action, path, asked, body))),
        Err(failure) => return respond(&bare(None, incoming.head.request_id, *failure), dialect, path),
    };
    let manner = Manner { dialect, wait: !(runs && wants_async(headers)), key };
    match front.take(incoming, manner).await {
        Answer::Reply(reply) => respond(&reply, dialect, path),
        Answer::Queued { request_id, accepted } => {
            let (status, queue_position) = standing(front, &request_id, &accepted).await;
            let body = json!({
                "request_id": &*request_id,
                "status": status.as_str(),
                "queue_position": queue_position,
            });
            queued(&request_id, dialect.spell("Accepted", &body).to_string())
        }
    }
}

fn queued(request_id: &str, body: String) -> Response<Body> {
    let mut response = with(StatusCode::ACCEPTED, "application/json", body);
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/jobs/{request_id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response.headers_mut().insert("preference-applied", HeaderValue::from_static("respond-async"));
    response
}

/// Where a job stands now: one that an idempotency key names again may be under way, or have ended.
async fn standing(front: &Front, request_id: &Arc<str>, accepted: &Accepted) -> (Status, usize) {
    if let Some(reply) = accepted.feed.listen().borrow().reply() {
        return (Status::of(&reply), 0);
    }
    match front.desk().job(request_id.clone()).await {
        Ok(Some(job)) => (job.status, job.queue_position.unwrap_or(0)),
        Ok(None) | Err(_) => (Status::Queued, accepted.queue_position),
    }
}

/// `Prefer: respond-async` (RFC 7240), among others or alone.
fn wants_async(headers: &HeaderMap) -> bool {
    headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|preference| {
            preference.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("respond-async"))
        })
}

fn idempotency_key(headers: &HeaderMap) -> Option<Result<String, Box<Failure>>> {
    let value = headers.get("idempotency-key")?;
    let key = value.to_str().ok().filter(|key| (1..=255).contains(&key.len()));
    Some(key.map(str::to_owned).ok_or_else(|| {
        let message = "Idempotency-Key is 1 to 255 visible characters";
        Box::new(Failure::new(ErrorCode::UnsupportedValue, message))
    }))
}

/// What a key stands for: the action, the path, its fields and the query's, and the body.
fn hash(action: Action, path: &str, asked: &Asked, body: &[u8]) -> [u8; 32] {
    let given: BTreeMap<&String, &Value> = asked.given.iter().collect();
    let given = serde_json::to_vec(&given).expect("the fields have string keys");
    let mut hash = Sha256::new();
    for part in [action.as_str().as_bytes(), path.as_bytes(), &given] {
        hash.update(part);
        hash.update([0]);
    }
    hash.update(body);
    hash.finalize().into()
}

/// Reads the body, up to the limit; a body that is no JSON in UTF-8 by its own word is refused.
async fn body(request: Request, headers: &HeaderMap, bytes_max: usize) -> Result<Bytes, Box<Failure>> {
    plain(headers)?;
    let bodied = !matches!(*request.method(), Method::GET | Method::HEAD);
    if let Some(kind) = headers.get(header::CONTENT_TYPE).filter(|_| bodied) {
        json_in_utf8(&String::from_utf8_lossy(kind.as_bytes()))?;
    }
    raw_body(request, bytes_max).await
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

/// Reads the body, up to the limit.
pub(super) async fn raw_body(request: Request, bytes_max: usize) -> Result<Bytes, Box<Failure>> {
    match Limited::new(request.into_body(), bytes_max).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(err) if err.downcast_ref::<LengthLimitError>().is_some() => {
            let message = format!("the body is over {bytes_max} bytes");
            Err(Box::new(Failure::new(ErrorCode::FrameTooLarge, message).detail("maximum_bytes", bytes_max)))
        }
        Err(err) => Err(Box::new(Failure::new(ErrorCode::BadFrame, format!("the body broke off: {err}")))),
    }
}
