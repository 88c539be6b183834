//! Envelopes: the object around a command, in its documented and its direct form, and bodies over HTTP.

use serde_json::{Map, Value};
use std::collections::HashSet;

use crate::{
    dialect::{Dialect, Spelt},
    dictionary::{Name, ObjectSpec, dictionary},
    fast,
    fault::{Failure, Fault, Warning},
    generated::{action::Action, error_code::ErrorCode, warning_code::WarningCode},
    hint::Hints,
    reading::{Reading, Source, Writer, read_sources},
    scalar,
    tally::Tally,
    trace::Trace,
    tree::{self, Parsed, Tree, escape},
};

/// How a command was wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `{"action", "request_id", "payload": {…}}`.
    Documented,
    /// `{"action", …fields beside it}`: what the C# bridge sends.
    Direct,
    /// The body of a route: the action's fields, or the bare value of one.
    Bare,
}

/// The envelope's own members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// What is asked.
    pub action: Action,
    /// The sender's id; replies are matched by it.
    pub request_id: Option<String>,
    /// The session.
    pub session_id: Option<String>,
    /// Which GPU it is meant for.
    pub gpu_id: Option<String>,
    /// Which try this is.
    pub attempt: u32,
    /// The trace that it belongs to.
    pub trace: Option<Trace>,
    /// Pointers of those that do not stand at their canonical name.
    pub spelt: Vec<(&'static str, String)>,
}

impl Head {
    /// Where a member stands in the sender's document, by its canonical name.
    #[must_use]
    pub fn pointer(&self, snake: &str) -> String {
        let spelt = self.spelt.iter().find(|(name, _)| *name == snake);
        spelt.map_or_else(|| format!("/{snake}"), |(_, pointer)| pointer.clone())
    }
}

/// A command as it was read. It may be full of faults: see `reading`.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    /// The envelope's own members.
    pub head: Head,
    /// How it was wrapped.
    pub form: Form,
    /// The command's fields: canonical document (`{"prompt_submission": …}`), faults, warnings and places.
    /// Pointers begin at the frame or the body.
    pub reading: Reading,
}

/// What is no command at all: the reply is a failure.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The frame's `request_id`, where it has a good one.
    pub request_id: Option<String>,
    /// The frame's `session_id`, where it has a good one.
    pub session_id: Option<String>,
    /// How it was wrapped, where that is known.
    pub form: Option<Form>,
    /// The dialect that alone spells the most names, as far as they could be read.
    pub dialect: Option<Dialect>,
    /// Why.
    pub failure: Box<Failure>,
}

impl Incoming {
    /// The failure that all faults together are, if there are any.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        (!self.reading.is_valid())
            .then(|| Failure::of_first_faults(self.reading.faults.clone(), self.reading.faults_total))
    }

    /// The same, unless the command is to report on the document that the faults are in.
    #[must_use]
    pub fn refusal(&self) -> Option<Failure> {
        if self.is_report() { None } else { self.failure() }
    }

    /// Whether it is answered although there are faults: `validate_request` says what is wrong with its document.
    #[must_use]
    pub fn is_report(&self) -> bool {
        if self.head.action != Action::ValidateRequest {
            return false;
        }
        let shape = &dictionary().named(self.head.action.info().request).shape;
        let inside = format!("{}/", self.reading.places.sender("/prompt_submission", shape));
        self.reading.faults.iter().all(|fault| fault.pointer.starts_with(&inside))
    }

    /// The dialect of its reply on stdio, where `initialize` chose none.
    #[must_use]
    pub fn stdio_dialect(&self) -> Dialect {
        stdio_dialect(Some(self.form))
    }
}

impl Refusal {
    /// The dialect of its reply on stdio, where `initialize` chose none.
    #[must_use]
    pub fn stdio_dialect(&self) -> Option<Dialect> {
        self.form.map(|form| stdio_dialect(Some(form)))
    }
}

fn stdio_dialect(form: Option<Form>) -> Dialect {
    if form == Some(Form::Direct) { Dialect::Pascal } else { Dialect::Snake }
}

/// Reads one frame.
///
/// ```
/// let frame = br#"{"action":"load_model","model_path":"/models/sdxl_base.safetensors","model_type":"SDXL"}"#;
/// let incoming = contracts::read_frame(frame).unwrap();
/// assert_eq!(incoming.head.action, contracts::Action::LoadModel);
/// assert_eq!(incoming.reading.into_document().unwrap()["model_type"], "sdxl");
/// ```
///
/// # Errors
/// A [`Refusal`] where the line is no frame (`bad_frame`), names stand twice (`duplicate_field`), or there is no such
/// action (`missing_field`, `unsupported_value`, `unknown_action`).
pub fn read_frame(bytes: &[u8]) -> Result<Incoming, Refusal> {
    match fast::read(bytes) {
        Some(incoming) => Ok(incoming),
        None => read_frame_slowly(bytes),
    }
}

/// [`read_frame`] without its fast path, for tests that compare the two.
///
/// # Errors
/// As [`read_frame`].
#[doc(hidden)]
pub fn read_frame_slowly(bytes: &[u8]) -> Result<Incoming, Refusal> {
    Opened::of(bytes)?.command(None)
}

/// What a route says of its bodies.
#[derive(Clone, Copy, Debug)]
pub struct Body<'r> {
    /// The action of the route.
    pub action: Action,
    /// The field whose value the body may be.
    pub bare: Option<&'r str>,
}

/// Reads the body of a route: any envelope of its action, the action's fields, or the bare value of one field.
///
/// `given` are canonical fields from the path and the query; they count as written beside the body's.
///
/// # Errors
/// As [`read_frame`]; an envelope of another action is `unsupported_value`.
pub fn read_body(bytes: &[u8], body: Body<'_>, given: &Map<String, Value>) -> Result<Incoming, Refusal> {
    match given.is_empty().then(|| fast::read_body(bytes, body)).flatten() {
        Some(incoming) => Ok(incoming),
        None => read_body_slowly(bytes, body, given),
    }
}

/// [`read_body`] without its fast path, for tests that compare the two.
///
/// # Errors
/// As [`read_body`].
#[doc(hidden)]
pub fn read_body_slowly(
    bytes: &[u8],
    body: Body<'_>,
    given: &Map<String, Value>,
) -> Result<Incoming, Refusal> {
    let empty = bytes.iter().all(u8::is_ascii_whitespace);
    let spec = dictionary().object(body.action.info().request);
    let opened = if empty
        && spec.properties.iter().all(|property| !property.required || given.contains_key(&property.snake))
    {
        Opened { members: Vec::new(), duplicates: Vec::new(), duplicates_total: 0 }
    } else if empty {
        return Err(refuse(ErrorCode::BadFrame, "the body is empty".to_owned()));
    } else {
        Opened::of(bytes)?
    };
    opened.command(Some((body, given)))
}

fn refuse(code: ErrorCode, message: String) -> Refusal {
    let failure = Box::new(Failure::new(code, message));
    Refusal { request_id: None, session_id: None, form: None, dialect: None, failure }
}

/// A frame that is an object.
struct Opened {
    members: Vec<(String, Tree)>,
    duplicates: Vec<String>,
    duplicates_total: usize,
}

/// The envelope's members, sorted out.
#[derive(Default)]
struct Sorted {
    action: Option<(String, Tree)>,
    values: Map<String, Value>,
    /// The envelope's members as they were written, but for `action`.
    heads: Vec<(String, &'static str, Tree)>,
    payload: Option<(String, Tree)>,
    rest: Vec<(String, Tree)>,
    faults: Tally,
    warnings: Vec<Warning>,
    /// The dialects of its names.
    names: Spelt,
    /// Where members of the head stand that are not at their canonical name.
    spelt: Vec<(&'static str, String)>,
}

impl Opened {
    fn of(bytes: &[u8]) -> Result<Self, Refusal> {
        let parsed = tree::parse(bytes).map_err(|err| refuse(ErrorCode::BadFrame, err.to_string()))?;
        match parsed.tree {
            Tree::Map(members) => {
                let Parsed { duplicates, duplicates_total, .. } = parsed;
                Ok(Self { members, duplicates, duplicates_total })
            }
            other => {
                Err(refuse(ErrorCode::BadFrame, format!("a frame is a JSON object, not {}", other.kind())))
            }
        }
    }

    fn command(self, route: Option<(Body<'_>, &Map<String, Value>)>) -> Result<Incoming, Refusal> {
        let duplicates = self.duplicates;
        let id_twice = has_two_ids(&self.members);
        let bare = route.is_some_and(|(body, _)| is_bare(&self.members, body));
        let mut sorted = Sorted::default();
        if bare {
            sorted.rest = self.members;
        } else {
            sorted.sort(self.members);
        }
        let form = match (&sorted.payload, &sorted.action, route) {
            (Some(_), _, _) => Form::Documented,
            (None, None, Some(_)) => Form::Bare,
            (None, ..) => Form::Direct,
        };
        let refusal = |sorted: &Sorted, failure: Failure| Refusal {
            request_id: sorted.id("request_id").filter(|_| !id_twice),
            session_id: sorted.id("session_id"),
            form: Some(form),
            dialect: sorted.names.most(),
            failure: Box::new(failure),
        };
        if let Some(pointer) = duplicates.first() {
            let faults = duplicates
                .iter()
                .map(|at| {
                    let shown = scalar::pointed(at);
                    Fault::new(at, ErrorCode::DuplicateField, format!("{shown} is written twice"))
                })
                .collect();
            let failure = Failure {
                code: ErrorCode::DuplicateField,
                field: Some(pointer.clone()),
                ..Failure::of_first_faults(faults, self.duplicates_total)
            };
            let mut refusal = refusal(&sorted, failure);
            if let Ok(action) = sorted.action(route.map(|(body, _)| body.action), form) {
                refusal.dialect = sorted.read(action, form, bare, route).reading.dialect;
            }
            return Err(refusal);
        }
        let action = match sorted.action(route.map(|(body, _)| body.action), form) {
            Ok(action) => action,
            Err(failure) => return Err(refusal(&sorted, failure)),
        };
        Ok(sorted.read(action, form, bare, route))
    }
}

/// Whether the id stands twice in one spelling: then nobody can say which one is meant.
fn has_two_ids(members: &[(String, Tree)]) -> bool {
    let mut known = HashSet::new();
    let mut ids = members.iter().filter(|(name, _)| head_name(name) == Some("request_id"));
    ids.any(|(name, _)| !known.insert(name.as_str()))
}

/// Whether a body is the bare value of the route's field: no envelope, and not the fields either.
fn is_bare(members: &[(String, Tree)], body: Body<'_>) -> bool {
    let Some(field) = body.bare else { return false };
    let spec = dictionary().object(body.action.info().request);
    let names_field = |name: &str| matches!(spec.names.get(name), Some(Name::Property { index, .. }) if spec.properties[*index].snake == field);
    let has = |wanted: &dyn Fn(&str) -> bool| members.iter().any(|(name, _)| wanted(name));
    !has(&names_field) && !has(&|name| head_name(name) == Some("action")) && !has(&is_payload)
}

/// The name that a bare body is read under: a synonym of its field, as the field's own name would tell a dialect, and
/// the sender did not write it.
fn bare_name<'r>(route: Option<(Body<'r>, &Map<String, Value>)>) -> &'r str {
    let (body, field) =
        route.and_then(|(body, _)| Some((body, body.bare?))).expect("only a route has bare bodies");
    let spec = dictionary().object(body.action.info().request);
    let mut synonyms: Vec<&'static str> = spec
        .names
        .iter()
        .filter(|(_, name)| match name {
            Name::Property { index, spelling } => spelling.synonym && spec.properties[*index].snake == field,
            _ => false,
        })
        .map(|(name, _)| name.as_str())
        // As C# writes it, it would tell one.
        .filter(|name| !name.starts_with(|first: char| first.is_ascii_uppercase()))
        .collect();
    synonyms.sort_unstable();
    synonyms.first().copied().unwrap_or(field)
}

/// The hint for an `action` of another JSON type.
const ACTION_HINT: &str = "write a string in quotes, such as \"get_status\"";

fn is_payload(name: &str) -> bool {
    matches!(name, "payload" | "Payload")
}

fn head_spec() -> &'static ObjectSpec {
    dictionary().object("EnvelopeHead")
}

fn head_name(name: &str) -> Option<&'static str> {
    match head_spec().names.get(name)? {
        Name::Property { index, .. } => Some(&head_spec().properties[*index].snake),
        _ => None,
    }
}

fn only_dialect(name: &str) -> Option<Dialect> {
    head_spec().only_dialect(name).or((name == "Payload").then_some(Dialect::Pascal))
}

impl Sorted {
    fn sort(&mut self, members: Vec<(String, Tree)>) {
        for (name, tree) in members {
            self.names.count(only_dialect(&name));
            match head_name(&name) {
                Some("action") => self.take_action(name, tree),
                Some(snake) => {
                    self.head(snake, &name, &tree, &escape(&name), true);
                    self.heads.push((name, snake, tree));
                }
                None if is_payload(&name) && tree == Tree::Null => {}
                None if is_payload(&name) => self.take_payload(name, tree),
                None => self.rest.push((name, tree)),
            }
        }
    }

    /// Takes `action` in one spelling; a further one must say the same.
    fn take_action(&mut self, name: String, tree: Tree) {
        let is_absent = |tree: &Tree| matches!(tree, Tree::Null) || *tree == Tree::Text(String::new());
        let pointer = format!("/{}", escape(&name));
        match &self.action {
            Some((_, known)) if !is_absent(known) && is_absent(&tree) => {}
            Some((_, known)) if !is_absent(known) => self.twice(*known == tree, &name, pointer),
            _ => self.action = Some((name, tree)),
        }
    }

    /// Takes `payload` in one spelling; a further one must say the same.
    fn take_payload(&mut self, name: String, tree: Tree) {
        match &self.payload {
            None => self.payload = Some((name, tree)),
            Some((_, known)) => {
                // As values: the order of members says nothing.
                let same = known.to_value() == tree.to_value();
                self.twice(same, &name, format!("/{}", escape(&name)));
            }
        }
    }

    fn twice(&mut self, same: bool, name: &str, pointer: String) {
        if same {
            self.warnings.push(Warning {
                code: WarningCode::DuplicateEqual,
                pointer: Some(pointer),
                message: format!("`{name}` is written twice, with equal values"),
                hint: Some("write it once".to_owned()),
            });
        } else {
            let message = format!("`{name}` is written twice, with unequal values");
            self.faults.add(|| Fault::new(pointer, ErrorCode::DuplicateField, message));
        }
    }

    /// Reads one of the envelope's own members. `is_json`: not of a path or a query.
    fn head(&mut self, snake: &'static str, name: &str, tree: &Tree, pointer: &str, is_json: bool) {
        let property = head_spec().property(snake).expect("a member of the envelope");
        let empty = matches!(tree, Tree::Text(text) if text.is_empty());
        if *tree == Tree::Null || empty {
            return;
        }
        let pointer = format!("/{pointer}");
        let hints = Hints { example: dictionary().example(property), is_json };
        let read = scalar::read(dictionary().resolve(&property.shape), tree, true, hints);
        if let Some(fault) = read.fault {
            self.faults.add(|| Fault {
                minimum: fault.minimum,
                maximum: fault.maximum,
                hint: fault.hint,
                ..Fault::new(pointer, fault.code, format!("`{name}`: {}", fault.message))
            });
            return;
        }
        let Some(value) = read.value else { return };
        match self.values.get(snake) {
            Some(known) => self.twice(*known == value, name, pointer),
            None => {
                self.values.insert(snake.to_owned(), value);
                if pointer != format!("/{snake}") {
                    self.spelt.push((snake, pointer));
                }
            }
        }
    }

    fn id(&self, name: &str) -> Option<String> {
        self.values.get(name).and_then(Value::as_str).map(str::to_owned)
    }

    fn action(&self, of_route: Option<Action>, form: Form) -> Result<Action, Failure> {
        let Some((name, tree)) = &self.action else {
            if let (Some(action), Form::Bare) = (of_route, form) {
                return Ok(action);
            }
            let name = if self.names.most() == Some(Dialect::Pascal) { "Action" } else { "action" };
            let message = format!("`{name}` is missing");
            let fault = Fault::new(format!("/{name}"), ErrorCode::MissingField, message);
            return Err(Failure::of_faults(vec![fault]));
        };
        let pointer = format!("/{}", escape(name));
        let said = match tree {
            Tree::Text(said) if !said.is_empty() => said,
            Tree::Text(_) | Tree::Null => {
                let fault = Fault::new(pointer, ErrorCode::MissingField, format!("`{name}` is empty"));
                return Err(Failure::of_faults(vec![fault]));
            }
            other => {
                let message = format!("`{name}` is a string, not {}", other.kind());
                let fault = Fault::new(pointer, ErrorCode::UnsupportedValue, message).hint(ACTION_HINT);
                return Err(Failure::of_faults(vec![fault]));
            }
        };
        let action: Action = said.parse().map_err(|_| unknown_action(&pointer, said))?;
        match of_route {
            Some(wanted) if wanted != action => {
                let message = format!("this route is for `{wanted}`, not for `{action}`");
                let fault = Fault {
                    allowed: Some(vec![wanted.as_str().to_owned()]),
                    ..Fault::new(pointer, ErrorCode::UnsupportedValue, message)
                };
                Err(Failure::of_faults(vec![fault]))
            }
            _ => Ok(action),
        }
    }

    fn read(
        mut self,
        action: Action,
        form: Form,
        bare: bool,
        route: Option<(Body<'_>, &Map<String, Value>)>,
    ) -> Incoming {
        let info = action.info();
        let mut trees: Vec<(Tree, String)> = Vec::with_capacity(3);
        match self.payload.take() {
            Some((name, Tree::Map(members))) => {
                let members = self.session_inside(members, &name);
                trees.push((Tree::Map(members), format!("/{}", escape(&name))));
                self.unknown_beside_payload();
            }
            Some((name, other)) => {
                let message = format!("`{name}` is an object, not {}", other.kind());
                let pointer = format!("/{}", escape(&name));
                self.faults.add(|| {
                    Fault::new(pointer, ErrorCode::UnsupportedValue, message).hint("write an object {…}")
                });
                trees.push((Tree::Map(Vec::new()), format!("/{}", escape(&name))));
            }
            None if bare => {
                let body = Tree::Map(std::mem::take(&mut self.rest));
                trees.push((Tree::Map(vec![(bare_name(route).to_owned(), body)]), String::new()));
            }
            None => {
                self.give_to_command(dictionary().object(info.request));
                trees.push((Tree::Map(std::mem::take(&mut self.rest)), String::new()));
            }
        }
        if let Some(wrapper) = info.wrapped_in {
            self.unwrap(&mut trees, wrapper, info.request);
        }
        let given = route.and_then(|(_, given)| self.given(given));
        let written = trees.iter().map(|(tree, pointer)| Source::written(tree, pointer.clone()));
        let given = given.iter().map(|tree| Source { tree, pointer: String::new(), spelt: false });
        let sources: Vec<Source<'_>> = written.chain(given).collect();
        let mut reading = read_sources(
            info.request,
            &sources,
            Writer::Sender,
            std::mem::take(&mut self.faults),
            self.names,
        );
        if bare {
            // The value stands at the body itself: its pointer is empty.
            reading.lift(&format!("/{}", bare_name(route)));
        }
        self.warnings.append(&mut reading.warnings);
        reading.warnings = self.warnings;
        let id = |name: &str| self.values.get(name).and_then(Value::as_str).map(str::to_owned);
        let attempt = self.values.get("attempt").and_then(Value::as_u64).unwrap_or(1);
        Incoming {
            head: Head {
                action,
                request_id: id("request_id"),
                session_id: id("session_id"),
                gpu_id: id("gpu_id"),
                attempt: u32::try_from(attempt).unwrap_or(1),
                trace: id("traceparent").as_deref().and_then(Trace::of_canonical),
                spelt: self.spelt,
            },
            form,
            reading,
        }
    }

    /// Beside `action`, a name that the command has too is the command's: the `attempt` of `cancel`.
    fn give_to_command(&mut self, spec: &ObjectSpec) {
        for (name, snake, tree) in std::mem::take(&mut self.heads) {
            if matches!(spec.names.get(&name), Some(Name::Property { .. })) {
                let pointer = format!("/{}", escape(&name));
                self.values.remove(snake);
                self.spelt.retain(|(known, _)| *known != snake);
                self.faults.retain(|fault| fault.pointer != pointer);
                self.warnings.retain(|warning| warning.pointer.as_ref() != Some(&pointer));
                self.rest.push((name, tree));
            }
        }
    }

    /// `payload` is an accepted place of `session_id`.
    fn session_inside(&mut self, members: Vec<(String, Tree)>, payload: &str) -> Vec<(String, Tree)> {
        let (session, rest): (Vec<_>, Vec<_>) =
            members.into_iter().partition(|(name, _)| head_name(name) == Some("session_id"));
        for (name, tree) in session {
            let pointer = format!("{}/{}", escape(payload), escape(&name));
            let before = self.values.contains_key("session_id");
            self.names.count(only_dialect(&name));
            self.head("session_id", &name, &tree, &pointer, true);
            if !before && self.values.contains_key("session_id") {
                self.warnings.push(Warning {
                    code: WarningCode::AcceptedSpelling,
                    pointer: Some(format!("/{pointer}")),
                    message: format!("`{name}` was read inside `{payload}`"),
                    hint: Some("write it beside `action`".to_owned()),
                });
            }
        }
        rest
    }

    fn unknown_beside_payload(&mut self) {
        for (name, _) in std::mem::take(&mut self.rest) {
            self.faults.add(|| {
                let message = format!("{} is unknown beside `payload`", scalar::named(&name));
                Fault::new(format!("/{}", escape(&name)), ErrorCode::UnknownField, message)
            });
        }
    }

    /// Fields inside a wrapping object count as written beside it, and its name as the envelope's.
    fn unwrap(&mut self, trees: &mut Vec<(Tree, String)>, wrapper: &str, definition: &str) {
        let spec = dictionary().object(definition);
        let csharp = crate::naming::pascal(wrapper);
        let is_wrapper = |name: &str| (name == wrapper || name == csharp) && !spec.names.contains_key(name);
        let mut inner = Vec::new();
        for (tree, pointer) in trees.iter_mut() {
            let Tree::Map(members) = tree else { continue };
            let at = members.iter().position(|(name, tree)| is_wrapper(name) && matches!(tree, Tree::Map(_)));
            if let Some(at) = at {
                let (name, tree) = members.remove(at);
                self.names.count((name == csharp).then_some(Dialect::Pascal));
                inner.push((tree, format!("{pointer}/{}", escape(&name))));
            }
        }
        trees.append(&mut inner);
    }

    /// Fields of the path and the query: the envelope's own, or the command's.
    fn given(&mut self, given: &Map<String, Value>) -> Option<Tree> {
        let mut fields = Vec::new();
        for (name, value) in given {
            let tree = Tree::of(value);
            match head_name(name) {
                Some(snake) if snake != "action" => self.head(snake, name, &tree, name, false),
                _ => fields.push((name.clone(), tree)),
            }
        }
        (!fields.is_empty()).then_some(Tree::Map(fields))
    }
}

/// The failure of an action that there is not.
#[must_use]
pub fn unknown_action(pointer: &str, said: &str) -> Failure {
    let nearest = scalar::nearest(said, Action::ALL.iter().map(|action| action.as_str()));
    let message = match nearest {
        Some(near) => format!("{} is no action; the nearest is `{near}`", scalar::shorten(said)),
        None => format!("{} is no action", scalar::shorten(said)),
    };
    let fault = Fault {
        nearest: nearest.map(str::to_owned),
        ..Fault::new(pointer, ErrorCode::UnknownAction, message)
    };
    Failure::of_faults(vec![fault])
}
