//! Turns a worker's answer into the client's reply: checks it, adds warnings, and points at the sender's document.

mod known;

use std::{collections::HashMap, sync::Arc};

use contracts::{
    Action, Class, Failure, Places, Reply, Trace, Violation, Warning, WarningCode, dictionary::dictionary,
    limits,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::lane::{LaneError, ProtocolBreach};
pub(crate) use known::{Known, unlike};

/// What a reply needs beside the worker's answer, as plain data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplyContext {
    /// The action.
    pub action: Action,
    /// The id of the command: the client's, or one that was made when it was accepted.
    #[serde(with = "crate::shared")]
    pub request_id: Arc<str>,
    /// Its session.
    pub session_id: Option<String>,
    /// Its trace, with the gateway's span as the parent.
    pub trace: Option<Trace>,
    /// The place of each value in the sender's document.
    pub places: Places,
    /// Warnings of the gateway's reading.
    pub warnings: Vec<Warning>,
    /// Violations that the gateway's reading found, for `validate_request`.
    pub violations: Vec<Violation>,
    /// How many it found in all; `violations` has the first ones.
    pub violations_total: usize,
    /// The submission before a seed was chosen and images became paths.
    pub normalized: Option<Value>,
    /// What the sender wrote in place of each path.
    pub swapped: HashMap<String, String>,
    /// Whether the gateway chose a seed.
    pub seeded: bool,
}

impl ReplyContext {
    /// The context of a command whose document has no violations and goes to the worker unchanged.
    pub(crate) fn new(action: Action, request_id: Arc<str>) -> Self {
        Self {
            action,
            request_id,
            session_id: None,
            trace: None,
            places: Places::default(),
            warnings: Vec::new(),
            violations: Vec::new(),
            violations_total: 0,
            normalized: None,
            swapped: HashMap::new(),
            seeded: false,
        }
    }

    /// Turns the worker's answer into the reply. Blocks on the disk if the answer names pictures.
    pub(crate) fn reply(&self, known: Known<'_>, answer: Result<&[u8], &LaneError>) -> Reply {
        match answer {
            Ok(line) => self.read(known, line),
            Err(error) => self.failure(error.failure()),
        }
    }

    /// The reply of a command that failed in the gateway.
    pub(crate) fn failure(&self, failure: Failure) -> Reply {
        self.with(Err(Box::new(failure)))
    }

    fn trace_id(&self) -> Option<&str> {
        self.trace.as_ref().map(Trace::id)
    }

    /// A reply with this outcome.
    pub(crate) fn with(&self, outcome: Result<Value, Box<Failure>>) -> Reply {
        Reply {
            action: Some(self.action),
            request_id: Some((*self.request_id).to_owned()),
            session_id: self.session_id.clone(),
            outcome,
            warnings: self.warnings.clone(),
            more_warnings: 0,
        }
    }

    fn read(&self, known: Known<'_>, line: &[u8]) -> Reply {
        let read = Reply::from_json(self.action, line)
            .map_err(ProtocolBreach::from)
            .and_then(|read| known.contradiction(self, &read.reply).map_or(Ok(read), Err));
        let read = match read {
            Ok(read) => read,
            Err(breach) => {
                let what = breach.to_string();
                tracing::warn!(request_id = &*self.request_id, trace_id = self.trace_id(), action = %self.action, what, "the worker's reply breaks the contract");
                return self.failure(LaneError::Protocol { breach }.failure());
            }
        };
        let mut reply = read.reply;
        reply.request_id = Some((*self.request_id).to_owned());
        reply.session_id.clone_from(&self.session_id);
        let theirs = std::mem::take(&mut reply.warnings);
        reply.warnings = self.merged(theirs, &read.unknown_members);
        reply.more_warnings += read.unknown_total - read.unknown_members.len();
        // Only replies of jobs have pictures, and only they are read where a slow disk delays no one.
        if self.action.info().class == Class::Job
            && let Ok(data) = &reply.outcome
            && let Some(breach) = without_effect(data)
        {
            let what = breach.to_string();
            tracing::warn!(request_id = &*self.request_id, trace_id = self.trace_id(), action = %self.action, what, "the worker's success is none");
            return self.failure(LaneError::Protocol { breach }.failure());
        }
        match &mut reply.outcome {
            Ok(data) => self.finish(data),
            Err(failure) => self.translate_failure(failure),
        }
        reply
    }

    /// Merges the gateway's warnings and the worker's, the gateway's first. A worker reads the same document, so that
    /// one with the same code and pointer is the same warning.
    fn merged(&self, theirs: Vec<Warning>, unknown: &[String]) -> Vec<Warning> {
        let mut warnings = self.warnings.clone();
        for mut warning in theirs {
            warning.pointer = warning.pointer.map(|pointer| self.sender(&pointer));
            // Compared with the gateway's alone: the worker may say two things about one place.
            let known = |own: &Warning| own.code == warning.code && own.pointer == warning.pointer;
            if warning.pointer.is_none() || !self.warnings.iter().any(known) {
                warnings.push(warning);
            }
        }
        warnings.extend(unknown.iter().map(|pointer| Warning {
            code: WarningCode::UnknownMember,
            pointer: None,
            message: format!("the worker's reply has {pointer}, which the contract does not know"),
            hint: Some("the worker and the gateway are of different versions".to_owned()),
        }));
        warnings
    }

    /// Translates a pointer into the worker's document to one into the sender's.
    fn sender(&self, pointer: &str) -> String {
        match pointer.strip_prefix("/payload") {
            Some(canonical) if canonical.is_empty() || canonical.starts_with('/') => {
                self.places.sender(canonical, &dictionary().named(self.action.info().request).shape)
            }
            _ => pointer.to_owned(),
        }
    }

    fn translate_failure(&self, failure: &mut Failure) {
        if let Some(theirs) = failure.field.take() {
            let field = self.sender(&theirs);
            failure.message = repointed(&failure.message, &theirs, &field);
            failure.field = Some(field);
        }
        for violation in &mut failure.errors {
            violation.pointer = self.sender(&violation.pointer);
        }
    }

    fn translate_errors(&self, errors: &mut Value) {
        for error in errors.as_array_mut().into_iter().flatten() {
            if let Some(pointer) = error["pointer"].as_str() {
                error["pointer"] = self.sender(pointer).into();
            }
        }
    }

    /// Completes a success with what only the gateway knows.
    fn finish(&self, data: &mut Value) {
        match self.action {
            Action::ValidateRequest => self.finish_report(data),
            Action::StructuredInference => self.finish_report(&mut data["validation"]),
            Action::OptimizeRequest => self.swap_back(&mut data["optimized_request"]),
            Action::BatchGenerate => {
                data["results"].as_array_mut().into_iter().flatten().for_each(|item| self.finish_item(item));
            }
            _ => {}
        }
    }

    fn finish_item(&self, item: &mut Value) {
        if let Some(theirs) = item["error_details"]["field"].as_str().map(str::to_owned) {
            let field = self.sender(&theirs);
            if let Some(sentence) = item["error"].as_str() {
                item["error"] = repointed(sentence, &theirs, &field).into();
            }
            item["error_details"]["field"] = field.into();
        }
        if let Some(errors) = item.get_mut("error_details").and_then(|details| details.get_mut("errors")) {
            self.translate_errors(errors);
        }
    }

    /// Makes a report about the sender's document, and not about the one that the gateway made of it.
    fn finish_report(&self, report: &mut Value) {
        self.translate_errors(&mut report["errors"]);
        let own: Vec<Value> = self
            .violations
            .iter()
            .map(|violation| {
                serde_json::to_value(violation).expect("a fault has string keys and finite numbers")
            })
            .collect();
        let theirs = report["errors_total"].as_u64().and_then(|total| usize::try_from(total).ok());
        if let Some(errors) = report["errors"].as_array_mut() {
            let theirs = theirs.unwrap_or(errors.len());
            let same = |a: &Value, b: &Value| a["pointer"] == b["pointer"] && a["code"] == b["code"];
            errors.retain(|error| !own.iter().any(|violation| same(violation, error)));
            // The worker has found the gateway's violations again, so that the two counts must not be added.
            let total = theirs.max(self.violations_total + errors.len());
            errors.splice(0..0, own);
            errors.truncate(ERRORS_MAX);
            set_total(report, total);
        }
        let first = report["errors"][0]["message"].clone();
        report["valid"] = first.is_null().into();
        if first.is_string() {
            report["error"] = first;
        }
        if let Some(normalized) = &self.normalized
            && !report["normalized"].is_null()
        {
            report["normalized"] = normalized.clone();
        }
        self.swap_back(&mut report["effective"]);
        if self.seeded
            && let Some(seed) = report.pointer_mut("/effective/hyperparameters/seed")
        {
            *seed = (-1).into();
        }
    }

    /// Replaces paths by what the sender wrote.
    fn swap_back(&self, value: &mut Value) {
        if self.swapped.is_empty() {
            return;
        }
        match value {
            Value::String(text) => {
                if let Some(original) = self.swapped.get(text) {
                    text.clone_from(original);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.swap_back(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.swap_back(member)),
            _ => {}
        }
    }
}

/// The most entries of `errors[]` in a report.
const ERRORS_MAX: usize = limits::ERRORS_MAX as usize;

/// Sets `errors_total` if there are more violations than the report shows.
pub(crate) fn set_total(report: &mut Value, total: usize) {
    let Value::Object(members) = report else { return };
    members.shift_remove("errors_total");
    if total > members.get("errors").and_then(Value::as_array).map_or(0, Vec::len) {
        members.insert("errors_total".to_owned(), total.into());
    }
}

/// Replaces the pointer in the sentence of several violations, which names the place of the first. Only there: anywhere
/// else the same characters may be the sender's own text.
fn repointed(sentence: &str, theirs: &str, field: &str) -> String {
    let Some((count, rest)) = sentence.split_once(" faults; the first at ") else {
        return sentence.to_owned();
    };
    match rest.strip_prefix(theirs).filter(|rest| rest.starts_with(": ")) {
        Some(rest) if count.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{count} faults; the first at {field}{rest}")
        }
        _ => sentence.to_owned(),
    }
}

/// Checks that each picture of a success exists and has the reported size. Returns what is wrong. Blocks on the disk.
fn without_effect<'d>(data: &'d Value) -> Option<ProtocolBreach> {
    let results = data["results"].as_array().into_iter().flatten().map(|item| &item["data"]);
    let details = |data: &'d Value| data["image_details"].as_array().into_iter().flatten();
    std::iter::once(data).chain(results).flat_map(details).find_map(|detail| {
        let path = detail["path"].as_str()?;
        match std::fs::metadata(path) {
            Ok(file) if detail["bytes"] == file.len() => None,
            Ok(file) => Some(ProtocolBreach::PictureSize {
                path: path.to_owned(),
                claimed: detail["bytes"].clone(),
                bytes: file.len(),
            }),
            Err(err) => Some(ProtocolBreach::NoPicture { path: path.to_owned(), reason: Arc::new(err) }),
        }
    })
}

#[cfg(test)]
mod tests {
    use contracts::{
        Action, Class, Warning, WarningCode,
        dictionary::{Shape, dictionary},
    };

    use super::{ReplyContext, repointed};

    #[test]
    fn two_warnings_of_a_worker_about_one_place_are_two() {
        let warning = |message: &str| Warning {
            code: WarningCode::NoEffect,
            pointer: Some("/payload/prompt_submission/conditioning/prompt_2".to_owned()),
            message: message.to_owned(),
            hint: None,
        };
        let mut context = ReplyContext::new(Action::GenerateSdxl, "r".into());
        let both = vec![warning("no step reads it"), warning("it is the first prompt")];
        assert_eq!(context.merged(both.clone(), &[]).len(), 2);
        // What the gateway has said of that place is the same thing.
        let own = context.merged(vec![warning("no step reads it")], &[]);
        context.warnings = own.clone();
        assert_eq!(context.merged(both, &[]), own);
    }

    #[test]
    fn only_replies_of_jobs_have_pictures() {
        let with_pictures = |action: &&Action| {
            let Shape::Object(reply) = dictionary().resolve(&dictionary().named(action.info().reply).shape)
            else {
                return false;
            };
            // The pictures of a batch are in its `results`.
            *action == &Action::BatchGenerate || reply.property("image_details").is_some()
        };
        let with_pictures: Vec<&Action> = Action::ALL.iter().filter(with_pictures).collect();
        assert!(with_pictures.contains(&&Action::GenerateSdxl), "{with_pictures:?}");
        assert!(with_pictures.iter().all(|action| action.info().class == Class::Job), "{with_pictures:?}");
    }

    #[test]
    fn a_pointer_is_exchanged_where_the_sentence_names_it_and_nowhere_in_the_senders_text() {
        for (sentence, expected) in [
            (
                "2 faults; the first at /payload/a: `/payload/a` is bad",
                "2 faults; the first at /A: `/payload/a` is bad",
            ),
            ("2 faults; the first at /payload/a/b: bad", "2 faults; the first at /payload/a/b: bad"),
            ("`/payload/a/b` is no scheduler", "`/payload/a/b` is no scheduler"),
            ("`x faults; the first at /payload/a: ` is bad", "`x faults; the first at /payload/a: ` is bad"),
        ] {
            assert_eq!(repointed(sentence, "/payload/a", "/A"), expected);
        }
    }
}
