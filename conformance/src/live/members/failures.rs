//! The members of a failed reply and of a warning, against the fault that was made and against the schemas.

use contracts::{Action, dictionary::dictionary};
use serde_json::{Value, json};

use super::{
    each,
    interview::{is, lies},
};
use crate::{
    case::with,
    check::ScenarioEnd,
    class::Class,
    context::Context,
    display,
    exchange::{Command, StrictReading},
    member,
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

pub(super) fn scenario() -> Scenario {
    let failure = [
        "error",
        "data",
        "session_id",
        "code",
        "field",
        "retryable",
        "hint",
        "errors",
        "pointer",
        "message",
        "allowed",
        "minimum",
        "maximum",
        "nearest",
    ];
    let warnings = ["warnings", "warning-code", "warning-pointer", "warning-message"];
    let checks = [
        each(Class::Env, Sentence::FaultWhereItStands, &failure),
        each(Class::Env, Sentence::NothingSilent, &warnings),
    ];
    Scenario::new("members.failure", checks.concat(), |context, checks| {
        let enumeration = refused(context, "/scheduler/type", json!("Eulr"))?;
        one_fault(checks, &enumeration, "unsupported_value", "/scheduler/type", &json!("Eulr"));
        let allowed: Value = dictionary().enumeration("SchedulerType").values.iter().cloned().collect();
        checks.decide("allowed", is(&enumeration.snake, "/error_details/errors/0/allowed", &allowed));
        checks.decide("nearest", is(&enumeration.snake, "/error_details/errors/0/nearest", &json!("Euler")));
        let number = refused(context, "/hyperparameters/guidance_scale", json!(51))?;
        one_fault(checks, &number, "out_of_range", "/hyperparameters/guidance_scale", &json!(51));
        for (name, bound) in [("minimum", 0.0), ("maximum", 50.0)] {
            let at = format!("/error_details/errors/0/{name}");
            checks.decide(name, lies(&number.snake, &at, bound, bound));
        }
        let several = with(context.small_submission(), "/scheduler/type", json!("Eulr"));
        let several = send(context, with(several, "/hyperparameters/guidance_scale", json!(51)))?;
        first_of_several(checks, &several.snake["error_details"]);
        let name = refused(context, "/hyperparameters/guidence_scale", json!(7))?;
        one_fault(checks, &name, "unknown_field", "/hyperparameters/guidence_scale", &json!(7));
        checks
            .decide("nearest", is(&name.snake, "/error_details/errors/0/nearest", &json!("guidance_scale")));
        warned(context, checks)
    })
}

fn send(context: &mut Context, document: Value) -> Result<StrictReading, ScenarioEnd> {
    let command = Command::new(Action::GenerateSdxl, json!({"prompt_submission": document}));
    let id = context.fresh_id();
    context.ask(&Command { session_id: Some(format!("{id}-session")), ..command.id(id) })
}

/// The reply to a job with one fault.
fn refused(context: &mut Context, pointer: &str, value: Value) -> Result<StrictReading, ScenarioEnd> {
    let document = with(context.small_submission(), pointer, value);
    send(context, document)
}

fn one_fault(checks: &mut Checks<'_>, reading: &StrictReading, code: &str, place: &str, value: &Value) {
    let reply = &reading.snake;
    let pointer = format!("/payload/prompt_submission{place}");
    checks.decide("code", is(reply, "/error_details/code", &json!(code)));
    checks.decide("field", is(reply, "/error_details/field", &json!(pointer)));
    checks.decide("retryable", is(reply, "/error_details/retryable", &json!(false)));
    checks.decide("data", is(reply, "/data", &Value::Null));
    let session = reply["request_id"].as_str().map(|id| format!("{id}-session"));
    checks.decide("session_id", is(reply, "/session_id", &json!(session)));
    let errors = reply["error_details"]["errors"].as_array().map_or(0, Vec::len);
    checks.hold("errors", errors == 1, || format!("{errors} faults of one"));
    checks.decide("pointer", is(reply, "/error_details/errors/0/pointer", &json!(pointer)));
    // One fault is told by one sentence, which names the place or quotes the value.
    checks.decide("message", is(reply, "/error_details/errors/0/message", &reply["error"]));
    let name = place.rsplit('/').next().unwrap_or(place);
    let says = reply["error"].as_str().is_some_and(|sentence| {
        ends(sentence) && (sentence.contains(name) || sentence.contains(&value.to_string()))
    });
    checks.hold("error", says, || format!("{} does not tell of {place}, or has no end", reply["error"]));
    let hint = reply["error_details"]["hint"].as_str();
    checks.hold("hint", hint.is_some_and(|hint| hint.len() > 8), || format!("{}", reply["error_details"]));
}

/// `field` is the pointer of the first.
fn first_of_several(checks: &mut Checks<'_>, details: &Value) {
    let errors = details["errors"].as_array().map_or(&[][..], Vec::as_slice);
    let first = errors.first().map(|error| &error["pointer"]);
    let holds = errors.len() == 2 && first == Some(&details["field"]);
    checks.hold("errors", holds, || {
        format!("of two faults errors has {}, the first of them is not at the field: {details}", errors.len())
    });
}

/// Whether quotes and brackets are balanced: the edit `truncate` removes a closing one. A lost letter is not detected.
fn ends(sentence: &str) -> bool {
    let pairs = [('(', ')'), ('[', ']')];
    let balanced =
        |open: char, close: char| sentence.matches(open).count() == sentence.matches(close).count();
    pairs.into_iter().all(|(open, close)| balanced(open, close))
        && ['`', '"'].into_iter().all(|quote| sentence.matches(quote).count() % 2 == 0)
}

/// A field that can take no effect, and one in another spelling.
fn warned(context: &mut Context, checks: &mut Checks<'_>) -> Result<(), ScenarioEnd> {
    let mut document = context.small_submission();
    document["hyperparameters"]["strength"] = 0.5.into();
    document["scheduler"]["type"] = "EulerDiscrete".into();
    let reading = send(context, document)?;
    let reply = &reading.snake;
    let details = member::list(reply, "/warning_details")?;
    let sentences = member::list(reply, "/warnings")?;
    let messages: Vec<&Value> = details.iter().map(|detail| &detail["message"]).collect();
    checks.hold("warnings", sentences.iter().eq(messages.iter().copied()) && sentences.len() == 2, || {
        reply["warnings"].to_string()
    });
    checks.decide("warnings", is(reply, "/data/warnings", &reply["warnings"]));
    let mut told: Vec<(&str, &str)> = Vec::new();
    for detail in details {
        told.push((member::text(detail, "/code")?, member::text(detail, "/pointer")?));
    }
    told.sort_unstable();
    let places =
        ["/payload/prompt_submission/scheduler/type", "/payload/prompt_submission/hyperparameters/strength"];
    let codes: Vec<&str> = told.iter().map(|(code, _)| *code).collect();
    checks.hold("warning-code", codes == ["accepted_spelling", "no_effect"], || display::json(&codes));
    let pointers: Vec<&str> = told.iter().map(|(_, pointer)| *pointer).collect();
    checks.hold("warning-pointer", pointers == places, || display::json(&pointers));
    let named = details.iter().all(|detail| {
        let name = detail["pointer"].as_str().and_then(|pointer| pointer.rsplit('/').next());
        let message = detail["message"].as_str();
        name.zip(message)
            .is_some_and(|(name, message)| message.contains(name) || message.contains("EulerDiscrete"))
    });
    checks.hold("warning-message", named, || reply["warnings"].to_string());
    Ok(())
}
