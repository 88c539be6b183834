//! Models: load, look, unload, cache, suites; success means that it shows.

use contracts::{
    Action,
    dictionary::{Shape, dictionary},
};
use serde_json::{Value, json};

use crate::{
    case::with,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::Context,
    display,
    exchange::Command,
    member,
    scenario::Scenario,
    sentence::Sentence,
};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![loading(), caching(), suite(), refusals(), other_types(), files()]
}

fn ids(context: &mut Context) -> Result<Vec<(String, String)>, ScenarioEnd> {
    let models = context.get(Action::GetModelInfo, json!({}))?;
    let text = |model: &Value, name: &str| member::text(model, name).map(str::to_owned);
    member::list(&models, "/models")?
        .iter()
        .map(|model| Ok((text(model, "/model_id")?, text(model, "/location")?)))
        .collect()
}

fn loading() -> Scenario {
    let effect = Sentence::NoPlaceholderSuccess;
    let checks = vec![
        CheckDef::new("listed", Class::Effect, effect),
        CheckDef::new("status", Class::Effect, Sentence::StatusOfLoadedModel),
        CheckDef::new("size", Class::Unit, Sentence::LoadSize),
        CheckDef::new("unloaded-named", Class::Effect, Sentence::UnloadMembers),
        CheckDef::new("gone", Class::Effect, effect),
        CheckDef::new("nothing-to-unload", Class::Default, Sentence::NothingToFree),
    ];
    Scenario::new("models.loading", checks, |context, checks| {
        let path = context.options.model_path.clone();
        let loaded = context.get(Action::LoadModel, json!({"model_path": path, "model_type": "sdxl"}))?;
        let id = member::text(&loaded, "/model_id")?.to_owned();
        let on_gpu = |models: &[(String, String)]| {
            models.iter().any(|(model, location)| *model == id && location == "gpu")
        };
        let listed = ids(context)?;
        checks.hold("listed", on_gpu(&listed), || {
            format!("{id} is loaded, and get_model_info lists {}", display::json(&listed))
        });
        let status = context.get(Action::GetStatus, json!({}))?;
        checks.hold("status", status["has_model_loaded"] == true && status["current_model_id"] == id, || {
            status.to_string()
        });
        checks.hold("size", loaded["model_size_bytes"].as_u64() > Some(0), || loaded.to_string());
        let unloaded = context.get(Action::UnloadModel, json!({"model_id": id}))?;
        checks.hold(
            "unloaded-named",
            unloaded["model_ids"].as_array().is_some_and(|ids| ids.iter().any(|unloaded| *unloaded == id)),
            || unloaded.to_string(),
        );
        let listed = ids(context)?;
        checks.hold("gone", !on_gpu(&listed), || format!("{id} is unloaded, and still listed"));
        context.get(Action::UnloadModel, json!({}))?;
        let nothing = context.get(Action::UnloadModel, json!({}))?;
        context.get(Action::CleanupMemory, json!({}))?;
        checks.hold(
            "nothing-to-unload",
            nothing["model_ids"] == json!([]) && nothing["freed_bytes"] == 0,
            || nothing.to_string(),
        );
        Ok(())
    })
}

fn caching() -> Scenario {
    let checks = vec![
        CheckDef::new("in-ram", Class::Effect, Sentence::LoadToCache),
        CheckDef::new("from-cache", Class::Effect, Sentence::LoadFromCache),
        CheckDef::new("on-gpu", Class::Effect, Sentence::SuccessMeansDone),
    ];
    Scenario::new("models.caching", checks, |context, checks| {
        let path = context.options.model_path.clone();
        let cached =
            context.get(Action::LoadModelToCache, json!({"model_path": path, "model_type": "sdxl"}))?;
        let id = member::text(&cached, "/model_id")?.to_owned();
        let listed = ids(context)?;
        checks.hold(
            "in-ram",
            listed.iter().any(|(model, location)| *model == id && location == "ram"),
            || display::json(&listed),
        );
        let loaded = context.get(Action::LoadFromCache, json!({"model_id": id}))?;
        checks.hold("from-cache", loaded["from_cache"] == true, || loaded.to_string());
        let listed = ids(context)?;
        checks.hold(
            "on-gpu",
            listed.iter().any(|(model, location)| *model == id && location == "gpu"),
            || display::json(&listed),
        );
        Ok(())
    })
}

fn suite() -> Scenario {
    let checks = vec![
        CheckDef::new("parts", Class::Effect, Sentence::SuiteParts),
        CheckDef::new("total", Class::Unit, Sentence::SuiteSize),
        CheckDef::new("all-there", Class::Effect, Sentence::SuiteStaysTogether),
        CheckDef::new("cached", Class::Effect, Sentence::SuiteResult),
    ];
    Scenario::new("models.suite", checks, |context, checks| {
        let (Some(refiner), Some(vae)) = (context.options.refiner.clone(), context.options.vae.clone())
        else {
            return Err(ScenarioEnd::Skip("needs --refiner and --vae".to_owned()));
        };
        let base = context.options.model_path.clone();
        let fields = json!({"suite_name": "conf", "base_model_path": base, "refiner_model_path": refiner, "vae_model_path": vae});
        let loaded = context.get(Action::LoadSdxlSuite, fields.clone())?;
        let parts = member::list(&loaded, "/component_results")?;
        let named: Vec<&str> =
            parts.iter().map(|part| member::text(part, "/model_id")).collect::<Result<_, _>>()?;
        checks.hold(
            "parts",
            named == ["sdxl_conf_base", "sdxl_conf_refiner", "sdxl_conf_vae"]
                && parts.iter().all(|part| part["success"] == true),
            || loaded.to_string(),
        );
        let total: u64 = parts.iter().filter_map(|part| part["model_size_bytes"].as_u64()).sum();
        checks.hold("total", loaded["total_size_bytes"] == total, || {
            format!("{} is not the sum {total}", loaded["total_size_bytes"])
        });
        let listed = ids(context)?;
        let missing: Vec<&&str> = named
            .iter()
            .filter(|id| !listed.iter().any(|(model, location)| model == *id && location == "gpu"))
            .collect();
        checks.hold("all-there", missing.is_empty(), || {
            format!("{} of the suite are not on the GPU: {}", display::json(&missing), display::json(&listed))
        });
        let cached = context.get(Action::CacheSdxlSuite, fields)?;
        let has = |part: &str| {
            let id = format!("sdxl_conf_{part}");
            let results = cached["component_results"].as_array();
            results.into_iter().flatten().any(|row| row["model_id"] == id && row["success"] == true)
        };
        let lacks: Vec<String> = ["base", "refiner", "vae"]
            .into_iter()
            .filter(|part| !has(part))
            .map(|part| format!("{part}_model_path"))
            .collect();
        checks.hold("cached", lacks.is_empty(), || {
            format!("{} was asked for, and not cached: {cached}", lacks.join(", "))
        });
        context.get(Action::UnloadModel, json!({}))?;
        Ok(())
    })
}

const NOT_FOUND: Sentence = Sentence::UnknownModel;

/// References that no folder of models holds, on any system.
pub(super) const NOWHERE: [(&str, &str); 6] = [
    ("address", "https://example.org/x.safetensors"),
    ("file-address", "file:///models/x.safetensors"),
    ("home", "~/x.safetensors"),
    ("drive", "C:\\models\\x.safetensors"),
    ("escaped", "/models/a%20b.safetensors"),
    ("control-character", "/models/a\nb.safetensors"),
];

/// A model that no target has.
const UNKNOWN: &str = "conf_no_such_model";

/// Where a job names models beside its base, each with a model that is not there. An embedding is named by its path.
const REFERENCES: [(&str, &str, &str); 4] = [
    ("refiner-unknown", "/model/refiner", UNKNOWN),
    ("vae-unknown", "/model/vae", UNKNOWN),
    ("lora-unknown", "/conditioning/loras/0/name", UNKNOWN),
    ("embedding-unknown", "/conditioning/textual_inversions/0/path", NOWHERE[0].1),
];

/// Whether a job is refused for a model that is not there, and not made without it.
fn is_not_found(
    context: &mut Context,
    submission: &Value,
    at: &str,
) -> Result<Result<(), String>, ScenarioEnd> {
    let id = context.fresh_id();
    let fields = json!({"prompt_submission": submission});
    let reading = context.ask(&Command::new(Action::GenerateSdxl, fields).id(id))?;
    let field = reading.snake["error_details"]["field"].as_str();
    Ok(match reading.code() {
        Ok("model_not_found" | "path_not_allowed") if field.is_some_and(|field| field.ends_with(at)) => {
            Ok(())
        }
        _ => Err(format!("model_not_found at {at} is wanted, not {}", reading.snake)),
    })
}

/// Commands about a model that is not there, each with its check and its sentence.
fn about_unknown_models() -> [(&'static str, Action, Value, Sentence); 4] {
    [
        ("unload-unknown", Action::UnloadModel, json!({"model_id": UNKNOWN}), Sentence::NotLoaded),
        ("load-from-empty-cache", Action::LoadFromCache, json!({"model_id": UNKNOWN}), Sentence::NotCached),
        ("load-unknown", Action::LoadModel, json!({"model_path": UNKNOWN, "model_type": "sdxl"}), NOT_FOUND),
        (
            "generate-unknown",
            Action::GenerateSdxl,
            json!({"prompt_submission": {"model": {"base": UNKNOWN}, "conditioning": {"prompt": "a"}}}),
            NOT_FOUND,
        ),
    ]
}

fn refusals() -> Scenario {
    let cases = about_unknown_models();
    let mut checks: Vec<CheckDef> =
        cases.iter().map(|(id, .., proves)| CheckDef::new(*id, Class::Effect, *proves)).collect();
    checks.extend(NOWHERE.iter().map(|(id, _)| CheckDef::new(*id, Class::Effect, NOT_FOUND)));
    checks.extend(REFERENCES.iter().map(|(id, ..)| CheckDef::new(*id, Class::Effect, NOT_FOUND)));
    checks.push(CheckDef::new("escape", Class::Id, Sentence::PathUnderARoot));
    checks.push(CheckDef::new("ready-again", Class::Life, Sentence::RefusalCountsNot));
    Scenario::new("models.refusals", checks, move |context, checks| {
        for (id, action, fields, _) in &cases {
            let request_id = context.fresh_id();
            let reading = context.ask(&Command::new(*action, fields.clone()).id(request_id))?;
            checks.hold(id, reading.code() == Ok("model_not_found"), || display::result(&reading.code()));
            if *action == Action::LoadFromCache {
                let hint = &reading.snake["error_details"]["hint"];
                let says = hint.as_str().is_some_and(|hint| hint.contains("load_model_to_cache"));
                checks.hold(id, says, || format!("the hint does not name load_model_to_cache: {hint}"));
            }
        }
        for (id, reference) in NOWHERE {
            let request_id = context.fresh_id();
            let submission = with(context.small_submission(), "/model/base", reference.into());
            let fields = json!({"prompt_submission": submission});
            let reading = context.ask(&Command::new(Action::GenerateSdxl, fields).id(request_id))?;
            checks.hold(id, matches!(reading.code(), Ok("path_not_allowed" | "model_not_found")), || {
                display::result(&reading.code())
            });
        }
        for (id, pointer, reference) in REFERENCES {
            let mut submission = with(context.small_submission(), pointer, reference.into());
            if let Some(embedding) = submission.pointer_mut("/conditioning/textual_inversions/0") {
                embedding["token"] = "conf".into();
            }
            checks.decide(id, is_not_found(context, &submission, pointer)?);
        }
        let request_id = context.fresh_id();
        let fields = json!({"model_path": "../../../../etc/passwd.safetensors", "model_type": "sdxl"});
        let reading = context.ask(&Command::new(Action::LoadModel, fields).id(request_id))?;
        checks.hold("escape", matches!(reading.code(), Ok("path_not_allowed" | "model_not_found")), || {
            display::result(&reading.code())
        });
        let status = context.get(Action::GetStatus, json!({}))?;
        // The jobs of a gateway may be those of other clients.
        let idle = context.is_gateway() || status["active_inference_sessions"] == 0;
        checks.hold("ready-again", status["state"] == "ready" && idle, || status.to_string());
        Ok(())
    })
}

/// A model in the place of one of another type, by a job and by its check.
fn other_types() -> Scenario {
    let proves = Sentence::ModelOfAnotherType;
    let checks = ["base-as-vae", "base-as-lora", "lora-as-base", "loaded"];
    let checks = checks.map(|id| CheckDef::new(id, Class::Effect, proves));
    Scenario::new("models.other-types", checks.into(), |context, checks| {
        let (base, lora) = (context.options.model.clone(), context.options.lora.clone());
        let vae = with(context.small_submission(), "/model/vae", json!(base));
        checks.decide("base-as-vae", is_of_another_type(context, &vae, "/model/vae")?);
        let loras = json!([{"name": base}]);
        let adapter = with(context.small_submission(), "/conditioning/loras", loras);
        checks.decide("base-as-lora", is_of_another_type(context, &adapter, "/conditioning/loras/0/name")?);
        let Some(lora) = lora else { return Err(ScenarioEnd::Skip("needs --lora".to_owned())) };
        let style = with(context.small_submission(), "/model/base", json!(lora));
        checks.decide("lora-as-base", is_of_another_type(context, &style, "/model/base")?);
        let id = context.fresh_id();
        let fields = json!({"model_path": lora, "model_type": "sdxl"});
        let reading = context.ask(&Command::new(Action::LoadModel, fields).id(id))?;
        checks.hold("loaded", reading.code() == Ok("model_invalid"), || display::result(&reading.code()));
        Ok(())
    })
}

/// Whether a job and its check refuse a submission with `model_invalid` at a place.
fn is_of_another_type(
    context: &mut Context,
    submission: &Value,
    at: &str,
) -> Result<Result<(), String>, ScenarioEnd> {
    let pointer = format!("/payload/prompt_submission{at}");
    let fields = json!({"prompt_submission": submission});
    let id = context.fresh_id();
    let reading = context.ask(&Command::new(Action::GenerateSdxl, fields.clone()).id(id))?;
    let details = &reading.snake["error_details"];
    if details["code"] != "model_invalid" || details["field"] != *pointer {
        return Ok(Err(format!("model_invalid at {pointer} is wanted, not {}", reading.snake)));
    }
    let report = context.get(Action::ValidateRequest, fields)?;
    let first = &report["errors"][0];
    if first["code"] != "model_invalid" || first["pointer"] != *pointer {
        return Ok(Err(format!("validate_request says {}, and the job {details}", report["errors"])));
    }
    Ok(Ok(()))
}

fn files() -> Scenario {
    let checks = vec![
        CheckDef::new("valid", Class::Effect, Sentence::FileResultMembers),
        CheckDef::new("as-asked", Class::Names, Sentence::FileResultPath),
        CheckDef::new("deep", Class::Effect, Sentence::FileHashWhenDeep),
        CheckDef::new("missing", Class::Effect, Sentence::MissingFileIsInvalid),
        CheckDef::new("longest-list", Class::Limit, Sentence::MissingFileIsInvalid),
        CheckDef::new("detected_model_type", Class::Effect, Sentence::FileResultMembers),
    ];
    Scenario::new("models.files", checks, |context, checks| {
        let path = context.options.model_path.clone();
        let flat = context.get(Action::ValidateModelFiles, json!({"model_paths": [path]}))?;
        let first = &flat["results"][0];
        checks
            .hold("valid", first["is_valid"] == true && first.get("sha256").is_none(), || first.to_string());
        // The option names a base: a target that tells what a file is says so.
        let detected = first.get("detected_model_type");
        checks.hold("detected_model_type", detected.is_none_or(|kind| kind == "sdxl"), || first.to_string());
        let model = context.options.model.clone();
        let by_id = context.get(Action::ValidateModelFiles, json!({"model_paths": [model]}))?;
        let asked = &by_id["results"][0]["model_path"];
        checks.hold("as-asked", *asked == model && first["model_path"] == path, || {
            format!("model_path is {asked} and {}, not {model} and {path}", first["model_path"])
        });
        // The longest list, of which the last item alone is another.
        let spec = dictionary().object(Action::ValidateModelFiles.info().request);
        let Some(Shape::List(list)) = spec.property("model_paths").map(|property| &property.shape) else {
            return Err(ScenarioEnd::Undecided("model_paths is no list".to_owned()));
        };
        let most = usize::try_from(list.limits.maximum)
            .map_err(|err| ScenarioEnd::Undecided(format!("the limit of model_paths: {err}")))?;
        let mut paths = vec![path.clone(); most];
        paths[most - 1] = UNKNOWN.to_owned();
        let told = context.get(Action::ValidateModelFiles, json!({"model_paths": paths}))?;
        let valid: Vec<&Value> =
            member::list(&told, "/results")?.iter().map(|row| &row["is_valid"]).collect();
        let is_last = valid.len() == most && valid.iter().position(|valid| **valid != true) == Some(most - 1);
        checks.hold("longest-list", is_last, || {
            format!(
                "of {most} paths the last names nothing, and results[].is_valid are {valid}",
                valid = display::json(&valid)
            )
        });
        let deep = context.get(Action::ValidateModelFiles, json!({"model_paths": [path], "deep": true}))?;
        let first = &deep["results"][0];
        checks.hold("deep", first["sha256"].is_string() || first["format"] == "diffusers_folder", || {
            first.to_string()
        });
        let request_id = context.fresh_id();
        let reading = context.ask(
            &Command::new(Action::ValidateModelFiles, json!({"model_paths": [UNKNOWN]})).id(request_id),
        )?;
        let refused = match reading.data() {
            Ok(data) => {
                data["results"][0]["is_valid"] == false
                    && data["results"][0]["issues"].as_array().is_some_and(|issues| {
                        // A person reads each.
                        !issues.is_empty()
                            && issues.iter().all(|issue| issue.as_str().is_some_and(|text| text.len() > 3))
                    })
            }
            Err(_) => reading.code() == Ok("model_not_found"),
        };
        checks.hold("missing", refused, || reading.snake.to_string());
        Ok(())
    })
}
