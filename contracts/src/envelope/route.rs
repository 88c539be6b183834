//! The part of a command that its route decides: the action, and fields from path and query.

use serde_json::{Map, Value};

use super::head::{head_name, is_payload};
use crate::{
    command::RouteBody,
    dictionary::{Name, dictionary},
    tree::Tree,
};

/// A route, and the fields that its path and query give.
#[derive(Clone, Copy)]
pub(super) struct Route<'r> {
    pub(super) body: RouteBody<'r>,
    pub(super) given: &'r Map<String, Value>,
}

/// The name that a body is read under where it is the bare value of the route's field: no envelope, and not the fields
/// either.
///
/// It is a synonym of the field: the field's own name would tell a dialect, and the sender did not write it.
pub(super) fn bare_name<'r>(members: &[(String, Tree)], body: RouteBody<'r>) -> Option<&'r str> {
    let field = body.bare?;
    let spec = dictionary().object(body.action.info().request);
    let is_field = |index: usize| spec.properties[index].snake == field;
    let names_field =
        |name: &str| matches!(spec.names.get(name), Some(Name::Property { index, .. }) if is_field(*index));
    let is_wrapped = members
        .iter()
        .any(|(name, _)| names_field(name) || head_name(name) == Some("action") || is_payload(name));
    if is_wrapped {
        return None;
    }
    let synonyms = spec.names.iter().filter(|(_, name)| match name {
        Name::Property { index, spelling } => spelling.synonym && is_field(*index),
        _ => false,
    });
    // A name as C# writes it would tell a dialect.
    let silent = synonyms
        .map(|(name, _)| name.as_str())
        .filter(|name| !name.starts_with(|c: char| c.is_ascii_uppercase()));
    Some(silent.min().unwrap_or(field))
}
