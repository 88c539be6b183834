//! `conformance diff`: what a change of a contract breaks, for whom, and a document that shows it.
//!
//! [`Side::read`] loads a file, a folder or a git revision. [`compare`] walks both sides from every message down, names each
//! edit by a rule (`data/diff_rules.json`), and decides it by execution: a breaking edit that validation can show has a
//! [`Witness`] that one version takes and the other refuses, else it is undecided. Tables (actions, codes, limits, rules over
//! several fields) are compared by their rows.

mod finding;
mod judge;
mod lifecycle;
mod moved;
mod pattern;
mod renamed;
pub mod report;
pub mod rule;
mod shape;
mod tables;
pub mod usage;
mod value;
mod view;
pub mod waiver;
mod walk;

pub use crate::contract::{Direction, Kind, LoadError, RevisionError, Side};
pub use finding::{Finding, Place};
pub use judge::Witness;
pub use rule::Severity;

use std::{
    cell::LazyCell,
    collections::{BTreeSet, HashMap},
};

use crate::{contract, verdict::Verdict};
use judge::{Decider, Judge, Message, Reach};
use rule::Layer;
use tables::Tables;
use waiver::{Fault, Waiver};
use walk::{Edit, Walk};

/// Which findings count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// Which documents are valid.
    Wire,
    /// And what they mean: defaults, units, codes, routes, times.
    #[default]
    #[value(name = "wire+meaning")]
    Meaning,
    /// And names in generated code, and wording.
    Source,
    /// All of it; dangerous is breaking.
    Strict,
}

impl Profile {
    fn counts(self, layer: Layer) -> bool {
        match self {
            Self::Wire => layer == Layer::Wire,
            Self::Meaning => layer <= Layer::Meaning,
            Self::Source | Self::Strict => true,
        }
    }

    /// Its name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wire => "wire",
            Self::Meaning => "wire+meaning",
            Self::Source => "source",
            Self::Strict => "strict",
        }
    }
}

/// What readers of the old version do with a member that they do not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Readers {
    /// They drop it, as System.Text.Json does: a new member of a reply is dangerous.
    Drop,
    /// They refuse the document: a new member of a reply is breaking.
    Refuse,
}

/// The choices of a comparison.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Which findings count.
    pub profile: Profile,
    /// What readers do; by default as the kind of the document says.
    pub readers: Option<Readers>,
    /// Waivers, and the day on which they are judged (`2026-11-30`).
    pub waivers: Vec<Waiver>,
    /// Today, as `2026-11-30`.
    pub today: String,
    /// What clients were seen to send.
    pub usage: Option<usage::Usage>,
}

/// The outcome of a comparison.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Name of the old side.
    pub old: String,
    /// Name of the new side.
    pub new: String,
    /// The profile.
    pub profile: Profile,
    /// The worst first.
    pub findings: Vec<Finding>,
    /// Waivers that do not hold.
    pub waiver_faults: Vec<Fault>,
    /// Messages that both sides have.
    pub messages: usize,
    /// Pairs of schemas that were compared.
    pub schemas: usize,
    /// What lies beside the schemas and was not read: folders below, YAML.
    pub left_out: Vec<String>,
    /// Whether usage was given.
    pub has_usage: bool,
}

impl Comparison {
    /// Findings of a severity that no waiver covers.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.severity == severity && finding.waived.is_none())
            .count()
    }

    /// 0 compatible, 10 breaking (or a waiver that does not hold), 20 undecided, 30 nothing was compared.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.count(Severity::Breaking) > 0 || !self.waiver_faults.is_empty() {
            Verdict::Broken
        } else if self.count(Severity::Undecided) > 0 {
            Verdict::Undecided
        } else if self.messages == 0 && self.findings.is_empty() {
            Verdict::CouldNotRun
        } else {
            Verdict::Ok
        }
    }

    /// The verdict, for people.
    #[must_use]
    pub fn sentence(&self) -> &'static str {
        match self.verdict() {
            Verdict::Ok => "compatible",
            Verdict::Broken if self.count(Severity::Breaking) == 0 => "a waiver does not hold",
            Verdict::Broken => "it breaks somebody",
            Verdict::Undecided => "it could not be decided",
            Verdict::CouldNotRun => "the two have no message in common: nothing was compared",
        }
    }
}

/// Compares two sides.
///
/// # Errors
/// [`LoadError`] if they are of two kinds, or a validator cannot be made of one.
pub fn compare(old: &Side, new: &Side, settings: &Settings) -> Result<Comparison, LoadError> {
    compare_all(old, &[], new, settings)
}

/// Compares the new version with the last one, and with older ones that are still supported.
///
/// # Errors
/// As [`compare`].
pub fn compare_all(
    old: &Side,
    supported: &[Side],
    new: &Side,
    settings: &Settings,
) -> Result<Comparison, LoadError> {
    let mut compared = compare_two(old, new, settings)?;
    for older in supported {
        lifecycle::add_older(&mut compared, compare_two(older, new, settings)?);
    }
    if let Some(usage) = &settings.usage {
        let actions = old.roots.iter().filter_map(|root| root.action.clone()).collect();
        compared.findings.iter_mut().for_each(|finding| usage.tell(finding, &actions));
    }
    compared.waiver_faults = waiver::apply(&mut compared.findings, &settings.waivers, &settings.today);
    compared.findings.sort_by(|one, other| {
        other.severity.cmp(&one.severity).then_with(|| one.order().cmp(&other.order()))
    });
    Ok(compared)
}

fn compare_two(old: &Side, new: &Side, settings: &Settings) -> Result<Comparison, LoadError> {
    contract::check_kinds(old, new)?;
    let refuses_unknown = match settings.readers {
        Some(readers) => readers == Readers::Refuse,
        // Our contract says that readers drop unknown members (`unknown_member`); of other documents nothing is known.
        None => old.kind != Kind::Contract,
    };
    let mut walk = Walk::new(old, new, &settings.today);
    let mut messages = messages(old, new, &mut walk);
    unreached(old, new, &mut walk, &mut messages);
    let mut edits = std::mem::take(&mut walk.edits);
    edits.extend(Tables::compare(old, new));
    let edits = moved::join(&mut walk, unique(edits));
    let reach = Reach::new(messages, &walk.nodes);
    let edits = renamed::follow(&walk.nodes, &reach, edits);
    let judges = (Judge::new(old)?, Judge::new(new)?);
    let decider = Decider::new(&judges.0, &judges.1, &walk.nodes, &reach, refuses_unknown);
    let scope = finding::Scope {
        old,
        new,
        reach: &reach,
        nodes: &walk.nodes,
        profile: settings.profile,
        has_usage: settings.usage.is_some(),
    };
    let mut findings: Vec<Finding> = edits
        .iter()
        .filter(|edit| settings.profile.counts(edit.rule.layer))
        .filter_map(|edit| {
            let direction = scope.direction(edit)?;
            Some(scope.finding(edit, direction, decider.decide(edit, direction)))
        })
        .collect();
    findings.extend(unexplained(&scope, &decider, &mut walk.old_shapes, &mut walk.new_shapes, &edits));
    if settings.profile.counts(Layer::Meaning)
        && let Some(kept) = lifecycle::kept_version(&scope, &findings)
    {
        findings.push(scope.finding(&kept, Direction::Both, decider.decide(&kept, Direction::Both)));
    }
    Ok(Comparison {
        old: old.name.clone(),
        new: new.name.clone(),
        profile: settings.profile,
        findings,
        waiver_faults: Vec::new(),
        messages: reach.messages.len(),
        schemas: walk.nodes.len(),
        left_out: old.left_out.iter().chain(&new.left_out).cloned().collect(),
        has_usage: settings.usage.is_some(),
    })
}

/// Walks every message that both sides have.
fn messages(old: &Side, new: &Side, walk: &mut Walk<'_>) -> Vec<Message> {
    let mut messages = Vec::new();
    let has_several = old.has_several() || new.has_several();
    let others: HashMap<String, &contract::Root> =
        new.roots.iter().map(|root| (root.name(has_several), root)).collect();
    for root in &old.roots {
        let label = root.name(has_several);
        let Some(other) = others.get(&label) else { continue };
        let node = walk.pair(&root.location, &other.location);
        messages.push(Message { label, action: root.action.clone(), direction: root.direction, node });
    }
    messages
}

/// Walks definitions of a contract that no message refers to: somebody may read them.
fn unreached(old: &Side, new: &Side, walk: &mut Walk<'_>, messages: &mut Vec<Message>) {
    if old.kind != Kind::Contract {
        return;
    }
    let reached: BTreeSet<String> = walk.nodes.iter().map(|node| node.old.clone()).collect();
    for location in contract::definitions(old).into_iter().filter(|location| !reached.contains(location)) {
        if new.at(&location).is_some() {
            let node = walk.pair(&location, &location);
            let label = format!("definition {}", contract::last_name(&location));
            messages.push(Message { label, action: None, direction: Direction::Both, node });
        }
    }
}

/// One edit of one place, whatever number of ways lead to it.
fn unique(edits: Vec<Edit>) -> Vec<Edit> {
    let mut kept: Vec<Edit> = Vec::new();
    let mut known: HashMap<(String, String, Option<String>, Option<String>), usize> = HashMap::new();
    for edit in edits {
        let key = (
            edit.rule.id.clone(),
            edit.name.clone(),
            edit.key.clone().or(edit.old.clone()),
            edit.key.clone().or(edit.new.clone()),
        );
        match known.get(&key) {
            Some(at) if edit.told.is_none() => kept[*at].nodes.extend(edit.nodes),
            _ => {
                known.insert(key, kept.len());
                kept.push(edit);
            }
        }
    }
    kept
}

/// Differences that random documents show and no rule names: they must not pass.
fn unexplained(
    scope: &finding::Scope<'_>,
    decider: &Decider<'_, '_>,
    old_shapes: &mut shape::Shapes<'_>,
    new_shapes: &mut shape::Shapes<'_>,
    edits: &[Edit],
) -> Vec<Finding> {
    let mut found = Vec::new();
    for index in 0..scope.reach.messages.len() {
        let node = &scope.nodes[scope.reach.messages[index].node];
        if old_shapes.of(&node.old) == new_shapes.of(&node.new) {
            continue;
        }
        // Most messages have no such document: then nothing is looked up.
        let explained = LazyCell::new(|| explained(scope, edits, index));
        let is_explained = |at: &str| explained.iter().any(|edit| judge::on_one_way(edit, at));
        if let Some((direction, witness)) = decider.unexplained(index, &is_explained) {
            found.push(scope.unexplained(index, direction, witness));
        }
    }
    found
}

/// The places in a message that edits speak of.
fn explained(scope: &finding::Scope<'_>, edits: &[Edit], message: usize) -> BTreeSet<String> {
    edits
        .iter()
        // Values of a table are told of by its rows.
        .filter(|edit| edit.rule.layer == Layer::Wire || edit.rule.id == "C05")
        .flat_map(|edit| edit.nodes.iter())
        .filter(|node| scope.reach.is_reached(message, **node))
        .flat_map(|node| scope.reach.ways(message, *node, scope.nodes).0)
        .map(|way| judge::pointer(&way, true))
        .collect()
}
