//! This process's own stdin and stdout, each on a thread of its own: a terminal or a pipe that blocks must not block
//! anything else, nor keep the process from leaving.

use std::io::{Read, Write};

use tokio::sync::{mpsc, oneshot};

/// Chunks of stdin that wait to be looked at.
const CHUNKS_MAX: usize = 8;
/// Lines that wait to be written.
const LINES_MAX: usize = 1024;

/// The chunks of stdin; closed at its end.
pub(super) fn read_stdin() -> mpsc::Receiver<Vec<u8>> {
    let (chunks, input) = mpsc::channel(CHUNKS_MAX);
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        let mut chunk = vec![0; 64 << 10];
        loop {
            match stdin.read(&mut chunk) {
                Ok(0) => return,
                Ok(count) => {
                    if chunks.blocking_send(chunk[..count].to_vec()).is_err() {
                        return;
                    }
                }
                Err(err) if err.kind() == std::io::ErrorKind::Interrupted => {}
                Err(err) => {
                    tracing::error!(%err, "stdin broke");
                    return;
                }
            }
        }
    });
    input
}

/// A way to write lines to stdout, and what resolves once all are written and the way is dropped.
pub(super) fn write_stdout() -> (mpsc::Sender<Vec<u8>>, oneshot::Receiver<()>) {
    let (output, mut lines) = mpsc::channel::<Vec<u8>>(LINES_MAX);
    let (done, written) = oneshot::channel();
    std::thread::spawn(move || {
        let mut stdout = std::io::stdout().lock();
        while let Some(mut line) = lines.blocking_recv() {
            // Whatever waits goes out with it.
            while let Ok(more) = lines.try_recv() {
                line.extend_from_slice(&more);
            }
            if let Err(err) = stdout.write_all(&line).and_then(|()| stdout.flush()) {
                tracing::error!(%err, "stdout broke");
                return;
            }
        }
        done.send(()).ok();
    });
    (output, written)
}
