//! Long commands are read aside, not on a thread of the runtime: other clients are answered meanwhile.

use contracts::{Incoming, READ_AT_ONCE_BYTES_MAX, Refusal};
use tokio::task::{JoinHandle, spawn_blocking};

/// What the reading of a command comes to.
pub(crate) type Read = Result<Incoming, Refusal>;

/// Whether a command of so many bytes is read aside.
pub(crate) fn is_long(bytes: usize) -> bool {
    bytes > READ_AT_ONCE_BYTES_MAX
}

/// Reads a command: a short one here, a long one aside. A panic of the reader is one here.
pub(crate) async fn read<B, R>(bytes: B, reader: R) -> Read
where
    B: AsRef<[u8]> + Send + 'static,
    R: FnOnce(&[u8]) -> Read + Send + 'static,
{
    if !is_long(bytes.as_ref().len()) {
        return reader(bytes.as_ref());
    }
    begin(bytes, reader).await.unwrap_or_else(|err| std::panic::resume_unwind(err.into_panic()))
}

/// Begins to read a long command.
pub(crate) fn begin<B, R>(bytes: B, reader: R) -> JoinHandle<Read>
where
    B: AsRef<[u8]> + Send + 'static,
    R: FnOnce(&[u8]) -> Read + Send + 'static,
{
    spawn_blocking(move || reader(bytes.as_ref()))
}

#[cfg(test)]
mod tests {
    use std::{panic::AssertUnwindSafe, sync::mpsc, time::Duration};

    use contracts::{READ_AT_ONCE_BYTES_MAX, read_frame};
    use futures::FutureExt;

    use super::read;

    /// A frame of more bytes than are read at once.
    fn long() -> Vec<u8> {
        let mut frame = br#"{"action":"get_status"}"#.to_vec();
        frame.resize(READ_AT_ONCE_BYTES_MAX + 1, b' ');
        frame
    }

    #[tokio::test(flavor = "current_thread")]
    async fn others_go_on_while_a_long_command_is_read() {
        let (go_on, told) = mpsc::channel();
        let reading = read(long(), move |bytes| {
            // On the runtime's only thread nobody could tell it, and this would be an error.
            told.recv_timeout(Duration::from_secs(60)).expect("another task went on meanwhile");
            read_frame(bytes)
        });
        let other = async move { go_on.send(()).expect("the reader waits") };
        let (read, ()) = tokio::join!(reading, other);
        assert_eq!(read.unwrap().head.action, contracts::Action::GetStatus);
    }

    #[tokio::test]
    async fn a_panic_of_the_reader_is_one_of_its_command() {
        for bytes in [b"short".to_vec(), long()] {
            let reading = AssertUnwindSafe(read(bytes, |_| panic!("a test asked for it")));
            assert!(reading.catch_unwind().await.is_err());
        }
    }
}
