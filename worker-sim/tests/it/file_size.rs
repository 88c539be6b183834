//! A limit of the size of files: what does not fit is told, and ends nothing.

use serde_json::json;

use crate::support::{Sim, data_set, job};

#[test]
fn a_picture_over_the_limit_of_file_sizes_is_storage_full() {
    let mut sim = Sim::start(&[]);
    sim.data("get_status", json!({}));
    sim.limit_file_size(1000);
    for _ in 0..2 {
        let reply = sim.ask("generate_sdxl", job(json!({})));
        assert_eq!(reply["error_details"]["code"], "storage_full", "{reply}");
        let hint = reply["error_details"]["hint"].as_str().expect("a hint");
        assert!(hint.contains("ulimit -f"), "{hint}");
    }
    sim.close();
    assert_eq!(sim.wait().0.code(), Some(0));
}

/// Its file said `checkpointing` for as long as the process lived.
#[test]
fn a_training_whose_end_cannot_be_recorded_has_ended() {
    let mut sim = Sim::start(&["--step-ms", "20"]);
    sim.data("initialize", json!({"features": ["events"]}));
    let training = |steps: u64| {
        json!({"training_type": "LoRA", "base_model": "sdxl_base", "training_data": "cats",
               "hyperparameters": {"max_steps": steps, "checkpoint_every": 2}})
    };
    data_set(&sim.inputs());
    let id = sim.data("start_training", training(1000))["training_id"].clone();
    sim.limit_file_size(16);
    while sim.line()["state"] != "failed" {}
    let status = sim.data("get_training_status", json!({"training_id": id}));
    assert_eq!(status["state"], "failed", "{status}");
    assert!(status["error"].is_string(), "{status}");
    assert_eq!(sim.code("stop_training", json!({"training_id": id})), "conflict");
    let folder = sim.outputs().join("training").join(id.as_str().expect("an id"));
    let left = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").path();
    let halves: Vec<_> = std::fs::read_dir(folder)
        .expect("its record")
        .map(left)
        .filter(|path| path.extension().is_some_and(|ending| ending == "part"))
        .collect();
    assert_eq!(halves, [""; 0].map(std::path::PathBuf::from));
    // Every row is whole.
    sim.data("get_training_history", json!({"training_id": id}));
}
