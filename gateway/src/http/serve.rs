//! Serving: from the listener's first connection to the end of the drain.
//!
//! The end is a sequence, not a race: told to stop, drain the job queue, end the workers, say the last words, leave. Until
//! the drain is over the listener goes on, so that whoever polls a job sees how it ended.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, oneshot, watch},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::{connection::Server, descriptors, entry::Entry, wire::Times};
use crate::{app::App, config::Edge};

/// How long connections may take for what they are owed, once every job has its reply.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The rest after an error of accepting that is not the connection's own.
const ACCEPT_REST: Duration = Duration::from_secs(1);

/// How often the log says that there is no room.
const TELL_AGAIN: Duration = Duration::from_secs(60);

/// Serves an app over HTTP until it is told to stop, by `terminated` or by a `shutdown`, and has drained.
///
/// # Errors
/// Where the server breaks, or a task of the gateway ends by itself: what was accepted drains all the same.
pub async fn serve(
    mut app: App,
    listener: TcpListener,
    terminated: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let dispatcher = app.dispatcher().clone();
    let (close, closed) = oneshot::channel::<()>();
    let mut server = JoinSet::new();
    let edge = dispatcher.config().edge.clone();
    let entry = Entry::new(super::router(dispatcher.clone()), edge.clone(), listener.local_addr()?);
    server.spawn(accept(listener, Server { entry, times: times(&edge), body: edge.body }, edge, closed));
    let broken = tokio::select! {
        () = terminated => None,
        _ = dispatcher.stopped() => None,
        ended = server.join_next() => Some(anyhow::anyhow!("the server ended by itself: {ended:?}")),
        what = app.failed() => Some(anyhow::anyhow!(what)),
    };
    if let Some(broken) = &broken {
        tracing::error!("{broken:#}; what was accepted drains");
    }
    // Who was told already keeps the earlier end.
    dispatcher.stop(None);
    let grace = dispatcher.stopped().await.saturating_duration_since(Instant::now());
    tracing::info!(grace_seconds = grace.as_secs_f64(), "draining");
    app.drain().await;
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

fn times(edge: &Edge) -> Times {
    Times { head: edge.head, idle: edge.idle, write: edge.write }
}

/// Accepts connections until told to close; then serves what each has begun. Beyond the limit the next one waits in the
/// system's backlog: idle ones make room for it soon.
async fn accept(
    listener: TcpListener,
    server: Server,
    edge: Arc<Edge>,
    mut closed: oneshot::Receiver<()>,
) -> std::io::Result<()> {
    let room = Arc::new(Semaphore::new(descriptors::room(edge.connections_max)));
    let (close, closing) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut told: Option<Instant> = None;
    loop {
        if room.available_permits() == 0 && told.is_none_or(|told| told.elapsed() > TELL_AGAIN) {
            told = Some(Instant::now());
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
    Ok(())
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
