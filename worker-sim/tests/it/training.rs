//! Trainings: run, looked up, stopped, resumed, cut off.

use contracts::event;
use serde_json::{Value, json};
use std::path::Path;

use crate::support::{Sim, data_set, job, picture_file};

fn lora(data: &str, more: Value) -> Value {
    let mut fields = json!({
        "training_type": "LoRA", "base_model": "sdxl_base", "training_data": data,
        "hyperparameters": {"max_steps": 10, "checkpoint_every": 4},
    });
    fields.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    fields
}

fn state(sim: &mut Sim, id: &str) -> Value {
    sim.data("get_training_status", json!({"training_id": id}))
}

/// Waits for a training's end by its events.
fn until_state(sim: &mut Sim, id: &str, wanted: &str) -> Vec<Value> {
    let mut events = Vec::new();
    loop {
        let line = sim.line();
        if line["event"] == "training_progress" && line["training_id"] == id {
            let is_there = line["state"] == wanted;
            events.push(line);
            if is_there {
                return events;
            }
        }
    }
}

#[test]
fn a_training_runs_to_a_file_that_loads() {
    let mut sim = Sim::start(&[]);
    let data = data_set(&sim.inputs());
    sim.data("initialize", json!({"features": ["events"]}));
    let fields =
        lora(&data, json!({"output_name": "mine", "validation_prompt": "a cat", "validation_every": 5}));
    let started = sim.data("start_training", fields.clone());
    assert_eq!(started["state"], "queued");
    let id = started["training_id"].as_str().expect("an id").to_owned();
    let events = until_state(&mut sim, &id, "completed");
    for line in &events {
        assert_eq!(event::violations(line), Some(vec![]), "{line}");
    }
    let status = state(&mut sim, &id);
    assert_eq!(
        (&status["state"], &status["step"], &status["total_epochs"]),
        (&json!("completed"), &json!(10), &json!(5))
    );
    assert_eq!(status["output_path"], started["output_path"]);
    let rows = sim.data("get_training_history", json!({"training_id": id}))["rows"].clone();
    let rows = rows.as_array().expect("rows");
    assert_eq!(rows.len(), 10);
    assert!(rows[9]["loss"].as_f64() < rows[0]["loss"].as_f64());
    let picture = rows[4]["validation_images"][0].as_str().expect("a picture");
    assert!(image::open(picture).is_ok());
    let path = &status["output_path"];
    let checked = sim.data("validate_model_files", json!({"model_paths": [path]}));
    assert_eq!(
        (&checked["results"][0]["is_valid"], &checked["results"][0]["detected_model_type"]),
        (&json!(true), &json!("lora"))
    );
    let made = sim.data("generate_sdxl", job(json!({"conditioning": {"loras": [{"name": path}]}})));
    assert_eq!(made["features_used"]["lora"], true);
    let again = sim.ask("start_training", fields);
    assert_eq!(again["error_details"]["code"], "conflict", "the name is taken");
    assert_eq!(again["error_details"]["field"], "/payload/output_name");
}

#[test]
fn while_a_training_has_the_device_others_wait_or_are_told() {
    let mut sim = Sim::start(&["--step-ms", "200"]);
    let data = data_set(&sim.inputs());
    let first = sim.data("start_training", lora(&data, json!({})))["training_id"].clone();
    let second = sim.data("start_sdxl_training", lora(&data, json!({})))["training_id"].clone();
    assert_eq!(sim.data("get_status", json!({}))["state"], "training");
    assert_eq!(sim.code("generate_sdxl", job(json!({}))), "worker_busy");
    assert_eq!(sim.code("unload_model", json!({})), "worker_busy");
    assert_eq!(state(&mut sim, second.as_str().expect("an id"))["state"], "queued");
    assert_eq!(
        sim.data("stop_training", json!({"training_id": first, "save_checkpoint": false})),
        json!({"state": "cancelled"})
    );
    assert_eq!(sim.code("stop_training", json!({"training_id": first})), "conflict");
    assert_eq!(sim.data("stop_training", json!({"training_id": second}))["state"], "paused");
    assert_eq!(sim.code("stop_training", json!({"training_id": "nobody"})), "training_not_found");
    assert_eq!(sim.data("generate_sdxl", job(json!({"scheduler": {"steps": 1}})))["steps_used"], 1);
}

#[test]
fn a_stopped_training_goes_on_where_it_was() {
    let mut sim = Sim::start(&["--step-ms", "30"]);
    let data = data_set(&sim.inputs());
    sim.data("initialize", json!({"features": ["events"]}));
    let id =
        sim.data("start_training", lora(&data, json!({})))["training_id"].as_str().expect("an id").to_owned();
    until_state(&mut sim, &id, "running");
    until_state(&mut sim, &id, "running");
    let stopped = sim.data("stop_training", json!({"training_id": id}));
    assert_eq!(stopped["state"], "paused");
    assert!(std::path::Path::new(stopped["checkpoint_path"].as_str().expect("a path")).is_file());
    let at = state(&mut sim, &id)["step"].as_u64().expect("a step");
    assert!(at > 0);
    let wrong =
        sim.ask("start_training", json!({"resume_from": id, "base_model": "/models/other.safetensors"}));
    assert_eq!(wrong["error_details"]["code"], "conflict", "{wrong}");
    let on = sim.data("start_training", json!({"resume_from": id, "hyperparameters": {"max_steps": 12}}));
    assert_eq!(on["training_id"], id.as_str());
    until_state(&mut sim, &id, "completed");
    let rows = sim.data("get_training_history", json!({"training_id": id}))["rows"].clone();
    let steps: Vec<u64> =
        rows.as_array().expect("rows").iter().filter_map(|row| row["step"].as_u64()).collect();
    assert_eq!(steps, (1..=12).collect::<Vec<_>>(), "each step once");
    assert_eq!(sim.code("start_training", json!({"resume_from": "nobody"})), "training_not_found");
}

#[test]
fn a_crash_leaves_a_failed_training_that_resumes() {
    let mut sim = Sim::start(&["--step-ms", "30"]);
    let data = data_set(&sim.inputs());
    sim.data("initialize", json!({"features": ["events"]}));
    let fields = lora(&data, json!({"hyperparameters": {"max_steps": 1000, "checkpoint_every": 2}}));
    let id = sim.data("start_training", fields)["training_id"].as_str().expect("an id").to_owned();
    for _ in 0..5 {
        until_state(&mut sim, &id, "running");
    }
    sim.kill();
    let mut sim = Sim::start_in(sim.into_home(), &[]);
    let status = state(&mut sim, &id);
    assert_eq!(status["state"], "failed", "{status}");
    assert!(status["checkpoint_path"].is_string() && status["error"].is_string(), "{status}");
    sim.data("initialize", json!({"features": ["events"]}));
    let on = sim.data("start_training", json!({"resume_from": id, "hyperparameters": {"max_steps": 8}}));
    assert_eq!(on["state"], "queued");
    until_state(&mut sim, &id, "completed");
    assert!(state(&mut sim, &id).get("error").is_none());
}

#[test]
fn the_end_of_stdin_pauses_a_training() {
    let mut sim = Sim::start(&["--step-ms", "100"]);
    let data = data_set(&sim.inputs());
    let id =
        sim.data("start_training", lora(&data, json!({})))["training_id"].as_str().expect("an id").to_owned();
    let mut sim = Sim::start_in(sim.into_home(), &[]);
    assert_eq!(state(&mut sim, &id)["state"], "paused");
}

/// A data set and one change to it: the fault that follows.
type Changed = (&'static str, fn(&Path), &'static str, &'static str);

/// As the Python worker judges them. A pipe held up the worker for good, and a link lent what lies outside.
#[test]
fn what_lies_in_a_data_set_is_read_or_refused() {
    use std::{fs, os::unix::fs::symlink};
    fn listed(folder: &Path, rows: &str) {
        for name in ["a", "b"] {
            fs::remove_file(folder.join(name).with_extension("txt")).ok();
        }
        fs::write(folder.join("metadata.jsonl"), rows).expect("a file");
    }
    fn instead(file: &Path, target: &str) {
        fs::remove_file(file).expect("a file");
        symlink(target, file).expect("a link");
    }
    let changed: &[Changed] = &[
        (
            "pipe",
            |folder| {
                fs::remove_file(folder.join("a.txt")).expect("a caption");
                nix::unistd::mkfifo(&folder.join("a.txt"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
            },
            "validation_failed",
            "a.txt is no regular file",
        ),
        ("text_out", |f| instead(&f.join("a.txt"), "/etc/hostname"), "path_not_allowed", "a.txt leads out"),
        (
            "picture_out",
            |f| instead(&f.join("a.png"), "/etc/hostname"),
            "path_not_allowed",
            "a.png leads out",
        ),
        ("latin", |f| fs::write(f.join("a.txt"), b"\xe9").expect("a file"), "validation_failed", "as UTF-8"),
        ("owners", |f| picture_file(&f.join("a.jpg"), 8, 8, 1), "validation_failed", "a.jpg or a.png"),
        ("10_cats", |_| {}, "validation_failed", "lies in \"10_cats\""),
        (
            "twice",
            |f| listed(f, "{\"file_name\":\"a.png\",\"text\":\"a\",\"text\":\"b\"}\n"),
            "validation_failed",
            "line 1: no JSON: the name \"text\" stands twice",
        ),
        (
            "rows",
            |f| {
                listed(
                    f,
                    "{\"file_name\":\"a.png\",\"text\":\"a\"}\n{\"file_name\":\"./a.png\",\"text\":\"b\"}\n",
                );
            },
            "validation_failed",
            "line 2: a.png stands there twice",
        ),
        (
            "column",
            |f| listed(f, "{\"file_name\":\"a.png\",\"prompt\":\"a\"}\n"),
            "validation_failed",
            "unknown column \"prompt\"",
        ),
    ];
    let mut sim = Sim::start(&[]);
    for (name, change, code, word) in changed {
        let folder = sim.inputs().join(name);
        data_set(&sim.inputs());
        fs::rename(sim.inputs().join("cats"), &folder).expect("a folder");
        change(&folder);
        let reply = sim.ask("start_training", lora(name, json!({})));
        let errors = reply["error_details"]["errors"].as_array().expect("errors");
        let found = errors.iter().any(|error| {
            error["code"] == *code && error["message"].as_str().is_some_and(|message| message.contains(word))
        });
        assert!(found, "{name}: {reply}");
    }
    // Names are plain paths, as Python's `normpath` makes them.
    data_set(&sim.inputs());
    let cats = sim.inputs().join("cats");
    fs::rename(cats.join("a.png"), cats.join("a..b.png")).expect("a picture");
    listed(
        &cats,
        "{\"file_name\":\"./a..b.png\",\"text\":\"a\"}\n{\"file_name\":\"x/../b.png\",\"text\":\"b\"}\n",
    );
    sim.data("start_training", lora("cats", json!({})));
    listed(&cats, "{\"file_name\":\"../cats/b.png\",\"text\":\"b\"}\n");
    let reply = sim.ask("start_training", lora("cats", json!({})));
    assert!(reply.to_string().contains("there is no picture ../cats/b.png"), "{reply}");
    fs::remove_dir_all(&cats).expect("a folder");
    // With a byte order mark and CRLF, as Windows writes it.
    data_set(&sim.inputs());
    let rows =
        "\u{feff}{\"file_name\":\"a.png\",\"text\":\"a\"}\r\n{\"file_name\":\"./b.png\",\"text\":\"b\"}\r\n";
    listed(&sim.inputs().join("cats"), rows);
    sim.data("start_training", lora("cats", json!({})));
}

#[test]
fn faults_of_the_data_set_are_named_before_the_first_step() {
    let mut sim = Sim::start(&[]);
    let folder = sim.inputs().join("cats");
    data_set(&sim.inputs());
    std::fs::write(folder.join("c.png"), "no picture").expect("a file");
    std::fs::write(folder.join("c.txt"), "a cat").expect("a file");
    picture_file(&folder.join("d.png"), 8, 8, 1);
    std::fs::create_dir_all(sim.inputs().join("empty")).expect("a folder");
    let reply = sim.ask("start_training", lora("cats", json!({})));
    assert_eq!(reply["error_details"]["code"], "validation_failed", "{reply}");
    let errors: Vec<&Value> = reply["error_details"]["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| &error["code"])
        .collect();
    assert_eq!(errors, ["image_invalid", "missing_field"]);
    assert_eq!(reply["error_details"]["errors"][0]["pointer"], "/payload/training_data");
    for data in ["empty", "nowhere"] {
        assert_eq!(sim.code("start_training", lora(data, json!({}))), "validation_failed", "{data}");
    }
    assert_eq!(sim.code("start_training", lora("../cats", json!({}))), "path_not_allowed");
    assert_eq!(sim.code("start_training", lora("cats", json!({"base_model": "nobody"}))), "model_not_found");
    assert_eq!(
        sim.code("start_training", lora("cats", json!({"training_type": "FullFineTune"}))),
        "unsupported_value"
    );
    let subject = lora("cats", json!({"training_type": "DreamBooth"}));
    assert_eq!(sim.code("start_training", subject), "missing_field");
    assert_eq!(sim.data("get_status", json!({}))["state"], "ready");
}

#[test]
fn full_dreambooth_makes_a_base_that_loads() {
    let mut sim = Sim::start(&[]);
    let data = data_set(&sim.inputs());
    sim.data("initialize", json!({"features": ["events"]}));
    let fields = lora(
        &data,
        json!({"training_type": "DreamBooth", "instance_prompt": "a photo of sks cat", "dreambooth_mode": "full", "output_name": "sks"}),
    );
    let started = sim.data("start_training", fields);
    until_state(&mut sim, started["training_id"].as_str().expect("an id"), "completed");
    let made = sim.data("generate_sdxl", job(json!({"model": {"base": started["output_path"]}})));
    // It lies under the training folder, which is not the first root.
    assert!(made["model_id"].as_str().is_some_and(|id| id.starts_with("sks-")), "{made}");
}
