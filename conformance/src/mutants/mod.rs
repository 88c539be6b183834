//! Adequacy: workers that are wrong in one member of what they write, one at a time, and the check that finds each.
//!
//! A mutant is a site (every member of every reply and event, computed from the schemas) and an edit. It is *killed* if a
//! check fails whose id or reason names the member, *noticed* if others fail only, and *survives* if none does. Fixtures
//! are hunted too, with the tests that read them in the place of checks.

pub mod edit;
pub mod expected;
pub mod fixtures;
pub mod hunt;
pub mod report;
pub mod site;
pub mod tap;

use std::fmt;

pub use edit::Edit;
pub use site::{Side, Site};

/// A worker that is wrong in one member.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// Where.
    pub site: Site,
    /// How.
    pub edit: Edit,
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.edit.as_str(), self.site)
    }
}

/// The mutants of a site.
pub fn of(site: &Site) -> impl Iterator<Item = Mutant> {
    let is_command = matches!(site.frame, site::Frame::Command(_));
    let edits = Edit::of(site.shape).into_iter();
    // A worker refuses these commands, so that they show nothing of its work.
    let edits = edits.filter(move |edit| !is_command || edit.keeps_the_command());
    edits.map(|edit| Mutant { site: site.clone(), edit })
}
