//! Hostile input must give its sender an error and cost other clients nothing: values beyond every bound as real commands,
//! and expensive documents.

use contracts::{Action, limits::QUERY_ANSWER};
use serde_json::{Map, Value, json};
use std::time::Instant;

use super::bounds;
use crate::{
    case::with,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::Context,
    display,
    exchange::{Command, StrictReading},
    member,
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

const LIVES: Sentence = Sentence::OneReplyWhateverDies;
const BOUNDED: Sentence = Sentence::FaultListsBounded;

/// Characters of a long name: many times what all pointers of a reply have together.
const LONG_NAME: usize = 1 << 20;

/// Members or items of an expensive document.
const MANY: usize = 60_000;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        timeouts(),
        real_commands("hostile.bounds-as-jobs", Action::GenerateSdxl),
        real_commands("hostile.bounds-as-estimates", Action::GetPerformanceEstimate),
        many_names(),
        long_name(),
        long_list(),
        many_warnings(),
        meanwhile(),
    ]
}

/// Sends a command that must be refused, and decides by its code and its place.
fn refused(
    context: &mut Context,
    action: Action,
    fields: Value,
    code: &str,
    pointer: &str,
) -> Result<Result<(), String>, ScenarioEnd> {
    let id = context.fresh_id();
    let reading = context.ask(&Command::new(action, fields).id(id))?;
    let details = reading.snake["error_details"].clone();
    let is_there = details["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|error| error["code"] == code && error["pointer"] == pointer);
    Ok(if reading.snake["success"] == false && is_there {
        Ok(())
    } else {
        Err(format!("{code} at {pointer} is wanted, not {}", cut(&reading)))
    })
}

fn cut(reading: &StrictReading) -> String {
    crate::display::shorten(&reading.snake.to_string())
}

/// A deadline is computed before anything else is done: it must not be computed from a value that is refused.
fn timeouts() -> Scenario {
    let values =
        [("negative", json!(-5)), ("zero", json!(0)), ("huge", json!(1e300)), ("above", json!(86_401))];
    let mut checks: Vec<CheckDef> = Vec::new();
    for action in ["job", "batch", "request"] {
        checks.extend(
            values.iter().map(|(word, _)| CheckDef::new(format!("{action}-{word}"), Class::Time, LIVES)),
        );
    }
    checks.push(CheckDef::new("still-served", Class::Life, LIVES));
    Scenario::new("hostile.timeouts", checks, move |context, checks| {
        for (word, value) in &values {
            let late = with(context.small_submission(), "/metadata/timeout_seconds", value.clone());
            let cases = [
                (
                    "job",
                    Action::GenerateSdxl,
                    json!({"prompt_submission": late.clone()}),
                    "/payload/prompt_submission/metadata/timeout_seconds",
                ),
                (
                    "batch",
                    Action::BatchGenerate,
                    json!({"requests": [context.small_submission()], "timeout_seconds": value}),
                    "/payload/timeout_seconds",
                ),
                (
                    "request",
                    Action::BatchGenerate,
                    json!({"requests": [late]}),
                    "/payload/requests/0/metadata/timeout_seconds",
                ),
            ];
            for (name, action, fields, pointer) in cases {
                let id = format!("{name}-{word}");
                match refused(context, action, fields, "out_of_range", pointer) {
                    Ok(verdict) => checks.decide(&id, verdict),
                    Err(end) => checks.decide(&id, Err(end.to_string())),
                }
            }
        }
        still_served(context, checks);
        Ok(())
    })
}

fn still_served(context: &mut Context, checks: &mut Checks<'_>) {
    let status = context.get(Action::GetStatus, json!({}));
    checks.hold("still-served", status.is_ok(), || display::result(&status));
}

/// Sends the values of the suite `bounds` as commands: reports and refusals take different paths through a worker.
fn real_commands(id: &'static str, action: Action) -> Scenario {
    let probes = bounds::beyond();
    let mut checks: Vec<CheckDef> =
        probes.iter().map(|probe| CheckDef::new(&probe.id, Class::Limit, bounds::SENTENCE)).collect();
    checks.push(CheckDef::new("still-served", Class::Life, LIVES));
    Scenario::new(id, checks, move |context, checks| {
        for probe in &probes {
            let document = bounds::document(context, &probe.pointer, &probe.value)?;
            let pointer = format!("/payload/prompt_submission{}", probe.pointer);
            let fields = json!({"prompt_submission": document});
            match refused(context, action, fields, "out_of_range", &pointer) {
                Ok(verdict) => checks.decide(&probe.id, verdict),
                Err(end) => checks.decide(&probe.id, Err(end.to_string())),
            }
        }
        still_served(context, checks);
        Ok(())
    })
}

fn unknown_names() -> Map<String, Value> {
    (0..MANY).map(|i| (format!("unknown_{i}"), json!(1))).collect()
}

/// One fault a name, and a reply that stays short.
fn many_names() -> Scenario {
    let checks = vec![
        CheckDef::new("bounded", Class::Limit, BOUNDED),
        CheckDef::new("counted", Class::Limit, BOUNDED),
        CheckDef::new("report-bounded", Class::Limit, BOUNDED),
        CheckDef::new("report-counted", Class::Limit, BOUNDED),
        CheckDef::new("still-served", Class::Life, LIVES),
    ];
    Scenario::new("hostile.unknown-names", checks, |context, checks| {
        let mut document = context.small_submission();
        document.as_object_mut().expect("a submission is an object").extend(unknown_names());
        let fields = json!({"prompt_submission": document});
        let id = context.fresh_id();
        let reading = context.ask(&Command::new(Action::GenerateSdxl, fields.clone()).id(id))?;
        bounded(checks, "bounded", "counted", &reading.snake["error_details"], MANY);
        let id = context.fresh_id();
        let reading = context.ask(&Command::new(Action::ValidateRequest, fields).id(id))?;
        bounded(checks, "report-bounded", "report-counted", &reading.snake["data"], MANY);
        still_served(context, checks);
        Ok(())
    })
}

fn bounded(checks: &mut Checks<'_>, bounded: &str, counted: &str, holder: &Value, total: usize) {
    let errors = holder["errors"].as_array().map_or(0, Vec::len);
    checks.hold(bounded, (1..=100).contains(&errors), || format!("{errors} errors in one reply"));
    checks.hold(counted, holder["errors_total"] == total, || {
        format!("errors_total is {}, and there were {total}", holder["errors_total"])
    });
}

/// A name as long as a document is repeated whole nowhere: neither as an unknown one, nor as one that stands twice.
fn long_name() -> Scenario {
    let checks = vec![
        CheckDef::new("unknown", Class::Limit, BOUNDED),
        CheckDef::new("twice", Class::Limit, BOUNDED),
        CheckDef::new("report", Class::Limit, BOUNDED),
        CheckDef::new("still-served", Class::Life, LIVES),
    ];
    Scenario::new("hostile.long-name", checks, |context, checks| {
        let name = "n".repeat(LONG_NAME);
        let mut submission = context.small_submission();
        submission[&name] = 1.into();
        let fields = json!({"prompt_submission": submission});
        for (id, action) in [("unknown", Action::GenerateSdxl), ("report", Action::ValidateRequest)] {
            let request_id = context.fresh_id();
            let reading = context.ask(&Command::new(action, fields.clone()).id(request_id))?;
            let length = reading.snake.to_string().len();
            checks.hold(id, length < LONG_NAME, || {
                format!("a name of {LONG_NAME} characters makes a reply of {length} bytes")
            });
        }
        let id = context.fresh_id();
        let frame =
            format!(r#"{{"action":"get_status","request_id":"{id}","payload":{{"{name}":1,"{name}":1}}}}"#);
        let answer = context.send(frame.as_bytes(), &id)?;
        let length = answer.value.to_string().len();
        checks.hold("twice", length < LONG_NAME, || {
            format!("a name of {LONG_NAME} characters that stands twice makes a reply of {length} bytes")
        });
        still_served(context, checks);
        Ok(())
    })
}

/// A list over its limit is one fault; its items are not read.
fn long_list() -> Scenario {
    let checks = vec![
        CheckDef::new("one-fault", Class::Limit, Sentence::LongListIsOneFault),
        CheckDef::new("nothing-normalized", Class::Limit, Sentence::FaultyHasNoNormalized),
    ];
    Scenario::new("hostile.long-list", checks, |context, checks| {
        let document = with(context.small_submission(), "/conditioning/loras", vec![json!({}); MANY].into());
        let id = context.fresh_id();
        let command = Command::new(Action::ValidateRequest, json!({"prompt_submission": document})).id(id);
        let reading = context.ask(&command)?;
        let data = &reading.snake["data"];
        let errors = member::list(data, "/errors")?;
        checks.hold(
            "one-fault",
            errors.len() == 1
                && errors[0]["code"] == "out_of_range"
                && errors[0]["pointer"] == "/payload/prompt_submission/conditioning/loras",
            || cut(&reading),
        );
        checks.hold(
            "nothing-normalized",
            data["normalized"].is_null() && data["effective"].is_null(),
            || cut(&reading),
        );
        Ok(())
    })
}

/// Warnings are bounded as errors are.
fn many_warnings() -> Scenario {
    let checks = ["bounded", "counted"].map(|id| CheckDef::new(id, Class::Limit, BOUNDED));
    Scenario::new("hostile.warnings", checks.into(), |context, checks| {
        // The timeout refuses it, so that nothing is drawn; each request still adds its warnings.
        let mut useless = context.small_submission();
        useless["hyperparameters"]["strength"] = 0.5.into();
        useless["postprocessing"] = json!({"quality": 50, "upscale_factor": 3});
        let fields = json!({"requests": vec![useless; 64], "timeout_seconds": -5});
        let id = context.fresh_id();
        let reading = context.ask(&Command::new(Action::BatchGenerate, fields).id(id))?;
        let warnings = reading.snake["warnings"].as_array().map_or(0, Vec::len);
        checks.hold("bounded", (1..=100).contains(&warnings), || format!("{warnings} warnings in one reply"));
        let total = &reading.snake["warnings_total"];
        checks.hold("counted", *total == 64 * 3, || {
            format!("warnings_total is {total}, and there were {}", 64 * 3)
        });
        Ok(())
    })
}

/// Other clients are answered while one client's expensive body is read.
fn meanwhile() -> Scenario {
    let checks = vec![CheckDef::new("others-answered", Class::Conc, Sentence::OthersAnsweredMeanwhile)];
    Scenario::new("hostile.meanwhile", checks, |context, checks| {
        if !context.is_gateway() {
            return Err(ScenarioEnd::Skip("a worker has one client".to_owned()));
        }
        // Ten seconds of work for a reader that compares each name with every other.
        let body = json!({"action": "validate_request", "payload": {"prompt_submission": unknown_names()}});
        let gateway = context.gateway()?;
        let later = gateway.send_later("POST", "/v1/commands", body.to_string().into_bytes());
        let asked = Instant::now();
        let live = gateway.send("GET", "/health/live", &[], None);
        let waited = asked.elapsed();
        gateway.wait(later)?;
        let limit = 3 * QUERY_ANSWER;
        checks.hold("others-answered", live.is_ok_and(|live| live.status == 200) && waited < limit, || {
            format!("/health/live took {}", display::seconds(waited))
        });
        Ok(())
    })
}
