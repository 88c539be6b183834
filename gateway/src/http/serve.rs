//! Serving: from the listener's first connection to the end of the drain.
//!
//! The end is a sequence, not a race: told to stop, drain the desk, end the workers, say the last words, leave. Until
//! the drain is over the listener goes on, so that whoever polls a job sees how it ended.

use std::time::Duration;

use anyhow::Context;
use tokio::{net::TcpListener, sync::oneshot, task::JoinSet, time::timeout};

use crate::app::App;

/// How long connections may take for what they are owed, once every job has its reply.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Serves an app over HTTP until it is told to stop, by `terminated` or by a `shutdown`, and has drained.
///
/// # Errors
/// Where the server breaks, or a task of the gateway ends by itself: what was accepted drains all the same.
pub async fn serve(
    mut app: App,
    listener: TcpListener,
    terminated: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let front = app.front().clone();
    let (close, closed) = oneshot::channel::<()>();
    let mut server = JoinSet::new();
    server.spawn(accept(listener, super::router(front.clone()), closed));
    let broken = tokio::select! {
        () = terminated => None,
        _ = front.stopped() => None,
        ended = server.join_next() => Some(anyhow::anyhow!("the server ended by itself: {ended:?}")),
        what = app.failed() => Some(anyhow::anyhow!(what)),
    };
    if let Some(broken) = &broken {
        tracing::error!("{broken:#}; what was accepted drains");
    }
    front.stop_once();
    let grace = front.stopped().await;
    tracing::info!(grace_seconds = grace.as_secs_f64(), "draining");
    app.drain(grace).await;
    drop(close);
    match timeout(LAST_WORDS, server.join_next()).await {
        Ok(None) => {}
        Ok(Some(served)) => served.context("the server's task broke")?.context("the server broke")?,
        Err(_) => tracing::warn!("connections that did not take their last reply in time are closed"),
    }
    app.leave().await;
    tracing::info!("drained");
    broken.map_or(Ok(()), Err)
}

/// Accepts connections until told to close; then serves what each has begun.
async fn accept(
    listener: TcpListener,
    router: axum::Router,
    closed: oneshot::Receiver<()>,
) -> std::io::Result<()> {
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        // Small replies must not wait for Nagle.
        if let Err(err) = stream.set_nodelay(true) {
            tracing::debug!(%err, "no TCP_NODELAY");
        }
    });
    let closed = async move {
        // An error is the signal: the sender is dropped.
        closed.await.ok();
    };
    axum::serve(listener, router).with_graceful_shutdown(closed).await
}
