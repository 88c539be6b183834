//! Bytes to checked types against parsing to a `serde_json::Value` and against the JSON Schema validator, in one run.
//!
//! `cargo bench --profile dist -p contracts`. Read the ratios to `value`: the machines are shared.

use std::hint::black_box;

use contracts::{BUNDLE, Dialect, Writer, decode, read, read_frame, tree, types::PromptSubmission};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};

/// A submission that uses every section, about 1.5 KB in the canonical form.
fn submission() -> Value {
    let prompt = "a lighthouse on a cliff at dusk, long exposure, waves, volumetric light, (detailed:1.2), oil painting";
    json!({
        "model": {"base": "/models/sdxl_base_1.0.safetensors", "refiner": "sdxl_refiner", "vae": "sdxl_vae"},
        "scheduler": {"type": "DPM++ 2M Karras", "steps": 35, "karras_sigmas": true, "timestep_spacing": "trailing"},
        "hyperparameters": {"guidance_scale": 7.25, "seed": 1234567890123_i64, "dimensions": {"width": 1152, "height": 896},
            "batch_size": 2, "refiner_start": 0.8, "prompt_weighting": true},
        "conditioning": {"prompt": prompt, "prompt_2": prompt, "negative_prompt": "blurry, low quality, watermark, text, jpeg artefacts",
            "clip_skip": 2, "loras": [{"name": "style_a", "weight": 0.8, "adapter_name": "a"}, {"name": "style_b", "weight": -0.4}],
            "control_nets": [{"type": "canny", "image": "inputs/edges.png", "model": "cn_canny", "weight": 0.9,
                "guidance_start": 0.0, "guidance_end": 0.8, "preprocess": false},
                {"type": "depth", "image": "inputs/depth.png", "weight": 0.5}],
            "textual_inversions": [{"path": "cat-toy.safetensors", "token": "<cat-toy>"}]},
        "performance": {"device": "cuda:0", "dtype": "fp16", "optimizations": ["vae_tiling", "channels_last"]},
        "postprocessing": {"safety_checker": true, "upscaler": "Lanczos", "upscale_factor": 1.5, "output_format": "jpeg",
            "quality": 90, "auto_contrast": false},
        "metadata": {"priority": "high", "timeout_seconds": 300.0, "tags": {"team": "cats", "run id": "7"}}
    })
}

fn bench(c: &mut Criterion) {
    let document = submission();
    let canonical = serde_json::to_vec(&document).expect("it is JSON");
    let pascal =
        serde_json::to_vec(&Dialect::Pascal.spell("PromptSubmission", &document)).expect("it is JSON");
    let frame = serde_json::to_vec(&json!({"action": "generate_sdxl_enhanced",
        "request": Dialect::Pascal.spell("PromptSubmission", &document), "session_id": "s1"}))
    .expect("it is JSON");
    let mut schema: Value = serde_json::from_str(BUNDLE).expect("the bundle is JSON");
    schema["$ref"] = "#/$defs/PromptSubmission".into();
    let validator = jsonschema::validator_for(&schema).expect("the bundle is a schema");

    // What is measured must be the success of what is claimed.
    assert!(validator.is_valid(&document));
    let typed: PromptSubmission = serde_json::from_slice(&canonical).expect("canonical decodes");
    assert_eq!(typed, decode::<PromptSubmission>(&pascal).expect("pascal decodes"));
    assert!(typed.keeps_rules());
    assert!(read_frame(&frame).expect("it is a command").reading.is_valid());

    let mut group = c.benchmark_group("submission");
    group.throughput(Throughput::Bytes(canonical.len() as u64));
    group.bench_function("value", |b| {
        b.iter(|| serde_json::from_slice::<Value>(black_box(&canonical)).unwrap());
    });
    group.bench_function("canonical_checked", |b| {
        b.iter(|| {
            let submission: PromptSubmission = serde_json::from_slice(black_box(&canonical)).unwrap();
            assert!(submission.keeps_rules());
            submission
        });
    });
    group.bench_function("pascal_checked", |b| {
        b.iter(|| {
            let submission: PromptSubmission = decode(black_box(&pascal)).unwrap();
            assert!(submission.keeps_rules());
            submission
        });
    });
    group.bench_function("value_and_validator", |b| {
        b.iter(|| {
            let value: Value = serde_json::from_slice(black_box(&canonical)).unwrap();
            assert!(validator.is_valid(&value));
            value
        });
    });
    group.bench_function("reading_of_pascal", |b| {
        b.iter(|| read("PromptSubmission", &tree::parse(black_box(&pascal)).unwrap().tree, Writer::Sender));
    });
    group.bench_function("frame_of_pascal", |b| b.iter(|| read_frame(black_box(&frame)).unwrap()));
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
