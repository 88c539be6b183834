//! Rust and Python read the same bytes alike: normalized, effective, violations and warnings.
//!
//! The Python party is `python -m concord_workers.core.reading_cli` of `workers/`, run by the interpreter that `workers/setup.sh` made.
//! Without it the check says `skipped` and why; with `CONCORD_REQUIRE_PYTHON` set, as in CI, that is a failure.

use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Command, Stdio},
};

use contracts::{
    DeviceKind, Dialect, Reading, Violation, Warning, Writer, dictionary::dictionary, effective, pointer,
    read, tree,
};
use serde_json::{Value, json};

use crate::data::{lines, same};

/// Python, or why not.
pub(crate) fn python() -> Option<PathBuf> {
    let workers = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../workers");
    let python = workers.join(".venv/bin/python");
    if python.is_file() {
        return Some(python);
    }
    assert!(std::env::var_os("CONCORD_REQUIRE_PYTHON").is_none(), "{} is not there", python.display());
    let mut stderr = std::io::stderr();
    writeln!(stderr, "skipped: the Python party is not set up (workers/setup.sh makes it)").expect("stderr");
    None
}

/// What every leaf is replaced by in turn, beside its own neighbours.
fn wrong() -> Vec<Value> {
    vec![
        json!(null),
        json!(""),
        json!("  "),
        json!("?"),
        json!("euler_a"),
        json!("DPM++"),
        json!("gpu_3"),
        json!("CUDA:1"),
        json!(true),
        json!(0),
        json!(-1),
        json!(7),
        json!(8.0),
        json!(0.5),
        json!(1e300),
        json!(u64::MAX),
        json!([]),
        json!([null]),
        json!({}),
        json!({"Type": "x"}),
        json!(["vae_tiling", "vae_tiling"]),
        json!("a".repeat(600)),
    ]
}

fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => {
            members
                .iter()
                .for_each(|(name, value)| leaves(value, &format!("{at}/{}", pointer::escape(name)), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| leaves(item, &format!("{at}/{i}"), found));
        }
        _ => {}
    }
}

/// Documents as senders write them, and broken ones.
fn corpus() -> Vec<Value> {
    let mut documents = Vec::new();
    let wrong = wrong();
    let mut turn = 0;
    for row in lines("oracle/requests.jsonl") {
        let dialect = Dialect::ALL[documents.len() % 3];
        let document = dialect.spell("PromptSubmission", &row["canonical"]);
        let mut places = Vec::new();
        leaves(&document, "", &mut places);
        for place in places.iter().skip(1) {
            for _ in 0..3 {
                turn += 1;
                let mut mutant = document.clone();
                *mutant.pointer_mut(place).expect("it is its own pointer") =
                    wrong[turn % wrong.len()].clone();
                documents.push(mutant);
            }
        }
        for extra in extras() {
            let mut mutant = document.clone();
            merge(&mut mutant, extra);
            documents.push(mutant);
        }
        documents.push(document);
    }
    documents
}

/// Accepted spellings and places, neutral-only members, flags, unknown names.
fn extras() -> Vec<Value> {
    vec![
        json!({"Hyperparameters": {"NegativePrompt": "fog", "Width": 512, "Height": 768}}),
        json!({"hyperparameters": {"width": 512, "dimensions": {"width": 640}}}),
        json!({"Conditioning": {"Loras": [{"Name": "a", "Scale": 0}], "Img2ImgStrength": 0.5}}),
        json!({"Performance": {"Xformers": true, "CpuOffload": false, "Optimizations": ["vae_tiling"]}}),
        json!({"performance": {"optimizations": ["vae_tiling", "attention_slicing"], "xformers": true, "Xformers": true}}),
        json!({"Performance": {"CpuOffload": true, "SequentialCpuOffload": true, "Optimizations": null}}),
        json!({"Performance": {"DeviceIds": [], "Compilation": "torch_compile", "AttentionSlicing": "yes"}}),
        json!({"Scheduler": {"SnrWeighting": 5, "UseKarrasSigmas": true}}),
        json!({"Postprocessing": {"Watermark": "NONE", "FaceRestoration": false, "Qualty": 3}}),
        json!({"model": {"base": "a/b.safetensors", "Base": "other"}}),
        json!({"Conditionning": null}),
        json!({"scheduler": {"type": "LCM", "timestep_spacing": "trailing", "karras_sigmas": true}}),
        json!({"hyperparameters": {"seed": 9_007_199_254_740_991_i64, "batch_size": 2}}),
        json!({"conditioning": {"inpaint_mask": "m.png", "mask_blur": 3}}),
        json!({"$id": "1", "Scheduler": {"Type": 5}, "conditioning": {"loras": {"$id": "2", "$values": []}}}),
        json!({"Scheduler": {"Type": "é\u{1F600}\"\\\n\u{0}\u{7f}\u{2028}'"}, "model": {"base": "ü\t\"\\\u{1b}"}}),
        json!({"scheduler": {"type": "\u{1F600}".repeat(70)}, "performance": {"device": "\"".repeat(65)}}),
        json!({"$type": "A", "Postprocessing": {"OutputFormat": 0}, "Metadata": {"$ref": "1"}}),
    ]
}

/// Numbers that no JSON value could stand for, in the place of an integer, a number and a string.
fn numbers() -> impl Iterator<Item = String> {
    let digits = "7".repeat(400);
    let long = [format!("0.{digits}"), format!("-{}", &digits[..300]), format!("{digits}e-400")];
    let short = [
        "-0",
        "-0.0",
        "0.0",
        "1.50",
        "3e1",
        "3E+1",
        "30.0",
        "1e300",
        "-1e300",
        "1e-7",
        "0.00001",
        "-7.5",
        "50.5",
        "99.90",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "-18446744073709551616",
    ];
    let texts = short.map(str::to_owned).into_iter().chain(long);
    texts.flat_map(|text| {
        [
            format!(r#"{{"hyperparameters":{{"seed":{text},"guidance_scale":{text}}},"model":{{"base":{text}}}}}"#),
            format!(r#"{{"Scheduler":{{"Steps":{text},"Type":{text}}},"Hyperparameters":{{"Width":{text}}}}}"#),
            format!(r#"{{"x":"\\\"{text}","conditioning":{{"loras":[{{"weight":{text},"name":"a"}}],"prompt":{text}}}}}"#),
        ]
    })
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

fn row(reading: &Reading) -> Value {
    let violation = |violation: &Violation| {
        json!([
            violation.pointer,
            violation.code.as_str(),
            violation.minimum,
            violation.maximum,
            violation.nearest,
            violation.allowed,
            violation.message,
            violation.hint
        ])
    };
    let warning = |warning: &Warning| json!([warning.pointer, warning.code.as_str()]);
    json!({
        "normalized": reading.reported(),
        "effective": reading.reported().map(|document| effective(document, DeviceKind::Cpu)),
        "violations": reading.violations.iter().map(violation).collect::<Vec<_>>(),
        "warnings": reading.warnings.iter().map(warning).collect::<Vec<_>>(),
        "dialect": reading.dialect,
        "places": places(reading),
    })
}

/// Where each value of what was read stood.
fn places(reading: &Reading) -> Value {
    let mut pointers = Vec::new();
    leaves(reading.reported().unwrap_or(&Value::Null), "", &mut pointers);
    let shape = &dictionary().named("PromptSubmission").shape;
    let sender = |pointer: String| (pointer.clone(), reading.places.sender(&pointer, shape).into());
    pointers.into_iter().map(sender).collect::<serde_json::Map<_, _>>().into()
}

/// The same row of what Python printed.
fn python_row(printed: &Value) -> Value {
    let member = |of: &Value, name: &str| of.get(name).cloned().unwrap_or(Value::Null);
    let pick = |list: &str, names: &[&str]| -> Value {
        let rows = printed[list].as_array().into_iter().flatten();
        rows.map(|of| names.iter().map(|name| member(of, name)).collect::<Value>()).collect()
    };
    json!({
        "normalized": printed["normalized"],
        "effective": printed["effective"],
        "violations": pick("violations", &["pointer", "code", "minimum", "maximum", "nearest", "allowed", "message", "hint"]),
        "warnings": pick("warnings", &["pointer", "code"]),
        "dialect": printed["dialect"],
        "places": printed["places"],
    })
}

#[test]
fn python_reads_every_document_alike() {
    let Some(python) = python() else { return };
    let documents = corpus();
    let mut child = Command::new(python)
        .args(["-m", "concord_workers.core.reading_cli"])
        .current_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../workers"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    let mut stdin = child.stdin.take().expect("piped");
    let frames: Vec<String> = documents.iter().map(Value::to_string).chain(numbers()).collect();
    let sent = frames.clone();
    let writer = std::thread::spawn(move || {
        for frame in &sent {
            stdin.write_all(format!("{frame}\n").as_bytes()).expect("python reads");
        }
    });
    let mut printed = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut differing = Vec::new();
    for frame in &frames {
        let line = printed.next().expect("one line a document").expect("python writes");
        let theirs = python_row(&serde_json::from_str(&line).expect("JSON"));
        let parsed = tree::parse(frame.as_bytes()).expect("it is JSON");
        let ours = row(&read("PromptSubmission", &parsed.tree, Writer::Sender));
        if !same(&ours, &theirs) {
            differing.push(format!("{frame}\n  rust:   {ours}\n  python: {theirs}"));
        }
    }
    writer.join().expect("the writer ends");
    assert!(child.wait().expect("python ends").success());
    assert!(frames.len() >= 5_000, "only {} documents", frames.len());
    assert!(
        differing.is_empty(),
        "{} of {} differ, the first:\n{}",
        differing.len(),
        frames.len(),
        differing.iter().take(3).cloned().collect::<Vec<_>>().join("\n")
    );
}
