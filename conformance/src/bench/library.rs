//! Figures of the library in this build: what reading costs, against parsing the same bytes as a JSON value.

use contracts::{Dialect, Writer, decode, framing::Decoder, read, read_frame, tree, types::PromptSubmission};
use serde_json::Value;
use std::{hint::black_box, time::Instant};

use super::{Better, Figure, turns::sure_ratios};

/// A command as the contract documents it.
const COMMAND: &str = include_str!("../../../fixtures/seed/documented.json");

/// Calls of a batch: some milliseconds.
const CALLS: usize = 100;

pub(super) fn figures(rounds: usize) -> Vec<Figure> {
    let command: Value = serde_json::from_str(COMMAND).expect("a fixture is JSON");
    // Canonical spellings: types alone take no synonym.
    let reading = read_frame(COMMAND.as_bytes()).expect("a fixture is a command").reading;
    let submission = &reading.document().expect("it is valid")["prompt_submission"];
    let canonical = submission.to_string().into_bytes();
    let pascal = Dialect::Pascal.spell("PromptSubmission", submission).to_string().into_bytes();
    let frame = format!("{command}\n").into_bytes();
    let stream = frame.repeat(CALLS);
    let figure = |name, work: &dyn Fn(), document: &[u8]| {
        let ratios = sure_ratios(rounds, &mut || timed(work), &mut || timed(&|| value(document)));
        Figure::new(name, Better::Lower, ratios)
    };
    let decoded = |bytes: &[u8]| {
        let submission: PromptSubmission = decode(black_box(bytes)).expect("the fixture is valid");
        black_box(submission);
    };
    let validated = || {
        let document = tree::parse(black_box(&canonical)).expect("the fixture is JSON").tree;
        black_box(read("PromptSubmission", &document, Writer::Sender));
    };
    // One stream a batch: the time of a frame in it is that of a call.
    let framed = |stream: &[u8]| {
        let begun = Instant::now();
        black_box(Decoder::default().push(black_box(stream)));
        begun.elapsed().as_secs_f64()
    };
    let framing = sure_ratios(rounds, &mut || framed(&stream), &mut || timed(&|| value(&frame)));
    vec![
        figure("decode", &|| decoded(&canonical), &canonical),
        figure("validate", &validated, &canonical),
        figure("dialect", &|| decoded(&pascal), &canonical),
        Figure::new("framing", Better::Lower, framing),
    ]
}

fn value(bytes: &[u8]) {
    black_box(serde_json::from_slice::<Value>(black_box(bytes)).expect("the fixture is JSON"));
}

/// Seconds of a batch.
fn timed(work: &dyn Fn()) -> f64 {
    let begun = Instant::now();
    (0..CALLS).for_each(|_| work());
    begun.elapsed().as_secs_f64()
}
