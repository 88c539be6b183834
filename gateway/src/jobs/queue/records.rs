//! The records of jobs and trainings, from acceptance until newer ones take their room; and the sessions that they
//! stand for.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use chrono::Utc;
use contracts::Reply;
use tokio::time::Instant;

use super::{QueueConfig, history::Histories};
use crate::{
    events::JobEvents,
    gpu::GpuId,
    jobs::{Job, Record, Status, record::Entry, session::Sessions},
};

/// How jobs have ended since the start, records that are gone included.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) completed: u64,
    pub(super) failed: u64,
    pub(super) cancelled: u64,
    /// Seconds that workers took for the completed ones, all together.
    pub(super) seconds: f64,
}

/// All records, by their place in the order of acceptance.
pub(super) struct Records {
    config: QueueConfig,
    entries: BTreeMap<u64, Entry>,
    /// The newest record of each request id: a client may use an id again once its job has ended.
    newest: HashMap<Arc<str>, u64>,
    sessions: Sessions,
    counts: Counts,
    /// How many of the jobs have ended.
    ended: usize,
    /// Bytes of the replies of these.
    replies_bytes: usize,
    /// The events of these.
    histories: Histories,
}

impl Records {
    pub(super) fn new(config: QueueConfig) -> Self {
        Self {
            config,
            entries: BTreeMap::new(),
            newest: HashMap::new(),
            sessions: Sessions::default(),
            counts: Counts::default(),
            ended: 0,
            replies_bytes: 0,
            histories: Histories::default(),
        }
    }

    /// Begins the record of a job that was accepted.
    pub(super) fn open(&mut self, seq: u64, job: &Job, events: JobEvents) {
        let entry = Entry { record: Record::queued(job), events, reply_bytes: 0 };
        self.entries.insert(seq, entry);
        self.newest.insert(job.request_id().clone(), seq);
        if let Some(session_id) = &job.context.session_id {
            self.sessions.open(session_id, seq);
        }
    }

    pub(super) fn get(&self, seq: u64) -> Option<&Entry> {
        self.entries.get(&seq)
    }

    /// The newest record of a request id.
    pub(super) fn newest(&self, request_id: &str) -> Option<u64> {
        self.newest.get(request_id).copied()
    }

    /// The newest record of a session.
    pub(super) fn session(&self, session_id: &str) -> Option<u64> {
        self.sessions.record(session_id)
    }

    /// The records of all sessions, newest first.
    pub(super) fn sessions(&self) -> Vec<u64> {
        let mut seqs: Vec<u64> = self.sessions.records().collect();
        seqs.sort_unstable_by(|a, b| b.cmp(a));
        seqs
    }

    /// Forgets sessions whose time is over.
    pub(super) fn expire_sessions(&mut self) {
        self.sessions.expire(Instant::now());
    }

    pub(super) fn newest_first(&self) -> impl Iterator<Item = (u64, &Record)> {
        self.entries.iter().rev().map(|(seq, entry)| (*seq, &entry.record))
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// Notes that a lane has begun the job.
    pub(super) fn begin(&mut self, seq: u64, gpu: &GpuId, attempt: u32) {
        let Some(Entry { record, .. }) = self.entries.get_mut(&seq) else { return };
        record.status = Status::Running;
        record.gpu = Some(gpu.clone());
        record.attempt = attempt;
        record.started_at = Some(Utc::now());
    }

    /// Notes that the job waits again.
    pub(super) fn requeue(&mut self, seq: u64, attempt: u32) {
        let Some(Entry { record, .. }) = self.entries.get_mut(&seq) else { return };
        record.status = Status::Queued;
        record.started_at = None;
        record.gpu = None;
        record.attempt = attempt;
    }

    /// Notes, once, that a client asked to cancel the job; with an `attempt`, only where it is the present one.
    pub(super) fn request_cancel(&mut self, seq: u64, attempt: Option<u32>) {
        if let Some(Entry { record, .. }) = self.entries.get_mut(&seq)
            && attempt.is_none_or(|attempt| attempt == record.attempt)
        {
            record.cancel_requested_at.get_or_insert_with(Utc::now);
        }
    }

    /// Notes that the job has ended; `ran`: how long its worker took.
    pub(super) fn end(&mut self, seq: u64, events: &JobEvents, reply: &Reply, ran: Option<Duration>) {
        let Some(Entry { record, .. }) = self.entries.get_mut(&seq) else { return };
        record.status = Status::of(reply);
        record.completed_at = Some(Utc::now());
        if let Some(session_id) = &record.session_id {
            self.sessions.end(session_id, seq, Instant::now(), self.config.records_max);
        }
        if let (None, Ok(data)) = (&record.model, &reply.outcome) {
            record.model = data["model_id"].as_str().map(str::to_owned);
        }
        match record.status {
            Status::Completed => {
                self.counts.completed += 1;
                self.counts.seconds += ran.unwrap_or_default().as_secs_f64();
            }
            Status::Cancelled => self.counts.cancelled += 1,
            _ => self.counts.failed += 1,
        }
        self.ended += 1;
        self.histories.add(events, self.config.events_ended_bytes_max, self.config.records_max);
    }

    /// Notes how many bytes are kept of the reply to an ended job, and makes room for it.
    pub(super) fn keep_reply(&mut self, seq: u64, bytes: usize) {
        if let Some(entry) = self.entries.get_mut(&seq) {
            entry.reply_bytes = bytes;
            self.replies_bytes += bytes;
            self.forget_oldest(seq);
        }
    }

    /// Forgets the oldest of the ended jobs until the rest fits, but never the one that has `just` ended: its client
    /// may still ask for it.
    fn forget_oldest(&mut self, just: u64) {
        while self.ended > self.config.records_max || self.replies_bytes > self.config.records_bytes_max {
            let mut ended =
                self.entries.iter().filter(|(seq, job)| **seq != just && job.record.status.is_end());
            let Some(oldest) = ended.next().map(|(seq, _)| *seq) else { return };
            if let Some(job) = self.entries.remove(&oldest) {
                self.replies_bytes -= job.reply_bytes;
                if self.newest.get(&job.record.request_id) == Some(&oldest) {
                    self.newest.remove(&job.record.request_id);
                }
                if let Some(session_id) = &job.record.session_id {
                    self.sessions.lose(session_id, oldest);
                }
            }
            self.ended -= 1;
        }
    }
}
