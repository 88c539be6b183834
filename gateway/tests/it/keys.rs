//! Idempotency keys over HTTP.

use serde_json::{Value, json};

use crate::rig::{HttpResponse, Rig, job, long_job, within};

async fn keyed(rig: &Rig, key: &str, command: &Value) -> HttpResponse {
    rig.send_request(rig.request("POST", "/v1/commands").header("idempotency-key", key).json(command)).await
}

#[tokio::test]
async fn clients_of_one_key_get_one_job_and_one_reply() {
    let rig = Rig::with(1, "", &["--step-ms", "2"]).await;
    let command = job("generate_sdxl");
    let all = futures::future::join_all((0..8).map(|_| keyed(&rig, "one", &command))).await;
    for response in &all {
        assert_eq!(response.status, 200, "{response:?}");
        assert_eq!(response.body, all[0].body);
    }
    let jobs = rig.get("/v1/jobs").await;
    assert_eq!(jobs.body["data"]["jobs"].as_array().unwrap().len(), 1, "{jobs:?}");
    assert_eq!(keyed(&rig, "one", &job("enhanced_sdxl")).await.code(), "conflict");
    rig.stop().await;
}

#[tokio::test]
async fn the_key_of_a_refused_request_may_be_used_again() {
    let rig = Rig::with(1, "", &[]).await;
    let mut refused = job("generate_sdxl");
    refused["payload"]["prompt_submission"]["conditioning"]["init_image"] = "upload:nobody".into();
    assert_eq!(keyed(&rig, "again", &refused).await.code(), "upload_not_found");
    assert_eq!(keyed(&rig, "again", &job("generate_sdxl")).await.body["success"], true);
    rig.stop().await;
}

#[tokio::test]
async fn a_worker_that_answers_slowly_under_one_key_holds_up_no_other() {
    let rig = Rig::with(2, "", &["--fault", "slow:3000@validate_model_files"]).await;
    let slow = json!({"action": "validate_model_files", "payload": {"model_paths": ["/models/sdxl_base.safetensors"]}});
    {
        let mut waiting = std::pin::pin!(keyed(&rig, "slow", &slow));
        let quick = job("generate_sdxl");
        let other = keyed(&rig, "quick", &quick);
        tokio::select! {
            biased;
            response = &mut waiting => panic!("the slow one came first: {response:?}"),
            response = other => assert_eq!(response.body["success"], true, "{response:?}"),
        }
        within(waiting).await;
    }
    rig.stop().await;
}

#[tokio::test]
async fn a_key_whose_record_is_gone_says_so_and_runs_nothing() {
    let rig = Rig::with(1, "records_max = 1\n", &[]).await;
    let mut first = job("generate_sdxl");
    first["request_id"] = "first".into();
    assert_eq!(keyed(&rig, "k", &first).await.body["success"], true);
    assert_eq!(rig.command(&job("generate_sdxl")).await.body["success"], true);
    let gone = keyed(&rig, "k", &first).await;
    assert_eq!((gone.status, gone.code()), (404, "job_not_found"), "{gone:?}");
    assert_eq!(gone.body["error_details"]["details"]["request_id"], "first");
    rig.stop().await;
}

#[tokio::test]
async fn a_key_stands_for_its_job_and_not_for_the_next_of_the_same_id() {
    let rig = Rig::with(1, "", &[]).await;
    let mut command = job("generate_sdxl");
    command["request_id"] = "same".into();
    command["payload"]["prompt_submission"]["hyperparameters"]["seed"] = 1.into();
    assert_eq!(keyed(&rig, "k", &command).await.body["data"]["seed_used"], 1);
    let mut other = command.clone();
    other["payload"]["prompt_submission"]["hyperparameters"]["seed"] = 2.into();
    assert_eq!(rig.command(&other).await.body["data"]["seed_used"], 2);
    assert_eq!(keyed(&rig, "k", &command).await.body["data"]["seed_used"], 1);
    rig.stop().await;
}

#[tokio::test]
async fn no_more_keys_are_kept_than_the_configuration_says() {
    let rig = Rig::with(1, "[keep]\nkeys_max = 1\n", &[]).await;
    let command = job("generate_sdxl");
    assert_eq!(keyed(&rig, "a", &command).await.body["success"], true);
    let full = keyed(&rig, "b", &command).await;
    assert_eq!((full.status, full.code()), (429, "rate_limited"), "{full:?}");
    assert!(full.headers.contains_key("retry-after"));
    assert_eq!(keyed(&rig, "a", &command).await.body["success"], true);
    assert_eq!(rig.command(&command).await.body["success"], true);
    rig.stop().await;
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let rig = Rig::with(1, "", &[]).await;
    let command = job("generate_sdxl");
    for key in ["", "two words", &"x".repeat(256), "ä"] {
        let refused = keyed(&rig, key, &command).await;
        assert_eq!((refused.status, refused.code()), (422, "unsupported_value"), "{key}: {refused:?}");
    }
    let twice = rig.request("POST", "/v1/commands").header("idempotency-key", "a");
    let twice = rig.send_request(twice.header("idempotency-key", "b").json(&command)).await;
    assert_eq!(twice.code(), "bad_request", "{twice:?}");
    assert_eq!(keyed(&rig, &"x".repeat(255), &command).await.body["success"], true);
    rig.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_at_once_and_retries_under_its_key_gets_one_job() {
    let rig = Rig::with(1, "", &["--step-ms", "5"]).await;
    let command = long_job("once", 20);
    for _ in 0..5 {
        // Dropped as soon as it was sent: the acceptance goes on, however far it is.
        let request = rig.request("POST", "/v1/commands").header("idempotency-key", "k").json(&command);
        tokio::time::timeout(std::time::Duration::from_millis(3), request.send()).await.ok();
    }
    let reply = keyed(&rig, "k", &command).await;
    assert_eq!(reply.body["success"], true, "{reply:?}");
    let jobs = rig.get("/v1/jobs").await;
    assert_eq!(jobs.body["data"]["jobs"].as_array().unwrap().len(), 1, "{jobs:?}");
    rig.stop().await;
}
