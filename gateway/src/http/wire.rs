//! A connection's bytes, with the times that a client has for its part: the head of a request, the pause between two,
//! and to take what it asked for.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Bytes;
use http_body::{Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Notify,
    time::{Instant, Sleep, sleep},
};

/// The times.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) head: Duration,
    pub(super) idle: Duration,
    pub(super) write: Duration,
}

/// Requests of a connection that are being answered, or whose bodies are still read.
///
/// All of a connection runs in one task: the counts only cross from its requests to its bytes, and need no order.
#[derive(Clone, Debug, Default)]
pub(super) struct Requests(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    now: AtomicUsize,
    ever: AtomicUsize,
    ended: Notify,
}

impl Requests {
    /// One more, until it is dropped.
    pub(super) fn hold(&self) -> Held {
        self.0.now.fetch_add(1, Ordering::Relaxed);
        self.0.ever.fetch_add(1, Ordering::Relaxed);
        Held(self.clone())
    }

    /// Waits until one has ended. hyper looks at the bytes again only when it is polled; the pause begins there.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(super) async fn ended(&self) {
        self.0.ended.notified().await;
    }

    fn any(&self) -> bool {
        self.0.now.load(Ordering::Relaxed) > 0
    }

    fn ever(&self) -> usize {
        self.0.ever.load(Ordering::Relaxed)
    }
}

/// A request that is under way.
#[derive(Debug)]
pub(super) struct Held(Requests);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.now.fetch_sub(1, Ordering::Relaxed);
        self.0.0.ended.notify_one();
    }
}

/// A body of a reply: its request is under way until it has been written.
pub(super) struct HeldBody<B> {
    pub(super) body: B,
    pub(super) _held: Held,
}

impl<B: http_body::Body<Data = Bytes> + Unpin> http_body::Body for HeldBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// What a client has to do now, when it is its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// To finish the head of a request.
    Head,
    /// To begin another request, or to leave.
    Idle,
    /// To wait.
    None,
}

/// A connection's bytes.
pub(super) struct Wire<S> {
    stream: S,
    times: Times,
    requests: Requests,
    turn: Turn,
    /// The requests that there had been when `turn` was set.
    seen: usize,
    read_due: Pin<Box<Sleep>>,
    /// When a write that the client does not take is given up.
    write_due: Option<Pin<Box<Sleep>>>,
}

impl<S> Wire<S> {
    pub(super) fn new(stream: S, times: Times, requests: Requests) -> Self {
        let read_due = Box::pin(sleep(times.head));
        Self { stream, times, requests, turn: Turn::Head, seen: 0, read_due, write_due: None }
    }

    fn begin(&mut self, turn: Turn, time: Duration) {
        self.turn = turn;
        let due = Instant::now() + time;
        self.read_due.as_mut().reset(due);
    }

    /// Nothing came: whether the client's time is over.
    fn poll_read_due(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.requests.any() {
            self.turn = Turn::None;
            return Poll::Pending;
        }
        if self.turn == Turn::None {
            self.begin(Turn::Idle, self.times.idle);
        }
        ready!(self.read_due.as_mut().poll(cx));
        match self.turn {
            // The end of the stream: nobody is owed anything.
            Turn::Idle => Poll::Ready(Ok(())),
            _ => {
                tracing::debug!(
                    seconds = self.times.head.as_secs_f64(),
                    "no whole head of a request in time"
                );
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }

    fn poll_written<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write_due = None;
            return written;
        }
        let time = self.times.write;
        ready!(self.write_due.get_or_insert_with(|| Box::pin(sleep(time))).as_mut().poll(cx));
        tracing::debug!(seconds = time.as_secs_f64(), "the client takes nothing of its reply");
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if self.seen != self.requests.ever() {
            self.seen = self.requests.ever();
            self.turn = Turn::None;
        }
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(cx, buf) {
            let came = buf.filled().len() > before;
            if came && self.turn != Turn::Head && !self.requests.any() {
                let head = self.times.head;
                self.begin(Turn::Head, head);
            }
            return Poll::Ready(read);
        }
        self.poll_read_due(cx)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.poll_written(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.poll_written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.poll_written(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
