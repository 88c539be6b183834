//! Commands that sources write without a class: anonymous objects and dictionaries with an `action`.

use contracts::dictionary::{Name, ObjectSpec, Shape};
use tree_sitter::Node;

use super::{
    expression::{self, Expression},
    judge::{Roles, folded},
    syntax::{Source, children, children_all, field, line_of, name_of, text_of},
};
use crate::{
    class::Class,
    contract::{ActionRow, Tables},
    source::{Finding, Judged, Place, distance},
};

/// Letters that may differ in a misspelt name.
const LETTERS_MAX: usize = 2;

/// The members around a command's own.
const AROUND: [&str; 2] = ["payload", "request"];

/// The definition of the members around a command.
const HEAD: &str = "EnvelopeHead";

/// Another name for the action, as other protocols have it.
const OTHER_ACTION: &str = "message_type";

/// An object with an `action`, which may be a command: the contract says so.
pub(super) struct Command {
    place: Place,
    members: Vec<Member>,
    /// Those within it, which are told of where it is no command itself.
    inner: Vec<Command>,
}

struct Member {
    name: String,
    line: usize,
    value: Value,
}

enum Value {
    Text(String),
    Object(Vec<Member>),
    /// A variable, a call: what it holds is told elsewhere.
    Other,
}

impl Command {
    fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }
}

/// A place in a source that may be a command.
pub(super) fn collect(source: &Source) -> Vec<Command> {
    collect_in(source, vec![source.tree.root_node()])
}

fn collect_in(source: &Source, mut open: Vec<Node<'_>>) -> Vec<Command> {
    let mut found = Vec::new();
    while let Some(node) = open.pop() {
        let members = members(node, &source.text);
        let place = Place { file: source.path.clone(), line: line_of(node) };
        let command = Command { place, members, inner: Vec::new() };
        if command.may_be_one() {
            found.push(Command { inner: collect_in(source, children(node)), ..command });
        } else {
            open.extend(children(node));
        }
    }
    found
}

impl Command {
    fn text(&self, name: &str) -> Option<&str> {
        match self.member(name).map(|member| &member.value) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Routes of web frameworks have an `action` too, beside a `controller`.
    fn may_be_one(&self) -> bool {
        let is_named = self.text("action").is_some() || self.text(OTHER_ACTION).is_some();
        is_named && self.member("controller").is_none()
    }

    /// Whether a contract has its action, or its action has the form of one.
    fn is_one(&self, tables: &Tables) -> bool {
        let is_name = |text: &str| {
            text.contains('_')
                && text.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
        };
        let is_action = |action: &str| tables.action(action).is_some() || is_name(action);
        self.text("action").is_some_and(is_action) || self.text(OTHER_ACTION).is_some_and(is_name)
    }
}

fn members(node: Node<'_>, text: &str) -> Vec<Member> {
    match node.kind() {
        "anonymous_object_creation_expression" => of_anonymous(node, text),
        "object_creation_expression" | "implicit_object_creation_expression" => {
            let initializer =
                children(node).into_iter().find(|child| child.kind() == "initializer_expression");
            initializer
                .map(children)
                .into_iter()
                .flatten()
                .filter_map(|entry| of_entry(entry, text))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// `name = value`, or a name that is a variable's or a member's.
fn of_anonymous(node: Node<'_>, text: &str) -> Vec<Member> {
    let mut found = Vec::new();
    let all = children_all(node);
    for part in all.split(|one| matches!(one.kind(), "," | "{" | "}" | "new")) {
        let part: Vec<&Node<'_>> = part.iter().filter(|one| one.kind() != "comment").collect();
        match part[..] {
            [name, equals, value] if equals.kind() == "=" => found.push(Member {
                name: name_of(*name, text),
                line: line_of(*name),
                value: value_of(*value, text),
            }),
            [of] => {
                let written = text_of(*of, text);
                let name = written.rsplit('.').next().map_or("", |name| name.trim_start_matches('@'));
                found.push(Member { name: name.to_owned(), line: line_of(*of), value: Value::Other });
            }
            _ => {}
        }
    }
    found
}

/// `["name"] = value` or `{ "name", value }`.
fn of_entry(entry: Node<'_>, text: &str) -> Option<Member> {
    let (key, value) = match entry.kind() {
        "assignment_expression" => {
            let left = field(entry, "left")?;
            let argument = *children(left).first().filter(|_| left.kind() != "member_access_expression")?;
            let key = if argument.kind() == "argument" { *children(argument).first()? } else { argument };
            (key, field(entry, "right")?)
        }
        "initializer_expression" => match children(entry)[..] {
            [key, value] => (key, value),
            _ => return None,
        },
        _ => return None,
    };
    match expression::read(key, text) {
        Expression::Text(name) => Some(Member { name, line: line_of(key), value: value_of(value, text) }),
        _ => None,
    }
}

fn value_of(node: Node<'_>, text: &str) -> Value {
    let inner = members(node, text);
    match expression::read(node, text) {
        Expression::Text(text) => Value::Text(text),
        _ if inner.is_empty() => Value::Other,
        _ => Value::Object(inner),
    }
}

/// A command against the registry and the definition of its fields.
pub(super) fn judge(roles: &Roles<'_>, command: &Command, judged: &mut Judged) {
    if !command.is_one(roles.tables) {
        command.inner.iter().for_each(|inner| self::judge(roles, inner, judged));
        return;
    }
    let mut judge = Judge { roles, command, judged };
    let action = command.member("action");
    let Some((action, Value::Text(name))) = action.map(|action| (action, &action.value)) else {
        let line = command.member(OTHER_ACTION).map_or(command.place.line, |member| member.line);
        let why = format!("a command is named by `action`, and not by `{OTHER_ACTION}`");
        return judge.broken(line, Class::Env, OTHER_ACTION, why);
    };
    judge.judged.compared.push(format!("a command as {name}"));
    let tables = roles.tables;
    let Some(known) = tables.action(name) else {
        let near = tables.actions.iter().map(|one| one.action.as_str()).min_by_key(|one| distance(one, name));
        let near = near.filter(|near| distance(near, name) <= LETTERS_MAX * 2);
        let hint = near.map_or_else(String::new, |near| format!("; it has {near:?}"));
        let why = format!("the contract has no action {name:?}{hint}");
        return judge.broken(action.line, Class::Cmd, name, why);
    };
    judge.fields(name, known);
}

struct Judge<'c> {
    roles: &'c Roles<'c>,
    command: &'c Command,
    judged: &'c mut Judged,
}

impl Judge<'_> {
    fn fields(&mut self, action: &str, known: &ActionRow) {
        let dictionary = self.roles.dictionary;
        // A contract without envelopes has no members around a command but its name.
        let head = self.roles.find(HEAD).map(|head| head.spec);
        let is_of_head = |name: &str| head.map_or(name == "action", |head| head.names.contains_key(name));
        let own = dictionary.object(&known.request);
        for member in &self.command.members {
            let is_around = AROUND.contains(&member.name.as_str())
                || known.wrapped_in.as_deref() == Some(member.name.as_str());
            if own.names.contains_key(&member.name) {
                self.value(action, member, own);
            } else if is_around {
                self.inside(action, &member.value, own);
            } else if !is_of_head(&member.name) {
                self.unknown(action, member, own);
            }
        }
    }

    fn inside(&mut self, action: &str, value: &Value, object: &ObjectSpec) {
        let Value::Object(members) = value else { return };
        for member in members {
            if object.names.contains_key(&member.name) {
                self.value(action, member, object);
            } else {
                self.unknown(action, member, object);
            }
        }
    }

    fn value(&mut self, action: &str, member: &Member, object: &ObjectSpec) {
        if let Some(Name::Property { index, .. }) = object.names.get(&member.name) {
            let shape = self.roles.dictionary.resolve(&object.properties[*index].shape);
            match (shape, &member.value) {
                (Shape::Object(inner), value) => self.inside(action, value, inner),
                (Shape::Enum(spec), Value::Text(text))
                    if !spec.spellings.contains_key(&text.to_lowercase()) =>
                {
                    let why = format!("the contract has no value {text:?} of {}", member.name);
                    self.broken(member.line, Class::Enum, action, why);
                }
                _ => {}
            }
        }
    }

    fn unknown(&mut self, action: &str, member: &Member, object: &ObjectSpec) {
        let name = folded(&member.name);
        let near = object.properties.iter().map(|one| one.snake.as_str());
        let near =
            near.filter(|one| distance(&folded(one), &name) <= LETTERS_MAX && name.len() > LETTERS_MAX * 2);
        let why = match near.min_by_key(|one| distance(&folded(one), &name)) {
            Some(near) => format!("{action} has no {:?}; it has {near}", member.name),
            None => format!("{action} has no {:?}: the command is refused", member.name),
        };
        self.broken(member.line, Class::Names, action, why);
    }

    fn broken(&mut self, line: usize, class: Class, subject: &str, why: String) {
        let place = Place { line, ..self.command.place.clone() };
        self.judged.findings.push(Finding { place, class, subject: subject.to_owned(), why });
    }
}
