//! Rust as a party: the readings of `contracts`, with the defaults that the gateway and the workers act by.

use contracts::{Action, Reply, Writer, dictionary::Shape, tree};
use serde_json::Value;

use super::{ENVELOPE, Filled, Outcome, Remark, Subject, refused};
use crate::contract::Tables;

/// Reads the bytes as a peer's document or reply.
pub(super) fn read(bytes: &[u8], tables: &Tables, subject: &Subject) -> Outcome {
    match subject {
        Subject::Definition(name) => document(bytes, tables, name),
        Subject::Reply { action, data } => match action.parse::<Action>() {
            Ok(action) if tables.is_own => reply(bytes, action),
            _ => foreign(bytes, tables, data),
        },
    }
}

fn reply(bytes: &[u8], action: Action) -> Outcome {
    match Reply::from_json(action, bytes) {
        Err(err) => refused("", err.to_string()),
        Ok(read) => Outcome::Read {
            value: Some(read.reply.to_value(contracts::Dialect::Snake)),
            ignored: read.unknown_members,
            filled_in: Vec::new(),
            warnings: Vec::new(),
        },
    }
}

/// A reply of another contract: its envelope, if that contract has one, then its data.
fn foreign(bytes: &[u8], tables: &Tables, data: &str) -> Outcome {
    if tables.dictionary.defs().all(|def| def.name != ENVELOPE) {
        return document(bytes, tables, data);
    }
    let whole = document(bytes, tables, ENVELOPE);
    let Outcome::Read { value: Some(value), .. } = &whole else { return whole };
    let Some(inner) = value.get("data").filter(|data| !data.is_null()) else { return whole };
    match document(inner.to_string().as_bytes(), tables, data) {
        Outcome::Refused { reasons } => {
            let below = |reason: Remark| Remark { at: format!("/data{}", reason.at), ..reason };
            Outcome::Refused { reasons: reasons.into_iter().map(below).collect() }
        }
        _ => whole,
    }
}

fn document(bytes: &[u8], tables: &Tables, definition: &str) -> Outcome {
    let dictionary = tables.dictionary;
    if !matches!(dictionary.resolve(&dictionary.named(definition).shape), Shape::Object(_)) {
        return Outcome::Skipped { why: format!("{definition} is no object: readings begin at objects") };
    }
    let parsed = match tree::parse(bytes) {
        Ok(parsed) => parsed,
        Err(err) => return refused("", err.to_string()),
    };
    let reading = contracts::read_by(dictionary, definition, &parsed.tree, Writer::Sender);
    let twice = parsed.duplicates.iter().map(|pointer| remark(pointer, "the name stands twice"));
    let violations =
        reading.violations.iter().map(|violation| remark(&violation.pointer, &violation.message));
    let reasons: Vec<Remark> = twice.chain(violations).collect();
    let Some(value) = reading.document().filter(|_| reasons.is_empty()) else {
        return Outcome::Refused { reasons };
    };
    let whole = contracts::effective_by(dictionary, definition, value, contracts::DeviceKind::Gpu);
    let mut filled_in = Vec::new();
    added(value, &whole, "", &mut filled_in);
    let warning = |warning: &contracts::Warning| {
        // One without a place is of the whole document, whose pointer is empty.
        let at = warning.pointer.as_ref().map_or("", String::as_str);
        remark(at, &warning.message)
    };
    Outcome::Read {
        value: Some(value.clone()),
        ignored: Vec::new(),
        filled_in,
        warnings: reading.warnings.iter().map(warning).collect(),
    }
}

fn remark(at: &str, why: &str) -> Remark {
    Remark { at: at.to_owned(), why: why.to_owned() }
}

/// The members that a document with defaults has and the document has not.
fn added(document: &Value, whole: &Value, at: &str, filled: &mut Vec<Filled>) {
    let (Value::Object(document), Value::Object(whole)) = (document, whole) else { return };
    for (name, value) in whole {
        let at = format!("{at}/{name}");
        match document.get(name) {
            Some(written) => added(written, value, &at, filled),
            None => filled.push(Filled { at, value: value.clone() }),
        }
    }
}
