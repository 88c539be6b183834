//! Signals: SIGTERM and SIGINT stop the gateway, SIGHUP opens the log file again.

use tokio::signal::unix::{SignalKind, signal};

/// Waits for the first SIGTERM or SIGINT.
pub async fn terminated() {
    heard(1).await;
}

/// Waits for the second SIGTERM or SIGINT, which ends the gateway without a drain.
pub async fn insisted() {
    heard(2).await;
}

/// Opens the log file again at each SIGHUP. Never returns. By this, closing a terminal does not end the gateway.
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
