//! Commands as clients write them, and replies as a strict reader of one dialect reads them.

use contracts::{
    Action, Dialect, ErrorCode, Form, ReadReply, Reply,
    dictionary::{Name, Shape, dictionary},
};
use serde_json::{Map, Value};

use crate::party::Answer;

/// A command to be sent.
#[derive(Clone, Debug)]
pub struct Command {
    /// Its action.
    pub action: Action,
    /// Its envelope.
    pub form: Form,
    /// The spelling of its names.
    pub dialect: Dialect,
    /// Its id.
    pub request_id: Option<String>,
    /// Its session.
    pub session_id: Option<String>,
    /// Its fields, canonical.
    pub fields: Value,
}

impl Command {
    /// A documented command in snake.
    #[must_use]
    pub fn new(action: Action, fields: Value) -> Self {
        Self {
            action,
            form: Form::Documented,
            dialect: Dialect::Snake,
            request_id: None,
            session_id: None,
            fields,
        }
    }

    /// The same with an id.
    #[must_use]
    pub fn id(mut self, request_id: impl Into<String>) -> Self {
        self.request_id = Some(request_id.into());
        self
    }

    /// The frame. The direct form calls the prompt submission `request`, as the C# bridge does.
    #[must_use]
    pub fn frame(&self) -> Value {
        let head = dictionary().object("EnvelopeHead");
        let name = |snake: &str| {
            self.dialect.name(head.property(snake).expect("a member of the envelope")).to_owned()
        };
        let mut frame = Map::new();
        frame.insert(name("action"), self.action.as_str().into());
        if let Some(id) = &self.request_id {
            frame.insert(name("request_id"), id.clone().into());
        }
        if let Some(id) = &self.session_id {
            frame.insert(name("session_id"), id.clone().into());
        }
        let request = self.action.info().request;
        let fields = self.dialect.spell(request, &self.fields);
        if self.form == Form::Direct {
            let submission = dictionary()
                .object(request)
                .property("prompt_submission")
                .map(|property| self.dialect.name(property));
            for (field, value) in fields.as_object().into_iter().flatten() {
                let is_submission = submission == Some(field.as_str());
                let synonym = if self.dialect == Dialect::Pascal { "Request" } else { "request" };
                frame.insert(if is_submission { synonym.to_owned() } else { field.clone() }, value.clone());
            }
        } else {
            frame.insert(
                if self.dialect == Dialect::Pascal { "Payload" } else { "payload" }.to_owned(),
                fields,
            );
        }
        Value::Object(frame)
    }

    /// The dialect of its reply, if `initialize` chose none.
    #[must_use]
    pub fn reply_dialect(&self, over_http: bool) -> Dialect {
        if over_http {
            return contracts::read_frame(self.frame().to_string().as_bytes())
                .ok()
                .and_then(|incoming| incoming.reading.dialect)
                .unwrap_or(Dialect::Snake);
        }
        if self.form == Form::Direct { Dialect::Pascal } else { Dialect::Snake }
    }
}

/// Whether a reply agrees with itself: each warning is told twice in the same words, and its failure, and that of each item
/// of a batch, as the table of codes has it.
fn agrees(reply: &Value) -> Result<(), String> {
    let told = list_of(&reply["warning_details"]).iter().map(|detail| &detail["message"]);
    if !list_of(&reply["warnings"]).iter().eq(told) {
        return Err(format!(
            "warnings are {}, and warning_details {}",
            reply["warnings"], reply["warning_details"]
        ));
    }
    failures_agree(reply)
}

/// Whether the failure of a reply and those of its items agree with the table of codes and with themselves.
pub(crate) fn failures_agree(reply: &Value) -> Result<(), String> {
    let items = list_of(&reply["data"]["results"]);
    items.iter().chain([reply]).try_for_each(failure_agrees)
}

fn list_of(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Whether a failure agrees with the table of codes and with itself: retryable is that of the code, and one fault is told at
/// the top as in its entry. Faults of training data are `validation_failed` at the top, however many there are (§8).
fn failure_agrees(reply: &Value) -> Result<(), String> {
    let details = &reply["error_details"];
    let Some(code) = details["code"].as_str().and_then(|code| code.parse::<ErrorCode>().ok()) else {
        return Ok(());
    };
    if details["retryable"] != code.retryable() {
        return Err(format!("retryable is {} of a failure {code}", details["retryable"]));
    }
    let entries = list_of(&details["errors"]);
    let is_of_data = code == ErrorCode::ValidationFailed && is_training_data(&details["field"]);
    if let [only] = entries
        && ((only["code"] != details["code"] && !is_of_data) || only["pointer"] != details["field"])
    {
        return Err(format!(
            "one fault, of the code {} and the pointer {}, is told as {code} at {}",
            only["code"], only["pointer"], details["field"]
        ));
    }
    Ok(())
}

/// Whether a pointer leads to the data of a training, in any spelling.
fn is_training_data(pointer: &Value) -> bool {
    let name = pointer.as_str().and_then(|pointer| pointer.rsplit('/').next());
    let fields = dictionary().object(Action::StartTraining.info().request);
    name.and_then(|name| fields.names.get(name)).is_some_and(|name| match name {
        Name::Property { index, .. } => fields.properties[*index].snake == "training_data",
        _ => false,
    })
}

/// A reply as a strict reader of one dialect reads it.
#[derive(Clone, Debug)]
pub struct StrictReading {
    /// The reply in snake; names that are not of the dialect stay as they are.
    pub snake: Value,
    /// Pointers of names that are spelt in no or another dialect.
    pub misspelt: Vec<String>,
    /// The reply by its schema.
    pub read: Result<ReadReply, String>,
    /// The codes of what breaks its schema.
    pub violations: Vec<ErrorCode>,
}

impl StrictReading {
    /// Reads an answer to a command of an action, in one dialect.
    #[must_use]
    pub fn of(action: Action, dialect: Dialect, answer: &Answer) -> Self {
        let mut value = answer.value.clone();
        if answer.http.as_ref().is_some_and(|(status, _)| *status >= 400) {
            drop_problem_members(&mut value);
        }
        let (snake, misspelt) = in_snake(action, dialect, &value);
        let mut violations = Vec::new();
        let read = agrees(&snake).and_then(|()| {
            Reply::read(action, &snake).map_err(|err| {
                violations = err.violations.iter().map(|violation| violation.code).collect();
                let shown = err
                    .violations
                    .iter()
                    .take(3)
                    .map(|fault| format!("{}: {}", fault.pointer, fault.message));
                shown.collect::<Vec<_>>().join("; ")
            })
        });
        Self { snake, misspelt, read, violations }
    }

    /// `data` of a success.
    ///
    /// # Errors
    /// A sentence: the failure, or the reason why the answer is not a reply.
    pub fn data(&self) -> Result<&Value, String> {
        let read = self.read.as_ref().map_err(Clone::clone)?;
        match &read.reply.outcome {
            Ok(data) => Ok(data),
            Err(failure) => {
                let at = failure.field.as_ref().map_or_else(String::new, |field| format!(" at {field}"));
                Err(format!("failed with {failure}{at}"))
            }
        }
    }

    /// The code of a failure.
    ///
    /// # Errors
    /// A sentence, if it is not a failure.
    pub fn code(&self) -> Result<&'static str, String> {
        let read = self.read.as_ref().map_err(Clone::clone)?;
        match &read.reply.outcome {
            Ok(_) => Err("it succeeded".to_owned()),
            Err(failure) => Ok(failure.code.as_str()),
        }
    }

    /// The codes of its warnings; empty if it is not a reply.
    #[must_use]
    pub fn warnings(&self) -> Vec<&'static str> {
        match &self.read {
            Ok(read) => read.reply.warnings.iter().map(|warning| warning.code.as_str()).collect(),
            Err(_) => Vec::new(),
        }
    }
}

/// A reply of one dialect in snake, and the pointers of names that are not of the dialect.
#[must_use]
pub fn in_snake(action: Action, dialect: Dialect, reply: &Value) -> (Value, Vec<String>) {
    let mut misspelt = Vec::new();
    let mut snake = unspell(dialect, reply, &dictionary().named("Reply").shape, "", &mut misspelt);
    if let Some(data) = snake.get("data").filter(|data| data.is_object()).cloned() {
        let shape = &dictionary().named(action.info().reply).shape;
        snake["data"] = unspell(dialect, &data, shape, "/data", &mut misspelt);
    }
    (snake, misspelt)
}

/// A member of a reply, an event or an envelope as a dialect spells it.
pub(crate) fn spelt(dialect: Dialect, snake: &str) -> &str {
    let of = |name: &str| dictionary().object(name).property(snake);
    let property = ["EnvelopeHead", "Reply", "ProgressEvent"].into_iter().find_map(of);
    property.map_or(snake, |property| dialect.name(property))
}

/// Takes out the members of RFC 9457 that a reply has not.
pub(crate) fn drop_problem_members(reply: &mut Value) {
    if let Value::Object(members) = reply {
        problem_members().for_each(|member| {
            members.remove(member);
        });
    }
}

/// The members of RFC 9457, which are spelt alike in every dialect.
fn problem_members() -> impl Iterator<Item = &'static str> {
    let reply = dictionary().object("Reply");
    let problem = dictionary().object("Problem").properties.iter();
    problem.map(|property| property.snake.as_str()).filter(|name| reply.property(name).is_none())
}

/// A document of one dialect in snake. The pointers of names that are not of the dialect go to `misspelt`.
#[must_use]
pub fn unspell(
    dialect: Dialect,
    value: &Value,
    shape: &Shape,
    at: &str,
    misspelt: &mut Vec<String>,
) -> Value {
    match (dictionary().resolve(shape), value) {
        (Shape::Nullable(inner), value) if !value.is_null() => unspell(dialect, value, inner, at, misspelt),
        (Shape::List(list), Value::Array(items)) => items
            .iter()
            .enumerate()
            .map(|(i, item)| unspell(dialect, item, &list.item, &format!("{at}/{i}"), misspelt))
            .collect(),
        (Shape::Object(object), Value::Object(members)) => members
            .iter()
            .map(|(name, value)| {
                let at = format!("{at}/{name}");
                match object.properties.iter().find(|property| dialect.name(property) == name) {
                    Some(property) if property.verbatim => (property.snake.clone(), value.clone()),
                    Some(property) => {
                        (property.snake.clone(), unspell(dialect, value, &property.shape, &at, misspelt))
                    }
                    None => {
                        misspelt.push(at);
                        (name.clone(), value.clone())
                    }
                }
            })
            .collect::<Map<_, _>>()
            .into(),
        (_, value) => value.clone(),
    }
}

/// Whether two documents are equal; `2` and `2.0` are one number.
#[must_use]
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a == b,
            _ => a.as_f64() == b.as_f64(),
        },
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// The first place where two documents differ.
#[must_use]
pub fn difference(ours: &Value, theirs: &Value, at: &str) -> Option<String> {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            let missing = a.iter().find_map(|(name, value)| match b.get(name) {
                Some(other) => difference(value, other, &format!("{at}/{name}")),
                None => Some(format!("{at}/{name}: {value} is missing")),
            });
            missing.or_else(|| {
                b.iter()
                    .find(|(name, _)| !a.contains_key(*name))
                    .map(|(name, value)| format!("{at}/{name}: {value} is there, and was not sent"))
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(i, (a, b))| difference(a, b, &format!("{at}/{i}")))
        }
        _ if same(ours, theirs) => None,
        _ => Some(format!("{at}: {theirs} in place of {ours}")),
    }
}
