//! The report of a hunt, for people.

use std::io;

use super::hunt::{Fate, Hunt};
use crate::report::Verdict;

/// Writes what survived, what was noticed without its name, which members are never seen, and the numbers.
///
/// # Errors
/// The error of the writer.
pub fn write(hunt: &Hunt, out: &mut dyn io::Write) -> io::Result<()> {
    let (mut killed, mut noticed, mut survived, mut unmade) = (0, 0, 0, 0);
    for hunted in &hunt.hunted {
        match &hunted.fate {
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
        "{} mutants: {killed} killed, {noticed} noticed, {survived} survived, {unmade} changed nothing; {} members unseen",
        hunt.hunted.len(),
        hunt.unseen.len()
    )
}

/// The verdict on the suite: it is broken if a mutant survives, or if its finding does not say what is wrong.
#[must_use]
pub fn verdict(hunt: &Hunt) -> Verdict {
    let is_found = |fate: &Fate| matches!(fate, Fate::Killed(_) | Fate::Unmade);
    if hunt.hunted.is_empty() {
        Verdict::CouldNotRun
    } else if hunt.unseen.is_empty() && hunt.hunted.iter().all(|hunted| is_found(&hunted.fate)) {
        Verdict::Ok
    } else {
        Verdict::Broken
    }
}
