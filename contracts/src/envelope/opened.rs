//! A frame or a body that is an object, before its members are sorted.

use serde_json::{Map, Value};
use std::collections::HashSet;

use super::{
    head::head_name,
    members::Members,
    route::{Route, bare_name},
};
use crate::{
    command::{Incoming, Refusal, RouteBody},
    dictionary::dictionary,
    framing::is_blank,
    generated::error_code::ErrorCode,
    shown::pointed,
    tree::{self, Parsed, Tree},
    violation::{Failure, Violation},
};

/// A frame that is an object.
pub(super) struct Opened {
    members: Vec<(String, Tree)>,
    duplicates: Vec<String>,
    duplicates_total: usize,
}

impl Opened {
    /// # Errors
    /// `bad_frame` for bytes that are not a JSON object.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, Refusal> {
        let parsed = tree::parse(bytes).map_err(|err| refuse(ErrorCode::BadFrame, err.to_string()))?;
        match parsed.tree {
            Tree::Map(members) => {
                let Parsed { duplicates, duplicates_total, .. } = parsed;
                Ok(Self { members, duplicates, duplicates_total })
            }
            other => {
                Err(refuse(ErrorCode::BadFrame, format!("a frame is a JSON object, not {}", other.kind())))
            }
        }
    }

    /// The same of a body, which may be empty where the route gives every field that must be there.
    ///
    /// # Errors
    /// As [`Opened::of`].
    pub(super) fn of_body(
        bytes: &[u8],
        body: RouteBody<'_>,
        given: &Map<String, Value>,
    ) -> Result<Self, Refusal> {
        if !is_blank(bytes) {
            return Self::of(bytes);
        }
        let spec = dictionary().object(body.action.info().request);
        let mut required = spec.properties.iter().filter(|property| property.required);
        if required.all(|property| given.contains_key(&property.snake)) {
            return Ok(Self { members: Vec::new(), duplicates: Vec::new(), duplicates_total: 0 });
        }
        Err(refuse(ErrorCode::BadFrame, "the body is empty".to_owned()))
    }

    /// # Errors
    /// `duplicate_field` for names that stand twice; as [`Members::action`] without an action.
    pub(super) fn command(self, route: Option<Route<'_>>) -> Result<Incoming, Refusal> {
        let Self { mut members, duplicates, duplicates_total } = self;
        let id_twice = has_two_ids(&members);
        if !duplicates.is_empty() {
            // The reading of such a command serves its dialect alone, and a million repeats must not cost a million warnings.
            members.iter_mut().for_each(|(_, tree)| leave_out_repeats(tree));
        }
        let bare = route.and_then(|route| bare_name(&members, route.body));
        let members = if bare.is_some() { Members::bare(members) } else { Members::sorted(members) };
        let form = members.form(route.is_some());
        let action = members.action(route.map(|route| route.body.action), form);
        let refusal = |members: &Members, failure: Failure| Refusal {
            request_id: members.id("request_id").filter(|_| !id_twice),
            session_id: members.id("session_id"),
            form: Some(form),
            dialect: members.dialect(),
            failure: Box::new(failure),
        };
        if let Some(failure) = written_twice(&duplicates, duplicates_total) {
            let mut refusal = refusal(&members, failure);
            if let Ok(action) = action {
                // Only the dialect of the reading is used: which of two values was meant is unknown.
                refusal.dialect = members.read(action, form, bare, route).reading.dialect;
            }
            return Err(refusal);
        }
        match action {
            Ok(action) => Ok(members.read(action, form, bare, route)),
            Err(failure) => Err(refusal(&members, failure)),
        }
    }
}

/// Leaves of equal names in an object the first.
fn leave_out_repeats(tree: &mut Tree) {
    match tree {
        Tree::Map(members) => {
            let mut known = HashSet::with_capacity(members.len());
            members.retain(|(name, _)| known.insert(name.clone()));
            members.iter_mut().for_each(|(_, tree)| leave_out_repeats(tree));
        }
        Tree::List(items) => items.iter_mut().for_each(leave_out_repeats),
        _ => {}
    }
}

fn refuse(code: ErrorCode, message: String) -> Refusal {
    let failure = Box::new(Failure::new(code, message));
    Refusal { request_id: None, session_id: None, form: None, dialect: None, failure }
}

/// The failure of names that stand twice in one object.
fn written_twice(pointers: &[String], total: usize) -> Option<Failure> {
    let first = pointers.first()?;
    let violations = pointers
        .iter()
        .map(|at| {
            let message = match at.as_str() {
                // A name too long to point at stands there.
                "" => "a name is written twice".to_owned(),
                at => format!("{} is written twice", pointed(at)),
            };
            Violation::new(at, ErrorCode::DuplicateField, message)
        })
        .collect();
    Some(Failure {
        code: ErrorCode::DuplicateField,
        field: Some(first.clone()),
        ..Failure::of_first_violations(violations, total)
    })
}

/// Whether the id stands twice in one spelling. A reply then repeats neither, because either may be the right one.
fn has_two_ids(members: &[(String, Tree)]) -> bool {
    let mut known = HashSet::new();
    let mut ids = members.iter().filter(|(name, _)| head_name(name) == Some("request_id"));
    ids.any(|(name, _)| !known.insert(name.as_str()))
}
