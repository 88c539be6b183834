//! SIGTERM and SIGINT, which end a worker as the end of its stdin does.

use std::{io, os::fd::AsFd, os::fd::BorrowedFd};

use nix::sys::{
    signal::{SigSet, Signal},
    signalfd::{SfdFlags, SignalFd},
};

/// The signals, as a descriptor that can be polled.
pub(crate) struct Signals {
    ends: SigSet,
    descriptor: SignalFd,
}

impl Signals {
    /// Blocks them in this thread and in those that it starts. `None` if whoever started this process has blocked them: it
    /// ends this worker by its stdin.
    pub(crate) fn take() -> io::Result<Option<Self>> {
        if SigSet::thread_get_mask()?.contains(Signal::SIGTERM) {
            return Ok(None);
        }
        let ends = SigSet::from_iter([Signal::SIGTERM, Signal::SIGINT]);
        ends.thread_block()?;
        let descriptor = SignalFd::with_flags(&ends, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        Ok(Some(Self { ends, descriptor }))
    }

    /// Reads the signal that came. A further one ends the process at once.
    pub(crate) fn end(self) -> io::Result<()> {
        while self.descriptor.read_signal()?.is_some() {}
        self.ends.thread_unblock()?;
        Ok(())
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}
