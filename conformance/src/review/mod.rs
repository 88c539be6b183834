//! `conformance review`: what changed snapshots mean, and for whom.
//!
//! A snapshot shows a message. Its change is wording, compatible or breaking by what happened to each member; who breaks is
//! told by the C# classes that bind the member (`data/binding.json`), by the dialect that the snapshot is written in, and by
//! the rule that replies are closed.

mod change;
mod git;
pub mod html;
mod judge;

use std::{
    io::{self, Write},
    path::Path,
};

pub use change::{Change, Kind};
pub use git::GitError;

use crate::verdict::Verdict;

/// A changed snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewed {
    /// Its file, from the root of the repository.
    pub file: String,
    /// Its changes, in the order of the document.
    pub changes: Vec<Change>,
}

impl Reviewed {
    /// The worst kind of its changes.
    fn worst(&self) -> Option<Kind> {
        self.changes.iter().map(|change| change.kind).min()
    }
}

/// Reviews the snapshots of a work tree that differ from those of a revision, the worst first; pending ones (`.snap.new`) stand
/// for theirs.
///
/// # Errors
/// [`GitError`] if the revision or its files cannot be read.
pub fn review(folder: &Path, base: &str) -> Result<Vec<Reviewed>, GitError> {
    let changed = git::changed(folder, base)?;
    let reviewed = changed.into_iter().map(|snapshot| Reviewed {
        changes: change::changes(snapshot.before.as_deref(), snapshot.after.as_deref()),
        file: snapshot.file,
    });
    let mut reviewed: Vec<_> = reviewed.filter(|reviewed| !reviewed.changes.is_empty()).collect();
    reviewed.sort_by_key(Reviewed::worst);
    Ok(reviewed)
}

/// The verdict: broken where a change breaks somebody, undecided where one cannot be judged.
#[must_use]
pub fn verdict(reviewed: &[Reviewed]) -> Verdict {
    let has = |kind| reviewed.iter().flat_map(|one| &one.changes).any(|change| change.kind == kind);
    match (has(Kind::Breaking), has(Kind::Undecided)) {
        (true, _) => Verdict::Broken,
        (false, true) => Verdict::Undecided,
        (false, false) => Verdict::Ok,
    }
}

/// Writes the review for people: one snapshot a paragraph, the breaking changes first.
///
/// # Errors
/// A closed output.
pub fn write(reviewed: &[Reviewed], out: &mut dyn Write) -> io::Result<()> {
    for one in reviewed {
        writeln!(out, "{}", one.file)?;
        let mut changes: Vec<&Change> = one.changes.iter().collect();
        changes.sort_by_key(|change| change.kind);
        for change in changes {
            writeln!(out, "  {:<10} {}: {}", change.kind.as_str(), change.place, change.what)?;
            if !change.who.is_empty() {
                let label = if change.kind == Kind::Breaking { "breaks" } else { "refused by" };
                writeln!(out, "             {label}: {}", change.who.join("; "))?;
            }
        }
    }
    writeln!(out, "{}", totals(reviewed))
}

/// A number of things that add an `s` to be several.
fn counted(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// The numbers, in one line.
fn totals(reviewed: &[Reviewed]) -> String {
    let count =
        |kind| reviewed.iter().flat_map(|one| &one.changes).filter(|change| change.kind == kind).count();
    let changes = counted(reviewed.iter().map(|one| one.changes.len()).sum(), "change");
    let snapshots = counted(reviewed.len(), "snapshot");
    format!(
        "{changes} in {snapshots}: {} breaking, {} undecided, {} compatible, {} of wording",
        count(Kind::Breaking),
        count(Kind::Undecided),
        count(Kind::Compatible),
        count(Kind::Wording),
    )
}
