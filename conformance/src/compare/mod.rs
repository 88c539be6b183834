//! Reports of several targets, compared: each check whose verdict differs, what only some of them ran, and members of replies
//! whose presence or type differs.
//!
//! A check that one target skipped, or that its run left out, differs for the reason that its report gives. Members differ for
//! the reasons of `data/expected_differences.json`. Whatever else differs is a fault of one of the targets or of the suite.

pub mod human;
pub mod json;
mod members;
pub mod read;
pub mod reasons;

use std::collections::{BTreeMap, BTreeSet};

use self::{read::Side, reasons::Reasons};
use crate::verdict::Verdict;

/// A target of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The stem of its report's file.
    pub name: String,
    /// `worker` or `gateway`.
    pub kind: String,
    /// Its own file.
    pub file: String,
    /// Number of its checks.
    pub checks: usize,
}

/// A verdict on a check, or a member of a reply, that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What each target said, in their order; `None` of a check that it did not run, or of a reply that it did not give.
    pub said: Vec<Option<String>>,
    /// Why it differs; none of what must not.
    pub reason: Option<String>,
}

/// A comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The targets, in the order of the command line.
    pub targets: Vec<Target>,
    /// Number of checks with one verdict in all targets.
    pub agree: usize,
    /// Checks with several, by their ids.
    pub checks: BTreeMap<String, Difference>,
    /// Number of kinds of replies that two or more targets gave.
    pub replies: usize,
    /// Members that differ.
    pub members: BTreeMap<Place, MemberDifference>,
}

/// A member of the replies to a command with one outcome, or of the events of a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The action, or `event.` and the name of an event.
    pub command: String,
    /// `ok`, or the code of the failure.
    pub outcome: String,
    /// The pointer; items of lists share one, `/data/images/*`.
    pub pointer: String,
    /// The kinds of its values for each target; empty where it is absent.
    pub kinds: Vec<Option<BTreeSet<String>>>,
}

/// What is known of a member that differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberDifference {
    /// The scenarios in which it differs so.
    pub scenarios: BTreeSet<String>,
    /// Why; none of what must not.
    pub reason: Option<String>,
}

impl Comparison {
    /// Number of differences without a reason.
    #[must_use]
    pub fn unexplained(&self) -> usize {
        let checks = self.checks.values().filter(|difference| difference.reason.is_none()).count();
        checks + self.members.values().filter(|difference| difference.reason.is_none()).count()
    }

    /// Ok, broken if something differs for no reason, could not run if the targets have no check in common.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let in_common = self.agree > 0 || self.checks.values().any(|check| !check.said.contains(&None));
        match self.unexplained() {
            _ if !in_common => Verdict::CouldNotRun,
            0 => Verdict::Ok,
            _ => Verdict::Broken,
        }
    }

    /// The verdict as a sentence for people.
    #[must_use]
    pub fn sentence(&self) -> &'static str {
        match self.verdict() {
            Verdict::Ok => "the targets agree",
            Verdict::Broken | Verdict::Undecided => "the targets differ",
            Verdict::CouldNotRun => "they have no check in common",
        }
    }
}

/// Compares reports.
///
/// # Errors
/// [`reasons::Unused`] if a reason given by the caller explains nothing.
pub fn compare(sides: &[Side], reasons: &Reasons) -> Result<Comparison, reasons::Unused> {
    let ids: BTreeSet<&String> = sides.iter().flat_map(|side| side.checks.keys()).collect();
    let mut compared = Comparison { targets: sides.iter().map(target).collect(), ..Comparison::default() };
    for id in ids {
        match difference(id, sides) {
            None => compared.agree += 1,
            Some(difference) => {
                compared.checks.insert(id.clone(), difference);
            }
        }
    }
    members::compare(sides, &mut compared);
    reasons.explain(&mut compared)?;
    Ok(compared)
}

fn target(side: &Side) -> Target {
    let Side { name, kind, file, .. } = side;
    Target { name: name.clone(), kind: kind.clone(), file: file.clone(), checks: side.checks.len() }
}

/// How the verdicts on a check differ; `None` if they do not.
fn difference(id: &str, sides: &[Side]) -> Option<Difference> {
    let found: Vec<Option<&read::Check>> = sides.iter().map(|side| side.checks.get(id)).collect();
    let outcomes: BTreeSet<Option<&str>> =
        found.iter().map(|check| check.map(|check| check.outcome.as_str())).collect();
    if outcomes.len() == 1 {
        return None;
    }
    let said = found.iter().map(|check| check.map(read::Check::said)).collect();
    // All targets that ran the check and did not skip it must have one verdict.
    let decided: BTreeSet<&str> =
        outcomes.iter().flatten().copied().filter(|one| *one != "skipped").collect();
    let reasons: Vec<Option<String>> =
        sides.iter().zip(&found).filter_map(|(side, check)| missing(id, side, *check)).collect();
    let is_explained = decided.len() < 2 && reasons.iter().all(Option::is_some);
    let mut reasons: Vec<String> = reasons.into_iter().flatten().collect();
    reasons.dedup();
    Some(Difference { said, reason: is_explained.then(|| reasons.join("; ")) })
}

/// Why a target decided nothing, with its name: `None` if it did, `Some(None)` if it gives no reason.
#[expect(clippy::option_option, reason = "whether there is a question, and whether it has an answer")]
fn missing(id: &str, side: &Side, check: Option<&read::Check>) -> Option<Option<String>> {
    let why = match check {
        Some(check) if check.outcome != "skipped" => return None,
        Some(check) => check.why.clone(),
        None => side.left_out(id).map(str::to_owned),
    };
    Some(why.map(|why| format!("{}: {why}", side.name)))
}

#[cfg(test)]
mod tests;
