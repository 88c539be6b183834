//! The bytes of a connection, with time limits for the client: for the head of a request, for the pause between two
//! requests, and for taking a reply.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Bytes;
use http_body::{Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

/// The time limits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) head: Duration,
    pub(super) idle: Duration,
    pub(super) write: Duration,
}

/// Counts the requests of a connection that are being answered, or whose bodies are still read.
///
/// `Relaxed` throughout: all of a connection runs in one task, so that the atomics only make the type `Sync`.
#[derive(Clone, Debug)]
pub(super) struct Requests(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    now: AtomicUsize,
    ever: AtomicUsize,
    /// When the connection began.
    start: Instant,
    /// When the last request ended, in nanoseconds after `start`.
    ended: AtomicU64,
}

impl Default for Requests {
    fn default() -> Self {
        let (now, ever, ended) = Default::default();
        Self(Arc::new(Counts { now, ever, start: Instant::now(), ended }))
    }
}

impl Requests {
    /// Counts a request, until the guard is dropped.
    pub(super) fn hold(&self) -> RequestGuard {
        self.0.now.fetch_add(1, Ordering::Relaxed);
        self.0.ever.fetch_add(1, Ordering::Relaxed);
        RequestGuard(self.clone())
    }

    fn any(&self) -> bool {
        self.0.now.load(Ordering::Relaxed) > 0
    }

    fn ever(&self) -> usize {
        self.0.ever.load(Ordering::Relaxed)
    }

    /// When the last request ended; the begin of the connection if none has.
    fn ended(&self) -> Instant {
        self.0.start + Duration::from_nanos(self.0.ended.load(Ordering::Relaxed))
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct RequestGuard(Requests);

impl Drop for RequestGuard {
    fn drop(&mut self) {
        let Counts { now, start, ended, .. } = &*self.0.0;
        // 64 bits of nanoseconds are 584 years.
        ended.store(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        now.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The body of a reply. Its request counts as being answered until the body is written.
pub(super) struct CountedBody<B> {
    pub(super) body: B,
    pub(super) _guard: RequestGuard,
}

impl<B: http_body::Body<Data = Bytes> + Unpin> http_body::Body for CountedBody<B> {
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

/// The stream of a connection, with its time limits.
pub(super) struct Wire<S> {
    stream: S,
    times: Times,
    requests: Requests,
    /// When the client began a head that is not complete yet.
    head: Option<Instant>,
    /// The number of requests at the last read.
    seen: usize,
    /// When to check the time limit next. It is not reset for each request, which would cost two changes of the
    /// runtime's timers; see [`Wire::check_again`].
    next_check: Pin<Box<Sleep>>,
    /// When a write fails that the client does not take.
    write_due: Option<Pin<Box<Sleep>>>,
}

impl<S> Wire<S> {
    pub(super) fn new(stream: S, times: Times, requests: Requests) -> Self {
        let next_check = Box::pin(sleep(times.head.min(times.idle)));
        Self { stream, times, requests, head: Some(Instant::now()), seen: 0, next_check, write_due: None }
    }

    /// When the client's time is over; `None` while it waits for the gateway.
    fn due(&self) -> Option<Instant> {
        match self.head {
            _ if self.requests.any() => None,
            Some(since) => Some(since + self.times.head),
            None => Some(self.requests.ended() + self.times.idle),
        }
    }

    /// Sets the next check: at `due`, and never later than the shortest limit from now. hyper does not read when a
    /// request ends, so that the limit that begins then must be covered by a check that was set before.
    fn check_again(&mut self, due: Option<Instant>) {
        let at = Instant::now() + self.times.head.min(self.times.idle);
        self.next_check.as_mut().reset(due.map_or(at, |due| due.min(at)));
    }

    /// Called when no bytes have arrived: completes when the client's time is over.
    fn poll_read_due(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let due = self.due();
            if due.is_some_and(|due| due < self.next_check.deadline()) {
                self.check_again(due);
            }
            ready!(self.next_check.as_mut().poll(cx));
            if due.is_none_or(|due| due > Instant::now()) {
                self.check_again(due);
                continue;
            }
            if self.head.is_none() {
                // An idle connection ends like one that the client has closed.
                return Poll::Ready(Ok(()));
            }
            tracing::debug!(seconds = self.times.head.as_secs_f64(), "no whole head of a request in time");
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
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
            self.head = None;
        }
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(cx, buf) {
            let came = buf.filled().len() > before;
            if came && self.head.is_none() && !self.requests.any() {
                self.head = Some(Instant::now());
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
