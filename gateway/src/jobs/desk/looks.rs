//! The answer of a job becomes its reply. The files of its pictures are looked at, and a disk may answer late, or never:
//! where it may, that is done aside.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use contracts::{Class, ErrorCode, Failure, generated::limits::DISK_ANSWER};
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use super::{Outcome, outcome};
use crate::{aside, jobs::Ticket, lane::LaneError};

/// A look at a file system of this machine takes microseconds. One that takes as long as this went to a disk that is ill
/// or buried in work: every other client waited for it, and the next ones are made aside.
const LATE: Duration = Duration::from_millis(50);

/// Looks at the disk. Aside there are as many at once as lanes: threads that a dead disk holds are bounded by that.
#[derive(Clone)]
pub(super) struct Looks {
    room: Arc<Semaphore>,
    /// A look in place was late. Relaxed: no other state goes with it.
    late: Arc<AtomicBool>,
    /// How long one may take.
    within: Duration,
}

impl Looks {
    pub(super) fn new(lanes: usize) -> Self {
        let room = Arc::new(Semaphore::new(lanes));
        Self { room, late: Arc::default(), within: DISK_ANSWER }
    }

    /// What came of a command that a lane has answered.
    pub(super) async fn outcome(
        self,
        ticket: Arc<Ticket>,
        attempt: u32,
        answer: Result<Vec<u8>, LaneError>,
    ) -> Outcome {
        if self.is_quick(&ticket, &answer) {
            self.here(&ticket, attempt, answer)
        } else {
            self.aside(ticket, attempt, answer).await
        }
    }

    /// Whether nobody else waits long for it: jobs alone make pictures, and a long answer takes long to read.
    fn is_quick(&self, ticket: &Ticket, answer: &Result<Vec<u8>, LaneError>) -> bool {
        let Ok(line) = answer else { return true };
        let waits = || ticket.finisher.may_wait() || self.late.load(Ordering::Relaxed);
        !aside::is_long(line.len()) && (ticket.action.info().class != Class::Job || !waits())
    }

    /// On the runtime's thread: a thread of its own costs a job two switches of threads, a tenth of all that the gateway
    /// does for it.
    fn here(&self, ticket: &Ticket, attempt: u32, answer: Result<Vec<u8>, LaneError>) -> Outcome {
        let began = Instant::now();
        let outcome = outcome(ticket, attempt, answer);
        let took = began.elapsed();
        if took >= LATE && !self.late.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                ?took,
                "the disk of the output folder is slow: pictures are looked at aside from now on"
            );
        }
        outcome
    }

    async fn aside(self, ticket: Arc<Ticket>, attempt: u32, answer: Result<Vec<u8>, LaneError>) -> Outcome {
        let of = ticket.clone();
        let look = async {
            let permit = self.room.acquire_owned().await.expect("nobody closes it");
            let looked = spawn_blocking(move || {
                // Held as long as the thread is.
                let _permit = permit;
                outcome(&of, attempt, answer)
            });
            looked.await.unwrap_or_else(|err| std::panic::resume_unwind(err.into_panic()))
        };
        // A look that lasts longer keeps its thread, and nobody hears of it.
        match timeout(self.within, look).await {
            Ok(outcome) => outcome,
            // Its worker is not to blame.
            Err(_) => {
                Outcome::Reply { reply: ticket.finisher.failure(unanswered(self.within)), is_judged: true }
            }
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
    use std::sync::{Mutex, mpsc};

    use contracts::{Action, Dialect, Reply};

    use super::*;
    use crate::jobs::{Finisher, Priority};

    /// A disk that answers when a test says so.
    struct Disk {
        answers: Mutex<mpsc::Receiver<()>>,
        may_wait: bool,
    }

    impl Finisher for Disk {
        fn reply(&self, _: Result<&[u8], &LaneError>) -> Reply {
            // It ends with an error where its test is over.
            self.answers.lock().expect("one look at a time").recv().ok();
            self.with(Ok(serde_json::json!({})))
        }

        fn failure(&self, failure: Failure) -> Reply {
            self.with(Err(Box::new(failure)))
        }

        fn may_wait(&self) -> bool {
            self.may_wait
        }
    }

    impl Disk {
        #[expect(clippy::unused_self, reason = "reads as what a finisher does")]
        fn with(&self, outcome: Result<serde_json::Value, Box<Failure>>) -> Reply {
            Reply {
                action: Some(Action::GenerateSdxl),
                request_id: None,
                session_id: None,
                outcome,
                warnings: Vec::new(),
                more_warnings: 0,
            }
        }
    }

    /// A job, and what lets the disk answer its look.
    fn job(may_wait: bool) -> (Arc<Ticket>, mpsc::Sender<()>) {
        let (answer, answers) = mpsc::channel();
        let ticket = Ticket {
            action: Action::GenerateSdxl,
            request_id: "a".into(),
            session_id: None,
            trace: None,
            payload: "{}".into(),
            pin: None,
            model: None,
            priority: Priority::Normal,
            deadline: None,
            compiles: false,
            recorded: true,
            repeatable: true,
            uses_model: true,
            seeded: false,
            batch: 0,
            dialect: Dialect::Snake,
            tags: Arc::default(),
            finisher: Arc::new(Disk { answers: Mutex::new(answers), may_wait }),
        };
        (Arc::new(ticket), answer)
    }

    fn code(outcome: Outcome) -> (Option<ErrorCode>, bool) {
        let Outcome::Reply { reply, is_judged } = outcome else { panic!("it is no reply") };
        (reply.outcome.err().map(|failure| failure.code), is_judged)
    }

    #[tokio::test]
    async fn a_disk_that_does_not_answer_ends_the_job_and_takes_one_thread_a_lane() {
        let patient = Looks::new(1);
        let hasty = Looks { within: Duration::from_millis(1), ..patient.clone() };
        let (dead, answers) = job(true);
        let (next, at_once) = job(true);
        at_once.send(()).expect("its disk listens");
        for ticket in [dead, next.clone()] {
            let ended = hasty.clone().outcome(ticket, 1, Ok(Vec::new())).await;
            assert_eq!(code(ended), (Some(ErrorCode::Timeout), true), "the only thread waits for the first");
        }
        drop(answers);
        let ended = patient.outcome(next, 1, Ok(Vec::new())).await;
        assert_eq!(code(ended), (None, false), "the disk answers again");
    }

    #[tokio::test]
    async fn a_late_disk_of_this_machine_is_looked_at_aside_from_then_on() {
        let looks = Looks::new(1);
        let (quick, answer) = job(false);
        answer.send(()).expect("its disk listens");
        assert_eq!(code(looks.clone().outcome(quick, 1, Ok(Vec::new())).await), (None, false));
        assert!(!looks.late.load(Ordering::Relaxed), "it was quick");
        let (slow, answer) = job(false);
        let sleeps = std::thread::spawn(move || {
            // What is tested is that the time is seen: no signal stands for it.
            std::thread::sleep(LATE);
            answer.send(()).expect("its disk listens");
        });
        assert_eq!(code(looks.clone().outcome(slow, 1, Ok(Vec::new())).await), (None, false));
        sleeps.join().expect("it sleeps");
        assert!(looks.late.load(Ordering::Relaxed));
        let hasty = Looks { within: Duration::from_millis(1), ..looks };
        let (dead, _answer) = job(false);
        assert_eq!(code(hasty.outcome(dead, 1, Ok(Vec::new())).await), (Some(ErrorCode::Timeout), true));
    }
}
