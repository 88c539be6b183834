//! Several workers as one.

use serde_json::json;

use crate::rig::{Rig, job, long_job, submission, within};

#[tokio::test]
async fn the_pool_answers_as_one_and_for_each() {
    let rig = Rig::start(&[]).await;
    let status = rig.get("/v1/gpus").await.body["data"].clone();
    let gpus = status["gpus"].as_array().unwrap();
    assert_eq!(gpus.len(), 2);
    let total = |of: &serde_json::Value| of["memory_stats"]["vram_total_bytes"].as_u64().unwrap();
    assert_eq!(total(&status), total(&gpus[0]) + total(&gpus[1]));
    let one = rig.command(&json!({"action": "get_status", "gpu_id": "gpu_1"})).await.body["data"].clone();
    assert_eq!(one["gpu_id"], "gpu_1");
    assert!(one.get("gpus").is_none());
    let abilities = rig.get("/v1/capabilities").await.body["data"].clone();
    assert_eq!(abilities["gpus"].as_array().unwrap().len(), 2);
    assert_eq!(abilities["max_resolution"], abilities["gpus"][0]["max_resolution"]);
    rig.stop().await;
}

#[tokio::test]
async fn jobs_go_where_their_model_is_and_beside_each_other() {
    let rig = Rig::start(&["--step-ms", "5"]).await;
    let load = json!({"action": "load_model", "gpu_id": "gpu_1",
                      "payload": {"model_path": "/models/other.safetensors", "model_type": "sdxl"}});
    assert_eq!(rig.command(&load).await.body["data"]["gpu_id"], "gpu_1");
    let mut command = job("generate_sdxl");
    command["payload"]["prompt_submission"]["model"]["base"] = "/models/other.safetensors".into();
    for _ in 0..3 {
        assert_eq!(rig.command(&command).await.body["data"]["gpu_id"], "gpu_1");
    }
    // A job without a model uses the loaded one, on whichever lane that is.
    let flat = json!({"action": "generate_image", "parameters": {"prompt": "x", "width": 64, "height": 64, "steps": 1}});
    let response = rig.command(&flat).await;
    assert_eq!(response.body["data"]["model_id"], "other", "{response:?}");
    rig.queue(&long_job("left", 60)).await;
    rig.queue(&long_job("right", 60)).await;
    let (left, right) = (rig.reply("left").await, rig.reply("right").await);
    assert_ne!(left["data"]["gpu_id"], right["data"]["gpu_id"]);
    rig.stop().await;
}

#[tokio::test]
async fn pins_are_respected() {
    let rig = Rig::start(&[]).await;
    for gpu in ["gpu_0", "gpu_1"] {
        let mut command = job("generate_sdxl");
        command["gpu_id"] = gpu.into();
        assert_eq!(rig.command(&command).await.body["data"]["gpu_id"], gpu);
        let mut document = submission();
        document["performance"] = json!({"device": format!("cuda:{}", &gpu[4..])});
        assert_eq!(rig.post("/v1/generate", &document).await.body["data"]["gpu_id"], gpu);
    }
    let mut document = submission();
    document["performance"] = json!({"device": "cuda:5"});
    let response = rig.post("/v1/generate", &document).await;
    assert_eq!((response.status, response.code()), (501, "unsupported_feature"), "{response:?}");
    assert_eq!(response.body["error_details"]["field"], "/performance/device");
    rig.stop().await;
}

#[tokio::test]
async fn unload_and_cleanup_go_to_all() {
    let rig = Rig::start(&[]).await;
    for gpu in ["gpu_0", "gpu_1"] {
        let load = json!({"action": "load_model", "gpu_id": gpu, "payload": {"model_path": "sdxl_base", "model_type": "sdxl"}});
        assert_eq!(rig.command(&load).await.body["success"], true);
    }
    let size = rig.get("/v1/gpus").await.body["data"]["memory_stats"]["vram_used_bytes"].as_u64().unwrap();
    let freed = rig.command(&json!({"action": "unload_model", "payload": {"model_id": "sdxl_base"}})).await;
    assert_eq!(freed.body["data"], json!({"model_ids": ["sdxl_base"], "freed_bytes": size}), "{freed:?}");
    let again = rig.command(&json!({"action": "unload_model", "payload": {"model_id": "sdxl_base"}})).await;
    assert_eq!(again.code(), "model_not_found", "{again:?}");
    assert_eq!(again.body["error_details"]["field"], "/payload/model_id");
    assert_eq!(rig.command(&json!({"action": "unload_model"})).await.body["data"]["freed_bytes"], 0);
    assert_eq!(rig.command(&json!({"action": "cleanup_memory"})).await.body["success"], true);
    rig.stop().await;
}

#[tokio::test]
async fn what_one_worker_cached_is_loaded_there() {
    let rig = Rig::start(&[]).await;
    let cache = json!({"action": "load_model_to_cache", "gpu_id": "gpu_1",
                       "payload": {"model_path": "sdxl_base", "model_type": "sdxl"}});
    assert_eq!(rig.command(&cache).await.body["success"], true);
    let load = rig.command(&json!({"action": "load_from_cache", "payload": {"model_id": "sdxl_base"}})).await;
    assert_eq!(load.body["data"]["from_cache"], true, "{load:?}");
    assert_eq!(load.body["data"]["gpu_id"], "gpu_1");
    rig.stop().await;
}

#[tokio::test]
async fn one_key_is_one_job() {
    let rig = Rig::start(&[]).await;
    let send = |body: serde_json::Value| {
        rig.send_request(rig.request("POST", "/v1/generate").header("idempotency-key", "k-1").json(&body))
    };
    let (first, second) = tokio::join!(send(submission()), send(submission()));
    assert_eq!(first.body["success"], true, "{first:?}");
    assert_eq!(first.body, second.body);
    let mut other = submission();
    other["conditioning"]["prompt"] = "another".into();
    assert_eq!(send(other).await.code(), "conflict");
    rig.stop().await;
}

#[tokio::test]
async fn one_key_is_one_request() {
    let rig = Rig::start(&[]).await;
    let send = |key: &'static str, path: &'static str, body: serde_json::Value| {
        rig.send_request(rig.request("POST", path).header("idempotency-key", key).json(&body))
    };
    let inference = json!({"model_id": "sdxl_base", "parameters": {"prompt": "x", "width": 64, "height": 64, "steps": 1}});
    let here = send("gpu", "/v1/gpus/gpu_0/inference", inference.clone()).await;
    assert_eq!(here.body["data"]["gpu_id"], "gpu_0", "{here:?}");
    let there = send("gpu", "/v1/gpus/gpu_1/inference", inference.clone()).await;
    assert_eq!((there.status, there.code()), (409, "conflict"), "{there:?}");
    assert!(there.body["request_id"].as_str().is_some_and(|id| !id.is_empty()), "an id, not none: {there:?}");
    let again = send("gpu", "/v1/gpus/gpu_0/inference?dialect=snake", inference).await;
    assert_eq!(again.body, here.body);
    let test = send("test", "/v1/tests/sdxl", json!({})).await;
    assert_eq!(test.body["success"], true, "{test:?}");
    assert_eq!(send("test", "/v1/tests/models", json!({})).await.code(), "conflict");
    send("query", "/v1/generate", submission()).await;
    assert_eq!(send("query", "/v1/generate?gpu_id=gpu_1", submission()).await.code(), "conflict");
    rig.stop().await;
}

#[tokio::test]
async fn a_job_that_is_accepted_again_says_where_it_stands() {
    let rig = Rig::with(1, "", &[]).await;
    let send = || {
        let request = rig.request("POST", "/v1/generate").json(&submission());
        rig.send_request(request.header("idempotency-key", "k").header("prefer", "respond-async"))
    };
    let first = send().await;
    assert_eq!(first.status, 202, "{first:?}");
    rig.reply(first.body["request_id"].as_str().unwrap()).await;
    let again = send().await;
    assert_eq!((again.status, &again.body["request_id"]), (202, &first.body["request_id"]));
    assert_eq!(again.body["status"], "completed", "{again:?}");
    rig.stop().await;
}

#[tokio::test]
async fn a_training_is_asked_of_the_gpu_that_has_it() {
    let rig = Rig::start(&["--step-ms", "1"]).await;
    std::fs::create_dir(rig.dir.path().join("set")).unwrap();
    let picture = image::RgbImage::from_pixel(64, 64, image::Rgb([200, 20, 20]));
    picture.save(rig.dir.path().join("set/one.png")).unwrap();
    std::fs::write(rig.dir.path().join("set/one.txt"), "a red square").unwrap();
    let start = json!({"action": "start_sdxl_training", "payload": {
        "training_type": "LoRA", "base_model": "sdxl_base", "training_data": rig.dir.path().join("set"),
        "hyperparameters": {"max_steps": 20, "resolution": 64},
    }});
    let mut events = rig.dispatcher.pool().pool_events();
    let started = rig.command(&start).await;
    assert_eq!(started.body["success"], true, "{started:?}");
    let id = started.body["data"]["training_id"].as_str().unwrap();
    let status = rig.get(&format!("/v1/training/{id}")).await;
    assert_eq!(status.body["data"]["training_id"], id, "{status:?}");
    assert_eq!(rig.get("/v1/training/nobody").await.code(), "training_not_found");
    assert_eq!(within(events.recv()).await.unwrap()["training_id"], id);
    // Each GPU is asked for it: one has it, and the other is refused without being asked.
    let mut found = Vec::new();
    for gpu in ["gpu_0", "gpu_1"] {
        for action in ["get_training_status", "get_training_history", "stop_training"] {
            let command = json!({"action": action, "gpu_id": gpu, "payload": {"training_id": id}});
            let response = rig.command(&command).await;
            if response.code() == "training_not_found" {
                let details = &response.body["error_details"];
                assert_eq!(details["field"], "/gpu_id", "{response:?}");
                assert_ne!(details["details"]["gpu_id"], gpu, "{response:?}");
            } else {
                found.push((gpu, action));
            }
        }
    }
    let gpu = found[0].0;
    assert!(found.len() == 3 && found.iter().all(|(other, _)| *other == gpu), "{found:?}");
    rig.stop().await;
}

#[tokio::test]
async fn a_gpu_that_takes_no_effect_is_warned_about() {
    let rig = Rig::start(&[]).await;
    for (action, payload) in [
        ("list_jobs", json!({})),
        ("get_queue_status", json!({})),
        ("cancel", json!({"target_request_id": "nobody"})),
    ] {
        let command = json!({"action": action, "gpu_id": "gpu_1", "payload": payload});
        let response = rig.command(&command).await;
        let warning = &response.body["warning_details"][0];
        assert_eq!(
            (&warning["code"], &warning["pointer"]),
            (&json!("no_effect"), &json!("/gpu_id")),
            "{response:?}"
        );
    }
    for action in ["get_status", "initialize", "cleanup_memory"] {
        let response = rig.command(&json!({"action": action, "gpu_id": "gpu_1"})).await;
        assert_eq!((response.status, &response.body["warnings"]), (200, &json!([])), "{response:?}");
    }
    rig.stop().await;
}
