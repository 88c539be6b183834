//! What the worker reads is what the library reads, and what is wrong is said where it stands.

use contracts::{DeviceKind, effective, read_frame};
use serde_json::{Value, json};

use crate::support::{Sim, job, picture_file};

#[test]
fn validation_answers_the_librarys_reading() {
    let mut sim = Sim::start(&[]);
    let request = json!({
        "Model": {"Base": "sdxl_base", "Refiner": null, "Vae": ""},
        "Scheduler": {"Type": "DPM++", "Steps": 50, "SnrWeighting": false},
        "Hyperparameters": {"GuidanceScale": 7.5, "Width": 512, "NegativePrompt": "fog"},
        "Conditioning": {"Prompt": "a pier", "LoRAs": [{"Name": "/models/l.safetensors", "Scale": 0.5}], "ControlNets": null},
        "Performance": {"Device": "gpu_0", "Xformers": true},
    });
    let frame = json!({"action": "validate_request", "request": request});
    sim.send(&frame);
    let reply = sim.line();
    let library = read_frame(frame.to_string().as_bytes()).expect("a command");
    let document = &library.reading.document().expect("it is read")["prompt_submission"];
    assert_eq!(reply["Data"]["Valid"], true, "{reply}");
    assert_eq!(reply["Data"]["Normalized"], *document);
    assert_eq!(reply["Data"]["Effective"], effective(document, DeviceKind::Gpu));
    let said: Vec<&str> = library.reading.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(reply["Data"]["Warnings"], json!(said));
}

/// The code and the pointer of the first error of a validation.
fn verdict(sim: &mut Sim, change: Value) -> (String, String) {
    let data = sim.data("validate_request", job(change));
    assert_eq!(data["valid"], data["errors"] == json!([]), "{data}");
    let first = &data["errors"][0];
    let text = |name: &str| first[name].as_str().unwrap_or_default().to_owned();
    (text("code"), text("pointer"))
}

#[test]
fn what_is_not_here_is_said_before_the_job() {
    let mut sim = Sim::start(&[]);
    picture_file(&sim.inputs().join("a.png"), 64, 64, 1);
    std::fs::write(sim.inputs().join("b.png"), "no picture").expect("a file");
    let at = |rest: &str| format!("/payload/prompt_submission/{rest}");
    let cases = [
        (json!({"model": {"base": "nobody"}}), "model_not_found", "model/base"),
        (json!({"model": {"base": "sdxl_vae"}}), "model_invalid", "model/base"),
        (json!({"model": {"base": "/models/x.ckpt"}}), "model_invalid", "model/base"),
        (json!({"model": {"base": "/models/../etc/passwd"}}), "path_not_allowed", "model/base"),
        (
            json!({"conditioning": {"loras": [{"name": "detail"}]}}),
            "model_not_found",
            "conditioning/loras/0/name",
        ),
        (json!({"conditioning": {"clip_skip": 12}}), "out_of_range", "conditioning/clip_skip"),
        (json!({"conditioning": {"init_image": "b.png"}}), "image_invalid", "conditioning/init_image"),
        (json!({"conditioning": {"init_image": "c.png"}}), "image_invalid", "conditioning/init_image"),
        (json!({"conditioning": {"init_image": "upload:1"}}), "upload_not_found", "conditioning/init_image"),
        (json!({"conditioning": {"init_image": "../a.png"}}), "path_not_allowed", "conditioning/init_image"),
        (
            json!({"conditioning": {"init_image": "http://a/b.png"}}),
            "image_invalid",
            "conditioning/init_image",
        ),
        (
            json!({"conditioning": {"reference_images": ["a.png"]}}),
            "unsupported_feature",
            "conditioning/reference_images",
        ),
        (json!({"performance": {"device": "cuda:1"}}), "unsupported_feature", "performance/device"),
        (json!({"performance": {"device": "cpu"}}), "unsupported_feature", "performance/device"),
        (json!({"scheduler": {"type": "LCM", "steps": 51}}), "out_of_range", "scheduler/steps"),
        (json!({"scheduler": {"steps": 151}}), "out_of_range", "scheduler/steps"),
    ];
    for (change, code, pointer) in cases {
        let said = change.to_string();
        assert_eq!(verdict(&mut sim, change), (code.to_owned(), at(pointer)), "{said}");
    }
    assert_eq!(verdict(&mut sim, json!({"conditioning": {"init_image": "a.png"}})).0, "");
}

#[test]
fn a_job_that_does_not_fit_is_out_of_range() {
    let mut sim = Sim::start(&["--vram-mb", "8000"]);
    let large = json!({"hyperparameters": {"dimensions": {"width": 2048, "height": 2048}, "batch_size": 16}});
    let (code, pointer) = verdict(&mut sim, large.clone());
    assert_eq!((code.as_str(), pointer.rsplit('/').next()), ("out_of_range", Some("batch_size")));
    assert_eq!(sim.data("get_performance_estimate", job(large.clone()))["fits"], false);
    assert_eq!(sim.code("generate_sdxl", job(large)), "out_of_range");
    let mut small = Sim::start(&["--vram-mb", "1000"]);
    assert_eq!(small.code("generate_sdxl", job(json!({}))), "out_of_memory");
}

#[test]
fn what_does_not_fit_is_told_where_it_was_written() {
    // A base, its context, and 27 MiB to work in.
    let mut sim = Sim::start(&["--vram-mb", "6900"]);
    let mut place = |hyperparameters: Value| {
        let job = json!({
            "model": {"base": "sdxl_base"}, "conditioning": {"prompt": "a pier"},
            "hyperparameters": hyperparameters,
        });
        let fields = json!({"prompt_submission": job});
        let said = sim.data("validate_request", fields.clone())["errors"][0].clone();
        let failed = sim.ask("generate_sdxl", fields)["error_details"].clone();
        assert_eq!((&said["code"], &said["pointer"]), (&failed["code"], &failed["field"]), "{failed}");
        assert_eq!(said["code"], "out_of_range", "{said}");
        said["pointer"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned()
    };
    assert_eq!(place(json!({"dimensions": {"width": 2048}})), "width");
    assert_eq!(place(json!({"dimensions": {"height": 2048}})), "height");
    assert_eq!(place(json!({"dimensions": {"width": 2048, "height": 2048}})), "height");
    assert_eq!(place(json!({})), "width");
    // A batch is to blame where one picture of it would fit.
    assert_eq!(place(json!({"dimensions": {"height": 2048}, "batch_size": 2})), "height");
    assert_eq!(place(json!({"dimensions": {"width": 512, "height": 512}, "batch_size": 16})), "batch_size");
}

#[test]
fn a_model_of_another_type_is_refused_wherever_it_is_named() {
    let mut sim = Sim::start(&[]);
    let at = |rest: &str| format!("/payload/prompt_submission/{rest}");
    let lora = "loras/style.safetensors";
    let cases = [
        (json!({"model": {"base": lora}}), "model/base"),
        (json!({"model": {"base": "/models/style_lora.safetensors"}}), "model/base"),
        (json!({"model": {"base": "controlnet_canny.safetensors"}}), "model/base"),
        (json!({"model": {"refiner": "sdxl_base"}}), "model/refiner"),
        (json!({"model": {"vae": lora}}), "model/vae"),
        (json!({"model": {"text_encoder": lora}}), "model/text_encoder"),
        (json!({"conditioning": {"loras": [{"name": "sdxl_vae"}]}}), "conditioning/loras/0/name"),
        (
            json!({"conditioning": {"loras": [{"name": lora}, {"name": "embeddings/cat.safetensors"}]}}),
            "conditioning/loras/1/name",
        ),
        (
            json!({"conditioning": {"textual_inversions": [{"token": "<cat>", "path": lora}]}}),
            "conditioning/textual_inversions/0/path",
        ),
        (
            json!({"conditioning": {"control_nets": [{"type": "canny", "model": lora, "image": "a.png"}]}}),
            "conditioning/control_nets/0/model",
        ),
    ];
    picture_file(&sim.inputs().join("a.png"), 64, 64, 1);
    for (change, pointer) in cases {
        let said = change.to_string();
        assert_eq!(verdict(&mut sim, change), ("model_invalid".to_owned(), at(pointer)), "{said}");
    }
    let as_base = json!({"model_path": lora, "model_type": "sdxl"});
    assert_eq!(sim.code("load_model", as_base), "model_invalid");
    assert_eq!(verdict(&mut sim, json!({"conditioning": {"loras": [{"name": lora}]}})).0, "");
    // A name that tells nothing is whatever it is named as.
    let plain = "style.safetensors";
    for change in [json!({"model": {"base": plain}}), json!({"conditioning": {"loras": [{"name": plain}]}})] {
        assert_eq!(verdict(&mut sim, change).0, "");
    }
}

#[test]
fn a_file_that_says_its_type_is_no_other() {
    let layer = json!({"dtype": "F16", "shape": [1], "data_offsets": [0, 2]});
    let header = json!({"__metadata__": {"model_type": "lora"}, "lora_unet_x.alpha": layer}).to_string();
    let file = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[0; 2]].concat();
    let home = tempfile::tempdir().expect("a folder");
    let models = home.path().join("models");
    std::fs::create_dir_all(&models).expect("a folder");
    std::fs::write(models.join("mine.safetensors"), file).expect("a file");
    let root = models.to_str().expect("text").to_owned();
    let mut sim = Sim::start_in(home, &["--model-root", &root]);
    let pointer = "/payload/prompt_submission/model/base".to_owned();
    let looked = sim.data("validate_model_files", json!({"model_paths": ["mine"]}));
    assert_eq!(looked["results"][0]["detected_model_type"], "lora", "{looked}");
    let as_base = verdict(&mut sim, json!({"model": {"base": "mine"}}));
    assert_eq!(as_base, ("model_invalid".to_owned(), pointer));
    assert_eq!(verdict(&mut sim, json!({"conditioning": {"loras": [{"name": "mine"}]}})).0, "");
}

#[test]
fn a_document_that_is_none_fails_the_validation() {
    let mut sim = Sim::start(&[]);
    assert_eq!(sim.code("validate_request", json!({})), "missing_field");
    assert_eq!(sim.code("validate_request", json!({"prompt_submission": 1})), "unsupported_value");
    let data = sim.data("validate_request", json!({"prompt_submission": {}}));
    assert_eq!(data["valid"], false);
    assert_eq!(data["normalized"], json!({}));
    let data = sim.data("validate_request", json!({"prompt_submission": {"nonsense": 1}}));
    assert_eq!(
        (&data["valid"], &data["normalized"], &data["effective"]),
        (&json!(false), &Value::Null, &Value::Null)
    );
}

#[test]
fn the_optimised_request_fits_and_says_why() {
    let mut sim = Sim::start(&["--vram-mb", "9000"]);
    let large =
        job(json!({"hyperparameters": {"dimensions": {"width": 2048, "height": 2048}, "batch_size": 16}}));
    let mut fields = large;
    fields["preferences"] = json!({"priority": "memory", "preserve_quality": false});
    let data = sim.data("optimize_request", fields);
    assert_eq!(data["estimate_before"]["fits"], false);
    assert_eq!(data["estimate_after"]["fits"], true, "{data}");
    assert!(data["changes"].as_array().is_some_and(|changes| !changes.is_empty()));
    let again = json!({"prompt_submission": data["optimized_request"]});
    assert_eq!(sim.data("validate_request", again)["valid"], true);
}

#[test]
fn lines_that_are_no_frames_are_answered_and_passed_over() {
    let mut sim = Sim::start(&["--frame-bytes-max", "2000"]);
    let lines: [&[u8]; 6] = [
        b"nonsense\n",
        b"[]\n",
        b"{\"action\":\"get_status\",\"request_id\":\"\xff\"}\n",
        b"{\"action\":\"get_status\",\"x\":1e999}\n",
        b"{\"action\":\"get_status\",\"x\":\"\\ud800\"}\n",
        &[b"{\"a\":".repeat(70).as_slice(), b"1", b"}".repeat(70).as_slice(), b"\n"].concat(),
    ];
    for line in lines {
        sim.write(line);
        let reply = sim.line();
        assert_eq!(reply["ErrorDetails"]["Code"], "bad_frame", "{reply}");
        assert_eq!(reply["RequestId"], Value::Null);
    }
    sim.write(&[b"x".repeat(3000).as_slice(), b"\n"].concat());
    assert_eq!(sim.line()["ErrorDetails"]["Code"], "frame_too_large");
    sim.write(b"{\"action\":\"get_status\",\"request_id\":\"a\",\"payload\":{\"x\":1,\"x\":2}}\r\n");
    let reply = sim.line();
    assert_eq!(
        (&reply["error_details"]["code"], &reply["request_id"]),
        (&json!("duplicate_field"), &json!("a"))
    );
    // In the dialect of the reply before it.
    sim.write(b"nonsense\n");
    assert_eq!(sim.line()["error_details"]["code"], "bad_frame");
    assert_eq!(sim.data("get_status", json!({}))["state"], "ready");
}

#[test]
fn a_bom_before_the_first_frame_is_read_over() {
    let mut sim = Sim::start(&[]);
    sim.write(b"\xEF\xBB\xBF\n\r\n{\"action\":\"get_status\",\"payload\":{}}\r\n");
    assert_eq!(sim.line()["success"], true);
}

#[test]
fn envelopes_for_others_are_refused() {
    let mut sim = Sim::start(&["--gpu", "gpu_3"]);
    sim.send(&json!({"action": "get_status", "request_id": "a", "gpu_id": "gpu_0", "payload": {}}));
    assert_eq!(sim.line()["error_details"]["code"], "unsupported_feature");
    sim.send(&json!({"action": "get_status", "request_id": "a", "gpu_id": "gpu_3", "payload": {}}));
    assert_eq!(sim.line()["data"]["gpu_id"], "gpu_3");
    assert_eq!(sim.code("initialize", json!({"device_index": 0})), "unsupported_feature");
    assert_eq!(sim.code("initialize", json!({"protocol_versions": ["2"]})), "unsupported_value");
    assert_eq!(
        sim.data("initialize", json!({"device_index": 3, "protocol_versions": ["2", "1"]}))["protocol_version"],
        "1"
    );
}
