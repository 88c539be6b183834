//! The decision on one edit: which version refuses a document that the other takes.

use serde_json::{Map, Value};
use std::cell::RefCell;

use super::{Judge, Reach, Refusal, doubt::Doubt, fill::Filler, fill::pointer, pool, proof, random};
use crate::contract::{Direction, last_name};
use crate::diff::{
    rule::{Effect, Severity},
    view::View,
    walk::{Edit, Hint, Node, Step},
};

/// A document that one version takes and the other refuses.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    /// The document.
    pub document: Value,
    /// The message that it is.
    pub message: String,
    /// Whether the old version is the one that takes it.
    pub old_takes: bool,
    /// Why the other refuses it.
    pub refusal: String,
    /// Who says the same of both versions, by execution: the validators `jsonschema` and `boon`, the `readings`, C# classes
    /// (`System.Text.Json`).
    pub confirmed_by: Vec<&'static str>,
}

/// What was decided.
pub(in crate::diff) struct Decision {
    pub(in crate::diff) request: Severity,
    pub(in crate::diff) response: Severity,
    pub(in crate::diff) witnesses: Vec<Witness>,
    /// Why it stays open.
    pub(in crate::diff) open: Option<String>,
}

/// Documents that are embedded in a message, and messages that are tried.
const TRIED_MAX: usize = 8;
const MESSAGES_MAX: usize = 6;

/// The rule of a changed C# name, which validation does not see.
const CSHARP_NAME: &str = "N01";

/// The model of System.Text.Json, as `confirmed_by` names it.
const SYSTEM_TEXT_JSON: &str = "System.Text.Json";

/// Random documents of a schema whose edit no rule can tell.
const RANDOM: u64 = 300;

/// Decides the edits of a comparison.
pub(in crate::diff) struct Decider<'j, 's> {
    old: Filler<'j, 's>,
    new: Filler<'j, 's>,
    nodes: &'j [Node],
    reach: &'j Reach,
    refuses_unknown: bool,
}

/// One search: who takes, who refuses.
struct Search<'d, 'j, 's> {
    takes: &'d Filler<'j, 's>,
    refuses: &'d Filler<'j, 's>,
    direction: Direction,
    /// Why a document was no witness although the first validator says that it is one.
    doubt: RefCell<Option<Doubt>>,
}

impl<'j, 's> Decider<'j, 's> {
    pub(in crate::diff) fn new(
        old: &'j Judge<'s>,
        new: &'j Judge<'s>,
        nodes: &'j [Node],
        reach: &'j Reach,
        refuses_unknown: bool,
    ) -> Self {
        Self { old: Filler::new(old, true), new: Filler::new(new, false), nodes, reach, refuses_unknown }
    }

    /// Decides an edit for the directions of the messages that reach it.
    pub(in crate::diff) fn decide(&self, edit: &Edit, direction: Direction) -> Decision {
        let mut decision =
            Decision { request: Severity::Info, response: Severity::Info, witnesses: Vec::new(), open: None };
        if direction.has_requests() {
            decision.request = self.settle(edit, Direction::Request, &mut decision);
        }
        if direction.has_responses() {
            decision.response = self.settle(edit, Direction::Response, &mut decision);
        }
        decision
    }

    fn settle(&self, edit: &Edit, direction: Direction, decision: &mut Decision) -> Severity {
        let severity = edit.rule.severity(direction, self.refuses_unknown);
        let effect = edit.rule.effect;
        if edit.harmless == Some(direction) {
            return Severity::Info;
        }
        if edit.rule.id == CSHARP_NAME {
            decision.witnesses.extend(self.unbound(edit, direction));
        }
        if effect == Effect::None || (severity != Severity::Breaking && effect != Effect::Unknown) {
            return severity;
        }
        let search = self.search(direction);
        if let Some(witness) = search.run(edit, self.nodes, self.reach) {
            decision.witnesses.push(witness);
            return Severity::Breaking;
        }
        if let Some(doubt) = search.doubt.take() {
            decision.open = Some(doubt.to_string());
            return Severity::Undecided;
        }
        if severity != Severity::Breaking {
            return severity;
        }
        if self.is_proved(edit, direction) {
            return Severity::Info;
        }
        decision.open = Some(format!(
            "no document was found that the {} version takes and the {} refuses",
            if direction == Direction::Request { "old" } else { "new" },
            if direction == Direction::Request { "new" } else { "old" },
        ));
        Severity::Undecided
    }

    /// A document whose member a C# class of the one version binds, and that of the other drops.
    fn unbound(&self, edit: &Edit, direction: Direction) -> Option<Witness> {
        let Search { takes, refuses, .. } = self.search(direction);
        let written = if takes.is_old { &edit.before } else { &edit.after };
        let name = written.as_ref().and_then(Value::as_str)?;
        let path = format!("$.{name}");
        edit.nodes.iter().find_map(|node| {
            let (from, to) = places(&self.nodes[*node], takes.is_old);
            let place = takes.view(from).properties.get(&*edit.name)?.clone();
            let document = Value::from(Map::from_iter([(name.to_owned(), takes.least(&place)?)]));
            let bound = takes.judge.binds(from, &document, "default")?.ok()?;
            let dropped = refuses.judge.binds(to, &document, "default")?.ok()?;
            (!bound.contains(&path) && dropped.contains(&path)).then(|| Witness {
                document,
                message: format!("definition {}", last_name(from)),
                old_takes: takes.is_old,
                refusal: format!("/{name}: a C# class with the other name drops it"),
                confirmed_by: vec![SYSTEM_TEXT_JSON],
            })
        })
    }

    /// Whether every value that the one version takes is taken by the other.
    fn is_proved(&self, edit: &Edit, direction: Direction) -> bool {
        let (takes, refuses) = match direction {
            Direction::Response => (&self.new, &self.old),
            _ => (&self.old, &self.new),
        };
        edit.nodes.iter().all(|node| {
            let (from, to) = places(&self.nodes[*node], takes.is_old);
            proof::is_within(takes, from, refuses, to)
        })
    }

    fn search(&self, direction: Direction) -> Search<'_, 'j, 's> {
        let (takes, refuses) = match direction {
            Direction::Response => (&self.new, &self.old),
            _ => (&self.old, &self.new),
        };
        Search { takes, refuses, direction, doubt: RefCell::default() }
    }

    /// Random documents of a message that the two sides judge differently, where no edit stands on the way.
    pub(in crate::diff) fn unexplained(
        &self,
        message: usize,
        is_explained: &dyn Fn(&str) -> bool,
    ) -> Option<(Direction, Witness)> {
        let told = &self.reach.messages[message];
        let node = &self.nodes[told.node];
        for (takes, refuses, direction) in
            [(&self.old, &self.new, Direction::Request), (&self.new, &self.old, Direction::Response)]
        {
            let wanted = match direction {
                Direction::Request => told.direction.has_requests(),
                _ => told.direction.has_responses(),
            };
            if !wanted {
                continue;
            }
            let (from, to) = places(node, takes.is_old);
            for seed in 0..24 {
                let document = random::value(takes, from, &mut random::Random::new(seed), 0);
                if takes.judge.takes(from, &document) != Some(true)
                    || refuses.judge.takes(to, &document) != Some(false)
                    || !matches!(takes.judge.second_takes(from, &document), Ok(true))
                    || !matches!(refuses.judge.second_takes(to, &document), Ok(false))
                {
                    continue;
                }
                let refusals = refuses.judge.refusals(to, &document);
                if let Some(refusal) = refusals.iter().find(|refusal| !is_explained(&refusal.at)) {
                    let witness = Witness {
                        message: told.label.clone(),
                        old_takes: takes.is_old,
                        refusal: format!("{}: {}", refusal.at, refusal.text),
                        confirmed_by: vec!["jsonschema", "boon"],
                        document,
                    };
                    return Some((direction, witness));
                }
            }
        }
        None
    }
}

/// Whether a refusal is for what was edited.
fn is_of(edit: &Edit, refusal: &Refusal) -> bool {
    let keyword = refusal.keyword.as_str();
    if edit.rejects.is_empty() {
        return true;
    }
    // Of several members that lack or are unknown, it must be this one.
    let names_it = edit.hints.iter().any(|hint| match hint {
        Hint::With(name) | Hint::Without(name) => {
            refusal.text.contains(&format!("\"{name}\"")) || refusal.text.contains(&format!("'{name}'"))
        }
        Hint::Value(_) => true,
    });
    let is_of_names = matches!(keyword, "required" | "additionalProperties" | "unevaluatedProperties");
    edit.rejects.contains(&keyword) && (names_it || edit.hints.is_empty() || !is_of_names)
}

fn places(node: &Node, old_takes: bool) -> (&str, &str) {
    if old_takes { (&node.old, &node.new) } else { (&node.new, &node.old) }
}

impl<'s> Search<'_, '_, 's> {
    fn run(&self, edit: &Edit, nodes: &[Node], reach: &Reach) -> Option<Witness> {
        for node in &edit.nodes {
            let (from, to) = places(&nodes[*node], self.takes.is_old);
            let found = self.differing(edit, from, to);
            for value in found.iter().take(TRIED_MAX) {
                let fits = reach.of(*node).filter(|message| {
                    let direction = reach.messages[*message].direction;
                    direction == self.direction || direction == Direction::Both
                });
                for message in fits.take(MESSAGES_MAX) {
                    let way = reach.way(message, *node, nodes);
                    let start = &nodes[reach.messages[message].node];
                    let Some((document, refusal)) = self.whole(edit, start, nodes, &way, value) else {
                        continue;
                    };
                    match self.confirm(start, &document) {
                        Err(doubt) => *self.doubt.borrow_mut() = Some(doubt),
                        Ok(confirmed_by) => {
                            let message = reach.messages[message].label.clone();
                            let old_takes = self.takes.is_old;
                            return Some(Witness { document, message, old_takes, refusal, confirmed_by });
                        }
                    }
                }
            }
        }
        None
    }

    /// Who else says of both versions what the first validator says. A judge that cannot say is not counted; one that says
    /// something else makes the document no witness.
    fn confirm(&self, start: &Node, document: &Value) -> Result<Vec<&'static str>, Doubt> {
        let (from, to) = places(start, self.takes.is_old);
        let (takes, refuses) = (self.takes.judge, self.refuses.judge);
        let shown = || crate::display::shorten(&document.to_string());
        let second = (takes.second_takes(from, document)?, refuses.second_takes(to, document)?);
        if second != (true, false) {
            return Err(Doubt::Validators { document: shown() });
        }
        let mut confirmed = vec!["jsonschema", "boon"];
        let readings =
            (takes.reads(from, document, self.direction), refuses.reads(to, document, self.direction));
        match readings {
            (Some(true), Some(false)) => confirmed.push("readings"),
            (Some(false), Some(_)) => {
                return Err(Doubt::ReadingRefuses { document: shown() });
            }
            (Some(true), Some(true)) => {
                return Err(Doubt::ReadingTakes { document: shown() });
            }
            _ => {}
        }
        // Classes know types, and no limits: where both bind the document, they say nothing of it.
        let bound = (takes.binds(from, document, "snake_lower"), refuses.binds(to, document, "snake_lower"));
        if let (Some(Ok(_)), Some(Err(_))) = bound {
            confirmed.push(SYSTEM_TEXT_JSON);
        }
        Ok(confirmed)
    }

    /// Values that the one schema takes and the other refuses for the keyword of the edit.
    fn differing(&self, edit: &Edit, from: &str, to: &str) -> Vec<Value> {
        let mut values = self.hinted(edit, from, to);
        let (own, other) = (self.takes.view(from), self.refuses.view(to));
        values.extend(pool::about(self.takes, &own, &other, &own));
        // Values of the other side show what this side no longer takes.
        values.extend(pool::about(self.refuses, &own, &other, &other));
        if edit.rule.effect == Effect::Unknown {
            for seed in 0..RANDOM {
                values.push(random::value(self.takes, from, &mut random::Random::new(seed), 0));
            }
        }
        values.retain(|value| {
            self.takes.judge.takes(from, value) == Some(true)
                && self.refuses.judge.takes(to, value) == Some(false)
        });
        values.retain(|value| {
            let mut refusals = self.refuses.judge.refusals(to, value).into_iter();
            refusals.any(|refusal| is_of(edit, &refusal))
        });
        // The shortest shows it best.
        values.sort_by_cached_key(|value| value.to_string().len());
        values.dedup();
        values
    }

    fn hinted(&self, edit: &Edit, from: &str, to: &str) -> Vec<Value> {
        let own = self.takes.view(from);
        let other = self.refuses.view(to);
        let base = match self.takes.least(from) {
            Some(Value::Object(base)) => base,
            _ => Map::new(),
        };
        let place = |view: &View<'s>, name: &str| view.properties.get(name).cloned();
        let values = edit.hints.iter().filter_map(|hint| match hint {
            Hint::Value(value) => Some(value.clone()),
            Hint::With(name) => {
                let value = place(&own, name)
                    .and_then(|place| self.takes.least(&place))
                    .or_else(|| place(&other, name).and_then(|place| self.refuses.least(&place)));
                let mut object = base.clone();
                object.insert(name.clone(), value?);
                Some(object.into())
            }
            Hint::Without(name) => {
                let mut object = base.clone();
                object.shift_remove(name);
                Some(object.into())
            }
        });
        values.collect()
    }

    /// The whole message with a value at its place, and why it is refused.
    fn whole(
        &self,
        edit: &Edit,
        start: &Node,
        nodes: &[Node],
        way: &[(Step, usize)],
        value: &Value,
    ) -> Option<(Value, String)> {
        let (from, to) = places(start, self.takes.is_old);
        let document = self.takes.embed(nodes, from, way, value)?;
        if self.takes.judge.takes(from, &document) != Some(true)
            || self.refuses.judge.takes(to, &document) != Some(false)
        {
            return None;
        }
        let at = pointer(way, self.takes.is_old);
        // A union tells of its branches as a whole.
        let in_union = way.iter().any(|(step, _)| *step == Step::Branch);
        let refusals = self.refuses.judge.refusals(to, &document);
        let refusal = refusals.into_iter().find(|refusal| {
            let here = refusal.at == at && is_of(edit, refusal);
            here || ((in_union || edit.rejects.is_empty())
                && (at.starts_with(&refusal.at) || refusal.at.starts_with(&at)))
        })?;
        let place = if refusal.at.is_empty() { String::new() } else { format!("{}: ", refusal.at) };
        Some((document, format!("{place}{}", refusal.text)))
    }
}
