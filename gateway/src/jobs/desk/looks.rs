//! The answer of a job becomes its reply aside: the files of its pictures are looked at, and a disk may answer late, or
//! never.

use std::{sync::Arc, time::Duration};

use contracts::{Class, ErrorCode, Failure, generated::limits::DISK_ANSWER};
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use super::{Outcome, outcome};
use crate::{jobs::Ticket, lane::LaneError};

/// Looks at the disk. At once there are as many as lanes: threads that a dead disk holds are bounded by that.
#[derive(Clone)]
pub(super) struct Looks {
    room: Arc<Semaphore>,
    /// How long one may take.
    within: Duration,
}

impl Looks {
    pub(super) fn new(lanes: usize) -> Self {
        Self { room: Arc::new(Semaphore::new(lanes)), within: DISK_ANSWER }
    }

    /// What came of a command that a lane has answered. Jobs alone make pictures: other answers are read here.
    pub(super) async fn outcome(
        self,
        ticket: Arc<Ticket>,
        attempt: u32,
        answer: Result<Vec<u8>, LaneError>,
    ) -> Outcome {
        if answer.is_err() || ticket.action.info().class != Class::Job {
            return outcome(&ticket, attempt, answer);
        }
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
    struct Disk(Mutex<mpsc::Receiver<()>>);

    impl Finisher for Disk {
        fn reply(&self, _: Result<&[u8], &LaneError>) -> Reply {
            // It ends with an error where its test is over.
            self.0.lock().expect("one look at a time").recv().ok();
            self.with(Ok(serde_json::json!({})))
        }

        fn failure(&self, failure: Failure) -> Reply {
            self.with(Err(Box::new(failure)))
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
    fn job() -> (Arc<Ticket>, mpsc::Sender<()>) {
        let (answers, disk) = mpsc::channel();
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
            finisher: Arc::new(Disk(Mutex::new(disk))),
        };
        (Arc::new(ticket), answers)
    }

    fn code(outcome: Outcome) -> (Option<ErrorCode>, bool) {
        let Outcome::Reply { reply, is_judged } = outcome else { panic!("it is no reply") };
        (reply.outcome.err().map(|failure| failure.code), is_judged)
    }

    #[tokio::test]
    async fn a_disk_that_does_not_answer_ends_the_job_and_takes_one_thread_a_lane() {
        let patient = Looks::new(1);
        let hasty = Looks { within: Duration::from_millis(1), ..patient.clone() };
        let (dead, answers) = job();
        let (next, at_once) = job();
        at_once.send(()).expect("its disk listens");
        for ticket in [dead, next.clone()] {
            let ended = hasty.clone().outcome(ticket, 1, Ok(Vec::new())).await;
            assert_eq!(code(ended), (Some(ErrorCode::Timeout), true), "the only thread waits for the first");
        }
        drop(answers);
        let ended = patient.outcome(next, 1, Ok(Vec::new())).await;
        assert_eq!(code(ended), (None, false), "the disk answers again");
    }
}
