//! The order of replies without `out_of_order`: that of the commands.

use tokio::sync::{oneshot, watch};

/// Counts commands, and the replies that were written.
#[derive(Debug, Default)]
pub(super) struct ReplyOrder {
    read: u64,
    /// The number of commands up to the last one that was not a job; jobs wait for these.
    barrier: u64,
    written: watch::Sender<u64>,
}

impl ReplyOrder {
    /// Counts a command.
    pub(super) fn count(&mut self) {
        self.read += 1;
    }

    /// Counts a written reply.
    pub(super) fn next(&self) {
        self.written.send_modify(|written| *written += 1);
    }

    /// The place of the next command. A job may start when every command before it that is not a job is done; any other
    /// command when all before it are.
    pub(super) fn pending(&mut self, is_job: bool) -> PendingReply {
        let after = if is_job { self.barrier } else { self.read };
        if !is_job {
            self.barrier = self.read + 1;
        }
        PendingReply { after, written: Some(self.written.subscribe()) }
    }
}

/// The place of a command in the order.
#[derive(Clone, Debug)]
pub(super) struct PendingReply {
    after: u64,
    written: Option<watch::Receiver<u64>>,
}

impl PendingReply {
    /// A place that is due at once.
    pub(super) fn now() -> Self {
        Self { after: 0, written: None }
    }

    /// Waits until the place is due.
    pub(super) async fn wait(&self) {
        if let Some(mut written) = self.written.clone() {
            // An error means that the connection has ended, and the reply is dropped.
            written.wait_for(|written| *written >= self.after).await.ok();
        }
    }

    /// Waits until the place is due or the command is cancelled. Returns whether it was cancelled.
    pub(super) async fn or_cancelled(&self, cancelled: oneshot::Receiver<()>) -> bool {
        tokio::select! {
            biased;
            // First, because the cancel has been answered as a success. Without an id no cancel is possible: the sender
            // is dropped at once, and this arm is disabled.
            Ok(()) = cancelled => true,
            () = self.wait() => false,
            else => false,
        }
    }
}
