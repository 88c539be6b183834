//! The events of a job as a gateway streams them over HTTP.

use serde_json::Value;

use crate::{check::ScenarioEnd, context::Context};

/// A server-sent event.
pub(super) struct Sent {
    /// Its name: that of an event, or `reply`.
    pub(super) name: String,
    /// Its document.
    pub(super) data: Value,
}

/// The whole stream of a job, from its first event; it ends after the job's reply.
pub(super) fn of_job(context: &Context, id: &str) -> Result<Vec<Sent>, ScenarioEnd> {
    let accept = [("accept", "text/event-stream")];
    let stream = context.gateway()?.send("GET", &format!("/v1/jobs/{id}/events"), &accept, None)?;
    let text = String::from_utf8(stream.body)
        .map_err(|err| ScenarioEnd::Broken(format!("the events of {id} are no UTF-8: {err}")))?;
    let sent = sent(&text).map_err(|why| ScenarioEnd::Broken(format!("the events of {id}: {why}")))?;
    for event in sent.iter().filter(|event| event.name != "reply") {
        context.transcript().note_part(event.data.to_string().as_bytes());
    }
    Ok(sent)
}

/// The events of a stream; comments, which keep a connection open, are left out.
fn sent(text: &str) -> Result<Vec<Sent>, String> {
    let mut all = Vec::new();
    for block in text.replace("\r\n", "\n").split("\n\n") {
        let field = |name: &str| {
            let values = block.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let values: Vec<&str> = values.map(|value| value.strip_prefix(' ').unwrap_or(value)).collect();
            (!values.is_empty()).then(|| values.join("\n"))
        };
        let Some(data) = field("data") else { continue };
        let data = crate::json::read(data.as_bytes()).map_err(|err| format!("{data} is no JSON: {err}"))?;
        all.push(Sent { name: field("event").unwrap_or_else(|| "message".to_owned()), data });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::sent;
    use serde_json::json;

    #[test]
    fn a_stream_is_read_as_a_browser_reads_it() {
        let text = ": hello\n\nid: 0\nevent: progress\ndata: {\"a\":\ndata: 1}\n\n:\n\nid:1\r\nevent:reply\r\ndata:{}\r\n\r\n";
        let read: Vec<_> = sent(text).unwrap().into_iter().map(|event| (event.name, event.data)).collect();
        assert_eq!(read, [("progress".to_owned(), json!({"a": 1})), ("reply".to_owned(), json!({}))]);
        assert!(sent("data: x\n\n").is_err());
    }
}
