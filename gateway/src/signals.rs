//! SIGTERM and SIGINT: the polite ways to end the gateway. SIGHUP: the log file is opened again.

use tokio::signal::unix::{SignalKind, signal};

/// Waits for the first of them.
pub async fn terminated() {
    heard(1).await;
}

/// Waits for the second of them: whoever sends it does not want to wait.
pub async fn insisted() {
    heard(2).await;
}

/// Opens the log file again at each SIGHUP, for ever. A terminal that is closed does not end the gateway.
pub async fn hung_up() {
    match signal(SignalKind::hangup()) {
        Ok(mut hangup) => {
            while hangup.recv().await.is_some() {
                crate::log::reopen();
            }
        }
        Err(err) => tracing::error!(%err, "SIGHUP cannot be heard"),
    }
    std::future::pending::<()>().await;
}

async fn heard(times: u32) {
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            for _ in 0..times {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            }
        }
        (Err(err), _) | (_, Err(err)) => {
            tracing::error!(%err, "signals cannot be heard; only a kill or the end of stdin ends this process");
            std::future::pending::<()>().await;
        }
    }
}
