//! The names of the envelope's own members.

use std::sync::LazyLock;

use crate::{
    dialect::Dialect,
    dictionary::{Name, ObjectSpec, dictionary},
};

pub(super) fn is_payload(name: &str) -> bool {
    matches!(name, "payload" | "Payload")
}

pub(super) fn head_spec() -> &'static ObjectSpec {
    // Looked up once: each member of each frame asks for it.
    static SPEC: LazyLock<&ObjectSpec> = LazyLock::new(|| dictionary().object("EnvelopeHead"));
    &SPEC
}

/// The canonical name of a member of the head.
pub(super) fn head_name(name: &str) -> Option<&'static str> {
    match head_spec().names.get(name)? {
        Name::Property { index, .. } => Some(&head_spec().properties[*index].snake),
        _ => None,
    }
}

/// The only dialect that spells a member of the envelope so.
pub(super) fn only_dialect(name: &str) -> Option<Dialect> {
    head_spec().only_dialect(name).or((name == "Payload").then_some(Dialect::Pascal))
}
