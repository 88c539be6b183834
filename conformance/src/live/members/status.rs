//! The status of a worker and of its model. They are compared with its process, a clock, and its other answers.

use contracts::{Action, ModelPlace};
use serde_json::{Value, json};

use super::{
    alone::Alone,
    each,
    interview::{Moment, Told, is, lies, within},
};
use crate::{
    check::ScenarioEnd,
    class::Class,
    context::Context,
    member,
    party::TargetError,
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

const INITIALIZED: Sentence = Sentence::InitializeResult;
const STATUS: Sentence = Sentence::StatusMembers;
const LOADED: Sentence = Sentence::LoadMembers;
const LISTED: Sentence = Sentence::ModelMembers;

/// Why the device is left out.
const SEVERAL: &str = "a pool of several workers has as many GPUs";

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
    let listed =
        ["model_id", "model_type", "model_path", "model_size_bytes", "dtype", "location", "loaded_at"];
    let checks = [
        each(Class::Life, INITIALIZED, &initialized),
        each(Class::Unit, STATUS, &status),
        each(Class::Unit, LOADED, &loaded),
        each(Class::Effect, LISTED, &listed),
    ];
    Scenario::new("members.status", checks.concat(), |context, checks| {
        let start = Moment::now();
        let mut target = Alone::begin(context, &[])?;
        let answers = Answers::of(&mut target, context)?;
        handshake(checks, &answers.initialized);
        process(checks, &answers.initialized, &target, context)?;
        match context.workers()? {
            1 => place(checks, &answers),
            _ => ["gpu_id", "device_name"].into_iter().for_each(|check| checks.skip(check, SEVERAL)),
        }
        activity(checks, start, &answers, context.is_gateway())?;
        model(checks, &answers)
    })
}

/// The answers of a worker before it has a model, and with one.
struct Answers {
    /// Status before `initialize`.
    before: Told,
    initialized: Value,
    /// Status between the two.
    greeted: Value,
    /// The models before it is loaded.
    known: Value,
    loaded: Told,
    /// Status with the model.
    after: Told,
    capabilities: Value,
    models: Value,
    /// The report of a small submission.
    report: Value,
}

impl Answers {
    fn of(target: &mut Alone, context: &mut Context) -> Result<Self, ScenarioEnd> {
        let mut query = |context: &mut Context, action, fields| target.ask(context, action, fields);
        // Over HTTP features and dialects are not agreed on.
        let fields = match context.is_gateway() {
            true => json!({"protocol_versions": ["1"]}),
            false => json!({"protocol_versions": ["1"], "features": [], "dialect": "snake"}),
        };
        let model = json!({"model_path": context.options.model_path, "model_type": "sdxl"});
        Ok(Self {
            before: query(context, Action::GetStatus, json!({}))?,
            initialized: query(context, Action::Initialize, fields)?.data,
            greeted: query(context, Action::GetStatus, json!({}))?.data,
            known: query(context, Action::GetModelInfo, json!({}))?.data,
            loaded: query(context, Action::LoadModel, model)?,
            after: query(context, Action::GetStatus, json!({}))?,
            capabilities: query(context, Action::GetCapabilities, json!({}))?.data,
            models: query(context, Action::GetModelInfo, json!({}))?.data,
            report: {
                let fields = json!({"prompt_submission": context.small_submission()});
                query(context, Action::ValidateRequest, fields)?.data
            },
        })
    }
}

/// One GPU and one device, whatever is asked.
fn place(checks: &mut Checks<'_>, answers: &Answers) {
    let Answers { initialized, after, loaded, capabilities, .. } = answers;
    let others =
        [("get_status", &after.data), ("get_capabilities", capabilities), ("load_model", &loaded.data)];
    for (name, other) in others {
        let same = is(other, "/gpu_id", &initialized["gpu_id"]).map_err(|why| format!("{name}: {why}"));
        checks.decide("gpu_id", same);
    }
    checks.decide("device_name", is(capabilities, "/device_name", &initialized["device_name"]));
}

/// The loaded model, in the list of models and in the status.
fn model(checks: &mut Checks<'_>, answers: &Answers) -> Result<(), ScenarioEnd> {
    let Answers { before, loaded, after, models, .. } = answers;
    let id = member::text(&loaded.data, "/model_id")?;
    let rows = member::list(models, "/models")?;
    let row = rows.iter().find(|row| row["model_id"] == id);
    let row =
        row.ok_or_else(|| ScenarioEnd::Broken(format!("model_id {id} is loaded, and not in {models}")))?;
    checks.decide("model_id", is(row, "/model_id", &json!(id)));
    for (own, other) in [("current_model_id", "model_id"), ("model_loaded_at", "loaded_at")] {
        checks.decide(own, is(&after.data, &format!("/{own}"), &row[other]));
    }
    let load = |document, pointer| within(document, pointer, loaded.asked, loaded.answered);
    checks.decide("model_loaded_at", load(&after.data, "/model_loaded_at"));
    checks.decide("loaded_at", load(row, "/loaded_at"));
    checks.decide("model_type", is(row, "/model_type", &json!("sdxl")));
    // It was loaded with the dtype of a job that names none.
    checks.decide("dtype", is(row, "/dtype", &answers.report["effective"]["performance"]["dtype"]));
    checks.decide("location", is(row, "/location", &json!("gpu")));
    let path = member::text(row, "/model_path")?;
    checks.hold("model_path", is_id_of(path, id), || format!("{path} has another id than {id}"));
    // A gateway that others have asked may still have the file in host memory.
    let known = member::list(&answers.known, "/models")?;
    let is_kept = known.iter().any(|kept| {
        let is_there = kept.get("gpu_id").is_none_or(|gpu_id| *gpu_id == loaded.data["gpu_id"]);
        is_there && kept["model_path"] == row["model_path"] && kept["location"] == "ram"
    });
    checks.decide("from_cache", is(&loaded.data, "/from_cache", &json!(is_kept)));
    sizes(checks, loaded, row, &before.data, &after.data)
}

fn handshake(checks: &mut Checks<'_>, initialized: &Value) {
    checks.decide("protocol_version", is(initialized, "/protocol_version", &json!("1")));
    checks.decide("features", is(initialized, "/features", &json!([])));
    checks.decide("dialect", is(initialized, "/dialect", &json!("snake")));
}

/// The process that answers is the one that was started, or one below it.
fn process(
    checks: &mut Checks<'_>,
    initialized: &Value,
    target: &Alone,
    context: &Context,
) -> Result<(), ScenarioEnd> {
    let process = match target {
        Alone::Worker(worker) => Some(&worker.process),
        Alone::Gateway => context.own_process(),
    };
    let Some(process) = process else {
        checks.skip("pid", "the process of a gateway that runs somewhere is not seen");
        return Ok(());
    };
    let pid = member::integer(initialized, "/pid")?;
    let below = process.descendants().map_err(TargetError::Tool)?;
    let is_there = below.iter().any(|seen| u64::from(seen.pid.as_raw().unsigned_abs()) == pid);
    checks.hold("pid", is_there || u64::from(process.id()) == pid, || {
        format!("pid is {pid}, and the started process {}", process.id())
    });
    Ok(())
}

/// Whether a model at a path may have this id: its stem, or the readable part of it with a hash of the place. The root of
/// the path is not known, so that the hash is not looked at.
fn is_id_of(path: &str, id: &str) -> bool {
    let Some(place) = ModelPlace::below(0, path) else { return false };
    let hashed = place.hashed_id();
    let readable = hashed.rsplit_once('-').map_or(hashed.as_str(), |(readable, _)| readable);
    place.stem() == id || id.rsplit_once('-').is_some_and(|(own, _)| own == readable)
}

fn activity(
    checks: &mut Checks<'_>,
    start: Moment,
    answers: &Answers,
    is_gateway: bool,
) -> Result<(), ScenarioEnd> {
    let Answers { before, greeted, after, .. } = answers;
    for (status, initialized, loaded) in
        [(&before.data, is_gateway, false), (greeted, true, false), (&after.data, true, true)]
    {
        checks.decide("is_initialized", is(status, "/is_initialized", &json!(initialized)));
        checks.decide("has_model_loaded", is(status, "/has_model_loaded", &json!(loaded)));
    }
    checks.decide("state", is(&after.data, "/state", &json!("ready")));
    checks.decide("last_activity", within(&after.data, "/last_activity", before.answered, after.answered));
    // A gateway runs since before the scenario: only the difference of two answers is known.
    let had = if is_gateway { member::number(&before.data, "/uptime_seconds")? } else { 0.0 };
    let most = |told: &Told| had + told.answered.since(start).as_secs_f64() + CLOCK_SECONDS;
    checks.decide("uptime_seconds", lies(&before.data, "/uptime_seconds", 0.0, most(before)));
    let between = (after.asked.instant - before.answered.instant).as_secs_f64();
    let least = member::number(&before.data, "/uptime_seconds")? + between - CLOCK_SECONDS;
    // A pool tells the uptime of one of its workers, which may have started after the first question.
    let is_of_another = after.data["gpu_id"] != before.data["gpu_id"];
    let is_new_pool = !is_gateway && after.data["gpus"].is_array();
    let (least, most) = match (is_of_another, is_new_pool) {
        (true, _) => (0.0, f64::MAX),
        (_, true) => (0.0, most(after)),
        _ => (least, most(after)),
    };
    checks.decide("uptime_seconds", lies(&after.data, "/uptime_seconds", least, most));
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
