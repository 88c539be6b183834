//! The events of a job, as server-sent events.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::Body,
    extract::{Path, Request, State, rejection::PathRejection},
    http::{HeaderName, HeaderValue, Response, StatusCode},
    response::{IntoResponse, Sse, sse::Event},
};
use contracts::{Dialect, ErrorCode, Failure, event, shorten};
use futures::{Stream, stream};

use super::{
    pictures::integer,
    place::Base,
    problem::{refuse, unreadable},
};
use crate::{dispatch::Dispatcher, events::EventLog, jobs::JobView};

/// `GET /v1/jobs/{id}/events`: the events of a job so far, then those that come, and last its reply as the event
/// `reply`.
pub(crate) async fn events(
    State(dispatcher): State<Dispatcher>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let found = match id {
        Ok(Path(id)) => find(&dispatcher, &id).await,
        Err(err) => Err(unreadable(&err)),
    };
    let job = match found {
        Ok(job) => job,
        Err(failure) => return refuse(*failure, super::dialect(request.uri()), &path),
    };
    let dialect = super::query::dialect_of_query(request.uri()).unwrap_or(job.record.dialect);
    let last = request.headers().get("last-event-id").map(|id| id.to_str().ok().and_then(integer));
    let next = match last {
        None => 0,
        Some(Some(last)) => last.saturating_add(1),
        Some(None) => {
            let failure =
                Failure::new(ErrorCode::UnsupportedValue, "Last-Event-ID is the sequence of an event");
            return refuse(failure, dialect, &path);
        }
    };
    // A client that has had the reply gets 204, which stops an EventSource: it would else reconnect for ever.
    let over = job.events.subscribe().borrow().end().is_some_and(|end| next > end);
    let mut response = if over {
        StatusCode::NO_CONTENT.into_response()
    } else {
        let keep_alive = axum::response::sse::KeepAlive::new();
        Sse::new(follow(&job, next, dialect, Base::of(&request))).keep_alive(keep_alive).into_response()
    };
    // nginx would hold events back until its buffer is full.
    response.headers_mut().insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    response
}

const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The state of a client that follows the events.
struct Follow {
    log: tokio::sync::watch::Receiver<EventLog>,
    next: u64,
    dialect: Dialect,
    base: Base,
    ended: bool,
}

fn follow(
    job: &JobView,
    next: u64,
    dialect: Dialect,
    base: Base,
) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let from = Follow { log: job.events.subscribe(), next, dialect, base, ended: false };
    stream::unfold(from, |mut at| async move {
        if at.ended {
            return None;
        }
        loop {
            let found = {
                let log = at.log.borrow_and_update();
                let next = log.since(at.next).next();
                match next {
                    Some(event) => Some(Ok(event)),
                    None => log.end().zip(log.reply()).map(Err),
                }
            };
            match found {
                Some(Ok((sequence, event))) => {
                    at.next = sequence + 1;
                    let name = event["event"].as_str().unwrap_or("event").to_owned();
                    let data = event::spell(&event, at.dialect).to_string();
                    return Some((Ok(Event::default().id(sequence.to_string()).event(name).data(data)), at));
                }
                Some(Err((end, mut reply))) => {
                    at.ended = true;
                    at.base.locate(&mut reply);
                    let data = reply.to_value(at.dialect).to_string();
                    return Some((Ok(Event::default().id(end.to_string()).event("reply").data(data)), at));
                }
                // The record holds the sender. An error means that the record was forgotten, which ends the stream.
                None => {
                    if at.log.changed().await.is_err() {
                        return None;
                    }
                }
            }
        }
    })
}

/// Finds the newest job of an id.
pub(super) async fn find(dispatcher: &Dispatcher, id: &str) -> Result<JobView, Box<Failure>> {
    let job = dispatcher.queue().job(Arc::from(id)).await?;
    job.ok_or_else(|| Box::new(Failure::new(ErrorCode::JobNotFound, format!("no job {}", shorten(id)))))
}
