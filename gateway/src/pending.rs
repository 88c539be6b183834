//! Features of the contract that this gateway does not have yet: the only list of them. Each answers
//! `unsupported_feature`.

use contracts::{Action, ErrorCode, Failure};

/// A feature that is missing.
#[derive(Clone, Copy, Debug)]
pub struct Pending {
    /// Its name.
    pub what: &'static str,
    /// The action, if it is one.
    pub action: Option<Action>,
    /// Why it is missing, and what to do instead.
    pub meanwhile: &'static str,
}

/// All missing features.
pub const PENDING: &[Pending] = &[
    Pending {
        what: "auto_balance",
        action: Some(Action::AutoBalance),
        meanwhile: "jobs wait in one queue and are placed when a GPU is free, so none has to be moved",
    },
    Pending {
        what: "get_cache_status",
        action: Some(Action::GetCacheStatus),
        meanwhile: "get_model_info names the models of each worker, those in RAM too",
    },
    Pending {
        what: "durable queue",
        action: None,
        meanwhile: "jobs, sessions and idempotency keys are kept in memory and end with the gateway",
    },
    Pending {
        what: "previews",
        action: None,
        meanwhile: "initialize over stdio answers without the feature; progress events say how far a job is",
    },
];

/// The failure of an action that is missing; `None` if it is there.
#[must_use]
pub fn refusal(action: Action) -> Option<Failure> {
    let pending = PENDING.iter().find(|pending| pending.action == Some(action))?;
    let message = format!("{action} is not there yet: {}", pending.meanwhile);
    Some(
        Failure::new(ErrorCode::UnsupportedFeature, message)
            .hint("`gateway pending` lists what is not there yet"),
    )
}
