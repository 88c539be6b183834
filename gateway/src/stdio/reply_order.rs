//! Whose turn it is, where lines keep the order of the commands.

use tokio::sync::{oneshot, watch};

/// Counts commands and the lines that were written for them.
#[derive(Debug, Default)]
pub(super) struct ReplyOrder {
    read: u64,
    /// Commands up to the last one that was no job: jobs wait for it.
    barrier: u64,
    written: watch::Sender<u64>,
}

impl ReplyOrder {
    /// Another command keeps its place.
    pub(super) fn count(&mut self) {
        self.read += 1;
    }

    /// Another line was written.
    pub(super) fn next(&self) {
        self.written.send_modify(|written| *written += 1);
    }

    /// The turn of the next command: a job's comes when whatever was no job is done, another's when all is.
    pub(super) fn pending(&mut self, is_job: bool) -> PendingReply {
        let after = if is_job { self.barrier } else { self.read };
        if !is_job {
            self.barrier = self.read + 1;
        }
        PendingReply { after, written: Some(self.written.subscribe()) }
    }
}

/// A place in the order.
#[derive(Clone, Debug)]
pub(super) struct PendingReply {
    after: u64,
    written: Option<watch::Receiver<u64>>,
}

impl PendingReply {
    /// No need to wait.
    pub(super) fn now() -> Self {
        Self { after: 0, written: None }
    }

    /// Waits for it.
    pub(super) async fn wait(&self) {
        if let Some(mut written) = self.written.clone() {
            // An error means that the talk is over, and nobody hears the answer.
            written.wait_for(|written| *written >= self.after).await.ok();
        }
    }

    /// Waits for it or for a cancel; whether it was the cancel.
    pub(super) async fn or_cancelled(&self, cancelled: oneshot::Receiver<()>) -> bool {
        tokio::select! {
            biased;
            // First, as the cancel was answered already. Without an id nobody can cancel: the sender is gone at once.
            Ok(()) = cancelled => true,
            () = self.wait() => false,
            else => false,
        }
    }
}
