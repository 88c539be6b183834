//! The stdin and stdout of this process, each on a thread of its own: a terminal or a pipe that blocks must not block
//! anything else, nor keep the process from its exit.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::fd::AsFd,
    sync::Arc,
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
};
use tokio::sync::{mpsc, oneshot, watch};

/// Chunks of 64 KiB of stdin that wait to be split. A full channel leaves the rest in the pipe.
pub(super) const CHUNKS_MAX: usize = 8;
/// Bytes that wait to be written; beyond this no further reply or event is made.
const BACKLOG_BYTES_MAX: usize = 1 << 20;

/// The queue of stdout. Unbounded, so that `send` never waits and a client that does not read delays nothing else;
/// callers wait for room before they make a further line.
#[derive(Clone)]
pub(super) struct StdoutQueue {
    lines: mpsc::UnboundedSender<Vec<u8>>,
    /// Bytes that wait to be written; `None` once stdout broke.
    backlog: Arc<watch::Sender<Option<usize>>>,
}

impl StdoutQueue {
    /// Queues a line. Returns whether the writer still runs.
    pub(super) fn send(&self, line: Vec<u8>) -> bool {
        let bytes = line.len();
        self.backlog.send_modify(|backlog| *backlog = backlog.map(|backlog| backlog + bytes));
        self.lines.send(line).is_ok()
    }

    /// Bytes that were queued and are not written.
    pub(super) fn backlog(&self) -> usize {
        self.backlog.borrow().unwrap_or(0)
    }

    /// Whether a further line may be made.
    pub(super) fn has_room(&self) -> bool {
        self.backlog() < BACKLOG_BYTES_MAX
    }

    /// Waits until a further line may be made.
    ///
    /// # Cancel safety
    /// It takes nothing.
    pub(super) async fn wait_for_room(&self) {
        // An error would mean that the sender is gone, and `self` holds it.
        let has_room = |backlog: &Option<usize>| backlog.is_none_or(|backlog| backlog < BACKLOG_BYTES_MAX);
        self.backlog.subscribe().wait_for(has_room).await.ok();
    }

    /// Waits until a line cannot be written; no further line is.
    pub(super) async fn broken(self) {
        // An error would mean that the sender is gone, and `self` holds it.
        self.backlog.subscribe().wait_for(Option::is_none).await.ok();
    }
}

/// A piece of stdin; an error is the last one.
pub(super) type Chunk = io::Result<Vec<u8>>;

/// Reads stdin on a thread. The channel closes at its end.
pub(super) fn read_stdin() -> mpsc::Receiver<Chunk> {
    let (chunks, input) = mpsc::channel(CHUNKS_MAX);
    std::thread::spawn(move || {
        // Not `Stdin`, which takes a descriptor that cannot be read for one at its end.
        match io::stdin().as_fd().try_clone_to_owned() {
            Ok(stdin) => {
                read_chunks(&mut File::from(stdin), || wait_for(&io::stdin(), PollFlags::POLLIN), &chunks);
            }
            // An error means that nothing waits for it.
            Err(err) => _ = chunks.blocking_send(Err(err)),
        }
    });
    input
}

/// Reads to the end; `wait` waits until there is something to read.
fn read_chunks(input: &mut impl Read, wait: impl Fn() -> io::Result<()>, chunks: &mpsc::Sender<Chunk>) {
    let mut chunk = vec![0; 64 << 10];
    loop {
        let read = match input.read(&mut chunk) {
            Ok(0) => return,
            Ok(count) => Ok(chunk[..count].to_vec()),
            Err(err) if err.kind() == io::ErrorKind::Interrupted => continue,
            // Another holder of the pipe has made it non-blocking.
            Err(err) if err.kind() == io::ErrorKind::WouldBlock => match wait() {
                Ok(()) => continue,
                Err(err) => Err(err),
            },
            Err(err) => Err(err),
        };
        let is_last = read.is_err();
        if chunks.blocking_send(read).is_err() || is_last {
            return;
        }
    }
}

fn wait_for(pipe: &impl AsFd, event: PollFlags) -> io::Result<()> {
    let mut waited = [PollFd::new(pipe.as_fd(), event)];
    match poll(&mut waited, PollTimeout::NONE) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(err) => Err(err.into()),
    }
}

/// Resolves when every writer of stdin is gone, even if bytes of it are still unread. It never resolves for a file or a
/// terminal, whose end shows only when it is read.
pub(super) fn stdin_hung_up() -> oneshot::Receiver<()> {
    hung_up(io::stdin())
}

/// Polls for the hang-up, which the system reports at once. The end of the pipe would be seen only behind all unread
/// bytes, and the reader stops while enough is read ahead.
fn hung_up(input: impl AsFd + Send + 'static) -> oneshot::Receiver<()> {
    let (sender, hang_up) = oneshot::channel();
    std::thread::spawn(move || {
        // `poll` always reports a hang-up; no other event is asked for.
        let mut polled = [PollFd::new(input.as_fd(), PollFlags::empty())];
        loop {
            match poll(&mut polled, PollTimeout::NONE) {
                Err(Errno::EINTR) => {}
                Err(err) => {
                    return tracing::error!(%err, "stdin cannot be watched; its end is noticed where it is read");
                }
                Ok(_) => break,
            }
        }
        if polled[0].revents().is_some_and(|events| events.contains(PollFlags::POLLHUP)) {
            // An error means that nothing waits for it.
            sender.send(()).ok();
        }
    });
    hang_up
}

/// The queue of stdout, and a receiver that resolves when the queue is dropped and all its lines are written.
pub(super) fn write_stdout() -> (StdoutQueue, oneshot::Receiver<()>) {
    let wait = || wait_for(&io::stdout(), PollFlags::POLLOUT);
    // Not `Stdout`, which forgets how much of a line it wrote before an error, and takes a closed descriptor for a reader.
    match io::stdout().as_fd().try_clone_to_owned() {
        Ok(stdout) => write_lines(File::from(stdout), wait),
        Err(err) => write_lines(Unwritable(err), wait),
    }
}

/// A stdout that cannot be had.
struct Unwritable(io::Error);

impl Write for Unwritable {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::new(self.0.kind(), self.0.to_string()))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// As [`Write::write_all`], but `wait` waits while there is no room: another holder of the pipe may have made it
/// non-blocking.
fn write_all(out: &mut impl Write, mut bytes: &[u8], wait: &impl Fn() -> io::Result<()>) -> io::Result<()> {
    while !bytes.is_empty() {
        match out.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            Err(err) if err.kind() == io::ErrorKind::WouldBlock => wait()?,
            Err(err) => return Err(err),
        }
    }
    Ok(())
}

fn write_lines(
    mut out: impl Write + Send + 'static,
    wait: impl Fn() -> io::Result<()> + Send + 'static,
) -> (StdoutQueue, oneshot::Receiver<()>) {
    let (lines, mut waiting) = mpsc::unbounded_channel::<Vec<u8>>();
    let backlog = Arc::new(watch::Sender::new(Some(0)));
    let (done, written) = oneshot::channel();
    let queue = StdoutQueue { lines, backlog: backlog.clone() };
    std::thread::spawn(move || {
        while let Some(mut line) = waiting.blocking_recv() {
            // All lines that wait go out in one write.
            while let Ok(more) = waiting.try_recv() {
                line.extend_from_slice(&more);
            }
            if let Err(err) = write_all(&mut out, &line, &wait) {
                tracing::error!(%err, "stdout broke: running commands are cancelled, and the gateway ends");
                drop(waiting);
                backlog.send_replace(None);
                return;
            }
            // No underflow: `send` has added the bytes before it queued the line.
            backlog.send_modify(|backlog| *backlog = backlog.map(|backlog| backlog - line.len()));
        }
        // An error means that nothing waits for it.
        done.send(()).ok();
    });
    (queue, written)
}

#[cfg(test)]
mod tests {
    use std::{
        fs::File,
        io::{self, Read},
        os::fd::OwnedFd,
    };

    use super::{BACKLOG_BYTES_MAX, CHUNKS_MAX, hung_up, read_chunks, write_lines};

    /// One that breaks after its first bytes.
    struct Broken(bool);

    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if std::mem::replace(&mut self.0, true) {
                return Err(io::Error::other("it broke"));
            }
            buffer[0] = b'x';
            Ok(1)
        }
    }

    #[test]
    fn what_was_read_comes_before_the_error_and_nothing_after_it() {
        let (chunks, mut input) = tokio::sync::mpsc::channel(CHUNKS_MAX);
        read_chunks(&mut Broken(false), || unreachable!("it blocks"), &chunks);
        drop(chunks);
        assert_eq!(input.blocking_recv().unwrap().unwrap(), b"x");
        assert_eq!(input.blocking_recv().unwrap().unwrap_err().to_string(), "it broke");
        assert!(input.blocking_recv().is_none());
    }

    #[tokio::test]
    async fn a_hang_up_is_told_before_what_was_written_is_read() {
        let (mut reader, mut writer) = std::io::pipe().unwrap();
        let hang_up = hung_up(reader.try_clone().unwrap());
        std::io::Write::write_all(&mut writer, b"unread").unwrap();
        drop(writer);
        hang_up.await.unwrap();
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "unread");
    }

    #[tokio::test]
    async fn saying_never_waits_and_room_comes_back_when_somebody_reads() {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let (queue, written) = write_lines(File::from(OwnedFd::from(writer)), || unreachable!("it blocks"));
        let line = vec![b'x'; BACKLOG_BYTES_MAX];
        assert!(queue.has_room());
        assert!(queue.send(line.clone()));
        assert!(!queue.has_room());
        assert!(queue.send(line));
        let read = std::thread::spawn(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).unwrap();
            all.len()
        });
        queue.wait_for_room().await;
        drop(queue);
        written.await.unwrap();
        assert_eq!(read.join().unwrap(), 2 * BACKLOG_BYTES_MAX);
    }

    #[tokio::test]
    async fn a_reader_that_is_gone_leaves_room() {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let (queue, written) = write_lines(File::from(OwnedFd::from(writer)), || unreachable!("it blocks"));
        queue.send(vec![b'x'; 2 * BACKLOG_BYTES_MAX]);
        queue.clone().broken().await;
        queue.wait_for_room().await;
        assert!(written.await.is_err(), "not written");
        assert!(!queue.send(b"more".to_vec()));
        assert!(queue.has_room());
    }
}
