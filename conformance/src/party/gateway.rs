//! A gateway over HTTP.

use serde_json::Value;
use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use super::{
    AddressError, Answer, ReplyError, TargetError, ToolError,
    transcript::{Direction, Transcript},
};
use crate::json;

/// Longest body that is read. A frame is at most 16 MiB, and a picture of 64×64 takes kilobytes.
pub(super) const BODY_BYTES_MAX: usize = 64 << 20;

/// A gateway that runs somewhere.
pub struct Gateway {
    base: String,
    client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
    /// Whether it has answered. A refused connection before that is the user's mistake, after it the gateway's. Both flags are
    /// `Relaxed`, because each stands for itself.
    has_answered: AtomicBool,
    /// Whether a request failed since the last probe.
    silent: AtomicBool,
    /// The messages with it.
    pub transcript: Transcript,
}

/// One HTTP exchange.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Status.
    pub status: u16,
    /// Content type, without its parameters; empty where the header is absent.
    pub content_type: String,
    /// All headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Gateway {
    /// A client of the gateway at `url`.
    ///
    /// # Errors
    /// [`TargetError::Tool`] if the address is none, or no HTTP client can be made.
    pub fn new(url: &str, timeout: Duration) -> Result<Self, TargetError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(ToolError::NoRuntime)?;
        let client = reqwest::Client::builder().timeout(timeout).build().map_err(ToolError::NoClient)?;
        let base = address(url)?;
        Ok(Self {
            base,
            client,
            runtime,
            has_answered: AtomicBool::new(false),
            silent: AtomicBool::new(false),
            transcript: Transcript::default(),
        })
    }

    /// Its address, without a slash at the end.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The port of its address.
    ///
    /// # Errors
    /// [`TargetError::Tool`] if the address has none.
    pub fn port(&self) -> Result<u16, TargetError> {
        let no_host = || ToolError::Address { url: self.base.clone(), cause: AddressError::NoHost };
        Ok(parsed(&self.base)?.port_or_known_default().ok_or_else(no_host)?)
    }

    /// Whether a request failed since the last call.
    pub(crate) fn was_silent(&self) -> bool {
        // Relaxed: requests run on this thread or are waited for on it.
        self.silent.swap(false, Ordering::Relaxed)
    }

    fn outcome(&self, exchange: Result<Exchange, TargetError>) -> Result<Exchange, TargetError> {
        match &exchange {
            Ok(exchange) => {
                self.has_answered.store(true, Ordering::Relaxed);
                self.transcript.note(Direction::Received, &exchange.shown());
            }
            Err(_) => self.silent.store(true, Ordering::Relaxed),
        }
        match exchange {
            Err(TargetError::Tool(why)) if self.has_answered.load(Ordering::Relaxed) => {
                Err(TargetError::Gone(why))
            }
            other => other,
        }
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// [`TargetError::Tool`] or [`TargetError::Gone`] without a connection; [`TargetError::NoReply`] if the exchange broke off
    /// or the body is too long.
    pub fn send(
        &self,
        verb: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Result<Exchange, TargetError> {
        let request = [verb.as_bytes(), b" ", path.as_bytes(), b" ", body.as_deref().unwrap_or(&[])].concat();
        self.transcript.note(Direction::Sent, &request);
        self.outcome(self.runtime.block_on(exchange(&self.client, &self.base, verb, path, headers, body)))
    }

    /// Sends a GET and waits for its answer no longer than this, where the time of a request is longer.
    ///
    /// # Errors
    /// As [`Gateway::send`]; [`TargetError::Silent`] if no answer comes in time.
    pub fn get_within(&self, path: &str, within: Duration) -> Result<Exchange, TargetError> {
        self.transcript.note(Direction::Sent, format!("GET {path} ").as_bytes());
        let answer = exchange(&self.client, &self.base, "GET", path, &[], None);
        self.answer_within(answer, &format!("GET {path}"), within)
    }

    /// Sends a frame to `/v1/commands` and waits for its answer no longer than this. `what` is the command.
    ///
    /// # Errors
    /// As [`Gateway::command`]; [`TargetError::Silent`] if no answer comes in time.
    pub fn command_within(
        &self,
        frame: Vec<u8>,
        what: &str,
        within: Duration,
    ) -> Result<Answer, TargetError> {
        self.transcript.note(Direction::Sent, &[b"POST /v1/commands ", &frame[..]].concat());
        let answer = exchange(&self.client, &self.base, "POST", "/v1/commands", &[], Some(frame));
        self.answer_within(answer, what, within)?.answer()
    }

    fn answer_within(
        &self,
        answer: impl Future<Output = Result<Exchange, TargetError>>,
        what: &str,
        within: Duration,
    ) -> Result<Exchange, TargetError> {
        let answer = self.runtime.block_on(async { tokio::time::timeout(within, answer).await });
        let silent = |_| Err(TargetError::Silent { what: what.to_owned(), within });
        self.outcome(answer.unwrap_or_else(silent))
    }

    /// Sends a request in the background.
    #[must_use]
    pub fn send_later(&self, verb: &str, path: &str, body: Vec<u8>) -> PendingExchange {
        let (client, base, verb, path) =
            (self.client.clone(), self.base.clone(), verb.to_owned(), path.to_owned());
        PendingExchange(
            self.runtime.spawn(async move { exchange(&client, &base, &verb, &path, &[], Some(body)).await }),
        )
    }

    /// Sends a request whose connection the caller closes before the answer, by dropping it.
    ///
    /// # Errors
    /// [`TargetError::Tool`] without a connection.
    pub fn send_and_leave(&self, path: &str, body: &[u8]) -> Result<AbandonedRequest, TargetError> {
        let (mut stream, start) = self.begin(path)?;
        let head = format!("{start}content-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
        let sent = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        sent.map_err(|err| self.unreachable(err))?;
        Ok(AbandonedRequest(stream))
    }

    /// Sends half of a request's head and returns the time until the gateway closes the connection; `None` if it has not
    /// closed it after `within`.
    ///
    /// # Errors
    /// [`TargetError::Tool`] without a connection.
    pub fn send_half_a_head(&self, within: Duration) -> Result<Option<Duration>, TargetError> {
        let (mut stream, start) = self.begin("/v1/commands")?;
        stream.write_all(start.as_bytes()).map_err(|err| self.unreachable(err))?;
        let begun = Instant::now();
        let mut answer = [0; 1024];
        loop {
            let left = within.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            stream.set_read_timeout(Some(left)).map_err(|err| self.unreachable(err))?;
            match stream.read(&mut answer) {
                // A refusal may come before the connection closes.
                Ok(1..) => {}
                Err(err) if matches!(err.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Ok(None);
                }
                Ok(0) | Err(_) => return Ok(Some(begun.elapsed())),
            }
        }
    }

    fn unreachable(&self, cause: std::io::Error) -> TargetError {
        ToolError::Connection { base: self.base.clone(), cause }.into()
    }

    /// A connection outside of the client's pool, and the first lines of a request on it.
    fn begin(&self, path: &str) -> Result<(TcpStream, String), TargetError> {
        let url = parsed(&self.base)?;
        if url.scheme() != "http" {
            return Err(ToolError::Tls.into());
        }
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(ToolError::Address { url: self.base.clone(), cause: AddressError::NoHost }.into());
        };
        let stream = TcpStream::connect((host, port)).map_err(|err| self.unreachable(err))?;
        let prefix = url.path().trim_end_matches('/');
        Ok((stream, format!("POST {prefix}{path} HTTP/1.1\r\nhost: {host}:{port}\r\n")))
    }

    /// Waits for a request in the background.
    ///
    /// # Errors
    /// As [`Gateway::send`].
    pub fn wait(&self, later: PendingExchange) -> Result<Exchange, TargetError> {
        let exchange = self.runtime.block_on(later.0).map_err(ToolError::Background)?;
        self.outcome(exchange)
    }

    /// Sends a frame to `/v1/commands`.
    ///
    /// # Errors
    /// As [`Gateway::send`]; [`TargetError::NoReply`] if the body is not a JSON object.
    pub fn command(&self, frame: Vec<u8>) -> Result<Answer, TargetError> {
        self.send("POST", "/v1/commands", &[], Some(frame))?.answer()
    }
}

/// A connection whose request is sent; dropping it closes the connection.
pub struct AbandonedRequest(#[expect(dead_code, reason = "kept open until it is dropped")] TcpStream);

/// A request in the background.
pub struct PendingExchange(tokio::task::JoinHandle<Result<Exchange, TargetError>>);

impl Exchange {
    /// Its status and its body, or how long the body is where that is no text.
    fn shown(&self) -> Vec<u8> {
        if self.content_type.starts_with("image/") {
            return format!("{} {}, {} bytes", self.status, self.content_type, self.body.len()).into_bytes();
        }
        [self.status.to_string().as_bytes(), b" ", &self.body].concat()
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(there, _)| there == name).map(|(_, value)| value.as_str())
    }

    /// The answer, where it is a JSON object.
    ///
    /// # Errors
    /// [`TargetError::NoReply`] if it is none.
    pub fn answer(&self) -> Result<Answer, TargetError> {
        let cause = match json::read(&self.body) {
            Ok(value @ Value::Object(_)) => {
                return Ok(Answer { value, http: Some((self.status, self.content_type.clone())) });
            }
            Ok(_) => None,
            Err(err) => Some(err),
        };
        let body = crate::display::shorten(&String::from_utf8_lossy(&self.body));
        Err(TargetError::NoReply(ReplyError::Body { status: self.status, cause, body }))
    }
}

/// The address of a gateway, without a slash at the end.
fn address(url: &str) -> Result<String, ToolError> {
    let wrong = |cause| Err(ToolError::Address { url: url.to_owned(), cause });
    let parsed = parsed(url)?;
    if !["http", "https"].contains(&parsed.scheme()) {
        return wrong(AddressError::Scheme);
    }
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return wrong(AddressError::Query);
    }
    Ok(url.trim_end_matches('/').to_owned())
}

fn parsed(url: &str) -> Result<reqwest::Url, ToolError> {
    url.parse().map_err(|err| ToolError::Address { url: url.to_owned(), cause: AddressError::Url(err) })
}

async fn exchange(
    client: &reqwest::Client,
    base: &str,
    verb: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<Vec<u8>>,
) -> Result<Exchange, TargetError> {
    let method = verb.parse().map_err(|_| ToolError::Verb(verb.to_owned()))?;
    let mut request = client.request(method, format!("{base}{path}"));
    if let Some(body) = body {
        request = request.body(body);
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
    }
    // An empty value stands for no header: a caller cannot leave out the content type in another way.
    for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
        request = request.header(*name, *value);
    }
    let failed = |cause: reqwest::Error| {
        let verb = verb.to_owned();
        if cause.is_connect() || cause.is_builder() {
            TargetError::Tool(ToolError::Request { verb, url: format!("{base}{path}"), cause })
        } else {
            TargetError::NoReply(ReplyError::BrokenOff { verb, path: path.to_owned(), cause })
        }
    };
    let mut response = request.send().await.map_err(failed)?;
    let status = response.status().as_u16();
    let headers: Vec<(String, String)> = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            let long = ReplyError::LongBody { verb: verb.to_owned(), path: path.to_owned() };
            return Err(TargetError::NoReply(long));
        }
        body.extend_from_slice(&chunk);
    }
    let mut exchange = Exchange { status, content_type: String::new(), headers, body };
    if let Some(content_type) = exchange.header("content-type") {
        let essence = content_type.split_once(';').map_or(content_type, |(essence, _)| essence);
        exchange.content_type = essence.trim().to_owned();
    }
    Ok(exchange)
}
