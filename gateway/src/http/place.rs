//! The URLs in replies, and the base that they begin with. They depend on how the client reached the gateway, so that
//! they are made for each request and not kept in records.

use std::{net::SocketAddr, sync::Arc};

use axum::{extract::Request, http::HeaderMap};
use contracts::{Action, ErrorCode, Failure, Reply};
use serde_json::{Value, json};

use crate::config::{Edge, is_prefix};

/// The header in which a proxy names the path prefix that it strips.
const FORWARDED_PREFIX: &str = "x-forwarded-prefix";

/// The base of the URLs in the reply to a request; empty if none is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Base(Arc<str>);

impl Base {
    /// The base of a request.
    pub(super) fn of(request: &Request) -> Self {
        request.extensions().get().cloned().unwrap_or_default()
    }

    /// Puts it into a request for [`Base::of`]. An empty one is what that returns anyway.
    pub(super) fn put(self, request: &mut Request) {
        if !self.0.is_empty() {
            request.extensions_mut().insert(self);
        }
    }

    /// The URL of a job.
    pub(super) fn job(&self, id: &str) -> String {
        format!("{}/v1/jobs/{id}", self.0)
    }

    fn image(&self, id: &str, n: usize) -> String {
        format!("{}/v1/jobs/{id}/images/{n}", self.0)
    }

    /// Adds the URLs to a reply that has any. A reply that only this request holds is not copied.
    pub(super) fn locate(&self, reply: &mut Arc<Reply>) {
        if !reply.outcome.as_ref().is_ok_and(|data| has_urls(reply.action, data)) {
            return;
        }
        let Reply { action, request_id, outcome, .. } = Arc::make_mut(reply);
        let Ok(data) = outcome else { return };
        match action {
            Some(Action::GetJob | Action::GetSession | Action::CancelSession) => self.locate_job(data),
            Some(Action::ListJobs) => self.locate_jobs(&mut data["jobs"]),
            Some(Action::ListSessions) => self.locate_jobs(&mut data["sessions"]),
            _ => {
                self.locate_images(request_id.as_deref().unwrap_or_default(), data);
            }
        }
    }

    fn locate_jobs(&self, jobs: &mut Value) {
        jobs.as_array_mut().into_iter().flatten().for_each(|job| self.locate_job(job));
    }

    fn locate_job(&self, job: &mut Value) {
        let id = job["request_id"].as_str().unwrap_or_default().to_owned();
        let count = job.get_mut("result").map_or(0, |result| self.locate_images(&id, result));
        let images: Vec<String> = (0..count).map(|n| self.image(&id, n)).collect();
        let own = self.job(&id);
        job["urls"] = json!({"self": own, "events": format!("{own}/events"), "images": images});
    }

    /// Adds the URL of each picture of a result, or of all results of a batch. Returns their number.
    fn locate_images(&self, id: &str, data: &mut Value) -> usize {
        let mut count = 0;
        let mut locate = |data: &mut Value| {
            let details = data.get_mut("image_details").and_then(Value::as_array_mut);
            for image in details.into_iter().flatten() {
                image["url"] = self.image(id, count).into();
                count += 1;
            }
        };
        locate(data);
        let results = data.get_mut("results").and_then(Value::as_array_mut);
        for item in results.into_iter().flatten() {
            if let Some(data) = item.get_mut("data") {
                locate(data);
            }
        }
        count
    }
}

fn has_urls(action: Option<Action>, data: &Value) -> bool {
    let of_jobs =
        [Action::GetJob, Action::GetSession, Action::CancelSession, Action::ListJobs, Action::ListSessions];
    action.is_some_and(|action| of_jobs.contains(&action))
        || data.get("image_details").is_some()
        || data.get("results").is_some()
}

/// Returns the base of a request: the public URL, or the prefix that a trusted proxy names. The prefix of any other
/// peer is ignored, because a client could choose it.
pub(super) fn base(edge: &Edge, headers: &HeaderMap, client: SocketAddr) -> Result<Base, Box<Failure>> {
    if let Some(url) = &edge.public_url {
        return Ok(Base(url.as_str().into()));
    }
    let mut prefixes = headers.get_all(FORWARDED_PREFIX).iter();
    let trusted = || edge.trusted_proxies.iter().any(|proxy| proxy.has(client.ip()));
    let Some(prefix) = prefixes.next().filter(|_| trusted()) else { return Ok(Base::default()) };
    match prefix.to_str() {
        Ok(prefix) if is_prefix(prefix) && prefixes.next().is_none() => Ok(Base(prefix.into())),
        _ => {
            let message = "X-Forwarded-Prefix is one path, (/[A-Za-z0-9._~-]+)+, as `/gpu`";
            Err(Box::new(Failure::new(ErrorCode::BadRequest, message).hint("mend it in the proxy")))
        }
    }
}
