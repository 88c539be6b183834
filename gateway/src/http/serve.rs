//! Serves HTTP, from the first connection to the end of the drain.
//!
//! The end is a sequence and not a race: stop, drain the job queue, end the workers, write the last replies, exit. The
//! listener accepts connections until the drain is over, so that a client that polls a job sees its end.

use std::{sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, oneshot, watch},
    task::{JoinError, JoinSet},
    time::{Instant, sleep, sleep_until},
};

use super::{connection::Server, descriptors, entry::Entry, wire::Times};
use crate::{
    app::{App, TaskFailure},
    config::Edge,
    dispatch::Dispatcher,
};

/// How long connections have at least for what they have begun, after every job has its reply, however little is left of
/// the grace.
const LAST_REPLIES_MIN: Duration = Duration::from_secs(2);

/// The pause after an error of `accept` that is not of one connection. Without it a lack of descriptors would be a busy
/// loop.
const ACCEPT_REST: Duration = Duration::from_secs(1);

/// The interval between two warnings that there is no room for connections.
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

/// Serves an app over HTTP until `terminated` or a `shutdown` stops it and it has drained.
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
    // An end that `shutdown` has given before holds if it is earlier.
    dispatcher.stop(None);
    let grace = dispatcher.stopped().await.saturating_duration_since(Instant::now());
    tracing::info!(grace_seconds = grace.as_secs_f64(), "draining");
    app.drain().await;
    drop(close);
    match last_replies(&dispatcher, &mut server).await {
        Some(served) => served.map_err(|source| ServeError::Broke { source })?,
        None => {
            tracing::warn!("the grace is over: connections with a request or a reply under way are closed");
        }
    }
    app.end_tasks().await;
    tracing::info!("drained");
    broken.map_or(Ok(()), Err)
}

/// Waits until the connections have what they have begun: to the end of the grace, which may be moved forward meanwhile,
/// so that a client that reads slowly but steadily has its whole reply. `None` if some were not done.
async fn last_replies(dispatcher: &Dispatcher, server: &mut JoinSet<()>) -> Option<Result<(), JoinError>> {
    let least = Instant::now() + LAST_REPLIES_MIN;
    loop {
        let grace = dispatcher.stopped().await;
        tokio::select! {
            // Biased: a reply that was complete at the last moment was not cut.
            biased;
            served = server.join_next() => return Some(served.unwrap_or(Ok(()))),
            () = sleep_until(grace.max(least)) => return None,
            () = dispatcher.stops_sooner(grace) => {}
        }
    }
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

/// Accepts connections until `closed`; then serves the request that each has begun. Beyond the limit further
/// connections wait in the system's backlog, until idle ones are closed.
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
                    // Such as a lack of file descriptors, which lasts for a while.
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

/// Turns off Nagle's algorithm, which would delay small replies by up to 40 ms.
fn no_delay(stream: &TcpStream) {
    if let Err(err) = stream.set_nodelay(true) {
        tracing::debug!(%err, "no TCP_NODELAY");
    }
}

fn is_of_connection(err: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(err.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
