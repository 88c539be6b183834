//! Warnings about what stands beside a command's fields and takes no effect.

use contracts::{Action, Class, Head, Incoming, Warning, WarningCode};

/// The warnings of a command's reading, and those about members of its envelope that take no effect.
pub(crate) fn warnings_of(incoming: &Incoming) -> Vec<Warning> {
    let read = incoming.reading.warnings.iter().cloned();
    read.chain(unused_attempt(incoming)).chain(unused_gpu(incoming)).collect()
}

/// Warns about the attempt of an envelope, which takes no effect: the gateway counts attempts itself. A cancel has an
/// attempt as a field of its own.
fn unused_attempt(incoming: &Incoming) -> Option<Warning> {
    let head = &incoming.head;
    (head.attempt != 1 && head.action != Action::Cancel).then(|| {
        let pointer = head.pointer("attempt");
        Warning {
            code: WarningCode::NoEffect,
            message: format!("`{}` takes no effect here: the gateway counts attempts itself", &pointer[1..]),
            pointer: Some(pointer),
            hint: Some("leave it out".to_owned()),
        }
    })
}

/// Warns about the GPU of a command that the gateway answers without a worker.
fn unused_gpu(incoming: &Incoming) -> Option<Warning> {
    let Head { action, gpu_id, .. } = &incoming.head;
    let is_answered_here = action.info().class == Class::Gateway
        || matches!(action, Action::Cancel | Action::Shutdown | Action::GetQueueStatus);
    (gpu_id.is_some() && is_answered_here).then(|| {
        let pointer = incoming.head.pointer("gpu_id");
        Warning {
            code: WarningCode::NoEffect,
            message: format!(
                "`{}` takes no effect: the gateway itself answers {action}, for all GPUs",
                &pointer[1..]
            ),
            pointer: Some(pointer),
            hint: Some("leave it out".to_owned()),
        }
    })
}

/// Warns about `on_disconnect` beside a command that is no job.
pub(super) fn unused_on_disconnect(action: Action) -> Warning {
    Warning {
        code: WarningCode::NoEffect,
        pointer: Some("/on_disconnect".to_owned()),
        message: format!("`on_disconnect` takes no effect: this {action} is no job"),
        hint: Some("leave it out".to_owned()),
    }
}
