//! Figures of memory: estimates, reports, metrics and refusals agree with each other and with measurements.
//!
//! A `cpu_0` measures the resident memory of its process and the memory of the host, which everything else on the host
//! changes. Comparisons with a measurement are skipped there.

use contracts::Action;
use serde_json::{Value, json};

use crate::{
    case::with,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::Context,
    display,
    exchange::{Command, StrictReading},
    member,
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

const ESTIMATE: Sentence = Sentence::EstimateMembers;
const MEASURED: Sentence = Sentence::MemoryIsMeasured;
const WITHIN: Sentence = Sentence::EstimateNearMeasured;
const NOTHING: Sentence = Sentence::NoFiguresOfFaulty;
const REFUSED: Sentence = Sentence::EstimateOfImpossible;
const FITS: Sentence = Sentence::BeyondThisWorker;
const IDS: Sentence = Sentence::FileOfSeveralIds;
const STATS: Sentence = Sentence::MemoryAfterLoad;

/// An estimate is an integer of MiB and a report's figure is a fraction of them.
const ROUNDING_MB: f64 = 1.0;

/// How far an estimate may be from the measurement.
const ESTIMATE_SHARE: f64 = 0.1;

/// How far a change of the device's memory may be from what a reply says of it: allocators keep some.
const STATS_SHARE: f64 = 0.1;

/// Why a pool of several workers is left out.
const CHOOSES: &str = "the target has several workers and chooses one for each load";

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![estimate(), metrics(), impossible(), beyond(), several_ids(), stats()]
}

fn of(submission: &Value) -> Value {
    json!({"prompt_submission": submission})
}

fn ask(context: &mut Context, action: Action, fields: Value) -> Result<StrictReading, ScenarioEnd> {
    let id = context.fresh_id();
    context.ask(&Command::new(action, fields).id(id))
}

/// Whether the target measures the memory of a device of its own.
fn has_device(context: &mut Context) -> Result<bool, ScenarioEnd> {
    Ok(context.get(Action::GetStatus, json!({}))?["gpu_id"] != "cpu_0")
}

fn is_close(one: f64, other: f64, tolerance: f64) -> bool {
    (one - other).abs() <= tolerance
}

/// Three commands that estimate, of one submission; and a larger one.
fn estimate() -> Scenario {
    let checks = vec![
        CheckDef::new("not-zero", Class::Unit, ESTIMATE),
        CheckDef::new("report", Class::Unit, ESTIMATE),
        CheckDef::new("optimization", Class::Unit, Sentence::OptimizationMembers),
        CheckDef::new("larger", Class::Unit, ESTIMATE),
    ];
    Scenario::new("memory.estimate", checks, |context, checks| {
        let small = context.small_submission();
        let large =
            with(small.clone(), "/hyperparameters/dimensions", json!({"width": 1024, "height": 1024}));
        let estimate = context.get(Action::GetPerformanceEstimate, of(&small))?;
        let (memory, seconds) = (
            member::number(&estimate, "/estimated_vram_usage_mb")?,
            member::number(&estimate, "/estimated_time_seconds")?,
        );
        checks.hold("not-zero", memory > 0.0 && seconds > 0.0, || estimate.to_string());
        let report = context.get(Action::ValidateRequest, of(&small))?;
        let reported = member::number(&report, "/validation_details/estimated_vram_mb")?;
        checks.hold("report", is_close(reported, memory, ROUNDING_MB), || {
            format!("validate_request says {reported} MiB, get_performance_estimate {memory}")
        });
        let optimized = context.get(Action::OptimizeRequest, of(&small))?;
        let before = member::number(&optimized, "/estimate_before/estimated_vram_usage_mb")?;
        checks.hold("optimization", is_close(before, memory, ROUNDING_MB), || {
            format!("optimize_request says {before} MiB, get_performance_estimate {memory}")
        });
        let more = member::number(
            &context.get(Action::GetPerformanceEstimate, of(&large))?,
            "/estimated_vram_usage_mb",
        )?;
        checks.hold("larger", more > memory, || format!("{memory} MiB for 64×64 and {more} for 1024×1024"));
        Ok(())
    })
}

/// The job's own figure, the peak of the metrics, and the estimate.
fn metrics() -> Scenario {
    let checks = vec![
        CheckDef::new("job", Class::Unit, MEASURED),
        CheckDef::new("peak", Class::Unit, Sentence::PeakMemory),
        CheckDef::new("as-estimated", Class::Unit, WITHIN),
    ];
    Scenario::new("memory.metrics", checks, |context, checks| {
        let small = context.small_submission();
        let job = context.get(Action::GenerateSdxl, of(&small))?;
        let used = member::number(&job, "/memory_used_mb")?;
        checks.hold("job", used > 0.0, || format!("memory_used_mb is {used}"));
        let metrics = context.get(Action::GetPerformanceMetrics, json!({}))?;
        let peak = peak(&metrics, &job["gpu_id"])?;
        checks.hold("peak", peak >= used - ROUNDING_MB, || {
            format!("peak_memory_used_mb is {peak}, and a job used {used}")
        });
        if !has_device(context)? {
            checks.skip("as-estimated", "cpu_0 measures its whole process");
            return Ok(());
        }
        let estimate = context.get(Action::GetPerformanceEstimate, of(&small))?;
        let estimated = member::number(&estimate, "/estimated_vram_usage_mb")?;
        checks.hold("as-estimated", is_close(estimated, used, used * ESTIMATE_SHARE + ROUNDING_MB), || {
            format!("{estimated} MiB are estimated, and the job used {used}")
        });
        Ok(())
    })
}

/// The peak of the worker that ran a job: in a pool each worker has its own metrics.
fn peak(metrics: &Value, gpu_id: &Value) -> Result<f64, ScenarioEnd> {
    let own = metrics["gpus"].as_array().into_iter().flatten().find(|row| row["gpu_id"] == *gpu_id);
    member::number(own.unwrap_or(metrics), "/peak_memory_used_mb")
}

/// A submission that no job can be made of has no figures.
fn impossible() -> Scenario {
    let ids = ["no-such-model", "no-base"];
    let mut checks = Vec::new();
    for id in ids {
        checks.push(CheckDef::new(format!("{id}-report"), Class::Unit, NOTHING));
        checks.push(CheckDef::new(format!("{id}-estimate"), Class::Effect, REFUSED));
        checks.push(CheckDef::new(format!("{id}-optimization"), Class::Effect, REFUSED));
    }
    Scenario::new("memory.impossible", checks, move |context, checks| {
        let bases = [Some("conf_no_such_model".to_owned()), context.options.vae.clone()];
        for (id, base) in ids.into_iter().zip(bases) {
            match base {
                Some(base) => impossible_base(context, checks, id, &base)?,
                None => {
                    for part in ["report", "estimate", "optimization"] {
                        checks.skip(&format!("{id}-{part}"), "needs --vae");
                    }
                }
            }
        }
        Ok(())
    })
}

/// A model in the place of a base that is none, or is not there.
fn impossible_base(
    context: &mut Context,
    checks: &mut Checks<'_>,
    id: &str,
    base: &str,
) -> Result<(), ScenarioEnd> {
    let submission = with(context.small_submission(), "/model/base", base.into());
    let job = ask(context, Action::GenerateSdxl, of(&submission))?;
    let code = job.code().map_err(|why| ScenarioEnd::Broken(format!("a job on {base}: {why}")))?;
    let report = context.get(Action::ValidateRequest, of(&submission))?;
    let details = &report["validation_details"];
    let has_figures =
        details.get("estimated_vram_mb").is_some() || details.get("estimated_time_seconds").is_some();
    checks.hold(&format!("{id}-report"), report["valid"] == false && !has_figures, || {
        format!("the job is refused with {code}, and the report says {details}")
    });
    let place = &job.snake["error_details"]["field"];
    for (part, action) in
        [("estimate", Action::GetPerformanceEstimate), ("optimization", Action::OptimizeRequest)]
    {
        let reading = ask(context, action, of(&submission))?;
        let details = &reading.snake["error_details"];
        checks.hold(&format!("{id}-{part}"), details["code"] == code && details["field"] == *place, || {
            format!(
                "the job is refused with {code} at {place}; {action} answers {}",
                display::shorten(&reading.snake.to_string())
            )
        });
    }
    Ok(())
}

/// The largest job that the schema allows: where the memory does not take it, all say so at one place.
fn beyond() -> Scenario {
    let checks = vec![CheckDef::new("report", Class::Limit, FITS), CheckDef::new("job", Class::Limit, FITS)];
    Scenario::new("memory.beyond", checks, |context, checks| {
        let limits = context.capabilities()?["limits"].clone();
        let side = member::integer(&context.capabilities()?, "/max_resolution")?;
        let batch = member::integer(&limits, "/batch_size_max")?;
        let size = json!({"width": side, "height": side});
        let large = with(context.small_submission(), "/hyperparameters/dimensions", size);
        let large = with(large, "/hyperparameters/batch_size", batch.into());
        let estimate = context.get(Action::GetPerformanceEstimate, of(&large))?;
        let fits = estimate["fits"].as_bool();
        let fits = fits.ok_or_else(|| ScenarioEnd::Broken(format!("fits is no boolean: {estimate}")))?;
        let report = context.get(Action::ValidateRequest, of(&large))?;
        let fault =
            report["errors"].as_array().into_iter().flatten().find(|error| error["code"] == "out_of_range");
        checks.hold("report", fits != fault.is_some() && report["valid"] == fits, || {
            format!("fits is {fits}, and the report has {}", report["errors"])
        });
        let Some(fault) = fault else {
            // It is not run: it takes minutes.
            checks.skip("job", "the memory takes the largest job");
            return Ok(());
        };
        let job = ask(context, Action::GenerateSdxl, of(&large))?;
        let details = &job.snake["error_details"];
        let is_same = details["code"] == "out_of_range" && details["field"] == fault["pointer"];
        checks.hold("job", is_same, || {
            format!(
                "validate_request refuses {fault}; the job is answered {}",
                display::shorten(&job.snake.to_string())
            )
        });
        Ok(())
    })
}

/// One file under two ids: one copy, and each id is unloaded by itself.
fn several_ids() -> Scenario {
    let checks = vec![
        CheckDef::new("both-listed", Class::Effect, IDS),
        CheckDef::new("one-copy", Class::Unit, IDS),
        CheckDef::new("first-unloaded", Class::Unit, IDS),
        CheckDef::new("last-unloaded", Class::Unit, IDS),
        CheckDef::new("cached-once", Class::Unit, IDS),
    ];
    Scenario::new("memory.several-ids", checks, |context, checks| {
        context.need_no_other_worker(CHOOSES)?;
        let ids = ["conf-one-file", "conf-one-file-again"];
        let path = context.options.model_path.clone();
        let fields = |id: &str| json!({"model_path": path, "model_type": "sdxl", "model_id": id});
        context.get(Action::UnloadModel, json!({}))?;
        context.get(Action::LoadModel, fields(ids[0]))?;
        let one = used(context)?;
        context.get(Action::LoadModel, fields(ids[1]))?;
        let two = used(context)?;
        match has_device(context)? {
            true => checks.hold("one-copy", is_close(one, two, one * STATS_SHARE), || {
                format!("vram_used_bytes is {one} with one id and {two} with two")
            }),
            false => checks.skip("one-copy", "cpu_0 shows the memory of the host"),
        }
        let listed = listed(context, "gpu")?;
        checks
            .hold("both-listed", ids.iter().all(|id| listed.contains(&json!(id))), || display::json(&listed));
        for (check, id, is_last) in [("first-unloaded", ids[0], false), ("last-unloaded", ids[1], true)] {
            let reading = ask(context, Action::UnloadModel, json!({"model_id": id}))?;
            let freed = reading.data().map(|data| data["freed_bytes"].as_u64());
            let is_right = matches!((&freed, is_last), (Ok(Some(0)), false) | (Ok(Some(1..)), true));
            checks.hold(check, is_right, || {
                format!("unloading {id} answers {}", display::shorten(&reading.snake.to_string()))
            });
        }
        cached_once(context, checks, ids, &fields)
    })
}

/// Loads a model into host memory, under its own id.
fn cache(
    context: &mut Context,
    checks: &mut Checks<'_>,
    id: &str,
    fields: &dyn Fn(&str) -> Value,
) -> Result<Value, ScenarioEnd> {
    let told = context.get(Action::LoadModelToCache, fields(id))?;
    checks.hold("both-listed", told["model_id"] == id, || {
        format!("model_id {id} was asked for, and {} is told", told["model_id"])
    });
    Ok(told)
}

/// The same in host memory, whose figure is the process's own.
fn cached_once(
    context: &mut Context,
    checks: &mut Checks<'_>,
    ids: [&str; 2],
    fields: &dyn Fn(&str) -> Value,
) -> Result<(), ScenarioEnd> {
    let first = cache(context, checks, ids[0], fields)?;
    let size = member::number(&first, "/model_size_bytes")?;
    let ram = |context: &mut Context| {
        member::number(&context.get(Action::GetStatus, json!({}))?, "/memory_stats/ram_used_bytes")
    };
    let one = ram(context)?;
    cache(context, checks, ids[1], fields)?;
    let two = ram(context)?;
    checks.hold("cached-once", two - one < size / 2.0, || {
        format!("ram_used_bytes grows by {} for a second id of a file of {size} bytes", two - one)
    });
    context.get(Action::UnloadModel, json!({}))?;
    context.get(Action::CleanupMemory, json!({}))?;
    Ok(())
}

/// Bytes of the device in use.
fn used(context: &mut Context) -> Result<f64, ScenarioEnd> {
    member::number(&context.get(Action::GetStatus, json!({}))?, "/memory_stats/vram_used_bytes")
}

/// Ids of the models at a location.
fn listed(context: &mut Context, location: &str) -> Result<Vec<Value>, ScenarioEnd> {
    let info = context.get(Action::GetModelInfo, json!({}))?;
    let there = member::list(&info, "/models")?.iter().filter(|model| model["location"] == location);
    Ok(there.map(|model| model["model_id"].clone()).collect())
}

/// One size of a model in every reply, and the device's memory as loads and unloads change it.
fn stats() -> Scenario {
    let checks = vec![
        CheckDef::new("one-size", Class::Unit, Sentence::OneSizeOfAModel),
        CheckDef::new("load-used", Class::Unit, Sentence::LoadMemory),
        CheckDef::new("loaded", Class::Unit, STATS),
        CheckDef::new("freed", Class::Unit, STATS),
    ];
    Scenario::new("memory.stats", checks, |context, checks| {
        context.need_no_other_worker(CHOOSES)?;
        context.get(Action::UnloadModel, json!({}))?;
        context.get(Action::CleanupMemory, json!({}))?;
        let empty = used(context)?;
        let path = context.options.model_path.clone();
        let loaded = context.get(Action::LoadModel, json!({"model_path": path, "model_type": "sdxl"}))?;
        let full = used(context)?;
        let status = context.get(Action::GetStatus, json!({}))?;
        let info = context.get(Action::GetModelInfo, json!({"model_id": loaded["model_id"]}))?;
        let sizes = [
            &loaded["model_size_bytes"],
            &info["models"][0]["model_size_bytes"],
            &status["model_size_bytes"],
        ];
        let is_one = sizes[0].as_u64() > Some(0) && sizes.iter().all(|size| *size == sizes[0]);
        checks.hold("one-size", is_one, || display::json(&sizes));
        checks.hold("load-used", loaded["memory_used_bytes"].as_u64() > Some(0), || loaded.to_string());
        let unloaded = context.get(Action::UnloadModel, json!({}))?;
        let freed = member::number(&unloaded, "/freed_bytes")?;
        let after = used(context)?;
        if !has_device(context)? {
            checks.hold("freed", freed > 0.0, || unloaded.to_string());
            checks.skip("loaded", "cpu_0 shows the memory of the host");
            return Ok(());
        }
        checks.hold("loaded", full - empty >= freed * (1.0 - STATS_SHARE), || {
            format!("vram_used_bytes grows by {} with a model of {freed} bytes", full - empty)
        });
        checks.hold("freed", freed > 0.0 && is_close(full - after, freed, freed * STATS_SHARE), || {
            format!("freed_bytes is {freed}, and vram_used_bytes falls by {}", full - after)
        });
        Ok(())
    })
}
