//! Sites: every member of every reply and event, or every field of every command, computed from the schemas.

use std::fmt;

use contracts::{
    Action,
    dictionary::{ObjectSpec, Property, Shape, dictionary},
    event,
};
use serde_json::Value;

use crate::live::probed;

/// Who writes the frames that are edited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Side {
    /// The worker: replies and events.
    #[default]
    Replies,
    /// Commands from the suite: one field is edited before the worker reads it.
    Commands,
    /// Nobody: a fixture is edited, and the tests that read it run.
    Fixtures,
}

/// A kind of frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Frame {
    /// The members of a reply that every success has.
    Reply,
    /// A reply that says a failure.
    Failure,
    /// `data` of the replies to an action.
    Data(Action),
    /// An event: its name.
    Event(&'static str),
    /// The payload of a documented command.
    Command(Action),
}

/// One token of a path.
#[derive(Clone, Copy, Debug)]
pub enum Token {
    /// A member of an object.
    Member(&'static Property),
    /// The last item of a list, or the last entry of a map: the place that a check of the first one overlooks.
    Last,
}

/// A place in a kind of frame.
#[derive(Clone, Debug)]
pub struct Site {
    /// The kind of frame.
    pub frame: Frame,
    /// The way from the root of the frame; from `data` in [`Frame::Data`].
    pub path: Vec<Token>,
    /// The shape of its value.
    pub shape: &'static Shape,
    /// The check that holds it, by `data/members.json` or `data/fields.json`.
    pub check: Option<&'static str>,
}

/// All sites that a worker can write, in the order of the schemas. The gateway's own actions have none.
#[must_use]
pub fn all() -> Vec<Site> {
    let mut walk = Walk::default();
    walk.frame(Frame::Reply, "Reply");
    // A success has neither.
    walk.sites.retain(|site| !site.begins_with("error") && !site.begins_with("error_details"));
    walk.frame(Frame::Failure, "Reply");
    for action in Action::ALL.into_iter().filter(|action| action.info().worker_module.is_some()) {
        walk.frame(Frame::Data(action), action.info().reply);
    }
    for name in event::names() {
        let definition = event::definition(name).expect("every name has a definition");
        walk.frame(Frame::Event(name), definition);
    }
    walk.sites
}

/// All sites that the suite can write: fields of the commands of workers. The submission is walked in one of its actions.
#[must_use]
pub fn of_commands() -> Vec<Site> {
    let mut walk = Walk::default();
    for action in Action::ALL.into_iter().filter(|action| action.info().worker_module.is_some()) {
        walk.frame(Frame::Command(action), action.info().request);
    }
    let is_inside = |site: &Site| site.path.len() > 1 && site.begins_with("prompt_submission");
    walk.sites.retain(|site| site.frame == Frame::Command(Action::GenerateSdxl) || !is_inside(site));
    // Items of a batch are submissions too.
    walk.sites.retain(|site| site.path.len() == 1 || !site.begins_with("requests"));
    walk.sites
}

/// The sites of a side.
#[must_use]
pub fn of_side(side: Side) -> Vec<Site> {
    match side {
        Side::Replies => all(),
        Side::Commands => of_commands(),
        // A fixture is no frame: `fixtures` has its places.
        Side::Fixtures => Vec::new(),
    }
}

/// A walk through definitions.
#[derive(Default)]
struct Walk {
    sites: Vec<Site>,
    path: Vec<Token>,
    /// The objects around the place. One that contains itself is walked once.
    around: Vec<*const ObjectSpec>,
    /// The check of the property that is walked.
    check: Option<&'static str>,
}

impl Walk {
    fn frame(&mut self, frame: Frame, definition: &str) {
        self.inside(frame, &dictionary().named(definition).shape);
    }

    /// Adds the sites inside a value.
    fn inside(&mut self, frame: Frame, shape: &'static Shape) {
        match plain(shape) {
            Shape::Object(object) => self.object(frame, object),
            Shape::List(list) => self.last(frame, &list.item),
            Shape::Map(map) => self.last(frame, &map.value),
            _ => {}
        }
    }

    fn object(&mut self, frame: Frame, object: &'static ObjectSpec) {
        let address = std::ptr::from_ref(object);
        if self.around.contains(&address) {
            return;
        }
        self.around.push(address);
        let definition = definition_of(object);
        for property in &object.properties {
            self.path.push(Token::Member(property));
            self.check = definition.and_then(|definition| probed::check_of(definition, &property.snake));
            self.add(frame, plain(&property.shape));
            if !property.verbatim {
                self.inside(frame, &property.shape);
            }
            self.path.pop();
        }
        self.around.pop();
    }

    fn last(&mut self, frame: Frame, item: &'static Shape) {
        self.path.push(Token::Last);
        // A missing or empty object is a matter of its members.
        if !matches!(plain(item), Shape::Object(_)) {
            self.add(frame, plain(item));
        }
        self.inside(frame, item);
        self.path.pop();
    }

    fn add(&mut self, frame: Frame, shape: &'static Shape) {
        self.sites.push(Site { frame, path: self.path.clone(), shape, check: self.check });
    }
}

/// The name of the definition whose properties these are.
fn definition_of(object: &'static ObjectSpec) -> Option<&'static str> {
    let is_own =
        |shape: &Shape| matches!(shape, Shape::Object(own) if std::ptr::eq(&raw const **own, object));
    dictionary().defs().find(|def| is_own(&def.shape)).map(|def| def.name.as_str())
}

/// The shape of a value that is not null.
fn plain(shape: &'static Shape) -> &'static Shape {
    match dictionary().resolve(shape) {
        Shape::Nullable(inner) => plain(inner),
        other => other,
    }
}

impl Site {
    /// The names that a finding may call it by.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let member = self.path.iter().rev().find_map(|token| match token {
            Token::Member(property) => Some(*property),
            Token::Last => None,
        });
        // A command without an object lacks what is in it: a finding calls that by its own name.
        let inside = match self.shape {
            Shape::Object(object) if matches!(self.frame, Frame::Command(_)) => &object.properties[..],
            _ => &[],
        };
        let of = |property: &'static Property| [&property.snake, &property.camel, &property.csharp];
        member.into_iter().chain(inside).flat_map(of).map(String::as_str).collect()
    }

    fn begins_with(&self, member: &str) -> bool {
        self.path.first().is_some_and(|token| matches!(token, Token::Member(p) if p.snake == member))
    }

    /// The object or list that holds it, in a frame of any dialect, and its key there. `None` if the frame has none.
    pub fn find<'v>(&self, frame: &'v mut Value) -> Option<(&'v mut Value, String)> {
        let mut at = match self.frame {
            Frame::Data(_) => {
                let key = ["data", "Data"].into_iter().find(|key| frame.get(*key).is_some())?;
                frame.get_mut(key)?
            }
            Frame::Command(_) => {
                let key = ["payload", "Payload"].into_iter().find(|key| frame.get(*key).is_some())?;
                frame.get_mut(key)?
            }
            Frame::Reply | Frame::Failure | Frame::Event(_) => frame,
        };
        let (last, before) = self.path.split_last()?;
        for token in before {
            let key = key(token, at)?;
            at = step(at, &key)?;
        }
        let key = key(last, at)?;
        step(at, &key).is_some_and(|value| !value.is_null()).then_some((at, key))
    }
}

/// The key of a token in a value.
fn key(token: &Token, value: &Value) -> Option<String> {
    match (token, value) {
        (Token::Member(property), Value::Object(members)) => {
            let spellings = [&property.snake, &property.camel, &property.csharp];
            spellings.into_iter().find(|name| members.contains_key(*name)).cloned()
        }
        (Token::Last, Value::Object(members)) => members.keys().next_back().cloned(),
        (Token::Last, Value::Array(items)) => items.len().checked_sub(1).map(|last| last.to_string()),
        _ => None,
    }
}

/// The value under a key.
pub(super) fn step<'v>(value: &'v mut Value, key: &str) -> Option<&'v mut Value> {
    match value {
        Value::Object(members) => members.get_mut(key),
        Value::Array(items) => items.get_mut(key.parse::<usize>().ok()?),
        _ => None,
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.frame {
            Frame::Reply => f.write_str("reply")?,
            Frame::Failure => f.write_str("failure")?,
            Frame::Data(action) => write!(f, "{}", action.as_str())?,
            Frame::Event(name) => write!(f, "event.{name}")?,
            Frame::Command(action) => write!(f, "command.{}", action.as_str())?,
        }
        for token in &self.path {
            match token {
                Token::Member(property) => write!(f, "/{}", property.snake)?,
                Token::Last => f.write_str("/-1")?,
            }
        }
        Ok(())
    }
}

/// The kinds that a frame is of. `asked`: the action that a reply answers.
pub(super) fn kinds(frame: &Value, asked: Option<Action>) -> Vec<Frame> {
    let of = |snake: &str, pascal: &str| frame.get(snake).or_else(|| frame.get(pascal));
    if let Some(name) = of("event", "Event") {
        let known = event::names().into_iter().find(|known| name == known);
        return known.map(Frame::Event).into_iter().collect();
    }
    match (of("success", "Success"), asked) {
        (Some(Value::Bool(true)), Some(action)) => vec![Frame::Reply, Frame::Data(action)],
        (Some(Value::Bool(true)), None) => vec![Frame::Reply],
        (Some(Value::Bool(false)), _) => vec![Frame::Failure],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    fn site(name: &str) -> Site {
        all().into_iter().find(|site| site.to_string() == name).unwrap_or_else(|| panic!("no site {name}"))
    }

    #[test]
    fn every_member_of_every_frame_is_a_site_once() {
        let sites = all();
        let names: BTreeSet<String> = sites.iter().map(ToString::to_string).collect();
        assert_eq!(names.len(), sites.len());
        let mutants = sites.iter().flat_map(super::super::of).count();
        assert!(mutants >= 400, "{mutants} mutants");
        for action in Action::ALL.into_iter().filter(|action| action.info().worker_module.is_some()) {
            for property in &dictionary().object(action.info().reply).properties {
                let name = format!("{}/{}", action.as_str(), property.snake);
                assert!(names.contains(&name), "{name}");
            }
        }
    }

    #[test]
    fn a_member_is_found_in_every_dialect_and_in_the_last_item() {
        let site = site("generate_sdxl/image_details/-1/sha256");
        let mut snake = json!({"data": {"image_details": [{"sha256": "a"}, {"sha256": "b"}]}});
        let (holder, key) = site.find(&mut snake).expect("it is there");
        assert_eq!((holder["sha256"].as_str(), key.as_str()), (Some("b"), "sha256"));
        let mut pascal = json!({"Data": {"ImageDetails": [{"Sha256": "a"}]}});
        assert_eq!(site.find(&mut pascal).expect("it is there").1, "Sha256");
        assert!(site.find(&mut json!({"data": {"image_details": []}})).is_none());
    }
}
