//! A gateway as a process, started by the tool: its end with work in it, signals, stalls, the processes that it leaves behind.

use contracts::{Action, Dialect};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::{
    process::ExitStatus,
    thread,
    time::{Duration, Instant},
};

use super::worker_process::{
    FAIR, NOTHING_LEFT, REACHES_A_WORKER_WITHIN, SIGNAL_ENDS_WITHIN, STALL, kill_alone, ran_through, stall,
    uptimes,
};
use crate::{
    case,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::Context,
    display,
    exchange::StrictReading,
    party::{TargetError, gateway::Gateway, launch::OwnGateway, tree::Seen},
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

const DRAINS: Sentence = Sentence::NothingAcceptedIsLost;
const POLLED: Sentence = Sentence::PollingWhileDraining;
const SIGHUP: Sentence = Sentence::SighupReopensLog;
const NO_ZOMBIES: Sentence = Sentence::NoZombies;

/// Jobs that are accepted before the end: more than a small pool runs at once, so that some wait.
const JOBS: usize = 3;

/// Pause between two polls: short beside a job, so that each change of a job is seen.
const POLL: Duration = Duration::from_millis(20);

/// A process that refuses connections may still be ending.
const REFUSES_WITHIN: Duration = Duration::from_secs(1);

/// A zombie exists between each end and its `wait`; a zombie of this age is not waited for.
const ZOMBIE_AGE_MAX: Duration = Duration::from_secs(2);

pub(super) fn scenarios() -> Vec<Scenario> {
    let sigterm = |own: &mut OwnGateway| own.process.signal(Signal::SIGTERM);
    let shutdown = |own: &mut OwnGateway| {
        let frame = json!({"action": "shutdown", "payload": {"grace_seconds": 30}});
        own.gateway.command(frame.to_string().into_bytes()).map(|_| ())
    };
    vec![
        end("gateway-process.sigterm", false, sigterm),
        end("gateway-process.sigterm-with-a-client", true, sigterm),
        end("gateway-process.shutdown", false, shutdown),
        sighup(),
        stalled(),
        killed(),
        zombies(),
    ]
}

/// The frame of a job that takes long enough to be met while it runs.
pub(super) fn long_job(context: &Context, id: &str) -> Vec<u8> {
    let fields = json!({"prompt_submission": case::long_submission(context)});
    json!({"action": "generate_sdxl", "request_id": id, "payload": fields}).to_string().into_bytes()
}

/// Runs a job and waits for its reply.
pub(super) fn run(gateway: &Gateway, frame: Vec<u8>) -> Result<Value, ScenarioEnd> {
    let answer = gateway.command(frame)?.value;
    if answer["success"] == true { Ok(answer) } else { Err(ScenarioEnd::Broken(answer.to_string())) }
}

/// Hands a job in without waiting for its reply.
fn submit(gateway: &Gateway, frame: Vec<u8>) -> Result<(), ScenarioEnd> {
    let accepted = gateway.send("POST", "/v1/commands", &[("prefer", "respond-async")], Some(frame))?;
    if accepted.status == 202 {
        return Ok(());
    }
    Err(ScenarioEnd::Broken(format!("a job with Prefer: respond-async is answered {}", accepted.status)))
}

/// The record of a job. Over a connection of its own: an open one keeps some servers from ending.
fn poll(gateway: &Gateway, id: &str) -> Result<Value, TargetError> {
    let exchange = gateway.send("GET", &format!("/v1/jobs/{id}"), &[("connection", "close")], None)?;
    Ok(StrictReading::of(Action::GetJob, Dialect::Snake, &exchange.answer()?).snake["data"].clone())
}

/// A job as polls saw it, last.
struct Polled {
    id: String,
    status: String,
    code: String,
}

impl Polled {
    fn has_ended(&self) -> bool {
        !["queued", "running"].contains(&self.status.as_str())
    }

    /// Whether it ended as an accepted job may: with its result, or refused as the time was over.
    fn ended_well(&self) -> bool {
        self.status == "completed" || self.code == "shutting_down"
    }
}

/// The end of a gateway as a client sees it.
struct Ending {
    jobs: Vec<Polled>,
    exit: Result<ExitStatus, TargetError>,
    took: Duration,
    /// Polls that were answered.
    answered: usize,
    /// Why a poll failed although the process ran on.
    refused: Option<String>,
}

/// Polls jobs until the process ends.
fn watch(own: &mut OwnGateway, jobs: Vec<Polled>, within: Duration) -> Ending {
    let begun = Instant::now();
    let mut ending = Ending {
        jobs,
        exit: Err(TargetError::Silent { what: "the end of the gateway".to_owned(), within }),
        took: Duration::ZERO,
        answered: 0,
        refused: None,
    };
    while begun.elapsed() < within {
        let exit = own.process.exit(POLL);
        if !is_silent(&exit) {
            ending.exit = exit;
            break;
        }
        if let Err(err) = look(&own.gateway, &mut ending) {
            ending.exit = own.process.exit(REFUSES_WITHIN);
            if !is_silent(&ending.exit) {
                break;
            }
            ending.refused.get_or_insert(err.to_string());
        }
    }
    ending.took = begun.elapsed();
    // The refused connections of the end do not count as silence of the gateway under test.
    own.gateway.was_silent();
    ending
}

fn is_silent(exit: &Result<ExitStatus, TargetError>) -> bool {
    matches!(exit, Err(TargetError::Silent { .. }))
}

fn look(gateway: &Gateway, ending: &mut Ending) -> Result<(), TargetError> {
    for job in ending.jobs.iter_mut().filter(|job| !job.has_ended()) {
        let record = poll(gateway, &job.id)?;
        ending.answered += 1;
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (job.status, job.code) = (text(&record["status"]), text(&record["error_details"]["code"]));
    }
    Ok(())
}

/// The end of a gateway that has jobs: nobody waits for them, or one client waits for the longest.
fn end(
    id: &'static str,
    with_client: bool,
    stop: impl Fn(&mut OwnGateway) -> Result<(), TargetError> + 'static,
) -> Scenario {
    let mut checks = vec![
        CheckDef::new("jobs-end", Class::Life, DRAINS),
        CheckDef::new("waits-for-jobs", Class::Life, DRAINS),
        CheckDef::new("polls-answered", Class::Life, POLLED),
        CheckDef::new("exit-0", Class::Life, Sentence::ExitCodeDrained),
    ];
    if with_client {
        checks.push(CheckDef::new("last-reply", Class::Life, POLLED));
    }
    Scenario::new(id, checks, move |context, checks| {
        let mut own = context.start_gateway()?;
        // The first job loads the model; the second one takes the time that it is worth.
        run(&own.gateway, long_job(context, "warm"))?;
        let begun = Instant::now();
        run(&own.gateway, long_job(context, "alone"))?;
        let alone = begun.elapsed();
        let ids: Vec<String> = (0..JOBS).map(|number| format!("accepted-{number}")).collect();
        for id in &ids {
            submit(&own.gateway, long_job(context, id))?;
        }
        let client = with_client.then(|| {
            let client = own.gateway.send_later("POST", "/v1/commands", long_job(context, "waited-for"));
            // The request must be in before the end begins, or it is refused as new work.
            thread::sleep(REACHES_A_WORKER_WITHIN.min(alone / 2));
            client
        });
        stop(&mut own)?;
        let jobs = ids.into_iter().map(|id| Polled { id, status: "queued".to_owned(), code: String::new() });
        let ending = watch(&mut own, jobs.collect(), context.options.timeout);
        ending.judge(checks, alone);
        if let Some(client) = client {
            let reply = own.gateway.wait(client).and_then(|exchange| exchange.answer());
            own.gateway.was_silent();
            let is_reply = reply.as_ref().is_ok_and(|answer| answer.value["success"] == true);
            checks.hold("last-reply", is_reply, || match reply {
                Ok(answer) => display::shorten(&answer.value.to_string()),
                Err(err) => err.to_string(),
            });
        }
        Ok(())
    })
}

impl Ending {
    /// Decides what every end must keep; `alone` is the time of one job.
    fn judge(&self, checks: &mut Checks<'_>, alone: Duration) {
        let lost = self.jobs.iter().find(|job| match job.status.as_str() {
            "queued" => true,
            // The process may end between the last poll and the end of the last job.
            "running" => false,
            _ => !job.ended_well(),
        });
        checks.hold("jobs-end", lost.is_none(), || {
            lost.map_or_else(String::new, |job| {
                format!(
                    "{} was {} ({}) when the process ended, {} after the stop",
                    job.id,
                    job.status,
                    job.code,
                    display::seconds(self.took)
                )
            })
        });
        let all_ended = self.jobs.iter().all(Polled::has_ended);
        checks.hold("waits-for-jobs", all_ended || self.took >= alone / 2, || {
            format!(
                "it ended {} after the stop, and one job takes {}",
                display::seconds(self.took),
                display::seconds(alone)
            )
        });
        checks.hold("polls-answered", self.refused.is_none() && self.answered > 0, || {
            self.refused.clone().unwrap_or_else(|| "no poll was answered after the stop".to_owned())
        });
        checks.exits_with_0("exit-0", &self.exit);
    }
}

/// Polls a job until it ends.
fn ended(gateway: &Gateway, id: &str, within: Duration) -> Result<Value, ScenarioEnd> {
    let until = Instant::now() + within;
    while Instant::now() < until {
        let record = poll(gateway, id)?;
        if record["completed_at"].is_string() {
            return Ok(record);
        }
        thread::sleep(POLL);
    }
    Err(ScenarioEnd::Broken(format!("the job {id} does not end within {}", display::seconds(within))))
}

fn sighup() -> Scenario {
    let checks = vec![
        CheckDef::new("lives", Class::Life, SIGHUP),
        CheckDef::new("job-completed", Class::Life, SIGHUP),
    ];
    Scenario::new("gateway-process.sighup", checks, |context, checks| {
        let mut own = context.start_gateway()?;
        submit(&own.gateway, long_job(context, "through"))?;
        own.process.signal(Signal::SIGHUP)?;
        let job = ended(&own.gateway, "through", context.options.timeout);
        let is_completed = job.as_ref().is_ok_and(|job| job["status"] == "completed");
        checks.hold("job-completed", is_completed, || display::result(&job));
        let exit = own.process.exit(SIGNAL_ENDS_WITHIN);
        checks.lives("lives", &exit);
        Ok(())
    })
}

fn stalled() -> Scenario {
    let checks = vec![
        CheckDef::new("job-before", Class::Life, FAIR),
        CheckDef::new("job-meanwhile", Class::Life, FAIR),
        CheckDef::new("first-attempt", Class::Life, FAIR),
        CheckDef::new("workers-kept", Class::Life, FAIR),
    ];
    Scenario::new("gateway-process.stalled", checks, |context, checks| {
        let mut own = context.start_gateway()?;
        run(&own.gateway, long_job(context, "first"))?;
        let status = br#"{"action":"get_status"}"#;
        let before = uptimes(&own.gateway.command(status.to_vec())?.value["data"])?;
        submit(&own.gateway, long_job(context, "before"))?;
        thread::sleep(REACHES_A_WORKER_WITHIN);
        stall(&mut own.process)?;
        let job = ended(&own.gateway, "before", context.options.timeout)?;
        checks.hold("job-before", job["status"] == "completed", || display::shorten(&job.to_string()));
        checks.hold("first-attempt", job["attempt"] == 1, || format!("attempt {}", job["attempt"]));
        own.process.signal(Signal::SIGSTOP)?;
        let meanwhile = own.gateway.send_later("POST", "/v1/commands", long_job(context, "meanwhile"));
        thread::sleep(STALL);
        own.process.signal(Signal::SIGCONT)?;
        let reply = own.gateway.wait(meanwhile)?.answer()?.value;
        checks.hold("job-meanwhile", reply["success"] == true, || display::shorten(&reply.to_string()));
        thread::sleep(SIGNAL_ENDS_WITHIN);
        let after = uptimes(&own.gateway.command(status.to_vec())?.value["data"])?;
        checks.decide("workers-kept", ran_through(&before, &after));
        Ok(())
    })
}

fn killed() -> Scenario {
    let checks = vec![CheckDef::new("nothing-left", Class::Life, NOTHING_LEFT)];
    Scenario::new("gateway-process.killed", checks, |context, checks| {
        let mut own = context.start_gateway()?;
        own.gateway.command(br#"{"action":"initialize"}"#.to_vec())?;
        for number in 0..JOBS {
            submit(&own.gateway, long_job(context, &format!("runs-{number}")))?;
        }
        thread::sleep(REACHES_A_WORKER_WITHIN);
        kill_alone(checks, "nothing-left", &mut own.process)
    })
}

fn zombies() -> Scenario {
    let checks = vec![CheckDef::new("none", Class::Life, NO_ZOMBIES)];
    Scenario::new("gateway-process.zombies", checks, |context, checks| {
        let own = context.start_gateway()?;
        run(&own.gateway, long_job(context, "before"))?;
        let below = own.process.descendants().map_err(TargetError::Tool)?;
        let mut zombies: Vec<&Seen> = below.iter().filter(|seen| seen.is_zombie()).collect();
        let until = Instant::now() + ZOMBIE_AGE_MAX;
        while !zombies.is_empty() && Instant::now() < until {
            thread::sleep(POLL);
            zombies.retain(|seen| seen.is_zombie());
        }
        checks.hold("none", zombies.is_empty(), || {
            let names: Vec<String> = zombies.iter().map(ToString::to_string).collect();
            format!("nobody waits for {}", names.join("; "))
        });
        Ok(())
    })
}
