//! The tap: it stands between the suite and a worker, and edits or notes what the worker writes.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use contracts::{
    Action,
    framing::{Decoder, Line},
};
use serde_json::Value;

use super::{
    Mutant,
    site::{self, Frame, Site},
};

/// What is done to the frames of all workers of one run.
#[derive(Debug)]
pub enum Tap {
    /// One member is edited wherever it stands.
    Edit {
        /// How.
        mutant: Mutant,
        /// Frames that were edited.
        edited: AtomicUsize,
    },
    /// The sites with a value are noted.
    Note {
        /// Those that are looked for.
        sites: Vec<Site>,
        /// Whether each has been seen since the last [`Tap::take_seen`].
        seen: Mutex<Vec<bool>>,
    },
}

impl Tap {
    /// A tap that edits.
    #[must_use]
    pub fn edit(mutant: Mutant) -> Self {
        Self::Edit { mutant, edited: AtomicUsize::new(0) }
    }

    /// A tap that notes.
    #[must_use]
    pub fn note(sites: Vec<Site>) -> Self {
        let seen = Mutex::new(vec![false; sites.len()]);
        Self::Note { sites, seen }
    }

    /// Frames that were edited since the last call.
    pub fn take_edited(&self) -> usize {
        match self {
            Self::Edit { edited, .. } => edited.swap(0, Ordering::Relaxed),
            Self::Note { .. } => 0,
        }
    }

    /// The sites that have been seen since the last call.
    pub fn take_seen(&self) -> Vec<usize> {
        let Self::Note { seen, .. } = self else { return Vec::new() };
        // A thread that panicked while it noted has changed nothing by halves.
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let found = (0..seen.len()).filter(|index| seen[*index]).collect();
        seen.fill(false);
        found
    }

    /// The frame as the suite reads it; `None` if it stays as it is.
    fn pass(&self, mut frame: Value, kinds: &[Frame]) -> Option<Value> {
        match self {
            Self::Edit { mutant, edited } => {
                if !kinds.contains(&mutant.site.frame) {
                    return None;
                }
                let (holder, key) = mutant.site.find(&mut frame)?;
                if !mutant.edit.apply(holder, &key, mutant.site.shape) {
                    return None;
                }
                edited.fetch_add(1, Ordering::Relaxed);
                Some(frame)
            }
            Self::Note { sites, seen } => {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                for (site, seen) in sites.iter().zip(seen.iter_mut()) {
                    *seen = *seen || (kinds.contains(&site.frame) && site.find(&mut frame).is_some());
                }
                None
            }
        }
    }
}

/// The tap of one worker: it knows which command each reply answers.
#[derive(Debug)]
pub struct Conversation {
    tap: Arc<Tap>,
    written: Decoder,
    by_id: HashMap<String, Action>,
    /// Commands without an id are answered in their order.
    without_id: VecDeque<Action>,
}

impl Conversation {
    /// A conversation that has not begun.
    #[must_use]
    pub fn new(tap: Arc<Tap>) -> Self {
        Self { tap, written: Decoder::default(), by_id: HashMap::new(), without_id: VecDeque::new() }
    }

    /// Notes the commands in bytes that are sent to the worker.
    pub fn sent(&mut self, bytes: &[u8]) {
        for line in self.written.push(bytes) {
            let Line::Text(text) = line else { continue };
            // What is no command gets a failure, which has the same members whatever was asked.
            let Ok(incoming) = contracts::read_frame(&text) else { continue };
            match incoming.head.request_id {
                Some(id) => _ = self.by_id.insert(id, incoming.head.action),
                None => self.without_id.push_back(incoming.head.action),
            }
        }
    }

    /// A line of the worker as the suite reads it.
    pub fn received(&mut self, line: Line) -> Line {
        let Line::Text(text) = &line else { return line };
        let Ok(frame @ Value::Object(_)) = serde_json::from_slice::<Value>(text) else { return line };
        let asked = self.asked(&frame);
        let kinds = site::kinds(&frame, asked);
        match self.tap.pass(frame, &kinds) {
            Some(edited) => Line::Text(edited.to_string().into_bytes()),
            None => line,
        }
    }

    fn asked(&mut self, frame: &Value) -> Option<Action> {
        if crate::target::worker::is_event(frame) {
            return None;
        }
        let id = ["request_id", "RequestId", "requestId"].into_iter().find_map(|name| frame.get(name));
        match id.and_then(Value::as_str) {
            Some(id) => self.by_id.get(id).copied(),
            None => self.without_id.pop_front(),
        }
    }
}
