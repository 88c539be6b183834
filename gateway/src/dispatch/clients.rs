//! Clients of jobs. A job is accepted and awaited on a task of the dispatcher: hyper drops the handler of a connection
//! that ends, and a handler that is dropped half way could queue a job and not note its key. What becomes of a job
//! whose client leaves is decided here.

use std::sync::Arc;

use contracts::{Action, Class, Failure, Incoming, Reply, Trace};
use tokio::sync::oneshot;

use super::{
    Answer, Dispatcher, ReplyOptions,
    idempotency::{self, Claimed, KeyedJob},
};
use crate::jobs::Accepted;

pub use contracts::types::OnDisconnect;

/// A job, and one client that waits for it.
struct ClientJob {
    request_id: Arc<str>,
    accepted: Accepted,
    key: Option<Arc<str>>,
    /// The trace of this client's request.
    trace: Option<Trace>,
}

impl Dispatcher {
    /// Takes a command that becomes a job, and answers it. Its task goes on when this future is dropped.
    pub(super) async fn take_job(&self, incoming: Incoming, options: ReplyOptions) -> Answer {
        let head = &incoming.head;
        let (action, request_id, session_id) =
            (head.action, head.request_id.clone(), head.session_id.clone());
        let (answer, answered) = oneshot::channel();
        // Boxed: tokio moves the future of a task several times, and this one has several KB.
        self.inner.clients.spawn(Box::pin(self.clone().serve_client(incoming, options, answer)));
        match answered.await {
            Ok(answer) => answer,
            // The task has panicked, which costs this command alone.
            Err(_) => Answer::Reply(Arc::new(panicked(action, request_id, session_id))),
        }
    }

    async fn serve_client(
        self,
        incoming: Incoming,
        options: ReplyOptions,
        mut answer: oneshot::Sender<Answer>,
    ) {
        let waits = options.wait;
        let job = match self.accept(incoming, options).await {
            Ok(job) => job,
            Err(refused) => return self.send_answer(answer, Answer::Reply(refused)),
        };
        if !waits {
            return self
                .send_answer(answer, Answer::Queued { request_id: job.request_id, accepted: job.accepted });
        }
        tokio::select! {
            // The reply first: a client that left at the same moment has lost nothing, and its job is not cancelled.
            biased;
            reply = job.accepted.events.reply() => self.send_answer(answer, Answer::Reply(reply)),
            () = answer.closed() => self.on_client_left(&job).await,
        }
    }

    /// Sends the client its answer. An error means that the client has left; the record of its job has the reply.
    #[expect(clippy::unused_self, reason = "reads as what the dispatcher does")]
    fn send_answer(&self, answer: oneshot::Sender<Answer>, with: Answer) {
        answer.send(with).ok();
    }

    /// Queues a command as a job, or joins the job that its key stands for. The error is the reply of a command that is
    /// neither.
    async fn accept(&self, incoming: Incoming, mut options: ReplyOptions) -> Result<ClientJob, Arc<Reply>> {
        let trace = incoming.head.trace.clone();
        let Some((key, body)) = options.key.take() else {
            let keeps_running = self.keeps_running(&options, false);
            let (request_id, accepted) = self.accept_new(incoming, options).await?;
            accepted.add_client(keeps_running);
            return Ok(ClientJob { request_id, accepted, key: None, trace });
        };
        let keeps_running = self.keeps_running(&options, true);
        loop {
            let claimed = match self.inner.keys.claim(&key, &body) {
                Ok(claimed) => claimed,
                Err(failure) => return Err(Arc::new(self.context(&incoming, None).failure(*failure))),
            };
            match claimed {
                Claimed::New(slot) => {
                    let (request_id, accepted) = self.accept_new(incoming, options).await?;
                    let trace_id = trace.as_ref().map(Trace::id);
                    tracing::debug!(key, request_id = &*request_id, trace_id, "idempotency key noted");
                    accepted.add_client(keeps_running);
                    let key = Some(slot.key().clone());
                    slot.note(KeyedJob { request_id: request_id.clone(), seq: accepted.seq });
                    return Ok(ClientJob { request_id, accepted, key, trace });
                }
                Claimed::Accepting(mut deciding) => {
                    // Nothing is ever sent: the channel closes, an error, when the key is decided.
                    deciding.changed().await.ok();
                }
                Claimed::Job(job) => match self.join(&key, &job, keeps_running).await {
                    Ok(Some(accepted)) => {
                        let (request_id, trace_id) = (job.request_id, trace.as_ref().map(Trace::id));
                        // The trace of this request; the job keeps that of the request that began it.
                        tracing::debug!(key, request_id = &*request_id, trace_id, "joins the job of its key");
                        return Ok(ClientJob { request_id, accepted, key: Some(key.into()), trace });
                    }
                    // The job's last client left meanwhile, which freed the key: claim it again.
                    Ok(None) => {}
                    Err(failure) => return Err(Arc::new(self.context(&incoming, None).failure(*failure))),
                },
            }
        }
    }

    async fn accept_new(
        &self,
        incoming: Incoming,
        options: ReplyOptions,
    ) -> Result<(Arc<str>, Accepted), Arc<Reply>> {
        match self.take_once(incoming, ReplyOptions { wait: false, ..options }).await {
            Answer::Queued { request_id, accepted } => Ok((request_id, accepted)),
            Answer::Reply(reply) => Err(reply),
        }
    }

    /// Adds a client to the job of a key; `None` if the key no longer stands for that job.
    async fn join(
        &self,
        key: &str,
        job: &KeyedJob,
        keeps_running: bool,
    ) -> Result<Option<Accepted>, Box<Failure>> {
        let Some(accepted) = self.inner.queue.accepted(job.seq).await? else {
            return Err(Box::new(idempotency::forgotten(key, job)));
        };
        let joined = self.inner.keys.while_it_is(key, job, || accepted.add_client(keeps_running));
        Ok(joined.map(|()| accepted))
    }

    /// Whether the job goes on when this client leaves.
    fn keeps_running(&self, options: &ReplyOptions, keyed: bool) -> bool {
        let default = if keyed { OnDisconnect::Finish } else { self.inner.config.on_disconnect };
        !options.wait || options.on_disconnect.unwrap_or(default) == OnDisconnect::Finish
    }

    /// Handles a client that left before the reply: cancels the job if it was the last one.
    async fn on_client_left(&self, job: &ClientJob) {
        let left = || job.accepted.remove_client();
        let abandoned = match &job.key {
            Some(key) => {
                let keyed = KeyedJob { request_id: job.request_id.clone(), seq: job.accepted.seq };
                // The key of a cancelled job is free, so that the next request with it begins a new job.
                self.inner.keys.free_if(key, &keyed, left)
            }
            None => left(),
        };
        if abandoned {
            self.inner.queue.abandon(job.accepted.seq).await;
        } else {
            let trace_id = job.trace.as_ref().map(Trace::id);
            tracing::debug!(request_id = &*job.request_id, trace_id, "its client left; the job goes on");
        }
    }
}

/// Whether a command of this action may become a job or a training.
pub(crate) fn may_run(action: Action) -> bool {
    let info = action.info();
    let runs = |class| matches!(class, Class::Job | Class::Training);
    runs(info.class) || info.class_when.is_some_and(|when| runs(when.class))
}

fn panicked(action: Action, request_id: Option<String>, session_id: Option<String>) -> Reply {
    Reply { session_id, ..Reply::failed(Some(action), request_id, crate::log::internal_failure()) }
}
