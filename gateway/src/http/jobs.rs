//! The events and the pictures of a job.

use std::{convert::Infallible, path::PathBuf, sync::Arc};

use axum::{
    body::Body,
    extract::{Path, Request, State},
    http::{Response, StatusCode, header},
    response::{IntoResponse, Sse, sse::Event},
};
use contracts::{Dialect, ErrorCode, Failure, event};
use futures::{Stream, stream};
use serde_json::Value;

use super::problem::{refuse, with};
use crate::{
    front::Front,
    jobs::{Heard, Record},
};

/// `GET /v1/jobs/{id}/events`: what has been heard of a job, then what comes, then its reply as the event `reply`.
pub(crate) async fn events(
    State(front): State<Front>,
    Path(id): Path<String>,
    request: Request,
) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let job = match find(&front, &id).await {
        Ok(job) => job,
        Err(failure) => return refuse(*failure, super::dialect(&request), &path),
    };
    let dialect = super::query::told(&request).unwrap_or(job.dialect);
    let last = request.headers().get("last-event-id").and_then(|id| id.to_str().ok()).map(str::parse::<u64>);
    let next = match last {
        None => 0,
        Some(Ok(last)) => last.saturating_add(1),
        Some(Err(_)) => {
            let failure =
                Failure::new(ErrorCode::UnsupportedValue, "Last-Event-ID is the sequence of an event");
            return refuse(failure, dialect, &path);
        }
    };
    let keep_alive = axum::response::sse::KeepAlive::new();
    Sse::new(follow(&job, next, dialect)).keep_alive(keep_alive).into_response()
}

/// Where a listener stands.
struct Follow {
    heard: tokio::sync::watch::Receiver<Heard>,
    next: u64,
    dialect: Dialect,
    ended: bool,
}

fn follow(
    job: &Record,
    next: u64,
    dialect: Dialect,
) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let from = Follow { heard: job.feed.listen(), next, dialect, ended: false };
    stream::unfold(from, |mut at| async move {
        if at.ended {
            return None;
        }
        loop {
            let found = {
                let heard = at.heard.borrow_and_update();
                let next = heard.since(at.next).next();
                match next {
                    Some(event) => Some(Ok(event)),
                    None => heard.reply().map(Err),
                }
            };
            match found {
                Some(Ok((sequence, event))) => {
                    at.next = sequence + 1;
                    let name = event["event"].as_str().unwrap_or("event").to_owned();
                    let data = event::spell(&event, at.dialect).to_string();
                    return Some((Ok(Event::default().id(sequence.to_string()).event(name).data(data)), at));
                }
                Some(Err(reply)) => {
                    at.ended = true;
                    let data = reply.to_value(at.dialect).to_string();
                    return Some((Ok(Event::default().event("reply").data(data)), at));
                }
                // The feed lives in `at.heard`'s sender, which the record holds; forgotten records end the stream.
                None => {
                    if at.heard.changed().await.is_err() {
                        return None;
                    }
                }
            }
        }
    })
}

/// `GET /v1/jobs/{id}/images/{n}`: a picture, as its bytes.
pub(crate) async fn image(
    State(front): State<Front>,
    Path((id, n)): Path<(String, String)>,
    request: Request,
) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let dialect = super::dialect(&request);
    let job = match find(&front, &id).await {
        Ok(job) => job,
        Err(failure) => return refuse(*failure, dialect, &path),
    };
    match picture(&front, &job, &n).await {
        Ok((kind, bytes)) => {
            let mut response = with(StatusCode::OK, kind, bytes);
            // Files are never overwritten.
            let forever = axum::http::HeaderValue::from_static("private, max-age=31536000, immutable");
            response.headers_mut().insert(header::CACHE_CONTROL, forever);
            response
        }
        Err(failure) => refuse(*failure, dialect, &path),
    }
}

async fn find(front: &Front, id: &str) -> Result<Record, Box<Failure>> {
    let job = front.desk().job(Arc::from(id)).await?;
    job.ok_or_else(|| Box::new(Failure::new(ErrorCode::JobNotFound, format!("no job {id}"))))
}

async fn picture(front: &Front, job: &Record, n: &str) -> Result<(&'static str, Vec<u8>), Box<Failure>> {
    let missing = |message: String| Box::new(Failure::new(ErrorCode::RouteNotFound, message));
    let details = details(job);
    let detail = n.parse::<usize>().ok().and_then(|n| details.get(n)).ok_or_else(|| {
        missing(format!("job {} has {} pictures, and no picture {n}", job.request_id, details.len()))
    })?;
    let file = PathBuf::from(detail["path"].as_str().unwrap_or_default());
    let kind = match detail["format"].as_str() {
        Some("jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        _ => "image/png",
    };
    // A worker's word is no reason to hand out any file of the host.
    let root = tokio::fs::canonicalize(&front.config().output_dir).await;
    let gone = |err: std::io::Error| missing(format!("the picture is gone: {err}"));
    let real = tokio::fs::canonicalize(&file).await.map_err(gone)?;
    if !root.is_ok_and(|root| real.starts_with(root)) {
        return Err(Box::new(Failure::new(
            ErrorCode::PathNotAllowed,
            "the picture is outside the output directory",
        )));
    }
    if !tokio::fs::metadata(&real).await.map_err(gone)?.is_file() {
        return Err(missing(format!("the picture is gone: {} is no regular file", file.display())));
    }
    let bytes = tokio::fs::read(&real).await.map_err(gone)?;
    Ok((kind, bytes))
}

/// `image_details` of a result, or of all results of a batch.
fn details(job: &Record) -> Vec<Value> {
    let listener = job.feed.listen();
    let heard = listener.borrow();
    let Some(reply) = heard.reply() else { return Vec::new() };
    let Ok(data) = &reply.outcome else { return Vec::new() };
    let of = |data: &Value| data["image_details"].as_array().cloned().unwrap_or_default();
    match data["results"].as_array() {
        Some(results) => results.iter().flat_map(|item| of(&item["data"])).collect(),
        None => of(data),
    }
}
