//! Members of replies, each held against something else: what was asked, what the suite measured, what lies on disk, what
//! another action says.

pub(super) mod alone;
mod catalogue;
mod counters;
pub(super) mod events;
mod failures;
pub(super) mod interview;
mod limits;
mod queue;
mod reports;
mod result;
mod status;
mod suites;
mod training;

use crate::{check::CheckDef, class::Class, scenario::Scenario, sentence::Sentence};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        catalogue::scenario(),
        counters::scenario(),
        queue::scenario(),
        status::scenario(),
        result::scenario(),
        failures::scenario(),
        training::scenario(),
        reports::scenario(),
        suites::scenario(),
        suites::caching(),
        limits::scenario(),
    ]
    .into_iter()
    .chain(events::scenarios())
    .collect()
}

/// A check for each member of a definition, by its name.
pub(super) fn each(class: Class, proves: Sentence, members: &[&'static str]) -> Vec<CheckDef> {
    members.iter().map(|member| CheckDef::new(*member, class, proves)).collect()
}
