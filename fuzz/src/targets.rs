//! The targets: what holds for any bytes.

use contracts::{
    Action, Dialect, Incoming, Refusal, Reply, RouteBody, Writer,
    framing::{Decoder, Line, is_blank},
    read, read_body, read_frame,
    testing::{read_body_slowly, read_frame_slowly},
    tree::{self, Tree},
    unique,
};
use serde_json::{Map, Value};

/// A target by its name.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const ALL: [Target; 5] = [
    ("frames", frames),
    ("envelopes", envelopes),
    ("readings", readings),
    ("replies", replies),
    ("safetensors", safetensors),
];

/// A limit that small inputs reach.
const FRAME_BYTES_MAX: usize = 512;

/// Lines are the same however the bytes are cut, hold no LF, and are never over the limit.
///
/// # Panics
/// Where that does not hold.
pub fn frames(bytes: &[u8]) {
    let whole = lines(bytes, bytes.len().max(1));
    for size in [1, 7] {
        assert_eq!(lines(bytes, size).len(), whole.len(), "cut into pieces of {size}");
    }
    for line in &whole {
        if let Line::Text(text) = line {
            assert!(text.len() <= FRAME_BYTES_MAX && !text.contains(&b'\n'));
            assert!(!is_blank(text), "a blank line is no frame");
        }
    }
}

fn lines(bytes: &[u8], size: usize) -> Vec<Line> {
    let mut decoder = Decoder::new(FRAME_BYTES_MAX);
    let mut lines: Vec<Line> = bytes.chunks(size).flat_map(|piece| decoder.push(piece)).collect();
    lines.extend(decoder.finish());
    lines
}

/// Both ways of reading a command agree, and what is read has a place for each of its faults.
///
/// # Panics
/// Where that does not hold.
pub fn envelopes(bytes: &[u8]) {
    agree(&read_frame(bytes), &read_frame_slowly(bytes));
    let none = Map::new();
    for (action, bare) in
        [(Action::GenerateSdxl, Some("prompt_submission")), (Action::LoadModel, None), (Action::Cancel, None)]
    {
        let body = RouteBody { action, bare };
        agree(&read_body(bytes, body, &none), &read_body_slowly(bytes, body, &none));
    }
}

fn agree(fast: &Result<Incoming, Refusal>, slow: &Result<Incoming, Refusal>) {
    let (Ok(fast), Ok(slow)) = (fast, slow) else {
        assert_eq!(fast, slow);
        return;
    };
    assert_eq!(fast.head, slow.head);
    assert_eq!(fast.form, slow.form);
    assert_eq!(fast.reading.document(), slow.reading.document());
    assert_eq!(fast.reading.violations, slow.reading.violations);
    assert_eq!(fast.reading.warnings, slow.reading.warnings);
    assert_eq!(fast.reading.dialect, slow.reading.dialect);
}

/// A document without a fault is canonical: read again, it is itself and has no fault.
///
/// # Panics
/// Where that does not hold.
pub fn readings(bytes: &[u8]) {
    let Ok(parsed) = tree::parse(bytes) else { return };
    for name in ["PromptSubmission", "Parameters", "TrainingJob", "LoadModel", "BatchGenerate"] {
        let reading = read(name, &parsed.tree, Writer::Sender);
        if let Some(document) = reading.document().filter(|_| reading.is_valid()) {
            let again = read(name, &Tree::of(document), Writer::Sender);
            assert_eq!(again.violations, [], "{name}: {document}");
            assert_eq!(again.document(), Some(document), "{name}");
        }
    }
}

/// Both ways of reading a reply agree. A reply that is read is written and read again as itself, and in every dialect its
/// bytes are JSON.
///
/// # Panics
/// Where that does not hold.
pub fn replies(bytes: &[u8]) {
    const ACTIONS: [Action; 4] =
        [Action::GetStatus, Action::GenerateSdxl, Action::ValidateRequest, Action::Cancel];
    for action in ACTIONS {
        let whole = unique(bytes)
            .map_err(|err| err.to_string())
            .and_then(|value| Reply::take(action, value).map_err(|err| err.to_string()));
        assert_eq!(Reply::from_json(action, bytes).map_err(|err| err.to_string()), whole);
    }
    let Ok(parsed) = tree::parse(bytes) else { return };
    let value = parsed.tree.to_value();
    for action in ACTIONS {
        let Ok(read) = Reply::read(action, &value) else { continue };
        for dialect in Dialect::ALL {
            let text = read.reply.to_json(dialect);
            let back: Value = serde_json::from_slice(&text).expect("a reply is JSON");
            assert_eq!(back, read.reply.to_value(dialect));
        }
        if read.unknown_members.is_empty() {
            let again = Reply::read(action, &read.reply.to_value(Dialect::Snake));
            assert_eq!(again.expect("it was one").reply, read.reply);
        }
    }
}

/// A header is read or refused; the tensors of one that is read lie in the file.
///
/// # Panics
/// Where that does not hold.
pub fn safetensors(bytes: &[u8]) {
    let size = bytes.len() as u64;
    if let Ok(header) = worker_sim::safetensors::header(bytes, size) {
        for (name, tensor) in header.iter().filter(|(name, _)| *name != "__metadata__") {
            assert!(tensor["data_offsets"][1].as_u64().is_some_and(|end| end <= size), "{name}");
        }
    }
    // A file that is shorter than its size said when it was asked.
    drop(worker_sim::safetensors::header(bytes, size / 2));
}
