//! Commands over HTTP: from the bytes and the query of a request to its reply.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use contracts::{
    Action, Dialect, ErrorCode, Failure, Incoming, Refusal, Reply, RouteBody, Trace, framing::is_blank,
    read_body, read_frame, registry::Route, types::IdempotencyKey,
};
use serde_json::{Value, json, value::RawValue};
use sha2::{Digest, Sha256};

use super::{
    accept::{self, Accept},
    access::Answered,
    body,
    place::Base,
    problem::{refuse, respond, with},
    query::{Parameters, RequestKind, field_of, of_route, read_query, violation},
    trace::Traced,
};
use crate::{
    aside,
    dispatch::{Answer, Dispatcher, OnDisconnect, ReplyOptions, may_run, refused},
    jobs::{Accepted, JobQueueHandle, Status},
};

/// `POST /v1/commands`: any action, in any envelope and dialect.
pub(crate) async fn any(State(dispatcher): State<Dispatcher>, mut request: Request) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let parameters = match read_query(&request, RequestKind::Any) {
        Ok(parameters) => parameters,
        Err(failure) => return refuse(*failure, super::dialect(request.uri()), &path),
    };
    let headers = std::mem::take(request.headers_mut());
    let client = Client { base: Base::of(&request), picture: None, path, trace: traced(&request) };
    let body = match body::json(request, &headers, dispatcher.config().frame_bytes_max).await {
        Ok(body) => body,
        Err(failure) => {
            return cut(*failure, parameters.dialect.unwrap_or(Dialect::Snake), &client.path);
        }
    };
    let read = if is_blank(&body) {
        let failure = Box::new(Failure::new(ErrorCode::BadFrame, "the body is empty"));
        Err(Refusal { request_id: None, session_id: None, form: None, dialect: None, failure })
    } else {
        dispatcher.reading_budget().read(body.clone(), |body| read_frame(strip_bom(body))).await
    };
    answer(&dispatcher, read, &parameters, &headers, body, client).await
}

/// Answers a failure to read a body. After a body that arrived too slowly the connection is closed: its next bytes
/// belong to that body.
pub(super) fn cut(failure: Failure, dialect: Dialect, path: &str) -> Response<Body> {
    let late = failure.code == ErrorCode::Timeout;
    let mut response = refuse(failure, dialect, path);
    if late {
        response.extensions_mut().insert(body::Cut);
    }
    response
}

/// The sender of a request, beside the command.
struct Client {
    base: Base,
    /// The `Accept` of a sender that wants the picture itself.
    picture: Option<Accept>,
    path: String,
    /// The trace of its header, or a new one for a header that is invalid.
    trace: Option<Trace>,
}

fn traced(request: &Request) -> Option<Trace> {
    request.extensions().get::<Traced>().map(|traced| traced.0.clone())
}

/// A route of an action.
pub(crate) async fn on_route(
    dispatcher: Dispatcher,
    action: Action,
    route: &'static Route,
    mut request: Request,
) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let dialect = super::dialect(request.uri());
    let parameters = match of_route(&mut request, action, route).await {
        Ok(parameters) => parameters,
        Err(failure) => return refuse(*failure, dialect, &path),
    };
    let headers = std::mem::take(request.headers_mut());
    let picture = Accept::picture(route.path, &headers).filter(|_| !wants_async(&headers));
    let client = Client { base: Base::of(&request), picture, path, trace: traced(&request) };
    let body = match body::json(request, &headers, dispatcher.config().frame_bytes_max).await {
        Ok(body) => body,
        Err(failure) => return cut(*failure, dialect, &client.path),
    };
    let form = RouteBody { action, bare: route.bare };
    let fields = parameters.fields.clone();
    let reader = move |body: &[u8]| read_body(strip_bom(body), form, &fields);
    let read = dispatcher.reading_budget().read(body.clone(), reader).await;
    let mut response = answer(&dispatcher, read, &parameters, &headers, body, client).await;
    if accept::varies(route.path) {
        response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    }
    response
}

/// Strips a byte order mark, which readers of JSON may ignore (RFC 8259, 8.1).
fn strip_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)
}

async fn answer(
    dispatcher: &Dispatcher,
    read: Result<Incoming, Refusal>,
    parameters: &Parameters,
    headers: &HeaderMap,
    body: Bytes,
    client: Client,
) -> Response<Body> {
    let incoming = match read {
        Ok(incoming) => incoming,
        Err(refusal) => {
            let dialect = parameters.dialect.or(refusal.dialect).unwrap_or(Dialect::Snake);
            let mut reply = Reply::failed(None, refusal.request_id, *refusal.failure);
            reply.session_id = refusal.session_id;
            return respond(&reply, dialect, &client.path);
        }
    };
    let dialect = parameters.dialect.or(incoming.reading.dialect).unwrap_or(Dialect::Snake);
    let answered = match reply_options(&incoming, dialect, parameters, headers, body, &client).await {
        Ok(options) => dispatcher.take(incoming, options).await,
        Err(failure) => Answer::Reply(Arc::new(refused(&incoming, *failure))),
    };
    answered_as(dispatcher, answered, dialect, &client).await
}

/// How a command is answered, by the request around it.
///
/// # Errors
/// The failure of a command that the request asks to answer in a way that is not possible.
async fn reply_options(
    incoming: &Incoming,
    dialect: Dialect,
    parameters: &Parameters,
    headers: &HeaderMap,
    body: Bytes,
    client: &Client,
) -> Result<ReplyOptions, Box<Failure>> {
    let action = incoming.head.action;
    let runs = may_run(action);
    let key = match idempotency_key(headers).filter(|_| runs).transpose()? {
        Some(key) => Some((key, key_hash(action, &client.path, parameters, body).await)),
        None => None,
    };
    if let Some(accept) = &client.picture {
        accept.check(incoming)?;
    }
    let wait = !(runs && wants_async(headers));
    if let (false, Some(OnDisconnect::Cancel)) = (wait, parameters.on_disconnect) {
        let message = "`on_disconnect=cancel` beside `Prefer: respond-async`: a client that does not wait can not leave";
        return Err(violation("on_disconnect", ErrorCode::ValidationFailed, message.to_owned()));
    }
    let trace = client.trace.clone();
    Ok(ReplyOptions { dialect, wait, key, on_disconnect: parameters.on_disconnect, trace })
}

/// Writes an answer as the response that the client wants: its picture, its reply, or where its job is found.
async fn answered_as(
    dispatcher: &Dispatcher,
    answer: Answer,
    dialect: Dialect,
    client: &Client,
) -> Response<Body> {
    let Client { base, picture, path, .. } = client;
    match answer {
        Answer::Reply(reply) if picture.is_some() && reply.outcome.is_ok() => {
            match accept::picture(dispatcher, &reply, base).await {
                Ok(response) => response,
                Err(failure) => {
                    respond(&Reply::failed(reply.action, reply.request_id.clone(), *failure), dialect, path)
                }
            }
        }
        Answer::Reply(mut reply) => {
            base.locate(&mut reply);
            respond(&reply, dialect, path)
        }
        Answer::Queued { request_id, accepted } => {
            let (status, queue_position) =
                match current_status(dispatcher.queue(), &request_id, &accepted).await {
                    Ok(current) => current,
                    Err(failure) => {
                        let reply = Reply::failed(None, Some(request_id.to_string()), *failure);
                        return respond(&reply, dialect, path);
                    }
                };
            let body = json!({
                "request_id": &*request_id,
                "status": status.as_str(),
                "queue_position": queue_position,
            });
            queued(&request_id, &base.job(&request_id), dialect.spell("Accepted", &body).to_string())
        }
    }
}

fn queued(request_id: &str, location: &str, body: String) -> Response<Body> {
    let mut response = with(StatusCode::ACCEPTED, "application/json", body);
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response.extensions_mut().insert(Answered { request_id: request_id.to_owned() });
    response.headers_mut().insert("preference-applied", HeaderValue::from_static("respond-async"));
    response
}

/// The status of a job now: one that an idempotency key names again may be running, or may have ended.
///
/// # Errors
/// `job_not_found` if the queue does not know it, `shutting_down` if the queue's task has ended.
async fn current_status(
    queue: &JobQueueHandle,
    request_id: &Arc<str>,
    accepted: &Accepted,
) -> Result<(Status, usize), Box<Failure>> {
    let ended = || accepted.events.subscribe().borrow().reply().map(|reply| (Status::of(&reply), 0));
    if let Some(ended) = ended() {
        return Ok(ended);
    }
    let job = queue.job(request_id.clone()).await;
    // It may have ended meanwhile; its record may be gone then, or belong to a later job of that id.
    if let Some(ended) = ended() {
        return Ok(ended);
    }
    let unknown = || Failure::new(ErrorCode::JobNotFound, format!("no job {request_id}"));
    let job = job?.ok_or_else(|| Box::new(unknown()))?;
    Ok((job.record.status, job.queue_position.unwrap_or(0)))
}

/// Whether the headers have `Prefer: respond-async` (RFC 7240).
fn wants_async(headers: &HeaderMap) -> bool {
    headers
        .get_all("prefer")
        .iter()
        // A value that is not ASCII is ignored, like an unknown preference (RFC 7240 §2).
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|preference| {
            preference.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("respond-async"))
        })
}

fn idempotency_key(headers: &HeaderMap) -> Option<Result<String, Box<Failure>>> {
    let mut values = headers.get_all("idempotency-key").iter();
    let value = values.next()?;
    if values.next().is_some() {
        let message = "Idempotency-Key is given twice; send one";
        return Some(Err(Box::new(Failure::new(ErrorCode::BadRequest, message))));
    }
    let key = value.to_str().ok().and_then(|key| key.parse::<IdempotencyKey>().ok());
    Some(key.map(|key| key.to_string()).ok_or_else(|| {
        let message = "Idempotency-Key is 1 to 255 visible ASCII characters, without spaces";
        Box::new(Failure::new(ErrorCode::UnsupportedValue, message))
    }))
}

/// Hashes what an idempotency key stands for: the action, the path, the fields of path and query, and the body. A trace
/// is left out, because a client that repeats a request does so with another span. A long body is hashed on a blocking
/// thread.
async fn key_hash(action: Action, path: &str, parameters: &Parameters, body: Bytes) -> [u8; 32] {
    let fields: BTreeMap<&String, &Value> =
        parameters.fields.iter().filter(|(name, _)| is_hashed(action, name)).collect();
    let fields = serde_json::to_vec(&fields).expect("the fields have string keys");
    let mut hash = Sha256::new();
    for part in [action.as_str().as_bytes(), path.as_bytes(), &fields] {
        hash.update(part);
        hash.update([0]);
    }
    if !aside::is_long(body.len()) {
        return finished(hash, action, &body);
    }
    let hashing = tokio::task::spawn_blocking(move || finished(hash, action, &body));
    hashing.await.unwrap_or_else(|err| std::panic::resume_unwind(err.into_panic()))
}

/// Completes the hash with the body. The body has been read as a command, so that it is blank or an object. The order
/// of its members does not count.
fn finished(mut hash: Sha256, action: Action, body: &[u8]) -> [u8; 32] {
    let body = strip_bom(body);
    if is_blank(body) {
        return hash.finalize().into();
    }
    let members: BTreeMap<String, &RawValue> =
        serde_json::from_slice(body).expect("what was read as a command is an object");
    for (name, value) in members.iter().filter(|(name, _)| is_hashed(action, name)) {
        // A name as a JSON string and a value as JSON both end by themselves, so that no separator is needed.
        hash.update(Value::from(name.as_str()).to_string());
        hash.update(value.get());
    }
    hash.finalize().into()
}

fn is_hashed(action: Action, name: &str) -> bool {
    field_of(action, name) != "traceparent"
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use contracts::{ErrorCode, Failure, Reply};
    use tokio::{sync::Notify, task::JoinSet};

    use super::current_status;
    use crate::{
        events::JobEvents,
        jobs::{self, Accepted, QueueConfig, Status},
        outputs::Outputs,
    };

    /// The job of a key whose record is gone, and then the queue: neither waits, and "queued" would be a lie.
    #[tokio::test]
    async fn a_job_that_the_queue_does_not_know_is_not_called_queued() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = QueueConfig {
            queue_max: 1,
            records_max: 1,
            records_bytes_max: 1,
            events_bytes_max: 1,
            events_ended_bytes_max: 1,
        };
        let mut tasks = JoinSet::new();
        let outputs = Outputs::new(folder.path(), 0);
        let queue = jobs::start(Vec::new(), config, outputs, Arc::new(Notify::new()), &mut tasks);
        let accepted = Accepted { seq: 1, queue_position: 3, events: JobEvents::new(1024, None) };
        let id: Arc<str> = "a".into();
        let forgotten = current_status(&queue, &id, &accepted).await;
        assert_eq!(forgotten.map_err(|failure| failure.code), Err(ErrorCode::JobNotFound));
        queue.close().await;
        tasks.join_next().await.expect("the queue's task").expect("it ends");
        let closed = current_status(&queue, &id, &accepted).await;
        assert_eq!(closed.map_err(|failure| failure.code), Err(ErrorCode::ShuttingDown));
        let cancelled = Failure::new(ErrorCode::Cancelled, "cancelled");
        accepted.events.end(Reply::failed(None, Some("a".to_owned()), cancelled));
        let ended = current_status(&queue, &id, &accepted).await;
        assert_eq!(ended.map_err(|failure| failure.code), Ok((Status::Cancelled, 0)));
    }
}
