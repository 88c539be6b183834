//! Lines: the forms in which they may come in and must go out, and the stream after a bad one.

use contracts::{
    Action,
    framing::{FRAME_BYTES_MAX, Line},
};
use serde_json::{Value, json};

use crate::{
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::Context,
    display,
    exchange::{Command, StrictReading, failures_agree},
    json,
    party::{Answer, worker::Worker},
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

/// Valid frames in unusual forms.
const UNUSUAL: &str = include_str!("../../../fixtures/invalid/unusual.jsonl");

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![unusual(), pieces(), too_large(), written(), dialect_of_bad_frames()]
}

fn ping(worker: &mut Worker, context: &Context, id: &str) -> Result<(), ScenarioEnd> {
    worker.send(&Command::new(Action::GetStatus, json!({})).id(id).frame())?;
    let reply = worker.reply(context.options.timeout, "get_status", &mut |_| ())?;
    if reply["request_id"] == id && reply["success"] == true {
        Ok(())
    } else {
        Err(ScenarioEnd::Broken(format!("get_status is answered {reply}")))
    }
}

/// A member of a row of [`UNUSUAL`].
fn fixture<'r>(row: &'r Value, name: &str) -> &'r str {
    row[name].as_str().expect("fixtures are tested")
}

/// A frame with a BOM needs a new worker: a BOM is one only at the beginning of the stream.
fn unusual() -> Scenario {
    let rows: Vec<Value> = UNUSUAL
        .lines()
        .map(|line| serde_json::from_str(line).expect("fixtures are tested"))
        .filter(|row: &Value| {
            row["text"].as_str().is_some_and(|text| !text.contains("training") && !text.contains("cache"))
        })
        .collect();
    let proves = Sentence::UnusualLinesRead;
    let checks = rows.iter().map(|row| CheckDef::new(fixture(row, "id"), Class::Frame, proves)).collect();
    Scenario::new("framing.unusual", checks, move |context, checks| {
        let mut worker = context.start()?;
        for row in &rows {
            let (id, text) = (fixture(row, "id"), fixture(row, "text"));
            if text.starts_with('\u{feff}') {
                let mut fresh = context.start()?;
                checks.decide(id, served(&mut fresh, context, text)?);
            } else {
                checks.decide(id, served(&mut worker, context, text)?);
            }
        }
        Ok(())
    })
}

fn served(worker: &mut Worker, context: &Context, text: &str) -> Result<Result<(), String>, ScenarioEnd> {
    worker.write(text.as_bytes())?;
    let reply = worker.reply(context.options.timeout, text, &mut |_| ())?;
    let success = reply.get("success").or(reply.get("Success"));
    let done = success == Some(&Value::Bool(true))
        || (text.contains("model_id") && success == Some(&Value::Bool(false)));
    if !done {
        return Ok(Err(reply.to_string()));
    }
    // The reply is one of its action, in the dialect of its envelope.
    let frame = text.trim_start_matches('\u{feff}').trim();
    let Ok(incoming) = contracts::read_frame(frame.as_bytes()) else { return Ok(Ok(())) };
    let answer = Answer { value: reply, http: None };
    let reading = StrictReading::of(incoming.head.action, incoming.stdio_dialect(), &answer);
    Ok(match (&reading.read, reading.misspelt.first()) {
        (Err(why), _) => Err(why.clone()),
        (_, Some(name)) => Err(format!("{name} is spelt in another dialect")),
        _ => failures_agree(&reading.snake),
    })
}

fn pieces() -> Scenario {
    let proves = Sentence::OneObjectALine;
    let checks = ["byte-by-byte", "two-at-once", "split-in-a-character", "large", "no-final-lf"]
        .map(|id| CheckDef::new(id, Class::Frame, proves));
    Scenario::new("framing.pieces", checks.into(), |context, checks| {
        let mut worker = context.start()?;
        let frame = |id: &str| format!("{}\n", Command::new(Action::GetStatus, json!({})).id(id).frame());
        for byte in frame("slow").bytes() {
            worker.write(&[byte])?;
        }
        expect(checks, "byte-by-byte", &mut worker, context, &["slow"])?;
        worker.write(format!("{}{}", frame("a"), frame("b")).as_bytes())?;
        expect(checks, "two-at-once", &mut worker, context, &["a", "b"])?;
        let submission = |prompt: &str| {
            let mut submission = context.small_submission();
            submission["conditioning"]["prompt"] = prompt.into();
            json!({"prompt_submission": submission})
        };
        let text =
            format!("{}\n", Command::new(Action::ValidateRequest, submission("日本語")).id("cut").frame());
        let middle = text.find('本').expect("it is in the prompt") + 1;
        worker.write(&text.as_bytes()[..middle])?;
        worker.write(&text.as_bytes()[middle..])?;
        expect(checks, "split-in-a-character", &mut worker, context, &["cut"])?;
        // The report repeats the document twice, and must fit into a frame itself.
        let mut long = submission("a");
        long["prompt_submission"]["conditioning"]["init_image"] =
            format!("data:image/png;base64,{}", "A".repeat(6 << 20)).into();
        worker.send(&Command::new(Action::ValidateRequest, long).id("large").frame())?;
        expect(checks, "large", &mut worker, context, &["large"])?;
        worker.write(frame("last").trim_end().as_bytes())?;
        worker.end_input();
        expect(checks, "no-final-lf", &mut worker, context, &["last"])
    })
}

fn expect(
    checks: &mut Checks<'_>,
    id: &str,
    worker: &mut Worker,
    context: &Context,
    ids: &[&str],
) -> Result<(), ScenarioEnd> {
    for wanted in ids {
        let reply = worker.reply(context.options.timeout, id, &mut |_| ())?;
        checks.hold(id, reply["request_id"] == **wanted && reply["success"] == true, || {
            crate::display::shorten(&reply.to_string())
        });
    }
    Ok(())
}

fn too_large() -> Scenario {
    let checks = vec![
        CheckDef::new("refused", Class::Frame, Sentence::FrameLimit),
        CheckDef::new("still-served", Class::Life, Sentence::FrameResynchronised),
    ];
    Scenario::new("framing.too-large", checks, |context, checks| {
        let mut worker = context.start()?;
        ping(&mut worker, context, "before")?;
        let mut line = br#"{"action":"get_status","request_id":""#.to_vec();
        line.resize(FRAME_BYTES_MAX + 2, b'x');
        line.extend_from_slice(b"\"}\n");
        worker.write(&line)?;
        let reply = worker.reply(context.options.timeout, "a frame over the limit", &mut |_| ())?;
        checks.hold(
            "refused",
            reply["error_details"]["code"] == "frame_too_large" && reply["request_id"].is_null(),
            || reply.to_string(),
        );
        checks.decide("still-served", ping(&mut worker, context, "after").map_err(|stop| stop.to_string()));
        Ok(())
    })
}

/// The lines that a worker writes: one object each, UTF-8, no BOM, no CR, no blank line.
fn written() -> Scenario {
    let checks = vec![
        CheckDef::new("lines", Class::Frame, Sentence::LinesWritten),
        CheckDef::new("pure", Class::Frame, Sentence::StdoutIsForFrames),
    ];
    Scenario::new("framing.written", checks, |context, checks| {
        let mut worker = context.start()?;
        worker.send(
            &Command::new(Action::GenerateSdxl, json!({"prompt_submission": context.small_submission()}))
                .id("job")
                .frame(),
        )?;
        worker.send(&Command::new(Action::GetStatus, json!({})).id("status").frame())?;
        worker.end_input();
        let lines = worker.last_lines(2, context.options.timeout)?;
        let odd = lines.iter().find(|line| match line {
            Line::Text(text) => !matches!(json::read(text), Ok(Value::Object(_))) || text.contains(&b'\r'),
            Line::TooLarge { .. } => true,
        });
        checks.hold("lines", odd.is_none(), || display::line(odd));
        checks.hold("pure", lines.len() == 2, || {
            let or_more = if lines.len() > 2 { " or more" } else { "" };
            format!("{}{or_more} lines for 2 commands", lines.len())
        });
        Ok(())
    })
}

fn dialect_of_bad_frames() -> Scenario {
    let proves = Sentence::DialectOfBadFrame;
    let checks = ["at-first", "after-snake", "after-pascal"].map(|id| CheckDef::new(id, Class::Case, proves));
    Scenario::new("framing.dialect-of-bad-frames", checks.into(), |context, checks| {
        let mut worker = context.start()?;
        let mut bad = |worker: &mut Worker, id: &str, member: &str| -> Result<(), ScenarioEnd> {
            worker.write(b"no frame\n")?;
            let reply = worker.reply(context.options.timeout, "a bad frame", &mut |_| ())?;
            checks.hold(id, reply.get(member) == Some(&Value::Bool(false)), || reply.to_string());
            Ok(())
        };
        bad(&mut worker, "at-first", "Success")?;
        ping(&mut worker, context, "documented")?;
        bad(&mut worker, "after-snake", "success")?;
        worker.write(b"{\"action\":\"get_status\"}\n")?;
        worker.reply(context.options.timeout, "get_status", &mut |_| ())?;
        bad(&mut worker, "after-pascal", "Success")
    })
}
