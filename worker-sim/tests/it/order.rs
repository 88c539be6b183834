//! Lines in order, out of order, events, cancels and batches.

use contracts::event;
use serde_json::{Value, json};

use crate::support::{Sim, job, submission};

const SLOW: &[&str] = &["--step-ms", "20"];

fn ids(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["request_id"].as_str().unwrap_or("-")).collect()
}

#[test]
fn without_features_lines_keep_the_order_of_the_commands() {
    let mut sim = Sim::start(SLOW);
    sim.ask_only("generate_sdxl", "a", &job(json!({})));
    sim.ask_only("get_status", "b", &json!({}));
    sim.write(b"nonsense\n");
    sim.ask_only("load_model", "c", &json!({"model_path": "sdxl_vae", "model_type": "vae"}));
    sim.ask_only("get_model_info", "d", &json!({}));
    sim.ask_only("unload_model", "e", &json!({}));
    sim.ask_only("get_model_info", "f", &json!({}));
    let lines: Vec<Value> = (0..7).map(|_| sim.line()).collect();
    assert_eq!(ids(&lines), ["a", "b", "-", "c", "d", "e", "f"]);
    // A query sees what the commands before it did, and nothing of those after it.
    assert_eq!(lines[1]["data"]["state"], "ready");
    assert_eq!(lines[1]["data"]["has_model_loaded"], true);
    assert_eq!(lines[2]["error_details"]["code"], "bad_frame", "in the dialect of the reply before it");
    assert_eq!(lines[4]["data"]["models"].as_array().map(Vec::len), Some(2));
    assert_eq!(lines[6]["data"]["models"], json!([]));
}

#[test]
fn out_of_order_a_query_overtakes_a_job() {
    let mut sim = Sim::start(&["--step-ms", "100"]);
    sim.data("initialize", json!({"features": ["out_of_order"]}));
    sim.ask_only("generate_sdxl", "a", &job(json!({"scheduler": {"steps": 10}})));
    sim.ask_only("generate_sdxl", "b", &job(json!({"scheduler": {"steps": 1}})));
    sim.ask_only("get_queue_status", "q", &json!({}));
    let queue = sim.line();
    assert_eq!(queue["request_id"], "q");
    let rows = queue["data"]["queued_requests"].as_array().expect("rows");
    assert_eq!(
        rows.iter().map(|row| (&row["request_id"], &row["status"])).collect::<Vec<_>>(),
        [(&json!("a"), &json!("running")), (&json!("b"), &json!("queued"))]
    );
    sim.ask_only("get_status", "s", &json!({}));
    assert_eq!(sim.line()["data"]["running_request_id"], "a");
    sim.ask_only("generate_sdxl", "a", &job(json!({})));
    assert_eq!(sim.line()["error_details"]["code"], "conflict", "its id is in flight");
    // What cannot be read as a command is none's reply either.
    sim.ask_only("nonsense", "a", &json!({}));
    assert_eq!(sim.line()["error_details"]["code"], "conflict");
    sim.write(b"{\"action\":\"get_status\",\"request_id\":\"a\",\"payload\":{\"a\":1,\"a\":2}}\n");
    assert_eq!(sim.line()["error_details"]["code"], "conflict");
    sim.send(&json!({"action": "get_status", "payload": {}}));
    assert_eq!(sim.line()["error_details"]["field"], "/request_id");
    assert_eq!(sim.code("initialize", json!({})), "conflict");
    assert_eq!(sim.line()["request_id"], "a");
    assert_eq!(sim.line()["request_id"], "b");
}

/// All lines up to the reply of an id.
fn until(sim: &mut Sim, id: &str) -> Vec<Value> {
    let mut lines = Vec::new();
    loop {
        let line = sim.line();
        let is_last = line.get("success").is_some() && line["request_id"] == id;
        lines.push(line);
        if is_last {
            return lines;
        }
    }
}

#[test]
fn events_keep_to_their_schemas_and_count_on() {
    let mut sim = Sim::start(&["--step-ms", "1"]);
    sim.data("initialize", json!({"features": ["events", "out_of_order", "previews"]}));
    sim.ask_only(
        "generate_sdxl",
        "a",
        &job(json!({"scheduler": {"steps": 10}, "model": {"refiner": "sdxl_refiner"}})),
    );
    let lines = until(&mut sim, "a");
    let (reply, events) = lines.split_last().expect("a reply");
    assert_eq!(reply["success"], true, "{reply}");
    for line in events {
        assert_eq!(event::violations(line), Some(vec![]), "{line}");
    }
    let sequence: Vec<u64> = events.iter().filter_map(|line| line["sequence"].as_u64()).collect();
    assert_eq!(sequence, (0..events.len() as u64).collect::<Vec<_>>());
    let of = |kind: &str| events.iter().filter(|line| line["event"] == kind).collect::<Vec<_>>();
    assert_eq!(of("preview").len(), 2, "every five steps");
    let stages: Vec<&str> = of("progress").iter().filter_map(|line| line["stage"].as_str()).collect();
    for stage in ["loading", "preprocessing", "denoising", "refining", "decoding", "saving"] {
        assert!(stages.contains(&stage), "{stage} is not in {stages:?}");
    }
    let shares: Vec<f64> = of("progress").iter().filter_map(|line| line["progress"].as_f64()).collect();
    assert!(shares.is_sorted(), "{shares:?}");
}

#[test]
fn events_are_spelt_as_initialize_chose() {
    let mut sim = Sim::start(&[]);
    sim.send(&json!({"action": "initialize", "features": ["events"], "dialect": "camel"}));
    assert_eq!(sim.line()["data"]["dialect"], "camel");
    sim.ask_only("generate_sdxl", "a", &job(json!({})));
    let first = sim.line();
    assert_eq!((&first["event"], &first["requestId"]), (&json!("progress"), &json!("a")), "{first}");
    // The heartbeat comes by itself.
    let mut line = first;
    while line["event"] != "heartbeat" {
        line = sim.line();
    }
    assert_eq!((&line["state"], &line["requestId"]), (&json!("ready"), &Value::Null));
}

#[test]
fn a_cancel_is_answered_after_its_target() {
    let mut sim = Sim::start(&["--step-ms", "50"]);
    sim.data("initialize", json!({"features": ["out_of_order"]}));
    sim.ask_only("generate_sdxl", "a", &job(json!({"scheduler": {"steps": 100}})));
    sim.ask_only("generate_sdxl", "b", &job(json!({})));
    sim.ask_only("cancel", "c", &json!({"target_request_id": "b"}));
    let (target, cancel) = (sim.line(), sim.line());
    assert_eq!((&target["request_id"], &target["error_details"]["code"]), (&json!("b"), &json!("cancelled")));
    assert_eq!(cancel["data"], json!({"target_request_id": "b", "was": "queued"}));
    sim.ask_only("cancel", "d", &json!({"target_request_id": "a", "attempt": 2}));
    assert_eq!(sim.line()["error_details"]["code"], "job_not_found", "it is another attempt");
    sim.ask_only("cancel", "e", &json!({"target_request_id": "a"}));
    let (target, cancel) = (sim.line(), sim.line());
    assert_eq!((&target["request_id"], &target["error_details"]["code"]), (&json!("a"), &json!("cancelled")));
    assert_eq!(cancel["data"]["was"], "running");
    sim.ask_only("cancel", "f", &json!({"target_request_id": "a"}));
    let late = sim.line();
    assert_eq!(late["error_details"]["details"]["status"], "cancelled", "{late}");
    assert_eq!(sim.data("generate_sdxl", job(json!({"scheduler": {"steps": 1}})))["steps_used"], 1);
}

#[test]
fn a_cancel_acts_when_it_is_read_though_its_line_waits() {
    let mut sim = Sim::start(&["--step-ms", "200"]);
    sim.ask_only("generate_sdxl", "a", &job(json!({"scheduler": {"steps": 150}})));
    sim.ask_only("get_status", "b", &json!({}));
    sim.ask_only("cancel", "c", &json!({"target_request_id": "a"}));
    let lines: Vec<Value> = (0..3).map(|_| sim.line()).collect();
    assert_eq!(ids(&lines), ["a", "b", "c"]);
    assert_eq!(lines[0]["error_details"]["code"], "cancelled");
}

#[test]
fn a_job_that_is_late_is_timeout() {
    let mut sim = Sim::start(&["--step-ms", "300"]);
    let reply = sim
        .ask("generate_sdxl", job(json!({"scheduler": {"steps": 150}, "metadata": {"timeout_seconds": 1}})));
    assert_eq!(reply["error_details"]["code"], "timeout", "{reply}");
    assert_eq!(sim.data("get_status", json!({}))["state"], "ready");
}

#[test]
fn a_batch_goes_on_after_a_failure_unless_told_otherwise() {
    let mut sim = Sim::start(&[]);
    let bad = submission(json!({"model": {"base": "nobody"}}));
    let requests = json!([submission(json!({})), bad, submission(json!({"hyperparameters": {"seed": 9}}))]);
    let data = sim.data("batch_generate", json!({"requests": requests}));
    assert_eq!((&data["succeeded"], &data["failed"], &data["cancelled"]), (&json!(2), &json!(1), &json!(0)));
    let failed = &data["results"][1];
    assert_eq!(failed["error_details"]["code"], "model_not_found");
    assert_eq!(failed["error_details"]["field"], "/payload/requests/1/model/base");
    assert_eq!(data["results"][2]["request_id"], "r.2");
    assert!(
        data["results"][2]["data"]["images"][0].as_str().is_some_and(|path| path.ends_with("/r.2_1_000.png"))
    );
    let data = sim.data("batch_generate", json!({"requests": requests, "continue_on_error": false}));
    assert_eq!((&data["succeeded"], &data["failed"], &data["cancelled"]), (&json!(1), &json!(1), &json!(1)));
}

#[test]
fn one_request_of_a_batch_can_be_cancelled() {
    let mut sim = Sim::start(&["--step-ms", "50"]);
    sim.data("initialize", json!({"features": ["out_of_order"]}));
    let requests = json!([
        submission(json!({"scheduler": {"steps": 100}})),
        submission(json!({})),
        submission(json!({}))
    ]);
    sim.ask_only("batch_generate", "b", &json!({"requests": requests}));
    sim.ask_only("cancel", "c", &json!({"target_request_id": "b.1"}));
    assert_eq!(sim.line()["data"]["was"], "queued");
    sim.ask_only("cancel", "d", &json!({"target_request_id": "b.0"}));
    assert_eq!(sim.line()["data"], json!({"target_request_id": "b.0", "was": "running"}));
    let reply = sim.line();
    assert_eq!((&reply["data"]["succeeded"], &reply["data"]["cancelled"]), (&json!(1), &json!(2)), "{reply}");
    sim.ask_only("cancel", "e", &json!({"target_request_id": "b.2"}));
    assert_eq!(sim.line()["error_details"]["code"], "job_not_found");
}

#[test]
fn a_job_without_a_model_uses_the_current_one() {
    let mut sim = Sim::start(&[]);
    let parameters = json!({"parameters": {"prompt": "a pier", "width": 64, "height": 64, "steps": 1}});
    assert_eq!(sim.code("generate_image", parameters.clone()), "model_not_loaded");
    sim.data("load_model", json!({"model_path": "/models/mine.safetensors", "model_type": "sdxl"}));
    assert_eq!(sim.data("generate_image", parameters)["model_id"], "mine");
    assert_eq!(sim.data("get_status", json!({}))["current_model_id"], "mine");
}

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The `traceparent` of each event of a job, and of a batch, that say it.
fn traces(sim: &mut Sim) -> (Vec<Value>, Vec<Value>) {
    let job = json!({"action": "generate_sdxl", "request_id": "a", "traceparent": TRACEPARENT, "payload": job(json!({}))});
    let requests = [submission(json!({})), submission(json!({}))];
    let batch = json!({
        "action": "batch_generate", "request_id": "b", "traceparent": TRACEPARENT, "payload": {"requests": requests},
    });
    let mut of = |command: &Value, id: &str| -> Vec<Value> {
        sim.send(command);
        let mut lines = until(sim, id);
        assert_eq!(lines.pop().expect("a reply")["success"], true);
        for line in &lines {
            assert_eq!(event::violations(line), Some(vec![]), "{line}");
        }
        lines.retain(|line| !line["request_id"].is_null());
        lines.iter().map(|line| line["traceparent"].clone()).collect()
    };
    (of(&job, "a"), of(&batch, "b"))
}

#[test]
fn events_say_the_trace_of_their_command_where_it_was_agreed() {
    for (features, said) in [
        (json!(["events", "out_of_order", "previews", "trace"]), json!(TRACEPARENT)),
        (json!(["events", "out_of_order", "previews"]), Value::Null),
    ] {
        let mut sim = Sim::start(&[]);
        assert_eq!(sim.data("initialize", json!({"features": features}))["features"], features);
        let (of_job, of_batch) = traces(&mut sim);
        assert!(!of_job.is_empty() && of_job.iter().all(|trace| *trace == said), "{of_job:?}");
        assert!(!of_batch.is_empty() && of_batch.iter().all(|trace| *trace == said), "{of_batch:?}");
        sim.ask_only("generate_sdxl", "c", &job(json!({})));
        assert!(until(&mut sim, "c").iter().all(|line| line.get("traceparent").is_none()));
    }
}

#[test]
fn a_worker_of_before_refuses_the_feature_and_the_field() {
    let mut sim = Sim::start(&["--fault", "no_trace"]);
    sim.send(&json!({"action": "initialize", "payload": {"features": ["events", "trace"]}}));
    let refused = sim.line();
    assert_eq!(refused["error_details"]["code"], "unsupported_value", "{refused}");
    assert_eq!(refused["error_details"]["field"], "/payload/features/1", "{refused}");
    sim.send(&json!({"action": "get_status", "traceparent": TRACEPARENT, "payload": {}}));
    let refused = sim.line();
    assert_eq!(refused["error_details"]["code"], "unknown_field", "{refused}");
    assert_eq!(sim.data("initialize", json!({"features": ["events"]}))["features"], json!(["events"]));
}

#[test]
fn a_worker_that_drops_traces_says_none() {
    let mut sim = Sim::start(&["--fault", "dropped_trace"]);
    sim.data("initialize", json!({"features": ["events", "out_of_order", "trace"]}));
    let (of_job, _) = traces(&mut sim);
    assert!(!of_job.is_empty() && of_job.iter().all(Value::is_null), "{of_job:?}");
}

/// No part of a picture's record: the same bytes.
#[test]
fn a_trace_is_in_no_picture() {
    let mut sim = Sim::start(&[]);
    let mut picture = |extra: Value| {
        let mut command = json!({"action": "generate_sdxl", "payload": job(json!({}))});
        if let (Value::Object(command), Value::Object(extra)) = (&mut command, extra) {
            command.extend(extra);
        }
        sim.send(&command);
        sim.line()["data"]["image_details"][0]["sha256"].clone()
    };
    let with = picture(json!({"traceparent": TRACEPARENT}));
    assert_eq!(with, picture(json!({})));
    assert!(with.is_string());
}
