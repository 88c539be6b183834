//! A worker as a process: work that waits when it ends, signals, stalls, and the processes that it leaves behind.
//!
//! Promises of a gateway alone are checked on a worker that calls itself `gateway`, as `gateway stdio` does.

use contracts::{Action, framing::Line, limits::SILENCE_IDLE};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

use super::lifecycle::stop_limit;
use crate::{
    case,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::Context,
    display,
    exchange::Command,
    json,
    party::{TargetError, process::Process, tree::Seen, worker::Worker},
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

/// Jobs that are accepted and not done at the end: one that runs, and two that wait for it.
const JOBS: [&str; 3] = ["runs", "waits-1", "waits-2"];

const ANSWERED: Sentence = Sentence::OneReplyWhateverDies;
const EXIT: Sentence = Sentence::ExitWithinFiveSeconds;
const SIGHUP: Sentence = Sentence::SighupReopensLog;
const SIGTERM: Sentence = Sentence::SigtermDrains;
/// The sentence of the checks about a gateway that was itself held up.
pub(super) const FAIR: Sentence = Sentence::StalledGatewayIsFair;
/// The sentence of the checks about processes below a gateway.
pub(super) const NOTHING_LEFT: Sentence = Sentence::WorkersEndWithGateway;

/// A stall longer than the silence that an idle worker may keep, by more than the gap between two heartbeats.
pub(super) const STALL: Duration = SILENCE_IDLE.saturating_add(Duration::from_secs(2));

/// Time for the processes below a killed one to end: the grace that they have at the end of their stdin, and a second for a
/// busy machine.
pub(super) const ORPHANS_END_WITHIN: Duration = Duration::from_secs(6);

/// Time after which a process that a signal ends is reaped.
pub(super) const SIGNAL_ENDS_WITHIN: Duration = Duration::from_secs(1);

/// Pause between two looks at processes.
const POLL: Duration = Duration::from_millis(20);

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![end_of_input(), shutdown(), sigterm(), sighup(), stalled(), killed()]
}

/// Starts a worker, gives it [`JOBS`], and waits until it has read them all and the first of them runs.
fn busy(context: &Context) -> Result<(Worker, Value), ScenarioEnd> {
    // The query behind the jobs: what a worker has not read it has not accepted, and may leave unanswered.
    const READ: &str = "all-read";
    let (mut worker, data) = context.start_with(&["out_of_order", "events"])?;
    for id in JOBS {
        let fields = json!({"prompt_submission": case::long_submission(context)});
        worker.send(&Command::new(Action::GenerateSdxl, fields).id(id).frame())?;
    }
    worker.send(&Command::new(Action::GetStatus, json!({})).id(READ).frame())?;
    let (mut runs, mut read) = (false, false);
    let awaited = "the first event of a job, and the reply to the query behind the jobs";
    let last = worker.frame_that(context.options.timeout, awaited, &mut |frame| {
        runs |= frame["event"] == "progress";
        read |= frame["request_id"] == READ;
        (runs && read) || (frame.get("success").is_some() && frame["request_id"] != READ)
    })?;
    if runs && read {
        return Ok((worker, data));
    }
    Err(ScenarioEnd::Broken(format!("a job has ended before another could be read: {last}")))
}

/// The ids of all replies until the end of stdout, in their order; events are left out.
fn replies_to_the_end(worker: &mut Worker, within: Duration) -> Result<Vec<Value>, ScenarioEnd> {
    let until = Instant::now() + within;
    let mut replies = Vec::new();
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match worker.line(left, "the end of stdout")? {
            None => return Ok(replies),
            Some(Line::Text(text)) => {
                let frame = json::read(&text).map_err(|err| ScenarioEnd::Broken(err.to_string()))?;
                if frame.get("success").is_some() {
                    replies.push(frame);
                }
            }
            line @ Some(Line::TooLarge { .. }) => {
                return Err(ScenarioEnd::Broken(display::line(line.as_ref())));
            }
        }
    }
}

/// Whether each job has one reply: its result, or the refusal to go on.
fn all_answered(replies: &[Value]) -> Result<(), String> {
    for id in JOBS {
        let own: Vec<&Value> = replies.iter().filter(|reply| reply["request_id"] == id).collect();
        match own[..] {
            [reply] if reply["success"] == true || reply["error_details"]["code"] == "shutting_down" => {}
            [reply] => return Err(format!("{id} is answered {}", display::shorten(&reply.to_string()))),
            _ => return Err(format!("{id} has {} replies", own.len())),
        }
    }
    Ok(())
}

fn end_of_input() -> Scenario {
    let checks = vec![
        CheckDef::new("answered", Class::Life, Sentence::EndOfInputAnswersQueue),
        CheckDef::new("exit-0", Class::Life, EXIT),
    ];
    Scenario::new("worker-process.queued-at-end-of-input", checks, |context, checks| {
        let (mut worker, _) = busy(context)?;
        worker.end_input();
        let replies = replies_to_the_end(&mut worker, stop_limit())?;
        checks.decide("answered", all_answered(&replies));
        checks.exits_with_0("exit-0", &worker.exit(stop_limit()));
        Ok(())
    })
}

fn shutdown() -> Scenario {
    let checks = vec![
        CheckDef::new("answered", Class::Life, ANSWERED),
        CheckDef::new("last-line", Class::Life, Sentence::ShutdownReplyIsLast),
        CheckDef::new("exit-0", Class::Life, EXIT),
    ];
    Scenario::new("worker-process.queued-at-shutdown", checks, |context, checks| {
        let (mut worker, _) = busy(context)?;
        let fields = json!({"grace_seconds": 1});
        worker.send(&Command::new(Action::Shutdown, fields).id("bye").frame())?;
        let replies = replies_to_the_end(&mut worker, stop_limit())?;
        checks.decide("answered", all_answered(&replies));
        let last = replies.last();
        let is_last = last.is_some_and(|reply| reply["request_id"] == "bye" && reply["success"] == true);
        checks.hold("last-line", is_last, || {
            last.map_or_else(|| "there is no reply".to_owned(), |reply| display::shorten(&reply.to_string()))
        });
        checks.exits_with_0("exit-0", &worker.exit(stop_limit()));
        Ok(())
    })
}

/// A worker that has no handler is ended by the signal, which its parent sees; one that exits by itself must have answered.
fn sigterm() -> Scenario {
    let checks =
        vec![CheckDef::new("answered", Class::Life, SIGTERM), CheckDef::new("exit-0", Class::Life, EXIT)];
    Scenario::new("worker-process.sigterm", checks, |context, checks| {
        let (mut worker, data) = busy(context)?;
        worker.process.signal(Signal::SIGTERM)?;
        let replies = replies_to_the_end(&mut worker, stop_limit());
        let exit = worker.exit(stop_limit());
        let is_killed = exit.as_ref().is_ok_and(|status| status.code().is_none());
        if is_killed && !is_gateway(&data) {
            return Err(ScenarioEnd::Skip(format!("SIGTERM ends {} by itself", data["worker"])));
        }
        checks.decide("answered", all_answered(&replies?));
        checks.exits_with_0("exit-0", &exit);
        Ok(())
    })
}

fn is_gateway(initialized: &Value) -> bool {
    initialized["worker"] == "gateway"
}

/// Skips unless the worker calls itself a gateway.
fn need_gateway(initialized: &Value) -> Result<(), ScenarioEnd> {
    if is_gateway(initialized) {
        return Ok(());
    }
    Err(ScenarioEnd::Skip(format!(
        "only a gateway promises it, and this worker is {}",
        initialized["worker"]
    )))
}

fn sighup() -> Scenario {
    let checks = vec![
        CheckDef::new("lives", Class::Life, SIGHUP),
        CheckDef::new("job-completed", Class::Life, ANSWERED),
    ];
    Scenario::new("worker-process.sighup", checks, |context, checks| {
        let (mut worker, data) = busy(context)?;
        need_gateway(&data)?;
        worker.process.signal(Signal::SIGHUP)?;
        let replies: Result<Vec<Value>, TargetError> = JOBS
            .iter()
            .map(|_| worker.reply(context.options.timeout, "a job after SIGHUP", &mut |_| ()))
            .collect();
        checks.decide(
            "job-completed",
            match &replies {
                Ok(replies) => all_answered(replies),
                Err(err) => Err(err.to_string()),
            },
        );
        let exit = worker.exit(SIGNAL_ENDS_WITHIN);
        checks.lives("lives", &exit);
        Ok(())
    })
}

/// Uptime of each worker, by its GPU. A worker that is started anew begins at 0.
pub(super) fn uptimes(status: &Value) -> Result<Vec<(String, f64)>, ScenarioEnd> {
    let rows = match status.get("gpus").and_then(Value::as_array) {
        Some(gpus) => gpus.iter().collect(),
        None => vec![status],
    };
    let row = |row: &Value| Some((row["gpu_id"].as_str()?.to_owned(), row["uptime_seconds"].as_f64()?));
    let found: Option<Vec<_>> = rows.into_iter().map(row).collect();
    found.ok_or_else(|| ScenarioEnd::Broken(format!("a status without gpu_id or uptime_seconds: {status}")))
}

/// Whether each worker has run through a stall: none of them was ended and started anew.
pub(super) fn ran_through(before: &[(String, f64)], after: &[(String, f64)]) -> Result<(), String> {
    for (gpu, was) in before {
        match after.iter().find(|(other, _)| other == gpu) {
            Some((_, now)) if *now >= was + STALL.as_secs_f64() / 2.0 => {}
            Some((_, now)) => {
                return Err(format!(
                    "{gpu}: uptime_seconds was {was:.1} before the stall and is {now:.1} after it"
                ));
            }
            None => return Err(format!("{gpu} is gone after the stall")),
        }
    }
    Ok(())
}

/// Stops a process for [`STALL`], as a debugger, a suspended machine or a full disk does.
pub(super) fn stall(process: &mut Process) -> Result<(), TargetError> {
    process.signal(Signal::SIGSTOP)?;
    thread::sleep(STALL);
    process.signal(Signal::SIGCONT)
}

/// Whether a job has its result.
fn is_completed(reply: &Result<Value, TargetError>) -> Result<(), String> {
    match reply {
        Ok(reply) if reply["success"] == true => Ok(()),
        Ok(reply) => Err(display::shorten(&reply.to_string())),
        Err(err) => Err(err.to_string()),
    }
}

fn stalled() -> Scenario {
    let checks = vec![
        CheckDef::new("job-before", Class::Life, FAIR),
        CheckDef::new("job-meanwhile", Class::Life, ANSWERED),
        CheckDef::new("workers-kept", Class::Life, FAIR),
    ];
    Scenario::new("worker-process.stalled", checks, |context, checks| {
        let (mut worker, _) = context.start_with(&["out_of_order"])?;
        let timeout = context.options.timeout;
        let ask = |worker: &mut Worker, id: &str, action, fields| -> Result<Value, ScenarioEnd> {
            worker.send(&Command::new(action, fields).id(id).frame())?;
            Ok(worker.reply(timeout, id, &mut |_| ())?)
        };
        // A job first: its worker must have started before its uptime means anything.
        let small = json!({"prompt_submission": context.small_submission()});
        ask(&mut worker, "first", Action::GenerateSdxl, small)?;
        let before = uptimes(&ask(&mut worker, "status", Action::GetStatus, json!({}))?["data"])?;
        let long = json!({"prompt_submission": case::long_submission(context)});
        worker.send(&Command::new(Action::GenerateSdxl, long).id("before").frame())?;
        // The job must have reached a worker, which works on while its gateway is stopped.
        thread::sleep(REACHES_A_WORKER_WITHIN);
        stall(&mut worker.process)?;
        checks
            .decide("job-before", is_completed(&worker.reply(timeout, "a job before a stall", &mut |_| ())));
        // Nothing runs now, so that nothing else wakes what a stall has put to sleep.
        worker.process.signal(Signal::SIGSTOP)?;
        let small = json!({"prompt_submission": context.small_submission()});
        worker.send(&Command::new(Action::GenerateSdxl, small).id("meanwhile").frame())?;
        thread::sleep(STALL);
        worker.process.signal(Signal::SIGCONT)?;
        checks.decide(
            "job-meanwhile",
            is_completed(&worker.reply(timeout, "a job sent during a stall", &mut |_| ())),
        );
        // A worker that is blamed for the stall is killed a moment after it.
        thread::sleep(SIGNAL_ENDS_WITHIN);
        let after = uptimes(&ask(&mut worker, "after", Action::GetStatus, json!({}))?["data"])?;
        checks.decide("workers-kept", ran_through(&before, &after));
        Ok(())
    })
}

/// Kills a process alone, not its group, and decides which processes below it are left.
pub(super) fn kill_alone(
    checks: &mut Checks<'_>,
    id: &str,
    process: &mut Process,
) -> Result<(), ScenarioEnd> {
    let below = process.descendants().map_err(TargetError::Tool)?;
    process.signal(Signal::SIGKILL)?;
    let until = Instant::now() + ORPHANS_END_WITHIN;
    let mut left: Vec<&Seen> = below.iter().collect();
    while !left.is_empty() && Instant::now() < until {
        thread::sleep(POLL);
        left.retain(|seen| seen.is_alive());
    }
    checks.hold(id, left.is_empty(), || {
        let names: Vec<String> = left.iter().map(|seen| display::shorten(&seen.to_string())).collect();
        format!("still there {} later: {}", display::seconds(ORPHANS_END_WITHIN), names.join("; "))
    });
    left.into_iter().for_each(Seen::kill);
    Ok(())
}

fn killed() -> Scenario {
    let checks = vec![CheckDef::new("nothing-left", Class::Life, NOTHING_LEFT)];
    Scenario::new("worker-process.killed", checks, |context, checks| {
        let (mut worker, data) = context.start_with(&["out_of_order"])?;
        need_gateway(&data)?;
        worker.send(&Command::new(Action::GetStatus, json!({})).id("up").frame())?;
        worker.reply(context.options.timeout, "get_status", &mut |_| ())?;
        // Killed with work in its workers: a worker that hangs in it does not see the end of its stdin.
        let fields = json!({"prompt_submission": case::long_submission(context)});
        worker.send(&Command::new(Action::GenerateSdxl, fields).id("runs").frame())?;
        thread::sleep(REACHES_A_WORKER_WITHIN);
        kill_alone(checks, "nothing-left", &mut worker.process)
    })
}

/// Time for a job to pass the gateway and start in a worker. No reply tells that it has.
pub(super) const REACHES_A_WORKER_WITHIN: Duration = Duration::from_secs(1);
