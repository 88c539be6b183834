//! Members of the gateway's own replies, each held against the status of its workers, the job that was sent, and the clock.

use contracts::Action;
use serde_json::{Value, json};

use super::members::{
    each,
    interview::{Moment, column, is, lies, within},
};
use crate::{
    case::with,
    check::ScenarioEnd,
    class::Class,
    context::Context,
    display,
    exchange::Command,
    member,
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

const PROVES: Sentence = Sentence::RepliesAreClosed;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![pool(), job()]
}

/// Compares the gateway's answers about its workers with the status of each worker.
fn pool() -> Scenario {
    let members = [
        "best-gpu_id",
        "best-reasons",
        "best-model_id",
        "total_gpus",
        "sdxl_ready_gpus",
        "readiness_percent",
        "gpus",
        "gpu_id",
        "ready",
        "reasons",
        "breaker",
        "next_try_at",
        "starts_failed",
        "device_id",
        "name",
        "uuid",
        "device_type",
        "total_memory_bytes",
        "available_memory_bytes",
        "is_available",
        "families",
    ];
    Scenario::new("own-members.pool", each(Class::Names, PROVES, &members), |context, checks| {
        // A model first: a worker that still loads its libraries is not ready, and which GPU has it is told.
        let path = context.options.model_path.clone();
        context.get(Action::LoadModel, json!({"model_path": path, "model_type": "sdxl"}))?;
        let capabilities = context.get(Action::GetCapabilities, json!({}))?;
        let status = context.get(Action::GetStatus, json!({}))?;
        let gpus = match status["gpus"].as_array() {
            Some(gpus) => gpus.clone(),
            None => vec![status.clone()],
        };
        let ids = column(&gpus, "gpu_id");
        best(context, checks, &gpus, &ids)?;
        readiness(context, checks, &gpus, &ids)?;
        devices(context, checks, &gpus, &ids, &capabilities)
    })
}

fn has(ids: &Value, id: &Value) -> bool {
    ids.as_array().is_some_and(|ids| ids.contains(id))
}

/// Whether there is a reason, and each is one that a person can read.
fn are_reasons(reasons: &Value) -> bool {
    let reasons = reasons.as_array().map(Vec::as_slice).unwrap_or(&[]);
    !reasons.is_empty() && reasons.iter().all(|reason| reason.as_str().is_some_and(|text| text.len() > 3))
}

fn best(
    context: &mut Context,
    checks: &mut Checks<'_>,
    gpus: &[Value],
    ids: &Value,
) -> Result<(), ScenarioEnd> {
    let best = context.get(Action::FindBestGpu, json!({}))?;
    checks.hold("best-gpu_id", has(ids, &best["gpu_id"]), || format!("{best}; the GPUs are {ids}"));
    checks.hold("best-reasons", are_reasons(&best["reasons"]), || best.to_string());
    let holders = gpus.iter().filter(|gpu| gpu["current_model_id"].is_string());
    for gpu in holders {
        let model = &gpu["current_model_id"];
        let found = context.get(Action::FindBestGpu, json!({"model_id": model}))?;
        let has_it =
            gpus.iter().any(|gpu| gpu["gpu_id"] == found["gpu_id"] && gpu["current_model_id"] == *model);
        checks.hold("best-model_id", has_it, || format!("{found} has not {model}"));
    }
    Ok(())
}

fn readiness(
    context: &mut Context,
    checks: &mut Checks<'_>,
    gpus: &[Value],
    ids: &Value,
) -> Result<(), ScenarioEnd> {
    let told = context.get(Action::GetSdxlReadiness, json!({}))?;
    let rows = member::list(&told, "/gpus")?;
    checks.decide("total_gpus", is(&told, "/total_gpus", &gpus.len().into()));
    checks.decide("gpus", is(&json!({"gpus": column(rows, "gpu_id")}), "/gpus", ids));
    let ready = gpus.iter().filter(|gpu| gpu["state"] == "ready").count();
    checks.decide("sdxl_ready_gpus", is(&told, "/sdxl_ready_gpus", &ready.into()));
    let percent = ready as f64 * 100.0 / gpus.len() as f64;
    checks.decide("readiness_percent", lies(&told, "/readiness_percent", percent - 0.1, percent + 0.1));
    for (row, gpu) in rows.iter().zip(gpus) {
        checks.decide("gpu_id", is(row, "/gpu_id", &gpu["gpu_id"]));
        checks.decide("ready", is(row, "/ready", &(gpu["state"] == "ready").into()));
        checks.hold("reasons", are_reasons(&row["reasons"]), || row.to_string());
        checks.decide("breaker", is(row, "/breaker", &json!("closed")));
        checks.hold("next_try_at", row.get("next_try_at").is_none(), || row.to_string());
        checks.decide("starts_failed", is(row, "/starts_failed", &json!(0)));
    }
    Ok(())
}

fn devices(
    context: &mut Context,
    checks: &mut Checks<'_>,
    gpus: &[Value],
    ids: &Value,
    capabilities: &Value,
) -> Result<(), ScenarioEnd> {
    let told = context.get(Action::ListDevices, json!({}))?;
    let rows = member::list(&told, "/devices")?;
    for id in ids.as_array().into_iter().flatten() {
        checks.hold("device_id", has(&column(rows, "device_id"), id), || format!("{id} is not in {told}"));
    }
    let uuids: Vec<&str> = rows.iter().filter_map(|row| row["uuid"].as_str()).collect();
    let is_own = |uuid: &&str| !uuid.is_empty() && uuids.iter().filter(|other| *other == uuid).count() == 1;
    checks.hold("uuid", uuids.len() == rows.len() && uuids.iter().all(is_own), || display::json(&uuids));
    for row in rows {
        checks.hold("name", row["name"].as_str().is_some_and(|name| !name.is_empty()), || row.to_string());
        let Some(gpu) = gpus.iter().find(|gpu| gpu["gpu_id"] == row["device_id"]) else { continue };
        checks.decide("is_available", is(row, "/is_available", &json!(true)));
        let families = &capabilities["supported_model_types"];
        checks.hold("families", has(&row["families"], &json!("sdxl")), || format!("{row}; {families}"));
        let (total, free) = (row["total_memory_bytes"].as_u64(), row["available_memory_bytes"].as_u64());
        let own = gpu["memory_stats"]["vram_total_bytes"].as_u64();
        let agrees = match (total, own) {
            (Some(total), Some(own)) => total == own,
            (None, _) => true,
            (Some(_), None) => false,
        };
        checks.hold("total_memory_bytes", agrees, || {
            format!("{row}; the status says {own}", own = display::json(&own))
        });
        checks.hold("available_memory_bytes", free <= total, || row.to_string());
        let kinds = rows.iter().all(|other| other["device_type"] == row["device_type"]);
        checks.hold("device_type", kinds && row["device_type"].is_string(), || told.to_string());
    }
    Ok(())
}

/// Compares the gateway's answers about a job with the command, its reply and the clock.
fn job() -> Scenario {
    let members = [
        "request_id",
        "session_id",
        "worker_id",
        "model_id",
        "status",
        "queued_at",
        "started_at",
        "completed_at",
        "progress",
        "attempt",
        "result",
        "queue_position",
        "error_details",
        "self",
        "events",
        "images",
        "sessions",
        "tags",
        "total",
    ];
    Scenario::new("own-members.job", each(Class::Names, PROVES, &members), |context, checks| {
        let (id, session) = (context.fresh_id(), context.fresh_id());
        let document = with(context.small_submission(), "/metadata/tags", json!({"run": id}));
        let mut command = Command::new(Action::GenerateSdxl, json!({"prompt_submission": document})).id(&id);
        command.session_id = Some(session.clone());
        let sent = Moment::now();
        let reading = context.ask(&command)?;
        let answered = Moment::now();
        let data = reading.data().map_err(ScenarioEnd::Broken)?.clone();
        let exchange = context.gateway()?.send("GET", &format!("/v1/jobs/{id}"), &[], None)?;
        let told = exchange.answer()?.value["data"].clone();
        for (name, expected) in [
            ("request_id", json!(id)),
            ("session_id", json!(session)),
            ("worker_id", data["gpu_id"].clone()),
            ("model_id", data["model_id"].clone()),
            ("status", json!("completed")),
            ("progress", json!(1.0)),
            ("attempt", json!(1)),
        ] {
            checks.decide(name, is(&told, &format!("/{name}"), &expected));
        }
        for name in ["queued_at", "started_at", "completed_at"] {
            checks.decide(name, within(&told, &format!("/{name}"), sent, answered));
        }
        for name in ["queue_position", "error_details"] {
            checks.hold(name, told.get(name).is_none_or(Value::is_null), || told.to_string());
        }
        for name in ["images", "seed_used", "steps_used", "generation_time_seconds"] {
            checks.decide("result", is(&told, &format!("/result/{name}"), &data[name]));
        }
        addresses(context, checks, &told, &id)?;
        listed(context, checks, &id, &session)
    })
}

fn addresses(
    context: &mut Context,
    checks: &mut Checks<'_>,
    told: &Value,
    id: &str,
) -> Result<(), ScenarioEnd> {
    checks.decide("self", is(told, "/urls/self", &json!(format!("/v1/jobs/{id}"))));
    checks.decide("events", is(told, "/urls/events", &json!(format!("/v1/jobs/{id}/events"))));
    let images = member::list(told, "/urls/images")?;
    let count = member::list(told, "/result/images")?.len();
    checks.hold("images", images.len() == count, || {
        format!("{images} of {count} pictures", images = display::json(&images))
    });
    for image in images {
        let url = member::text(image, "")?;
        let picture = context.gateway()?.send("GET", url, &[], None)?;
        checks.hold("images", picture.status == 200 && !picture.body.is_empty(), || {
            format!("{image} has status {}", picture.status)
        });
    }
    Ok(())
}

/// It is the only job with its tag, and of its session.
fn listed(
    context: &mut Context,
    checks: &mut Checks<'_>,
    id: &str,
    session: &str,
) -> Result<(), ScenarioEnd> {
    let jobs = context.get(Action::ListJobs, json!({"tags": {"run": id}}))?;
    let found = column(member::list(&jobs, "/jobs")?, "request_id");
    checks.hold("tags", found == json!([id]), || format!("{found}, and not {id} alone"));
    checks.decide("total", is(&jobs, "/total", &json!(1)));
    let sessions = context.get(Action::ListSessions, json!({}))?;
    let found = column(member::list(&sessions, "/sessions")?, "session_id");
    checks.hold("sessions", has(&found, &json!(session)), || format!("{session} is not in {found}"));
    Ok(())
}
