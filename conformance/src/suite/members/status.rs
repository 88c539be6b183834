//! What a worker says of itself and of its model, against its process, a clock, and its other answers.

use contracts::Action;
use serde_json::{Value, json};

use super::{
    each,
    interview::{Moment, Told, ask, is, lies, within},
};
use crate::{
    check::ScenarioEnd,
    class::Class,
    member,
    scenario::{Checks, Scenario},
    target::{TargetError, worker::Worker},
};

const INITIALIZED: &str =
    "InitializeResult: worker, worker_version, protocol_version, features, dialect, gpu_id, device_name, pid";
const STATUS: &str = "WorkerStatus: gpu_id, state, is_initialized, has_model_loaded, current_model_id?, last_activity, uptime_seconds";
const LOADED: &str =
    "LoadResult: model_id, load_time_seconds, model_size_bytes, gpu_id, from_cache, memory_used_bytes";
const LISTED: &str =
    "ModelInfo: model_id, model_type, model_path, model_size_bytes, dtype, location, loaded_at?";

/// Clocks of two processes are read one after the other.
const CLOCK_SECONDS: f64 = 0.01;

pub(super) fn scenario() -> Scenario {
    let initialized = ["protocol_version", "features", "dialect", "gpu_id", "device_name", "pid"];
    let status = [
        "state",
        "is_initialized",
        "has_model_loaded",
        "current_model_id",
        "model_loaded_at",
        "last_activity",
        "uptime_seconds",
        "vram_total_bytes",
    ];
    let loaded = ["load_time_seconds", "from_cache", "memory_used_bytes"];
    let listed = ["model_id", "model_type", "model_path", "model_size_bytes", "location", "loaded_at"];
    let checks = [
        each(Class::Life, INITIALIZED, &initialized),
        each(Class::Unit, STATUS, &status),
        each(Class::Unit, LOADED, &loaded),
        each(Class::Effect, LISTED, &listed),
    ];
    Scenario::new("members.status", checks.concat(), |context, checks| {
        let start = Moment::now();
        let mut worker = context.start()?;
        let fields = json!({"protocol_versions": ["1"], "features": [], "dialect": "snake"});
        let before = ask(&mut worker, context, Action::GetStatus, json!({}))?;
        let initialized = ask(&mut worker, context, Action::Initialize, fields)?.data;
        let greeted = ask(&mut worker, context, Action::GetStatus, json!({}))?.data;
        checks.decide("is_initialized", is(&greeted, "/is_initialized", &json!(true)));
        checks.decide("has_model_loaded", is(&greeted, "/has_model_loaded", &json!(false)));
        let path = context.options.model_path.clone();
        let fields = json!({"model_path": path, "model_type": "sdxl"});
        let loaded = ask(&mut worker, context, Action::LoadModel, fields)?;
        let after = ask(&mut worker, context, Action::GetStatus, json!({}))?;
        let capabilities = ask(&mut worker, context, Action::GetCapabilities, json!({}))?.data;
        let models = ask(&mut worker, context, Action::GetModelInfo, json!({}))?.data;
        handshake(checks, &initialized, &worker)?;
        for (name, other) in
            [("get_status", &after.data), ("get_capabilities", &capabilities), ("load_model", &loaded.data)]
        {
            let same = is(other, "/gpu_id", &initialized["gpu_id"]).map_err(|why| format!("{name}: {why}"));
            checks.decide("gpu_id", same);
        }
        checks.decide("device_name", is(&capabilities, "/device_name", &initialized["device_name"]));
        activity(checks, start, &before, &after)?;
        let model = [("current_model_id", "model_id"), ("model_loaded_at", "loaded_at")];
        let rows = member::list(&models, "/models")?;
        let row = rows.iter().find(|row| row["model_id"] == loaded.data["model_id"]);
        let row = row.ok_or_else(|| ScenarioEnd::Broken(format!("the loaded model is not in {models}")))?;
        for (own, other) in model {
            checks.decide(own, is(&after.data, &format!("/{own}"), &row[other]));
        }
        checks.decide(
            "model_loaded_at",
            within(&after.data, "/model_loaded_at", loaded.asked, loaded.answered),
        );
        checks.decide("loaded_at", within(row, "/loaded_at", loaded.asked, loaded.answered));
        sizes(checks, &loaded, row, &before.data, &after.data)?;
        checks.decide("model_type", is(row, "/model_type", &json!("sdxl")));
        checks.decide("location", is(row, "/location", &json!("gpu")));
        let id = member::text(&loaded.data, "/model_id")?;
        let has_name = member::text(row, "/model_path")?.contains(id);
        checks.hold("model_path", has_name, || {
            format!("it is {}, and the id {}", row["model_path"], row["model_id"])
        });
        checks.decide("model_id", is(row, "/model_id", &loaded.data["model_id"]));
        Ok(())
    })
}

fn handshake(checks: &mut Checks<'_>, initialized: &Value, worker: &Worker) -> Result<(), ScenarioEnd> {
    checks.decide("protocol_version", is(initialized, "/protocol_version", &json!("1")));
    checks.decide("features", is(initialized, "/features", &json!([])));
    checks.decide("dialect", is(initialized, "/dialect", &json!("snake")));
    let pid = member::integer(initialized, "/pid")?;
    let below = worker.process.descendants().map_err(TargetError::Tool)?;
    let is_there = below.iter().any(|seen| u64::from(seen.pid.as_raw().unsigned_abs()) == pid);
    checks.hold("pid", is_there || u64::from(worker.process.id()) == pid, || {
        format!("pid is {pid}, and the started process {}", worker.process.id())
    });
    Ok(())
}

fn activity(checks: &mut Checks<'_>, start: Moment, before: &Told, after: &Told) -> Result<(), ScenarioEnd> {
    checks.decide("is_initialized", is(&before.data, "/is_initialized", &json!(false)));
    checks.decide("has_model_loaded", is(&before.data, "/has_model_loaded", &json!(false)));
    checks.decide("has_model_loaded", is(&after.data, "/has_model_loaded", &json!(true)));
    checks.decide("state", is(&after.data, "/state", &json!("ready")));
    checks.decide("last_activity", within(&after.data, "/last_activity", before.answered, after.answered));
    let age = |told: &Told| (told.answered.instant - start.instant).as_secs_f64();
    checks.decide("uptime_seconds", lies(&before.data, "/uptime_seconds", 0.0, age(before) + CLOCK_SECONDS));
    let between = (after.asked.instant - before.answered.instant).as_secs_f64();
    let least = member::number(&before.data, "/uptime_seconds")? + between - CLOCK_SECONDS;
    checks.decide("uptime_seconds", lies(&after.data, "/uptime_seconds", least, age(after) + CLOCK_SECONDS));
    Ok(())
}

fn sizes(
    checks: &mut Checks<'_>,
    loaded: &Told,
    row: &Value,
    before: &Value,
    after: &Value,
) -> Result<(), ScenarioEnd> {
    let size = &row["model_size_bytes"];
    checks.decide("model_size_bytes", is(&loaded.data, "/model_size_bytes", size));
    checks.decide("model_size_bytes", is(after, "/model_size_bytes", size));
    let took = loaded.took().as_secs_f64();
    checks.decide("load_time_seconds", lies(&loaded.data, "/load_time_seconds", 0.0, took + CLOCK_SECONDS));
    checks.decide("from_cache", is(&loaded.data, "/from_cache", &json!(false)));
    let held = member::integer(&loaded.data, "/memory_used_bytes")?;
    checks.hold("memory_used_bytes", held > 0, || loaded.data.to_string());
    let (Some(one), Some(two)) = (before.get("memory_stats"), after.get("memory_stats")) else {
        checks.skip("vram_total_bytes", "it measures no memory");
        return Ok(());
    };
    checks.decide("vram_total_bytes", is(two, "/vram_total_bytes", &one["vram_total_bytes"]));
    let total = member::number(two, "/vram_total_bytes")?;
    for part in ["/vram_used_bytes", "/vram_available_bytes"] {
        checks.decide("vram_total_bytes", lies(two, part, 0.0, total));
    }
    Ok(())
}
