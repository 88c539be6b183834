//! Logs one line for each command that failed, with its id, trace, GPU and code.

use contracts::{ErrorCode, Reply, Trace};

use crate::gpu::GpuId;

/// Logs the end of a command that was queued. Called at the one place where such a command ends.
pub(crate) fn ended(reply: &Reply, trace: Option<&Trace>, gpu: Option<&GpuId>, attempt: Option<u32>) {
    let trace_id = trace.map(Trace::id);
    let request_id = reply.request_id.as_deref();
    let session_id = reply.session_id.as_deref();
    let action = reply.action.map(contracts::Action::as_str);
    let gpu = gpu.map(GpuId::as_str);
    let Err(failure) = &reply.outcome else {
        tracing::debug!(request_id, trace_id, session_id, action, gpu, attempt, "done");
        return;
    };
    let (code, error) = (failure.code.as_str(), failure.message.as_str());
    match failure.code {
        ErrorCode::Cancelled | ErrorCode::ShuttingDown => {
            tracing::info!(request_id, trace_id, session_id, action, gpu, attempt, code, error, "not done");
        }
        ErrorCode::Internal | ErrorCode::WorkerCrashed | ErrorCode::WorkerProtocolError => {
            tracing::error!(request_id, trace_id, session_id, action, gpu, attempt, code, error, "failed");
        }
        _ => tracing::warn!(request_id, trace_id, session_id, action, gpu, attempt, code, error, "failed"),
    }
}

/// Logs the failure of a command that was not queued. A success is not logged.
pub(crate) fn refused(reply: &Reply, trace: Option<&Trace>) {
    let Err(failure) = &reply.outcome else { return };
    let trace_id = trace.map(Trace::id);
    let request_id = reply.request_id.as_deref();
    let session_id = reply.session_id.as_deref();
    let action = reply.action.map(contracts::Action::as_str);
    let (code, error) = (failure.code.as_str(), failure.message.as_str());
    if failure.code == ErrorCode::Internal {
        tracing::error!(request_id, trace_id, session_id, action, code, error, "failed");
    } else {
        tracing::info!(request_id, trace_id, session_id, action, code, error, "refused");
    }
}
