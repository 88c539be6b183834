//! Rules over several fields: which field a breach is reported at.

use serde_json::Value;

use super::{
    Writer,
    reader::{Reader, Visited},
};
use crate::{
    dictionary::{Def, Outcome},
    judge::{Breach, with_defaults},
    violation::Violation,
};

impl<'d> Reader<'d> {
    /// Judges each object that has rules, with the defaults that apply to it.
    pub(super) fn apply_rules(&mut self, def: &'d Def, root: &Value) {
        for Visited { at, rules, .. } in std::mem::take(&mut self.visited) {
            let Some(document) = rules else { continue };
            let Some(said) = root.pointer(&at) else { continue };
            let effective = with_defaults(said, &document.shape, self.dictionary, None);
            let mut blamed = Vec::new();
            for rule in &document.rules {
                let is_faulty = |field: &str| self.is_faulty(&format!("{at}{field}"));
                for breach in rule.breaches(&effective, &document.shape, self.dictionary, &is_faulty) {
                    blamed.extend(self.breach(def, &at, said, &rule.id, breach));
                }
            }
            // Marked as faulty, so that no warning of `find_no_effect` stands beside the violation.
            self.faulty.extend(blamed);
            if self.writer == Writer::Sender {
                self.find_no_effect(def, &at, said, &effective, &document.shape);
            }
        }
    }

    /// Reports a breach at the last of its fields that the sender wrote; returns the place that a violation blames.
    fn breach(&mut self, def: &Def, at: &str, said: &Value, rule: &str, breach: Breach) -> Option<String> {
        let is_said = |field: &&String| said.pointer(field).is_some();
        let blamed = breach.fields.iter().rev().find(is_said).unwrap_or(&breach.fields[0]);
        let canonical = format!("{at}{blamed}");
        let pointer = self.places.sender(&canonical, &def.shape);
        match breach.outcome {
            // Warn only about values that the sender wrote, never about defaults.
            Outcome::Warning(code) => {
                if breach.fields.last().as_ref().is_some_and(is_said) {
                    self.warn(code, &pointer, breach.message, None);
                }
                None
            }
            Outcome::Violation(code) => {
                self.violations.add(|| Violation {
                    minimum: breach.minimum,
                    maximum: breach.maximum,
                    rule: Some(rule.to_owned()),
                    ..Violation::new(pointer, code, breach.message)
                });
                Some(canonical)
            }
        }
    }
}
