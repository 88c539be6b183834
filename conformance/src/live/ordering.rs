//! Order: one line per command without features; replies when they are ready with `out_of_order`; cancel.

use contracts::{Action, Dialect, Form, limits::QUERY_ANSWER};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crate::{
    case,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::Context,
    display,
    exchange::{Command, StrictReading},
    member,
    party::{Answer, worker::Worker},
    scenario::Scenario,
    sentence::Sentence,
};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![in_order(), without_ids(), out_of_order(), conflict(), cancel_running(), cancel_refused(), timeout()]
}

/// Why the order of jobs is left out.
const SEVERAL: &str = "a pool of several workers runs several jobs at a time";

fn job(context: &Context, id: &str) -> Value {
    Command::new(Action::GenerateSdxl, json!({"prompt_submission": case::long_submission(context)}))
        .id(id)
        .frame()
}

fn small(context: &Context, id: &str) -> Value {
    Command::new(Action::GenerateSdxl, json!({"prompt_submission": context.small_submission()}))
        .id(id)
        .frame()
}

fn query(id: &str) -> Value {
    Command::new(Action::GetStatus, json!({})).id(id).frame()
}

fn cancel(id: &str, target: &str) -> Value {
    Command::new(Action::Cancel, json!({"target_request_id": target})).id(id).frame()
}

fn replies(worker: &mut Worker, context: &Context, count: usize) -> Result<Vec<Value>, ScenarioEnd> {
    (0..count).map(|_| Ok(worker.reply(context.options.timeout, "the next reply", &mut |_| ())?)).collect()
}

fn ids(replies: &[Value]) -> Vec<&str> {
    replies.iter().map(|reply| reply["request_id"].as_str().unwrap_or("(no id)")).collect()
}

fn in_order() -> Scenario {
    let checks = vec![
        CheckDef::new("lines", Class::Conc, Sentence::OneLineInOrder),
        CheckDef::new("sees-what-came-before", Class::Conc, Sentence::QueriesInOrder),
        CheckDef::new("one-after-another", Class::Conc, Sentence::OneLineInOrder),
    ];
    Scenario::new("ordering.in-order", checks, |context, checks| {
        let mut worker = context.start()?;
        worker.send(&query("q1"))?;
        worker.send(&small(context, "j1"))?;
        worker.send(&Command::new(Action::GetPerformanceMetrics, json!({})).id("m").frame())?;
        worker.send(&small(context, "j2"))?;
        worker.send(&query("q2"))?;
        let replies = replies(&mut worker, context, 5)?;
        checks
            .hold("lines", ids(&replies) == ["q1", "j1", "m", "j2", "q2"], || display::json(&ids(&replies)));
        checks.hold("sees-what-came-before", replies[2]["data"]["jobs_completed"] == 1, || {
            replies[2].to_string()
        });
        checks.decide("one-after-another", one_after_another(&mut worker, context)?);
        Ok(())
    })
}

/// The bridge sends a command once the one before it is answered: work of the worker's own between two of them must not
/// write a line.
fn one_after_another(worker: &mut Worker, context: &Context) -> Result<Result<(), String>, ScenarioEnd> {
    for (id, frame) in
        [("j3", small(context, "j3")), ("q3", query("q3")), ("j4", small(context, "j4")), ("q4", query("q4"))]
    {
        worker.send(&frame)?;
        let reply = worker.reply(context.options.timeout, id, &mut |_| ())?;
        if reply["request_id"] != id {
            return Ok(Err(format!("the next line after {id} is {reply}")));
        }
    }
    Ok(Ok(()))
}

/// The C# bridge sends no ids and reads one line per command.
fn without_ids() -> Scenario {
    let proves = Sentence::RepliesWithoutIds;
    Scenario::new(
        "ordering.without-ids",
        vec![CheckDef::new("each-its-own", Class::Corr, proves)],
        |context, checks| {
            let is_pool = context.is_pool()?;
            let mut worker = context.start()?;
            let actions = [
                Action::GetCapabilities,
                Action::GetStatus,
                Action::GetSchedulers,
                Action::GetQueueStatus,
                Action::GetControlnetTypes,
            ];
            for action in actions {
                let mut command = Command::new(action, json!({}));
                command.form = Form::Direct;
                worker.send(&command.frame())?;
            }
            for action in actions {
                let value = worker.reply(context.options.timeout, action.as_str(), &mut |_| ())?;
                let reading = StrictReading::of(action, Dialect::Pascal, &Answer { value, http: None });
                // A gateway makes an id, and answers it.
                let id = &reading.snake["request_id"];
                let is_its_own = reading.data().map(|_| if is_pool { id.is_string() } else { id.is_null() });
                checks.hold("each-its-own", is_its_own == Ok(true), || {
                    format!("the line of {action}: {}", display::result(&is_its_own))
                });
            }
            Ok(())
        },
    )
}

fn out_of_order() -> Scenario {
    let checks = vec![
        CheckDef::new("query-within-a-second", Class::Time, Sentence::QueryWithinASecond),
        CheckDef::new("needs-an-id", Class::Corr, Sentence::OutOfOrderNeedsIds),
        CheckDef::new("each-once", Class::Frame, Sentence::ExactlyOneReply),
        CheckDef::new("first-in-first-out", Class::Conc, Sentence::FirstInFirstOut),
    ];
    Scenario::new("ordering.out-of-order", checks, |context, checks| {
        let (mut worker, _) = context.start_with(&["out_of_order"])?;
        worker.send(&job(context, "long"))?;
        let asked = Instant::now();
        worker.send(&query("q"))?;
        let first = worker.reply(context.options.timeout, "get_status beside a job", &mut |_| ())?;
        let waited = asked.elapsed();
        checks.hold("query-within-a-second", first["request_id"] == "q" && waited <= QUERY_ANSWER, || {
            format!("after {} came {}", display::seconds(waited), first["request_id"])
        });
        worker.send(&json!({"action": "get_status", "payload": {}}))?;
        let nameless = worker.reply(context.options.timeout, "a command without id", &mut |_| ())?;
        checks.hold(
            "needs-an-id",
            nameless["success"] == false && nameless["error_details"]["code"] == "missing_field",
            || nameless.to_string(),
        );
        worker.send(&small(context, "j2"))?;
        worker.send(&small(context, "j3"))?;
        worker.send(&cancel("c", "long"))?;
        let rest = replies(&mut worker, context, 4)?;
        let mut count: HashMap<&str, usize> = HashMap::new();
        for id in ids(&rest) {
            *count.entry(id).or_default() += 1;
        }
        checks.hold(
            "each-once",
            ["long", "c", "j2", "j3"].iter().all(|id| count.get(id) == Some(&1)),
            || display::json(&ids(&rest)),
        );
        let jobs: Vec<_> = ids(&rest).into_iter().filter(|id| *id != "c").collect();
        match context.workers()? {
            1 => checks.hold("first-in-first-out", jobs == ["long", "j2", "j3"], || display::json(&jobs)),
            _ => checks.skip("first-in-first-out", SEVERAL),
        }
        Ok(())
    })
}

fn conflict() -> Scenario {
    let proves = Sentence::IdInFlight;
    Scenario::new(
        "ordering.conflict",
        vec![CheckDef::new("same-id-twice", Class::Corr, proves)],
        |context, checks| {
            let (mut worker, _) = context.start_with(&["out_of_order"])?;
            worker.send(&job(context, "twin"))?;
            worker.send(&query("twin"))?;
            let first = worker.reply(context.options.timeout, "the second of two equal ids", &mut |_| ())?;
            checks.hold("same-id-twice", first["error_details"]["code"] == "conflict", || first.to_string());
            Ok(())
        },
    )
}

fn cancel_running() -> Scenario {
    let checks = vec![
        CheckDef::new("target-first", Class::Conc, Sentence::CancelAfterItsTarget),
        CheckDef::new("cancelled", Class::Effect, Sentence::CancelledStatus),
        CheckDef::new("was-running", Class::Effect, Sentence::CancelWas),
        CheckDef::new("soon", Class::Time, Sentence::CancelWithinAStep),
        CheckDef::new("waiting", Class::Effect, Sentence::CancelWas),
        CheckDef::new("ended", Class::Effect, Sentence::CancelOfEnded),
        CheckDef::new("ready-again", Class::Life, Sentence::OneEndOfEachJob),
    ];
    Scenario::new("ordering.cancel", checks, |context, checks| {
        let (mut worker, _) = context.start_with(&["out_of_order", "events"])?;
        worker.send(&job(context, "running"))?;
        wait_for_step(&mut worker, context, "running")?;
        worker.send(&job(context, "queued"))?;
        worker.send(&cancel("c2", "queued"))?;
        let queued = replies(&mut worker, context, 2)?;
        let waited = ids(&queued) == ["queued", "c2"] && queued[1]["data"]["was"] == "queued";
        match context.workers()? {
            1 => checks.hold("waiting", waited, || display::json(&queued)),
            _ => checks.skip("waiting", SEVERAL),
        }
        let asked = Instant::now();
        worker.send(&cancel("c1", "running"))?;
        let answers = replies(&mut worker, context, 2)?;
        checks.hold("target-first", ids(&answers) == ["running", "c1"], || display::json(&ids(&answers)));
        let target = member::reply(&answers, "running")?;
        checks.hold("cancelled", target["error_details"]["code"] == "cancelled", || target.to_string());
        let cancelled = member::reply(&answers, "c1")?;
        checks.hold("was-running", cancelled["data"]["was"] == "running", || cancelled.to_string());
        checks.hold("soon", asked.elapsed() < Duration::from_secs(5), || {
            format!("after {}", display::seconds(asked.elapsed()))
        });
        worker.send(&cancel("c3", "running"))?;
        let ended = replies(&mut worker, context, 1)?;
        checks.hold("ended", ended[0]["error_details"]["code"] == "job_not_found", || ended[0].to_string());
        worker.send(&query("q"))?;
        let status = replies(&mut worker, context, 1)?;
        checks.hold("ready-again", status[0]["data"]["state"] == "ready", || status[0].to_string());
        Ok(())
    })
}

/// Waits for the first denoising step of a job.
fn wait_for_step(worker: &mut Worker, context: &Context, id: &str) -> Result<(), ScenarioEnd> {
    let is_step = |frame: &Value| {
        frame["event"] == "progress" && frame["request_id"] == id && frame["stage"] == "denoising"
    };
    let frame = worker.frame_that(context.options.timeout, "the first step of a job", &mut |frame| {
        is_step(frame) || frame.get("success").is_some()
    })?;
    if is_step(&frame) {
        return Ok(());
    }
    Err(ScenarioEnd::Broken(format!("a reply in place of progress: {frame}")))
}

fn cancel_refused() -> Scenario {
    let checks = vec![
        CheckDef::new("unknown", Class::Effect, Sentence::CancelOfUnknown),
        CheckDef::new("place", Class::Env, Sentence::FaultWhereItStands),
        CheckDef::new("another-attempt", Class::Effect, Sentence::CancelOfAnotherAttempt),
        CheckDef::new("another-attempt-direct", Class::Names, Sentence::AttemptInDirectEnvelope),
        CheckDef::new("goes-on", Class::Effect, Sentence::OtherAttemptGoesOn),
    ];
    Scenario::new("ordering.cancel-refused", checks, |context, checks| {
        let (mut worker, _) = context.start_with(&["out_of_order"])?;
        worker.send(&cancel("c1", "nobody"))?;
        let unknown = replies(&mut worker, context, 1)?;
        let details = &unknown[0]["error_details"];
        let place = json!("/payload/target_request_id");
        checks.hold("place", details["field"] == place && details["errors"][0]["pointer"] == place, || {
            unknown[0].to_string()
        });
        checks.hold("unknown", unknown[0]["error_details"]["code"] == "job_not_found", || {
            unknown[0].to_string()
        });
        worker.send(&job(context, "job"))?;
        let mut command =
            Command::new(Action::Cancel, json!({"target_request_id": "job", "attempt": 2})).id("c2");
        for (check, form) in [("another-attempt", Form::Documented), ("another-attempt-direct", Form::Direct)]
        {
            command.form = form;
            worker.send(&command.frame())?;
            let other = replies(&mut worker, context, 1)?;
            checks.hold(check, other[0]["error_details"]["code"] == "job_not_found", || other[0].to_string());
        }
        worker.send(&cancel("c4", "job"))?;
        let answers = replies(&mut worker, context, 2)?;
        checks.hold("goes-on", ids(&answers) == ["job", "c4"] && answers[1]["success"] == true, || {
            display::json(&answers)
        });
        Ok(())
    })
}

fn timeout() -> Scenario {
    let checks = vec![
        CheckDef::new("code", Class::Time, Sentence::TimeoutCode),
        CheckDef::new("in-time", Class::Time, Sentence::TimeoutGrace),
    ];
    Scenario::new("ordering.timeout", checks, |context, checks| {
        let mut worker = context.start()?;
        worker.send(&query("up"))?;
        replies(&mut worker, context, 1)?;
        let mut submission = case::long_submission(context);
        submission["metadata"] = json!({"timeout_seconds": 1});
        submission["hyperparameters"]["batch_size"] = 8.into();
        submission["hyperparameters"]["dimensions"] = json!({"width": 1024, "height": 1024});
        let asked = Instant::now();
        worker.send(
            &Command::new(Action::GenerateSdxl, json!({"prompt_submission": submission})).id("late").frame(),
        )?;
        let reply = replies(&mut worker, context, 1)?;
        if reply[0]["success"] == true && asked.elapsed() <= Duration::from_secs(1) {
            return Err(ScenarioEnd::Skip("the target is too fast to be late".to_owned()));
        }
        checks.hold("code", reply[0]["error_details"]["code"] == "timeout", || reply[0].to_string());
        checks.hold("in-time", asked.elapsed() < Duration::from_secs(7), || {
            format!("after {}", display::seconds(asked.elapsed()))
        });
        Ok(())
    })
}
