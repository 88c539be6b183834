//! The log of a gateway: an unread stderr, a stderr without a reader, and the line of a failed job.

use serde_json::json;
use std::{
    thread,
    time::{Duration, Instant},
};

use super::gateway_process::{long_job, run};
use crate::{
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::Context,
    display,
    party::{
        TargetError,
        launch::{GatewayLauncher, OwnGateway},
        tree::Seen,
    },
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

const HARMLESS: Sentence = Sentence::LogHurtsNothing;
const FAILED_JOB: Sentence = Sentence::FailedJobLogged;

/// Pause between two tries of a job while a worker starts anew.
const TRY_AGAIN: Duration = Duration::from_millis(100);

/// How soon the line of a failed job must be read: the log is written beside the reply.
const LOGGED_WITHIN: Duration = Duration::from_secs(5);

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        starts(),
        harmless("gateway-log.unread", GatewayLauncher::start_unread),
        harmless("gateway-log.reader-gone", GatewayLauncher::start_unheard),
        failed_job(),
    ]
}

/// A gateway that starts while nobody reads its stderr. The command may be a script that writes lines of its own before it
/// starts the gateway: one that does not answer is not judged by this. The others of the suite judge it, whose stderr has room
/// until it answers.
fn starts() -> Scenario {
    let checks = vec![CheckDef::new("answers", Class::Life, HARMLESS)];
    Scenario::new("gateway-log.full-at-start", checks, |context, checks| {
        let started = context.own_launcher()?.start_with_full_stderr();
        match started {
            Ok(_) => checks.hold("answers", true, String::new),
            Err(err @ TargetError::Tool(_)) => return Err(err.into()),
            Err(err) => {
                return Err(ScenarioEnd::Undecided(format!(
                    "with a stderr that is full before its start the command does not answer ({err}), and with one that \
                     is read it does: either the gateway waits for its log, or a script in front of it does; give the \
                     gateway's own command"
                )));
            }
        }
        Ok(())
    })
}

/// The end of a worker is what every gateway logs. Whatever becomes of the line, the gateway answers and the worker's
/// successor works.
fn harmless(
    id: &'static str,
    start: impl Fn(&GatewayLauncher) -> Result<OwnGateway, TargetError> + 'static,
) -> Scenario {
    let checks = vec![
        CheckDef::new("answers", Class::Life, HARMLESS),
        CheckDef::new("works-on", Class::Life, HARMLESS),
    ];
    Scenario::new(id, checks, move |context, checks| {
        let own = context.start_gateway_by(&start)?;
        run(&own.gateway, long_job(context, "before"))?;
        kill_workers(&own)?;
        let live = own.gateway.send("GET", "/health/live", &[], None);
        let is_live = live.as_ref().is_ok_and(|exchange| exchange.status == 200);
        checks.hold("answers", is_live, || {
            live.map_or_else(|err| err.to_string(), |exchange| format!("/health/live: {}", exchange.status))
        });
        works_on(context, checks, &own);
        Ok(())
    })
}

/// Kills the processes below a gateway that have none below themselves: its workers, however they are started.
fn kill_workers(own: &OwnGateway) -> Result<(), ScenarioEnd> {
    let below = own.process.descendants().map_err(TargetError::Tool)?;
    let workers: Vec<&Seen> =
        below.iter().filter(|seen| !below.iter().any(|other| seen.is_parent_of(other))).collect();
    if workers.is_empty() {
        return Err(ScenarioEnd::Skip("the gateway has no worker that could end".to_owned()));
    }
    workers.into_iter().for_each(Seen::kill);
    Ok(())
}

fn works_on(context: &Context, checks: &mut Checks<'_>, own: &OwnGateway) {
    let until = Instant::now() + context.options.timeout;
    let mut number = 0;
    loop {
        number += 1;
        // Until the new worker is there a job may fail.
        let why = match own.gateway.command(long_job(context, &format!("after-{number}"))) {
            Ok(answer) if answer.value["success"] == true => {
                return checks.hold("works-on", true, String::new);
            }
            Ok(answer) => answer.value.to_string(),
            Err(err) => err.to_string(),
        };
        if Instant::now() > until {
            let why = display::shorten(&why);
            return checks.hold("works-on", false, || {
                format!("no job succeeds after the end of a worker; the last of {number}: {why}")
            });
        }
        thread::sleep(TRY_AGAIN);
    }
}

fn failed_job() -> Scenario {
    let checks = vec![CheckDef::new("line", Class::Life, FAILED_JOB)];
    Scenario::new("gateway-log.failed-job", checks, |context, checks| {
        let own = context.start_gateway()?;
        let id = "fails-and-is-logged";
        let model = json!({"base": "a-model-that-nobody-has"});
        let submission = json!({"model": model, "conditioning": {"prompt": "a pier"}});
        let frame = json!({"action": "generate_sdxl", "request_id": id, "payload": {"prompt_submission": submission}});
        let reply = own.gateway.command(frame.to_string().into_bytes())?.value;
        let Some(code) = reply["error_details"]["code"].as_str().map(str::to_owned) else {
            return Err(ScenarioEnd::Broken(format!("a job of an unknown model is answered {reply}")));
        };
        let until = Instant::now() + LOGGED_WITHIN;
        let is_logged = || own.process.has_line(&[id, &code]);
        while !is_logged() && Instant::now() < until {
            thread::sleep(TRY_AGAIN);
        }
        if !is_logged() && (context.logs_elsewhere() || !own.process.has_line(&[])) {
            checks.skip("line", "its log is not on stderr, or less of it");
            return Ok(());
        }
        checks.hold("line", is_logged(), || format!("no line of its stderr has {id} and {code}"));
        Ok(())
    })
}
