//! Work with a limit of time, for commands whose input decides how long they take.

use std::{io, panic, sync::mpsc, thread, time::Duration};

/// The stack of the work, 1 GiB of addresses: validators follow nested references by recursion, and only what is used becomes
/// memory.
const STACK_BYTES: usize = 1 << 30;

/// Does the work within a limit of time; none if it takes longer. It goes on then, until the program ends.
///
/// # Errors
/// [`io::Error`] if there is no thread for it.
pub fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<Option<T>> {
    let (sender, receiver) = mpsc::channel();
    let worker = thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
        // Nobody receives what comes too late.
        drop(sender.send(work()));
    })?;
    match receiver.recv_timeout(limit) {
        Ok(done) => Ok(Some(done)),
        Err(mpsc::RecvTimeoutError::Timeout) => Ok(None),
        Err(mpsc::RecvTimeoutError::Disconnected) => match worker.join() {
            Err(panicked) => panic::resume_unwind(panicked),
            Ok(()) => unreachable!("the work sends before it ends"),
        },
    }
}
