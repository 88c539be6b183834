//! One line for each command that failed: whose, where, and with which code.

use contracts::{ErrorCode, Reply, Trace};

use crate::gpu::GpuId;

/// A command that was queued has its reply; the one place that ends them calls this.
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

/// A command that was answered without being queued; nothing is said of a success.
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
