//! Every limit of the prompt submission: one below, at it, one above, and numbers far outside, probed through
//! `validate_request`.

use contracts::{
    Action, Violation, Writer,
    checked::{Form, IntegerLimits},
    dictionary::{Property, Shape, dictionary},
    tree::Tree,
};
use serde_json::{Value, json};

use crate::{
    case::{self, with},
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::Context,
    exchange::Command,
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

pub(super) const SENTENCE: Sentence = Sentence::OutOfRange;

/// Longest text that is sent as a probe: image references may be as long as a frame.
pub(super) const TEXT_MAX: u64 = 20_000;

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut fields = Vec::new();
    walk("", &dictionary().named("PromptSubmission").shape, &mut fields);
    fields.into_iter().map(|(pointer, property)| scenario(pointer, property)).collect()
}

/// Every bounded value, by its pointer; items of lists are probed in their first item.
fn walk(at: &str, shape: &'static Shape, fields: &mut Vec<(String, &'static Property)>) {
    let Shape::Object(spec) = dictionary().resolve(shape) else { return };
    for property in &spec.properties {
        let pointer = format!("{at}/{}", property.snake);
        if !probes(&property.shape).is_empty() {
            fields.push((pointer.clone(), property));
        }
        match dictionary().resolve(&property.shape) {
            Shape::List(list) => walk(&format!("{pointer}/0"), &list.item, fields),
            _ => walk(&pointer, &property.shape, fields),
        }
    }
}

/// Numbers far outside every limit. A report must refuse them and compute no figure from them.
const FAR: &[(&str, f64)] = &[
    ("far-below", -512.0),
    ("beyond-32-bits", 2_147_483_648.0),
    ("exact-integer-max", 9_007_199_254_740_991.0),
    ("exact-integer-min", -9_007_199_254_740_991.0),
    ("beyond-64-bits", 1e30),
    ("huge", 1e300),
    ("huge-negative", -1e300),
];

/// Those of them that are outside these limits.
fn far(min: f64, max: f64, step: i64) -> impl Iterator<Item = (&'static str, Value)> {
    FAR.iter().filter(move |(_, far)| *far < min || *far > max).map(move |(word, far)| {
        // For an integer property the number is an integer and a multiple, as far as 64 bits allow: then only its size is wrong.
        let value = match far.abs() < 1e16 {
            true if step > 0 => (*far as i64 / step * step).into(),
            _ => json!(far),
        };
        (*word, value)
    })
}

/// The values around each limit and far outside, each with a word for its id.
fn probes(shape: &'static Shape) -> Vec<(String, Value)> {
    let mut probes: Vec<(&str, Value)> = Vec::new();
    match dictionary().resolve(shape) {
        &Shape::Integer(IntegerLimits { minimum, maximum, multiple_of: step }) => {
            probes.extend([
                ("min-1", json!(minimum - step)),
                ("min", json!(minimum)),
                ("min+1", json!(minimum + step)),
                ("max-1", json!(maximum - step)),
                ("max", json!(maximum)),
                ("max+1", json!(maximum + step)),
            ]);
            if step > 1 {
                probes.push(("no-multiple", json!(minimum + 1)));
            }
            probes.extend(far(minimum as f64, maximum as f64, step));
        }
        Shape::Number(limits) => {
            let (minimum, maximum, step) = (limits.minimum.value(), limits.maximum.value(), 0.0625);
            probes.extend([
                ("min-1", json!(minimum - step)),
                ("min", json!(minimum)),
                ("min+1", json!(minimum + step)),
                ("max-1", json!(maximum - step)),
                ("max", json!(maximum)),
                ("max+1", json!(maximum + step)),
            ]);
            probes.extend(far(minimum, maximum, 0));
        }
        Shape::Text(spec) if matches!(spec.limits.form, Form::Any) => {
            let text = |length: u64| json!("é".repeat(length as usize));
            let maximum = spec.limits.maximum;
            if maximum < TEXT_MAX {
                probes.extend([("max", text(maximum)), ("max+1", text(maximum + 1))]);
            }
        }
        Shape::List(list) => {
            if let Some(item) = sample(&list.item)
                && !list.limits.unique
            {
                let items = |length: u64| (0..length).map(|i| distinct(&item, i)).collect::<Value>();
                let maximum = list.limits.maximum;
                probes.extend([("max", items(maximum)), ("max+1", items(maximum + 1))]);
            }
        }
        Shape::Map(map) => {
            let entries = |count: u64| {
                (0..count).map(|i| (format!("k{i}"), json!("v"))).collect::<serde_json::Map<_, _>>()
            };
            let maximum = map.limits.maximum;
            probes.extend([("max", entries(maximum).into()), ("max+1", entries(maximum + 1).into())]);
        }
        _ => {}
    }
    probes.into_iter().map(|(word, value)| (word.to_owned(), value)).collect()
}

/// The same item under another token: two of one list may not share theirs.
fn distinct(item: &Value, index: u64) -> Value {
    match item.get("token") {
        Some(_) => with(item.clone(), "/token", format!("<conf-token-{index}>").into()),
        None => item.clone(),
    }
}

/// A least item of a list.
fn sample(shape: &'static Shape) -> Option<Value> {
    Some(match dictionary().resolve(shape) {
        Shape::Object(spec) => {
            let required = spec.properties.iter().filter(|property| property.required);
            required
                .map(|property| {
                    // A word of the model's own vocabulary is refused as a token.
                    let value = match property.snake.as_str() {
                        "token" => Some("<conf-token>".into()),
                        _ => sample(&property.shape),
                    };
                    value.map(|value| (property.snake.clone(), value))
                })
                .collect::<Option<serde_json::Map<_, _>>>()?
                .into()
        }
        Shape::Enum(spec) => spec.values[0].clone().into(),
        Shape::Text(_) => "a".into(),
        _ => return None,
    })
}

fn scenario(pointer: String, property: &'static Property) -> Scenario {
    let probes = probes(&property.shape);
    let checks = probes.iter().map(|(word, _)| CheckDef::new(word, Class::Limit, SENTENCE));
    let id = format!("bounds.{}", pointer.trim_start_matches('/').replace('/', "-"));
    Scenario::new(id, checks.collect(), move |context, checks| {
        for (word, value) in &probes {
            probe(context, checks, word, &pointer, value)?;
        }
        Ok(())
    })
}

/// A value beyond a bound, and where it stands.
pub(super) struct Beyond {
    pub(super) id: String,
    pub(super) pointer: String,
    pub(super) value: Value,
}

/// Values below and above every bound of a prompt submission, and far outside.
pub(super) fn beyond() -> Vec<Beyond> {
    let mut fields = Vec::new();
    walk("", &dictionary().named("PromptSubmission").shape, &mut fields);
    let mut beyond = Vec::new();
    for (pointer, property) in fields {
        for (word, value) in probes(&property.shape) {
            if word == "min-1" || word == "max+1" || FAR.iter().any(|(far, _)| *far == word) {
                let id = format!("{}-{word}", pointer.trim_start_matches('/').replace('/', "-"));
                beyond.push(Beyond { id, pointer: pointer.clone(), value });
            }
        }
    }
    beyond
}

/// A least item of a list of the submission.
pub(super) fn item_of(list: &str) -> Option<Value> {
    let submission = &dictionary().named("PromptSubmission").shape;
    sample(dictionary().shape_at(submission, &format!("{list}/0"))?)
}

/// A small submission with one value set, in the first item of each list on the way.
pub(super) fn document(context: &Context, pointer: &str, value: &Value) -> Result<Value, ScenarioEnd> {
    let mut document = context.small_submission();
    if let Some((list, _)) = pointer.split_once("/0/") {
        let item = item_of(list)
            .ok_or_else(|| ScenarioEnd::Undecided(format!("{list} has no item to probe with")))?;
        document = with(document, &format!("{list}/0"), item);
    }
    Ok(with(document, pointer, value.clone()))
}

fn probe(
    context: &mut Context,
    checks: &mut Checks<'_>,
    word: &str,
    pointer: &str,
    value: &Value,
) -> Result<(), ScenarioEnd> {
    let document = document(context, pointer, value)?;
    let wanted = contracts::read("PromptSubmission", &Tree::of(&document), Writer::Sender).violations;
    let limits = context.capabilities()?["limits"].clone();
    let id = context.fresh_id();
    let reading =
        context.ask(&Command::new(Action::ValidateRequest, json!({"prompt_submission": document})).id(id))?;
    checks.decide(
        word,
        match reading.data() {
            Ok(data) => judge(&wanted, &data["errors"], &limits),
            Err(why) => Err(why),
        },
    );
    Ok(())
}

/// Every violation of the document is there with its bounds; beside them only violations that depend on the target.
fn judge(wanted: &[Violation], errors: &Value, limits: &Value) -> Result<(), String> {
    let found: Vec<Violation> = serde_json::from_value(errors.clone()).map_err(|err| err.to_string())?;
    for violation in wanted {
        let pointer = format!("/payload/prompt_submission{}", violation.pointer);
        let Some(there) = found.iter().find(|there| there.pointer == pointer && there.code == violation.code)
        else {
            let shown: Vec<_> =
                found.iter().map(|there| format!("{} at {}", there.code, there.pointer)).collect();
            return Err(format!(
                "{} at {pointer} is not found, only {}",
                violation.code,
                crate::display::json(&shown)
            ));
        };
        if (there.minimum, there.maximum) != (violation.minimum, violation.maximum) {
            return Err(format!(
                "{pointer}: the bounds are {}, not {}",
                crate::display::json(&(&there.minimum, &there.maximum)),
                crate::display::json(&(&violation.minimum, &violation.maximum))
            ));
        }
    }
    for there in &found {
        let pointer = there.pointer.trim_start_matches("/payload/prompt_submission");
        let is_wanted =
            wanted.iter().any(|violation| violation.pointer == pointer && violation.code == there.code);
        if !is_wanted && case::is_of_the_document(there.code) && !is_of_the_model(pointer, there, limits) {
            return Err(format!("{} at {pointer} is no fault: {}", there.code, there.message));
        }
    }
    Ok(())
}

/// Bounds of the model at hand: `get_capabilities.limits`, beyond them `out_of_range` from the worker.
fn is_of_the_model(pointer: &str, violation: &Violation, limits: &Value) -> bool {
    let limit = match pointer.rsplit('/').next() {
        Some("clip_skip") => "clip_skip_max",
        Some("steps") => "steps_max",
        Some("batch_size") => "batch_size_max",
        Some("width" | "height") => "side_max",
        _ => return false,
    };
    violation.code == contracts::ErrorCode::OutOfRange
        && violation.maximum.is_some()
        && violation.maximum == limits[limit].as_f64()
}
