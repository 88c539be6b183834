//! One connection: HTTP/1.1, kept between requests, and closed when its client takes too long.

use std::{convert::Infallible, net::SocketAddr, pin::pin};

use axum::body::Body;
use futures::{StreamExt, stream::FuturesUnordered};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{mpsc, watch},
    time::Duration,
};

use super::{
    body::{Unread, drop_unread},
    entry::{Client, Entry},
    wire::{CountedBody, Requests, Times, Wire},
};

/// The service of all connections.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) entry: Entry,
    pub(super) times: Times,
    /// How long each step of a body may take.
    pub(super) body: Duration,
}

impl Server {
    /// Serves a connection to its end. Once `closed`, it serves only the request that has begun.
    pub(super) async fn serve(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        peer: SocketAddr,
        mut closed: watch::Receiver<bool>,
    ) {
        let requests = Requests::default();
        let wire = TokioIo::new(Wire::new(stream, self.times, requests.clone()));
        // HTTP/1.1 has one request at a time, so that one body at most is left over.
        let (unread, mut left) = mpsc::channel(1);
        let client = Client { address: peer, name: peer.to_string().into(), unread: Unread(unread) };
        let (entry, counted) = (self.entry, requests.clone());
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let guard = counted.hold();
            let answer = entry.clone().answer(request.map(Body::new), client.clone());
            async move {
                let response = answer.await;
                Ok::<_, Infallible>(response.map(|body| CountedBody { body, _guard: guard }))
            }
        });
        let mut connection = pin!(http1::Builder::new().serve_connection(wire, service));
        // An error means that the server is gone, which closes the connection as well. One future for the whole loop: a
        // new one for each turn would register in the channel's list each time.
        let mut closed = pin!(closed.wait_for(|closed| *closed));
        let mut drops = FuturesUnordered::new();
        let mut closing = false;
        loop {
            tokio::select! {
                served = connection.as_mut() => {
                    if let Err(err) = served {
                        tracing::debug!(%peer, %err, "a connection broke off");
                    }
                    return;
                }
                Some(body) = left.recv() => {
                    let guard = requests.hold();
                    let dropped = drop_unread(body, self.body);
                    drops.push(async move { dropped.await; drop(guard); });
                }
                Some(()) = drops.next() => {}
                _ = &mut closed, if !closing => {
                    closing = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}
