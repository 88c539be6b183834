//! Events: before the reply, never after it, and only if they were negotiated.

use chrono::DateTime;
use contracts::{Action, event, limits::HEARTBEAT};
use serde_json::{Value, json};
use std::time::Duration;

use super::members::{
    alone::{Alone, Heard},
    events::NO_HEARTBEATS,
};
use crate::{
    check::{CheckDef, ScenarioEnd},
    class::Class,
    display,
    exchange::Command,
    member,
    party::worker::is_event,
    scenario::Scenario,
    sentence::Sentence,
};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![progress(), heartbeat(), none_unasked()]
}

fn progress() -> Scenario {
    let checks = vec![
        CheckDef::new("progress", Class::Frame, Sentence::ProgressMembers),
        CheckDef::new("schema", Class::Env, Sentence::EventMembers),
        CheckDef::new("sequence", Class::Conc, Sentence::EventSequence),
        CheckDef::new("forward", Class::Unit, Sentence::ProgressRange),
        CheckDef::new("steps", Class::Unit, Sentence::ProgressSteps),
        CheckDef::new("last-is-the-reply", Class::Frame, Sentence::NoEventAfterReply),
    ];
    Scenario::new("events.progress", checks, |context, checks| {
        let mut target = Alone::begin(context, &["events", "out_of_order"])?;
        let mut submission = context.small_submission();
        submission["scheduler"]["steps"] = 6.into();
        let frame = Command::new(Action::GenerateSdxl, json!({"prompt_submission": submission})).frame();
        let id = context.fresh_id();
        let Heard { reply, events, late } = target.job(context, &id, frame)?;
        if reply["success"] != true {
            return Err(ScenarioEnd::Broken(reply.to_string()));
        }
        let own: Vec<&Value> = events.iter().filter(|event| event["request_id"] == id.as_str()).collect();
        let progress: Vec<&&Value> = own.iter().filter(|event| event["event"] == "progress").collect();
        checks.hold("progress", progress.iter().any(|event| event["stage"] == "denoising"), || {
            format!("{} events, none of denoising", events.len())
        });
        let wrong = events.iter().find_map(|event| match event::violations(event) {
            None => Some(format!("no such event: {event}")),
            Some(violations) if !violations.is_empty() => {
                Some(format!("{} {}: {event}", violations[0].pointer, violations[0].message))
            }
            Some(_) => event.get("success").map(|_| format!("an event with success: {event}")),
        });
        checks.decide("schema", wrong.map_or(Ok(()), Err));
        let numbers: Vec<u64> = own.iter().filter_map(|event| event["sequence"].as_u64()).collect();
        checks.hold("sequence", numbers.windows(2).all(|pair| pair[0] < pair[1]), || display::json(&numbers));
        let shares: Vec<f64> = progress.iter().filter_map(|event| event["progress"].as_f64()).collect();
        checks.hold("forward", shares.is_sorted() && !shares.is_empty(), || display::json(&shares));
        let steps: Vec<u64> = progress
            .iter()
            .filter(|event| event["stage"] == "denoising")
            .filter_map(|event| event["step"].as_u64())
            .collect();
        checks.hold(
            "steps",
            steps.last() == Some(&6)
                && progress.iter().all(|event| event["step"].as_u64() <= event["total_steps"].as_u64()),
            || display::json(&steps),
        );
        checks.hold("last-is-the-reply", late.is_empty(), || display::json(&late));
        Ok(())
    })
}

/// Longest time between two heartbeats, by their timestamps: one that is late by a turn of a busy machine is in time.
const GAP_MAX: Duration = Duration::from_millis(HEARTBEAT.as_millis() as u64 * 5 / 2);

/// The time between the first and the last.
fn gap(beats: &[Value]) -> Result<Duration, ScenarioEnd> {
    let at = |beat: &Value| {
        let text = member::text(beat, "/timestamp")?;
        DateTime::parse_from_rfc3339(text)
            .map_err(|err| ScenarioEnd::Broken(format!("timestamp {text}: {err}")))
    };
    let (Some(first), Some(last)) = (beats.first(), beats.last()) else { return Ok(Duration::MAX) };
    (at(last)? - at(first)?).to_std().map_err(|_| ScenarioEnd::Broken(display::json(&beats)))
}

fn heartbeat() -> Scenario {
    let checks = vec![
        CheckDef::new("idle", Class::Life, Sentence::HeartbeatEverySecond),
        CheckDef::new("every-second", Class::Time, Sentence::HeartbeatEverySecond),
        CheckDef::new("schema", Class::Env, Sentence::HeartbeatMembers),
    ];
    Scenario::new("events.heartbeat", checks, |context, checks| {
        if context.is_gateway() {
            return Err(ScenarioEnd::Skip(NO_HEARTBEATS.to_owned()));
        }
        let (mut worker, _) = context.start_with(&["events"])?;
        let mut beats = Vec::new();
        // Whether they come in time is told by their own clock: this process may get its turn late.
        let last = worker.frame_that(context.options.timeout, "two heartbeats", &mut |frame| {
            if frame["event"] == "heartbeat" {
                beats.push(frame.clone());
            }
            beats.len() == 2 || !is_event(frame)
        })?;
        if !is_event(&last) {
            return Err(ScenarioEnd::Broken(format!("a reply that nobody asked for: {last}")));
        }
        checks.hold("idle", beats.iter().all(|beat| beat["request_id"].is_null()), || display::json(&beats));
        let gap = gap(&beats)?;
        checks.hold("every-second", gap <= GAP_MAX, || format!("{} between two", display::seconds(gap)));
        let violations = event::violations(&beats[0]);
        checks.hold("schema", violations.as_ref().is_some_and(Vec::is_empty), || display::json(&violations));
        Ok(())
    })
}

fn none_unasked() -> Scenario {
    let proves = Sentence::EventsNegotiated;
    Scenario::new(
        "events.none-unasked",
        vec![CheckDef::new("silent", Class::Frame, proves)],
        |context, checks| {
            let job =
                Command::new(Action::GenerateSdxl, json!({"prompt_submission": context.small_submission()}));
            let frame = job.id(context.fresh_id()).frame();
            if context.is_gateway() {
                // The reply is one document: an event before it would make it none, or stand in its place.
                let reply = context.gateway()?.command(frame.to_string().into_bytes())?.value;
                checks.hold("silent", !is_event(&reply), || reply.to_string());
                return Ok(());
            }
            let mut worker = context.start()?;
            worker.send(&frame)?;
            let mut events = Vec::new();
            worker.reply(context.options.timeout, "a job", &mut |event| events.push(event))?;
            checks.hold("silent", events.is_empty(), || display::json(&events));
            Ok(())
        },
    )
}
