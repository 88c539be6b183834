//! Each fault of the simulated worker is caught by the check that claims it, which passes on the same worker without the fault.

use crate::against;

fn outcome<'r>(report: &'r serde_json::Value, check: &str) -> &'r str {
    let row = report["checks"].as_array().into_iter().flatten().find(|row| row["id"] == check);
    row.and_then(|row| row["outcome"].as_str()).unwrap_or_else(|| panic!("there is no check {check}"))
}

fn catches(fault: &str, check: &str) {
    let scenario = check.split('.').take(2).collect::<Vec<_>>().join(".");
    let (code, report) = against(&[], &[&scenario]);
    assert_eq!((code, outcome(&report, check)), (0, "passed"), "without a fault: {report:#}");
    let (code, report) = against(&["--fault", fault], &[&scenario]);
    assert_eq!((code, outcome(&report, check)), (10, "failed"), "with {fault}: {report:#}");
}

macro_rules! caught {
    ($($name:ident: $fault:literal => $check:literal,)*) => {
        $(#[test] fn $name() { catches($fault, $check); })*
    };
}

caught! {
    crash: "crash@get_status" => "envelopes.get_status.documented.snake.answered",
    crash_instead_of_the_reply: "crash:reply@get_schedulers" => "envelopes.get_schedulers.direct.camel.answered",
    internal: "internal@generate_sdxl" => "effects.chosen-seed.range",
    device_lost: "device_lost@generate_sdxl" => "effects.chosen-seed.range",
    hang: "hang@get_queue_status" => "envelopes.get_queue_status.direct.pascal.answered",
    slow: "slow:1500@get_status" => "ordering.out-of-order.query-within-a-second",
    garbage: "garbage@generate_sdxl" => "framing.written.lines",
    banner: "banner" => "lifecycle.first-words.silent",
    partial_line: "partial_line@get_status" => "envelopes.get_status.documented.snake.answered",
    wrong_id: "wrong_id@get_status" => "envelopes.get_status.documented.snake.request_id",
    double_reply: "double_reply@get_status" => "lifecycle.end-of-input.answered",
    double_reply_of_a_job: "double_reply@generate_sdxl" => "framing.written.pure",
    missing_reply: "missing_reply@get_status" => "envelopes.get_status.direct.snake.answered",
    huge_line: "huge_line@get_status" => "envelopes.get_status.documented.snake.answered",
    nan: "nan@get_performance_metrics" => "envelopes.get_performance_metrics.documented.snake.answered",
    wrong_type: "wrong_type@get_capabilities" => "envelopes.get_capabilities.documented.snake.schema",
    dropped_field: "dropped_field@get_capabilities" => "envelopes.get_capabilities.direct.pascal.schema",
    dropped_families: "dropped_field:families@get_capabilities" => "capabilities.invariants.families",
    dropped_field_is_not_bound: "dropped_field:seed_used@generate_sdxl" => "binding.generate_sdxl.Data-SeedUsed",
    renamed_field: "renamed_field@get_status" => "envelopes.get_status.documented.snake.schema",
    snake_for_pascal: "snake_for_pascal@get_status" => "envelopes.get_status.direct.snake.dialect",
    snake_for_pascal_is_not_bound: "snake_for_pascal@get_capabilities" => "binding.get_capabilities.Data-MaxBatchSize",
    no_picture: "success_without_effect@generate_sdxl" => "effects.size.file",
    nothing_loaded: "success_without_effect@load_model" => "models.loading.listed",
    nothing_unloaded: "success_without_effect@unload_model" => "models.loading.gone",
    out_of_memory: "out_of_memory@generate_sdxl" => "effects.chosen-seed.range",
    ignored_cancel: "ignored_cancel@generate_sdxl" => "ordering.cancel.cancelled",
    duplicate_name: "duplicate_name@get_status" => "envelopes.get_status.documented.snake.answered",
    duplicate_name_in_data: "duplicate_name:data@get_capabilities" => "envelopes.get_capabilities.direct.pascal.answered",
    vague_sentence: "vague_failure@generate_sdxl" => "sentences.numbers.exponent",
    vague_hint: "vague_failure@generate_sdxl" => "sentences.hints.time-span",
    vague_refusal_of_base64: "vague_failure@generate_sdxl" => "sentences.bare-base64.jpeg",
    event_after_reply: "event_after_reply@generate_sdxl" => "events.progress.last-is-the-reply",
    any_type: "any_type" => "models.other-types.base-as-lora",
    blocking_stderr: "blocking_stderr" => "lifecycle.stderr-unread.answered",
    dropped_trace: "dropped_trace" => "traces.worker.repeated",
}

/// A worker that never answers is told from the first: one check, one cause, and nothing else is tried.
#[test]
fn a_worker_that_ends_at_once_ends_the_run() {
    for fault in ["crash_before_ready", "misconfigured"] {
        let (code, report) = against(&["--fault", fault], &["lifecycle.first-words"]);
        assert_eq!(
            (code, outcome(&report, "target.answers"), &report["not_run"]),
            (10, "failed", &2.into()),
            "{report:#}"
        );
    }
}

/// A worker of before refuses the feature, which it may: what traces are about is skipped.
#[test]
fn a_worker_without_traces_breaks_nothing() {
    let (code, report) = against(&["--fault", "no_trace"], &["traces.worker", "lifecycle.initialize"]);
    assert_eq!((code, outcome(&report, "traces.worker.repeated")), (0, "skipped"), "{report:#}");
}

/// Ten thousand events break no sentence of the contract: the tool must read over them and lose nothing.
#[test]
fn an_event_storm_is_survived() {
    let (code, report) = against(&["--fault", "event_storm@generate_sdxl"], &["events.progress"]);
    assert_eq!(code, 0, "{report:#}");
}
