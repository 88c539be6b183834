//! The fast path of [`crate::read_frame`] and [`crate::read_body`].
//!
//! A command about a prompt submission that is in one dialect and has nothing to warn of goes straight into its checked
//! type; so does the bare submission of a route. A command that has no fields, and needs none, has nothing to read beside
//! the envelope. Everything else is left to the reading.

use serde::{Deserialize, Deserializer, de::MapAccess, de::Visitor};
use serde_json::{Map, Value, value::RawValue};
use std::{borrow::Cow, fmt};

use crate::{
    canonical,
    command::{Form, Head, Incoming, RouteBody},
    decode::decode_in,
    dialect::Dialect,
    dictionary::{Shape, dictionary},
    generated::{
        action::Action,
        types::{Attempt, GpuId, Id, PromptSubmission},
    },
    places::Places,
    reading::Reading,
    trace::Trace,
};

/// Longest command that the fast path tries, in bytes. A longer one that it refuses would cost two readings.
///
/// A server reads longer commands on another thread, so that its other clients are answered meanwhile.
pub const READ_AT_ONCE_BYTES_MAX: usize = 64 << 10;

/// The command, where the fast path takes it.
pub(crate) fn read(bytes: &[u8]) -> Option<Incoming> {
    if bytes.len() > READ_AT_ONCE_BYTES_MAX {
        return None;
    }
    let frame: Members<'_> = serde_json::from_slice(bytes).ok()?;
    let Sorted { head, submission, mut snake } = sort(&frame)?;
    let Some((name, raw)) = submission else { return without_fields(head, snake, &frame) };
    if head.action.info().request != "SubmissionCommand" {
        return None;
    }
    let (form, place, raw) = if name == "payload" {
        let payload: Members<'_> = serde_json::from_str(raw.get()).ok()?;
        let [(inner, raw)] = payload.0.as_slice() else { return None };
        matches!(&**inner, "prompt_submission" | "request").then_some(())?;
        snake |= inner.contains('_');
        (Form::Documented, format!("/payload/{inner}"), *raw)
    } else {
        (Form::Direct, format!("/{name}"), raw)
    };
    let (document, dialect) = document(raw.get())?;
    let root = place.rsplit_once('/').map_or("", |(root, _)| root).to_owned();
    let spelt = Places::uniform(root, place, dialect.unwrap_or(Dialect::Snake));
    let told = dialect.or(snake.then_some(Dialect::Snake));
    Some(Incoming { head, form, reading: faultless(document, spelt, told) })
}

/// A command that needs no fields and has none.
fn without_fields(head: Head, snake: bool, frame: &Members<'_>) -> Option<Incoming> {
    let request = head.action.info().request;
    let spec = dictionary().object(request);
    // Some commands have a field of a name that the envelope has, too: `request_id` of the job that is asked for.
    let has_field = frame.0.iter().any(|(name, _)| spec.index(name).is_some());
    let fields = Value::Object(Map::new());
    (!has_field && canonical::is_faultless(request, &fields)).then(|| Incoming {
        head,
        form: Form::Direct,
        reading: Reading::faultless(fields, Places::default(), snake.then_some(Dialect::Snake)),
    })
}

/// A frame's members, sorted out.
struct Sorted<'f, 'de> {
    head: Head,
    /// The name and the value of `payload`, or of the submission itself.
    submission: Option<(&'f str, &'de RawValue)>,
    /// Whether a name has an underscore. The envelope's names are snake here, or the same in all dialects.
    snake: bool,
}

fn sort<'f, 'de>(frame: &'f Members<'de>) -> Option<Sorted<'f, 'de>> {
    let mut action = None;
    let mut submission = None;
    let mut snake = false;
    let mut head = bare_head(Action::GetStatus);
    for (name, raw) in &frame.0 {
        match &**name {
            "action" => action = serde_json::from_str::<Cow<'_, str>>(raw.get()).ok()?.parse::<Action>().ok(),
            "request_id" => head.request_id = Some(text::<Id>(raw)?),
            "session_id" => head.session_id = Some(text::<Id>(raw)?),
            "gpu_id" => head.gpu_id = Some(text::<GpuId>(raw)?),
            "attempt" => head.attempt = serde_json::from_str::<Attempt>(raw.get()).ok()?.get(),
            "traceparent" => {
                let text = serde_json::from_str::<Cow<'_, str>>(raw.get()).ok()?;
                head.trace = Some(Trace::of_canonical(&text)?);
            }
            "payload" | "prompt_submission" | "request" if submission.is_none() => {
                submission = Some((&**name, *raw));
            }
            _ => return None,
        }
        snake |= name.contains('_');
    }
    head.action = action?;
    Some(Sorted { head, submission, snake })
}

/// The head of a command that has no members of its own.
fn bare_head(action: Action) -> Head {
    Head {
        action,
        request_id: None,
        session_id: None,
        gpu_id: None,
        attempt: 1,
        trace: None,
        spelt: Vec::new(),
    }
}

/// The body of a route: an envelope of its action, or a bare submission.
pub(crate) fn read_body(bytes: &[u8], body: RouteBody<'_>) -> Option<Incoming> {
    if bytes.len() > READ_AT_ONCE_BYTES_MAX {
        return None;
    }
    if body.bare != Some("prompt_submission") || body.action.info().request != "SubmissionCommand" {
        return read(bytes).filter(|incoming| incoming.head.action == body.action);
    }
    let Some((document, dialect)) = std::str::from_utf8(bytes).ok().and_then(document) else {
        return read(bytes).filter(|incoming| incoming.head.action == body.action);
    };
    let spelt = Places::uniform(String::new(), String::new(), dialect.unwrap_or(Dialect::Snake));
    Some(Incoming {
        head: bare_head(body.action),
        form: Form::Bare,
        reading: faultless(document, spelt, dialect),
    })
}

fn faultless(submission: Value, places: Places, dialect: Option<Dialect>) -> Reading {
    let fields = Map::from_iter([("prompt_submission".to_owned(), submission)]);
    Reading::faultless(fields.into(), places, dialect)
}

fn text<'de, T: Deserialize<'de> + AsRef<str>>(raw: &'de RawValue) -> Option<String> {
    serde_json::from_str::<T>(raw.get()).ok().map(|text| text.as_ref().to_owned())
}

/// The canonical document, and its dialect where its names tell.
fn document(text: &str) -> Option<(Value, Option<Dialect>)> {
    let first = text.bytes().find(|byte| !matches!(byte, b'{' | b'"' | b' ' | b'\t'))?;
    let tried: &[Dialect] =
        if first.is_ascii_uppercase() { &[Dialect::Pascal] } else { &[Dialect::Snake, Dialect::Camel] };
    tried.iter().find_map(|&dialect| {
        let submission: PromptSubmission = match dialect {
            Dialect::Snake => serde_json::from_str(text).ok()?,
            _ => decode_in(dialect, text.as_bytes()).ok()?,
        };
        let document = submission.is_plain().then(|| serde_json::to_value(&submission).ok())??;
        let told =
            dialect == Dialect::Pascal || tells(&document, &dictionary().named("PromptSubmission").shape);
        match (dialect, told) {
            // A name whose value was null may have told the dialect, and is dropped here: the reading has seen it.
            (Dialect::Camel, false) => None,
            (dialect, told) => Some((document, told.then_some(dialect))),
        }
    })
}

/// Whether a name of the document is spelt differently in snake and in camel.
fn tells(document: &Value, shape: &Shape) -> bool {
    match (dictionary().resolve(shape), document) {
        (Shape::Object(spec), Value::Object(members)) => members.iter().any(|(name, value)| {
            spec.property(name)
                .is_some_and(|property| property.snake != property.camel || tells(value, &property.shape))
        }),
        (Shape::List(list), Value::Array(items)) => items.iter().any(|item| tells(item, &list.item)),
        _ => false,
    }
}

/// More than an envelope has: an object of more members is the reading's.
const MEMBERS_MAX: usize = 16;

/// An object whose values are not looked into yet.
struct Members<'de>(Vec<(Cow<'de, str>, &'de RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::with_capacity(4);
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            if members.len() == MEMBERS_MAX || members.iter().any(|(known, _)| *known == name) {
                return Err(serde::de::Error::custom("a name stands twice, or there are too many"));
            }
            members.push((name, map.next_value()?));
        }
        Ok(Members(members))
    }
}
