//! The answer of a job becomes its reply. The files of its pictures are looked at, and a disk may answer late, or never:
//! where it may, that is done aside.

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
    jobs::Job,
    lane::LaneError,
    outputs::Outputs,
};

/// A look at a file system of this machine takes microseconds. One that takes as long as this went to a disk that is ill
/// or buried in work: every other client waited for it, and the next ones are made aside.
const LATE: Duration = Duration::from_millis(50);

/// ReplyReader at the disk. Aside there are as many at once as lanes: threads that a dead disk holds are bounded by that.
#[derive(Clone)]
pub(super) struct ReplyReader {
    outputs: Outputs,
    room: Arc<Semaphore>,
    /// A look in place was late. Relaxed: no other state goes with it.
    late: Arc<AtomicBool>,
    /// How long one may take.
    within: Duration,
}

impl ReplyReader {
    pub(super) fn new(lanes: usize, outputs: Outputs) -> Self {
        let room = Arc::new(Semaphore::new(lanes));
        Self { outputs, room, late: Arc::default(), within: DISK_ANSWER }
    }

    /// What came of a command that a lane has answered.
    pub(super) async fn outcome(
        self,
        job: Arc<Job>,
        attempt: u32,
        answer: Result<Vec<u8>, LaneError>,
    ) -> Outcome {
        if self.is_quick(&job, &answer) {
            self.here(&job, attempt, answer)
        } else {
            self.aside(job, attempt, answer).await
        }
    }

    /// Whether nobody else waits long for it: jobs alone make pictures, and a long answer takes long to read.
    fn is_quick(&self, job: &Job, answer: &Result<Vec<u8>, LaneError>) -> bool {
        let Ok(line) = answer else { return true };
        let planted = || faults::hangs(FaultPoint::Reply, job.request_id());
        let waits = || self.outputs.may_wait() || self.late.load(Ordering::Relaxed) || planted();
        !aside::is_long(line.len()) && (job.action().info().class != Class::Job || !waits())
    }

    /// On the runtime's thread: a thread of its own costs a job two switches of threads, a tenth of all that the gateway
    /// does for it.
    fn here(&self, job: &Job, attempt: u32, answer: Result<Vec<u8>, LaneError>) -> Outcome {
        let began = Instant::now();
        faults::strike(FaultPoint::LocalDisk, job.request_id());
        let outcome = Outcome::of(job, attempt, answer);
        let took = began.elapsed();
        if took >= LATE && !self.late.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                ?took,
                "the disk of the output folder is slow: pictures are looked at aside from now on"
            );
        }
        outcome
    }

    async fn aside(self, job: Arc<Job>, attempt: u32, answer: Result<Vec<u8>, LaneError>) -> Outcome {
        let of = job.clone();
        let look = async {
            let permit = self.room.acquire_owned().await.expect("nobody closes it");
            let looked = spawn_blocking(move || {
                // Held as long as the thread is.
                let _permit = permit;
                Outcome::of(&of, attempt, answer)
            });
            looked.await.unwrap_or_else(|err| std::panic::resume_unwind(err.into_panic()))
        };
        // A look that lasts longer keeps its thread, and nobody hears of it.
        match timeout(self.within, look).await {
            Ok(outcome) => outcome,
            // Its worker is not to blame.
            Err(_) => Outcome::Reply { reply: job.context.failure(unanswered(self.within)), is_judged: true },
        }
    }
}

/// Whether the pictures are there is not known: no success.
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

    /// A job whose look at the disk waits, until the sender sends or is dropped.
    fn hanging(spot: FaultPoint, id: &str) -> (Arc<Job>, mpsc::Sender<()>) {
        (job(id), hang(spot, id))
    }

    /// An answer that is no reply: what is looked for is when it is read.
    async fn look(reply_reader: &ReplyReader, job: Arc<Job>) -> Option<ErrorCode> {
        match reply_reader.clone().outcome(job, 1, Ok(Vec::new())).await {
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
                look(&hasty, job).await,
                Some(ErrorCode::Timeout),
                "the only thread waits for the first"
            );
        }
        drop(answers);
        assert_eq!(look(&patient, next).await, READ, "the disk answers again");
    }

    #[tokio::test]
    async fn a_late_disk_of_this_machine_is_looked_at_aside_from_then_on() {
        let (reply_reader, _folder) = reply_reader();
        assert_eq!(look(&reply_reader, job("reply_reader-quick")).await, READ);
        assert!(!reply_reader.late.load(Ordering::Relaxed), "it was quick");
        let (slow, answer) = hanging(FaultPoint::LocalDisk, "reply_reader-slow");
        let disk = std::thread::spawn(move || {
            // The time itself is tested: no signal stands for it.
            std::thread::sleep(LATE);
            answer.send(()).expect("its disk listens");
        });
        assert_eq!(look(&reply_reader, slow).await, READ);
        disk.join().expect("it sleeps");
        assert!(reply_reader.late.load(Ordering::Relaxed));
        let hasty = ReplyReader { within: Duration::from_millis(1), ..reply_reader };
        let (dead, _answer) = hanging(FaultPoint::Reply, "reply_reader-late");
        assert_eq!(look(&hasty, dead).await, Some(ErrorCode::Timeout));
    }
}
