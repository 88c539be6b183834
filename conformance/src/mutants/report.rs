//! The report of a hunt, for people.

use std::io;

use super::{
    expected::Expected,
    hunt::{Fate, Hunt, Hunted},
};
use crate::verdict::Verdict;

/// Writes what survived, what was noticed without its name, which members are never seen, and the numbers.
///
/// # Errors
/// The error of the writer.
pub fn write(hunt: &Hunt, out: &mut dyn io::Write) -> io::Result<()> {
    let expected = Expected::read();
    let (mut killed, mut noticed, mut survived, mut unmade, mut excused) = (0, 0, 0, 0, 0);
    for hunted in &hunt.hunted {
        match &hunted.fate {
            Fate::Noticed(_) | Fate::Survived if expected.reason(&hunted.mutant).is_some() => excused += 1,
            Fate::Killed(_) => killed += 1,
            Fate::Unmade => unmade += 1,
            Fate::Noticed(id) => {
                noticed += 1;
                writeln!(out, "noticed   {}: {id} fails, and does not name it", hunted.mutant)?;
            }
            Fate::Survived => {
                survived += 1;
                writeln!(out, "survived  {}: {} scenarios passed", hunted.mutant, hunted.scenarios)?;
            }
        }
    }
    for site in &hunt.unseen {
        writeln!(out, "unseen    {site}: no scenario ever has a value there")?;
    }
    writeln!(
        out,
        "{} mutants: {killed} killed, {noticed} noticed, {survived} survived, {unmade} changed nothing, {excused} expected; {} members unseen",
        hunt.hunted.len(),
        hunt.unseen.len()
    )
}

/// The verdict on the suite: it is broken if a mutant survives, or if its finding does not say what is wrong, unless that is
/// expected.
#[must_use]
pub fn verdict(hunt: &Hunt) -> Verdict {
    let expected = Expected::read();
    let is_found = |hunted: &Hunted| {
        matches!(hunted.fate, Fate::Killed(_) | Fate::Unmade) || expected.reason(&hunted.mutant).is_some()
    };
    if hunt.hunted.is_empty() {
        Verdict::CouldNotRun
    } else if hunt.unseen.is_empty() && hunt.hunted.iter().all(is_found) {
        Verdict::Ok
    } else {
        Verdict::Broken
    }
}
