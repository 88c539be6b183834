//! A limit of the size of files: what does not fit is told, and ends nothing.

use serde_json::json;

use crate::support::{Sim, job};

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
