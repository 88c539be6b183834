//! SIGTERM and SIGINT: the polite ways to end the gateway.

use tokio::signal::unix::{SignalKind, signal};

/// Waits for the first of them.
pub async fn terminated() {
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        (Err(err), _) | (_, Err(err)) => {
            tracing::error!(%err, "signals cannot be heard; only a kill or the end of stdin ends this process");
            std::future::pending::<()>().await;
        }
    }
}
