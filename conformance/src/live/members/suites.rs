//! Replies to loading a suite, unloading and cleaning up, against the parts, the clock and the memory.

use contracts::Action;
use serde_json::{Value, json};

use super::{
    each,
    interview::{ask_shared as ask, column, is, lies},
};
use crate::{
    check::ScenarioEnd,
    class::Class,
    display, member,
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

/// Clocks of two processes are read one after the other, and pretended times are rounded.
const CLOCK_SECONDS: f64 = 0.01;

/// Threads of a worker allocate between two looks at its memory.
const RESIDENT_SLACK_BYTES: f64 = (64 << 20) as f64;

pub(super) fn scenario() -> Scenario {
    let suite = [
        "suite_name",
        "component_type",
        "component-model_id",
        "success",
        "component-model_size_bytes",
        "component-load_time_seconds",
        "total_size_bytes",
        "total_load_time_seconds",
    ];
    let freed = [
        "model_ids",
        "freed_bytes",
        "freed_gpu_bytes",
        "freed_ram_bytes",
        "vram_used_bytes",
        "vram_available_bytes",
    ];
    let checks =
        [each(Class::Unit, Sentence::SuiteParts, &suite), each(Class::Unit, Sentence::UnloadMembers, &freed)];
    Scenario::new("members.suites", checks.concat(), |context, checks| {
        let fields = json!({
            "suite_name": "members", "base_model_path": context.options.model_path, "vae_model_path": context.options.vae,
        });
        // What others have loaded is not of the suite.
        ask(context, Action::UnloadModel, json!({}))?;
        let cached = ask(context, Action::CacheSdxlSuite, fields.clone())?;
        let told = ask(context, Action::LoadSdxlSuite, fields)?;
        for told in [&cached, &told] {
            let took = told.took().as_secs_f64() + CLOCK_SECONDS;
            parts(checks, &told.data, context.options.vae.is_some(), took)?;
        }
        let mut status = || Ok::<_, ScenarioEnd>(ask(context, Action::GetStatus, json!({}))?.data);
        let with = status()?;
        let unloaded = ask(context, Action::UnloadModel, json!({}))?.data;
        let mut ids: Vec<String> =
            member::list(&unloaded, "/model_ids")?.iter().map(Value::to_string).collect();
        let mut loaded: Vec<String> = member::list(&told.data, "/component_results")?
            .iter()
            .map(|part| part["model_id"].to_string())
            .collect();
        ids.sort_unstable();
        loaded.sort_unstable();
        checks.hold("model_ids", ids == loaded, || {
            format!(
                "{loaded} were loaded, {ids} unloaded",
                loaded = display::json(&loaded),
                ids = display::json(&ids)
            )
        });
        let without = ask(context, Action::GetStatus, json!({}))?.data;
        memory(checks, &with, &without, &unloaded)?;
        if context.options.vae.is_some() {
            // The base alone frees less than the base and its VAE.
            let base = json!({"model_path": context.options.model_path, "model_type": "sdxl"});
            ask(context, Action::LoadModel, base)?;
            let alone = ask(context, Action::UnloadModel, json!({}))?.data;
            let (all, one) =
                (member::number(&unloaded, "/freed_bytes")?, member::number(&alone, "/freed_bytes")?);
            checks.hold("freed_bytes", all > one, || format!("{all} of a base and a VAE, {one} of the base"));
        }
        let before = ask(context, Action::GetStatus, json!({}))?.data;
        let cleaned = ask(context, Action::CleanupMemory, json!({}))?.data;
        // Everything on the device is unloaded already; the contract does not say whether the cache counts as garbage.
        if with.get("memory_stats").is_none() {
            checks.skip("freed_gpu_bytes", "it measures no memory");
            checks.skip("freed_ram_bytes", "it measures no memory");
            return Ok(());
        }
        let held = member::number(&with, "/memory_stats/vram_used_bytes")?;
        checks.decide("freed_gpu_bytes", lies(&cleaned, "/freed_gpu_bytes", 0.0, held));
        // It frees the garbage of whatever came before, too, but never more than the worker held. How far its memory falls is
        // no measure: the kernel takes pages and gives them back meanwhile.
        let held = member::number(&before, "/memory_stats/ram_used_bytes")? + RESIDENT_SLACK_BYTES;
        checks.decide("freed_ram_bytes", lies(&cleaned, "/freed_ram_bytes", 0.0, held));
        Ok(())
    })
}

fn parts(checks: &mut Checks<'_>, told: &Value, has_vae: bool, took: f64) -> Result<(), ScenarioEnd> {
    let rows = member::list(told, "/component_results")?;
    checks.decide("suite_name", is(told, "/suite_name", &json!("members")));
    let kinds = if has_vae { json!(["base", "vae"]) } else { json!(["base"]) };
    checks.decide("component_type", is(&json!({"rows": column(rows, "component_type")}), "/rows", &kinds));
    let (mut bytes, mut longest, mut sum) = (0, 0.0f64, 0.0f64);
    for row in rows {
        let kind = member::text(row, "/component_type")?;
        checks.decide("component-model_id", is(row, "/model_id", &json!(format!("sdxl_members_{kind}"))));
        checks.decide("success", is(row, "/success", &json!(true)));
        checks.decide("component-load_time_seconds", lies(row, "/load_time_seconds", 0.0, took));
        bytes += member::integer(row, "/model_size_bytes")?;
        let seconds = member::number(row, "/load_time_seconds")?;
        longest = longest.max(seconds);
        sum += seconds;
    }
    checks.decide("component-model_size_bytes", lies(&rows[0], "/model_size_bytes", 1.0, f64::MAX));
    checks.decide("total_size_bytes", is(told, "/total_size_bytes", &json!(bytes)));
    checks.decide(
        "total_load_time_seconds",
        lies(told, "/total_load_time_seconds", longest - CLOCK_SECONDS, took.min(sum * 1.2 + 0.5)),
    );
    Ok(())
}

/// Memory that a reply reports as freed is no longer used.
fn memory(
    checks: &mut Checks<'_>,
    with: &Value,
    without: &Value,
    unloaded: &Value,
) -> Result<(), ScenarioEnd> {
    let freed = member::number(unloaded, "/freed_bytes")?;
    let measures = with.get("memory_stats").is_some();
    if !measures {
        for check in ["freed_bytes", "vram_used_bytes", "vram_available_bytes"] {
            checks.skip(check, "it measures no memory");
        }
        return Ok(());
    }
    let used = |status: &Value| member::number(status, "/memory_stats/vram_used_bytes");
    let (before, after) = (used(with)?, used(without)?);
    checks.hold("freed_bytes", freed > 0.0 && freed <= before, || format!("{freed} freed of {before}"));
    if with["gpu_id"] == "cpu_0" {
        // Other processes take and give back meanwhile.
        for check in ["vram_used_bytes", "vram_available_bytes"] {
            checks.skip(check, "cpu_0 shows the memory of the host");
        }
        return Ok(());
    }
    checks.hold("vram_used_bytes", after <= before, || format!("{before} before, {after} after"));
    let free = |status: &Value| member::number(status, "/memory_stats/vram_available_bytes");
    checks
        .hold("vram_available_bytes", free(without)? >= free(with)?, || format!("{with} and then {without}"));
    Ok(())
}

/// A model put into the cache and taken from it, against the model loaded from its file.
pub(super) fn caching() -> Scenario {
    let members =
        ["model_id", "model_size_bytes", "load_time_seconds", "from_cache", "memory_used_bytes", "gpu_id"];
    Scenario::new("members.caching", each(Class::Unit, Sentence::LoadMembers, &members), |context, checks| {
        let is_one = context.workers()? == 1;
        let path = context.options.model_path.clone();
        let fields = json!({"model_path": path, "model_type": "sdxl"});
        let loaded = ask(context, Action::LoadModel, fields.clone())?.data;
        ask(context, Action::UnloadModel, json!({}))?;
        let cached = ask(context, Action::LoadModelToCache, fields)?;
        let id = json!({"model_id": cached.data["model_id"]});
        let taken = ask(context, Action::LoadFromCache, id)?;
        for (told, is_taken) in [(&cached, false), (&taken, true)] {
            let took = told.took().as_secs_f64() + CLOCK_SECONDS;
            for member in ["model_id", "model_size_bytes"] {
                checks.decide(member, is(&told.data, &format!("/{member}"), &loaded[member]));
            }
            match is_one {
                true => checks.decide("gpu_id", is(&told.data, "/gpu_id", &loaded["gpu_id"])),
                false => {
                    checks.skip("gpu_id", "the target has several workers and chooses one for each load");
                }
            }
            checks.decide("load_time_seconds", lies(&told.data, "/load_time_seconds", 0.0, took));
            checks.decide("from_cache", is(&told.data, "/from_cache", &json!(is_taken)));
        }
        // A load takes the copy in RAM where there is one, and says so.
        ask(context, Action::UnloadModel, json!({}))?;
        let again = json!({"model_path": context.options.model_path, "model_type": "sdxl"});
        let again = ask(context, Action::LoadModel, again)?.data;
        checks.decide("from_cache", is(&again, "/from_cache", &json!(true)));
        let size = member::number(&loaded, "/model_size_bytes")?;
        checks.decide("memory_used_bytes", lies(&cached.data, "/memory_used_bytes", 1.0, 16.0 * size + 1e9));
        checks
            .decide("memory_used_bytes", is(&taken.data, "/memory_used_bytes", &loaded["memory_used_bytes"]));
        Ok(())
    })
}
