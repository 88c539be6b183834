//! Commands over HTTP: bytes and query in, replies out.

use axum::{
    RequestExt,
    body::{Body, Bytes},
    extract::{Query, RawPathParams, Request, State},
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header},
};
use contracts::{
    Action, Class, Dialect, ErrorCode, Failure, Fault, Incoming, Refusal,
    dictionary::{Shape, dictionary},
    envelope,
    generated::action::Route,
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::problem::{bare, refuse, respond, with};
use crate::front::{Answer, Front, Manner};

/// A key, and the hash of what it stands for.
type Key = (String, [u8; 32]);

/// What the query says: the dialect, and fields of the command.
struct Asked {
    dialect: Option<Dialect>,
    given: Map<String, Value>,
}

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
    let key = match idempotency_key(headers, incoming.head.action, body).filter(|_| runs).transpose() {
        Ok(key) => key,
        Err(failure) => return respond(&bare(None, incoming.head.request_id, *failure), dialect, path),
    };
    let manner = Manner { dialect, wait: !(runs && wants_async(headers)), key };
    match front.take(incoming, manner).await {
        Answer::Reply(reply) => respond(&reply, dialect, path),
        Answer::Queued { request_id, accepted } => {
            let body = json!({
                "request_id": &*request_id,
                "status": "queued",
                "queue_position": accepted.queue_position,
            });
            let body = dialect.spell("Accepted", &body).to_string();
            let mut response = with(StatusCode::ACCEPTED, "application/json", body);
            if let Ok(location) = HeaderValue::from_str(&format!("/v1/jobs/{request_id}")) {
                response.headers_mut().insert(header::LOCATION, location);
            }
            response.headers_mut().insert("preference-applied", HeaderValue::from_static("respond-async"));
            response
        }
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

fn idempotency_key(headers: &HeaderMap, action: Action, body: &[u8]) -> Option<Result<Key, Box<Failure>>> {
    let value = headers.get("idempotency-key")?;
    let key = value.to_str().ok().filter(|key| (1..=255).contains(&key.len()));
    let Some(key) = key else {
        let message = "Idempotency-Key is 1 to 255 visible characters";
        return Some(Err(Box::new(Failure::new(ErrorCode::UnsupportedValue, message))));
    };
    let mut hash = Sha256::new();
    hash.update(action.as_str());
    hash.update([0]);
    hash.update(body);
    Some(Ok((key.to_owned(), hash.finalize().into())))
}

/// Reads the body, up to the limit; a body that is no JSON by its own word is refused.
async fn body(request: Request, headers: &HeaderMap, bytes_max: usize) -> Result<Bytes, Box<Failure>> {
    let json = |kind: &str| {
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        kind == "application/json"
            || kind == "text/json"
            || (kind.starts_with("application/") && kind.ends_with("+json"))
    };
    let bodied = !matches!(*request.method(), Method::GET | Method::HEAD);
    if let Some(kind) = headers.get(header::CONTENT_TYPE)
        && bodied
        && !kind.to_str().is_ok_and(json)
    {
        let message =
            format!("the body is {}, not application/json", String::from_utf8_lossy(kind.as_bytes()));
        return Err(Box::new(Failure::new(ErrorCode::UnsupportedMediaType, message)));
    }
    raw_body(request, bytes_max).await
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

/// Fields from the path, the route and the query.
async fn given(request: &mut Request, action: Action, route: &Route) -> Result<Asked, Box<Failure>> {
    let mut asked = query(request, Some(action))?;
    let params = request.extract_parts::<RawPathParams>().await.map_err(|err| {
        Box::new(Failure::new(ErrorCode::BadFrame, format!("the path cannot be read: {err}")))
    })?;
    for (name, value) in &params {
        let field = route.params.iter().find(|(param, _)| *param == name).map_or(name, |(_, field)| field);
        asked.given.insert(field.to_owned(), value.into());
    }
    for (field, value) in route.fixed {
        asked.given.insert((*field).to_owned(), (*value).into());
    }
    Ok(asked)
}

/// The query: `dialect`, and fields of the action, typed as its schema types them.
fn query(request: &Request, action: Option<Action>) -> Result<Asked, Box<Failure>> {
    let mut asked = Asked { dialect: None, given: Map::new() };
    if request.uri().query().is_none_or(str::is_empty) {
        return Ok(asked);
    }
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(request.uri()).map_err(|err| {
        Box::new(Failure::new(ErrorCode::BadFrame, format!("the query cannot be read: {err}")))
    })?;
    let fault = |name: &str, code, message: String| {
        Box::new(Failure::of_faults(vec![Fault::new(format!("/{name}"), code, message)]))
    };
    for (name, value) in pairs {
        if name == "dialect" {
            let dialect = value.parse().map_err(|err: contracts::dialect::UnknownDialect| {
                let mut failure = fault("dialect", ErrorCode::UnsupportedValue, err.to_string());
                failure.errors[0].allowed = Some(Dialect::ALL.map(|one| one.as_str().to_owned()).to_vec());
                failure
            })?;
            asked.dialect = Some(dialect);
            continue;
        }
        let Some(action) = action else {
            return Err(fault(
                &name,
                ErrorCode::UnknownField,
                format!("`{name}` is no query parameter here"),
            ));
        };
        let value = typed(action, &name, value);
        if asked.given.insert(name.clone(), value).is_some() {
            return Err(fault(
                &name,
                ErrorCode::DuplicateField,
                format!("`{name}` stands twice in the query"),
            ));
        }
    }
    Ok(asked)
}

/// A query has only text; what the schema says decides what it is. What does not fit stays text and is refused as such.
fn typed(action: Action, name: &str, text: String) -> Value {
    let spec = dictionary().object(action.info().request);
    let shape = spec.property(name).map(|property| dictionary().resolve(&property.shape));
    let parsed = match shape {
        Some(Shape::Integer(_) | Shape::Number(_) | Shape::Boolean) => {
            serde_json::from_str::<Value>(&text).ok()
        }
        _ => None,
    };
    match parsed {
        Some(value @ (Value::Number(_) | Value::Bool(_))) => value,
        _ => text.into(),
    }
}
