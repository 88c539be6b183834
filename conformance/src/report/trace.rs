//! Sentences against checks: each sentence of the contract has a check, or a reason for having none.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use crate::{live::Suite, sentence::Sentence};

/// The checks of each sentence.
pub struct Trace {
    /// In the order of their ids.
    pub rows: Vec<Proof>,
}

/// A sentence and the scenarios with a check that proves it.
pub struct Proof {
    /// The sentence.
    pub sentence: Sentence,
    /// `suite.scenario`, and the number of its checks that prove the sentence.
    pub scenarios: BTreeMap<String, usize>,
}

impl Trace {
    /// The trace of these suites.
    #[must_use]
    pub fn of(suites: &[Suite]) -> Self {
        let row = |sentence| Proof { sentence, scenarios: BTreeMap::new() };
        let mut rows: Vec<Proof> = Sentence::ALL.into_iter().map(row).collect();
        for scenario in suites.iter().flat_map(|suite| &suite.scenarios) {
            for check in &scenario.checks {
                for row in rows.iter_mut().filter(|row| row.sentence == check.proves) {
                    *row.scenarios.entry(scenario.id.clone()).or_insert(0) += 1;
                }
            }
        }
        Self { rows }
    }

    /// Sentences with neither check nor reason, and with both.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let fault = |row: &Proof| match (row.scenarios.is_empty(), row.sentence.unchecked()) {
            (true, None) => {
                Some(format!("{}: no check proves it, and no reason is given", row.sentence.id()))
            }
            (false, Some(_)) => {
                Some(format!("{}: checks prove it: it needs no reason for having none", row.sentence.id()))
            }
            _ => None,
        };
        self.rows.iter().filter_map(fault).collect()
    }
}

/// Writes it as a table for people: one sentence a paragraph.
///
/// # Errors
/// A closed output.
pub fn write(trace: &Trace, out: &mut dyn Write) -> io::Result<()> {
    for row in &trace.rows {
        writeln!(out, "{}\n    {}", row.sentence.id(), row.sentence.text())?;
        for (scenario, number) in &row.scenarios {
            writeln!(out, "    {number:>5} {scenario}")?;
        }
        if let Some(reason) = row.sentence.unchecked() {
            writeln!(out, "        - no check: {reason}")?;
        }
    }
    let checked = trace.rows.iter().filter(|row| !row.scenarios.is_empty()).count();
    let checks: usize = trace.rows.iter().flat_map(|row| row.scenarios.values()).sum();
    writeln!(out, "{} sentences: {checked} proved by {checks} checks", trace.rows.len())?;
    trace.faults().iter().try_for_each(|fault| writeln!(out, "fault: {fault}"))
}
