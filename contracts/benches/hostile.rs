//! Large and hostile documents against parsing the same bytes as a `serde_json::Value`, in one run.
//!
//! `cargo bench --profile dist -p contracts --bench hostile`. Each shape has 1, 4 and 16 MiB. Read the ratios (goal: at most 6) and the
//! growth from 4 to 16 MiB beside that of the `Value` (linear: 4): the machines are shared. No test asserts these.
#![expect(clippy::print_stdout, reason = "a table is what it is for")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use contracts::{Action, Reply, RouteBody, read_body, read_frame};
use serde_json::{Map, Value, json};

/// Times that each side is measured; the least counts, as what else runs only adds to it.
const ROUNDS: usize = 5;
const MIB: usize = 1 << 20;

#[derive(Clone, Copy)]
enum Reader {
    Frame,
    Body,
    Reply(Action),
}

struct Shape {
    name: &'static str,
    reader: Reader,
    bytes: fn(usize) -> String,
}

const SHAPES: &[Shape] = &[
    Shape { name: "unknown names", reader: Reader::Frame, bytes: unknown_names },
    Shape { name: "unknown names in the envelope", reader: Reader::Frame, bytes: unknown_heads },
    Shape { name: "names that stand twice", reader: Reader::Frame, bytes: duplicates },
    Shape { name: "one name again and again", reader: Reader::Frame, bytes: one_name },
    Shape { name: "the empty name again and again", reader: Reader::Frame, bytes: no_name },
    Shape { name: "spellings of one property", reader: Reader::Frame, bytes: one_property },
    Shape { name: "a list of empty LoRAs", reader: Reader::Frame, bytes: loras },
    Shape { name: "nesting at the limit", reader: Reader::Frame, bytes: nesting },
    Shape { name: "faults in many items", reader: Reader::Frame, bytes: faulty_items },
    Shape { name: "long names near to none", reader: Reader::Frame, bytes: long_names },
    Shape { name: "one long string", reader: Reader::Frame, bytes: long_string },
    Shape { name: "a long wrong enum", reader: Reader::Frame, bytes: long_enum },
    Shape { name: "accepted spellings, warnings", reader: Reader::Frame, bytes: spellings },
    Shape { name: "tags up to the brim", reader: Reader::Frame, bytes: tags },
    Shape { name: "a valid body, a `data:` image", reader: Reader::Body, bytes: image },
    Shape { name: "a reply of many faults", reader: Reader::Reply(Action::GetStatus), bytes: reply_faults },
    Shape {
        name: "a reply of unknown members",
        reader: Reader::Reply(Action::GetStatus),
        bytes: reply_members,
    },
    Shape {
        name: "a reply of a long history",
        reader: Reader::Reply(Action::GetTrainingHistory),
        bytes: reply_history,
    },
];

/// As many of these as there is room for, with commas between.
fn many(bytes: usize, mut item: impl FnMut(usize) -> String) -> String {
    let mut all = item(0);
    let mut i = 1;
    while all.len() < bytes {
        all.push(',');
        all.push_str(&item(i));
        i += 1;
    }
    all
}

fn command(inside: &str, beside: &str) -> String {
    format!(
        r#"{{"action":"generate_sdxl","request":{{"model":{{"base":"m"}},"conditioning":{{"prompt":"a"{inside}}}{beside}}}}}"#
    )
}

fn unknown_names(bytes: usize) -> String {
    command("", &format!(",{}", many(bytes, |i| format!(r#""name{i}":1"#))))
}

fn unknown_heads(bytes: usize) -> String {
    format!(r#"{{"action":"get_status","payload":{{}},{}}}"#, many(bytes, |i| format!(r#""name{i}":1"#)))
}

fn duplicates(bytes: usize) -> String {
    command("", &format!(r#","x":{{{}}}"#, many(bytes, |i| format!(r#""a{}":1"#, i / 2))))
}

fn one_name(bytes: usize) -> String {
    command(&format!(r#","loras":[{{{}}}]"#, many(bytes, |_| r#""a":1"#.to_owned())), "")
}

fn no_name(bytes: usize) -> String {
    command("", &format!(",{}", many(bytes, |_| r#""":1"#.to_owned())))
}

fn one_property(bytes: usize) -> String {
    const SPELT: [&str; 4] = [r#""seed":1"#, r#""Seed":1"#, r#""SEED":1"#, r#""sEed":2"#];
    command("", &format!(r#","hyperparameters":{{{}}}"#, many(bytes, |i| SPELT[i % 4].to_owned())))
}

fn loras(bytes: usize) -> String {
    command(&format!(r#","loras":[{}]"#, many(bytes, |_| "{}".to_owned())), "")
}

/// What a frame may still nest below a member of a request's own list.
const DEPTH: usize = 60;

fn nesting(bytes: usize) -> String {
    let deep = format!("{}1{}", "[".repeat(DEPTH), "]".repeat(DEPTH));
    command("", &format!(r#","x":[{}]"#, many(bytes, |_| deep.clone())))
}

/// The longest list that is read, each of its items full of what is wrong.
fn faulty_items(bytes: usize) -> String {
    let item = |each: usize| {
        let names = many(each, |i| format!(r#""weigth{i}":"x""#));
        format!(r#"{{"name":5,"weight":"heavy",{names}}}"#)
    };
    let items = vec![item(bytes / 8); 8];
    command(&format!(r#","loras":[{}]"#, items.join(",")), "")
}

fn long_names(bytes: usize) -> String {
    command("", &format!(",{}", many(bytes, |i| format!(r#""{}{i}":1"#, "conditionin".repeat(400)))))
}

fn long_string(bytes: usize) -> String {
    command("", &format!(r#","metadata":{{"request_id":"{}"}}"#, "a".repeat(bytes)))
}

fn long_enum(bytes: usize) -> String {
    command("", &format!(r#","scheduler":{{"type":"{}"}}"#, "DPM++ 2M ".repeat(bytes / 9)))
}

/// Names that only C# spells so, in as many items as there is room for.
fn spellings(bytes: usize) -> String {
    let tokens = many(bytes, |i| format!(r#"{{"Path":"t{i}.safetensors","Token":"<t{i}>"}}"#));
    command("", &format!(r#","Conditioning":{{"Prompt":"a","TextualInversions":[{tokens}]}}"#))
}

fn tags(bytes: usize) -> String {
    command("", &format!(r#","metadata":{{"tags":{{{}}}}}"#, many(bytes, |i| format!(r#""t{i}":"v""#))))
}

fn image(bytes: usize) -> String {
    let image = format!("data:image/png;base64,{}", "iVBORw0K".repeat(bytes / 8));
    json!({"model": {"base": "m"}, "conditioning": {"prompt": "a", "init_image": image}}).to_string()
}

fn reply(success: bool, data: &str, errors: &str, beside: &str) -> String {
    let details = format!(r#"{{"code":"internal","retryable":false,"errors":[{errors}]}}"#);
    let (error, details) = if success { ("null", "null") } else { (r#""no""#, details.as_str()) };
    format!(
        r#"{{"request_id":"r","success":{success},"data":{data},"error":{error},"error_details":{details},"warnings":[],"warning_details":[]{beside}}}"#
    )
}

fn reply_faults(bytes: usize) -> String {
    reply(false, "null", &many(bytes, |_| r#"{"nothing":1}"#.to_owned()), "")
}

fn reply_members(bytes: usize) -> String {
    reply(false, "null", "", &format!(",{}", many(bytes, |i| format!(r#""name{i}":null"#))))
}

fn reply_history(bytes: usize) -> String {
    let row = |i| {
        format!(
            r#"{{"step":{i},"epoch":1,"loss":0.25,"learning_rate":0.0001,"recorded_at":"2026-01-01T00:00:00Z"}}"#
        )
    };
    reply(true, &format!(r#"{{"rows":[{}]}}"#, many(bytes, row)), "", "")
}

/// The least time of some rounds.
fn least<T>(mut work: impl FnMut() -> T) -> Duration {
    let time = |_| {
        let before = Instant::now();
        let made = black_box(work());
        let took = before.elapsed();
        drop(made);
        took
    };
    (0..ROUNDS).map(time).min().expect("there are rounds")
}

/// The time of the `Value`, and of the reader.
fn measure(shape: &Shape, bytes: usize) -> (Duration, Duration) {
    let text = (shape.bytes)(bytes);
    let bytes = text.as_bytes();
    let parse = || serde_json::from_slice::<Value>(black_box(bytes)).expect("it is JSON");
    let value = least(parse);
    let read = match shape.reader {
        Reader::Frame => least(|| read_frame(black_box(bytes)).map_err(drop)),
        Reader::Body => {
            let body = RouteBody { action: Action::GenerateSdxl, bare: Some("prompt_submission") };
            let read = read_body(bytes, body, &Map::new()).expect("it is a body");
            assert!(read.reading.is_valid(), "{:?}", read.reading.violations);
            least(|| read_body(black_box(bytes), body, &Map::new()).map_err(drop))
        }
        Reader::Reply(action) => least(|| Reply::from_json(action, black_box(bytes)).map_err(drop)),
    };
    (value, read)
}

fn main() {
    println!(
        "| shape | ms of 16 MiB | ratio to `Value`: 1 MiB | 4 MiB | 16 MiB | growth, 4 to 16 MiB | that of `Value` |"
    );
    println!("|---|---|---|---|---|---|---|");
    // As other benches take it: only the shapes whose name has this in it.
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let is_chosen = |shape: &&Shape| only.as_ref().is_none_or(|only| shape.name.contains(only.as_str()));
    for shape in SHAPES.iter().filter(is_chosen) {
        let [one, four, sixteen] = [1, 4, 16].map(|mib| measure(shape, mib * (MIB - 4096)));
        let ratio = |(value, read): (Duration, Duration)| read.as_secs_f64() / value.as_secs_f64();
        println!(
            "| {} | {:.0} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} |",
            shape.name,
            sixteen.1.as_secs_f64() * 1e3,
            ratio(one),
            ratio(four),
            ratio(sixteen),
            sixteen.1.as_secs_f64() / four.1.as_secs_f64(),
            sixteen.0.as_secs_f64() / four.0.as_secs_f64(),
        );
    }
}
