//! A command on its way to a worker: what its reply is made with, and what is held for it meanwhile.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use contracts::{ErrorCode, Failure};

use super::in_flight_ids::InFlightId;
use crate::{lane::Kept, reply::ReplyContext, uploads::Held};

/// What is known of a command, and what is held until it has ended. It reads as its [`ReplyContext`].
#[derive(Debug)]
pub(crate) struct CommandContext {
    pub(crate) reply: ReplyContext,
    /// The files among its images that are kept for it.
    pub(crate) inputs: Vec<Held>,
    /// Keeps the id in flight until the reply is made.
    pub(crate) claim: Option<Arc<InFlightId>>,
}

impl CommandContext {
    /// What is held until a worker is done with the command, whoever has gone by then.
    pub(crate) fn kept(&self) -> Kept {
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

/// The failure of an id that is in flight.
pub(crate) fn in_flight(id: &str) -> Failure {
    Failure::new(ErrorCode::Conflict, format!("request_id {id} is in flight already"))
        .hint("use a new request_id, or wait for the reply")
}
