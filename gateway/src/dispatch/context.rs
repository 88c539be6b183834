//! The context of a command: what its reply needs, and what is held until it has ended.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use contracts::{Dialect, ErrorCode, Failure, Incoming, Reply, Violation, Warning, head_pointer};
use serde_json::Value;

use super::{in_flight_ids::InFlightId, unused::warnings_of};
use crate::{lane::ResourceGuard, reply::ReplyContext, uploads::FileGuard};

/// The context of a command. It dereferences to its [`ReplyContext`].
#[derive(Debug)]
pub(crate) struct CommandContext {
    pub(crate) reply: ReplyContext,
    /// Keeps the files of its images.
    pub(crate) inputs: Vec<FileGuard>,
    /// Keeps its id in flight until its reply is made.
    pub(crate) claim: Option<Arc<InFlightId>>,
    /// Warnings of workers beyond those in `reply`: each worker says how many it has left out.
    pub(crate) more_warnings: usize,
}

impl CommandContext {
    /// A reply with this outcome.
    pub(crate) fn with(&self, outcome: Result<Value, Box<Failure>>) -> Reply {
        Reply { more_warnings: self.more_warnings, ..self.reply.with(outcome) }
    }

    /// Adds the warnings of a worker, each once: several workers may say the same.
    pub(crate) fn add_warnings(&mut self, warnings: Vec<Warning>, more: usize) {
        for warning in warnings {
            if !self.reply.warnings.contains(&warning) {
                self.reply.warnings.push(warning);
            }
        }
        self.more_warnings += more;
    }

    /// What a lane holds until its worker is done with the command, even if the client has left by then.
    pub(crate) fn guard(&self) -> ResourceGuard {
        Arc::new((self.claim.clone(), self.inputs.clone()))
    }
}

impl Deref for CommandContext {
    type Target = ReplyContext;

    fn deref(&self) -> &ReplyContext {
        &self.reply
    }
}

impl DerefMut for CommandContext {
    fn deref_mut(&mut self) -> &mut ReplyContext {
        &mut self.reply
    }
}

/// The reply of a command that is refused before it has a context: with its id, its session and the warnings about it.
pub(crate) fn refused(incoming: &Incoming, failure: Failure) -> Reply {
    let head = &incoming.head;
    Reply {
        session_id: head.session_id.clone(),
        warnings: warnings_of(incoming),
        ..Reply::failed(Some(head.action), head.request_id.clone(), failure)
    }
}

/// The failure of an id that is in flight.
pub(crate) fn in_flight(id: &str, dialect: Option<Dialect>) -> Failure {
    let message = format!("request_id {id} is in flight already");
    let violation = Violation::new(head_pointer("request_id", dialect), ErrorCode::Conflict, message);
    Failure::of_violations(vec![violation]).hint("use a new request_id, or wait for the reply")
}
