//! A worker as its parent sees it: silence at first, the handshake, polite stops.

use contracts::{Action, Dialect, ErrorCode, framing::Line, limits::STOP_TOTAL};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use crate::{
    case,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::Context,
    display,
    exchange::{Command, StrictReading},
    json,
    party::{Answer, TargetError, worker::Worker},
    scenario::Scenario,
    sentence::Sentence,
};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        first_words(),
        stderr_unread(),
        nothing_measured(),
        initialize(),
        end_of_input(),
        end_of_input_while_busy(),
        end_of_input_after_shutdown(),
        shutdown(),
    ]
}

/// The C# bridge kills after 5 s; the kernel needs a moment to report the exit.
pub(super) fn stop_limit() -> Duration {
    STOP_TOTAL + Duration::from_millis(250)
}

fn ask(worker: &mut Worker, context: &Context, command: &Command) -> Result<StrictReading, ScenarioEnd> {
    worker.send(&command.frame())?;
    let value = worker.reply(context.options.timeout, command.action.as_str(), &mut |_| ())?;
    Ok(StrictReading::of(command.action, command.reply_dialect(false), &Answer { value, http: None }))
}

/// Waits until the worker has loaded its libraries: beside that a stop takes longer, and it is the stop that is measured.
fn until_started(worker: &mut Worker, context: &Context) -> Result<(), ScenarioEnd> {
    let until = Instant::now() + context.options.timeout;
    loop {
        let status = ask(worker, context, &Command::new(Action::GetStatus, json!({})).id("up"))?;
        if status.snake["data"]["state"] != "starting" {
            return Ok(());
        }
        if Instant::now() > until {
            return Err(ScenarioEnd::Broken(format!("it is still starting: {}", status.snake)));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn first_words() -> Scenario {
    let checks = vec![
        CheckDef::new("silent", Class::Frame, Sentence::SilentBeforeFirstCommand),
        CheckDef::new("no-handshake", Class::Life, Sentence::InitializeIsOptional),
    ];
    Scenario::new("lifecycle.first-words", checks, |context, checks| {
        let mut worker = context.start()?;
        worker.send(&Command::new(Action::GetStatus, json!({})).id("first").frame())?;
        let line = worker.line(context.options.timeout, "get_status")?;
        let first: Option<Value> = match &line {
            Some(Line::Text(text)) => json::read(text).ok(),
            _ => None,
        };
        let is_reply = first.as_ref().is_some_and(|reply| reply["request_id"] == "first");
        checks.hold("silent", is_reply, || format!("its first line is {}", display::line(line.as_ref())));
        checks.hold("no-handshake", first.is_some_and(|reply| reply["success"] == true), || {
            display::line(line.as_ref())
        });
        Ok(())
    })
}

/// A parent that does not read stderr, whose pipe is full: log lines are lost, and no reply waits.
fn stderr_unread() -> Scenario {
    let checks = vec![
        CheckDef::new("answered", Class::Life, Sentence::LogHoldsUpNoReply),
        CheckDef::new("exit-0", Class::Life, Sentence::ExitWithinFiveSeconds),
    ];
    Scenario::new("lifecycle.stderr-unread", checks, |context, checks| {
        let good = programs(&mut context.start()?, context)?;
        let mut worker = context.start_unread()?;
        let job = json!({"prompt_submission": context.small_submission()});
        let commands = [
            (Action::GetStatus, json!({})),
            // Each of them is worth a line of a log.
            (Action::GenerateSdxl, job),
            (Action::UnloadModel, json!({"model_id": "conf_no_such_model"})),
            (Action::GetStatus, json!({})),
        ];
        let mut unanswered = None;
        for (number, (action, fields)) in commands.into_iter().enumerate() {
            let id = format!("unread-{number}");
            let reading = ask(&mut worker, context, &Command::new(action, fields).id(&id));
            if let Err(end) = reading {
                if number == 0 {
                    require_started(&worker, &good, &end)?;
                }
                unanswered = Some(format!("{action}: {end}"));
                break;
            }
        }
        checks.decide("answered", unanswered.map_or(Ok(()), Err));
        worker.end_input();
        let exit = worker.exit(stop_limit());
        checks.exits_with_0("exit-0", &exit);
        Ok(())
    })
}

/// The programs of a worker that answers.
fn programs(worker: &mut Worker, context: &Context) -> Result<BTreeSet<String>, ScenarioEnd> {
    ask(worker, context, &Command::new(Action::GetStatus, json!({})).id("control"))?;
    Ok(worker.process.programs().map_err(TargetError::Tool)?)
}

/// A command may be a script that writes to stderr before it starts the worker: it is judged only where the worker runs.
fn require_started(worker: &Worker, good: &BTreeSet<String>, end: &ScenarioEnd) -> Result<(), ScenarioEnd> {
    // A process that ended has no programs.
    let now = worker.process.programs().unwrap_or_else(|_| BTreeSet::new());
    let lacking: Vec<&String> = good.difference(&now).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    Err(ScenarioEnd::Undecided(format!(
        "with a full stderr the command does not start {}: a script in front of the worker may wait for its own lines ({end}); \
         give the worker's own command",
        display::json(&lacking)
    )))
}

/// A number that was not measured is absent: a reader would take 0 for a measurement.
fn nothing_measured() -> Scenario {
    const ABSENT: Sentence = Sentence::UnmeasuredIsAbsent;
    let members = [
        (Action::GetPerformanceMetrics, "average_generation_time_seconds"),
        (Action::GetPerformanceMetrics, "p95_generation_time_seconds"),
        (Action::GetQueueStatus, "average_processing_time_seconds"),
    ];
    let checks = members.iter().map(|(_, member)| CheckDef::new(*member, Class::Unit, ABSENT)).collect();
    Scenario::new("lifecycle.nothing-measured", checks, move |context, checks| {
        let mut worker = context.start()?;
        for (action, member) in members {
            let reading = ask(&mut worker, context, &Command::new(action, json!({})).id(member))?;
            let value =
                reading.data().map_err(|why| ScenarioEnd::Broken(format!("{action}: {why}")))?.get(member);
            checks
                .hold(member, value.is_none(), || format!("{}, and there was no job", display::json(&value)));
        }
        Ok(())
    })
}

fn initialize() -> Scenario {
    let checks = vec![
        CheckDef::new("names-itself", Class::Life, Sentence::InitializeMembers),
        CheckDef::new("same-gpu", Class::Id, Sentence::GpuNameInReplies),
        CheckDef::new("no-features", Class::Life, Sentence::InitializeReplacesFeatures),
        CheckDef::new("no-common-version", Class::Enum, Sentence::ProtocolVersion),
        CheckDef::new("another-gpu", Class::Id, Sentence::GpuNamesAccepted),
        CheckDef::new("another-index", Class::Names, Sentence::GpuNamesAccepted),
        CheckDef::new("own-index", Class::Names, Sentence::GpuNamesAccepted),
    ];
    Scenario::new("lifecycle.initialize", checks, |context, checks| {
        let (mut worker, data) = context.start_with(&["events", "out_of_order"])?;
        let speaks = data["protocol_version"] == "1" && data["pid"].as_u64() > Some(0);
        checks.hold("names-itself", speaks, || data.to_string());
        // A version is the worker's own: nothing else that it says of itself is one.
        let others = ["worker", "dialect", "gpu_id", "device_name"];
        let borrowed = others.into_iter().find(|other| data["worker_version"] == data[*other]);
        checks.hold("names-itself", borrowed.is_none(), || {
            format!("worker_version is {}, as {} is", data["worker_version"], display::json(&borrowed))
        });
        let status = ask(&mut worker, context, &Command::new(Action::GetStatus, json!({})).id("status"))?;
        let same = status.data().is_ok_and(|status| status["gpu_id"] == data["gpu_id"]);
        checks.hold("same-gpu", same, || format!("{} and then {}", data["gpu_id"], status.snake));
        let again = ask(&mut worker, context, &Command::new(Action::Initialize, json!({})).id("again"))?;
        checks.hold("no-features", again.data().is_ok_and(|data| data["features"] == json!([])), || {
            again.snake.to_string()
        });
        let old = ask(
            &mut worker,
            context,
            &Command::new(Action::Initialize, json!({"protocol_versions": ["0"]})).id("old"),
        )?;
        checks.hold("no-common-version", old.code() == Ok("unsupported_value"), || old.snake.to_string());
        let mut submission = context.small_submission();
        submission["performance"] = json!({"device": "cuda:777"});
        let elsewhere = ask(
            &mut worker,
            context,
            &Command::new(Action::ValidateRequest, json!({"prompt_submission": submission})).id("gpu"),
        )?;
        let refused = elsewhere.data().map(|data| {
            data["errors"]
                .as_array()
                .is_some_and(|errors| errors.iter().any(|error| error["code"] == "unsupported_feature"))
        });
        checks.hold("another-gpu", refused == Ok(true), || elsewhere.snake.to_string());
        let index = Command::new(Action::Initialize, json!({"device_index": 777})).id("index");
        let elsewhere = ask(&mut worker, context, &index)?;
        let refused = matches!(elsewhere.code(), Ok("unsupported_feature" | "gpu_not_found"));
        checks.hold("another-index", refused, || elsewhere.snake.to_string());
        let own = data["gpu_id"].as_str().and_then(|id| id.strip_prefix("gpu_")?.parse::<u64>().ok());
        let Some(own) = own else {
            checks.skip("own-index", format!("{} has no index among GPUs", data["gpu_id"]));
            return Ok(());
        };
        let index = Command::new(Action::Initialize, json!({"device_index": own})).id("own");
        let here = ask(&mut worker, context, &index)?;
        checks.hold("own-index", here.data().is_ok(), || {
            format!("device_index {own} is refused by {}: {}", data["gpu_id"], here.snake)
        });
        Ok(())
    })
}

fn end_of_input() -> Scenario {
    let checks = vec![
        CheckDef::new("answered", Class::Life, Sentence::EndOfInputAnswersAll),
        CheckDef::new("exit-0", Class::Life, Sentence::ExitWithinFiveSeconds),
        CheckDef::new("nothing-more", Class::Frame, Sentence::OneLineInOrder),
    ];
    Scenario::new("lifecycle.end-of-input", checks, |context, checks| {
        let mut worker = context.start()?;
        for id in ["one", "two", "three"] {
            worker.send(&Command::new(Action::GetStatus, json!({})).id(id).frame())?;
        }
        worker.end_input();
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(worker.reply(context.options.timeout, "get_status", &mut |_| ())?["request_id"].clone());
        }
        checks.hold("answered", ids == ["one", "two", "three"], || display::json(&ids));
        let more = worker.line(context.options.timeout, "the end of stdout")?;
        checks.hold("nothing-more", more.is_none(), || display::line(more.as_ref()));
        let exit = worker.exit(stop_limit());
        checks.exits_with_0("exit-0", &exit);
        Ok(())
    })
}

fn end_of_input_while_busy() -> Scenario {
    let checks = vec![
        CheckDef::new("job-answered", Class::Life, Sentence::UnfinishedAtEndOfInput),
        CheckDef::new("item-code-retryable", Class::Env, Sentence::UnfinishedAtEndOfInput),
        CheckDef::new("exit-0", Class::Time, Sentence::ExitWithinFiveSeconds),
    ];
    Scenario::new("lifecycle.end-of-input-while-busy", checks, |context, checks| {
        let mut worker = context.start()?;
        // Enough work for longer than the grace, wherever it runs.
        let mut submission = case::long_submission(context);
        submission["hyperparameters"]["batch_size"] = 4.into();
        let requests = vec![submission; 16];
        // The worker must be up: the check measures its stop, not its start.
        ask(&mut worker, context, &Command::new(Action::GetStatus, json!({})).id("up"))?;
        worker
            .send(&Command::new(Action::BatchGenerate, json!({"requests": requests})).id("busy").frame())?;
        worker.end_input();
        let ended = Instant::now();
        let value = worker.reply(stop_limit(), "the job at the end of stdin", &mut |_| ())?;
        let reading = StrictReading::of(Action::BatchGenerate, Dialect::Snake, &Answer { value, http: None });
        let stopped = reading.code() == Ok("shutting_down") || reading.data().is_ok();
        checks.hold("job-answered", stopped && reading.snake["request_id"] == "busy", || {
            reading.snake.to_string()
        });
        let wrong = reading.snake["data"]["results"].as_array().and_then(|items| {
            items
                .iter()
                .filter(|item| item["success"] == false)
                .find(|item| !is_of_a_stop(&item["error_details"]))
        });
        checks.hold("item-code-retryable", wrong.is_none(), || {
            format!("an item that the stop has ended: {}", wrong.map_or_else(String::new, Value::to_string))
        });
        let exit = worker.exit(stop_limit().saturating_sub(ended.elapsed()));
        checks.exits_with_0("exit-0", &exit);
        Ok(())
    })
}

/// Whether an item of a batch ended as the stop ends it: one code, at its top and in each entry, and retryable as the table says.
fn is_of_a_stop(details: &Value) -> bool {
    let codes = [ErrorCode::ShuttingDown, ErrorCode::Cancelled];
    let Some(code) = codes.into_iter().find(|code| details["code"] == code.as_str()) else { return false };
    let entries = details["errors"].as_array().into_iter().flatten();
    details["retryable"] == code.retryable()
        && entries.into_iter().all(|entry| entry["code"] == code.as_str())
}

/// A client that has asked for a long grace, and goes.
fn end_of_input_after_shutdown() -> Scenario {
    let checks = vec![
        CheckDef::new("job-answered", Class::Life, Sentence::ShutdownEndsWithInput),
        CheckDef::new("last-line", Class::Life, Sentence::ShutdownReplyIsLast),
        CheckDef::new("exit-0", Class::Time, Sentence::ExitWithinFiveSeconds),
    ];
    Scenario::new("lifecycle.end-of-input-after-shutdown", checks, |context, checks| {
        let mut worker = context.start()?;
        let mut submission = case::long_submission(context);
        submission["hyperparameters"]["batch_size"] = 4.into();
        let requests = vec![submission; 16];
        until_started(&mut worker, context)?;
        worker
            .send(&Command::new(Action::BatchGenerate, json!({"requests": requests})).id("busy").frame())?;
        worker.send(&Command::new(Action::Shutdown, json!({"grace_seconds": 3600})).id("bye").frame())?;
        worker.end_input();
        let ended = Instant::now();
        let busy = worker.reply(stop_limit(), "the job at the end of stdin", &mut |_| ())?;
        checks.hold("job-answered", busy["request_id"] == "busy", || busy.to_string());
        let bye = worker.reply(stop_limit(), "shutdown", &mut |_| ())?;
        checks.hold("last-line", bye["request_id"] == "bye", || bye.to_string());
        let exit = worker.exit(stop_limit().saturating_sub(ended.elapsed()));
        checks.exits_with_0("exit-0", &exit);
        Ok(())
    })
}

fn shutdown() -> Scenario {
    let checks = vec![
        CheckDef::new("last-line", Class::Life, Sentence::ShutdownReplyIsLast),
        CheckDef::new("exit-0", Class::Life, Sentence::ShutdownGrace),
    ];
    Scenario::new("lifecycle.shutdown", checks, |context, checks| {
        let mut worker = context.start()?;
        worker.send(&Command::new(Action::GetStatus, json!({})).id("before").frame())?;
        worker.send(&Command::new(Action::Shutdown, json!({"grace_seconds": 1})).id("bye").frame())?;
        worker.send(&Command::new(Action::GetStatus, json!({})).id("after").frame())?;
        let mut ids = Vec::new();
        for line in worker.last_lines(2, context.options.timeout)? {
            let Line::Text(text) = &line else { return Err(ScenarioEnd::Broken(display::line(Some(&line)))) };
            let frame = json::read(text).map_err(|err| ScenarioEnd::Broken(err.to_string()))?;
            ids.push(frame["request_id"].clone());
        }
        checks.hold("last-line", ids == ["before", "bye"], || display::json(&ids));
        let exit = worker.exit(stop_limit());
        checks.exits_with_0("exit-0", &exit);
        Ok(())
    })
}
