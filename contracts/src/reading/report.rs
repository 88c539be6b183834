//! The findings of a reading: violations, warnings, and the dialects of names.

use super::reader::{At, Reader};
use crate::{
    dictionary::{Name, ObjectSpec, Shape},
    generated::{error_code::ErrorCode, warning_code::WarningCode},
    hint::Hints,
    scalar::ScalarViolation,
    tree::Tree,
    violation::{Violation, Warning},
};

impl<'d> Reader<'d> {
    pub(super) fn violation(&mut self, at: &At<'d>, code: ErrorCode, message: String, hint: String) {
        self.faulty.insert(at.canonical.clone());
        self.violations.add(|| Violation::new(at.sender.clone(), code, message).hint(hint));
    }

    pub(super) fn unreadable(&mut self, at: &At<'d>, message: String, hint: String) {
        self.unread = true;
        self.violation(at, ErrorCode::UnsupportedValue, message, hint);
    }

    pub(super) fn scalar_violation(&mut self, at: &At<'d>, violation: ScalarViolation) {
        self.unread |= violation.code == ErrorCode::UnsupportedValue;
        self.faulty.insert(at.canonical.clone());
        self.violations.add(|| Violation {
            pointer: at.sender.clone(),
            code: violation.code,
            message: violation.message,
            allowed: violation.allowed,
            minimum: violation.minimum,
            maximum: violation.maximum,
            nearest: violation.nearest,
            hint: violation.hint,
            rule: None,
        });
    }

    pub(super) fn another_type(&mut self, shape: &Shape, wanted: &str, tree: &Tree, at: &At<'d>) {
        let message = format!("expected {wanted}, not {}", tree.kind());
        self.unreadable(at, message, self.hints(at).of_type(shape, tree));
    }

    pub(super) fn twice(&mut self, same: bool, first: &str, at: &At<'d>) {
        let (sender, canonical) = (&at.sender, &at.canonical);
        if same {
            let (one, other) = below_their_parent(first, sender);
            let message = format!("`{one}` and `{other}` name the same property, with equal values");
            self.warn(WarningCode::DuplicateEqual, sender, message, Some("write it once".to_owned()));
        } else {
            self.unread = true;
            if !self.faulty.contains(canonical) {
                self.faulty.insert(canonical.clone());
            }
            self.violations.add(|| {
                let (one, other) = below_their_parent(first, sender);
                let message = format!("`{one}` and `{other}` name the same property, with different values");
                Violation::new(sender.clone(), ErrorCode::DuplicateField, message)
            });
        }
    }

    pub(super) fn warn(&mut self, code: WarningCode, sender: &str, message: String, hint: Option<String>) {
        self.warnings.push(Warning { code, pointer: Some(sender.to_owned()), message, hint });
    }

    pub(super) fn accepted(&mut self, name: &str, csharp: &str, canonical: &str, sender: &str) {
        let meant = if name.starts_with(char::is_uppercase) { csharp } else { canonical };
        let message = format!("`{name}` was read as `{meant}`");
        self.warn(WarningCode::AcceptedSpelling, sender, message, Some(format!("write `{meant}`")));
    }

    pub(super) fn hints(&self, at: &At<'d>) -> Hints<'d> {
        Hints { example: at.example, is_json: self.spelt }
    }

    /// Counts a name for the dialects. A wrapper's tells as the envelope's names do.
    pub(super) fn count(&mut self, spec: &ObjectSpec, name: &str) {
        let of_wrapper = matches!(spec.names.get(name), Some(Name::Property { index, .. }) if spec.properties[*index].wrapper);
        let only = spec.only_dialect(name);
        if !self.spelt {
        } else if of_wrapper {
            self.envelope.count(only);
        } else {
            self.fields.count(only);
        }
    }
}

/// Two places below what both stand in: where that lies is the pointer's to say, which a body's reader rebases.
fn below_their_parent<'p>(one: &'p str, other: &'p str) -> (&'p str, &'p str) {
    let common = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let parent = one[..common].rfind('/').map_or(0, |at| at + 1);
    (&one[parent..], &other[parent..])
}
