//! `gateway submit FILE`: sends one command, shows its progress, and prints the path of the picture.

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::AsFd,
    path::Path,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, bail};
use contracts::{Action, Dialect, Incoming, Refusal, Reply, RouteBody, read_body, read_frame};
use futures::StreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value};

use crate::{
    app::App,
    dispatch::{Answer, ReplyOptions},
};

/// Prints a line on stderr. A closed terminal is ignored, because the command goes on without it.
macro_rules! print_line {
    ($($text:tt)*) => { crate::log::print(&format!($($text)*)) };
}

/// The content of the file.
pub struct Submission {
    bytes: Vec<u8>,
    /// Whether it is a bare prompt submission.
    bare: bool,
}

impl Submission {
    /// Reads a file of at most so many bytes; `-` is stdin.
    ///
    /// # Errors
    /// The file cannot be read, or is longer.
    pub fn read(path: &Path, bytes_max: usize) -> anyhow::Result<Self> {
        let named = if path == Path::new("-") { "stdin".into() } else { path.display().to_string() };
        let file: Box<dyn Read> = if path == Path::new("-") {
            Box::new(std::io::stdin())
        } else {
            Box::new(File::open(path).with_context(|| format!("{named} cannot be read"))?)
        };
        let mut bytes = Vec::new();
        // One more than it may have shows that there are more, of a device without an end too.
        let most = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
        file.take(most).read_to_end(&mut bytes).with_context(|| format!("{named} cannot be read"))?;
        if bytes.len() > bytes_max {
            bail!(
                "{named} has more than {bytes_max} bytes, the longest frame; --frame-bytes-max allows more"
            );
        }
        let named = |name: &str| name.eq_ignore_ascii_case("action");
        let bare = serde_json::from_slice::<Map<String, Value>>(&bytes)
            .is_ok_and(|members| !members.keys().any(|name| named(name)));
        Ok(Self { bytes, bare })
    }

    fn incoming(&self) -> Result<Incoming, Refusal> {
        if self.bare {
            let body = RouteBody { action: Action::GenerateSdxl, bare: Some("prompt_submission") };
            read_body(&self.bytes, body, &Map::new())
        } else {
            read_frame(&self.bytes)
        }
    }
}

/// Runs the command on workers of its own.
///
/// # Errors
/// Stdout cannot be written.
pub async fn locally(app: App, submission: &Submission, json: bool) -> anyhow::Result<ExitCode> {
    let dispatcher = app.dispatcher().clone();
    print_line!("{}", dispatcher.config().about_workers);
    let reply = match submission.incoming() {
        Err(refusal) => Reply {
            session_id: refusal.session_id,
            ..Reply::failed(None, refusal.request_id, *refusal.failure)
        },
        Ok(incoming) => {
            let options = ReplyOptions { wait: false, ..ReplyOptions::plain(Dialect::Snake) };
            match dispatcher.take(incoming, options).await {
                Answer::Reply(reply) => (*reply).clone(),
                Answer::Queued { accepted, .. } => {
                    let bar = bar();
                    let mut log = accepted.events.subscribe();
                    let reply = loop {
                        let (event, reply) = {
                            let log = log.borrow_and_update();
                            (log.last(), log.reply())
                        };
                        if let Some(event) = event {
                            show_progress(&bar, &event);
                        }
                        if let Some(reply) = reply {
                            break reply;
                        }
                        log.changed().await.context("the job is gone")?;
                    };
                    bar.finish_and_clear();
                    (*reply).clone()
                }
            }
        }
    };
    app.stop(Duration::from_secs(4)).await;
    report(&reply.to_value(Dialect::Snake), json)
}

/// Sends the command to a running gateway.
///
/// # Errors
/// The gateway cannot be reached, or its answer breaks the contract; stdout cannot be written.
pub async fn remotely(url: &str, submission: &Submission, json: bool) -> anyhow::Result<ExitCode> {
    let base = url.trim_end_matches('/');
    let path = if submission.bare { "/v1/generate" } else { "/v1/commands" };
    let client = reqwest::Client::new();
    let response = client
        .post(format!("{base}{path}?dialect=snake"))
        .header("content-type", "application/json")
        .header("prefer", "respond-async")
        .body(submission.bytes.clone())
        .send()
        .await
        .with_context(|| format!("no gateway answers at {base}"))?;
    let accepted = response.status() == reqwest::StatusCode::ACCEPTED;
    let body: Value = response.json().await.context("the gateway's answer is no JSON")?;
    if !accepted {
        return report(&body, json);
    }
    let Some(id) = body["request_id"].as_str() else { bail!("the gateway accepted without a request_id") };
    let response = client.get(format!("{base}/v1/jobs/{id}/events?dialect=snake")).send().await?;
    let mut stream = response.bytes_stream();
    let bar = bar();
    let mut blocks = Blocks::default();
    while let Some(chunk) = stream.next().await {
        blocks.push(&chunk.context("the events broke off")?)?;
        while let Some(block) = blocks.take() {
            let (name, data) = event(&String::from_utf8_lossy(&block));
            if data.is_empty() {
                // A comment, which keeps the connection alive.
                continue;
            }
            let data: Value =
                serde_json::from_str(&data).with_context(|| format!("the event {name:?} is no JSON"))?;
            if name == "reply" {
                bar.finish_and_clear();
                return report(&data, json);
            }
            show_progress(&bar, &data);
        }
    }
    bail!("the events ended without a reply; `curl {base}/v1/jobs/{id}` may know more")
}

/// The most bytes of one event. A reply has those of a frame, 16 MiB unless the gateway's limit was raised.
const EVENT_BYTES_MAX: usize = 64 << 20;

/// Splits a stream of server-sent events at its blank lines.
#[derive(Default)]
struct Blocks {
    pending: Vec<u8>,
    /// Bytes of these that hold no blank line: each is looked at once, however many pieces an event comes in.
    searched: usize,
}

impl Blocks {
    fn push(&mut self, piece: &[u8]) -> anyhow::Result<()> {
        if self.pending.len() + piece.len() > EVENT_BYTES_MAX {
            bail!("the gateway writes an event of more than {EVENT_BYTES_MAX} bytes");
        }
        self.pending.extend_from_slice(piece);
        Ok(())
    }

    /// The next whole event; `None` until more of it comes.
    fn take(&mut self) -> Option<Vec<u8>> {
        // Its first line feed may be the last byte that was looked at.
        let from = self.searched.saturating_sub(1);
        let Some(at) = self.pending[from..].windows(2).position(|two| two == b"\n\n") else {
            self.searched = self.pending.len();
            return None;
        };
        self.searched = 0;
        Some(self.pending.drain(..from + at + 2).collect())
    }
}

/// The name and the data of one server-sent event.
fn event(block: &str) -> (String, String) {
    let of = |name: &str| -> Vec<&str> {
        block
            .lines()
            .filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .map(str::trim_start)
            .collect()
    };
    (of("event").concat(), of("data").join("\n"))
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {percent:>3}% {msg} {elapsed}")
        .expect("the template is tested");
    ProgressBar::new(1000).with_style(style)
}

fn show_progress(bar: &ProgressBar, event: &Value) {
    if event["event"] != "progress" {
        return;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 1000")]
    let position = (event["progress"].as_f64().unwrap_or_default().clamp(0.0, 1.0) * 1000.0) as u64;
    bar.set_position(position);
    bar.set_message(format!(
        "{} {}/{}",
        event["stage"].as_str().unwrap_or_default(),
        event["step"],
        event["total_steps"]
    ));
}

/// Prints the reply, and returns the exit code.
fn report(reply: &Value, json: bool) -> anyhow::Result<ExitCode> {
    for warning in reply["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        print_line!("warning: {warning}");
    }
    let has_succeeded = reply["success"] == true;
    if json {
        print_result(&format!("{reply:#}\n"))?;
    } else if has_succeeded {
        print_result(&result(&reply["data"]))?;
        print_figures(&reply["data"]);
    }
    if has_succeeded {
        return Ok(ExitCode::SUCCESS);
    }
    let details = &reply["error_details"];
    let code = details["code"].as_str().unwrap_or("error");
    print_line!("error: {code}: {}", reply["error"].as_str().unwrap_or("it failed without a word"));
    for fault in details["errors"].as_array().into_iter().flatten() {
        let at = fault["pointer"].as_str().filter(|pointer| !pointer.is_empty()).unwrap_or("/");
        print_line!("  {at}: {}", fault["message"].as_str().unwrap_or_default());
    }
    if let Some(hint) = details["hint"].as_str() {
        print_line!("hint: {hint}");
    }
    Ok(ExitCode::FAILURE)
}

/// Writes to stdout. Not by `Stdout`, which takes a descriptor that cannot be written for a reader.
fn print_result(text: &str) -> anyhow::Result<()> {
    let print = || File::from(std::io::stdout().as_fd().try_clone_to_owned()?).write_all(text.as_bytes());
    print().context("the result cannot be written to stdout")
}

/// The paths of the pictures in a result, one per line; other results as JSON.
fn result(data: &Value) -> String {
    let results = data["results"].as_array().into_iter().flatten().map(|item| &item["data"]);
    let images = std::iter::once(data).chain(results).flat_map(|data| data["images"].as_array()).flatten();
    let paths: Vec<&str> = images.filter_map(Value::as_str).collect();
    if paths.is_empty() { format!("{data:#}\n") } else { paths.join("\n") + "\n" }
}

/// Prints the seed, the time and the GPU of a picture on stderr.
fn print_figures(data: &Value) {
    if let Some(seconds) = data["generation_time_seconds"].as_f64() {
        print_line!(
            "seed {}, {seconds:.2} s on {}",
            data["seed_used"],
            data["gpu_id"].as_str().unwrap_or("?")
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{Blocks, EVENT_BYTES_MAX};

    #[test]
    fn events_are_split_wherever_their_pieces_end() {
        let text = b"event: a\ndata: 1\n\n: still there\n\ndata: 2\n\nrest";
        for length in 1..text.len() {
            let (mut blocks, mut found) = (Blocks::default(), Vec::new());
            for piece in text.chunks(length) {
                blocks.push(piece).unwrap();
                found.extend(std::iter::from_fn(|| blocks.take()));
            }
            assert_eq!(
                found,
                [&b"event: a\ndata: 1\n\n"[..], b": still there\n\n", b"data: 2\n\n"],
                "{length}"
            );
        }
    }

    #[test]
    fn an_event_without_an_end_is_refused() {
        let mut blocks = Blocks::default();
        let piece = vec![b'x'; EVENT_BYTES_MAX / 2];
        // Searched from the beginning each time, this would be 2^37 bytes.
        for half in piece.chunks(1 << 10).take(1 << 14) {
            blocks.push(half).unwrap();
            assert!(blocks.take().is_none());
        }
        blocks.push(&piece).unwrap();
        blocks.push(&piece).unwrap_err();
    }
}
