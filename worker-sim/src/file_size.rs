//! A limit of the size of files (RLIMIT_FSIZE, `ulimit -f`): a write beyond it is an error like that of a full disk.

use nix::sys::signal::{SigSet, Signal};

/// Makes a write beyond the limit fail (EFBIG) where the kernel would end the process by SIGXFSZ.
///
/// For the first line of `main`: threads and programs that are started later inherit it. The signal is blocked, not
/// ignored: that needs no unsafe code, and no code waits for the signal.
pub fn fail_softly() {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGXFSZ);
    signals.thread_block().expect("the kernel blocks any signal but SIGKILL and SIGSTOP");
}
