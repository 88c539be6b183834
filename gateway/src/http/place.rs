//! Where the client of a request finds this gateway, and the URLs that begin there. They are of the request: no record
//! keeps them.

use std::{borrow::Cow, net::SocketAddr, sync::Arc};

use axum::{extract::Request, http::HeaderMap};
use contracts::{Action, ErrorCode, Failure, Reply};
use serde_json::{Value, json};

use crate::config::{Edge, is_prefix};

/// Says by which path a proxy is reached.
const FORWARDED_PREFIX: &str = "x-forwarded-prefix";

/// What the URLs of a request's reply begin with; empty where nothing says.
#[derive(Clone, Debug, Default)]
pub(super) struct Base(Arc<str>);

impl Base {
    /// That of a request.
    pub(super) fn of(request: &Request) -> Self {
        request.extensions().get().cloned().unwrap_or_default()
    }

    /// Notes it for the handler of a request; none is what [`Base::of`] finds by itself.
    pub(super) fn put(self, request: &mut Request) {
        if !self.0.is_empty() {
            request.extensions_mut().insert(self);
        }
    }

    /// A job.
    pub(super) fn job(&self, id: &str) -> String {
        format!("{}/v1/jobs/{id}", self.0)
    }

    fn image(&self, id: &str, n: usize) -> String {
        format!("{}/v1/jobs/{id}/images/{n}", self.0)
    }

    /// A reply with its URLs, where it has any.
    pub(super) fn located<'r>(&self, reply: &'r Reply) -> Cow<'r, Reply> {
        let Ok(data) = &reply.outcome else { return Cow::Borrowed(reply) };
        if !has_urls(reply.action, data) {
            return Cow::Borrowed(reply);
        }
        let mut located = reply.clone();
        let Ok(data) = &mut located.outcome else { return Cow::Borrowed(reply) };
        match reply.action {
            Some(Action::GetJob | Action::GetSession | Action::CancelSession) => self.locate_job(data),
            Some(Action::ListJobs) => self.locate_jobs(&mut data["jobs"]),
            Some(Action::ListSessions) => self.locate_jobs(&mut data["sessions"]),
            _ => {
                self.locate_images(reply.request_id.as_deref().unwrap_or_default(), data);
            }
        }
        Cow::Owned(located)
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

    /// Adds the URL of each picture of a result, or of all results of a batch; how many there are.
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

/// The public URL, or the prefix that a trusted proxy names; what another peer says of a prefix is nothing to go by.
pub(super) fn base(edge: &Edge, headers: &HeaderMap, client: SocketAddr) -> Result<Base, Box<Failure>> {
    if let Some(url) = &edge.public_url {
        return Ok(Base(url.as_str().into()));
    }
    let mut said = headers.get_all(FORWARDED_PREFIX).iter();
    let trusted = || edge.trusted_proxies.iter().any(|proxy| proxy.has(client.ip()));
    let Some(prefix) = said.next().filter(|_| trusted()) else { return Ok(Base::default()) };
    match prefix.to_str() {
        Ok(prefix) if is_prefix(prefix) && said.next().is_none() => Ok(Base(prefix.into())),
        _ => {
            let message = "X-Forwarded-Prefix is one path, (/[A-Za-z0-9._~-]+)+, as `/gpu`";
            Err(Box::new(Failure::new(ErrorCode::BadRequest, message).hint("mend it in the proxy")))
        }
    }
}
