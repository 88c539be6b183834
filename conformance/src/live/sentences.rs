//! The sentences of refusals: they quote the value as it was written, and hint at a value to write instead.

use contracts::{Action, ErrorCode, limits::SHOWN_CHARACTERS_MAX};
use serde_json::{Value, json};

use crate::{
    case::with,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::{Context, picture_url},
    display::shorten,
    exchange::{Command, StrictReading},
    member,
    scenario::Scenario,
    sentence::Sentence,
};

const QUOTED: Sentence = Sentence::NumbersQuotedAsWritten;
const HINT: Sentence = Sentence::Hints;
const BARE: Sentence = Sentence::BareBase64;

const LONG: Sentence = Sentence::LongPath;

const SHOWN: usize = SHOWN_CHARACTERS_MAX as usize;
/// Longest refusal of a megabyte: it must not repeat the value.
const SHORT: usize = 4096;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![numbers(), hints(), bare_base64()]
}

/// Where the raw text of a value is put: no JSON value could stand for `-0` or `1.50`.
const RAW: &str = "@raw@";

/// Sends a job with one value set, as text.
fn job(context: &mut Context, pointer: &str, raw: &str) -> Result<StrictReading, ScenarioEnd> {
    let document = with(context.small_submission(), pointer, RAW.into());
    let id = context.fresh_id();
    let command = Command::new(Action::GenerateSdxl, json!({"prompt_submission": document})).id(id);
    let frame = command.frame().to_string().replace(&format!("\"{RAW}\""), raw);
    let answer = context.send(frame.as_bytes(), command.action.as_str())?;
    Ok(StrictReading::of(command.action, command.reply_dialect(context.is_gateway()), &answer))
}

fn cut(reading: &StrictReading) -> String {
    shorten(&reading.snake.to_string())
}

fn numbers() -> Scenario {
    let (seed, guidance) = ("/hyperparameters/seed", "/hyperparameters/guidance_scale");
    let rows = [
        ("negative-zero", seed, "-0".to_owned()),
        ("exponent", seed, "3e1".to_owned()),
        ("whole-float", seed, "30.0".to_owned()),
        ("trailing-zero", seed, "1.50".to_owned()),
        ("beyond-64-bits", seed, "18446744073709551616".to_owned()),
        ("far-beyond", seed, "1e300".to_owned()),
        ("long", seed, "1".repeat(300)),
        ("long-fraction", seed, format!("0.{}", "3".repeat(400))),
        ("number-exponent", guidance, "1e3".to_owned()),
        ("number-trailing-zero", guidance, "99.90".to_owned()),
    ];
    let checks = rows.iter().map(|(id, ..)| CheckDef::new(*id, Class::Type, QUOTED)).collect();
    Scenario::new("sentences.numbers", checks, move |context, checks| {
        for (id, pointer, raw) in &rows {
            let reading = job(context, pointer, raw)?;
            let quoted = if raw.len() > SHOWN { format!("{}…", &raw[..SHOWN]) } else { raw.clone() };
            let message = reading.snake["error"].as_str();
            checks.hold(id, message.is_some_and(|message| has_word(message, &quoted)), || {
                format!("{quoted} is not in {}", shorten(&reading.snake["error"].to_string()))
            });
        }
        Ok(())
    })
}

/// Whether a number stands in a sentence by itself, not as a part of a longer one: `-0` is not in `-0.0`.
fn has_word(sentence: &str, number: &str) -> bool {
    let mut words = sentence.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '`' | '"'));
    words.any(|word| word.trim_end_matches('.') == number)
}

fn hints() -> Scenario {
    let rows: [(&str, &str, Value); 7] = [
        ("integer-in-quotes", "/scheduler/steps", json!("30")),
        ("time-span", "/metadata/timeout_seconds", json!("00:10:00")),
        ("boolean-in-quotes", "/scheduler/karras_sigmas", json!("true")),
        ("number-for-a-string", "/conditioning/prompt", json!(7)),
        ("list-for-an-object", "/hyperparameters", json!([])),
        ("string-for-a-list", "/conditioning/loras", json!("style")),
        ("form-of-a-string", "/performance/device", json!("tpu 0")),
    ];
    let mut checks: Vec<CheckDef> =
        rows.iter().map(|(id, ..)| CheckDef::new(*id, Class::Type, HINT)).collect();
    checks.push(CheckDef::new("entries", Class::Type, HINT));
    Scenario::new("sentences.hints", checks, move |context, checks| {
        let mut entries = Vec::new();
        for (id, pointer, value) in &rows {
            let reading = job(context, pointer, &value.to_string())?;
            let details = &reading.snake["error_details"];
            let hint = details["hint"].as_str().filter(|hint| !hint.is_empty());
            let is_special = hint.is_some_and(|hint| ErrorCode::ALL.iter().all(|code| code.hint() != hint));
            checks.hold(id, details["code"] == "unsupported_value" && is_special, || cut(&reading));
            entries.extend(member::list(details, "/errors")?.iter().cloned());
        }
        let hinted = entries.iter().find(|entry| entry.get("hint").is_some());
        checks.hold("entries", hinted.is_none() && !entries.is_empty(), || {
            hinted.map_or_else(|| "there is no entry".to_owned(), Value::to_string)
        });
        Ok(())
    })
}

fn bare_base64() -> Scenario {
    let url = picture_url(128);
    let png = url.split_once(',').map_or(url.as_str(), |(_, base64)| base64).to_owned();
    let long = format!("{png}{}", "A".repeat(1 << 20));
    let rows = [
        ("png", "data:image/png;base64,", png),
        ("jpeg", "data:image/jpeg;base64,", "/9j/4AAQSkZJRgABAQAAAQABAAD".to_owned()),
        ("webp", "data:image/webp;base64,", "UklGRiQAAABXRUJQVlA4IBgAAAAwAQCd".to_owned()),
        ("another", "data:image/png;base64,", "Qk02".repeat(100)),
        ("a-megabyte", "data:image/png;base64,", long),
    ];
    let places = ["/conditioning/init_image", "/conditioning/inpaint_mask"];
    let mut checks: Vec<CheckDef> =
        rows.iter().map(|(id, ..)| CheckDef::new(*id, Class::Asset, BARE)).collect();
    checks.push(CheckDef::new("mask", Class::Asset, BARE));
    checks.push(CheckDef::new("report", Class::Asset, BARE));
    checks.push(CheckDef::new("long-path", Class::Asset, LONG));
    Scenario::new("sentences.bare-base64", checks, move |context, checks| {
        for (id, head, text) in &rows {
            let reading = job(context, places[0], &json!(text).to_string())?;
            checks.decide(id, judge(&reading, places[0], head));
        }
        let long = job(context, places[0], &json!("a./".repeat(1 << 19)).to_string())?;
        let length = long.snake.to_string().len();
        let code = &long.snake["error_details"]["code"];
        checks.hold("long-path", *code == "path_not_allowed" && length < SHORT, || {
            format!("{code} in {length} bytes")
        });
        let (_, head, text) = &rows[0];
        let both = with(context.small_submission(), places[0], picture_url(64).into());
        let both = with(both, places[1], text.clone().into());
        let id = context.fresh_id();
        let fields = json!({"prompt_submission": both});
        let reading = context.ask(&Command::new(Action::GenerateSdxl, fields.clone()).id(id))?;
        checks.decide("mask", judge(&reading, places[1], head));
        let id = context.fresh_id();
        let reading = context.ask(&Command::new(Action::ValidateRequest, fields).id(id))?;
        let errors = member::list(&reading.snake, "/data/errors")?;
        let pointer = format!("/payload/prompt_submission{}", places[1]);
        let is_there = |error: &Value| error["code"] == "image_invalid" && error["pointer"] == *pointer;
        checks.hold("report", errors.iter().any(is_there), || cut(&reading));
        Ok(())
    })
}

fn judge(reading: &StrictReading, place: &str, head: &str) -> Result<(), String> {
    let details = &reading.snake["error_details"];
    let is_hinted = details["hint"].as_str().is_some_and(|hint| hint.contains(head));
    let is_right = details["code"] == "image_invalid"
        && details["field"] == format!("/payload/prompt_submission{place}")
        && is_hinted;
    let length = reading.snake.to_string().len();
    match (is_right, length < SHORT) {
        (true, true) => Ok(()),
        (true, false) => Err(format!("a refusal of {length} bytes")),
        (false, _) => {
            Err(format!("image_invalid at {place} with {head} in its hint is wanted, not {}", cut(reading)))
        }
    }
}
