//! Serving: from the listener's first connection to the end of the drain.
//!
//! The end is a sequence, not a race: told to stop, drain the job queue, end the workers, say the last words, leave.
//! Until the drain is over the listener goes on, so that whoever polls a job sees how it ended.

use std::{sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, oneshot, watch},
    task::{JoinError, JoinSet},
    time::{Instant, sleep, timeout},
};

use super::{connection::Server, descriptors, entry::Entry, wire::Times};
use crate::{
    app::{App, TaskFailure},
    config::Edge,
};

/// How long connections may take for what they are owed, once every job has its reply.
const LAST_REPLIES_MAX: Duration = Duration::from_secs(2);

/// The rest after an error of accepting that is not the connection's own.
const ACCEPT_REST: Duration = Duration::from_secs(1);

/// How often the log says that there is no room.
const WARN_AGAIN: Duration = Duration::from_secs(60);

/// Why the gateway no longer serves, although nobody stopped it.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The system does not name the listener's address.
    #[error("the listener has no address")]
    NoAddress {
        /// The error of the system.
        #[source]
        source: std::io::Error,
    },
    /// The task that accepts connections panicked.
    #[error("the server's task broke")]
    Broke {
        /// The panic.
        #[source]
        source: JoinError,
    },
    /// The task that accepts connections returned.
    #[error("the server ended by itself")]
    Ended,
    /// A task behind the server failed.
    #[error(transparent)]
    Task(#[from] TaskFailure),
}

/// Serves an app over HTTP until it is told to stop, by `terminated` or by a `shutdown`, and has drained.
///
/// # Errors
/// [`ServeError`]. Commands that were accepted drain all the same.
pub async fn serve(
    mut app: App,
    listener: TcpListener,
    terminated: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let dispatcher = app.dispatcher().clone();
    let (close, closed) = oneshot::channel::<()>();
    let mut server = JoinSet::new();
    let edge = dispatcher.config().edge.clone();
    let address = listener.local_addr().map_err(|source| ServeError::NoAddress { source })?;
    let entry = Entry::new(super::router(dispatcher.clone()), edge.clone(), address);
    server.spawn(accept(listener, Server { entry, times: times(&edge), body: edge.body }, edge, closed));
    let broken = tokio::select! {
        () = terminated => None,
        _ = dispatcher.stopped() => None,
        ended = server.join_next() => Some(ended.map_or(ServeError::Ended, of_end)),
        failure = app.failed() => Some(failure.into()),
    };
    if let Some(broken) = &broken {
        tracing::error!(
            error = broken as &dyn std::error::Error,
            "the gateway ends; accepted commands drain"
        );
    }
    // Who was told already keeps the earlier end.
    dispatcher.stop(None);
    let grace = dispatcher.stopped().await.saturating_duration_since(Instant::now());
    tracing::info!(grace_seconds = grace.as_secs_f64(), "draining");
    app.drain().await;
    drop(close);
    match timeout(LAST_REPLIES_MAX, server.join_next()).await {
        Ok(None) => {}
        Ok(Some(served)) => served.map_err(|source| ServeError::Broke { source })?,
        Err(_) => tracing::warn!("connections that did not take their last reply in time are closed"),
    }
    app.leave().await;
    tracing::info!("drained");
    broken.map_or(Ok(()), Err)
}

fn of_end(ended: Result<(), JoinError>) -> ServeError {
    match ended {
        Ok(()) => ServeError::Ended,
        Err(source) => ServeError::Broke { source },
    }
}

fn times(edge: &Edge) -> Times {
    Times { head: edge.head, idle: edge.idle, write: edge.write }
}

/// Accepts connections until told to close; then serves what each has begun. Beyond the limit the next one waits in the
/// system's backlog: idle ones make room for it soon.
async fn accept(listener: TcpListener, server: Server, edge: Arc<Edge>, mut closed: oneshot::Receiver<()>) {
    let room = Arc::new(Semaphore::new(descriptors::room(edge.connections_max)));
    let (close, closing) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut warned_at: Option<Instant> = None;
    loop {
        if room.available_permits() == 0 && warned_at.is_none_or(|warned_at| warned_at.elapsed() > WARN_AGAIN)
        {
            warned_at = Some(Instant::now());
            tracing::warn!(
                connections_max = edge.connections_max,
                "no room for a further connection: it waits"
            );
        }
        let accepted = async {
            let permit = room.clone().acquire_owned().await;
            (permit, listener.accept().await)
        };
        tokio::select! {
            (permit, accepted) = accepted => match accepted {
                Ok((stream, peer)) => {
                    no_delay(&stream);
                    let served = server.clone().serve(stream, peer, closing.clone());
                    connections.spawn(async move { served.await; drop(permit); });
                }
                Err(err) if is_of_connection(&err) => tracing::debug!(%err, "a connection was gone before it was accepted"),
                Err(err) => {
                    // No file descriptor, for instance: the next look finds the same for a while.
                    tracing::error!(%err, "connections cannot be accepted");
                    sleep(ACCEPT_REST).await;
                }
            },
            Some(ended) = connections.join_next() => report(ended),
            // An error is the signal: the sender is dropped.
            _ = &mut closed => break,
        }
    }
    drop(listener);
    close.send_replace(true);
    while let Some(ended) = connections.join_next().await {
        report(ended);
    }
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(err) = ended {
        tracing::error!(%err, "a connection's task broke");
    }
}

/// Small replies must not wait for Nagle.
fn no_delay(stream: &TcpStream) {
    if let Err(err) = stream.set_nodelay(true) {
        tracing::debug!(%err, "no TCP_NODELAY");
    }
}

fn is_of_connection(err: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(err.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
