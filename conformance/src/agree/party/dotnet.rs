//! Real .NET with the generated types (`clients/csharp/Concord.Contracts`).

use serde_json::Value;
use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Party, PartyError};
use crate::{
    agree::{
        answer::{Answer, found_in, warnings_in},
        payload::Payload,
    },
    dotnet::peer::Peer,
};

/// A running peer.
pub(crate) struct Dotnet(Arc<Mutex<Peer>>);

impl Dotnet {
    /// Of a peer that the model asks too.
    pub(crate) fn of(peer: &Arc<Mutex<Peer>>) -> Self {
        Self(Arc::clone(peer))
    }

    /// Starts the built program.
    ///
    /// # Errors
    /// Why it does not start.
    pub(crate) fn start(
        program: &Path,
        types: &crate::dotnet::clr::Types,
    ) -> Result<Arc<Mutex<Peer>>, PartyError> {
        let not_started =
            |source| PartyError::NotStarted { party: "dotnet", program: program.to_owned(), source };
        let peer = Peer::start(program, types).map_err(not_started)?;
        Ok(Arc::new(Mutex::new(peer)))
    }
}

impl Party for Dotnet {
    fn name(&self) -> &'static str {
        "dotnet"
    }

    fn ask(&mut self, payload: &Payload) -> Result<Option<Answer>, PartyError> {
        let mut peer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = peer
            .read(&payload.definition, payload.dialect, payload.is_sender, &payload.text())
            .map_err(|source| PartyError::NoAnswer { party: "dotnet", source })?;
        if let Some(exception) = answer["exception"].as_str() {
            return Ok(Some(Answer { refuses: true, why: exception.to_owned(), ..Answer::default() }));
        }
        let found = found_in(&answer["violations"]);
        let given = |key: &str| Some(answer[key].clone()).filter(|value| !value.is_null());
        let is_bound = answer["value"] != Value::Null;
        let is_sound = found.is_empty();
        Ok(Some(Answer {
            refuses: !is_sound,
            why: answer["violations"].to_string(),
            found: Some(found),
            is_all: is_bound,
            warnings: (is_bound && payload.is_sender).then(|| warnings_in(&answer["warnings"])),
            value: given("value").filter(|_| is_sound),
            effective: given("effective").filter(|_| is_sound),
        }))
    }
}
