//! Taps: one edits a member of what workers write or are sent, the other notes which members have a value.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
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
use crate::party::{
    tap::{Conversation, Tap},
    worker::is_event,
};

/// Edits one member wherever it stands.
#[derive(Debug)]
pub struct Editor {
    mutant: Mutant,
    edited: AtomicUsize,
}

/// Notes the members that have a value.
#[derive(Debug)]
pub struct Notes {
    sites: Vec<Site>,
    /// A lock, because the threads that read several workers share the notes.
    seen: Mutex<Vec<bool>>,
}

/// Edits or notes a frame whose kinds are known.
trait Passage: fmt::Debug + Send + Sync {
    /// The frame as the suite reads it; `None` if it stays as it is.
    fn pass(&self, frame: Value, kinds: &[Frame]) -> Option<Value>;
}

impl Editor {
    /// An editor that has edited nothing.
    #[must_use]
    pub fn new(mutant: Mutant) -> Self {
        Self { mutant, edited: AtomicUsize::new(0) }
    }

    /// Frames that were edited since the last call.
    pub fn take_edited(&self) -> usize {
        // Relaxed: a count alone; the replies that it counts were received by the caller.
        self.edited.swap(0, Ordering::Relaxed)
    }
}

impl Passage for Editor {
    fn pass(&self, mut frame: Value, kinds: &[Frame]) -> Option<Value> {
        let Mutant { site, edit } = &self.mutant;
        if !kinds.contains(&site.frame) {
            return None;
        }
        let (holder, key) = site.find(&mut frame)?;
        if !edit.apply(holder, &key, site.shape) {
            return None;
        }
        self.edited.fetch_add(1, Ordering::Relaxed);
        Some(frame)
    }
}

impl Notes {
    /// Notes of these members, none of which is seen yet.
    #[must_use]
    pub fn new(sites: Vec<Site>) -> Self {
        let seen = Mutex::new(vec![false; sites.len()]);
        Self { sites, seen }
    }

    /// The members, by their indices, that have been seen since the last call.
    pub fn take_seen(&self) -> Vec<usize> {
        // A thread that panicked while it noted has changed nothing by halves.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let found = (0..seen.len()).filter(|index| seen[*index]).collect();
        seen.fill(false);
        found
    }
}

impl Passage for Notes {
    fn pass(&self, mut frame: Value, kinds: &[Frame]) -> Option<Value> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for (site, seen) in self.sites.iter().zip(seen.iter_mut()) {
            *seen = *seen || (kinds.contains(&site.frame) && site.find(&mut frame).is_some());
        }
        None
    }
}

impl Tap for Editor {
    fn conversation(self: Arc<Self>) -> Box<dyn Conversation> {
        Box::new(Talk::new(self))
    }
}

impl Tap for Notes {
    fn conversation(self: Arc<Self>) -> Box<dyn Conversation> {
        Box::new(Talk::new(self))
    }
}

/// The conversation with one worker: it knows which command each reply answers.
#[derive(Debug)]
struct Talk {
    passage: Arc<dyn Passage>,
    written: Decoder,
    by_id: HashMap<String, Action>,
    /// Commands without an id are answered in their order.
    without_id: VecDeque<Action>,
}

impl Talk {
    fn new(passage: Arc<dyn Passage>) -> Self {
        Self { passage, written: Decoder::default(), by_id: HashMap::new(), without_id: VecDeque::new() }
    }

    /// The action that a frame answers; none of an event.
    fn asked(&mut self, frame: &Value) -> Option<Action> {
        if is_event(frame) {
            return None;
        }
        let id = ["request_id", "RequestId", "requestId"].into_iter().find_map(|name| frame.get(name));
        match id.and_then(Value::as_str) {
            Some(id) => self.by_id.get(id).copied(),
            None => self.without_id.pop_front(),
        }
    }
}

impl Conversation for Talk {
    fn sent(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut only = None;
        for line in self.written.push(bytes) {
            let Line::Text(text) = line else { continue };
            // A line that is not a command gets a failure, and failures have the same members for every action.
            let Ok(incoming) = contracts::read_frame(&text) else { continue };
            let action = incoming.head.action;
            let is_obeyed = incoming.reading.is_valid();
            match incoming.head.request_id {
                Some(id) => _ = self.by_id.insert(id, action),
                None => self.without_id.push_back(action),
            }
            // A piece of a line, or several lines, stay as they are. So does a command that is refused: it does nothing,
            // whatever else it says.
            let whole = bytes.strip_suffix(b"\n").filter(|line| *line == text && is_obeyed);
            only = whole.map(|_| (action, text));
        }
        let (action, text) = only?;
        let frame: Value = serde_json::from_slice(&text).ok()?;
        // A frame that means to be unusual, as one with a name twice, stays as it is.
        if frame.to_string().as_bytes() != text {
            return None;
        }
        let edited = self.passage.pass(frame, &[Frame::Command(action)])?;
        Some(format!("{edited}\n").into_bytes())
    }

    fn received(&mut self, line: Line) -> Line {
        let Line::Text(text) = &line else { return line };
        let Ok(frame @ Value::Object(_)) = serde_json::from_slice::<Value>(text) else { return line };
        let asked = self.asked(&frame);
        let kinds = site::kinds(&frame, asked);
        match self.passage.pass(frame, &kinds) {
            Some(edited) => Line::Text(edited.to_string().into_bytes()),
            None => line,
        }
    }
}
