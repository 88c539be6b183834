//! Every field of every command, as real commands: misspelt, omitted, null, empty, of another type, of an unknown spelling,
//! below and above each bound, with one item too many. What must be refused is computed from the schemas, and the JSON Schema
//! validator, which no target links, must refuse it too.

use contracts::{
    Action, Class as Kind, ErrorCode,
    checked::{IntegerLimits, TextLimits},
    dictionary::{ObjectSpec, Property, Shape, dictionary},
};
use serde_json::{Value, json};

use super::bounds;
use crate::{
    case::{self, with},
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::Context,
    display::shorten,
    exchange::{Command, StrictReading, failures_agree},
    member,
    scenario::Scenario,
    schema,
    sentence::Sentence,
};

/// One command with one field spoilt, or written as it may be written.
struct Edit {
    /// The field and the edit, as an id.
    id: String,
    /// Where the field stands, from the fields of the command.
    pointer: String,
    /// What is done to it.
    how: How,
    /// The code with which it is refused; none where it must be read as if it were absent.
    code: Option<ErrorCode>,
}

enum How {
    /// Another value.
    Set(Value),
    /// Left out.
    Omit,
    /// Its name misspelt.
    Misspell,
    /// Written twice, with two values.
    Twice,
    /// A null as the first item of the list.
    NullInside,
}

/// Stands for the second of two equal names until the frame is text, because a map holds a name once.
const SECOND: &str = "_conf_second";

/// The commands that a worker answers.
pub(super) fn of_workers() -> Vec<Scenario> {
    case::worker_actions()
        .filter(|action| !edits(*action).is_empty())
        .map(|action| scenario("fields", action))
        .collect()
}

/// The gateway's own commands.
pub(super) fn of_the_gateway() -> Vec<Scenario> {
    let own = Action::ALL.iter().copied().filter(|action| action.info().class == Kind::Gateway);
    own.filter(|action| !edits(*action).is_empty()).map(|action| scenario("own-fields", action)).collect()
}

/// All edits of an action's fields, in the order of the schema.
fn edits(action: Action) -> Vec<Edit> {
    let mut edits = Vec::new();
    let spec = dictionary().object(action.info().request);
    let is_whole = action == Action::GenerateSdxl || action == Action::StartTraining;
    walk(spec, "", is_whole, &mut edits);
    edits.retain(|edit| edit.code.is_some() || may_run(action));
    edits
}

/// Whether a command that is not refused costs little and ends nothing.
fn may_run(action: Action) -> bool {
    action.info().class == Kind::Query || matches!(action, Action::Cancel | Action::StopTraining)
}

fn walk(object: &'static ObjectSpec, at: &str, is_whole: bool, edits: &mut Vec<Edit>) {
    for property in &object.properties {
        let pointer = format!("{at}/{}", property.snake);
        of_property(property, &pointer, edits);
        let inner = match dictionary().resolve(&property.shape) {
            Shape::List(list) => (dictionary().resolve(&list.item), format!("{pointer}/0")),
            shape => (shape, pointer),
        };
        // Without `is_whole` the submission inside stays as it is: another action carries its edits.
        if let (Shape::Object(spec), at) = inner
            && (is_whole || !is_submission(property))
            && !property.verbatim
        {
            walk(spec, &at, is_whole, edits);
        }
    }
}

fn is_submission(property: &Property) -> bool {
    matches!(property.snake.as_str(), "prompt_submission" | "requests" | "hyperparameters")
}

fn of_property(property: &'static Property, pointer: &str, edits: &mut Vec<Edit>) {
    let shape = dictionary().resolve(&property.shape);
    let mut add = |word: &str, how, code: Option<ErrorCode>| {
        let field = pointer.trim_start_matches('/').replace('/', "-");
        edits.push(Edit { id: format!("{field}-{word}"), pointer: pointer.to_owned(), how, code });
    };
    add("misspelt", How::Misspell, Some(ErrorCode::UnknownField));
    add("twice", How::Twice, Some(ErrorCode::DuplicateField));
    let absent = property.required.then_some(ErrorCode::MissingField);
    if property.required {
        add("omitted", How::Omit, absent);
    }
    add("null", How::Set(Value::Null), absent);
    if matches!(shape, Shape::Text(_) | Shape::Enum(_)) {
        add("empty", How::Set("".into()), absent);
    }
    if let Some(other) = of_another_type(shape) {
        add("another-type", How::Set(other), Some(ErrorCode::UnsupportedValue));
    }
    match shape {
        Shape::Enum(spec) => {
            add("no-such-value", How::Set("no_such_value".into()), Some(ErrorCode::UnsupportedValue));
            // An enum of one value has no last one.
            if let Some(last) = spec.values.last().filter(|last| last.to_uppercase() != **last) {
                add("last-in-capitals", How::Set(last.to_uppercase().into()), None);
            }
        }
        &Shape::Integer(IntegerLimits { minimum, maximum, multiple_of }) => {
            add("below", How::Set((minimum - multiple_of).into()), Some(ErrorCode::OutOfRange));
            add("above", How::Set((maximum + multiple_of).into()), Some(ErrorCode::OutOfRange));
            add("fraction", How::Set(json!(minimum as f64 + 0.5)), Some(ErrorCode::UnsupportedValue));
        }
        Shape::Number(limits) => {
            let (below, above) = (limits.minimum.value() - 1.0, limits.maximum.value() + 1.0);
            add("below", How::Set(json!(below)), Some(ErrorCode::OutOfRange));
            add("above", How::Set(json!(above)), Some(ErrorCode::OutOfRange));
        }
        Shape::Text(spec) if has_a_plain_limit(&spec.limits) => {
            let long = "a".repeat(spec.limits.maximum as usize + 1);
            add("too-long", How::Set(long.into()), Some(ErrorCode::OutOfRange));
        }
        Shape::List(list) if !list.limits.unique => {
            let items = vec![json!({}); list.limits.maximum as usize + 1];
            add("too-many", How::Set(items.into()), Some(ErrorCode::OutOfRange));
            add("null-inside", How::NullInside, Some(ErrorCode::UnsupportedValue));
        }
        _ => {}
    }
}

/// Texts whose length alone is limited, and not by the frame.
fn has_a_plain_limit(limits: &TextLimits) -> bool {
    limits.form.pattern().is_none() && limits.maximum <= bounds::TEXT_MAX
}

/// A value of a JSON type that the shape does not have.
fn of_another_type(shape: &Shape) -> Option<Value> {
    match shape {
        Shape::Object(_) | Shape::Map(_) => Some(json!([])),
        Shape::List(_) => Some(json!("text")),
        Shape::Text(_) | Shape::Enum(_) => Some(json!(7)),
        Shape::Integer(_) | Shape::Number(_) | Shape::Boolean => Some(json!("text")),
        _ => None,
    }
}

fn scenario(suite: &str, action: Action) -> Scenario {
    let edits = edits(action);
    let checks = edits.iter().map(|edit| CheckDef::new(&edit.id, class(edit), sentence(edit))).collect();
    Scenario::new(format!("{suite}.{action}"), checks, move |context, checks| {
        if context.is_gateway() && action == Action::Shutdown {
            return Err(ScenarioEnd::Skip("it would end a gateway that passed over a fault".to_owned()));
        }
        let schema = schema::validator(action.info().request)?;
        let base = case::fields(action, context, "no-such-job")?;
        for edit in &edits {
            let verdict = probe(context, action, &schema, &base, edit);
            match verdict {
                Ok(verdict) => checks.decide(&edit.id, verdict),
                Err(ScenarioEnd::Broken(why)) => checks.decide(&edit.id, Err(why)),
                Err(end) => return Err(end),
            }
        }
        Ok(())
    })
}

fn class(edit: &Edit) -> Class {
    match edit.code {
        None => Class::Default,
        Some(ErrorCode::OutOfRange) => Class::Limit,
        Some(ErrorCode::UnsupportedValue) => Class::Type,
        Some(_) => Class::Names,
    }
}

fn sentence(edit: &Edit) -> Sentence {
    match edit.code {
        None => Sentence::UnsetIsAbsent,
        Some(ErrorCode::OutOfRange) => Sentence::OutOfRange,
        Some(_) => Sentence::CodeOfAFault,
    }
}

/// The fields with the edit, and the pointer at which its fault stands.
fn edited(base: &Value, edit: &Edit) -> Result<(Value, String), ScenarioEnd> {
    let mut fields = filled(base, &edit.pointer)?;
    let (parent, name) = edit.pointer.rsplit_once('/').expect("a pointer to a property");
    match &edit.how {
        How::Set(value) => Ok((with(fields, &edit.pointer, value.clone()), edit.pointer.clone())),
        How::Omit => {
            if let Some(Value::Object(members)) = fields.pointer_mut(parent) {
                members.shift_remove(name);
            }
            Ok((fields, edit.pointer.clone()))
        }
        How::Misspell => {
            let wrong = format!("{name}_conf");
            let at = format!("{parent}/{wrong}");
            Ok((with(fields, &at, 1.into()), at))
        }
        How::Twice => {
            let first = fields.pointer(&edit.pointer).cloned().unwrap_or(Value::from(1));
            fields = with(fields, &edit.pointer, first);
            Ok((with(fields, &format!("{}{SECOND}", edit.pointer), "another".into()), edit.pointer.clone()))
        }
        How::NullInside => Ok((with(fields, &edit.pointer, json!([null])), format!("{}/0", edit.pointer))),
    }
}

/// The fields with a whole item in each list on the way, so that nothing else is missing.
fn filled(base: &Value, pointer: &str) -> Result<Value, ScenarioEnd> {
    let mut fields = base.clone();
    let lists = pointer.match_indices("/0/").map(|(at, _)| &pointer[..at]);
    for list in lists {
        if fields.pointer(&format!("{list}/0")).is_none() {
            let submission = list.strip_prefix("/prompt_submission");
            let item = submission.and_then(bounds::item_of);
            let why = || ScenarioEnd::Undecided(format!("{list} has no item to probe with"));
            fields = with(fields, &format!("{list}/0"), item.ok_or_else(why)?);
        }
    }
    Ok(fields)
}

fn probe(
    context: &mut Context,
    action: Action,
    schema: &jsonschema::Validator,
    base: &Value,
    edit: &Edit,
) -> Result<Result<(), String>, ScenarioEnd> {
    let (fields, at) = edited(base, edit)?;
    let Some(code) = edit.code else { return reads(context, action, fields, &at) };
    if schema.is_valid(&fields) {
        let why = format!("the validator takes what must be {code}: {}", shorten(&fields.to_string()));
        return Err(ScenarioEnd::Undecided(why));
    }
    let pointer = format!("/payload{at}");
    let id = context.fresh_id();
    let command = Command::new(action, fields).id(id);
    let frame = command.frame().to_string().replace(&format!("{SECOND}\":"), "\":");
    let answer = context.send(frame.as_bytes(), action.as_str())?;
    let reading = StrictReading::of(action, command.reply_dialect(context.is_gateway()), &answer);
    if reading.snake["success"] == true && action == Action::ValidateRequest {
        // It reports the faults of a document, and is refused only for those around it.
        let errors = member::list(&reading.snake, "/data/errors")?;
        return Ok(names(errors, code, &pointer));
    }
    let details = &reading.snake["error_details"];
    if reading.snake["success"] != false {
        let told = &reading.snake["success"];
        return Ok(Err(format!("{code} at {pointer} is wanted, and `success` is {told}")));
    }
    if details.is_null() {
        return Ok(Err(format!("{code} at {pointer} is wanted, and the failure has no error_details")));
    }
    let errors = member::list(details, "/errors")?;
    Ok(failures_agree(&reading.snake).and_then(|()| names(errors, code, &pointer)))
}

/// Whether one of the faults is this one.
fn names(errors: &[Value], code: ErrorCode, pointer: &str) -> Result<(), String> {
    let is_it = |error: &Value| error["code"] == code.as_str() && error["pointer"] == pointer;
    if errors.iter().any(is_it) {
        return Ok(());
    }
    let told: Vec<String> =
        errors.iter().map(|error| format!("{} at {}", error["code"], error["pointer"])).collect();
    Err(format!("{code} at {pointer} is wanted, not {}", shorten(&told.join(", "))))
}

/// The command is refused for nothing that stands at this place: what is unset, or spelt in capitals, is no fault.
fn reads(
    context: &mut Context,
    action: Action,
    fields: Value,
    at: &str,
) -> Result<Result<(), String>, ScenarioEnd> {
    let id = context.fresh_id();
    let reading = context.ask(&Command::new(action, fields).id(id))?;
    let errors = reading.snake["error_details"]["errors"].as_array();
    let fault = errors.into_iter().flatten().find(|error| error["pointer"] == format!("/payload{at}"));
    let fault = fault.filter(|error| {
        // What the value names may be absent from this target.
        [ErrorCode::UnsupportedValue, ErrorCode::MissingField, ErrorCode::OutOfRange]
            .iter()
            .any(|code| error["code"] == code.as_str())
    });
    Ok(fault.map_or(Ok(()), |fault| Err(format!("it is refused: {}", shorten(&fault.to_string())))))
}
