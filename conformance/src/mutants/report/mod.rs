//! The report of a hunt: rows that each form prints, and the verdict on the suite.

pub mod human;
pub mod json;
pub mod junit;

use super::{
    expected::Expected,
    hunt::{Fate, Hunt, Hunted},
};
use crate::verdict::Verdict;

/// A mutant, its fate, and the reason why the suite need not kill it.
#[derive(Clone, Debug)]
pub struct Row<'h> {
    /// The mutant and its fate.
    pub hunted: &'h Hunted,
    /// The reason in `data/expected_mutants.json` why the suite need not kill it.
    pub expected: Option<String>,
}

impl Row<'_> {
    /// The check that killed a mutant that was expected to survive: its reason is no longer true.
    #[must_use]
    pub fn overdue(&self) -> Option<&str> {
        match &self.hunted.fate {
            Fate::Killed(id) if self.expected.is_some() => Some(id),
            _ => None,
        }
    }
}

/// What is said of a mutant that is overdue, before and after the check.
const OVERDUE: &str = "it is expected to survive, and is killed by";
const TAKE_IT_OUT: &str = "take it out of conformance/data/expected_mutants.json";

/// How many mutants fared how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// All of them.
    pub mutants: usize,
    /// A check failed that names the member.
    pub killed: usize,
    /// Others failed only.
    pub noticed: usize,
    /// None failed.
    pub survived: usize,
    /// The edit changed nothing.
    pub unmade: usize,
    /// Noticed or survived, with a reason.
    pub expected: usize,
    /// Killed, with a reason why it need not be.
    pub overdue: usize,
    /// Members that no scenario ever saw.
    pub unseen: usize,
}

/// The rows, in the order of the hunt.
#[must_use]
pub fn rows(hunt: &Hunt) -> Vec<Row<'_>> {
    let expected = Expected::read();
    let reason = |hunted: &Hunted| expected.reason(&hunted.name).map(str::to_owned);
    hunt.hunted.iter().map(|hunted| Row { hunted, expected: reason(hunted) }).collect()
}

/// The numbers of some rows.
#[must_use]
pub fn counts(hunt: &Hunt, rows: &[Row<'_>]) -> Counts {
    let mut counts = Counts { mutants: rows.len(), unseen: hunt.unseen.len(), ..Counts::default() };
    for row in rows {
        let count = match (&row.hunted.fate, row.expected.is_some()) {
            (Fate::Killed(_), false) => &mut counts.killed,
            (Fate::Killed(_), true) => &mut counts.overdue,
            (Fate::Noticed(_) | Fate::Survived, true) => &mut counts.expected,
            (Fate::Noticed(_), false) => &mut counts.noticed,
            (Fate::Survived, false) => &mut counts.survived,
            (Fate::Unmade, _) => &mut counts.unmade,
        };
        *count += 1;
    }
    counts
}

/// The verdict on the suite: it is broken if a mutant survives, or if its finding does not say what is wrong, unless that is
/// expected, and if one that is expected to survive is killed.
#[must_use]
pub fn verdict(hunt: &Hunt) -> Verdict {
    let counts = counts(hunt, &rows(hunt));
    match counts {
        Counts { mutants: 0, .. } => Verdict::CouldNotRun,
        Counts { noticed: 0, survived: 0, overdue: 0, unseen: 0, .. } => Verdict::Ok,
        _ => Verdict::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::{counts, human, json, junit, rows, verdict};
    use crate::{
        mutants::{
            Edit,
            expected::Expected,
            hunt::{Fate, Hunt, Hunted},
        },
        verdict::Verdict,
    };

    fn written(write: fn(&Hunt, &mut dyn std::io::Write) -> std::io::Result<()>, hunt: &Hunt) -> String {
        let mut out = Vec::new();
        write(hunt, &mut out).expect("memory has room");
        String::from_utf8(out).expect("a report is text")
    }

    /// A reason that is no longer true would excuse the next survivor.
    #[test]
    fn an_expected_survivor_that_is_killed_is_told() {
        let expected = Expected::read();
        let name = expected.names().next().expect("some are expected");
        let of = |fate: Fate| Hunt {
            unseen: Vec::new(),
            hunted: vec![Hunted {
                name: name.to_owned(),
                edit: Edit::Next,
                site: "a/member".to_owned(),
                fate,
                scenarios: 1,
            }],
        };
        for fate in [Fate::Survived, Fate::Noticed("a.check".to_owned()), Fate::Unmade] {
            assert_eq!(verdict(&of(fate.clone())), Verdict::Ok, "{fate:?}");
        }
        let killed = of(Fate::Killed("a.check".to_owned()));
        assert_eq!(verdict(&killed), Verdict::Broken);
        let counts = counts(&killed, &rows(&killed));
        assert_eq!((counts.overdue, counts.killed, counts.expected), (1, 0, 0));
        let told = "it is expected to survive, and is killed by a.check: take it out of";
        let human = written(human::write, &killed);
        assert!(
            human.contains(&format!("overdue   {name}: {told}")) && human.contains("1 overdue"),
            "{human}"
        );
        let junit = written(junit::write, &killed);
        assert!(junit.contains("<failure") && junit.contains(told), "{junit}");
        assert_eq!(json::document(&killed)["counts"]["overdue"], 1);
    }
}
