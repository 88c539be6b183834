//! Every fault shows, and only where it is told to strike.

use serde_json::{Value, json};

use crate::support::{Sim, job};

fn with(fault: &str) -> Sim {
    Sim::start(&["--step-ms", "5", "--fault", fault])
}

/// Asks and does not wait.
fn poke(sim: &mut Sim) {
    sim.ask_only("get_status", "r", &json!({}));
}

fn exit_code(sim: &mut Sim) -> Option<i32> {
    sim.wait().0.code()
}

#[test]
fn every_fault_is_said_on_stderr() {
    let mut sim = with("garbage~0.5@get_status");
    sim.close();
    sim.wait();
    assert!(sim.stderr().contains("this worker misbehaves: garbage~0.5@get_status"));
}

#[test]
fn crashes() {
    let mut sim = with("crash_before_ready");
    assert_eq!(exit_code(&mut sim), Some(70));
    assert_eq!(exit_code(&mut with("misconfigured")), Some(78));
    for fault in ["crash_before_ready:/", "misconfigured:/"] {
        assert_eq!(with(fault).data("get_status", json!({}))["state"], "ready", "its file is there");
    }
    for place in ["read", "run", "reply"] {
        let mut sim = with(&format!("crash:{place}@generate_sdxl"));
        assert_eq!(sim.data("get_status", json!({}))["state"], "ready");
        sim.ask_only("generate_sdxl", "r", &job(json!({})));
        assert!(sim.has_no_more_lines(), "{place}");
        assert_eq!(exit_code(&mut sim), Some(70), "{place}");
    }
    let mut sim = with("crash@generate_sdxl@attempt=1");
    sim.send(&json!({"action": "generate_sdxl", "attempt": 2, "payload": job(json!({}))}));
    assert_eq!(sim.line()["success"], true);
}

#[test]
fn a_lost_device_fails_what_runs_and_what_waits_and_exits() {
    let mut sim = with("device_lost@generate_sdxl");
    for id in ["runs", "waits"] {
        sim.ask_only("generate_sdxl", id, &job(json!({})));
    }
    let (first, second) = (sim.line(), sim.line());
    for reply in [&first, &second] {
        assert_eq!(reply["error_details"]["code"], "worker_crashed", "{reply}");
    }
    assert_eq!((&first["request_id"], &second["request_id"]), (&json!("runs"), &json!("waits")));
    assert_eq!(first["error_details"].get("details"), None, "{first}");
    assert_eq!(second["error_details"]["details"]["started"], false, "{second}");
    assert_eq!(exit_code(&mut sim), Some(70));
}

#[test]
fn a_hung_process_says_nothing_more() {
    let mut sim = with("hang@1");
    assert_eq!(sim.data("get_status", json!({}))["state"], "ready");
    poke(&mut sim);
    sim.close();
    // What ends it is the kill, so nothing can be waited for but the note on stderr.
    loop {
        let line = sim.stderr_line();
        if line.contains("fault hang") {
            break;
        }
    }
}

#[test]
fn a_hung_job_hides_behind_heartbeats() {
    let mut sim = with("hang:job@generate_sdxl");
    sim.data("initialize", json!({"features": ["events", "out_of_order"]}));
    sim.ask_only("generate_sdxl", "j", &job(json!({})));
    sim.ask_only("cancel", "c", &json!({"target_request_id": "j"}));
    let mut silence = 0.0;
    while silence < 1.5 {
        let line = sim.line();
        assert_eq!(line["event"], "heartbeat", "{line}");
        silence = line["last_progress_seconds"].as_f64().expect("seconds");
    }
    assert_eq!(sim.data("get_status", json!({}))["state"], "running");
}

#[test]
fn a_slow_reply_comes_late() {
    let mut sim = with("slow:300@get_status");
    let begun = std::time::Instant::now();
    sim.data("get_status", json!({}));
    assert!(begun.elapsed().as_millis() >= 300);
}

#[test]
fn lines_that_are_no_replies() {
    let mut sim = with("garbage:oh@get_status");
    poke(&mut sim);
    assert_eq!(sim.raw(), "oh");
    assert_eq!(sim.line()["success"], true);

    let mut sim = with("banner:hello");
    assert_eq!(sim.raw(), "hello");

    let mut sim = with("partial_line@0");
    poke(&mut sim);
    poke(&mut sim);
    assert!(serde_json::from_str::<Value>(&sim.raw()).is_err());

    let mut sim = with("huge_line:5000@get_status");
    poke(&mut sim);
    assert_eq!(sim.raw().len(), 5000);

    let mut sim = with("huge_line@get_status");
    poke(&mut sim);
    assert_eq!(sim.raw().len(), (16 << 20) + 1);
}

#[test]
fn replies_too_many_too_few_and_anothers() {
    let mut sim = with("double_reply@0");
    poke(&mut sim);
    assert_eq!(sim.raw(), sim.raw());

    let mut sim = with("missing_reply@0");
    poke(&mut sim);
    sim.ask_only("get_status", "second", &json!({}));
    assert_eq!(sim.line()["request_id"], "second");

    let mut sim = with("wrong_id@get_status");
    poke(&mut sim);
    assert_eq!(sim.line()["request_id"], "somebody-else");
}

#[test]
fn replies_that_break_their_schema() {
    let mut sim = with("nan@get_status");
    poke(&mut sim);
    assert!(sim.raw().contains(":NaN"));

    let mut sim = with("nan:uptime_seconds@get_status");
    sim.send(&json!({"action": "get_status"}));
    assert!(sim.raw().contains("\"UptimeSeconds\":NaN"));

    let mut sim = with("wrong_type:uptime_seconds@get_status");
    assert!(sim.ask("get_status", json!({}))["data"]["uptime_seconds"].is_string());

    let mut sim = with("dropped_field:state@get_status");
    assert!(sim.ask("get_status", json!({}))["data"].get("state").is_none());

    let mut sim = with("dropped_field:warnings@get_status");
    assert!(sim.ask("get_status", json!({})).get("warnings").is_none());

    let mut sim = with("renamed_field:uptime_seconds=uptime@get_status");
    let data = sim.ask("get_status", json!({}))["data"].clone();
    assert!(data.get("uptime_seconds").is_none() && data["uptime"].is_number(), "{data}");

    let mut sim = with("snake_for_pascal@get_status");
    sim.send(&json!({"action": "get_status"}));
    assert!(sim.line()["data"]["uptime_seconds"].is_number());
}

#[test]
fn success_without_effect() {
    let mut sim = with("success_without_effect");
    let data = sim.data("generate_sdxl", job(json!({})));
    assert!(!std::path::Path::new(data["images"][0].as_str().expect("a path")).exists());
    sim.data("load_model", json!({"model_path": "sdxl_vae", "model_type": "vae"}));
    let info = sim.data("get_model_info", json!({}));
    assert!(!info.to_string().contains("sdxl_vae"), "{info}");
}

#[test]
fn out_of_memory_is_told_with_numbers_and_the_worker_goes_on() {
    let mut sim = with("out_of_memory@0");
    let reply = sim.ask("generate_sdxl", job(json!({})));
    assert_eq!(reply["error_details"]["code"], "out_of_memory");
    assert!(reply["error_details"]["details"]["needed_bytes"].is_u64(), "{reply}");
    assert_eq!(sim.data("generate_sdxl", job(json!({})))["steps_used"], 4);
}

#[test]
fn events_out_of_measure_and_out_of_turn() {
    let mut sim = with("event_storm:500@generate_sdxl");
    sim.data("initialize", json!({"features": ["events"]}));
    sim.ask_only("generate_sdxl", "j", &job(json!({})));
    let mut storm = 0;
    loop {
        let line = sim.line();
        storm += usize::from(line["event"] == "log");
        if line.get("success").is_some() {
            break;
        }
    }
    assert_eq!(storm, 500);

    let mut sim = with("event_after_reply");
    sim.data("initialize", json!({"features": ["events"]}));
    sim.ask_only("generate_sdxl", "j", &job(json!({})));
    assert_eq!(sim.reply()["success"], true);
    assert_eq!(sim.line()["request_id"], "j");
}

#[test]
fn an_ignored_cancel_lets_the_job_run_on() {
    let mut sim = Sim::start(&["--step-ms", "50", "--fault", "ignored_cancel"]);
    sim.data("initialize", json!({"features": ["out_of_order"]}));
    sim.ask_only("generate_sdxl", "j", &job(json!({})));
    sim.ask_only("cancel", "c", &json!({"target_request_id": "j"}));
    let job = sim.line();
    assert_eq!((&job["request_id"], &job["success"]), (&json!("j"), &json!(true)));
    assert_eq!(sim.line()["request_id"], "c");
}

#[test]
fn faults_heal() {
    let mut sim = Sim::start(&["--fault", "wrong_id", "--heal-after", "2"]);
    let ids: Vec<Value> = (0..3).map(|_| sim.ask("get_status", json!({}))["request_id"].clone()).collect();
    assert_eq!(ids, ["somebody-else", "somebody-else", "r"]);
}
