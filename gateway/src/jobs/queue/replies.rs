//! Turns a job's answer into its reply, which reads the metadata of its picture files. A disk may answer late or never:
//! if it may, that is done on a thread of its own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use contracts::{Class, ErrorCode, Failure, limits::DISK_ANSWER};
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use super::outcome::Outcome;
use crate::{
    aside,
    faults::{self, FaultPoint},
    gpu::GpuId,
    jobs::Job,
    lane::LaneError,
    outputs::Outputs,
};

/// Reading metadata from a local file system takes microseconds. If it takes this long, the disk is ill or overloaded,
/// and every other client has waited for it: later replies are read on threads of their own.
const LATE: Duration = Duration::from_millis(50);

/// Reads the replies of jobs. At most one per lane is read on a thread of its own, which bounds the threads that a dead
/// disk can hold.
#[derive(Clone)]
pub(super) struct ReplyReader {
    outputs: Outputs,
    room: Arc<Semaphore>,
    /// Whether a read on the runtime's thread took [`LATE`] or longer. `Relaxed`, because no other memory depends on
    /// it.
    late: Arc<AtomicBool>,
    /// How long a read may take.
    within: Duration,
}

impl ReplyReader {
    pub(super) fn new(lanes: usize, outputs: Outputs) -> Self {
        let room = Arc::new(Semaphore::new(lanes));
        Self { outputs, room, late: Arc::default(), within: DISK_ANSWER }
    }

    /// Reads the answer of a lane.
    pub(super) async fn outcome(
        self,
        job: Arc<Job>,
        gpu: GpuId,
        attempt: u32,
        answer: Result<Vec<u8>, LaneError>,
    ) -> Outcome {
        if self.is_quick(&job, &answer) {
            self.here(&job, &gpu, attempt, answer)
        } else {
            self.aside(job, gpu, attempt, answer).await
        }
    }

    /// Whether reading it on the runtime's thread delays no one: a short answer, without pictures or with pictures on a
    /// disk that answers at once. Only jobs make pictures.
    fn is_quick(&self, job: &Job, answer: &Result<Vec<u8>, LaneError>) -> bool {
        let Ok(line) = answer else { return true };
        let planted = || faults::hangs(FaultPoint::Reply, job.request_id());
        let waits = || self.outputs.may_wait() || self.late.load(Ordering::Relaxed) || planted();
        !aside::is_long(line.len()) && (job.action().info().class != Class::Job || !waits())
    }

    /// Reads it on the runtime's thread. Another thread would cost two context switches: a tenth of the gateway's whole
    /// work for a job.
    fn here(&self, job: &Job, gpu: &GpuId, attempt: u32, answer: Result<Vec<u8>, LaneError>) -> Outcome {
        let began = Instant::now();
        faults::strike(FaultPoint::LocalDisk, job.request_id());
        let outcome = Outcome::of(job, gpu, attempt, answer);
        let took = began.elapsed();
        if took >= LATE && !self.late.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                ?took,
                "the disk of the output folder is slow: the metadata of pictures is read on threads of their own from now on"
            );
        }
        outcome
    }

    async fn aside(
        self,
        job: Arc<Job>,
        gpu: GpuId,
        attempt: u32,
        answer: Result<Vec<u8>, LaneError>,
    ) -> Outcome {
        let of = job.clone();
        let read = async {
            let permit = self.room.acquire_owned().await.expect("nobody closes it");
            let looked = spawn_blocking(move || {
                // Held as long as the thread runs, also after the timeout below.
                let _permit = permit;
                Outcome::of(&of, &gpu, attempt, answer)
            });
            looked.await.unwrap_or_else(|err| std::panic::resume_unwind(err.into_panic()))
        };
        // A read that lasts longer keeps its thread, and its outcome is dropped.
        match timeout(self.within, read).await {
            Ok(outcome) => outcome,
            // Judged already, so that the slow disk does not count against the worker.
            Err(_) => Outcome::Reply { reply: job.context.failure(unanswered(self.within)), is_judged: true },
        }
    }
}

/// The failure of a job whose pictures cannot be checked in time. It may have succeeded, but the gateway does not know.
fn unanswered(within: Duration) -> Failure {
    let seconds = within.as_secs_f64();
    let message = format!(
        "the worker has answered, but the disk did not say within {seconds} s whether its pictures are there"
    );
    Failure::new(ErrorCode::Timeout, message).hint("see whether the disk of the output folder answers")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::faults::hang;

    fn job(id: &str) -> Arc<Job> {
        Arc::new(crate::jobs::job::example(id))
    }

    /// A job whose read waits until the sender sends or is dropped.
    fn hanging(spot: FaultPoint, id: &str) -> (Arc<Job>, mpsc::Sender<()>) {
        (job(id), hang(spot, id))
    }

    /// Reads an answer that is not a reply: only when and where it is read is tested.
    async fn read(reply_reader: &ReplyReader, job: Arc<Job>) -> Option<ErrorCode> {
        match reply_reader.clone().outcome(job, GpuId::gpu(0), 1, Ok(Vec::new())).await {
            Outcome::Reply { reply, .. } => reply.outcome.err().map(|failure| failure.code),
            _ => panic!("it is no reply"),
        }
    }

    fn reply_reader() -> (ReplyReader, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        (ReplyReader::new(1, Outputs::new(folder.path(), 0)), folder)
    }

    const READ: Option<ErrorCode> = Some(ErrorCode::WorkerProtocolError);

    #[tokio::test]
    async fn a_disk_that_does_not_answer_ends_the_job_and_takes_one_thread_a_lane() {
        let (patient, _folder) = reply_reader();
        let hasty = ReplyReader { within: Duration::from_millis(1), ..patient.clone() };
        let (dead, answers) = hanging(FaultPoint::Reply, "reply_reader-dead");
        let (next, at_once) = hanging(FaultPoint::Reply, "reply_reader-next");
        at_once.send(()).expect("its disk listens");
        for job in [dead, next.clone()] {
            assert_eq!(
                read(&hasty, job).await,
                Some(ErrorCode::Timeout),
                "the only thread waits for the first"
            );
        }
        drop(answers);
        assert_eq!(read(&patient, next).await, READ, "the disk answers again");
    }

    #[tokio::test]
    async fn a_late_disk_of_this_machine_is_looked_at_aside_from_then_on() {
        let (reply_reader, _folder) = reply_reader();
        assert_eq!(read(&reply_reader, job("reply_reader-quick")).await, READ);
        assert!(!reply_reader.late.load(Ordering::Relaxed), "it was quick");
        let (slow, answer) = hanging(FaultPoint::LocalDisk, "reply_reader-slow");
        let disk = std::thread::spawn(move || {
            // The duration itself is tested, so that no signal can stand for it.
            std::thread::sleep(LATE);
            answer.send(()).expect("its disk listens");
        });
        assert_eq!(read(&reply_reader, slow).await, READ);
        disk.join().expect("it sleeps");
        assert!(reply_reader.late.load(Ordering::Relaxed));
        let hasty = ReplyReader { within: Duration::from_millis(1), ..reply_reader };
        let (dead, _answer) = hanging(FaultPoint::Reply, "reply_reader-late");
        assert_eq!(read(&hasty, dead).await, Some(ErrorCode::Timeout));
    }
}
