//! What was said between the tool and the target: the evidence of a finding.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Messages that are kept: a command, its reply, and what came shortly before.
const MESSAGES_MAX: usize = 12;

/// Characters of a message that are kept: a reply with a picture's details, whole.
const CHARACTERS_MAX: usize = 4000;

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The tool.
    Sent,
    /// The target.
    Received,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Message {
    /// Who wrote it.
    pub direction: Direction,
    /// Its text; what is not UTF-8 in it is replaced, and a long one ends in `…`.
    pub text: String,
}

/// Takes note of every message of a run, whole.
pub trait Recorder: fmt::Debug + Send + Sync {
    /// A recorder for another thread, whose scenarios run beside those of this one.
    fn another(&self) -> Arc<dyn Recorder>;

    /// A scenario begins.
    fn begin(&self, scenario: &str);

    /// Notes a message: a line of a pipe, or the head of an exchange over HTTP and its body.
    fn note(&self, direction: Direction, bytes: &[u8]);
}

/// The last messages of a scenario. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    /// A lock, because the threads that read pipes add messages too; held for one message.
    last: Arc<Mutex<VecDeque<Message>>>,
    recorder: Option<Arc<dyn Recorder>>,
}

impl Transcript {
    /// The same for another thread: it has messages of its own, which go to the same record.
    pub(crate) fn another(&self) -> Self {
        Self { last: Arc::default(), recorder: self.recorder.as_ref().map(|recorder| recorder.another()) }
    }

    /// Hands all further messages to a recorder too.
    pub(crate) fn record(&mut self, recorder: Arc<dyn Recorder>) {
        self.recorder = Some(recorder);
    }

    /// Forgets all messages: a scenario begins.
    pub(crate) fn begin(&self, scenario: &str) {
        self.messages().clear();
        if let Some(recorder) = &self.recorder {
            recorder.begin(scenario);
        }
    }

    /// Notes a document that came as a part of a message.
    pub(crate) fn note_part(&self, bytes: &[u8]) {
        if let Some(recorder) = &self.recorder {
            recorder.note(Direction::Received, bytes);
        }
    }

    /// Notes a message.
    pub(crate) fn note(&self, direction: Direction, bytes: &[u8]) {
        if let Some(recorder) = &self.recorder {
            recorder.note(direction, bytes);
        }
        // A character has at most four bytes: of a message of 16 MiB only so much is read.
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(CHARACTERS_MAX * 4)]);
        let mut text = text.trim_end().to_owned();
        if let Some((end, _)) = text.char_indices().nth(CHARACTERS_MAX) {
            text.truncate(end);
            text.push('…');
        }
        let mut messages = self.messages();
        if messages.len() == MESSAGES_MAX {
            messages.pop_front();
        }
        messages.push_back(Message { direction, text });
    }

    /// The messages so far.
    pub(crate) fn so_far(&self) -> Vec<Message> {
        self.messages().iter().cloned().collect()
    }

    /// Nothing that may panic runs under the lock, so a poisoned one still has whole messages.
    fn messages(&self) -> MutexGuard<'_, VecDeque<Message>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{CHARACTERS_MAX, Direction, MESSAGES_MAX, Transcript};

    #[test]
    fn the_last_messages_are_kept_and_long_ones_are_cut() {
        let transcript = Transcript::default();
        transcript.note(Direction::Sent, b"forgotten");
        transcript.begin("suite.scenario");
        for number in 0..=MESSAGES_MAX {
            transcript.note(Direction::Received, format!("{number}\n").as_bytes());
        }
        transcript.note(Direction::Sent, "ä".repeat(CHARACTERS_MAX + 1).as_bytes());
        let messages = transcript.so_far();
        assert_eq!(messages.len(), MESSAGES_MAX);
        assert_eq!(messages[0].text, "2");
        assert_eq!(messages[MESSAGES_MAX - 1].text, "ä".repeat(CHARACTERS_MAX) + "…");
    }
}
