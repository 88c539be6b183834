//! A gateway over HTTP.

use serde_json::Value;
use std::time::Duration;

use super::{Answer, TargetError};

/// A gateway that runs somewhere.
pub struct Gateway {
    base: String,
    client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

/// One HTTP exchange.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Status.
    pub status: u16,
    /// Content type, without its parameters.
    pub content_type: String,
    /// `Location`, where there is one.
    pub location: Option<String>,
    /// Body.
    pub body: Vec<u8>,
}

impl Gateway {
    /// A client of the gateway at `url`.
    ///
    /// # Errors
    /// Where no HTTP client can be made.
    pub fn new(url: &str, timeout: Duration) -> Result<Self, TargetError> {
        let tool = |err: &dyn std::fmt::Display| TargetError::Tool(err.to_string());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|err| tool(&err))?;
        let client = reqwest::Client::builder().timeout(timeout).build().map_err(|err| tool(&err))?;
        Ok(Self { base: url.trim_end_matches('/').to_owned(), client, runtime })
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// Silence, or no connection.
    pub fn send(
        &self,
        verb: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Result<Exchange, TargetError> {
        self.runtime.block_on(exchange(&self.client, &self.base, verb, path, headers, body))
    }

    /// Sends a request in the background.
    #[must_use]
    pub fn send_later(&self, verb: &str, path: &str, body: Vec<u8>) -> Later {
        let (client, base, verb, path) =
            (self.client.clone(), self.base.clone(), verb.to_owned(), path.to_owned());
        Later(
            self.runtime.spawn(async move { exchange(&client, &base, &verb, &path, &[], Some(body)).await }),
        )
    }

    /// Waits for a request in the background.
    ///
    /// # Errors
    /// As [`Gateway::send`].
    pub fn wait(&self, later: Later) -> Result<Exchange, TargetError> {
        self.runtime.block_on(later.0).map_err(|err| TargetError::Tool(err.to_string()))?
    }

    /// Sends a frame to `/v1/commands`.
    ///
    /// # Errors
    /// Silence, no connection, or an answer that is no JSON object.
    pub fn command(&self, frame: Vec<u8>) -> Result<Answer, TargetError> {
        self.send("POST", "/v1/commands", &[], Some(frame))?.answer()
    }
}

/// A request in the background.
pub struct Later(tokio::task::JoinHandle<Result<Exchange, TargetError>>);

impl Exchange {
    /// The answer, where it is a JSON object.
    ///
    /// # Errors
    /// Where it is none.
    pub fn answer(&self) -> Result<Answer, TargetError> {
        match serde_json::from_slice(&self.body) {
            Ok(value @ Value::Object(_)) => {
                Ok(Answer { value, http: Some((self.status, self.content_type.clone())) })
            }
            _ => Err(TargetError::NoReply(format!(
                "{} with a body that is no JSON object: {}",
                self.status,
                super::worker::shorten(&String::from_utf8_lossy(&self.body))
            ))),
        }
    }
}

async fn exchange(
    client: &reqwest::Client,
    base: &str,
    verb: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<Vec<u8>>,
) -> Result<Exchange, TargetError> {
    let method = verb.parse().map_err(|_| TargetError::Tool(format!("{verb:?} is no verb")))?;
    let mut request = client.request(method, format!("{base}{path}"));
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let failed = |err: reqwest::Error| {
        if err.is_connect() || err.is_builder() {
            TargetError::Tool(format!("{verb} {base}{path}: {err}"))
        } else {
            TargetError::NoReply(format!("{verb} {path}: {err}"))
        }
    };
    let response = request.send().await.map_err(failed)?;
    let header =
        |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let content_type = header("content-type").unwrap_or_default();
    let content_type = content_type.split(';').next().unwrap_or_default().trim().to_owned();
    let (status, location) = (response.status().as_u16(), header("location"));
    let body = response.bytes().await.map_err(failed)?.to_vec();
    Ok(Exchange { status, content_type, location, body })
}
