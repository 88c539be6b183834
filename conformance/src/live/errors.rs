//! Every fault with its code and its place: the invalid documents of `fixtures/invalid/`, sent as they are.

use contracts::{Action, Dialect, dictionary::dictionary};
use serde_json::{Value, json};

use crate::{
    case,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::Context,
    display,
    exchange::StrictReading,
    scenario::Scenario,
    sentence::Sentence,
};

const FILES: [(&str, &str, Class, Sentence); 5] = [
    ("frames", include_str!("../../../fixtures/invalid/frames.jsonl"), Class::Frame, Sentence::BadFrames),
    ("envelopes", include_str!("../../../fixtures/invalid/envelopes.jsonl"), Class::Env, Sentence::Pointers),
    (
        "submissions",
        include_str!("../../../fixtures/invalid/submissions.jsonl"),
        Class::Names,
        Sentence::AllFaultsAtOnce,
    ),
    ("rules", include_str!("../../../fixtures/invalid/rules.jsonl"), Class::Limit, Sentence::RulesOverFields),
    (
        "commands",
        include_str!("../../../fixtures/invalid/commands.jsonl"),
        Class::Names,
        Sentence::CodeOfAFault,
    ),
];

pub(super) fn scenarios() -> Vec<Scenario> {
    let files = FILES.into_iter().map(|(name, text, class, proves)| file(name, text, class, proves));
    files.chain([lacking()]).collect()
}

/// A feature that the target lacks is refused at the pointer where its sender wrote it: in a list of any order, and as a flag.
fn lacking() -> Scenario {
    let proves = Sentence::PointersAsSpelt;
    let checks = ["in-a-list", "as-a-member"].map(|id| CheckDef::new(id, Class::Names, proves));
    Scenario::new("errors.lacking", checks.into(), |context, checks| {
        let offered = context.capabilities()?["memory_optimizations"].clone();
        let is_offered = |name: &str| offered.as_array().is_some_and(|all| all.iter().any(|own| own == name));
        let all = &dictionary().enumeration("Optimization").values;
        let Some(lacks) = all.iter().rev().find(|name| !is_offered(name)) else {
            return Err(ScenarioEnd::Skip("the target has every optimization".to_owned()));
        };
        // Against the order of the enum.
        let mut list = vec![lacks];
        list.extend(all.iter().filter(|name| is_offered(name)).take(1));
        list.sort_by_key(|name| std::cmp::Reverse(all.iter().position(|value| value == *name)));
        let at = list.iter().position(|name| *name == lacks).expect("it is in the list");
        let wanted = format!("optimizations/{at}");
        checks.decide("in-a-list", pointed_at(context, &json!({"optimizations": list}), &wanted)?);
        let flags = dictionary().object("Performance").extras.iter().filter_map(|extra| {
            let (_, adds) = extra.adds.get("true")?;
            (!is_offered(adds)).then_some(extra.snake.as_str())
        });
        let flag = flags.min().map(str::to_owned);
        match flag {
            Some(flag) => checks.decide("as-a-member", pointed_at(context, &json!({&flag: true}), &flag)?),
            None => {
                return Err(ScenarioEnd::Skip("the target has every optimization that is a flag".to_owned()));
            }
        }
        Ok(())
    })
}

/// Whether `validate_request` reports `unsupported_feature` at a place of `performance`.
fn pointed_at(
    context: &mut Context,
    performance: &Value,
    place: &str,
) -> Result<Result<(), String>, ScenarioEnd> {
    let document = case::with(context.small_submission(), "/performance", performance.clone());
    let report = context.get(Action::ValidateRequest, json!({"prompt_submission": document}))?;
    let pointer = format!("/payload/prompt_submission/performance/{place}");
    let mut errors = report["errors"].as_array().into_iter().flatten();
    let is_there = errors.any(|error| error["code"] == "unsupported_feature" && error["pointer"] == pointer);
    Ok(if is_there {
        Ok(())
    } else {
        Err(format!("unsupported_feature at {pointer} is wanted, not {}", report["errors"]))
    })
}

struct Invalid {
    id: String,
    frame: Vec<u8>,
    action: Option<String>,
    refused: Option<String>,
    faults: Vec<(String, String)>,
    /// The id that the command was given here, where its row is about no id.
    request_id: Option<String>,
}

impl Invalid {
    fn of(row: &Value) -> Self {
        let text = |name: &str| row[name].as_str().map(str::to_owned);
        let document = match (row.get("submission"), row.get("frame")) {
            (Some(submission), _) => Some(json!({"action": "validate_request", "request": submission})),
            (None, frame) => frame.cloned(),
        };
        let id = text("id").expect("fixtures are tested");
        let (document, request_id) = with_an_id(document, &id);
        let frame = match (&document, text("text"), text("hex")) {
            (Some(document), ..) => document.to_string().into_bytes(),
            (None, Some(text), _) => text.into_bytes(),
            (None, None, Some(hex)) => (0..hex.len())
                .step_by(2)
                .filter_map(|i| u8::from_str_radix(&hex[i..i + 2], 16).ok())
                .collect(),
            _ => panic!("{row} has no document"),
        };
        let action = serde_json::from_slice::<Value>(&frame)
            .ok()
            .and_then(|frame| frame["action"].as_str().map(str::to_owned));
        let word = |fault: &Value, i: usize| fault[i].as_str().expect("fixtures are tested").to_owned();
        let mut faults: Vec<_> = row["faults"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|fault| (word(fault, 0), word(fault, 1)))
            .collect();
        faults.sort();
        Self { id, frame, action, refused: text("refused"), faults, request_id }
    }

    /// Compares the reply with the violations of the row.
    fn judge(&self, reply: &Value) -> Result<(), String> {
        let validates = self.action.as_deref() == Some("validate_request") && self.refused.is_none();
        let errors = if validates {
            if reply["success"] != true || reply["data"]["valid"] != false {
                return Err(format!(
                    "success: true with valid: false is wanted, not {}",
                    crate::display::shorten(&reply.to_string())
                ));
            }
            &reply["data"]["errors"]
        } else {
            if reply["success"] != false || !reply["error"].is_string() {
                return Err(format!(
                    "a failure is wanted, not {}",
                    crate::display::shorten(&reply.to_string())
                ));
            }
            &reply["error_details"]["errors"]
        };
        let mut found: Vec<(String, String)> = errors
            .as_array()
            .into_iter()
            .flatten()
            .map(|error| (shown(&error["code"]), shown(&error["pointer"])))
            .collect();
        // Violations that depend on the target (a model that is not there) may stand beside those of the document.
        found.retain(|fault| {
            self.faults.contains(fault) || fault.0.parse().is_ok_and(case::is_of_the_document)
        });
        found.sort();
        if found != self.faults {
            return Err(format!("wanted {}, found {}", display::json(&self.faults), display::json(&found)));
        }
        let wanted = match (&self.refused, self.faults.as_slice()) {
            _ if validates => return Ok(()),
            (Some(code), _) => code.as_str(),
            (None, [(code, _)]) => code.as_str(),
            (None, _) => "validation_failed",
        };
        let code = &reply["error_details"]["code"];
        if code == wanted { Ok(()) } else { Err(format!("the code is {code}, not {wanted}")) }
    }
}

/// A document with an id, if it names an action in snake and says nothing of ids itself.
fn with_an_id(document: Option<Value>, id: &str) -> (Option<Value>, Option<String>) {
    let Some(Value::Object(mut members)) = document else { return (document, None) };
    let is_id = |name: &String| name.replace('_', "").eq_ignore_ascii_case("requestid");
    if !members.contains_key("action") || members.keys().any(is_id) {
        return (Some(members.into()), None);
    }
    let id = format!("conf-{id}");
    members.insert("request_id".to_owned(), id.clone().into());
    (Some(members.into()), Some(id))
}

/// A string as it is; any other value as JSON, which is neither a code nor a pointer.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn file(name: &'static str, text: &'static str, class: Class, proves: Sentence) -> Scenario {
    let rows: Vec<Invalid> = text
        .lines()
        .map(|line| Invalid::of(&serde_json::from_str(line).expect("fixtures are tested")))
        .collect();
    let mut checks: Vec<CheckDef> = rows.iter().map(|row| CheckDef::new(&row.id, class, proves)).collect();
    let has_ids = rows.iter().any(|row| row.request_id.is_some());
    checks.extend(has_ids.then(|| CheckDef::new("request-ids", Class::Corr, Sentence::MatchedById)));
    checks.push(CheckDef::new("still-served", Class::Life, Sentence::StreamGoesOn));
    Scenario::new(format!("errors.{name}"), checks, move |context, checks| {
        for row in &rows {
            let reply = send(context, row)?;
            checks.decide(&row.id, row.judge(&reply));
            if let Some(id) = &row.request_id {
                checks.hold("request-ids", reply["request_id"] == **id, || {
                    format!("{id} is answered as {}", reply["request_id"])
                });
            }
        }
        let status = context.get(Action::GetStatus, json!({}));
        checks.hold("still-served", status.is_ok(), || display::result(&status));
        Ok(())
    })
}

/// The reply in snake, from the dialect that fits best: another suite judges its dialect.
fn send(context: &mut Context, row: &Invalid) -> Result<Value, ScenarioEnd> {
    let answer = context.send(&row.frame, &row.id)?;
    // A frame without a known action is refused, and all refusals have one schema.
    let action = row.action.as_deref().and_then(|action| action.parse().ok()).unwrap_or(Action::GetStatus);
    let read = |dialect| StrictReading::of(action, dialect, &answer);
    let best = Dialect::ALL.into_iter().map(read).min_by_key(|reading| reading.misspelt.len());
    Ok(best.expect("there are three dialects").snake)
}
