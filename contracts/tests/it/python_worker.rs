//! A Python worker is sent mutants as real commands, and says what the library says. Its engine is the one of its own
//! protocol tests, which needs no model; skipped as `parties` is.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{mutated::commands::sent, parties::python};

/// Mutants that are sent: `CONCORD_MUTANTS_SEED` chooses others.
const MUTANTS: usize = 1500;

#[test]
fn a_python_worker_refuses_every_mutant_at_its_place_and_lives() {
    let Some(python) = python() else { return };
    let workers = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../workers");
    let output = std::env::temp_dir().join(format!("concord-mutants-{}", std::process::id()));
    let mut child = Command::new(python)
        .arg(workers.join("tests/protocol/fake_worker.py"))
        .args(["--worker", "pipeline_manager", "--device", "cpu", "--output-dir"])
        .arg(&output)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("python starts");
    let sample = sent(MUTANTS);
    assert!(sample.commands.len() > MUTANTS / 2, "{}", sample.commands.len());
    let mut stdin = child.stdin.take().expect("piped");
    let frames: Vec<String> = sample.commands.iter().map(|mutant| format!("{}\n", mutant.frame)).collect();
    // It reads ahead, and would wait for us to read while we wait for it.
    let writer = std::thread::spawn(move || {
        for frame in &frames {
            stdin.write_all(frame.as_bytes()).expect("the worker reads");
        }
    });
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    for mutant in &sample.commands {
        let line = lines.next().expect("a line each").expect("UTF-8");
        let reply: Value = serde_json::from_str(&line).expect("JSON");
        let either = |of: &Value, snake: &str, pascal: &str| {
            of.get(snake).or_else(|| of.get(pascal)).cloned().unwrap_or_default()
        };
        let details = either(&reply, "error_details", "ErrorDetails");
        let code = either(&details, "code", "Code");
        let said =
            (either(&reply, "request_id", "RequestId"), code.clone(), either(&details, "field", "Field"));
        let wanted =
            (Value::from(mutant.id.as_str()), Value::from(mutant.code), Value::from(mutant.field.clone()));
        // What is the gateway's own is unknown to a worker, whatever its fields.
        assert!(said == wanted || code == "unknown_action", "seed {}: {mutant:?}: {reply}", sample.seed);
    }
    writer.join().expect("the writer ends");
    assert!(child.wait().expect("the worker ends").success());
    // A worker that was sent nothing valid has written nothing, or its folder alone.
    let _gone = std::fs::remove_dir_all(output);
}
