//! Traces: events repeat the trace of their command, and an unreadable trace is refused.

use contracts::{Action, Dialect, Trace};
use serde_json::{Value, json};

use super::{http::problem, stream};
use crate::{
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::Context,
    display,
    exchange::{Command, StrictReading},
    party::{Answer, worker::Worker},
    scenario::Scenario,
    sentence::Sentence,
};

const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SAID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// The same trace under another span.
const AGAIN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-b7ad6b7169203331-01";
const OTHER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// Values that an envelope must not have as `traceparent`.
const MALFORMED: [(&str, &str); 6] = [
    ("malformed-text", "nonsense"),
    ("malformed-upper-case", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01"),
    ("malformed-no-trace", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"),
    ("malformed-no-parent", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"),
    ("malformed-version", "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ("malformed-more", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-00"),
];

/// Codes with which a worker may refuse a feature.
const REFUSALS: [&str; 3] = ["unsupported_value", "unsupported_feature", "validation_failed"];

const REPEATED: Sentence = Sentence::TraceRepeated;
const REFUSED: Sentence = Sentence::MalformedTraceInEnvelope;
const RECORD: Sentence = Sentence::TraceNotInRecord;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![worker(), gateway(), headers(), envelopes(), keys()]
}

fn frame(context: &Context, id: &str, traceparent: Option<&str>) -> Value {
    let fields = json!({"prompt_submission": context.small_submission()});
    let mut frame = Command::new(Action::GenerateSdxl, fields).id(id).frame();
    if let Some(traceparent) = traceparent {
        frame["traceparent"] = traceparent.into();
    }
    frame
}

/// Whether each of these events is of a trace.
fn are_of(events: &[Value], id: &str) -> Result<(), String> {
    if events.is_empty() {
        return Err("there are no events".to_owned());
    }
    let is_of = |event: &&Value| {
        event["traceparent"].as_str().and_then(Trace::of_canonical).is_some_and(|trace| trace.id() == id)
    };
    match events.iter().find(|event| !is_of(event)) {
        Some(event) => Err(format!("not of the trace {id}: {event}")),
        None => Ok(()),
    }
}

fn are_of_none(events: &[Value]) -> Result<(), String> {
    if events.is_empty() {
        return Err("there are no events".to_owned());
    }
    match events.iter().find(|event| event.get("traceparent").is_some()) {
        Some(event) => Err(format!("nobody asked for its trace: {event}")),
        None => Ok(()),
    }
}

fn picture(reply: &Value) -> &Value {
    &reply["data"]["image_details"][0]["sha256"]
}

fn same_picture(one: &Value, other: &Value) -> Result<(), String> {
    let (one, other) = (picture(one), picture(other));
    if one.is_string() && one == other { Ok(()) } else { Err(format!("{one} and, in a trace, {other}")) }
}

// ---- a worker ----

/// A worker with the feature; one without refuses it, or leaves it out.
fn started(context: &Context) -> Result<Worker, ScenarioEnd> {
    match context.start_with(&["events", "out_of_order", "trace"]) {
        Ok((worker, _)) => Ok(worker),
        // Only a refusal with a code is allowed: a crash or another line is broken.
        Err(ScenarioEnd::Broken(why)) if REFUSALS.iter().any(|code| why.contains(code)) => {
            // The other features must work without it.
            context.start_with(&["events", "out_of_order"])?;
            Err(ScenarioEnd::Skip(format!("the worker does not offer trace: {why}")))
        }
        Err(end) => Err(end),
    }
}

/// A job's reply and its events.
fn ask(worker: &mut Worker, context: &Context, frame: &Value) -> Result<(Value, Vec<Value>), ScenarioEnd> {
    let mut events = Vec::new();
    worker.send(frame)?;
    let reply = worker.reply(context.options.timeout, "a job", &mut |event| events.push(event))?;
    events.retain(|event| event["request_id"] == frame["request_id"]);
    Ok((reply, events))
}

fn worker() -> Scenario {
    let features = Sentence::TraceNegotiated;
    let mut checks = vec![
        CheckDef::new("repeated", Class::Corr, REPEATED),
        CheckDef::new("none", Class::Corr, Sentence::NoTraceNoMember),
        CheckDef::new("picture", Class::Default, RECORD),
        CheckDef::new("not-negotiated", Class::Frame, features),
    ];
    checks.extend(MALFORMED.map(|(id, _)| CheckDef::new(id, Class::Enum, REFUSED)));
    Scenario::new("traces.worker", checks, |context, checks| {
        if context.is_gateway() {
            return Err(ScenarioEnd::Skip("of a gateway the other scenarios ask it".to_owned()));
        }
        let mut worker = started(context)?;
        let (plain, events) = ask(&mut worker, context, &frame(context, "plain", None))?;
        checks.decide("none", are_of_none(&events));
        let (traced, events) = ask(&mut worker, context, &frame(context, "traced", Some(SAID)))?;
        checks.decide("repeated", are_of(&events, ID));
        checks.decide("picture", same_picture(&plain, &traced));
        for (check, header) in MALFORMED {
            let (value, _) = ask(&mut worker, context, &frame(context, check, Some(header)))?;
            checks.decide(check, refused(&value));
        }
        let (mut worker, _) = context.start_with(&["events", "out_of_order"])?;
        let (_, events) = ask(&mut worker, context, &frame(context, "unasked", Some(SAID)))?;
        checks.decide("not-negotiated", are_of_none(&events));
        Ok(())
    })
}

fn refused(value: &Value) -> Result<(), String> {
    let reading =
        StrictReading::of(Action::GenerateSdxl, Dialect::Snake, &Answer { value: value.clone(), http: None });
    let found = (reading.code(), reading.snake["error_details"]["field"].as_str());
    if found == (Ok("unsupported_value"), Some("/traceparent")) { Ok(()) } else { Err(value.to_string()) }
}

// ---- a gateway ----

/// Sends a job with these headers. Returns its reply and the events of its stream.
fn run(
    context: &mut Context,
    headers: &[(&str, &str)],
    traceparent: Option<&str>,
) -> Result<(Value, Vec<Value>), ScenarioEnd> {
    let id = context.fresh_id();
    let body = frame(context, &id, traceparent).to_string().into_bytes();
    let gateway = context.gateway()?;
    let reply = gateway.send("POST", "/v1/commands", headers, Some(body))?.answer()?.value;
    Ok((reply, followed(context, &id)?))
}

fn followed(context: &Context, id: &str) -> Result<Vec<Value>, ScenarioEnd> {
    let sent = stream::of_job(context, id)?.into_iter();
    Ok(sent.filter(|event| event.name != "reply").map(|event| event.data).collect())
}

fn gateway() -> Scenario {
    let checks = vec![
        CheckDef::new("header", Class::Corr, REPEATED),
        CheckDef::new("envelope", Class::Corr, REPEATED),
        CheckDef::new("none", Class::Corr, Sentence::NoTraceNoMember),
        CheckDef::new("picture", Class::Default, RECORD),
    ];
    Scenario::new("traces.gateway", checks, |context, checks| {
        context.gateway()?;
        let (plain, events) = run(context, &[], None)?;
        checks.decide("none", are_of_none(&events));
        let (traced, events) = run(context, &[("traceparent", SAID)], None)?;
        checks.decide("header", are_of(&events, ID));
        checks.decide("picture", same_picture(&plain, &traced));
        let (_, events) = run(context, &[], Some(SAID))?;
        checks.decide("envelope", are_of(&events, ID));
        Ok(())
    })
}

fn headers() -> Scenario {
    let anew = Sentence::MalformedTraceHeader;
    let wins = Sentence::TraceHeaderWins;
    let checks = vec![
        CheckDef::new("malformed", Class::Http, anew),
        CheckDef::new("upper-case", Class::Http, anew),
        CheckDef::new("later-version", Class::Http, Sentence::TraceOfLaterVersion),
        CheckDef::new("wins", Class::Http, wins),
        CheckDef::new("no-effect", Class::Default, wins),
        CheckDef::new("same-trace", Class::Default, wins),
    ];
    Scenario::new("traces.headers", checks, |context, checks| {
        context.gateway()?;
        for (check, header) in [("malformed", "nonsense"), ("upper-case", &*SAID.to_uppercase())] {
            let (reply, events) = run(context, &[("traceparent", header)], None)?;
            let first = events.first().map(|event| &event["traceparent"]);
            let new = first.and_then(Value::as_str).and_then(Trace::of_canonical);
            let new = new.filter(|trace| trace.id() != ID);
            checks.decide(
                check,
                match new {
                    Some(new) => are_of(&events, new.id()),
                    None => Err(format!("{} in the events of {reply}", display::json(&first))),
                },
            );
        }
        let later = format!("cc{}-more", &SAID[2..]);
        let (_, events) = run(context, &[("traceparent", &later)], None)?;
        checks.decide("later-version", are_of(&events, ID));
        let (reply, events) = run(context, &[("traceparent", SAID)], Some(OTHER))?;
        checks.decide("wins", are_of(&events, ID));
        let is_warned = |reply: &Value| {
            let mut details = reply["warning_details"].as_array().into_iter().flatten();
            details.any(|one| one["code"] == "no_effect" && one["pointer"] == "/traceparent")
        };
        checks.hold("no-effect", is_warned(&reply), || display::json(&reply));
        let (reply, events) = run(context, &[("traceparent", SAID)], Some(AGAIN))?;
        let is_quiet = reply["success"] == true && !is_warned(&reply);
        checks.decide("same-trace", if is_quiet { are_of(&events, ID) } else { Err(reply.to_string()) });
        Ok(())
    })
}

fn envelopes() -> Scenario {
    let checks = MALFORMED.map(|(id, _)| CheckDef::new(id, Class::Enum, REFUSED));
    Scenario::new("traces.envelopes", checks.into(), |context, checks| {
        context.gateway()?;
        for (check, header) in MALFORMED {
            let id = context.fresh_id();
            let body = frame(context, &id, Some(header)).to_string().into_bytes();
            let exchange = context.gateway()?.send("POST", "/v1/commands", &[], Some(body))?;
            let verdict = problem(&exchange, "unsupported_value").and_then(|()| {
                let field =
                    exchange.answer().map_err(|err| err.to_string())?.value["error_details"]["field"].clone();
                if field == "/traceparent" { Ok(()) } else { Err(format!("the field is {field}")) }
            });
            checks.decide(check, verdict);
        }
        Ok(())
    })
}

fn keys() -> Scenario {
    let checks = vec![
        CheckDef::new("one-job", Class::Corr, RECORD),
        CheckDef::new("its-trace", Class::Corr, REPEATED),
    ];
    Scenario::new("traces.keys", checks, |context, checks| {
        context.gateway()?;
        let key = context.fresh_id();
        let id = context.fresh_id();
        let send = |context: &Context, header: &str, envelope: Option<&str>| -> Result<Value, ScenarioEnd> {
            let body = frame(context, &id, envelope).to_string().into_bytes();
            let headers = [("idempotency-key", key.as_str()), ("traceparent", header)];
            Ok(context.gateway()?.send("POST", "/v1/commands", &headers, Some(body))?.answer()?.value)
        };
        let first = send(context, SAID, None)?;
        let again = [send(context, OTHER, None)?, send(context, "", Some(AGAIN))?];
        // Another run would take another time, and leave another file.
        let joined = again.iter().all(|again| again["success"] == true && again["data"] == first["data"]);
        checks.hold("one-job", first["success"] == true && joined, || display::json(&again));
        let events = followed(context, &id)?;
        checks.decide("its-trace", are_of(&events, ID));
        Ok(())
    })
}
