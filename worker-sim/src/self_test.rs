//! The self test: draws pictures twice, inspects models, measures times.

use contracts::{DeviceKind, effective};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

use crate::{
    files,
    models::Registry,
    picture::{self, Recipe, encode::encode, recipe::Images, record::record},
};

/// One check: passed where there is no problem.
pub(crate) fn check(id: &str, name: &str, problem: Option<String>, begun: Instant) -> Value {
    let mut check = json!({
        "id": id, "name": name, "passed": problem.is_none(), "seconds": begun.elapsed().as_secs_f64(),
    });
    if let Some(problem) = problem {
        check["message"] = problem.into();
    }
    check
}

/// `SelfTestReport` of a scope; `checks`: those that the worker itself has made.
pub(crate) fn report(scope: &str, mut checks: Vec<Value>, registry: &Registry, step: Duration) -> Value {
    match scope {
        "sdxl" => checks.extend(sdxl()),
        "models" => checks.extend(models(registry)),
        "benchmark" => checks.extend(benchmark(step)),
        _ => {}
    }
    let failed = checks.iter().filter(|check| check["passed"] == false).count();
    json!({"passed": checks.len() - failed, "failed": failed, "checks": checks})
}

fn small(change: Value) -> Value {
    let mut submission = json!({
        "model": {"base": "sdxl_base"}, "conditioning": {"prompt": "a pier"}, "scheduler": {"steps": 4},
        "hyperparameters": {"dimensions": {"width": 64, "height": 64}, "seed": 1},
    });
    if let (Value::Object(submission), Value::Object(change)) = (&mut submission, change) {
        for (section, members) in change {
            match (submission.entry(section).or_insert_with(|| json!({})), members) {
                (Value::Object(known), Value::Object(members)) => known.extend(members),
                (known, members) => *known = members,
            }
        }
    }
    effective(&submission, DeviceKind::Gpu)
}

fn bytes(change: Value) -> anyhow::Result<Vec<u8>> {
    let whole = small(change);
    let recipe = Recipe::of(&whole, Images::default());
    let (image, _) = picture::finish(&recipe, picture::paint(&recipe, 1));
    encode(&image, "png", 95, &record(&whole, 1, &Default::default()))
}

fn sdxl() -> Vec<Value> {
    let plain = bytes(json!({}));
    let features = [
        ("lora", json!({"conditioning": {"loras": [{"name": "/models/lora.safetensors", "weight": 1.0}]}})),
        ("refiner", json!({"model": {"refiner": "sdxl_refiner"}})),
        ("custom_vae", json!({"model": {"vae": "sdxl_vae"}})),
        ("upscaler", json!({"postprocessing": {"upscaler": "Lanczos"}})),
        ("auto_contrast", json!({"postprocessing": {"auto_contrast": true}})),
        ("negative_prompt", json!({"conditioning": {"negative_prompt": "fog"}})),
        ("scheduler", json!({"scheduler": {"type": "Euler"}})),
    ];
    let begun = Instant::now();
    let repeats = match (&plain, &bytes(json!({}))) {
        (Ok(first), Ok(second)) if first == second => None,
        (Ok(_), Ok(_)) => Some("the same request gave other bytes".to_owned()),
        (Err(err), _) | (_, Err(err)) => Some(err.to_string()),
    };
    let first = check("sdxl.deterministic", "the same request and seed give the same bytes", repeats, begun);
    let rest = features.into_iter().map(|(name, change)| {
        let begun = Instant::now();
        let problem = match (bytes(change), &plain) {
            (Ok(changed), Ok(plain)) => (changed == *plain).then(|| "it changes nothing".to_owned()),
            (Err(err), _) => Some(err.to_string()),
            // The plain picture failed: the first check reports why.
            (Ok(_), Err(_)) => Some("there is no picture to compare with".to_owned()),
        };
        check(&format!("sdxl.{name}"), &format!("{name} changes the picture"), problem, begun)
    });
    std::iter::once(first).chain(rest).collect()
}

fn models(registry: &Registry) -> Vec<Value> {
    ["sdxl_base", "sdxl_refiner", "sdxl_vae"]
        .into_iter()
        .map(|id| {
            let begun = Instant::now();
            let found = files::inspect(registry, id, false);
            let problem = (found["is_valid"] != true).then(|| found["issues"].to_string());
            check(&format!("models.{id}"), &format!("{id} is there and sound"), problem, begun)
        })
        .collect()
}

fn benchmark(step: Duration) -> Vec<Value> {
    [64u32, 512]
        .into_iter()
        .map(|side| {
            let begun = Instant::now();
            let made =
                bytes(json!({"hyperparameters": {"dimensions": {"width": side, "height": side}, "seed": 1}}));
            let problem = made.err().map(|err| err.to_string());
            let mut row =
                check(&format!("benchmark.{side}"), &format!("a {side}x{side} picture"), problem, begun);
            row["message"] = format!("painted and encoded; a step is set to {} ms", step.as_millis()).into();
            row
        })
        .collect()
}
