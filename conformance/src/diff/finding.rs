//! A finding: an edit with its places, its severity, whom it breaks and the document that shows it.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{
    Profile,
    judge::{Decision, Reach, Witness, pointer},
    rule::{self, Layer, Rule, Severity},
    usage::Use,
    walk::{Edit, Node},
};
use crate::contract::{Direction, Side, line_of};
use crate::display::shorten;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// JSON Pointer into it.
    pub pointer: String,
    /// Its line, from 1.
    pub line: usize,
}

/// One edit, and its meaning for readers and writers.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How bad it is: the worse of the two directions.
    pub severity: Severity,
    /// Severity in requests; none where it is in none.
    pub request: Option<Severity>,
    /// Severity in replies and events.
    pub response: Option<Severity>,
    /// Messages that it is in.
    pub messages: Vec<String>,
    /// Actions of these messages.
    pub actions: Vec<String>,
    /// Where in the first of these messages: a pointer into the document, with `*` for each item.
    pub at: String,
    /// The name or value that was edited.
    pub name: String,
    /// Where it was.
    pub old: Option<Place>,
    /// Where it is.
    pub new: Option<Place>,
    /// Its value before.
    pub before: Option<Value>,
    /// Its value after.
    pub after: Option<Value>,
    /// What happened.
    pub what: String,
    /// Who breaks.
    pub who: Vec<String>,
    /// Documents that show it.
    pub witnesses: Vec<Witness>,
    /// Why it is undecided.
    pub open: Option<String>,
    /// Equal for the same edit in every run.
    pub fingerprint: String,
    /// The reason of the waiver that covers it.
    pub waived: Option<String>,
    /// Clients that were seen to send what breaks.
    pub users: Vec<Use>,
    /// All places of it in commands, where a usage is given: the action, and a pointer into its fields with `*` for each item.
    pub places: Vec<(String, String)>,
    /// Whether `places` are all.
    pub has_all_places: bool,
    /// Why the usage cannot tell who sends what breaks; none if it was not asked, or can.
    pub usage_open: Option<String>,
}

impl Finding {
    /// Files first, so that one file's findings stand together.
    pub(super) fn order(&self) -> (String, usize, String, String) {
        let place = self.new.as_ref().or(self.old.as_ref());
        let (file, line) = place.map_or((String::new(), 0), |place| (place.file.clone(), place.line));
        (file, line, self.rule.id.clone(), self.name.clone())
    }

    /// Where it is shown: in the new file, or in the old one if it is gone.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        self.new.as_ref().or(self.old.as_ref())
    }
}

/// What findings are made from.
pub(super) struct Scope<'a> {
    pub(super) old: &'a Side,
    pub(super) new: &'a Side,
    pub(super) reach: &'a Reach,
    pub(super) nodes: &'a [Node],
    pub(super) profile: Profile,
    /// Whether findings are looked up in a usage, by all of their places.
    pub(super) has_usage: bool,
}

impl Scope<'_> {
    /// The directions of all messages that reach an edit; none if no message does.
    pub(super) fn direction(&self, edit: &Edit) -> Option<Direction> {
        if edit.told.is_some() {
            return edit.told;
        }
        let mut directions = self.messages(edit).map(|message| self.reach.messages[message].direction);
        let first = directions.next()?;
        Some(directions.fold(first, |one, other| if one == other { one } else { Direction::Both }))
    }

    fn messages<'e>(&'e self, edit: &'e Edit) -> impl Iterator<Item = usize> + 'e {
        edit.nodes.iter().flat_map(|node| self.reach.of(*node))
    }

    pub(super) fn finding(&self, edit: &Edit, direction: Direction, decision: Decision) -> Finding {
        let strict = |severity| match severity {
            Severity::Dangerous if self.profile == Profile::Strict => Severity::Breaking,
            other => other,
        };
        let request = direction.has_requests().then(|| strict(decision.request));
        let response = direction.has_responses().then(|| strict(decision.response));
        let severity = request.max(response).unwrap_or(Severity::Info);
        let mut messages: Vec<usize> = self.messages(edit).collect();
        messages.sort_unstable();
        messages.dedup();
        // Those that break come first.
        messages.sort_by_key(|message| {
            let direction = self.reach.messages[*message].direction;
            let of = |has: bool, severity: Option<Severity>| severity.filter(|_| has);
            let worst = of(direction.has_requests(), request).max(of(direction.has_responses(), response));
            std::cmp::Reverse(worst)
        });
        let named = |message: &usize| self.reach.messages[*message].clone();
        let first = messages.first().and_then(|message| {
            let node = edit.nodes.iter().find(|node| self.reach.of(**node).any(|other| other == *message))?;
            Some((node, message))
        });
        let at = first.map_or_else(String::new, |(node, message)| {
            at(&pointer(&self.reach.way(*message, *node, self.nodes), true), edit)
        });
        let mut actions: Vec<String> = messages.iter().filter_map(|message| named(message).action).collect();
        actions.dedup();
        let fingerprint = self.fingerprint(edit);
        let (places, has_all_places) = self.places(edit);
        Finding {
            rule: edit.rule,
            severity,
            request,
            response,
            messages: messages.iter().map(|message| named(message).label).collect(),
            actions,
            at,
            name: edit.name.clone(),
            old: edit.old.as_deref().map(|location| place(self.old, location)),
            new: edit.new.as_deref().map(|location| place(self.new, location)),
            before: edit.before.clone(),
            after: edit.after.clone(),
            what: sentence(edit),
            who: who(edit.rule, request, response),
            witnesses: decision.witnesses,
            open: decision.open.filter(|_| severity == Severity::Undecided),
            fingerprint,
            waived: None,
            users: Vec::new(),
            places,
            has_all_places,
            usage_open: None,
        }
    }

    /// All places of an edit in commands, and whether these are all.
    fn places(&self, edit: &Edit) -> (Vec<(String, String)>, bool) {
        let (mut places, mut is_whole) = (Vec::new(), self.has_usage);
        for node in edit.nodes.iter().filter(|_| self.has_usage) {
            for message in self.reach.of(*node) {
                let told = &self.reach.messages[message];
                let Some(action) = told.action.as_ref().filter(|_| told.direction.has_requests()) else {
                    continue;
                };
                let (ways, all) = self.reach.ways(message, *node, self.nodes);
                is_whole &= all;
                places.extend(ways.iter().map(|way| (action.clone(), at(&pointer(way, true), edit))));
            }
        }
        places.sort();
        places.dedup();
        (places, is_whole)
    }

    /// The finding of a document that no rule explains.
    pub(super) fn unexplained(&self, message: usize, direction: Direction, witness: Witness) -> Finding {
        let told = &self.reach.messages[message];
        let edit = Edit {
            rule: rule::of_any("document", "unexplained"),
            name: told.label.clone(),
            before: None,
            after: None,
            old: Some(self.nodes[told.node].old.clone()),
            new: Some(self.nodes[told.node].new.clone()),
            key: None,
            nodes: vec![told.node],
            told: Some(direction),
            rejects: &[],
            hints: Vec::new(),
            harmless: None,
        };
        let severity = |is: bool| if is { Severity::Breaking } else { Severity::Info };
        let decision = Decision {
            request: severity(direction == Direction::Request),
            response: severity(direction == Direction::Response),
            witnesses: vec![witness],
            open: None,
        };
        self.finding(&edit, direction, decision)
    }

    fn fingerprint(&self, edit: &Edit) -> String {
        let text = |value: &Option<Value>| value.as_ref().map_or_else(String::new, Value::to_string);
        let at = |side: &Side, location: &Option<String>| {
            location.as_deref().map_or_else(String::new, |location| {
                let (file, pointer) = side.place(location);
                // The folder is that of this run, and rows of tables may move.
                let name = file.rsplit('/').next().unwrap_or(&file).to_owned();
                let rows = edit.told.is_some();
                if rows { name } else { format!("{name}#{pointer}") }
            })
        };
        let parts = [
            edit.rule.id.clone(),
            edit.name.clone(),
            text(&edit.before),
            text(&edit.after),
            at(self.old, &edit.old),
            at(self.new, &edit.new),
        ];
        fingerprint(&parts.each_ref().map(String::as_str))
    }
}

/// Equal for equal parts, in every run.
pub(super) fn fingerprint(parts: &[&str]) -> String {
    let hash = Sha256::digest(parts.join("\n").as_bytes());
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// A pointer with `*` for items, and the property that was edited.
fn at(way: &str, edit: &Edit) -> String {
    let mut at = way.replace("/0/", "/*/").replace("/further_1", "/*");
    if at.ends_with("/0") {
        at.truncate(at.len() - 2);
        at.push_str("/*");
    }
    let is_property =
        edit.rule.covers.iter().any(|edit| edit.starts_with("properties:") || edit.starts_with("required:"));
    if is_property {
        let name = edit
            .before
            .as_ref()
            .and_then(Value::as_str)
            .filter(|_| edit.rule.id == "P10" || edit.rule.id == "P23");
        at.push('/');
        at.push_str(&contracts::pointer::escape(name.unwrap_or(&edit.name)));
    }
    at
}

fn place(side: &Side, location: &str) -> Place {
    let (file, pointer) = side.place(location);
    let text = side.files.values().find(|known| known.path == file).map_or("", |file| file.text.as_str());
    Place { line: line_of(text, &pointer), file, pointer }
}

fn sentence(edit: &Edit) -> String {
    let shown = |value: &Option<Value>| match value {
        None => "nothing".to_owned(),
        Some(Value::String(text)) => shorten(text),
        Some(value) => shorten(&value.to_string()),
    };
    let text = edit.rule.what.replace("{name}", &edit.name);
    text.replace("{before}", &shown(&edit.before)).replace("{after}", &shown(&edit.after))
}

fn who(rule: &Rule, request: Option<Severity>, response: Option<Severity>) -> Vec<String> {
    let hurts = |severity: Option<Severity>| severity.is_some_and(|severity| severity > Severity::Info);
    let mut who: Vec<String> = Vec::new();
    let senders = rule.who.request.iter().filter(|_| hurts(request));
    let readers = rule.who.response.iter().filter(|_| hurts(response));
    for party in senders.chain(readers) {
        if !who.contains(party) {
            who.push(party.clone());
        }
    }
    who
}

impl Layer {
    /// Its name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wire => "wire",
            Self::Meaning => "meaning",
            Self::Source => "source",
            Self::Note => "note",
        }
    }
}
