//! The command's fields, from wherever an envelope has them: the payload, beside `action`, a wrapper, the route.

use serde_json::{Map, Value};

use super::{
    head::{head_name, only_dialect},
    members::Members,
    route::Route,
};
use crate::{
    command::{Form, Head, Incoming},
    dialect::Dialect,
    dictionary::{Name, ObjectSpec, dictionary},
    generated::{
        action::{Action, ActionInfo},
        error_code::ErrorCode,
        warning_code::WarningCode,
    },
    naming::pascal,
    pointer::escape,
    reading::{Reading, Source, Writer, read_sources},
    shown::named,
    trace::Trace,
    tree::Tree,
    violation::{Violation, Warning},
};

/// A part of the command, and its pointer in the sender's document.
type Part = (Tree, String);

impl Members {
    /// Reads the command. `bare` is the name of the field whose value the body is.
    pub(super) fn read(
        mut self,
        action: Action,
        form: Form,
        bare: Option<&str>,
        route: Option<Route<'_>>,
    ) -> Incoming {
        let info = action.info();
        let mut parts = vec![self.written(dictionary().object(info.request), bare)];
        if let Some(wrapper) = info.wrapped_in {
            self.unwrap(&mut parts, wrapper, info.request);
        }
        let given = route.and_then(|route| self.given(route.given));
        let written = parts.iter().map(|(tree, pointer)| Source::written(tree, pointer.clone()));
        let given = given.iter().map(|tree| Source { tree, pointer: String::new(), spelt: false });
        let sources: Vec<Source<'_>> = written.chain(given).collect();
        self.check_request_id(info);
        let violations = std::mem::take(&mut self.violations);
        let mut reading = read_sources(info.request, &sources, Writer::Sender, violations, self.names);
        if let Some(name) = bare {
            // The value stands at the body itself: its pointer is empty.
            reading.lift(&format!("/{name}"));
        }
        self.warnings.append(&mut reading.warnings);
        reading.warnings = std::mem::take(&mut self.warnings);
        self.incoming(action, form, reading)
    }

    fn incoming(self, action: Action, form: Form, reading: Reading) -> Incoming {
        let attempt = self.values.get("attempt").and_then(Value::as_u64).unwrap_or(1);
        let head = Head {
            action,
            request_id: self.id("request_id"),
            session_id: self.id("session_id"),
            gpu_id: self.id("gpu_id"),
            attempt: u32::try_from(attempt).unwrap_or(1),
            trace: self.id("traceparent").as_deref().and_then(Trace::of_canonical),
            spelt: self.spelt,
        };
        Incoming { head, form, reading }
    }

    /// An action may allow fewer characters than an id has: a worker appends to the id of a batch.
    fn check_request_id(&mut self, info: &ActionInfo) {
        let (Some(maximum), Some(id)) = (info.request_id_max, self.id("request_id")) else { return };
        // An id is ASCII.
        if id.len() <= maximum {
            return;
        }
        let spelt = self.spelt.iter().find(|(name, _)| *name == "request_id");
        let pointer = spelt.map_or_else(|| "/request_id".to_owned(), |(_, pointer)| pointer.clone());
        let message = format!(
            "`{}`: {} characters; 1..{maximum} are allowed for {}",
            &pointer[1..],
            id.len(),
            info.action
        );
        self.violations.add(|| Violation {
            minimum: Some(1.0),
            maximum: Some(maximum as f64),
            ..Violation::new(pointer, ErrorCode::OutOfRange, message)
        });
    }

    /// The command's fields as the sender wrote them: the payload, the body itself, or the members beside `action`.
    fn written(&mut self, spec: &ObjectSpec, bare: Option<&str>) -> Part {
        match self.payload.take() {
            Some((name, Tree::Map(members))) => {
                let members = self.session_inside(members, &name);
                self.unknown_beside_payload();
                (Tree::Map(members), format!("/{}", escape(&name)))
            }
            Some((name, other)) => {
                let message = format!("`{name}` is an object, not {}", other.kind());
                let pointer = format!("/{}", escape(&name));
                self.violations.add(|| {
                    Violation::new(pointer.clone(), ErrorCode::UnsupportedValue, message)
                        .hint("write an object {…}")
                });
                (Tree::Map(Vec::new()), pointer)
            }
            None => {
                if bare.is_none() {
                    self.give_to_command(spec);
                }
                let rest = Tree::Map(std::mem::take(&mut self.rest));
                let tree = match bare {
                    Some(name) => Tree::Map(vec![(name.to_owned(), rest)]),
                    None => rest,
                };
                (tree, String::new())
            }
        }
    }

    /// Beside `action`, a name that the command has too is the command's: the `attempt` of `cancel`.
    fn give_to_command(&mut self, spec: &ObjectSpec) {
        for (name, snake, tree) in std::mem::take(&mut self.heads) {
            if matches!(spec.names.get(&name), Some(Name::Property { .. })) {
                let pointer = format!("/{}", escape(&name));
                self.values.remove(snake);
                self.spelt.retain(|(known, _)| *known != snake);
                self.violations.retain(|violation| violation.pointer != pointer);
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
            self.violations.add(|| {
                let message = format!("{} is unknown beside `payload`", named(&name));
                Violation::new(format!("/{}", escape(&name)), ErrorCode::UnknownField, message)
            });
        }
    }

    /// Fields inside a wrapping object count as written beside it, and its name as the envelope's.
    fn unwrap(&mut self, parts: &mut Vec<Part>, wrapper: &str, definition: &str) {
        let spec = dictionary().object(definition);
        let csharp = pascal(wrapper);
        let is_wrapper = |name: &str| (name == wrapper || name == csharp) && !spec.names.contains_key(name);
        let mut inner = Vec::new();
        for (tree, pointer) in parts.iter_mut() {
            let Tree::Map(members) = tree else { continue };
            let at = members.iter().position(|(name, tree)| is_wrapper(name) && matches!(tree, Tree::Map(_)));
            if let Some(at) = at {
                let (name, tree) = members.remove(at);
                self.names.count((name == csharp).then_some(Dialect::Pascal));
                inner.push((tree, format!("{pointer}/{}", escape(&name))));
            }
        }
        parts.append(&mut inner);
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
