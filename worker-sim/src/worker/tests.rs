//! The worker in virtual time: no process, no pipe, no sleep; a minute passes in a call.

use chrono::{DateTime, Utc};
use contracts::framing::Line;
use serde_json::{Value, json};
use std::{collections::VecDeque, time::Duration};

use super::{Effect, Worker};
use crate::{
    clock::Now,
    executor::{Finished, Task},
    settings::{OnEof, Settings},
};

/// A worker, its clock and its output.
struct Bench {
    worker: Worker,
    at: Duration,
    lines: VecDeque<Value>,
    tasks: VecDeque<Task>,
    /// Whether the executor runs; if not, its tasks wait.
    executes: bool,
    exited: bool,
    _home: tempfile::TempDir,
}

impl Bench {
    fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let args = ["worker-sim", "--step-ms", "1000", "--load-ms", "10000", "--gpu", "0", "--output-dir"];
        let output = home.path().join("out");
        let args = args.iter().map(std::ffi::OsString::from).chain([output.into_os_string()]);
        let mut settings = crate::cli::settings(args).expect("good flags");
        change(&mut settings);
        let worker = Worker::new(settings, now(Duration::ZERO));
        let mut bench = Self {
            worker,
            at: Duration::ZERO,
            lines: VecDeque::new(),
            tasks: VecDeque::new(),
            executes: true,
            exited: false,
            _home: home,
        };
        bench.collect();
        bench
    }

    fn send(&mut self, action: &str, id: &str, fields: &Value) {
        let frame = json!({"action": action, "request_id": id, "payload": fields});
        self.worker.line(Line::Text(frame.to_string().into_bytes()), now(self.at));
        self.collect();
    }

    fn eof(&mut self) {
        self.worker.eof(now(self.at));
        self.collect();
    }

    /// Time passes, in as many ticks as are due.
    fn pass(&mut self, seconds: f64) {
        let end = self.at + Duration::try_from_secs_f64(seconds).expect("a time");
        while let Some(due) = self.worker.due().filter(|due| *due <= end && !self.exited) {
            self.at = self.at.max(due);
            self.worker.tick(now(self.at));
            self.collect();
        }
        self.at = end;
        self.worker.tick(now(self.at));
        self.collect();
    }

    fn collect(&mut self) {
        loop {
            for effect in self.worker.take_effects() {
                match effect {
                    Effect::Write(bytes) => {
                        self.lines.push_back(serde_json::from_slice(&bytes).expect("a frame"));
                    }
                    Effect::Run(task) => self.tasks.push_back(task),
                    Effect::Exit => self.exited = true,
                    Effect::Log(..) => {}
                    Effect::Crash | Effect::Hang => panic!("no fault was asked for"),
                }
            }
            if !self.executes {
                return;
            }
            let Some(task) = self.tasks.pop_front() else { return };
            let finished = Finished { ticket: task.ticket, outcome: (task.run)() };
            self.worker.finished(finished, now(self.at));
        }
    }

    /// The ids of the replies since the last call, with the codes of failures.
    fn replies(&mut self) -> Vec<String> {
        let lines = std::mem::take(&mut self.lines);
        let replies = lines.into_iter().filter(|line| line.get("success").is_some());
        let code = |reply: Value| match reply["error_details"]["code"].as_str() {
            Some(code) => format!("{} {code}", reply["request_id"].as_str().unwrap_or("-")),
            None => reply["request_id"].as_str().unwrap_or("-").to_owned(),
        };
        replies.map(code).collect()
    }

    fn events(&mut self, kind: &str) -> Vec<Value> {
        std::mem::take(&mut self.lines).into_iter().filter(|line| line["event"] == kind).collect()
    }
}

fn now(at: Duration) -> Now {
    let start = DateTime::<Utc>::from_timestamp(1_800_000_000, 0).expect("a moment");
    Now { mono: at, wall: start + at }
}

/// Loads for ten seconds, takes a second a step.
fn job(steps: u64, more: Value) -> Value {
    let mut submission = json!({
        "model": {"base": "sdxl_base"}, "scheduler": {"steps": steps}, "conditioning": {"prompt": "a pier"},
        "hyperparameters": {"dimensions": {"width": 64, "height": 64}, "seed": 1},
    });
    submission.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    json!({"prompt_submission": submission})
}

#[test]
fn a_job_takes_the_time_that_its_estimate_says() {
    let mut bench = Bench::new(|_| {});
    bench.send("get_performance_estimate", "e", &job(5, json!({})));
    let estimate = bench.lines.pop_front().expect("a reply")["data"]["estimated_time_seconds"]
        .as_f64()
        .expect("seconds");
    assert!((15.0..15.1).contains(&estimate), "{estimate}");
    bench.send("generate_sdxl", "j", &job(5, json!({})));
    bench.pass(14.9);
    assert_eq!(bench.replies(), Vec::<String>::new());
    bench.pass(0.2);
    let reply = bench.lines.pop_front().expect("a reply");
    assert_eq!(reply["data"]["load_time_seconds"], 10.0, "{reply}");
    assert_eq!(reply["data"]["generation_time_seconds"], 5.0);
    // It is loaded now.
    bench.send("generate_sdxl", "k", &job(5, json!({})));
    bench.pass(5.1);
    assert_eq!(bench.lines.pop_front().expect("a reply")["data"]["load_time_seconds"], 0.0);
}

#[test]
fn a_timeout_counts_from_receipt_the_queue_included() {
    let mut bench = Bench::new(|_| {});
    bench.send("generate_sdxl", "a", &job(60, json!({})));
    bench.send("generate_sdxl", "b", &job(1, json!({"metadata": {"timeout_seconds": 30}})));
    bench.send("generate_sdxl", "c", &job(1, json!({"metadata": {"timeout_seconds": 71.5}})));
    bench.pass(69.0);
    assert_eq!(bench.replies(), Vec::<String>::new(), "its line waits for that of `a`");
    bench.pass(10.0);
    assert_eq!(bench.replies(), ["a", "b timeout", "c"]);
    bench.send("generate_sdxl", "d", &job(60, json!({"metadata": {"timeout_seconds": 30}})));
    bench.pass(29.9);
    assert_eq!(bench.replies(), Vec::<String>::new());
    bench.pass(0.2);
    assert_eq!(bench.replies(), ["d timeout"]);
}

#[test]
fn a_task_is_answered_when_the_executor_returns_it() {
    let mut bench = Bench::new(|_| {});
    bench.executes = false;
    bench.send("initialize", "i", &json!({"features": ["out_of_order"]}));
    bench.send("generate_sdxl", "a", &job(1, json!({})));
    bench.pass(20.0);
    bench.send("cancel", "c", &json!({"target_request_id": "a"}));
    assert_eq!(bench.replies(), ["i"], "the picture is being painted");
    bench.executes = true;
    bench.pass(0.0);
    assert_eq!(bench.replies(), ["a cancelled", "c"]);
}

#[test]
fn a_heartbeat_comes_every_second_also_while_a_job_runs() {
    let mut bench = Bench::new(|_| {});
    bench.pass(5.0);
    assert_eq!(bench.events("heartbeat").len(), 0, "nobody asked for events");
    bench.send("initialize", "i", &json!({"features": ["events"]}));
    bench.pass(3.0);
    assert_eq!(bench.events("heartbeat").len(), 3);
    bench.send("generate_sdxl", "a", &job(5, json!({})));
    bench.pass(9.5);
    let beats = bench.events("heartbeat");
    assert_eq!(beats.len(), 9);
    let last = beats.last().expect("a beat");
    assert_eq!(
        (&last["state"], &last["stage"], &last["running_request_id"]),
        (&json!("running"), &json!("loading"), &json!("a"))
    );
    assert!(last["last_progress_seconds"].as_f64() > Some(8.0), "{last}");
    bench.pass(3.0);
    assert!(bench.events("heartbeat").last().expect("a beat")["last_progress_seconds"].as_f64() <= Some(1.0));
    bench.pass(30.0);
    let idle = bench.events("heartbeat");
    assert_eq!(idle.last().expect("a beat")["last_progress_seconds"], 0.0);
}

#[test]
fn the_end_of_stdin_gives_four_seconds() {
    let mut bench = Bench::new(|_| {});
    bench.send("generate_sdxl", "a", &job(1, json!({})));
    bench.send("generate_sdxl", "b", &job(1, json!({})));
    bench.send("get_status", "c", &json!({}));
    bench.pass(8.5);
    bench.eof();
    bench.pass(2.9);
    assert_eq!(bench.replies(), ["a"], "eleven seconds are enough for it");
    bench.pass(1.2);
    assert_eq!(bench.replies(), ["b", "c"]);
    assert!(bench.exited);
    let mut bench = Bench::new(|_| {});
    bench.send("generate_sdxl", "a", &job(1, json!({})));
    bench.send("get_status", "b", &json!({}));
    bench.eof();
    bench.pass(3.9);
    assert!(!bench.exited);
    bench.pass(0.2);
    assert_eq!(bench.replies(), ["a shutting_down", "b"]);
    assert!(bench.exited);
}

#[test]
fn on_eof_finish_has_no_deadline() {
    let mut bench = Bench::new(|settings| settings.on_eof = OnEof::Finish);
    bench.send("generate_sdxl", "a", &job(100, json!({})));
    bench.eof();
    bench.pass(109.0);
    assert!(!bench.exited);
    bench.pass(2.0);
    assert_eq!(bench.replies(), ["a"]);
    assert!(bench.exited);
}

#[test]
fn an_end_of_stdin_shortens_the_grace_of_a_shutdown() {
    for (grace, eof_at, end) in [(60.0, Some(1.0), 5.0), (2.0, Some(1.0), 2.0), (8.0, None, 8.0)] {
        let mut bench = Bench::new(|_| {});
        bench.send("generate_sdxl", "a", &job(100, json!({})));
        bench.send("shutdown", "s", &json!({"grace_seconds": grace}));
        bench.send("get_status", "unread", &json!({}));
        if let Some(at) = eof_at {
            bench.pass(at);
            bench.eof();
        }
        bench.pass(end - 0.1 - eof_at.unwrap_or_default());
        assert!(!bench.exited, "{grace}");
        bench.pass(0.2);
        assert_eq!(bench.replies(), ["a shutting_down", "s"], "{grace}");
        assert!(bench.exited, "{grace}");
    }
}

#[test]
fn an_initialize_replaces_the_features() {
    let mut bench = Bench::new(|_| {});
    bench.send("initialize", "i", &json!({"features": ["events", "out_of_order"]}));
    bench.send("initialize", "j", &json!({"features": []}));
    bench.send("load_model", "a", &json!({"model_path": "sdxl_base", "model_type": "sdxl"}));
    bench.send("get_status", "b", &json!({}));
    bench.pass(11.0);
    assert_eq!(bench.events("heartbeat").len(), 0);
    bench.send("get_model_info", "c", &json!({}));
    assert_eq!(bench.lines.back().expect("a reply")["data"]["models"][0]["location"], "gpu");
}

#[test]
fn a_suite_that_is_cancelled_is_rolled_back() {
    let mut bench = Bench::new(|_| {});
    bench.send("initialize", "i", &json!({"features": ["out_of_order"]}));
    let suite =
        json!({"suite_name": "s", "base_model_path": "sdxl_base", "refiner_model_path": "sdxl_refiner"});
    bench.send("load_sdxl_suite", "l", &suite);
    bench.pass(12.0);
    bench.send("cancel", "c", &json!({"target_request_id": "l"}));
    assert_eq!(bench.replies(), ["i", "l cancelled", "c"]);
    bench.send("get_model_info", "m", &json!({}));
    assert_eq!(bench.lines.pop_front().expect("a reply")["data"]["models"], json!([]));
}
