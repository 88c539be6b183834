//! Advertised values are implemented, and other values are refused.

use contracts::{Action, dictionary::dictionary};
use serde_json::{Value, json};

use crate::{
    case::{with, worker_actions},
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::{Context, picture_url},
    display,
    exchange::{Command, StrictReading},
    member,
    scenario::Scenario,
    sentence::Sentence,
};

const SENTENCE: Sentence = Sentence::AdvertisedIsImplemented;

/// Lists of capabilities: the member, the enum of its values, and where a value stands in a submission.
const LISTS: [(&str, &str, &str); 5] = [
    ("supported_schedulers", "SchedulerType", "/scheduler/type"),
    ("supported_formats", "OutputFormat", "/postprocessing/output_format"),
    ("dtypes", "PrecisionName", "/performance/dtype"),
    ("memory_optimizations", "Optimization", "/performance/optimizations/0"),
    ("control_net_types", "ControlNetType", "/conditioning/control_nets/0/type"),
];

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut scenarios: Vec<Scenario> = LISTS.into_iter().map(list).collect();
    scenarios.extend([actions(), described(), invariants()]);
    scenarios
}

fn list((member, of, pointer): (&'static str, &'static str, &'static str)) -> Scenario {
    let values = &dictionary().enumeration(of).values;
    let id = |value: &str| value.replace(' ', "_");
    let checks = values.iter().map(|value| CheckDef::new(id(value), Class::Cap, SENTENCE)).collect();
    Scenario::new(format!("capabilities.{member}"), checks, move |context, checks| {
        let advertised = context.capabilities()?[member].clone();
        for value in values {
            let is_advertised =
                advertised.as_array().is_some_and(|list| list.iter().any(|item| item == value.as_str()));
            let mut document = context.small_submission();
            if pointer.contains("control_nets") {
                document["conditioning"]["control_nets"] = json!([{"image": picture_url(90)}]);
                if let Some(model) = &context.options.control_net {
                    document["conditioning"]["control_nets"][0]["model"] = model.clone().into();
                }
            }
            let document = with(document, pointer, value.as_str().into());
            let refused = refused_at(context, &document, pointer)?;
            checks.hold(&id(value), is_advertised != refused, || {
                if is_advertised {
                    format!("{value} is advertised, and refused")
                } else {
                    format!("{value} is accepted, and not advertised")
                }
            });
        }
        Ok(())
    })
}

/// Whether the value itself is refused; a model that is not there is another matter.
fn refused_at(context: &mut Context, document: &Value, pointer: &str) -> Result<bool, ScenarioEnd> {
    let id = context.fresh_id();
    let reading =
        context.ask(&Command::new(Action::ValidateRequest, json!({"prompt_submission": document})).id(id))?;
    let data = reading.data().map_err(ScenarioEnd::Broken)?;
    let errors = data["errors"].as_array().cloned();
    let errors = errors.ok_or_else(|| ScenarioEnd::Broken(format!("a report without errors[]: {data}")))?;
    let parent = pointer.trim_end_matches("/0");
    Ok(errors.iter().any(|error| {
        matches!(error["code"].as_str(), Some("unsupported_feature" | "unsupported_value"))
            && error["pointer"].as_str().is_some_and(|at| at.ends_with(pointer) || at.ends_with(parent))
    }))
}

/// Every action of the registry that is a worker's is advertised, and no other.
fn actions() -> Scenario {
    let checks = worker_actions().map(|action| CheckDef::new(action.as_str(), Class::Cap, SENTENCE));
    Scenario::new("capabilities.actions", checks.collect(), |context, checks| {
        let actions = context.capabilities()?["actions"].clone();
        for action in worker_actions() {
            let named =
                actions.as_array().is_some_and(|list| list.iter().any(|item| item == action.as_str()));
            checks.hold(action.as_str(), named, || format!("{action} is not advertised"));
        }
        Ok(())
    })
}

/// The other queries agree with the capabilities and with the tables of the schema.
fn described() -> Scenario {
    let checks = vec![
        CheckDef::new("schedulers", Class::Cap, Sentence::SchedulerMembers),
        CheckDef::new("diffusers-classes", Class::Enum, Sentence::SchedulerClasses),
        CheckDef::new("recommended-scheduler", Class::Cap, SENTENCE),
        CheckDef::new("control-net-types", Class::Cap, Sentence::ControlNetTypeMembers),
    ];
    Scenario::new("capabilities.described", checks, |context, checks| {
        let capabilities = context.capabilities()?;
        let schedulers = context.get(Action::GetSchedulers, json!({}))?;
        let names = |list: &Value| -> Vec<Value> {
            list.as_array().into_iter().flatten().map(|item| item["name"].clone()).collect()
        };
        let listed = Value::from(names(&schedulers["schedulers"]));
        checks.hold("schedulers", listed == capabilities["supported_schedulers"], || {
            format!("{listed} is not what is advertised")
        });
        let data = &dictionary().enumeration("SchedulerType").data;
        let described = member::list(&schedulers, "/schedulers")?;
        let is_right = |scheduler: &&Value| {
            let known = scheduler["name"].as_str().and_then(|name| data.get(name));
            known.is_some_and(|row| {
                row["diffusers_class"].is_string() && row["diffusers_class"] == scheduler["diffusers_class"]
            })
        };
        let wrong = described.iter().find(|scheduler| !is_right(scheduler));
        checks.hold("diffusers-classes", wrong.is_none() && !described.is_empty(), || {
            wrong.map_or_else(|| "there are no schedulers".to_owned(), Value::to_string)
        });
        let recommended = &schedulers["recommended_scheduler"];
        checks.hold(
            "recommended-scheduler",
            listed.as_array().is_some_and(|list| list.contains(recommended)),
            || recommended.to_string(),
        );
        let types = context.get(Action::GetControlnetTypes, json!({}))?;
        let listed = Value::from(names(&types["types"]));
        checks.hold("control-net-types", listed == capabilities["control_net_types"], || {
            format!("{listed} is not what is advertised")
        });
        Ok(())
    })
}

/// Numbers of one document that must agree with one another.
fn invariants() -> Scenario {
    let checks = vec![
        CheckDef::new("batch", Class::Cap, Sentence::BatchSizeLimit),
        CheckDef::new("families", Class::Cap, Sentence::ModelFamilies),
        CheckDef::new("resolution", Class::Cap, Sentence::MaxResolution),
        CheckDef::new("memory", Class::Unit, Sentence::MemoryStats),
        CheckDef::new("beyond-max-batch", Class::Limit, Sentence::ModelLimits),
    ];
    Scenario::new("capabilities.invariants", checks, |context, checks| {
        let capabilities = context.capabilities()?;
        let limits = &capabilities["limits"];
        checks.hold("batch", capabilities["max_batch_size"] == limits["batch_size_max"], || {
            format!("{} and {}", capabilities["max_batch_size"], limits["batch_size_max"])
        });
        let (families, info) = (&capabilities["families"], context.get(Action::GetModelInfo, json!({}))?);
        let is_run = |family: &Value| families.as_array().is_some_and(|all| all.contains(family));
        let mut bases =
            info["models"].as_array().into_iter().flatten().filter(|one| one["model_type"] == "sdxl");
        let strange = bases.find(|base| !is_run(&base["family"]));
        checks.hold("families", strange.is_none() && is_run(&json!("sdxl")), || {
            format!("{families} and {}", display::json(&strange))
        });
        let side = member::integer(&capabilities, "/max_resolution")?;
        let fits = side.saturating_mul(side) <= member::integer(limits, "/pixels_max")?
            && side <= member::integer(limits, "/side_max")?;
        checks.hold("resolution", fits, || format!("{side}² is over {}", limits["pixels_max"]));
        let stats = &capabilities["memory_stats"];
        let bytes = |name: &str| member::integer(stats, name);
        let sound = bytes("/vram_used_bytes")?.saturating_add(bytes("/vram_available_bytes")?)
            <= bytes("/vram_total_bytes")?.saturating_add(1 << 20);
        checks.hold("memory", sound, || stats.to_string());
        let over = member::integer(limits, "/batch_size_max")?.saturating_add(1);
        let document = with(context.small_submission(), "/hyperparameters/batch_size", over.into());
        let id = context.fresh_id();
        let reading: StrictReading = context
            .ask(&Command::new(Action::ValidateRequest, json!({"prompt_submission": document})).id(id))?;
        let refused = reading.data().map(|data| data["valid"] == false);
        checks.hold("beyond-max-batch", refused == Ok(true), || {
            format!("batch_size {over}: {}", display::result(&refused))
        });
        Ok(())
    })
}
