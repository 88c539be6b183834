//! Jobs as their clients see them: the list, the end of the events, clients that leave, keys, uploads.

use contracts::{Action, Dialect};
use serde_json::{Value, json};
use std::time::Instant;

use super::http::problem;
use crate::{
    case,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::{self, Context},
    display,
    exchange::{Command, StrictReading},
    member,
    scenario::Scenario,
    sentence::Sentence,
};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![list(), events(), leaving(), keys(), uploads(), dialects()]
}

fn body(document: &Value) -> Option<Vec<u8>> {
    Some(document.to_string().into_bytes())
}

fn list() -> Scenario {
    let sentence = Sentence::JobList;
    let checks = ["total", "pages", "stable", "filtered", "bad-cursor"]
        .map(|id| CheckDef::new(id, Class::Http, sentence));
    Scenario::new("jobs.list", checks.into(), |context, checks| {
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(one_job(context)?);
        }
        let gateway = context.gateway()?;
        let page = |query: &str| -> Result<Value, ScenarioEnd> {
            let exchange = gateway.send("GET", &format!("/v1/jobs?{query}"), &[], None)?;
            let reading = StrictReading::of(Action::ListJobs, Dialect::Snake, &exchange.answer()?);
            reading.data().cloned().map_err(ScenarioEnd::Broken)
        };
        let first = page("limit=1")?;
        checks.hold("total", first["total"].as_u64() >= Some(3), || display::json(&first["total"]));
        let cursor = member::text(&first, "/next_cursor")?.to_owned();
        let second = page(&format!("limit=1&cursor={cursor}"))?;
        let id_of = |page: &Value| page["jobs"][0]["request_id"].clone();
        checks.hold("pages", id_of(&first) == ids[2].as_str() && id_of(&second) == ids[1].as_str(), || {
            format!("{} and then {}", id_of(&first), id_of(&second))
        });
        let filtered = page("status=completed&limit=1000")?;
        let other =
            filtered["jobs"].as_array().into_iter().flatten().find(|job| job["status"] != "completed");
        checks.hold("filtered", other.is_none(), || display::json(&other));
        checks.decide(
            "bad-cursor",
            match gateway.send("GET", "/v1/jobs?cursor=nothing%20of%20ours", &[], None)?.status {
                422 => Ok(()),
                status => Err(format!("status {status}")),
            },
        );
        one_job(context)?;
        let exchange =
            context.gateway()?.send("GET", &format!("/v1/jobs?limit=1&cursor={cursor}"), &[], None)?;
        let after = exchange.answer()?.value["data"]["jobs"][0]["request_id"].clone();
        checks.hold("stable", after == ids[1].as_str(), || format!("{after} once a job was added"));
        Ok(())
    })
}

fn one_job(context: &mut Context) -> Result<String, ScenarioEnd> {
    let id = context.fresh_id();
    let submission = context.small_submission();
    let reading =
        context.ask(&Command::new(Action::GenerateSdxl, json!({"prompt_submission": submission})).id(&id))?;
    reading.data().map_err(ScenarioEnd::Broken)?;
    Ok(id)
}

fn events() -> Scenario {
    let sentence = Sentence::ReplyEventHasId;
    let checks = vec![
        CheckDef::new("reply-has-an-id", Class::Http, sentence),
        CheckDef::new("no-content", Class::Http, sentence),
        CheckDef::new("not-buffered", Class::Http, Sentence::EventsNotBuffered),
    ];
    Scenario::new("jobs.events", checks, |context, checks| {
        let id = one_job(context)?;
        let path = format!("/v1/jobs/{id}/events");
        let gateway = context.gateway()?;
        let stream = gateway.send("GET", &path, &[("accept", "text/event-stream")], None)?;
        let buffered = stream.header("x-accel-buffering");
        checks.hold("not-buffered", buffered == Some("no"), || display::json(&buffered));
        let text = String::from_utf8_lossy(&stream.body).into_owned();
        let Some(last) = text.split("\n\n").filter(|event| event.contains("data:")).last() else {
            return Err(ScenarioEnd::Broken("the stream has no event".to_owned()));
        };
        let last_id = last.lines().find_map(|line| line.strip_prefix("id:")).map(str::trim);
        let Some(last_id) = last_id.filter(|id| !id.is_empty()) else {
            return Err(ScenarioEnd::Broken(format!("the last event has no id: {last}")));
        };
        let is_reply = last.lines().any(|line| line.replace(' ', "") == "event:reply");
        checks.hold("reply-has-an-id", is_reply, || last.to_owned());
        let again = gateway.send("GET", &path, &[("last-event-id", last_id)], None)?;
        checks.hold("no-content", again.status == 204, || again.status.to_string());
        Ok(())
    })
}

/// A client that closes its connection before the reply.
fn leaving() -> Scenario {
    let sentence = Sentence::ClientLeft;
    let checks = vec![
        CheckDef::new("cancelled", Class::Life, sentence),
        CheckDef::new("reason", Class::Life, sentence),
        CheckDef::new("on-disconnect-finish", Class::Life, Sentence::OnDisconnect),
    ];
    Scenario::new("jobs.leaving", checks, |context, checks| {
        let left = left_job(context, "", case::long_submission(context))?;
        checks.hold("cancelled", left["status"] == "cancelled", || display::json(&left["status"]));
        let reason = &left["error_details"]["details"]["reason"];
        checks.hold("reason", reason == "client_left", || reason.to_string());
        let finished = left_job(context, "?on_disconnect=finish", context.small_submission())?;
        checks.hold("on-disconnect-finish", finished["status"] == "completed", || {
            display::json(&finished["status"])
        });
        Ok(())
    })
}

/// Sends a job, closes the connection once the gateway knows the job, and waits for its end.
fn left_job(context: &mut Context, query: &str, submission: Value) -> Result<Value, ScenarioEnd> {
    let id = context.fresh_id();
    let frame =
        json!({"action": "generate_sdxl", "request_id": id, "payload": {"prompt_submission": submission}});
    let until = Instant::now() + context.options.timeout;
    let gateway = context.gateway()?;
    let leaving = gateway.send_and_leave(&format!("/v1/commands{query}"), frame.to_string().as_bytes())?;
    let job = |wanted: &dyn Fn(&Value) -> bool| -> Result<Value, ScenarioEnd> {
        while Instant::now() < until {
            let exchange = gateway.send("GET", &format!("/v1/jobs/{id}"), &[], None)?;
            let reading = StrictReading::of(Action::GetJob, Dialect::Snake, &exchange.answer()?);
            if let Ok(job) = reading.data()
                && wanted(job)
            {
                return Ok(job.clone());
            }
        }
        Err(ScenarioEnd::Broken(format!("the job {id} did not get there in time")))
    };
    job(&|_| true)?;
    drop(leaving);
    job(&|job| job["status"].as_str().is_some_and(|status| !["queued", "running"].contains(&status)))
}

fn keys() -> Scenario {
    let checks = vec![
        CheckDef::new("one-job", Class::Corr, Sentence::KeyJoinsJob),
        CheckDef::new("another-body", Class::Corr, Sentence::KeyWithAnotherBody),
        CheckDef::new("free-after-refusal", Class::Corr, Sentence::KeyOfRefusedRequest),
    ];
    Scenario::new("jobs.keys", checks, |context, checks| {
        let submission = context.small_submission();
        let key = context.fresh_id();
        let headers = [("idempotency-key", key.as_str())];
        let gateway = context.gateway()?;
        let send = |document: &Value| gateway.send("POST", "/v1/generate", &headers, body(document));
        let broken = case::with(submission.clone(), "/scheduler/steps", 0.into());
        let refused = problem(&send(&broken)?, "out_of_range");
        let (one, two) = (send(&submission)?.answer()?.value, send(&submission)?.answer()?.value);
        checks.hold("one-job", one["success"] == true && one["request_id"] == two["request_id"], || {
            format!("{} and {}", one["request_id"], two["request_id"])
        });
        checks.hold("free-after-refusal", refused.is_ok() && one["success"] == true, || one.to_string());
        let other = case::with(submission, "/hyperparameters/seed", 8.into());
        checks.decide("another-body", problem(&send(&other)?, "conflict"));
        Ok(())
    })
}

fn uploads() -> Scenario {
    let sentence = Sentence::DeleteUpload;
    let checks =
        ["uploaded", "deleted", "gone", "unknown"].map(|id| CheckDef::new(id, Class::Http, sentence));
    Scenario::new("jobs.uploads", checks.into(), |context, checks| {
        let picture = context::picture_bytes(90);
        let gateway = context.gateway()?;
        let kept = gateway.send("POST", "/v1/uploads", &[("content-type", "image/png")], Some(picture))?;
        let answer = kept.answer()?.value;
        let upload = member::text(answer.get("data").unwrap_or(&answer), "/upload_id")?.to_owned();
        checks.hold("uploaded", kept.status < 300 && !upload.is_empty(), || answer.to_string());
        let path = format!("/v1/uploads/{upload}");
        let deleted = gateway.send("DELETE", &path, &[], None)?;
        checks.hold("deleted", deleted.status == 200, || deleted.status.to_string());
        checks.decide("unknown", problem(&gateway.send("DELETE", &path, &[], None)?, "upload_not_found"));
        let document = case::with(
            context.small_submission(),
            "/conditioning/init_image",
            format!("upload:{upload}").into(),
        );
        let used = gateway.send("POST", "/v1/generate", &[], body(&document))?;
        checks.decide("gone", problem(&used, "upload_not_found"));
        Ok(())
    })
}

/// The order of members never decides the dialect of the reply.
fn dialects() -> Scenario {
    let sentence = Sentence::DialectOfMostNames;
    let checks = ["most-names", "order", "map-keys"].map(|id| CheckDef::new(id, Class::Case, sentence));
    Scenario::new("jobs.dialects", checks.into(), |context, checks| {
        let gateway = context.gateway()?;
        let success = |text: &str| -> Result<&'static str, ScenarioEnd> {
            let exchange = gateway.send("POST", "/v1/validate", &[], Some(text.as_bytes().to_vec()))?;
            let answer = exchange.answer()?.value;
            let pascal = answer.get("Success").is_some();
            Ok(if pascal {
                "pascal"
            } else if answer.get("requestId").is_some() {
                "camel"
            } else {
                "snake"
            })
        };
        let model = &context.options.model;
        // One name that only snake spells so, and three that only pascal does.
        let parts = [
            r#""hyperparameters":{"guidance_scale":7.5}"#.to_owned(),
            format!(r#""Model":{{"Base":{}}}"#, json!(model)),
            r#""Conditioning":{"Prompt":"a"}"#.to_owned(),
        ];
        let one = success(&format!("{{{},{},{}}}", parts[0], parts[1], parts[2]))?;
        let two = success(&format!("{{{},{},{}}}", parts[2], parts[1], parts[0]))?;
        checks.hold("most-names", one == "pascal", || one.to_owned());
        checks.hold("order", one == two, || format!("{one} and, with its members turned round, {two}"));
        let tagged = success(&format!(
            r#"{{"metadata":{{"tags":{{"User":"a","Team":"b","ProjectName":"c"}}}},"model":{{"base":{}}},"conditioning":{{"prompt":"a"}}}}"#,
            json!(model)
        ))?;
        checks.hold("map-keys", tagged == "snake", || format!("{tagged}, by the keys of metadata.tags"));
        Ok(())
    })
}
