//! Members of replies, each held against something else: what was asked, what the suite measured, what lies on disk, what
//! another action says.

mod catalogue;
mod counters;
mod interview;
mod queue;
mod result;
mod status;

use crate::{check::CheckDef, class::Class, scenario::Scenario, sentence::Sentence};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        catalogue::scenario(),
        counters::scenario(),
        queue::scenario(),
        status::scenario(),
        result::scenario(),
    ]
}

/// A check for each member of a definition, by its name.
fn each(class: Class, proves: Sentence, members: &[&'static str]) -> Vec<CheckDef> {
    members.iter().map(|member| CheckDef::new(*member, class, proves)).collect()
}
