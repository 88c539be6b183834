//! Reads long commands on blocking threads. The runtime has a single thread: a command of 16 MiB would stop all other
//! clients for its whole reading.

use std::sync::Arc;

use contracts::{Incoming, READ_AT_ONCE_BYTES_MAX, Refusal};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::{JoinHandle, spawn_blocking},
};

/// The result of reading a command.
pub(crate) type Read = Result<Incoming, Refusal>;

/// Whether a command of this many bytes is read on a blocking thread.
pub(crate) fn is_long(bytes: usize) -> bool {
    bytes > READ_AT_ONCE_BYTES_MAX
}

/// The budget of bytes for long commands that are read at the same time. A command may take fifty times its bytes as a
/// tree, so that further ones must wait.
#[derive(Clone, Debug)]
pub(crate) struct ReadingBudget {
    bytes: Arc<Semaphore>,
    bytes_max: u32,
}

impl ReadingBudget {
    pub(crate) fn new(bytes_max: u32) -> Self {
        // A semaphore takes at most `usize::MAX >> 3` permits, which 32 bits always fit.
        Self { bytes: Arc::new(Semaphore::new(bytes_max as usize)), bytes_max }
    }

    /// Reads a command: a short one at once, a long one on a blocking thread when the budget allows. A panic of
    /// `reader` is resumed here.
    ///
    /// # Cancel safety
    /// Dropping the future does not stop a reading that has begun: its bytes stay taken until it ends.
    pub(crate) async fn read<B, R>(&self, bytes: B, reader: R) -> Read
    where
        B: AsRef<[u8]> + Send + 'static,
        R: FnOnce(&[u8]) -> Read + Send + 'static,
    {
        let length = bytes.as_ref().len();
        if !is_long(length) {
            return reader(bytes.as_ref());
        }
        let permit = self.acquire(length).await;
        let reading = begin(bytes, move |bytes| {
            let _permit = permit;
            reader(bytes)
        });
        reading.await.unwrap_or_else(|err| std::panic::resume_unwind(err.into_panic()))
    }

    /// Waits for the bytes of a command. One that is longer than the budget takes all of it.
    async fn acquire(&self, length: usize) -> OwnedSemaphorePermit {
        let bytes = u32::try_from(length).unwrap_or(u32::MAX).min(self.bytes_max);
        match self.bytes.clone().acquire_many_owned(bytes).await {
            Ok(permit) => permit,
            Err(_) => unreachable!("the semaphore is never closed"),
        }
    }
}

/// Begins to read a long command on a blocking thread.
pub(crate) fn begin<B, R>(bytes: B, reader: R) -> JoinHandle<Read>
where
    B: AsRef<[u8]> + Send + 'static,
    R: FnOnce(&[u8]) -> Read + Send + 'static,
{
    spawn_blocking(move || reader(bytes.as_ref()))
}

#[cfg(test)]
mod tests {
    use std::{panic::AssertUnwindSafe, pin::pin, sync::mpsc, time::Duration};

    use contracts::{READ_AT_ONCE_BYTES_MAX, read_frame};
    use futures::FutureExt;

    use super::ReadingBudget;

    /// A frame of more bytes than are read at once.
    fn long() -> Vec<u8> {
        let mut frame = br#"{"action":"get_status"}"#.to_vec();
        frame.resize(READ_AT_ONCE_BYTES_MAX + 1, b' ');
        frame
    }

    #[tokio::test(flavor = "current_thread")]
    async fn others_go_on_while_a_long_command_is_read() {
        let (continue_reading, may_continue) = mpsc::channel();
        let room = ReadingBudget::new(u32::MAX);
        let reading = room.read(long(), move |bytes| {
            // On the runtime's only thread the other task could not run, and this would time out.
            may_continue.recv_timeout(Duration::from_secs(60)).expect("another task went on meanwhile");
            read_frame(bytes)
        });
        let other = async move { continue_reading.send(()).expect("the reader waits") };
        let (read, ()) = tokio::join!(reading, other);
        assert_eq!(read.unwrap().head.action, contracts::Action::GetStatus);
    }

    #[tokio::test]
    async fn a_panic_of_the_reader_is_one_of_its_command() {
        for bytes in [b"short".to_vec(), long()] {
            let room = ReadingBudget::new(1);
            let reading = AssertUnwindSafe(room.read(bytes, |_| panic!("a test asked for it")));
            assert!(reading.catch_unwind().await.is_err());
            assert_eq!(room.bytes.available_permits(), 1, "its room is free again");
        }
    }

    #[tokio::test]
    async fn a_long_command_waits_for_room_and_a_short_one_does_not() {
        // Each of the two commands is longer than the budget.
        let room = ReadingBudget::new(1);
        let (continue_reading, may_continue) = mpsc::channel::<()>();
        let (begun, others) = mpsc::channel::<()>();
        {
            let mut first = pin!(room.read(long(), move |bytes| {
                may_continue.recv_timeout(Duration::from_secs(60)).expect("the test goes on");
                others.try_recv().expect_err("another long command was read at the same time");
                read_frame(bytes)
            }));
            assert!(first.as_mut().now_or_never().is_none());
            // Its client leaves; the reading goes on.
        }
        let mut second = pin!(room.read(long(), move |bytes| {
            begun.send(()).expect_err("the first one has ended");
            read_frame(bytes)
        }));
        assert!(second.as_mut().now_or_never().is_none());
        assert_eq!(room.bytes.available_permits(), 0);
        let short = br#"{"action":"get_status"}"#;
        assert!(room.read(short, read_frame).now_or_never().expect("it waits for nothing").is_ok());
        continue_reading.send(()).expect("the first one waits");
        assert!(second.await.is_ok());
        assert_eq!(room.bytes.available_permits(), 1);
    }
}
