//! Mutants that the suite need not kill, each with its reason: `data/expected_mutants.json`.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The table.
const TABLE: &str = include_str!("../../data/expected_mutants.json");

/// A reason, and the mutants that have it.
#[derive(Deserialize)]
struct Row {
    reason: String,
    mutants: Vec<String>,
}

/// The reasons, by the name of the mutant.
#[derive(Debug)]
pub struct Expected(BTreeMap<String, String>);

impl Expected {
    /// Reads the table.
    ///
    /// # Panics
    /// If it is no table; a test reads it.
    #[must_use]
    pub fn read() -> Self {
        let rows: Vec<Row> = serde_json::from_str(TABLE).expect("expected_mutants.json is tested");
        let named = rows.into_iter().flat_map(|row| {
            let reason = row.reason;
            row.mutants.into_iter().map(move |mutant| (mutant, reason.clone()))
        });
        Self(named.collect())
    }

    /// Why the suite need not kill a mutant; none if it must.
    #[must_use]
    pub fn reason(&self, mutant: &str) -> Option<&str> {
        self.0.get(mutant).map(String::as_str)
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Expected;
    use crate::mutants::{of, site};

    /// At most two of a hundred, and each is one that can be made.
    #[test]
    fn few_are_expected_and_each_is_a_mutant() {
        let sites = site::all().into_iter().chain(site::of_commands());
        let all: BTreeSet<String> =
            sites.flat_map(|site| of(&site).map(|mutant| mutant.to_string()).collect::<Vec<_>>()).collect();
        let expected = Expected::read();
        for name in expected.names() {
            assert!(all.contains(name), "there is no mutant {name}");
        }
        let count = expected.names().count();
        assert!(count * 50 <= all.len(), "{count} of {} are expected to survive", all.len());
    }
}
