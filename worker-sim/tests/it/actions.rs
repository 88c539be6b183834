//! Every action, in both envelopes and three dialects: each reply keeps to its schema, and is a snapshot.

use contracts::{Action, Class, Dialect, Reply, Writer, read, tree::Tree};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

use crate::support::{Sim, data_set, job, submission};

/// One command for each action, in an order that makes each succeed but `cancel`, which finds nothing.
fn commands(training_data: &str) -> Vec<(Action, Value)> {
    let base = json!({"model_path": "/models/sdxl_base.safetensors", "model_type": "sdxl"});
    let suite = json!({"suite_name": "s", "base_model_path": "sdxl_base", "vae_model_path": "sdxl_vae"});
    let parameters = json!({"prompt": "a pier", "width": 64, "height": 64, "steps": 2, "seed": 1});
    let named = json!({"prompt": "a pier", "width": 64, "height": 64, "steps": 2, "seed": 1, "model_id": "sdxl_base"});
    vec![
        (Action::GetStatus, json!({})),
        (Action::GetCapabilities, json!({})),
        (Action::GetSchedulers, json!({})),
        (Action::GetControlnetTypes, json!({})),
        (Action::LoadModelToCache, base.clone()),
        (Action::LoadFromCache, json!({"model_id": "sdxl_base"})),
        (Action::LoadModel, base),
        (Action::CacheSdxlSuite, suite.clone()),
        (Action::LoadSdxlSuite, suite),
        (Action::GetModelInfo, json!({})),
        (Action::ValidateModelFiles, json!({"suite": "s"})),
        (Action::ValidateRequest, job(json!({}))),
        (Action::GetPerformanceEstimate, job(json!({}))),
        (
            Action::OptimizeRequest,
            json!({"prompt_submission": submission(json!({})), "preferences": {"priority": "memory"}}),
        ),
        (Action::GenerateSdxl, job(json!({}))),
        (Action::GenerateSdxlEnhanced, job(json!({}))),
        (Action::EnhancedSdxl, job(json!({}))),
        (Action::GenerateImage, json!({"parameters": parameters})),
        (Action::RunInference, json!({"parameters": named})),
        (Action::StructuredInference, job(json!({}))),
        (
            Action::BatchGenerate,
            json!({"requests": [submission(json!({})), submission(json!({"model": {"base": "nobody"}}))]}),
        ),
        (Action::RunSelfTest, json!({"scope": "commands"})),
        (Action::GetPerformanceMetrics, json!({})),
        (Action::GetQueueStatus, json!({})),
        (Action::Cancel, json!({"target_request_id": "nobody"})),
        (Action::UnloadModel, json!({"model_id": "sdxl_base"})),
        (Action::CleanupMemory, json!({})),
        (
            Action::StartTraining,
            json!({"training_type": "LoRA", "base_model": "sdxl_base", "training_data": training_data, "hyperparameters": {"max_steps": 1000}}),
        ),
        (Action::GetTrainingStatus, json!({"training_id": "{training_id}"})),
        (Action::GetTrainingHistory, json!({"training_id": "{training_id}"})),
        (Action::StopTraining, json!({"training_id": "{training_id}"})),
        (
            Action::StartSdxlTraining,
            json!({"training_type": "LoRA", "base_model": "sdxl_base", "training_data": training_data, "output_name": "second"}),
        ),
        (Action::Shutdown, json!({})),
    ]
}

fn frame(action: Action, fields: &Value, documented: bool, dialect: Dialect) -> Value {
    let fields = dialect.spell(action.info().request, fields);
    if documented {
        return json!({"action": action.as_str(), "request_id": "r", "session_id": "s-1", "payload": fields});
    }
    let mut frame = Map::new();
    let envelope = json!({"action": action.as_str(), "request_id": "r", "session_id": "s-1"});
    frame.extend(dialect.spell("EnvelopeHead", &envelope).as_object().expect("an object").clone());
    frame.extend(fields.as_object().expect("an object").clone());
    Value::Object(frame)
}

/// A reply in any dialect, read back into snake by the schema.
fn to_snake(action: Action, reply: &Value, dialect: Dialect) -> Value {
    let head = |snake: &str| {
        let property = contracts::dictionary::dictionary()
            .object("Reply")
            .property(snake)
            .expect("a member")
            .clone_name(dialect);
        reply.get(&property).cloned().unwrap_or(Value::Null)
    };
    let mut back = Map::new();
    for name in [
        "request_id",
        "session_id",
        "success",
        "data",
        "error",
        "error_details",
        "warnings",
        "warning_details",
    ] {
        let value = head(name);
        let definition = match name {
            "data" => Some(action.info().reply),
            "error_details" => Some("ErrorDetails"),
            _ => None,
        };
        let value = match definition {
            Some(definition) if !value.is_null() => {
                let reading = read(definition, &Tree::of(&value), Writer::Sender);
                assert!(reading.is_valid(), "{action} {dialect}: {:?}", reading.violations);
                reading.into_document().expect("it is valid")
            }
            _ => value,
        };
        if name == "session_id" && value.is_null() {
            continue;
        }
        back.insert(name.to_owned(), value);
    }
    Value::Object(back)
}

trait CloneName {
    fn clone_name(&self, dialect: Dialect) -> String;
}

impl CloneName for contracts::dictionary::Property {
    fn clone_name(&self, dialect: Dialect) -> String {
        dialect.name(self).to_owned()
    }
}

fn check(documented: bool, dialect: Dialect) {
    let mut sim = Sim::start(&["--seed", "1", "--step-ms", "10"]);
    let training_data = data_set(&sim.inputs());
    sim.send(&frame(
        Action::Initialize,
        &json!({"dialect": dialect.as_str(), "features": []}),
        documented,
        dialect,
    ));
    let mut replies = vec![(Action::Initialize, sim.line())];
    let mut training_id = String::new();
    for (action, fields) in commands(&training_data) {
        let fields: Value =
            serde_json::from_str(&fields.to_string().replace("{training_id}", &training_id)).expect("JSON");
        sim.send(&frame(action, &fields, documented, dialect));
        let reply = sim.line();
        if action == Action::StartTraining {
            let data = to_snake(action, &reply, dialect)["data"].clone();
            data["training_id"].as_str().expect("an id").clone_into(&mut training_id);
        }
        replies.push((action, reply));
    }
    let asked: BTreeSet<&str> = replies.iter().map(|(action, _)| action.as_str()).collect();
    let all: BTreeSet<&str> = Action::ALL
        .iter()
        .filter(|action| action.info().class != Class::Gateway)
        .map(|action| action.as_str())
        .collect();
    assert_eq!(asked, all, "every action of a worker is asked once");

    let mut lines = String::new();
    for (action, reply) in &replies {
        let snake = to_snake(*action, reply, dialect);
        let read = Reply::read(*action, &snake).unwrap_or_else(|err| panic!("{action}: {err}: {reply}"));
        assert_eq!(read.unknown_members, Vec::<String>::new(), "{action}");
        assert_eq!(read.reply.request_id.as_deref(), Some("r"), "{action}");
        assert_eq!(read.reply.session_id.as_deref(), Some("s-1"), "{action}");
        assert_eq!(read.reply.outcome.is_ok(), *action != Action::Cancel, "{action}: {reply}");
        lines.push_str(&format!("{action}\n    {reply}\n"));
    }
    let name = format!("{}_{dialect}", if documented { "documented" } else { "direct" });
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    for (pattern, to) in FILTERS {
        settings.add_filter(pattern, *to);
    }
    settings.bind(|| insta::assert_snapshot!(name, lines));
}

/// What differs from run to run.
const FILTERS: &[(&str, &str)] = &[
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "[time]"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "[uuid]"),
    (r"/[^\x22]*/outputs/\d{4}-\d\d-\d\d", "[day]"),
    (r"/[^\x22]*/outputs", "[outputs]"),
    (r#"("(?i:pid)"):\d+"#, "$1:[pid]"),
    (r#"("(?i:[a-z0-9_]*seconds)"):[0-9.e-]+"#, "$1:[seconds]"),
    // How far a training has come when it is asked.
    (r#"("(?i:state)"):"(queued|preparing|running)""#, "$1:[active]"),
    (r#"("(?i:rows)"):\[(?:\{[^}]*\},?)*\]"#, "$1:[rows]"),
    (r#"("(?i:step|epoch|progress|loss)"):[0-9.e-]+"#, "$1:[so far]"),
    (r#","(?i:checkpoint_?path)":"[^"]*""#, ""),
    (r#","(?i:estimated_?seconds_?remaining)":\[seconds\]"#, ""),
    (r"([0-9a-f]{64})", "[sha256]"),
];

#[test]
fn documented_snake() {
    check(true, Dialect::Snake);
}

#[test]
fn documented_pascal() {
    check(true, Dialect::Pascal);
}

#[test]
fn documented_camel() {
    check(true, Dialect::Camel);
}

#[test]
fn direct_snake() {
    check(false, Dialect::Snake);
}

#[test]
fn direct_pascal() {
    check(false, Dialect::Pascal);
}

#[test]
fn direct_camel() {
    check(false, Dialect::Camel);
}

#[test]
fn the_gateways_own_actions_are_unknown_here() {
    let mut sim = Sim::start(&[]);
    for action in Action::ALL.iter().filter(|action| action.info().class == Class::Gateway) {
        assert_eq!(sim.code(action.as_str(), json!({})), "unknown_action", "{action}");
    }
}

#[test]
fn replies_bind_to_the_classes_of_the_bridge() {
    let mut sim = Sim::start(&[]);
    sim.send(&json!({"action": "load_model", "model_path": "/models/sdxl_base.safetensors", "model_type": "SDXL", "model_id": "m"}));
    let loaded = sim.line();
    assert_eq!(loaded["Success"], true, "{loaded}");
    assert_eq!(loaded["Data"]["ModelId"], "m");
    assert!(loaded["Data"]["LoadTimeSeconds"].is_number() && loaded["Data"]["ModelSizeBytes"].is_u64());
    assert_eq!(loaded["Data"]["GpuId"], "gpu_0");

    let parameters =
        json!({"prompt": "a pier", "width": 64, "height": 72, "num_inference_steps": 1, "seed": -1});
    sim.send(&json!({"action": "generate_image", "parameters": parameters}));
    let made = sim.line();
    let data = &made["Data"];
    assert!(std::path::Path::new(data["OutputPath"].as_str().expect("a path")).is_file(), "{made}");
    assert!(data["Seed"].as_u64().is_some_and(|seed| seed <= 2_147_483_631), "{made}");
    assert_eq!((&data["Width"], &data["Height"]), (&json!(64), &json!(72)));
    assert!(data["GenerationTimeSeconds"].is_number() && data["MemoryUsedMB"].is_number());
    assert_eq!(data["FeaturesUsed"]["lora"], false);
}
